package command

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// system is a running proxy in memory, behind a real admin listener; what these tests don't ask for
// it doesn't have.
type system struct {
	web.System
	url string

	mu       sync.Mutex
	routes   []web.Route
	rollouts []web.Rollout
	freeze   *web.Freeze
	entries  []web.Entry
	steers   []web.Steering
	thaws    []string
	groups   []web.Group
	evidence web.RouteEvidence
	looked   func(n int) // called before rollouts are looked at the nth time, from 1
	looks    int
}

func newSystem(t *testing.T) *system {
	t.Helper()
	s := &system{
		routes: []web.Route{{Name: "orders-read", Service: "orders", Phase: strangler.PhaseCanary, Weight: 5_00, Version: 7, Since: noon},
			{Name: "pause", Phase: strangler.PhaseShadow, Version: 1, Since: noon}, {Name: "plain", Version: 1, Since: noon}},
		rollouts: []web.Rollout{ordersRead(), {Name: "pause", Routes: []string{"pause"}, Steps: ordersRead().Steps, Since: noon,
			Position: strangler.At(strangler.PhaseShadow), State: web.RolloutAdvising, Action: "promote", To: &ordersRead().Steps[1], Why: "promoting to 1%: every gate holds"}},
	}
	local, every := time.Local, watchEvery
	time.Local, watchEvery = time.UTC, 10*time.Millisecond // tables have local times
	t.Cleanup(func() { time.Local, watchEvery = local, every })
	log := slog.New(slog.DiscardHandler)
	server := httptest.NewUnstartedServer(nil)
	handler, err := web.NewHandler(web.Config{API: api.New(api.Config{System: s, Logger: log}), Dashboard: http.NotFoundHandler(),
		Listen: server.Listener.Addr().String(), Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// ordersRead is the rollout of one route, on its third step of six.
func ordersRead() web.Rollout {
	canary := func(w strangler.Weight) strangler.Position { return strangler.Canary(w) }
	return web.Rollout{
		Name: "orders-read", Routes: []string{"orders-read"}, Auto: true, Position: canary(5_00), Since: noon, State: web.RolloutRunning,
		Steps:  []strangler.Position{strangler.At(strangler.PhaseShadow), canary(1_00), canary(5_00), canary(25_00), canary(50_00), strangler.At(strangler.PhaseLive)},
		Action: "hold", Why: "holding at 5%: divergence is below 1.4%, the gate wants 0.1%", Forecast: 2400, PersonAt: noon.Add(72 * time.Hour),
		Gates: []web.GateReading{
			{Route: "orders-read", Gate: "divergence", State: "open", Limit: 0.001, Estimate: ptr(0.0), Lower: ptr(0.0), Upper: ptr(0.01402), Count: 212, Need: 2783, Why: "divergence is below 1.4%"},
			{Route: "orders-read", Gate: "errors", State: "holds", Limit: 0.005, Estimate: ptr(-0.0001), Lower: ptr(-0.00412), Upper: ptr(0.0041), Count: 800},
			{Route: "orders-read", Gate: "latency", State: "open", Limit: 1.3, Estimate: ptr(0.9), Lower: ptr(0.5), Count: 800, Why: "too few slow answers"},
			{Route: "orders-read", Gate: "skipped", State: "off"},
		},
		Evidence: []web.RolloutEvidence{{Route: "orders-read", Since: noon, Version: "v7", Trial: 2, Compared: 212}},
	}
}

func ptr[T any](v T) *T { return &v }

func (s *system) Routes() []web.Route { s.mu.Lock(); defer s.mu.Unlock(); return s.routes }
func (s *system) Freeze() *web.Freeze { s.mu.Lock(); defer s.mu.Unlock(); return s.freeze }
func (s *system) Stats() web.Stats    { return web.Stats{} }
func (s *system) Services() []web.Service {
	return nil
}
func (s *system) Legacy() web.Service     { return web.Service{Name: "legacy"} }
func (s *system) Config() web.ConfigState { return web.ConfigState{} }
func (s *system) Entries(context.Context, web.EntryQuery) ([]web.Entry, error) {
	return s.entries, nil
}

func (s *system) Rollouts() []web.Rollout {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	if s.looked != nil {
		s.looked(s.looks)
	}
	return slices.Clone(s.rollouts)
}

// byHand puts a route elsewhere, which stops its rollout. The caller holds s.mu.
func (s *system) byHand(name string, to strangler.Position) web.Route {
	r := &s.routes[slices.IndexFunc(s.routes, func(r web.Route) bool { return r.Name == name })]
	r.Phase, r.Weight, r.Version = to.Phase, to.Weight, r.Version+1
	for i := range s.rollouts {
		if one := &s.rollouts[i]; slices.Contains(one.Routes, name) {
			one.Position = to
			if one.Auto {
				one.State = web.RolloutStopped
			}
		}
	}
	return *r
}

func (s *system) Shift(_ context.Context, m web.Move) (web.Route, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byHand(m.Route, m.To), nil
}

func (s *system) ShiftMany(_ context.Context, m web.MoveMany) (moved []web.Route, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range m.Routes {
		moved = append(moved, s.byHand(r.Name, m.To))
	}
	return moved, nil
}

func (s *system) Undo(_ context.Context, u web.Undo) ([]web.Route, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []web.Route{s.byHand(u.Route, strangler.At(strangler.PhaseShadow))}, nil
}

// Rollback moves orders-read, and leaves alone what stands there already.
func (s *system) Rollback(_ context.Context, r web.Rollback) (web.RollbackResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return web.RollbackResult{Moved: []web.Route{s.byHand("orders-read", strangler.At(r.To))}, Durable: true,
		Skipped: []web.Skipped{{Route: "pause", Why: "it stands at shadow already"}}}, nil
}

func (s *system) Steer(_ context.Context, in web.Steering) (web.Rollout, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steers = append(s.steers, in)
	i := slices.IndexFunc(s.rollouts, func(r web.Rollout) bool { return slices.Contains(r.Routes, in.Route) })
	r := &s.rollouts[i]
	switch {
	case in.IfVersion != 0 && in.IfVersion != 7:
		return web.Rollout{}, &journal.ConflictError{Route: in.Route, Have: 7, Want: in.IfVersion}
	case in.What == web.SteerAbort && in.Reason == "never":
		return web.Rollout{}, &rollout.RefusedError{Route: in.Route, Why: "return: never"}
	case in.What == web.SteerAbort && !in.Force:
		return web.Rollout{}, &rollout.RefusedError{Route: in.Route, Why: "return: confirm", Force: true}
	case in.What == web.SteerPause:
		r.State, r.StateActor, r.StateWhy, r.StateSince = web.RolloutPaused, in.Actor.Name, in.Reason, noon
	case in.What == web.SteerPromote:
		r.Position = r.Steps[slices.Index(r.Steps, r.Position)+1]
	case in.What == web.SteerAbort:
		r.Position, r.State = strangler.At(strangler.PhaseShadow), web.RolloutStopped
	}
	return *r, nil
}

func (s *system) SetFreeze(_ context.Context, f web.Freeze) (web.Freeze, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.At = noon
	s.freeze = &f
	return f, nil
}

func (s *system) Thaw(_ context.Context, by web.Actor, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freeze = nil
	s.thaws = append(s.thaws, reason)
	return nil
}

// run runs the command against it.
func (s *system) run(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Setenv("STRANGLER_ADMIN", s.url)
	var out, errs bytes.Buffer
	status = Main(Config{Args: args, Stdout: &out, Stderr: &errs})
	return status, out.String(), errs.String()
}
