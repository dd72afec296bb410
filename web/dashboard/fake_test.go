package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// system is a small running system in memory: its moves obey rollout, its journal grows, and it
// tells its subscribers.
type system struct {
	mu          sync.Mutex
	routes      []web.Route
	returns     map[string]strangler.Return
	entries     []web.Entry // oldest first
	services    []web.Service
	legacy      web.Service
	stats       web.Stats
	series      func(web.SeriesQuery) web.Series // nil: nothing ever happened
	config      web.ConfigState
	settings    []web.Setting               // of any route
	tableAt     func(time.Time) []web.Route // nil: all stood at legacy
	groups      []web.Group
	evidence    web.RouteEvidence
	rules       []web.Rule
	obstacles   []string        // to the retiring of any route
	translation web.Translation // of any
	facades     []web.Facade
	divergences []web.Divergence
	exchanges   []web.Exchange
	replay      []web.Replayed // what comes of each request that is sent again
	replayPace  time.Duration
	replayFails error
	asked       web.Replay // the last one
	watchers    map[chan web.Event]bool
	automation
	fails     error  // of everything that can
	undurable string // what keeps rollbacks from the journal; empty: nothing
}

func (s *system) Routes() []web.Route {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.routes)
}

func (s *system) Services() []web.Service { return s.services }
func (s *system) Legacy() web.Service     { return s.legacy }

func (s *system) Explain(x web.Explain) (web.Explanation, error) {
	if x.URL == "bad" {
		return web.Explanation{}, fmt.Errorf("explain %q: it is no path", x.URL)
	}
	return web.Explanation{Route: "orders-read", Side: strangler.SideService, Why: "weight", Phase: strangler.PhaseCanary, Weight: 2500,
		Bucket: 1234, Cohort: "cookie:sid", Upstream: "http://127.0.0.1:8101", Shadow: "a copy goes to legacy", Repeat: "safe", Fallback: "legacy",
		Others: []web.Considered{{Route: "orders-beta", Why: "header X-Beta is absent"}}}, nil
}

func (s *system) find(name string) (*web.Route, error) {
	for i := range s.routes {
		if s.routes[i].Name == name {
			return &s.routes[i], nil
		}
	}
	return nil, &strangler.UnknownRouteError{Name: name}
}

// move is called with the lock held.
func (s *system) move(r *web.Route, to strangler.Position, by web.Actor, reason string, force bool) error {
	from := strangler.Position{Phase: r.Phase, Weight: r.Weight}
	definition := strangler.Route{Name: r.Name, Service: r.Service, Unit: r.Unit, Return: s.returns[r.Name]}
	if err := rollout.Check(definition, from, to, force); err != nil {
		return err
	}
	r.Phase, r.Weight, r.Actor, r.Reason = to.Phase, to.Weight, by.Name, reason
	r.Version++
	s.entries = append(s.entries, web.Entry{Seq: int64(len(s.entries) + 1), Change: int64(len(s.entries) + 1), At: noon, Kind: "moved",
		Route: r.Name, Version: r.Version, Before: &from, After: &to, Actor: by.Name, Verified: by.Verified, Reason: reason})
	s.tell("route")
	return nil
}

func (s *system) Shift(_ context.Context, m web.Move) (web.Route, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return web.Route{}, s.fails
	}
	r, err := s.find(m.Route)
	if err != nil {
		return web.Route{}, err
	}
	if m.IfVersion != 0 && m.IfVersion != r.Version {
		return web.Route{}, &journal.ConflictError{Route: r.Name, Have: r.Version, Want: m.IfVersion}
	}
	if m.To.Phase == strangler.PhaseRetired && len(s.obstacles) > 0 && !m.ProxyOnly && !m.Force {
		return web.Route{}, &rollout.RefusedError{Route: r.Name, Why: s.obstacles[0], Force: true}
	}
	return *r, s.move(r, m.To, m.Actor, m.Reason, m.Force)
}

func (s *system) ShiftMany(_ context.Context, m web.MoveMany) ([]web.Route, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return nil, s.fails
	}
	refused := &web.RefusedMovesError{}
	for _, seen := range m.Routes {
		r, err := s.find(seen.Name)
		if err != nil {
			return nil, err
		}
		if seen.Version != 0 && seen.Version != r.Version {
			err := &journal.ConflictError{Route: r.Name, Have: r.Version, Want: seen.Version}
			refused.Routes = append(refused.Routes, web.RefusedMove{Route: r.Name, Code: web.CodeConflict, Detail: err.Error()})
		}
	}
	if len(refused.Routes) > 0 {
		return nil, refused
	}
	var moved []web.Route
	for _, seen := range m.Routes {
		r, err := s.find(seen.Name)
		if err == nil {
			err = s.move(r, m.To, m.Actor, m.Reason, m.Force)
		}
		if err != nil {
			return nil, err
		}
		moved = append(moved, *r)
	}
	return moved, nil
}

