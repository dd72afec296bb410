package api

import (
	"context"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// some returns a number for a member that may be absent.
func some(x float64) *float64 { return &x }

// anyRollouts are one of a route, with every member there is, and one of a unit.
func anyRollouts() []web.Rollout {
	steps := []strangler.Position{strangler.At(strangler.PhaseShadow), strangler.Canary(25_00), strangler.At(strangler.PhaseLive)}
	live := steps[2]
	return []web.Rollout{
		{Name: "orders-read", Routes: []string{"orders-read"}, Auto: true, Steps: steps, Position: steps[1], Since: noon,
			State: web.RolloutResting, StateWhy: "divergence is broken", StateActor: "rollout", StateSince: noon, RestsUntil: noon.Add(time.Hour),
			Action: string(rollout.ActionHold), To: &live, Why: "holding at 25%: 212 of 2,995 comparisons", Person: true, HoldsUntil: noon.Add(time.Minute),
			PersonAt: noon.Add(72 * time.Hour), Forecast: 2400, Frozen: "frozen by anna",
			Gates: []web.GateReading{
				{Route: "orders-read", Gate: "divergence", State: string(rollout.StateOpen), Limit: 0.001, Estimate: some(0), Lower: some(0), Upper: some(0.014), Count: 212, Need: 2783, Why: "below 1.4 %"},
				{Route: "orders-read", Gate: "latency", State: string(rollout.StateOff), Why: "off"},
			},
			Evidence: []web.RolloutEvidence{{Route: "orders-read", Since: noon, Version: "v7", Trial: 2, Compared: 212}}},
		{Name: "basket", Unit: "basket", Routes: []string{"basket-read", "basket-write"}, Steps: steps, Position: steps[0], Since: noon,
			State: web.RolloutAdvising, Action: string(rollout.ActionPromote), To: &steps[1], Why: "every gate holds"},
	}
}

func (s *system) Rollouts() []web.Rollout { s.mu.Lock(); defer s.mu.Unlock(); return s.rollouts }
func (s *system) Freeze() *web.Freeze     { s.mu.Lock(); defer s.mu.Unlock(); return s.freeze }

// Steer does what it is told with a route's rollout; what it is told is in steers.
func (s *system) Steer(_ context.Context, in web.Steering) (web.Rollout, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steers = append(s.steers, in)
	if s.err != nil {
		return web.Rollout{}, s.err
	}
	i := slices.IndexFunc(s.rollouts, func(r web.Rollout) bool { return slices.Contains(r.Routes, in.Route) })
	if i < 0 {
		return web.Rollout{}, &strangler.UnknownRouteError{Name: in.Route}
	}
	if at := s.index(in.Route); at >= 0 && in.IfVersion != 0 && in.IfVersion != s.routes[at].Version {
		return web.Rollout{}, &journal.ConflictError{Route: in.Route, Have: s.routes[at].Version, Want: in.IfVersion}
	}
	r := &s.rollouts[i]
	switch in.What {
	case web.SteerPause:
		r.State = web.RolloutPaused
	case web.SteerResume:
		r.State = web.RolloutRunning
	case web.SteerPromote:
		next := slices.Index(r.Steps, r.Position) + 1
		if next == len(r.Steps) {
			return web.Rollout{}, &rollout.InvalidError{Route: in.Route, Why: "it stands at its last step"}
		}
		r.Position = r.Steps[next]
	case web.SteerAbort:
		r.Position, r.State = strangler.Position{}, web.RolloutStopped
	}
	r.StateWhy, r.StateActor = in.Reason, in.Actor.Name
	return *r, nil
}

func (s *system) SetFreeze(_ context.Context, f web.Freeze) (web.Freeze, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return web.Freeze{}, s.err
	case !f.Until.IsZero() && !f.Until.After(noon):
		return web.Freeze{}, &web.InvalidError{Why: "until is past"}
	}
	f.At = noon
	s.freeze = &f
	return f, nil
}

func (s *system) Thaw(_ context.Context, by web.Actor, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.thaws = append(s.thaws, by.Name+": "+reason)
	if s.err == nil {
		s.freeze = nil
	}
	return s.err
}
