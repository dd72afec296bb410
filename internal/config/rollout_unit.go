package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// settleRollouts makes the plans of routes from what they, their units and defaults say. Routes of
// a unit move as one: what one of them says beside its gates and distinct holds for all.
func (l *loader) settleRollouts() {
	units := map[string][]*draft{}
	for i, d := range l.drafts {
		unit := d.Unit
		if unit == "" {
			unit = "\x00" + strconv.Itoa(i)
		}
		units[unit] = append(units[unit], d)
	}
	for _, unit := range slices.Sorted(maps.Keys(units)) {
		l.settleUnit(units[unit])
	}
}

func (l *loader) settleUnit(routes []*draft) {
	first := slices.IndexFunc(routes, func(d *draft) bool { return d.plan.on() })
	if first < 0 {
		return
	}
	merged := plan{at: routes[first].plan.at, set: map[string]func(*rollout.Plan){}, places: map[string]value{}}
	said := map[string]*draft{}
	good := true
	for _, d := range routes {
		switch {
		case d.plan.off:
			d.plan.at.fail("unit %q moves as one, and route %q at %s has a rollout; remove one of the two", d.Unit, routes[first].Name, routes[first].place("rollout").pos())
			good = false
		case d.Service == "" && d != routes[first]:
			d.at.fail("unit %q moves as one by the rollout at %s, and this route has no service; name one, or take it out of the unit", d.Unit, routes[first].place("rollout").pos())
			good = false
		}
		for _, key := range slices.Sorted(maps.Keys(d.plan.set)) {
			if ownKey(key) {
				continue
			}
			if other := said[key]; other != nil && other.plan.text[key] != d.plan.text[key] {
				d.plan.places[key].fail("unit %q moves as one, and route %q says otherwise at %s; say it once, or alike", d.Unit, other.Name, other.plan.places[key].pos())
				good = false
				continue
			}
			said[key] = d
			merged.set[key], merged.places[key] = d.plan.set[key], d.plan.places[key]
		}
	}
	if !good {
		return
	}
	if made, ok := l.plan(routes, merged); ok {
		for _, d := range routes {
			l.settlePlan(d, made)
			_, own := merged.places["window"]
			_, usual := l.defaults.plan.places["window"]
			d.ownWindow = own || usual
		}
	}
}

// plan makes the plan of a unit, with the gates of those who say nothing of them, and looks at what
// holds between its parts.
func (l *loader) plan(routes []*draft, merged plan) (rollout.Plan, bool) {
	made := rollout.Plan{Auto: true, Steps: rollout.DefaultSteps(), Hold: rollout.DefaultHold, MaxHold: rollout.DefaultMaxHold,
		Gates: rollout.DefaultGates(), Cooldown: rollout.DefaultCooldown, Window: l.cfg.Rollout.Window}
	l.defaults.plan.apply(&made)
	merged.apply(&made)
	if made.MaxHold <= made.Hold {
		at := merged.at
		for _, key := range []string{"hold", "max_hold"} {
			if place, said := merged.places[key]; said {
				at = place
			}
		}
		at.fail("max_hold, %s, is not longer than hold, %s: a step would need a person before it may end", durationText(made.MaxHold), durationText(made.Hold))
		return made, false
	}
	// Routes of a unit that are never shadowed go along with those that are.
	if blind := !slices.ContainsFunc(routes, func(d *draft) bool { return d.Unshadowed() == "" }); blind && made.Steps[0].Phase == strangler.PhaseShadow {
		place, said := merged.places["steps"]
		if said || len(made.Steps) == 2 {
			if !said {
				place = merged.at
			}
			place.fail("nothing is shadowed, as %s, so nothing would be shown at shadow; let steps begin with a weight", routes[0].Unshadowed())
			return made, false
		}
		made.Steps = made.Steps[1:]
	}
	// Where one route may not go back, none of its unit does.
	bound := slices.IndexFunc(routes, func(d *draft) bool { return d.Return != strangler.ReturnFree })
	if bound >= 0 && made.OnFail == rollout.FailRollback {
		if place, said := merged.places["on_fail"]; said {
			place.warn("route %q says return: %s, which keeps the automation from rolling it back, so a broken gate stops it and asks for a person; write on_fail: hold",
				routes[bound].Name, routes[bound].Return)
		}
		made.OnFail = rollout.FailHold
	}
	return made, true
}

func (p *plan) apply(to *rollout.Plan) {
	for _, set := range p.set {
		set(to)
	}
}

// ownKey reports whether a key is about one route's evidence, and not about how its unit walks.
func ownKey(key string) bool { return key == "distinct" || strings.HasPrefix(key, "gates.") }

// settlePlan gives a route the plan of its unit, with the gates that are its own.
func (l *loader) settlePlan(d *draft, made rollout.Plan) {
	for key, set := range d.plan.set {
		if ownKey(key) {
			set(&made)
		}
	}
	skipped, said := d.plan.places["gates.max_skipped"]
	switch why := d.Uncompared(); {
	case why != "" && !made.Gates.Divergence.Off:
		d.gatePlace("divergence").fail("nothing of this route can be compared, as %s; say so with gates: {divergence: off}", why)
		return
	case why != "" && said && !made.Gates.MaxSkipped.Off:
		skipped.fail("nothing of this route can be compared, as %s, so that it would be held for ever; write max_skipped: off, or leave it out", why)
		return
	case why != "", made.Gates.Divergence.Off && !said:
		made.Gates.MaxSkipped.Off = true // it only says how far divergence can be believed
		made.Gates.MaxSkipped.Limit = 0
	}
	if g := made.Gates; g.Divergence.Off && g.Errors.Off && g.Latency.Off && made.Auto {
		d.gatePlace("divergence").warn("no gate asks for anything, so the route goes on by the clock alone, whatever its service does")
	}
	d.Rollout = &made
}

// gatePlace returns where a gate stands, or would stand.
func (d *draft) gatePlace(name string) value {
	if place, ok := d.plan.places["gates."+name]; ok {
		return place
	}
	return d.place("rollout")
}