func (s *system) Retire(ctx context.Context, r web.Retire) (web.Retired, error) {
	for _, name := range r.Routes {
		if _, err := s.Shift(ctx, web.Move{Route: name, To: strangler.At(strangler.PhaseRetired), Actor: r.Actor, Reason: r.Reason, Force: r.Force}); err != nil {
			return web.Retired{}, err
		}
	}
	return web.Retired{}, nil
}

func (s *system) Retirement(_ context.Context, route string) (web.Retirement, error) {
	r := web.Retirement{Route: route, Obstacles: s.obstacles}
	for _, known := range s.Routes() {
		if known.Name == route && known.Service == "" {
			r.Invalid = "it has no service"
		}
	}
	return r, s.fails
}

func (s *system) Translation(_ context.Context, route string) (web.Translation, error) {
	t := s.translation
	t.Route = route
	return t, s.fails
}

func (s *system) Facades() []web.Facade { return s.facades }

func (s *system) Facade(_ context.Context, name string) (web.FacadeDetail, error) {
	for _, f := range s.facades {
		if f.Name == name {
			return web.FacadeDetail{Facade: f, Failures: s.translation.Failures, Routes: []web.FacadeRoute{{Methods: []string{"GET"}, Path: "/payments/{id}",
				Session: s.translation.Session, Parts: s.translation.Parts, Bodies: s.translation.Bodies}}}, s.fails
		}
	}
	return web.FacadeDetail{}, &web.NotFoundError{What: "facade", Name: name}
}

// The dashboard doesn't look at tables of identifiers.

func (s *system) IDTables(context.Context) ([]web.IDTable, error) { return nil, s.fails }

func (s *system) FindID(context.Context, string, ids.Side, string) (ids.Pair, error) {
	return ids.Pair{}, s.fails
}

func (s *system) ExportIDs(context.Context, string) (iter.Seq2[ids.Pair, error], error) {
	return func(func(ids.Pair, error) bool) {}, s.fails
}

func (s *system) ImportIDs(context.Context, string, io.Reader) (ids.Imported, error) {
	return ids.Imported{}, s.fails
}

func (s *system) Undo(_ context.Context, u web.Undo) ([]web.Route, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(u.Route)
	if err != nil {
		return nil, err
	}
	if u.IfVersion != 0 && u.IfVersion != r.Version {
		return nil, &journal.ConflictError{Route: r.Name, Have: r.Version, Want: u.IfVersion}
	}
	step, err := s.undoOf(r)
	if err != nil {
		return nil, err
	}
	var moved []web.Route
	change := int64(len(s.entries) + 1)
	for _, m := range step.Moves {
		r, _ := s.find(m.Route)
		if err := s.move(r, m.To, u.Actor, u.Reason, u.Force); err != nil {
			return nil, err
		}
		e := &s.entries[len(s.entries)-1]
		e.Change, e.How, e.Undoes = change, "undo", step.Change
		moved = append(moved, *r)
	}
	return moved, nil
}

func (s *system) UndoOf(route string) (web.UndoStep, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(route)
	if err != nil {
		return web.UndoStep{}, err
	}
	step, err := s.undoOf(r)
	if err == nil {
		definition := strangler.Route{Name: r.Name, Service: r.Service, Unit: r.Unit, Return: s.returns[r.Name]}
		err = rollout.Check(definition, strangler.Position{Phase: r.Phase, Weight: r.Weight}, step.Moves[0].To, false)
	}
	return step, err
}

// undoOf is called with the lock held.
func (s *system) undoOf(r *web.Route) (web.UndoStep, error) {
	newest := func(route string) (left []web.Entry) {
		for _, e := range s.entries {
			switch {
			case e.Route != route || e.Kind != "moved":
			case e.Undoes != 0:
				left = left[:len(left)-1]
			default:
				left = append(left, e)
			}
		}
		return left[max(0, len(left)-1):]
	}
	own := newest(r.Name)
	if len(own) == 0 {
		return web.UndoStep{}, &journal.NothingToUndoError{Route: r.Name, Position: strangler.Position{Phase: r.Phase, Weight: r.Weight}}
	}
	step := web.UndoStep{Change: own[0].Change, Moves: []web.UndoMove{{Route: r.Name, To: *own[0].Before}}}
	for _, mate := range s.routes {
		if mate.Name == r.Name || mate.Unit == "" || mate.Unit != r.Unit {
			continue
		}
		if e := newest(mate.Name); len(e) > 0 && e[0].Change == step.Change {
			step.Moves = append(step.Moves, web.UndoMove{Route: mate.Name, To: *e[0].Before})
		}
	}
	return step, nil
}

