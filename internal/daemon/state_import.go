package daemon

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// ImportState implements web.Mover.
func (d *Daemon) ImportState(ctx context.Context, in web.StateImport) (web.StateChange, error) {
	facts := d.retiringBy(ctx, in)
	change, err := d.importState(ctx, in)
	if err != nil || in.DryRun {
		return change, err
	}
	for _, moved := range change.Routes {
		if fact, retires := facts[moved.Name]; retires && moved.After.Phase == strangler.PhaseRetired && moved.Before != moved.After {
			fact.Position = moved.Before
			change.Reports = append(change.Reports, d.reportRetired(ctx, fact, web.Retire{Reason: in.Reason, Force: in.Force, Actor: in.Actor}))
		}
	}
	return change, nil
}

// retiringBy returns what is on record here of the routes that an import may retire. It is read before
// anything is locked: a ledger that hangs must keep nobody from rolling back.
func (d *Daemon) retiringBy(ctx context.Context, in web.StateImport) map[string]rollout.Retirement {
	if in.DryRun || !in.Force { // without force none retires
		return nil
	}
	to := map[string]strangler.Phase{}
	for _, s := range in.State.Routes {
		to[s.Name] = s.Phase
	}
	facts := map[string]rollout.Retirement{}
	for _, s := range d.standings() {
		if to[s.Route.Name] != strangler.PhaseRetired || s.Position.Phase == strangler.PhaseRetired {
			continue
		}
		fact, err := d.facts(ctx, s, web.RetireEvidence{})
		if err != nil {
			d.log.Warn("a route is to be retired by an import, and not all that is on record of it can be read", keyRoute, s.Route.Name, keyError, err)
		}
		facts[s.Route.Name] = fact
	}
	return facts
}

func (d *Daemon) importState(ctx context.Context, in web.StateImport) (web.StateChange, error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	if !in.DryRun {
		if err := d.settle(ctx); err != nil { // a rollback comes first in the journal as it did in effect
			return web.StateChange{}, err
		}
	}
	inForce := d.current.Load()
	a := &arrival{StateImport: in, at: now(), present: d.present()}
	if err := a.plan(inForce.config); err != nil {
		return web.StateChange{}, err
	}
	if err := d.refuseLegacy(a.change.Moves); err != nil {
		return web.StateChange{}, err
	}
	a.freeze(d.Freeze())
	// A person's move stops what moves by itself, unless the state says how that goes on.
	told := map[string]bool{}
	for _, s := range in.State.Routes {
		told[s.Name] = s.Rollout != nil
	}
	for _, s := range d.byHand(a.present, a.change.Moves, a.change.Author) {
		if !told[s.Route] {
			a.change.Steers = append(a.change.Steers, s)
		}
	}
	if in.DryRun {
		return a.result, nil
	}
	return a.result, d.arrive(ctx, a, inForce)
}

// arrive makes the change: compile, commit, swap. The caller holds d.changing.
func (d *Daemon) arrive(ctx context.Context, a *arrival, now *inForce) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	var made *compiled
	a.change.Check = func(after map[string]journal.Standing) (err error) {
		made, err = d.compile(now.config, after)
		return err
	}
	before, frozen := d.journal.Present(), d.journal.Frozen()
	d.pending.begin(a.change.Moves)
	defer d.pending.end()
	moved, err := d.journal.Move(ctx, a.change)
	if err != nil {
		made.discard(d)
		return err
	}
	d.use(made, now.config, now.loadedAt)
	d.walks.hurry()
	d.tellMoved(before, moved[:len(a.change.Moves)])
	for _, r := range a.change.Rules {
		d.log.Info("rules changed", keyRoute, r.Route, keyActor, a.change.Author.Actor, keyReason, a.change.Author.Reason)
		d.events.publish(web.Event{Type: eventRoute, Data: d.route(r.Route)})
	}
	for _, r := range a.dropped {
		if err := d.uncover(ctx, r); err != nil {
			d.log.Error("groups that a rule covered, which is no more, stay as they are", keyRoute, r.Route, keyRule, r.ID, keyError, err)
		}
	}
	if len(a.change.Rules) > 0 {
		wake(d.ruled)
	}
	if f := d.journal.Frozen(); f != frozen {
		d.log.Info("promotions are frozen", keyUntil, f.Until, keyActor, f.Author.Actor, keyReason, f.Author.Reason)
		d.notices.tell(notice{Type: noticeFrozen, Actor: f.Author.Actor, Why: f.Author.Reason})
	}
	return nil
}

func positionOf(s web.RouteState) (strangler.Position, error) {
	to := strangler.Position{Phase: s.Phase, Weight: s.Weight}
	if err := to.Validate(); err != nil {
		return to, &web.InvalidError{Why: fmt.Sprintf("route %q: %v", s.Name, err)}
	}
	return to, nil
}

// retires refuses to retire a route without a look at whether legacy is still called for it, which an
// import can't have: the evidence is elsewhere.
func (a *arrival) retires(route config.Route, to strangler.Position) error {
	if to.Phase != strangler.PhaseRetired || a.Force {
		return nil
	}
	return &rollout.RefusedError{Route: route.Name, Force: true, Why: "an import would retire it, and doesn't look whether legacy is still called for it; strangler retire does"}
}

