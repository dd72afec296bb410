package api

import (
	"context"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// system is a running system in memory. What it answers is in its fields; err, where set, is what
// every call with an error answers.
type system struct {
	mu          sync.Mutex
	routes      []web.Route
	services    []web.Service
	legacy      web.Service
	entries     []web.Entry
	divergences []web.Divergence
	listed      []web.DivergenceQuery
	groups      []web.Group
	evidence    web.RouteEvidence
	stats       web.Stats
	charted     web.Series
	charts      []web.SeriesQuery
	config      web.ConfigState
	settings    []web.Setting
	explanation web.Explanation
	result      web.RollbackResult
	err         error

	moves       []web.Move
	manyMoves   []web.MoveMany
	retires     []web.Retire
	retired     web.Retired
	unready     web.Retirement
	translated  web.Translation
	pairs       []ids.Pair                 // of the table customer_ids
	broken      error                      // of the source of an export, behind all pairs
	source      iter.Seq2[ids.Pair, error] // of an export, instead of pairs
	undos       []web.Undo
	triages     []web.Triage
	ruling      web.RuleEffect
	added       []web.NewRules
	dropped     []web.DroppedRule
	replays     []web.Replay
	stored      []web.Exchange
	keeps       []web.Exchange
	steps       []web.ReplayStep
	proof       web.JournalProof
	imports     []web.StateImport
	given       []web.Given
	judged      []web.Judgement
	rollbacks   []web.Rollback
	rollouts    []web.Rollout
	steers      []web.Steering
	freeze      *web.Freeze
	thaws       []string
	subscribers map[chan web.Event]struct{}
}

func newSystem() *system {
	return &system{subscribers: map[chan web.Event]struct{}{}, rollouts: anyRollouts(), legacy: web.Service{Name: "legacy", Transport: "own", Balance: "round_robin"}, routes: []web.Route{
		{Name: "orders-read", Match: strangler.Match{Methods: []string{"GET"}, Path: "/api/orders/{id}"}, Service: "orders",
			Phase: strangler.PhaseCanary, Weight: 2500, Version: 7, Since: noon, Actor: "anna", Reason: "looks fine"},
		{Name: "a/b <i>%", Match: strangler.Match{Path: "/odd"}, Service: "orders", Version: 1, Since: noon},
	}}
}

func (s *system) Routes() []web.Route     { s.mu.Lock(); defer s.mu.Unlock(); return s.routes }
func (s *system) Services() []web.Service { return s.services }
func (s *system) Legacy() web.Service     { return s.legacy }
func (s *system) Stats() web.Stats        { return s.stats }
func (s *system) Config() web.ConfigState { return s.config }
func (s *system) failure() error          { s.mu.Lock(); defer s.mu.Unlock(); return s.err }
func (s *system) fail(err error)          { s.mu.Lock(); defer s.mu.Unlock(); s.err = err }
func (s *system) index(route string) int {
	return slices.IndexFunc(s.routes, func(r web.Route) bool { return r.Name == route })
}

func (s *system) Explain(web.Explain) (web.Explanation, error) { return s.explanation, s.failure() }

func (s *system) Shift(_ context.Context, m web.Move) (web.Route, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moves = append(s.moves, m)
	i := s.index(m.Route)
	if s.err != nil || i < 0 {
		return web.Route{}, s.err
	}
	moved := s.routes[i]
	moved.Phase, moved.Weight, moved.Version, moved.Actor, moved.Reason = m.To.Phase, m.To.Weight, moved.Version+1, m.Actor.Name, m.Reason
	return moved, nil
}

func (s *system) Retire(_ context.Context, r web.Retire) (web.Retired, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retires = append(s.retires, r)
	return s.retired, s.err
}

func (s *system) Retirement(_ context.Context, route string) (web.Retirement, error) {
	if s.index(route) < 0 {
		return web.Retirement{}, &strangler.UnknownRouteError{Name: route}
	}
	return s.unready, s.failure()
}

func (s *system) Settings(route string) ([]web.Setting, error) {
	if s.index(route) < 0 {
		return nil, &strangler.UnknownRouteError{Name: route}
	}
	return s.settings, s.failure()
}

func (s *system) Translation(_ context.Context, route string) (web.Translation, error) {
	if !slices.ContainsFunc(s.Routes(), func(r web.Route) bool { return r.Name == route }) {
		return web.Translation{}, &strangler.UnknownRouteError{Name: route}
	}
	if s.translated.Route == "" {
		return web.Translation{Route: route, Parts: []web.TranslationPart{}, Bodies: []web.TranslatedBody{}, Failures: []web.TranslationFailure{}}, nil
	}
	return s.translated, nil
}

func (s *system) Facades() []web.Facade {
	return []web.Facade{{Name: "legacy-customers", Address: "127.0.0.1:0", URL: "http://127.0.0.1:9101", Calls: web.SideStats{Requests: 7}, Answers: s.translated.Answers}}
}

func (s *system) Facade(_ context.Context, name string) (web.FacadeDetail, error) {
	if name != "legacy-customers" {
		return web.FacadeDetail{}, &web.NotFoundError{What: "facade", Name: name}
	}
	return web.FacadeDetail{Facade: s.Facades()[0], Failures: s.translated.Failures,
		Routes: []web.FacadeRoute{{Methods: []string{"GET"}, Path: "/customers/{id}", Session: "shop", Parts: s.translated.Parts, Bodies: s.translated.Bodies}}}, s.failure()
}

func (s *system) IDTables(context.Context) ([]web.IDTable, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []web.IDTable{{Name: "customer_ids", File: "ids.db", Pairs: int64(len(s.pairs)), Max: 100, MakesService: "uuid"}}, s.err
}

func (s *system) idTable(name string) error {
	if name != "customer_ids" {
		return &web.NotFoundError{What: "table of identifiers", Name: name}
	}
	return s.failure()
}

func (s *system) FindID(_ context.Context, table string, side ids.Side, id string) (ids.Pair, error) {
	if err := s.idTable(table); err != nil {
		return ids.Pair{}, err
	}
	for _, p := range s.pairs {
		if side == ids.Legacy && p.Legacy == id || side == ids.Service && p.Service == id {
			return p, nil
		}
	}
	return ids.Pair{}, &ids.UnknownError{Table: table, Side: side, ID: id}
}

func (s *system) ExportIDs(_ context.Context, table string) (iter.Seq2[ids.Pair, error], error) {
	if err := s.idTable(table); err != nil {
		return nil, err
	}
	if s.source != nil {
		return s.source, nil
	}
	return func(yield func(ids.Pair, error) bool) {
		for _, p := range s.pairs {
			if !yield(p, nil) {
				return
			}
		}
		if s.broken != nil {
			yield(ids.Pair{}, s.broken)
		}
	}, nil
}

func (s *system) ImportIDs(_ context.Context, table string, csv io.Reader) (done ids.Imported, err error) {
	if err := s.idTable(table); err != nil {
		return done, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, err := range ids.ReadCSV(csv) {
		if err != nil {
			return done, err
		}
		s.pairs = append(s.pairs, p)
		done.New++
	}
	return done, nil
}

func (s *system) ShiftMany(_ context.Context, m web.MoveMany) ([]web.Route, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manyMoves = append(s.manyMoves, m)
	return s.routes, s.err
}

func (s *system) Undo(_ context.Context, u web.Undo) ([]web.Route, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undos = append(s.undos, u)
	return nil, s.err
}

func (s *system) UndoOf(string) (web.UndoStep, error) { return web.UndoStep{}, s.err }

func (s *system) Rollback(_ context.Context, r web.Rollback) (web.RollbackResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rollbacks = append(s.rollbacks, r)
	return s.result, s.err
}

func (s *system) Entries(context.Context, web.EntryQuery) ([]web.Entry, error) {
	return s.entries, s.failure()
}

func (s *system) VerifyJournal(_ context.Context, known string) (web.JournalProof, error) {
	if known == "" {
		return s.proof, s.failure()
	}
	return web.JournalProof{Known: &web.KnownHead{Hash: known}}, s.failure()
}

func (s *system) ExportState() (web.State, error) {
	return web.State{Format: web.StateFormat, At: noon, Routes: []web.RouteState{{Name: "orders-read", Phase: strangler.PhaseLive, Weight: strangler.FullWeight,
		Rules: []web.StateRule{{Kind: "ignore", Pointer: "/a", At: noon}}, Rollout: &web.StateRollout{State: "paused"}}}}, s.failure()
}

func (s *system) ImportState(_ context.Context, in web.StateImport) (web.StateChange, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.imports = append(s.imports, in)
	return web.StateChange{DryRun: in.DryRun, Routes: []web.RouteMoved{{Name: "orders-read", After: strangler.Canary(2500)}}, Unknown: []string{"gone"}, Left: []string{}, Reports: []web.Report{}}, s.err
}

func (s *system) RoutesAt(context.Context, time.Time) ([]web.Route, error) {
	return s.routes, s.failure()
}

func (s *system) Series(_ context.Context, q web.SeriesQuery) (web.Series, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.charts = append(s.charts, q)
	for _, route := range q.Routes {
		if route != "" && s.index(route) < 0 {
			return web.Series{}, &strangler.UnknownRouteError{Name: route}
		}
	}
	if s.charted.Lines == nil {
		return web.Series{From: q.From, To: q.To, Step: q.Step, Lines: []web.SeriesLine{}}, s.err
	}
	return s.charted, s.err
}

func (s *system) Divergences(_ context.Context, q web.DivergenceQuery) ([]web.Divergence, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = append(s.listed, q)
	return s.divergences[:min(q.Limit, len(s.divergences))], s.err
}

func (s *system) Divergence(_ context.Context, id string) (web.Divergence, error) {
	for _, d := range s.divergences {
		if d.ID == id {
			return d, s.failure()
		}
	}
	return web.Divergence{}, &web.NotFoundError{What: "divergence", Name: id}
}

func (s *system) Groups(context.Context, string, string) ([]web.Group, error) {
	return s.groups, s.failure()
}

func (s *system) Group(_ context.Context, id string) (web.Group, error) {
	for _, g := range s.groups {
		if g.ID == id {
			return g, s.failure()
		}
	}
	return web.Group{}, &web.NotFoundError{What: "group", Name: id}
}

func (s *system) RouteEvidence(_ context.Context, route string) (web.RouteEvidence, error) {
	if s.index(route) < 0 {
		return web.RouteEvidence{}, &strangler.UnknownRouteError{Name: route}
	}
	return s.evidence, s.failure()
}

func (s *system) Pin(context.Context, string, web.Actor) error { return s.err }

func (s *system) Triage(_ context.Context, t web.Triage) (web.Group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.triages = append(s.triages, t)
	if len(s.groups) == 0 || s.err != nil {
		return web.Group{}, s.err
	}
	g := s.groups[0]
	g.State, g.Reason, g.Actor = t.State, t.Reason, t.Actor.Name
	return g, nil
}

func (s *system) Rules(route string) ([]web.Rule, error) {
	if route != "" && s.index(route) < 0 {
		return nil, &strangler.UnknownRouteError{Name: route}
	}
	return s.ruling.Rules, s.failure()
}

func (s *system) PreviewRules(_ context.Context, n web.NewRules) (web.RuleEffect, error) {
	return s.ruling, s.failure()
}

func (s *system) AddRules(_ context.Context, n web.NewRules) (web.RuleEffect, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.added = append(s.added, n)
	return s.ruling, s.err
}

func (s *system) DropRule(_ context.Context, r web.DroppedRule) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped = append(s.dropped, r)
	return s.err
}

func (s *system) Exchanges(_ context.Context, q web.ExchangeQuery) ([]web.Exchange, error) {
	return s.stored, s.failure()
}

func (s *system) Keep(_ context.Context, route string, exchanges []web.Exchange) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keeps = append(s.keeps, exchanges...)
	return s.err
}

func (s *system) Replay(_ context.Context, r web.Replay, tell func(web.ReplayStep) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replays = append(s.replays, r)
	if s.err != nil {
		return s.err
	}
	for _, step := range s.steps {
		if err := tell(step); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) Judge(_ context.Context, list []web.Given) ([]web.Judgement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = append(s.given, list...)
	return s.judged, s.err
}

func (s *system) Subscribe(ctx context.Context) <-chan web.Event {
	ch := make(chan web.Event, 16)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscribers[ch] = struct{}{}
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.subscribers, ch)
		close(ch)
	})
	return ch
}

// publish hands the event to all who keep up and returns how many there are in all.
func (s *system) publish(e web.Event) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ch := range s.subscribers {
		select {
		case ch <- e:
		default:
		}
	}
	return len(s.subscribers)
}
