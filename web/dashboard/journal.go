package dashboard

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// journalPage tells who moved what, when and why, and shows the table as it was.
var journalPage = page{name: "journal", build: buildJournal, live: func(v view) []fragment {
	if j := v.(*journalView); j.At.IsZero() && j.Before == 0 {
		return []fragment{{"entries", v}}
	}
	return nil
}}

type journalView struct {
	frame
	Route  string // the filter
	Routes []string
	Before int64
	Older  string // address of the entries before these; empty: none
	Items  []change
	Asked  string // the time as typed
	At     time.Time
	Was    []then
	Notice *notice
}

// then is a route as it stood, beside where it stands.
type then struct {
	web.Route
	Now   *web.Route // nil: it is gone
	Moved bool
}

const journalPageSize = 100

func buildJournal(q *query) (view, error) {
	ask := q.URL.Query()
	v := &journalView{frame: frame{Title: "Journal", Section: "journal"}, Route: ask.Get("route"), Asked: strings.TrimSpace(ask.Get("at"))}
	routes := q.System.Routes()
	for _, r := range routes {
		v.Routes = append(v.Routes, r.Name)
	}
	if v.Asked != "" {
		return v, v.asOf(q, routes)
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

func (v *journalView) asOf(q *query, routes []web.Route) error {
	at, err := parseTime(v.Asked)
	if err != nil {
		v.Notice = &notice{Status: http.StatusBadRequest, Title: "That time can't be read", Detail: visible(err.Error())}
		return nil
	}
	v.At = at
	was, err := q.System.RoutesAt(q.Context(), at)
	if err != nil {
		return fmt.Errorf("read the table as it was: %w", err)
	}
	now := make(map[string]*web.Route)
	for i := range routes {
		now[routes[i].Name] = &routes[i]
	}
	for _, r := range was {
		if v.Route != "" && r.Name != v.Route {
			continue
		}
		n := now[r.Name]
		v.Was = append(v.Was, then{r, n, n == nil || n.Phase != r.Phase || n.Weight != r.Weight})
	}
	return nil
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