func (s *system) Judge(context.Context, []web.Given) ([]web.Judgement, error) { return nil, nil }

func (s *system) Rollback(_ context.Context, b web.Rollback) (web.RollbackResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var standings []rollout.Standing
	for _, r := range s.routes {
		standings = append(standings, rollout.Standing{Route: strangler.Route{Name: r.Name, Service: r.Service, Unit: r.Unit, Return: s.returns[r.Name]},
			Position: strangler.Position{Phase: r.Phase, Weight: r.Weight}})
	}
	moves, skipped, err := rollout.Rollback(standings, rollout.Target{Route: b.Route, Names: b.Routes, Unit: b.Unit, Service: b.Service, All: b.All}, b.To, b.Force)
	if err != nil {
		return web.RollbackResult{}, err
	}
	result := web.RollbackResult{LegacyGains: 12.5, Durable: s.undurable == "", Problem: s.undurable}
	for _, m := range moves {
		r, _ := s.find(m.Route)
		if err := s.move(r, m.To, b.Actor, b.Reason, true); err != nil {
			return result, err
		}
		result.Moved = append(result.Moved, *r)
	}
	for _, k := range skipped {
		result.Skipped = append(result.Skipped, web.Skipped{Route: k.Route, Why: k.Why})
	}
	return result, nil
}

func (s *system) Entries(_ context.Context, q web.EntryQuery) (found []web.Entry, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range slices.Backward(s.entries) {
		if (q.Route == "" || q.Route == e.Route) && (q.Before == 0 || e.Seq < q.Before) && len(found) < q.Limit {
			found = append(found, e)
		}
	}
	return found, s.fails
}

func (s *system) VerifyJournal(_ context.Context, known string) (web.JournalProof, error) {
	return web.JournalProof{}, nil
}

func (s *system) ExportState() (web.State, error) { return web.State{}, nil }

func (s *system) ImportState(context.Context, web.StateImport) (web.StateChange, error) {
	return web.StateChange{}, nil
}

func (s *system) RoutesAt(_ context.Context, at time.Time) ([]web.Route, error) {
	if s.tableAt != nil {
		return s.tableAt(at), s.fails
	}
	was := s.Routes()
	for i := range was {
		was[i].Phase, was[i].Weight = strangler.PhaseLegacy, 0
	}
	return append(was, web.Route{Name: "long-gone", Phase: strangler.PhaseLive, Weight: strangler.FullWeight}), s.fails
}

func (s *system) Divergences(_ context.Context, q web.DivergenceQuery) (found []web.Divergence, err error) {
	for _, d := range s.divergences {
		if q.Group == "" || q.Group == d.Group {
			d.Legacy, d.Service = nil, nil
			found = append(found, d)
		}
	}
	return found, s.fails
}

func (s *system) Divergence(_ context.Context, id string) (web.Divergence, error) {
	for _, d := range s.divergences {
		if d.ID == id {
			return d, nil
		}
	}
	return web.Divergence{}, &web.NotFoundError{What: "divergence", Name: id}
}

func (s *system) Groups(_ context.Context, route, state string) (found []web.Group, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.groups {
		if (route == "" || g.Route == route) && (state == "" || g.State == state) {
			found = append(found, g)
		}
	}
	return found, s.fails
}

func (s *system) Group(_ context.Context, id string) (web.Group, error) {
	for _, g := range s.groups {
		if g.ID == id {
			return g, nil
		}
	}
	return web.Group{}, &web.NotFoundError{What: "group", Name: id}
}

func (s *system) RouteEvidence(_ context.Context, route string) (web.RouteEvidence, error) {
	e := s.evidence
	e.Route = route
	return e, s.fails
}

func (s *system) Triage(_ context.Context, t web.Triage) (web.Group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return web.Group{}, s.fails
	}
	if t.State == "expected" && t.Reason == "" {
		return web.Group{}, &web.InvalidError{Why: "a group is expected for a reason: say which"}
	}
	for i := range s.groups {
		if g := &s.groups[i]; g.ID == t.Group {
			g.State, g.Reason, g.Actor, g.Verified, g.Since, g.Origin = t.State, t.Reason, t.Actor.Name, t.Actor.Verified, noon, ""
			s.tell("groups")
			return *g, nil
		}
	}
	return web.Group{}, &web.NotFoundError{What: "group", Name: t.Group}
}

