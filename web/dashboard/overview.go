package dashboard

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// overviewPage says how far the migration is, what needs a person and what changed last. Where
// something is wrong, the last changes come first, and how to take them back.
var overviewPage = page{
	name:  "overview",
	build: func(q *query) (view, error) { return buildOverview(q, nil) },
	live: func(v view) []fragment {
		return []fragment{{"front", v}, {"fig", v}, {"headline", v}, {"beside", v}, {"weeks", v}, {"below", v}, {"remains", v}, {"parties", v}}
	},
}

type overview struct {
	frame
	Share     share
	Routes    int
	Phases    []phaseCount
	Done      int         // routes that the service serves wholly
	Moving    int         // routes in canary
	Attention []attention // all that is urgent, and the first others
	Needs     int         // how many there are, those left out too
	More      int         // routes with open groups that were left out
	Wrong     bool        // something of it is urgent
	Changes   []change
	Notice    *notice // of an undo
	CatchAll  web.RouteStats
	Rollouts  int // how many there are
	States    []stateCount
	NoLegacy  bool // nothing answers what no route holds

	Fig     template.HTML
	Weeks   *area // nil: too little is on record, or it isn't read yet
	Read    bool  // the past is known
	Remains []remainder
	Rest    float64 // the share of what remains, 0 to 1
	Week    bool    // what remains is of the last week; else since the start
	Parties []partyList
}

// partyList is who owns routes, or what moves together.
type partyList struct {
	Title, ID string
	Of        []party
	More      int
}

// maxParties is how many owners and units the overview lists.
const maxParties = 8

// share is who serves how much.
type share struct {
	Legacy, Service float64 // requests per second or, where none flow now, requests so far
	Now             bool    // over the last minute; else since the start
}

// Of returns the service's share, 0 to 1.
func (s share) Of() float64 {
	if s.Legacy+s.Service == 0 {
		return 0
	}
	return s.Service / (s.Legacy + s.Service)
}

// Any reports whether there is any traffic.
func (s share) Any() bool { return s.Legacy+s.Service > 0 }

type phaseCount struct {
	Phase strangler.Phase
	Count int
	X, W  string // place and width in the bar
}

// attention is something that wants a person.
type attention struct {
	Urgent bool
	Title  string
	Detail string
	Link   string
}

// routeRow is a route and its figures.
type routeRow struct {
	web.Route
	Stats   web.RouteStats
	Rollout *stepBar // nil: it has none; set in lists only
}

// ServiceShare returns how much of its traffic the service serves now, 0 to 1.
func (r routeRow) ServiceShare() float64 {
	return share{Legacy: r.Stats.Legacy.PerSecond, Service: r.Stats.Service.PerSecond}.Of()
}

// change is a journal entry and whether one step back takes it back.
type change struct {
	web.Entry
	There   bool       // the route still is
	Version int64      // of the route now
	Undo    *undoOffer // nil: the next undo of the route takes back another, or isn't asked for here
	Effect  *aftermath // nil: it had none, or that isn't known
}

// How many changes the overview has, while something is wrong and else.
const (
	lastChanges      = 6
	lastChangesWrong = 10
)

func buildOverview(q *query, n *notice) (*overview, error) {
	v := &overview{frame: frame{Title: "Overview", Section: "overview"}, Notice: n}
	stats := q.System.Stats()
	routes := q.System.Routes()
	v.Routes = len(routes)
	rollouts := q.System.Rollouts()
	v.Rollouts, v.States = len(rollouts), countStates(rollouts)
	v.share(stats)
	v.countPhases(routes)

	groups, err := q.System.Groups(q.Context(), "", "open")
	if err = q.without(err); err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	legacy := q.System.Legacy()
	v.NoLegacy = legacy.Absent
	upstreams := append([]web.Service{legacy}, q.System.Services()...)
	v.Attention = slices.Concat(troubles(upstreams), waitingRollouts(rollouts), whatNeedsAPerson(rowsOf(routes, stats), stats, q.System.Config(), groups))
	slices.SortStableFunc(v.Attention, func(a, b attention) int {
		return cmp.Compare(map[bool]int{true: -1}[a.Urgent], map[bool]int{true: -1}[b.Urgent])
	})
	v.Needs = len(v.Attention)
	v.Attention = firstOf(v.Attention)
	v.More = v.Needs - len(v.Attention)
	v.Wrong = len(v.Attention) > 0 && v.Attention[0].Urgent
	entries, err := q.System.Entries(q.Context(), web.EntryQuery{Limit: 100})
	if err = q.without(err); err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	last := lastChanges
	if v.Wrong {
		last = lastChangesWrong
	}
	v.Changes = changesOf(slices.DeleteFunc(slices.Clone(entries), idle), routes, last)
	offerUndo(q.System, v.Changes)
	now := time.Now()
	for i := range v.Changes {
		v.Changes[i].Effect, err = aftermathOf(q, v.Changes[i].Entry, routes, now)
		if err = q.without(err); err != nil {
			return nil, err
		}
	}
	return v, v.history(q, routes, stats, entries)
}

