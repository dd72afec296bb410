package dashboard

import (
	"context"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// automation is the part of the small system that walks routes through their steps.
type automation struct {
	rollouts []web.Rollout
	freeze   *web.Freeze
	steered  []web.Steering // what was asked, also in vain
}

func (s *system) Rollouts() []web.Rollout {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rollouts)
}

func (s *system) Steer(_ context.Context, o web.Steering) (web.Rollout, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steered = append(s.steered, o)
	if s.fails != nil {
		return web.Rollout{}, s.fails
	}
	route, err := s.find(o.Route)
	if err != nil {
		return web.Rollout{}, err
	}
	if o.IfVersion != 0 && o.IfVersion != route.Version {
		return web.Rollout{}, &journal.ConflictError{Route: route.Name, Have: route.Version, Want: o.IfVersion}
	}
	at := slices.IndexFunc(s.rollouts, func(r web.Rollout) bool { return slices.Contains(r.Routes, o.Route) })
	if at < 0 {
		return web.Rollout{}, &rollout.InvalidError{Route: o.Route, Why: "it has no rollout"}
	}
	r := &s.rollouts[at]
	how, to := "", r.Position
	switch o.What {
	case web.SteerPause:
		r.State = web.RolloutPaused
	case web.SteerResume:
		r.State = web.RolloutRunning
		for i := range r.Evidence {
			r.Evidence[i].Version = o.Version
		}
	case web.SteerPromote:
		next := nextStep(r)
		if next == nil {
			return web.Rollout{}, &rollout.InvalidError{Route: o.Route, Why: "it stands at its last step"}
		}
		how, to = "promote", *next
	case web.SteerAbort:
		r.State, how, to = web.RolloutStopped, "rollback", strangler.At(strangler.PhaseShadow)
	}
	if how != "" {
		for _, name := range r.Routes {
			one, _ := s.find(name)
			if err := s.move(one, to, o.Actor, o.Reason, o.Force); err != nil {
				return web.Rollout{}, err
			}
			s.entries[len(s.entries)-1].How = how
		}
		r.Position = to
	} else {
		route.Version++
		s.entries = append(s.entries, web.Entry{Seq: int64(len(s.entries) + 1), At: noon, Kind: "steered", Steering: []byte(map[string]string{web.SteerPause: `{"state":"paused"}`, web.SteerResume: `{}`}[o.What]), Route: o.Route, Version: route.Version,
			Actor: o.Actor.Name, Verified: o.Actor.Verified, Reason: o.Reason})
	}
	r.StateActor, r.StateWhy, r.StateSince = o.Actor.Name, o.Reason, noon
	s.tell("rollout")
	return *r, nil
}

func (s *system) Freeze() *web.Freeze {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.freeze
}

func (s *system) SetFreeze(_ context.Context, f web.Freeze) (web.Freeze, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return f, s.fails
	}
	f.At = noon
	s.freeze = &f
	s.told("frozen", f.Actor, f.Verified, f.Reason)
	return f, nil
}

func (s *system) Thaw(_ context.Context, by web.Actor, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return s.fails
	}
	s.freeze = nil
	s.told("thawed", by.Name, by.Verified, reason)
	return nil
}

// told is called with the lock held.
func (s *system) told(kind, actor string, verified bool, reason string) {
	s.entries = append(s.entries, web.Entry{Seq: int64(len(s.entries) + 1), At: noon, Kind: kind, Actor: actor, Verified: verified, Reason: reason})
	s.tell("rollout")
}

// seen returns a pointer, as bounds have it.
func seen(x float64) *float64 { return &x }

