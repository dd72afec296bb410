package daemon

import (
	"reflect"
	"slices"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// Rollouts implements web.Automation.
func (d *Daemon) Rollouts() []web.Rollout {
	all, last, present := []web.Rollout{}, *d.walks.known.Load(), d.present()
	for _, w := range walkers(d.current.Load().config) {
		known, is := last[w.key]
		if !is { // it has just come into the configuration
			known = walked{situation: situation{walker: w}}
			known.Plan = *w.plan
		}
		if !is || moved(known, present) {
			known = standing(known, present)
		}
		all = append(all, rolloutView(known))
	}
	return all
}

// moved reports whether a route of a walker changed since it was looked at.
func moved(known walked, present map[string]journal.Standing) bool {
	return slices.ContainsFunc(known.walker.routes, func(r config.Route) bool {
		now := present[r.Name]
		return known.versions[r.Name] != now.Version || known.Position != now.Position // as after a rollback that the journal doesn't have yet
	})
}

// standing returns a walker as it stands now, of which the evidence isn't looked at yet: whoever moved
// it reads where it is, not where it was.
func standing(known walked, present map[string]journal.Standing) walked {
	first := present[known.walker.routes[0].Name]
	known.Position, known.Situation.Since = first.Position, first.Since
	if of, err := steeringOf(known.walker, present); err == nil {
		known.steering = of
	}
	known.refused = ""
	known.decision = rollout.Decision{Action: rollout.ActionHold, Why: "its evidence is about to be looked at"}
	if _, further := known.Plan.Next(known.Position); !further {
		known.decision.Action = rollout.ActionDone
	}
	return known
}

// rolloutOf returns a walker's.
func (d *Daemon) rolloutOf(key string) web.Rollout {
	return rolloutView((*d.walks.known.Load())[key])
}

// publishWalks tells those who watch what has changed.
func (d *Daemon) publishWalks(last, known map[string]walked) {
	if !d.events.watched() {
		return
	}
	for key, now := range known {
		view := rolloutView(now)
		if before, was := last[key]; !was || !reflect.DeepEqual(rolloutView(before), view) {
			d.events.publish(web.Event{Type: eventRollout, Data: view})
		}
	}
}

func rolloutView(k walked) web.Rollout {
	view := web.Rollout{Name: k.walker.name, Unit: k.walker.unit, Routes: k.walker.names(), Auto: k.Plan.Auto, Steps: k.Plan.Steps,
		Position: k.Position, Since: k.Situation.Since, State: stateOf(k), Action: string(k.decision.Action), Why: k.decision.Why, Person: k.decision.Person,
		Forecast: k.decision.Forecast.Seconds(), Frozen: k.Frozen, Gates: []web.GateReading{}, Evidence: []web.RolloutEvidence{}}
	if k.steering.State != rollout.ModeRunning && view.State != web.RolloutDone {
		view.StateWhy, view.StateActor, view.StateSince, view.RestsUntil = k.steering.Why, k.steering.Actor, k.steering.Since, k.steering.Until
	}
	if k.decision.Action == rollout.ActionPromote || k.decision.Action == rollout.ActionRollback {
		to := k.decision.To
		view.To = &to
	}
	if k.refused != "" {
		view.Action, view.Why = string(rollout.ActionHold), k.refused
	}
	if view.State == web.RolloutRunning || view.State == web.RolloutAdvising {
		view.HoldsUntil, view.PersonAt = k.Situation.Since.Add(k.Plan.Hold), k.Situation.Since.Add(k.Plan.MaxHold)
	} else if view.State != web.RolloutDone && view.State != web.RolloutPaused && k.decision.Action != rollout.ActionDone {
		view.Person = true
	}
	view.Person = view.Person || k.broken()
	for _, r := range k.decision.Readings {
		view.Gates = append(view.Gates, web.GateReading{Route: r.Route, Gate: r.Gate, State: string(r.State), Limit: r.Limit, Estimate: number(r.Estimate, r.Count),
			Lower: number(r.Lower, r.Count), Upper: upper(r), Count: r.Count, Need: r.Need, Why: r.Why})
	}
	for i, s := range k.seen {
		view.Evidence = append(view.Evidence, web.RolloutEvidence{Route: k.walker.routes[i].Name, Since: s.since, Version: s.Version, Trial: s.Trial,
			Compared: s.Evidence.Compared, Diverged: s.Evidence.Diverged})
	}
	return view
}

// number returns a number that JSON can have; nil: there is none, or nothing was seen.
func number(x float64, count int64) *float64 {
	if count == 0 {
		return nil
	}
	return finite(x)
}

// upper is a reading's upper bound; nil: there is none.
func upper(r rollout.Reading) *float64 {
	if r.Gate == rollout.GateLatency && r.Upper == 0 {
		return nil
	}
	return number(r.Upper, r.Count)
}

func stateOf(k walked) string {
	switch {
	case k.walker.plan == nil:
		return ""
	case k.Position.Phase == strangler.PhaseRetired, k.decision.Action == rollout.ActionDone && (!k.Plan.Auto || k.steering.State == rollout.ModeRunning):
		return web.RolloutDone // who was paused or stopped there isn't taken back by a broken gate, and has to read so
	case !k.Plan.Auto:
		return web.RolloutAdvising
	}
	switch k.steering.State {
	case rollout.ModePaused:
		return web.RolloutPaused
	case rollout.ModeStopped:
		return web.RolloutStopped
	case rollout.ModeResting:
		return web.RolloutResting
	}
	return web.RolloutRunning
}