// maxOthers is how many things that aren't urgent the overview lists. Open groups come last, and all else that
// isn't urgent is at most as many as this: so only groups are ever left out, and have a page.
const maxOthers = 6

// maxNeedsName is how much of a route's name a list shows that has to fit beside others.
const maxNeedsName = 80

// firstOf returns all that is urgent, which comes first, and the first others.
func firstOf(all []attention) []attention {
	urgent := 0
	for urgent < len(all) && all[urgent].Urgent {
		urgent++
	}
	return all[:min(len(all), urgent+maxOthers)]
}

// idle reports an entry that changed nothing for any request: a route's first sight, and what a rollout
// says of itself.
func idle(e web.Entry) bool {
	return e.Kind == "seen" || e.Kind == "steered" && e.Verified && e.Actor == rolloutActor
}

// rolloutActor is who moves routes by themselves.
const rolloutActor = "rollout"

// share says who serves how much: now or, where nothing flows, so far.
func (v *overview) share(stats web.Stats) {
	var now, ever share
	for _, s := range stats.Routes {
		now.Legacy, now.Service = now.Legacy+s.Legacy.PerSecond, now.Service+s.Service.PerSecond
		ever.Legacy, ever.Service = ever.Legacy+float64(s.Legacy.Requests), ever.Service+float64(s.Service.Requests)
		if s.Route == "" {
			v.CatchAll = s
		}
	}
	if now.Now = true; now.Any() {
		v.Share = now
	} else {
		v.Share = ever
	}
}

// history reads what was so far. A page of many routes doesn't wait for it: its stream brings it.
func (v *overview) history(q *query, routes []web.Route, stats web.Stats, entries []web.Entry) error {
	past, err := q.past.get(q.Context(), q.System, q.streaming() || len(routes) <= pastAtOnce)
	if err = q.without(err); err != nil {
		return err
	}
	v.Read, v.Week = past != nil, past != nil && len(past.Routes) > 0
	v.Weeks = areaOf(past, entries)
	served := past.served(stats)
	v.Remains = remaindersOf(served, routes)
	for _, r := range v.Remains {
		v.Rest += r.Of
	}
	v.Fig = template.HTML(figFor(routes, served, v.Share.Of()).draw()) // what of it is text is escaped
	owners := partiesOf(routes, served, "owner", func(r *web.Route) string { return r.Owner })
	units := partiesOf(routes, served, "unit", func(r *web.Route) string { return r.Unit })
	services := partiesOf(routes, served, "service", func(r *web.Route) string { return r.Service })
	for _, l := range []partyList{{Title: "owner", ID: "owners", Of: owners}, {Title: "unit", ID: "units", Of: units}, {Title: "service", ID: "parts", Of: services}} {
		if len(l.Of) == 0 || len(l.Of) == 1 && l.Of[0].Name == "" {
			continue
		}
		l.More = max(0, len(l.Of)-maxParties)
		l.Of = l.Of[:len(l.Of)-l.More]
		v.Parties = append(v.Parties, l)
	}
	return nil
}

func (v *overview) countPhases(routes []web.Route) {
	counts := make(map[strangler.Phase]int)
	for _, r := range routes {
		counts[r.Phase]++
	}
	v.Moving, v.Done = counts[strangler.PhaseCanary], counts[strangler.PhaseLive]+counts[strangler.PhaseRetired]
	v.Phases = phaseCounts(counts, len(routes))
}

func rowsOf(routes []web.Route, stats web.Stats) []routeRow {
	byName := make(map[string]web.RouteStats, len(stats.Routes))
	for _, s := range stats.Routes {
		byName[s.Route] = s
	}
	rows := make([]routeRow, len(routes))
	for i, r := range routes {
		rows[i] = routeRow{Route: r, Stats: byName[r.Name]}
	}
	return rows
}