// goodRollouts are one of each kind: under way, resting after a rollback, only advising, and done.
func goodRollouts() []web.Rollout {
	steps := rollout.DefaultSteps()
	to := strangler.At(strangler.PhaseShadow)
	return []web.Rollout{
		{Name: "orders", Unit: "orders", Routes: []string{"orders-read", "orders-list"}, Auto: true, Steps: steps, Position: strangler.Canary(2500), Since: noon.Add(-40 * time.Minute),
			State: web.RolloutRunning, StateSince: noon.Add(-2 * time.Hour), Action: "hold", Forecast: 2400, HoldsUntil: noon.Add(-30 * time.Minute), PersonAt: noon.Add(71 * time.Hour),
			Why: "holding at 25 %: 212 of 2,995 comparisons; divergence is below 1.4 %, the gate wants 0.1 %: at least 2,783 more clean ones, 40 minutes at the present rate",
			Gates: []web.GateReading{
				{Route: "orders-read", Gate: "divergence", State: "open", Limit: .001, Estimate: seen(0), Lower: seen(0), Upper: seen(.014), Count: 212, Need: 2783, Why: "no divergence in 212 comparisons: below 1.4 %"},
				{Route: "orders-read", Gate: "errors", State: "holds", Limit: .005, Estimate: seen(-.0004), Lower: seen(-.0061), Upper: seen(.0032), Count: 1840, Why: "at most 0.32 pp more failures than legacy's"},
				{Route: "orders-read", Gate: "latency", State: "open", Limit: 1.3, Estimate: seen(1.08), Lower: seen(.71), Upper: seen(1.62), Count: 1840, Why: "p99 195 ms against 180 ms"},
				{Route: "orders-read", Gate: "skipped", State: "holds", Limit: .05, Estimate: seen(.0062), Count: 1853},
				{Route: "orders-list", Gate: "divergence", State: "broken", Limit: .001, Estimate: seen(.031), Lower: seen(.0123), Upper: seen(.069), Count: 290, Why: "9 of 290 differ: above 1.23 %"},
				{Route: "orders-list", Gate: "errors", State: "holds", Limit: .005, Estimate: seen(0), Lower: seen(-.004), Upper: seen(.0041), Count: 900},
				{Route: "orders-list", Gate: "latency", State: "off", Limit: 1.3},
				{Route: "orders-list", Gate: "skipped", State: "open", Limit: .05},
			},
			Evidence: []web.RolloutEvidence{{Route: "orders-read", Since: noon.Add(-2 * time.Hour), Version: "2.3.1", Trial: 2, Compared: 212}, {Route: "orders-list", Compared: 290, Diverged: 9}}},
		{Name: "catalogue-search", Routes: []string{"catalogue-search"}, Auto: true, Steps: steps, Position: to, Since: noon.Add(-10 * time.Minute),
			State: web.RolloutResting, StateWhy: "divergence of catalogue-search is above 2.1 %, the gate wants 0.1 %", StateActor: "rollout", StateSince: noon.Add(-10 * time.Minute), RestsUntil: noon.Add(50 * time.Minute),
			Action: "hold", Why: "it rests until a person resumes it or the service has another version", Person: true,
			Gates:    []web.GateReading{{Route: "catalogue-search", Gate: "divergence", State: "broken", Limit: .001, Estimate: seen(.048), Lower: seen(.021), Upper: seen(.092), Count: 640, Why: "31 of 640 differ: above 2.1 %"}},
			Evidence: []web.RolloutEvidence{{Route: "catalogue-search", Since: noon.Add(-time.Hour), Version: "5", Trial: 1, Compared: 640, Diverged: 31}}},
		{Name: "catalogue-page", Routes: []string{"catalogue-page"}, Steps: steps, Position: strangler.At(strangler.PhaseLegacy), Since: noon, State: web.RolloutAdvising, Action: "promote", To: &to,
			Why: "nothing is asked before its first step"},
		{Name: "stock", Routes: []string{"stock"}, Auto: true, Steps: steps, Position: strangler.At(strangler.PhaseLive), Since: noon, State: web.RolloutDone, Action: "done", Why: "it stands at its last step"},
	}
}

// hostileRollouts are good ones with strangers' text wherever text may come from.
func hostileRollouts(long string) []web.Rollout {
	all := goodRollouts()
	for i := range all {
		r := &all[i]
		r.Name, r.Unit, r.StateWhy, r.StateActor, r.Why, r.Frozen = evil, evil, evil+long, evil, evil+long, evil+long
		for j := range r.Gates {
			r.Gates[j].Why = evil + long
		}
		for j := range r.Evidence {
			r.Evidence[j].Version = evil + long
		}
	}
	all[0].Routes = append(all[0].Routes, evil)
	all[0].Gates = append(all[0].Gates, web.GateReading{Route: evil, Gate: evil + long, State: evil + long, Limit: .1, Estimate: seen(.5)})
	all[3].State, all[3].Action = evil+long, evil+long
	return all
}
