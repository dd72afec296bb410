package dashboard

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// journalPage tells who moved what, when and why, and shows the table as it was.
var journalPage = page{name: "journal", build: buildJournal, live: func(v view) []fragment {
	if j := v.(*journalView); j.Moments == nil && j.Before == 0 {
		return []fragment{{"entries", v}}
	}
	return nil
}}

type journalView struct {
	frame
	Route   string // the filter
	Routes  []string
	Before  int64
	Older   string // address of the entries before these; empty: none
	Items   []change
	Moments *moments // asked for; nil: the entries are shown
	Slider  *slider  // nil: there is nothing to slide over
	Notice  *notice
}

const journalPageSize = 100

func buildJournal(q *query) (view, error) {
	ask := q.URL.Query()
	v := &journalView{frame: frame{Title: "Journal", Section: "journal"}, Route: ask.Get("route")}
	routes := q.System.Routes()
	for _, r := range routes {
		v.Routes = append(v.Routes, r.Name)
	}
	var err error
	if !q.streaming() {
		from, _ := strconv.ParseInt(ask.Get("step"), 10, 64)
		to, _ := strconv.ParseInt(ask.Get("until"), 10, 64)
		if v.Slider, err = sliderOf(q, from, to); err != nil {
			return nil, err
		}
	}
	if v.Moments, err = askedMoments(q, ask); err != nil {
		v.Notice = momentNotice(err)
		return v, nil
	}
	if v.Moments != nil {
		return v, v.Moments.read(q, v.Route, routes)
	}
	v.Before, _ = strconv.ParseInt(ask.Get("before"), 10, 64) // anything else means from the newest
	entries, err := q.System.Entries(q.Context(), web.EntryQuery{Route: v.Route, Before: v.Before, Limit: journalPageSize + 1})
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	if len(entries) > journalPageSize {
		entries = entries[:journalPageSize]
		older := url.Values{"before": {strconv.FormatInt(entries[journalPageSize-1].Seq, 10)}}
		if v.Route != "" {
			older.Set("route", v.Route)
		}
		v.Older = "/journal?" + older.Encode()
	}
	v.Items = changesOf(entries, routes, journalPageSize)
	return v, nil
}

// parseTime reads a time as a form or a person writes it; without zone it is UTC.
func parseTime(s string) (time.Time, error) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("read time %q: write it as 2006-01-02 15:04 (UTC) or with a zone as 2006-01-02T15:04:05+02:00", cut(s, 60))
}