// changesOf returns the newest changes.
func changesOf(entries []web.Entry, routes []web.Route, limit int) []change {
	versions := make(map[string]int64, len(routes))
	for _, r := range routes {
		versions[r.Name] = r.Version
	}
	var all []change
	for _, e := range entries {
		if len(all) == limit {
			break
		}
		if e.Kind == "seen" && e.Actor == "" {
			continue
		}
		version, there := versions[e.Route]
		all = append(all, change{Entry: e, There: there, Version: version})
	}
	return all
}

// troubles lists the upstreams with which something is wrong.
func troubles(upstreams []web.Service) []attention {
	var all []attention
	for _, s := range upstreams {
		found := s.Troubles()
		if len(found) == 0 {
			continue
		}
		title := fmt.Sprintf("%s: %s", cut(visible(s.Name), 160), cut(visible(found[0]), 160))
		detail := ""
		if n := len(found) - 1; n > 0 {
			detail = fmt.Sprintf("And %d more.", n)
		}
		all = append(all, attention{true, title, detail, "/services"})
	}
	return all
}

// whatNeedsAPerson lists what a person should look at, the urgent first.
func whatNeedsAPerson(routes []routeRow, stats web.Stats, config web.ConfigState, open []web.Group) []attention {
	var all []attention
	for _, r := range routes {
		s, l := r.Stats.Service, r.Stats.Legacy
		if s.RecentRequests < 20 || s.RecentFailures*100 < s.RecentRequests || s.RecentFailures*max(l.RecentRequests, 1) <= 2*l.RecentFailures*s.RecentRequests {
			continue
		}
		all = append(all, attention{true, fmt.Sprintf("%s: the service fails", visible(r.Name)),
			fmt.Sprintf("%s of its %s requests of the last ten minutes failed (%s); legacy's: %s", count(s.RecentFailures), count(s.RecentRequests), ratio(s.RecentFailures, s.RecentRequests), orNone(ratio(l.RecentFailures, l.RecentRequests))),
			routePath(r.Name)})
	}
	for _, p := range stats.Rollbacks.Pending {
		title := fmt.Sprintf("A rollback of %d routes is not in the journal", len(p.Routes))
		if len(p.Routes) == 1 {
			title = cut(visible(p.Routes[0]), maxNeedsName) + ": its rollback is not in the journal"
		}
		all = append(all, attention{true, title, "It is in effect. " + cut(visible(p.Problem), 300), "/config"})
	}
	if problem := stats.Rollbacks.MarkerProblem; problem != "" {
		all = append(all, attention{true, "A restart would lose a rollback that the journal can't take", cut(visible(problem), 300), "/config"})
	}
	if config.Problem != "" {
		all = append(all, attention{true, "The last reload was refused", "The configuration before it is still in force. " + firstLine(config.Problem), "/config"})
	}
	if stats.Ledger.Error != "" {
		all = append(all, attention{true, "The ledger can't be written", firstLine(stats.Ledger.Error), "/config"})
	}
	if n := stats.Ledger.Dropped; n > 0 {
		all = append(all, attention{false, count(n) + " comparisons were counted but not recorded", "The ledger could not keep up, or was full.", "/config"})
	}
	if s := stats.Shadow; s.QueueCap > 0 && s.Queue >= s.QueueCap {
		all = append(all, attention{false, "The shadow queue is full", fmt.Sprintf("%d copies wait; more are skipped. Lower shadow.sample or raise shadow.workers.", s.Queue), "/config"})
	}
	byRoute := make(map[string][]web.Group)
	for _, g := range open {
		byRoute[g.Route] = append(byRoute[g.Route], g)
	}
	var names []string
	for name := range byRoute {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(-cmp.Compare(total(byRoute[a]), total(byRoute[b])), cmp.Compare(a, b))
	})
	for _, name := range names {
		groups := byRoute[name]
		slices.SortFunc(groups, func(a, b web.Group) int { return -cmp.Compare(a.Count, b.Count) })
		title := fmt.Sprintf("%s: %d open groups", cut(visible(name), maxNeedsName), len(groups))
		link := "/groups?route=" + queryEscape(name)
		if len(groups) == 1 {
			title = fmt.Sprintf("%s: one open group", cut(visible(name), maxNeedsName))
			link = groupPath(groups[0].ID)
		}
		all = append(all, attention{false, title,
			fmt.Sprintf("%s divergences; most: %s", count(total(groups)), cut(visible(groups[0].Title), 120)), link})
	}
	return all
}

func total(groups []web.Group) (n int64) {
	for _, g := range groups {
		n += g.Count
	}
	return n
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