// together refuses to take a unit apart.
func (a *arrival) together(cfg *config.Config) error {
	to := map[string]strangler.Position{}
	for _, m := range a.change.Moves {
		to[m.Route] = m.To
	}
	first := map[string]config.Route{}
	at := func(r config.Route) strangler.Position {
		if p, moves := to[r.Name]; moves {
			return p
		}
		return a.present[r.Name].Position
	}
	for _, route := range cfg.Routes {
		mate, is := first[route.Unit]
		switch {
		case route.Unit == "":
		case !is:
			first[route.Unit] = route
		case at(mate) != at(route):
			return &rollout.RefusedError{Route: route.Name, Why: fmt.Sprintf("unit %s moves together, and would have it at %s and %q at %s; --force doesn't help, the state has to say the same of both",
				route.Unit, at(route), mate.Name, at(mate))}
		}
	}
	return nil
}

// rules plans which rules a route has from then on, and says how many come and go. One that is there
// already keeps who made it, when and why.
func (a *arrival) rules(route config.Route, want []web.StateRule) (added, dropped int, err error) {
	had, err := kept(a.present[route.Name])
	if err != nil {
		return 0, 0, err
	}
	rules := []web.Rule{}
	for _, w := range want {
		r := web.Rule{Route: route.Name, Kind: w.Kind, Pointer: w.Pointer, Value: w.Value, Origin: web.RuleOfJournal,
			Reason: cmp.Or(w.Reason, a.Reason), Actor: a.Actor.Name, Verified: a.Actor.Verified, At: a.at}
		r.ID = ruleID(r)
		if err := checkRule(r); err != nil {
			return 0, 0, &web.InvalidError{Why: fmt.Sprintf("route %q: rule %s %s: %v", route.Name, w.Kind, w.Pointer, err)}
		}
		if slices.ContainsFunc(rules, func(other web.Rule) bool { return other.ID == r.ID }) {
			return 0, 0, &web.InvalidError{Why: fmt.Sprintf("route %q has rule %s %s twice", route.Name, w.Kind, w.Pointer)}
		}
		if i := slices.IndexFunc(had, func(old web.Rule) bool { return old.ID == r.ID && old.Value == r.Value }); i >= 0 {
			r = had[i]
		} else {
			added++
		}
		rules = append(rules, r)
	}
	for _, old := range had {
		if !slices.ContainsFunc(rules, func(r web.Rule) bool { return r.ID == old.ID && r.Value == old.Value }) {
			a.dropped = append(a.dropped, old)
			dropped++
		}
	}
	if added+dropped == 0 {
		return 0, 0, nil
	}
	if len(rules) > maxRules {
		return 0, 0, &web.InvalidError{Why: fmt.Sprintf("route %q would have more than %d rules in the journal", route.Name, maxRules)}
	}
	if _, err := comparerOf(route.Rules, rules); err != nil {
		return 0, 0, &web.InvalidError{Why: fmt.Sprintf("route %q: its rules don't go together with the configuration's: %v", route.Name, err)}
	}
	text, err := json.Marshal(rules)
	if err != nil {
		return 0, 0, err
	}
	a.change.Rules = append(a.change.Rules, journal.RouteRules{Route: route.Name, Rules: text})
	return added, dropped, nil
}

// checkRule refuses what AddRules would.
func checkRule(r web.Rule) error {
	if err := web.CheckWords(r.Reason, ""); err != nil {
		return err
	}
	if shadow.IsRedacted(r.Pointer) {
		return fmt.Errorf("it has a key in it that was redacted; write * for it")
	}
	_, err := compare.ParsePointer(r.Pointer)
	return err
}

// steer plans how a route's rollout goes on; it returns its state where that is another.
func (a *arrival) steer(route string, want web.StateRollout) (string, error) {
	had, err := steering(a.present[route])
	if err != nil {
		return "", err
	}
	mode, err := parseMode(want.State)
	if err == nil {
		err = web.CheckWords(want.Why, "")
	}
	if err == nil && want.Version != "" {
		want.Version, err = web.ServiceVersion(want.Version)
	}
	if err == nil && want.Failed != "" {
		want.Failed, err = web.ServiceVersion(want.Failed)
	}
	if err != nil {
		return "", &web.InvalidError{Why: fmt.Sprintf("route %q: %v", route, err)}
	}
	if had.State == mode && had.Until.Equal(want.Until) && had.Failed == want.Failed && had.Version == want.Version {
		return "", nil
	}
	of := rollout.Steering{State: mode, Why: cmp.Or(want.Why, a.Reason), Actor: a.Actor.Name, Verified: a.Actor.Verified, Since: a.at,
		Until: want.Until, Failed: want.Failed, Version: want.Version, Begun: had.Begun}
	steers, err := steers([]string{route}, of)
	if err != nil {
		return "", err
	}
	a.change.Steers = append(a.change.Steers, steers...)
	return modeText(mode), nil
}

// freeze plans a freeze that the state has and that isn't in force until then already. One that the
// state doesn't have stays: to thaw is said by hand.
func (a *arrival) freeze(have *web.Freeze) {
	f := a.State.Freeze
	if f == nil && have != nil {
		a.result.StillFrozen = &web.StateFreeze{Until: have.Until, Reason: have.Reason}
	}
	if f == nil || !f.Until.IsZero() && !f.Until.After(a.at) || have != nil && have.Until.Equal(f.Until) {
		return
	}
	a.change.Freeze, a.result.Freeze = &f.Until, f
}