func (s *system) Pin(_ context.Context, id string, by web.Actor) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.groups {
		if g := &s.groups[i]; slices.Contains(g.Examples, id) {
			g.Pinned = append(slices.Clone(g.Pinned), id)
			return s.fails
		}
	}
	return &web.NotFoundError{What: "kept answers of divergence", Name: id}
}

func (s *system) Rules(route string) (found []web.Rule, err error) {
	if _, err := s.find(route); route != "" && err != nil {
		return nil, err
	}
	for _, r := range s.rules {
		if route == "" || r.Route == route {
			found = append(found, r)
		}
	}
	return found, s.fails
}

func (s *system) PreviewRules(_ context.Context, n web.NewRules) (web.RuleEffect, error) {
	if s.fails != nil {
		return web.RuleEffect{}, s.fails
	}
	for _, r := range n.Rules {
		if r.Pointer == "total" {
			return web.RuleEffect{}, &web.InvalidError{Why: "write /total"}
		}
	}
	return web.RuleEffect{Rules: n.Rules, Estimate: true, Gone: 1200, Changed: 620,
		Groups: []web.GroupEffect{{Group: "g1", Title: s.groups[0].Title, State: "open", Count: 1820, Looked: 1820, Gone: 1200, Changed: 620}}}, nil
}

func (s *system) AddRules(ctx context.Context, n web.NewRules) (web.RuleEffect, error) {
	effect, err := s.PreviewRules(ctx, n)
	if err != nil {
		return effect, err
	}
	for _, r := range n.Rules {
		r.ID, r.Route, r.Origin, r.Actor, r.Verified, r.Reason, r.At = "r9", n.Route, "journal", n.Actor.Name, n.Actor.Verified, n.Reason, noon
		s.rules = append(s.rules, r)
	}
	return effect, nil
}

func (s *system) DropRule(_ context.Context, dropped web.DroppedRule) error {
	before := len(s.rules)
	s.rules = slices.DeleteFunc(s.rules, func(r web.Rule) bool { return r.ID == dropped.ID })
	if len(s.rules) == before {
		return &web.NotFoundError{What: "rule", Name: dropped.ID}
	}
	return s.fails
}

func (s *system) Exchanges(context.Context, web.ExchangeQuery) ([]web.Exchange, error) {
	return s.exchanges, s.fails
}

func (s *system) Keep(context.Context, string, []web.Exchange) error { return s.fails }

func (s *system) Replay(ctx context.Context, r web.Replay, tell func(web.ReplayStep) error) error {
	s.mu.Lock()
	s.asked = r
	fails := s.replayFails
	s.mu.Unlock()
	if fails != nil {
		return fails
	}
	step := web.ReplayStep{ReplaySummary: web.ReplaySummary{Of: len(s.replay)}}
	if err := tell(step); err != nil {
		return err
	}
	for _, one := range s.replay {
		select {
		case <-time.After(s.replayPace):
		case <-ctx.Done():
			return ctx.Err()
		}
		step.Count(one.Outcome)
		step.Replayed = &one
		if err := tell(step); err != nil {
			return err
		}
	}
	return s.fails
}

func (s *system) Stats() web.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Routes = slices.Clone(stats.Routes)
	return stats
}

func (s *system) Series(_ context.Context, q web.SeriesQuery) (web.Series, error) {
	if s.series == nil {
		return web.Series{From: q.From, To: q.To, Step: q.Step, Lines: []web.SeriesLine{}}, s.fails
	}
	return s.series(q), s.fails
}

func (s *system) Config() web.ConfigState { return s.config }

func (s *system) Settings(route string) ([]web.Setting, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.find(route)
	return s.settings, err
}

func (s *system) Subscribe(ctx context.Context) <-chan web.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers == nil {
		s.watchers = make(map[chan web.Event]bool)
	}
	c := make(chan web.Event, 8)
	s.watchers[c] = true
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, c)
	})
	return c
}

// tell is called with the lock held.
func (s *system) tell(event string) {
	for c := range s.watchers {
		select {
		case c <- web.Event{Type: event}:
		default:
		}
	}
}

func (s *system) change(event string, edit func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	edit()
	s.tell(event)
}

