package dashboard

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// moments are two moments of the journal and what lies between them. The second is now, unless somebody
// says otherwise.
type moments struct {
	Asked, AskedTo string    // as typed
	At, To         time.Time // zero To: now
	Rows           []thenRow // routes that differ first
	Same           int       // of them: those that don't
	Between        []change  // the entries between, newest first
	More           bool      // there are more than those
}

// thenRow is a route as it stood at both moments.
type thenRow struct {
	Name       string
	Then       *web.Route // nil: there was none
	Later      *web.Route // nil: it is gone
	Moved      bool
	Definition bool // it stands where it did, but was defined anew
	There      bool // it is a route now
}

// slider lets people go from change to change: its values are the numbers of entries, each being the
// moment after it.
type slider struct {
	Min, Max int64
	From, To int64
	Stops    []stop
}

// stop is an entry that a slider can stand at.
type stop struct {
	Seq  int64
	At   time.Time
	Text string
}

const (
	maxStops   = 300 // how far back a slider goes, entries
	maxBetween = 100 // entries listed between two moments
)

// sliderOf offers the newest entries; nil: there are too few to go from one to another.
func sliderOf(q *query, from, to int64) (*slider, error) {
	entries, err := q.System.Entries(q.Context(), web.EntryQuery{Limit: maxStops})
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	if len(entries) < 2 {
		return nil, nil
	}
	s := &slider{Min: entries[len(entries)-1].Seq, Max: entries[0].Seq}
	for _, e := range slices.Backward(entries) {
		s.Stops = append(s.Stops, stop{e.Seq, e.At, stopText(e)})
	}
	clamp := func(n, otherwise int64) int64 {
		if n == 0 {
			return otherwise
		}
		return min(s.Max, max(s.Min, n))
	}
	s.From, s.To = clamp(from, s.Min), clamp(to, s.Max)
	return s, nil
}

// stopText says in a line what an entry is about.
func stopText(e web.Entry) string {
	var b strings.Builder
	b.WriteString(cmp.Or(cut(visible(e.Route), 60), "all routes"))
	switch {
	case e.Kind == "moved" && e.Before != nil && e.After != nil:
		fmt.Fprintf(&b, " %s → %s", e.Before, e.After)
	case e.Kind == "seen" && e.After != nil:
		fmt.Fprintf(&b, " first seen, at %s", e.After)
	default:
		b.WriteString(" " + cut(visible(e.Kind), 20))
	}
	if e.Actor != "" {
		b.WriteString(", " + cut(visible(e.Actor), 40))
	}
	return b.String()
}

// momentOf returns when an entry was made: the moment after it.
func momentOf(q *query, seq int64) (time.Time, error) {
	entries, err := q.System.Entries(q.Context(), web.EntryQuery{Before: seq + 1, Limit: 1})
	if err != nil {
		return time.Time{}, fmt.Errorf("read journal: %w", err)
	}
	if len(entries) == 0 {
		return time.Time{}, &web.NotFoundError{What: "entry of the journal up to", Name: strconv.FormatInt(seq, 10)}
	}
	return entries[0].At, nil
}

// askedMoments reads what an address asks for; nil: no moment. Typed times go before a slider's places.
func askedMoments(q *query, ask url.Values) (*moments, error) {
	m := &moments{Asked: strings.TrimSpace(ask.Get("at")), AskedTo: strings.TrimSpace(ask.Get("to"))}
	step, _ := strconv.ParseInt(ask.Get("step"), 10, 64)
	until, _ := strconv.ParseInt(ask.Get("until"), 10, 64)
	var err error
	switch {
	case m.Asked != "":
		m.At, err = parseTime(m.Asked)
	case step > 0:
		m.At, err = momentOf(q, step)
	default:
		return nil, nil
	}
	if err != nil {
		return m, err
	}
	switch {
	case m.AskedTo != "":
		m.To, err = parseTime(m.AskedTo)
	case m.Asked == "" && until > 0:
		newest, readErr := q.System.Entries(q.Context(), web.EntryQuery{Limit: 1})
		if readErr == nil && len(newest) > 0 && newest[0].Seq <= until {
			break // which is now
		}
		m.To, err = momentOf(q, until)
	}
	if err == nil && !m.To.IsZero() && m.To.Before(m.At) {
		m.At, m.To = m.To, m.At // whichever way somebody looks, it goes from then to later
		m.Asked, m.AskedTo = m.AskedTo, m.Asked
	}
	return m, err
}

// read compares the table at both moments.
func (m *moments) read(q *query, route string, routes []web.Route) error {
	was, err := q.System.RoutesAt(q.Context(), m.At)
	if err != nil {
		return fmt.Errorf("read the table as it was: %w", err)
	}
	later := routes
	if !m.To.IsZero() {
		if later, err = q.System.RoutesAt(q.Context(), m.To); err != nil {
			return fmt.Errorf("read the table as it was: %w", err)
		}
	}
	there := make(map[string]bool, len(routes))
	for _, r := range routes {
		there[r.Name] = true
	}
	rows := make(map[string]*thenRow)
	var names []string
	row := func(name string) *thenRow {
		if rows[name] == nil {
			rows[name] = &thenRow{Name: name, There: there[name]}
			names = append(names, name)
		}
		return rows[name]
	}
	for i := range was {
		row(was[i].Name).Then = &was[i]
	}
	for i := range later {
		row(later[i].Name).Later = &later[i]
	}
	for _, name := range names {
		if route != "" && name != route {
			continue
		}
		r := *rows[name]
		r.Moved = r.Then == nil || r.Later == nil || r.Then.Phase != r.Later.Phase || r.Then.Weight != r.Later.Weight
		r.Definition = !r.Moved && r.Then.Version != r.Later.Version
		if !r.Moved {
			m.Same++
		}
		m.Rows = append(m.Rows, r)
	}
	slices.SortStableFunc(m.Rows, func(a, b thenRow) int {
		switch {
		case a.Moved == b.Moved:
			return strings.Compare(a.Name, b.Name)
		case a.Moved:
			return -1
		}
		return 1
	})
	return m.readBetween(q, route, routes)
}

// readBetween lists the entries between both moments.
func (m *moments) readBetween(q *query, route string, routes []web.Route) error {
	var found []web.Entry
	for before := int64(0); ; {
		entries, err := q.System.Entries(q.Context(), web.EntryQuery{Route: route, Before: before, Limit: journalPageSize})
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		for _, e := range entries {
			if !e.At.After(m.At) {
				m.Between = changesOf(found, routes, maxBetween)
				return nil
			}
			if !m.To.IsZero() && e.At.After(m.To) {
				continue
			}
			if len(found) == maxBetween {
				m.More = true
				m.Between = changesOf(found, routes, maxBetween)
				return nil
			}
			found = append(found, e)
		}
		if len(entries) < journalPageSize {
			m.Between = changesOf(found, routes, maxBetween)
			return nil
		}
		before = entries[len(entries)-1].Seq
	}
}

// Differ returns how many routes stand elsewhere.
func (m *moments) Differ() int { return len(m.Rows) - m.Same }

// Moved and Still return the rows of both kinds.
func (m *moments) Moved() []thenRow { return m.Rows[:m.Differ()] }

// Still returns the rows of routes that stand where they stood.
func (m *moments) Still() []thenRow { return m.Rows[m.Differ():] }

// momentNotice says why a moment can't be shown; nil: it is another error.
func momentNotice(err error) *notice {
	if n := noticeOf(err); n.Status == http.StatusNotFound {
		return n
	}
	return &notice{Status: http.StatusBadRequest, Title: "That time can't be read", Detail: visible(err.Error())}
}
