package dashboard

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// groupsPage lists the causes for which answers differ.
var groupsPage = page{name: "groups", build: buildGroups, live: func(v view) []fragment { return []fragment{{"group-list", v}} }}

type groupsView struct {
	frame
	Route, State string // the filter
	Routes       []string
	Groups       []groupRow
	Compared     int64 // comparisons so far, so that no groups can mean two things
}

func buildGroups(q *query) (view, error) {
	ask := q.URL.Query()
	v := &groupsView{frame: frame{Title: "Groups", Section: "groups"}, Route: ask.Get("route"), State: ask.Get("state")}
	routes := q.System.Routes()
	for _, r := range routes {
		v.Routes = append(v.Routes, r.Name)
	}
	for _, s := range q.System.Stats().Routes {
		v.Compared += s.Comparisons.Sampled
	}
	groups, err := q.System.Groups(q.Context(), v.Route, v.State)
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	v.Groups = groupRows(groups, routes)
	return v, nil
}

// groupRow is a group in a list.
type groupRow struct {
	web.Group
	There bool // there is a route of that name; programs hand in others
}

// groupRows lists groups: open ones first, then those with the most divergences.
func groupRows(groups []web.Group, routes []web.Route) []groupRow {
	names := make(map[string]bool, len(routes))
	for _, r := range routes {
		names[r.Name] = true
	}
	rows := make([]groupRow, len(groups))
	for i, g := range groups {
		rows[i] = groupRow{g, names[g.Route]}
	}
	slices.SortStableFunc(rows, func(a, b groupRow) int {
		if (a.State == "open") != (b.State == "open") {
			if a.State == "open" {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.Count, a.Count)
	})
	return rows
}

type groupView struct {
	frame
	Group   web.Group
	Example *exampleView // nil: none is kept, or it may not be read
	At, Of  int          // which example, from 1
	Gone    bool         // another one was asked for, which isn't kept any more
	Newer   string       // address of the example before it; empty: none
	Older   string
	Recent  []web.Divergence
	Form    triageForm
	Counts  *countChart // nil: it isn't known
	Export  exportForm  // of its examples
}

const recentDivergences = 20

func (d *dashboard) buildGroup(q *query) (view, error) {
	id := groupID(q)
	g, err := q.System.Group(q.Context(), id)
	if err != nil {
		return nil, err
	}
	v := &groupView{frame: frame{Title: cut(visible(g.Route), 60) + ": " + cut(visible(g.Title), 160), Section: "groups"}, Group: g, Counts: countChartOf(&g, time.Now()), Form: triageForm{State: g.State}, Export: exportFormOf(groupPath(id))}
	v.Recent, err = q.System.Divergences(q.Context(), web.DivergenceQuery{Group: id, Limit: recentDivergences})
	if err != nil {
		return nil, fmt.Errorf("read divergences of group %s: %w", id, err)
	}
	if !q.Who.Read {
		v.Recent = slices.Clone(v.Recent)
		for i := range v.Recent {
			v.Recent[i].Withhold()
		}
	}
	if q.streaming() {
		return v, nil
	}
	ask := q.URL.Query()
	return v, d.showExample(q, v, ask.Get("example"), ask.Get("from"))
}

// exampleTries is how many examples are read at most until one is whole.
const exampleTries = 3

// showExample shows the example that is asked for, by one who comes from another (empty: from nowhere). In a busy
// group it may give way to another one while it is read; then the one that took its place is.
func (d *dashboard) showExample(q *query, v *groupView, id, from string) error {
	for range exampleTries {
		kept := v.Group.Examples
		if v.Of = len(kept); v.Of == 0 {
			v.Example = nil
			return nil
		}
		var at int
		at, v.Gone = exampleAt(kept, id, from)
		v.At = at + 1
		link := func(i int) string {
			if i < 0 || i >= len(kept) {
				return ""
			}
			return groupPath(v.Group.ID) + "?example=" + url.QueryEscape(kept[i]) + "&from=" + url.QueryEscape(kept[at]) + "#example"
		}
		v.Newer, v.Older = link(at-1), link(at+1)
		var err error
		if v.Example, err = d.example(q, kept[at]); err != nil && !errors.As(err, new(*web.NotFoundError)) {
			return err
		}
		if err == nil {
			v.Example.pinned(&v.Group)
		}
		if err == nil && (v.Example.Kept || v.Example.Withheld) {
			return nil
		}
		now, err := q.System.Group(q.Context(), v.Group.ID)
		if err != nil {
			return err
		}
		v.Group.Examples, v.Group.Pinned = now.Examples, now.Pinned
	}
	return nil
}

// exampleAt returns the place of an example among those that are kept, newest first. Of one that gave way
// to others since somebody was offered a link to it, it is that of the next one in the same direction from
// where they were, or else of the next older: ids sort by time.
func exampleAt(kept []string, id, from string) (at int, gone bool) {
	if id == "" {
		return 0, false
	}
	if at = slices.Index(kept, id); at >= 0 {
		return at, false
	}
	if from != "" && id > from {
		older := slices.IndexFunc(kept, func(other string) bool { return other <= from })
		if older < 0 {
			older = len(kept)
		}
		return max(0, older-1), true
	}
	if at = slices.IndexFunc(kept, func(other string) bool { return other < id }); at < 0 {
		at = len(kept) - 1
	}
	return at, true
}

// liveGroup leaves the example alone: somebody reads it.
func liveGroup(v view) []fragment {
	return []fragment{{"group-facts", v}, {"group-recent", v}}
}