func route(name, path string, at strangler.Position) web.Route {
	return web.Route{Name: name, Match: strangler.Match{Methods: []string{"GET", "HEAD"}, Path: path}, Service: "orders", Phase: at.Phase, Weight: at.Weight,
		Version: 3, Since: noon, Actor: "anna", Reason: "evidence looks fine"}
}

func sides(route string, legacy, service float64) web.RouteStats {
	side := func(perSecond float64, failures int64) web.SideStats {
		if perSecond == 0 {
			return web.SideStats{}
		}
		return web.SideStats{Requests: int64(perSecond * 3600), Failures: failures, P50MS: 12.4, P99MS: 180.2, PerSecond: perSecond, RecentRequests: int64(perSecond * 600), RecentFailures: failures}
	}
	s := web.RouteStats{Route: route, Legacy: side(legacy, 2), Service: side(service, 1)}
	if route != "" {
		s.Comparisons = shadow.Counts{Sampled: 24120, Match: 22010, Noise: 120, Lag: 14, Diverged: 1820, Failed: 6, Skipped: 149, Pending: 1,
			Reasons: map[string]int64{shadow.SkipQueueFull: 120, shadow.SkipConditional: 29, shadow.FailTimeout: 6}}
	}
	return s
}

// good is a migration under way, with something in every corner.
func good() *system {
	s := &system{
		routes: []web.Route{
			route("catalogue-page", "/books/{id}", strangler.At(strangler.PhaseLegacy)),
			route("catalogue-search", "/api/search", strangler.At(strangler.PhaseShadow)),
			route("orders-read", "/api/orders/{id}", strangler.Canary(2500)),
			route("orders-list", "/api/orders", strangler.Canary(2500)),
			route("stock", "/api/stock/{isbn}", strangler.At(strangler.PhaseLive)),
			route("reviews", "/api/reviews", strangler.At(strangler.PhaseRetired)),
			route("payments", "/api/payments", strangler.At(strangler.PhaseLive)),
		},
		returns: map[string]strangler.Return{"payments": strangler.ReturnNever, "stock": strangler.ReturnConfirm},
		services: []web.Service{{Name: "orders", URLs: []string{"http://127.0.0.1:8101", "http://127.0.0.1:8102"}, Routes: []string{"orders-read"},
			Balance: "least_requests", Connections: web.Connections{Max: 1234}, SlowStart: "17s", HealthCheck: &web.HealthCheck{Path: "/healthz", Interval: "6s", Status: "2xx"},
			Endpoints: []web.Endpoint{{Addr: "127.0.0.1:8101", Healthy: true, Since: noon, InFlight: 2, Requests: 4711, Failures: 3, Idle: 17},
				{Addr: "127.0.0.1:8102", Why: "check: status 503", Since: noon, Requests: 99, Failures: 98, Ejections: 3}},
			Guard: web.Guard{Breaker: &web.Breaker{State: "open", Until: noon, Opened: 2}, Bulkhead: &web.Bulkhead{InFlight: 100, Waiting: 7, Limit: 100, Full: 12},
				Timeouts: &web.Timeouts{Dial: 1, FirstByte: 31, Idle: 2}, Retry: &web.Retry{Retries: 1204, Denied: 8}},
			RouteGuards: []web.RouteGuard{{Route: "orders-list", Guard: web.Guard{Breaker: &web.Breaker{State: "half-open"}}}}}, {Name: "spare"}},
		legacy: web.Service{Name: "legacy", URLs: []string{"http://127.0.0.1:8000"}, Guard: web.Guard{Timeouts: &web.Timeouts{}},
			Endpoints: []web.Endpoint{{Addr: "127.0.0.1:8000", Healthy: true, Since: noon, Requests: 98765}}},
		stats: web.Stats{Started: noon.Add(-time.Hour), At: noon,
			Routes: []web.RouteStats{sides("", 31.2, 0), sides("catalogue-page", 12, 0), sides("catalogue-search", 4.4, 0), sides("orders-read", 9.2, 3.1),
				sides("orders-list", 1.5, .5), sides("stock", 0, 18), sides("reviews", 0, .4), sides("payments", 0, 2.2)},
			Shadow: web.ShadowStats{Queue: 3, QueueCap: 1024, Workers: 16},
			Ledger: web.LedgerStats{Bytes: 48 << 20, MaxBytes: 2 << 30, Written: 24119, Pending: 1, Dropped: 12}},
		config: web.ConfigState{File: "/etc/strangler/strangler.yaml", LoadedAt: noon.Add(-time.Hour),
			Problem: "strangler.yaml:14:7: unknown key \"servce\"; did you mean \"service\"?", ProblemAt: noon, Definitions: map[string]json.RawMessage{}},
	}
	s.routes[2].Unit, s.routes[3].Unit = "orders", "orders"
	s.rollouts = goodRollouts()
	s.routes[4].Owner, s.routes[5].Owner = "team stock", "team stock"
	var names []string
	for _, r := range s.routes {
		names = append(names, r.Name)
		s.config.Definitions[r.Name] = json.RawMessage(fmt.Sprintf(`{"name":%q,"service":"orders","return":%q,"sample":100}`, r.Name, s.returns[r.Name]))
	}
	s.series = grown(names...)
	legacy, shadowed, canary := strangler.At(strangler.PhaseLegacy), strangler.At(strangler.PhaseShadow), strangler.Canary(2500)
	s.entries = []web.Entry{
		{Seq: 1, Change: 1, At: noon.Add(-3 * time.Hour), Kind: "seen", Route: "orders-read", Version: 1, After: &legacy, Actor: "configuration"},
		{Seq: 2, Change: 2, At: noon.Add(-2 * time.Hour), Kind: "moved", Route: "orders-read", Version: 2, Before: &legacy, After: &shadowed, Actor: "anna", Verified: true, Reason: "begin"},
		{Seq: 3, Change: 3, At: noon.Add(-1 * time.Hour), Kind: "moved", Route: "orders-read", Version: 3, Before: &shadowed, After: &canary, Actor: "ben", Reason: "evidence looks fine"},
		{Seq: 4, Change: 4, At: noon.Add(-30 * time.Minute), Kind: "changed", Route: "stock", Version: 3, Actor: "configuration"},
		{Seq: 5, Change: 5, At: noon.Add(-20 * time.Minute), Kind: "removed", Route: "long-gone", Version: 9, Actor: "configuration"},
		{Seq: 6, Change: 6, At: noon.Add(-15 * time.Minute), Kind: "frozen", Version: 1, Actor: "ben", Reason: "month's end"},
		{Seq: 7, Change: 7, At: noon.Add(-12 * time.Minute), Kind: "thawed", Version: 2, Actor: "anna", Verified: true},
		{Seq: 8, Change: 8, At: noon.Add(-11 * time.Minute), Kind: "steered", Steering: []byte(`{}`), Route: "catalogue-search", Version: 3, Actor: "ben", Reason: "repaired"},
	}
	d := web.Divergence{ID: "d1", Group: "g1", Route: "orders-read", Method: "GET", Path: "/api/orders/17?full=1", At: noon, Verdict: shadow.Diverged, Served: shadow.Legacy,
		Differences: []shadow.Difference{
			{Pointer: "status", Pattern: "status", Kind: shadow.KindStatus, Legacy: []byte("200"), Service: []byte("203")},
			{Pointer: "header:Cache-Control", Pattern: "header:Cache-Control", Kind: shadow.KindHeader, Legacy: []byte(`"no-cache"`), Service: []byte(`"max-age=60"`)},
			{Pointer: "/total", Pattern: "/total", Kind: shadow.KindValue, Legacy: []byte("41.98"), Service: []byte("41.97")},
			{Pointer: "/items/1/gift", Pattern: "/items/*/gift", Kind: shadow.KindMissing, Legacy: []byte("true")},
			{Pointer: "/customer/tier", Pattern: "/customer/tier", Kind: shadow.KindExtra, Service: []byte(`"gold"`)},
		},
		Legacy:  &web.Answer{Status: 200, Headers: map[string][]string{"Content-Type": {"application/json"}, "Cache-Control": {"no-cache"}}, Body: `{"id":17,"total":41.98,"items":[{"isbn":"978-1","n":1},{"isbn":"978-2","n":2,"gift":true}],"customer":{"name":"Ada"},"history":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}`, Size: 181, LatencyMS: 24.1},
		Service: &web.Answer{Status: 203, Headers: map[string][]string{"Content-Type": {"application/json"}, "Cache-Control": {"max-age=60"}}, Body: `{"id":17,"total":41.97,"items":[{"isbn":"978-1","n":1},{"isbn":"978-2","n":2}],"customer":{"name":"Ada","tier":"gold"},"history":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}`, Size: 178, LatencyMS: 9.3, Untranslated: &web.Answer{Status: 203, Body: `{"orderId":17,"total":"41.97"}`, Size: 30}},
	}
	text := d
	text.ID, text.Differences = "d2", []shadow.Difference{{Kind: shadow.KindBody, Legacy: []byte(`"b"`), Service: []byte(`"B"`)}}
	text.Legacy = &web.Answer{Status: 200, Headers: map[string][]string{"Content-Type": {"text/html"}}, Body: "<h1>Order</h1>\nb\nc\n", Size: 20}
	text.Service = &web.Answer{Status: 200, Headers: map[string][]string{"Content-Type": {"text/html"}}, Body: "<h1>Order</h1>\nB\nc\nd\n", Size: 22}
	binary := text
	binary.ID = "d3"
	binary.Legacy = &web.Answer{Status: 200, Body: "AAECAw==", Binary: true, Size: 4}
	binary.Service = &web.Answer{Status: 200, Body: "AAECBA==", Binary: true, Size: 4}
	gone := text
	gone.ID, gone.Legacy, gone.Service = "d4", nil, nil
	s.divergences = []web.Divergence{d, text, binary, gone}
	quantiles := shadow.Quantiles{P50: 12.4, P90: 40, P99: 180.2}
	s.evidence = web.RouteEvidence{Compared: 24120, Diverged: 1820, Expected: 4, Evidence: shadow.Evidence{Controls: 240,
		Statuses: []shadow.StatusPair{{Legacy: 200, Service: 404, Count: 17}, {Legacy: 200, Service: 200, Count: 24103}, {Count: 3}},
		Latency:  &shadow.Latencies{Count: 24120, Legacy: quantiles, Service: quantiles, Difference: shadow.Quantiles{P50: -3, P90: 0, P99: 12}},
		Noise:    []shadow.Place{{Pattern: "/rendered_at", Kind: shadow.KindValue, Known: shadow.KnownNoise, Legacy: .97, Service: .98}, {Kind: shadow.KindBody, Known: shadow.KnownUnknown}}}}
	s.rules = []web.Rule{{Route: "orders-read", Kind: "ignore", Pointer: "header:X-Request-Id", Origin: "configuration"},
		{ID: "r1", Route: "orders-read", Kind: "tolerance", Pointer: "/total", Value: "1%", Origin: "journal", Actor: "anna", Verified: true, Reason: "rounding", At: noon}}
	s.settings = []web.Setting{{Name: "match.path", Value: []byte(`"/api/orders/{id}"`), From: "route", File: "/etc/strangler/routes.d/orders.yaml", Line: 14},
		{Name: "timeouts.first_byte", Value: []byte(`"3s"`), From: "service", File: "/etc/strangler/strangler.yaml", Line: 9}, {Name: "shadow.recheck", Value: []byte(`"500ms"`), From: "program"}}
	s.groups = []web.Group{
		{ID: "g1", Route: "orders-read", Title: "/items/*/gift is missing, and 4 more places", State: "open", Count: 1820, First: noon.Add(-2 * time.Hour), Last: noon, Statuses: [2]int{200, 203},
			Causes: []web.GroupCause{{Pointer: "/items/*/gift", Kind: shadow.KindMissing}, {Pointer: "/total", Kind: shadow.KindValue}}, Examples: []string{"d1", "d2", "d3"}, Share: .0755, Guess: "by a factor of 100", Noise: shadow.KnownCounts,
			Since: noon.Add(-time.Hour), Actor: "anna", Reason: "release 7", Reopened: noon.Add(-time.Hour),
			Days: []web.GroupDay{{Day: noon.AddDate(0, 0, -90).Truncate(24 * time.Hour), Count: 1}, {Day: noon.AddDate(0, 0, -3).Truncate(24 * time.Hour), Count: 20}, {Day: noon.Truncate(24 * time.Hour), Count: 1800}}},
		{ID: "g2", Route: "catalogue-search", Title: "/hits is in another order", State: "open", Count: 31, First: noon.Add(-time.Hour), Last: noon, Statuses: [2]int{200, 200},
			Days:   []web.GroupDay{{Day: time.Now().UTC().Truncate(24 * time.Hour), Count: 31}}, // it is young
			Recent: []web.GroupRecent{{At: time.Now().UTC().Add(-time.Hour).Truncate(10 * time.Minute), Count: 30}, {At: time.Now().UTC().Truncate(10 * time.Minute), Count: 1}},
			Causes: []web.GroupCause{{Pointer: "/hits", Kind: shadow.KindOrder}}, Suggested: []web.Suggestion{{Kind: "keyed", Pointer: "/hits", Value: "isbn"}}},
		{ID: "g3", Route: "stock", Title: "/rev differs", State: "expected", Count: 4, First: noon, Last: noon, Statuses: [2]int{200, 200}},
	}
	return s
}

// evil is text that would like to be more than text.
// It ends with words that are read from right to left.
const evil = "</pre><script>alert(1)</script>\"onx=\"1\u202eevil\x00\xff'><img src=x onerror=alert(2)>שלום עולם مرحبا"

// hostile is good with strangers' text wherever text may come from.
func hostile() *system {
	s := good()
	long := ""
	for range 400 {
		long += "verylongname"
	}
	for i := range s.routes {
		s.routes[i].Reason, s.routes[i].Actor, s.routes[i].Unit, s.routes[i].Owner = evil+long, evil, evil, evil
		s.routes[i].Service = evil
		s.routes[i].Match = strangler.Match{Methods: []string{evil}, Path: "/" + evil + long, Host: evil, Headers: map[string]string{evil: evil}, Query: map[string]string{evil: evil}}
	}
	s.services[0] = web.Service{Name: evil, URLs: []string{evil, "javascript:alert(1)", long}, Routes: []string{evil}, LookupError: evil + long,
		Endpoints:   []web.Endpoint{{Addr: evil, Why: evil + long, Since: noon}, {Addr: long, Healthy: true}},
		Guard:       web.Guard{Breaker: &web.Breaker{State: evil, Until: noon}},
		RouteGuards: []web.RouteGuard{{Route: evil, Guard: web.Guard{Bulkhead: &web.Bulkhead{InFlight: 1, Limit: 1}}}}}
	s.legacy.LookupError = evil
	for i := range s.entries {
		s.entries[i].Actor, s.entries[i].Reason = evil, evil+long
	}
	for i := range s.groups {
		s.groups[i].Suggested = []web.Suggestion{{Kind: evil, Pointer: "/" + evil + long, Value: evil}}
		s.groups[i].Guess, s.groups[i].Reason, s.groups[i].Actor, s.groups[i].State = evil+long, evil+long, evil, evil
		s.groups[i].Title, s.groups[i].Causes = evil+long, []web.GroupCause{{Pointer: "/" + evil, Kind: shadow.KindValue}, {Pointer: evil, Kind: shadow.Kind(evil)}}
	}
	s.rules = append(s.rules, web.Rule{ID: evil, Route: evil, Kind: evil, Pointer: "/" + evil + long, Value: evil, Origin: "journal", Actor: evil, Reason: evil + long})
	s.evidence.Noise = append(s.evidence.Noise, shadow.Place{Pattern: "/" + evil + long, Kind: shadow.Kind(evil), Known: shadow.Known(evil)})
	quoted, _ := json.Marshal(evil)
	for i := range s.divergences {
		d := &s.divergences[i]
		d.Method, d.Path = evil, "/"+evil+long
		d.Differences = append(d.Differences, shadow.Difference{Pointer: "/" + evil, Kind: shadow.KindValue, Legacy: quoted, Service: []byte(evil)},
			shadow.Difference{Pointer: "/" + evil + "2", Kind: shadow.KindMissing, Legacy: quoted})
		for _, a := range []*web.Answer{d.Legacy, d.Service} {
			if a == nil {
				continue
			}
			if a.Untranslated != nil {
				a.Untranslated.Body = evil + long
			}
			a.Headers = map[string][]string{evil: {evil, long}, "Content-Type": {"application/json"}}
			if !a.Binary {
				a.Body = `{"x":` + string(quoted) + `,` + string(quoted) + `:"` + long + `"}`
			}
		}
	}
	s.divergences[1].Legacy.Body, s.divergences[1].Service.Body = evil+"\n"+long, evil+"\r\n\r"+long
	s.rollouts = hostileRollouts(long)
	s.freeze = &web.Freeze{At: noon, Reason: evil + long, Actor: evil + long}
	s.settings = append(s.settings, web.Setting{Name: evil + long, Value: []byte(evil + long), From: evil, File: evil + long, Line: 1})
	s.config.Warnings, s.config.NeedRestart, s.config.Files = []string{evil + long}, []string{evil}, []string{evil, evil + long}
	s.config.Problem, s.config.File = evil+"\n"+long, evil
	s.config.Definitions[s.routes[0].Name] = quoted
	s.stats.Ledger.Error = evil
	s.stats.Routes[1].Comparisons.Reasons = map[string]int64{evil: 3}
	return s
}

// empty is a proxy that just started, without a file.
func empty() *system { return &system{} }

func identity(role web.Role) web.Identity {
	return web.Identity{Name: "anna", Role: role, Verified: true}
}
