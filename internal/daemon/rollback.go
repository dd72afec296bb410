package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

const (
	// journalPatience is how long a rollback waits for the journal before it is put into the marker.
	journalPatience = 700 * time.Millisecond
	// markPatience is how long it then waits for the marker.
	markPatience = time.Second
)

// Rollback sends routes back: in effect first, whatever the disk does, then in the journal, or in
// the marker until the journal takes it. It implements web.Switchboard.
func (d *Daemon) Rollback(_ context.Context, r web.Rollback) (web.RollbackResult, error) {
	by := author(r.Actor, r.Reason)
	result, moves, latest, err := d.sendBack(r, func(present map[string]journal.Standing, moves []journal.Move) ([]journal.Steer, error) {
		return d.byHand(present, moves, by), nil
	})
	if err != nil {
		return web.RollbackResult{}, err
	}
	if r.DryRun {
		for _, m := range moves {
			result.Moved = append(result.Moved, d.route(m.Route))
		}
		return result, nil
	}
	if len(moves) > 0 {
		d.log.Info("rolled back, and in effect", keyRoutes, routesOf(moves), keyActor, r.Actor.Name, keyReason, r.Reason)
		d.tellBack(moves, r)
		for _, m := range moves { // switches in programs follow these
			d.events.publish(web.Event{Type: eventRoute, Data: d.route(m.Route)})
		}
	}
	for _, s := range result.Skipped {
		d.log.Info("a rollback left a route alone", keyRoute, s.Route, keyWhy, s.Why, keyActor, r.Actor.Name)
	}
	result.Durable = true
	if latest != nil {
		result.Durable, result.Problem = d.await(latest)
	}
	for _, m := range moves {
		result.Moved = append(result.Moved, d.route(m.Route))
	}
	if !result.Durable && len(moves) > 0 {
		d.log.Error("a rollback is in effect, but not in the journal; it is tried again until it is",
			keyRoutes, routesOf(moves), keyActor, r.Actor.Name, keyProblem, result.Problem)
	}
	return result, nil
}

// steerer says how routes that move are steered from then on, all standing as given. Its error prevents
// the rollback.
type steerer func(present map[string]journal.Standing, moves []journal.Move) ([]journal.Steer, error)

// sendBack computes a rollback and, unless it is a dry run, puts it in effect. latest is what has to become durable until
// all that stands now is: the rollback itself or, where nothing moved, one before it; nil: nothing.
// Steer says how the routes that move are steered from then on.
func (d *Daemon) sendBack(r web.Rollback, steer steerer) (result web.RollbackResult, moves []movedBack, latest *pending, err error) {
	result = web.RollbackResult{Moved: []web.Route{}, Skipped: []web.Skipped{}}
	ps := &d.pending
	ps.mu.Lock()
	defer ps.mu.Unlock()
	present := d.journal.Present()
	steps, skipped, err := d.stepsBack(r, ps.over(present))
	if err != nil {
		return result, nil, nil, err
	}
	stays, steered, err := d.steeredBack(r, steps, steer, ps.over(present))
	if err != nil {
		return result, nil, nil, err
	}
	for _, s := range skipped {
		if !slices.ContainsFunc(stays, func(m rollout.Move) bool { return m.Route == s.Route }) { // of those more is said
			result.Skipped = append(result.Skipped, web.Skipped{Route: s.Route, Why: s.Why})
		}
	}
	for _, s := range stays {
		result.Skipped = append(result.Skipped, web.Skipped{Route: s.Route, Why: "it stands at " + s.To.String() + " already; it no longer moves by itself"})
	}
	if len(steps)+len(stays) == 0 {
		if n := len(ps.list); n > 0 {
			latest = ps.list[n-1]
		}
		return result, nil, latest, nil
	}

	if err := d.refuseLegacy(journalMoves(steps)); err != nil {
		return result, nil, nil, err
	}
	now := time.Now()
	for _, step := range steps {
		result.LegacyGains += d.traffic.of(step.Route).sides[strangler.SideService].lately.perSecond(now, d.started)
		moves = append(moves, movedBack{Route: step.Route, To: step.To.Phase, Version: present[step.Route].Version, Steering: steered[step.Route]})
	}
	if r.DryRun {
		result.Durable = len(ps.list) == 0
		return result, moves, nil, nil
	}
	all := slices.Clone(moves)
	for _, s := range stays {
		all = append(all, movedBack{Route: s.Route, To: s.To.Phase, Version: present[s.Route].Version, Steering: steered[s.Route]})
	}
	latest = newPending(rolledBack{At: now.UTC(), Actor: r.Actor.Name, Verified: r.Actor.Verified, Reason: r.Reason, Moves: all})
	ps.list = append(ps.list, latest)
	before := d.proxy.Table()
	table, err := before.With(ps.positions(before.Routes()))
	if err != nil {
		ps.list = ps.list[:len(ps.list)-1]
		return result, nil, nil, fmt.Errorf("roll back: %w", err)
	}
	d.proxy.Swap(table)
	wake(d.unsettled)
	d.walks.hurry()
	time.AfterFunc(journalPatience, func() { wake(d.unmarked) }) // nobody may wait for it, as when it goes back by itself
	return result, moves, latest, nil
}

// steeredBack returns how the routes of a rollback are steered from then on, and those of them that
// stand at the target, or before it, already: nothing moves them, and they mustn't move by themselves.
func (d *Daemon) steeredBack(r web.Rollback, steps []rollout.Move, steer steerer, present map[string]journal.Standing) (stays []rollout.Move, steered map[string]json.RawMessage, err error) {
	asked, err := targetOf(r).Routes(d.standingsOver(present))
	if err != nil {
		return nil, nil, err
	}
	var there []rollout.Move
	for _, s := range asked {
		moves := slices.ContainsFunc(steps, func(m rollout.Move) bool { return m.Route == s.Route.Name })
		if !moves && s.Position.Phase <= r.To {
			there = append(there, rollout.Move{Route: s.Route.Name, From: s.Position, To: s.Position})
		}
	}
	steered = map[string]json.RawMessage{}
	told, err := steer(present, journalMoves(append(slices.Clone(steps), there...)))
	if err != nil {
		return nil, nil, err
	}
	for _, s := range told {
		steered[s.Route] = s.Steering
	}
	for _, s := range there {
		if steered[s.Route] != nil {
			stays = append(stays, s)
		}
	}
	return stays, steered, nil
}

// stepsBack returns the moves of a rollback, whose targets are legacy or shadow. The caller holds
// the lock of what is pending.
//
// A change that waits for the disk may be about to put a route beyond the target that now is not.
// Such a route is held where it stands: the rollback came later than the change was asked for. No
// guard has a say in that, as no traffic returns.
func (d *Daemon) stepsBack(r web.Rollback, present map[string]journal.Standing) ([]rollout.Move, []rollout.Skipped, error) {
	standings := d.standingsOver(present)
	held := map[string]strangler.Position{}
	for i := range standings {
		s := &standings[i]
		to, coming := d.pending.underway[s.Route.Name]
		if !coming || to.Phase <= r.To || s.Position.Phase > r.To || d.pending.concerns(s.Route.Name) {
			continue
		}
		held[s.Route.Name] = s.Position
		s.Position, s.Route.Return = to, strangler.ReturnFree
		if to.Phase == strangler.PhaseRetired {
			s.Position = strangler.At(strangler.PhaseLive) // it isn't yet
		}
	}
	steps, skipped, err := rollout.Rollback(standings, targetOf(r), r.To, r.Force)
	for i := range steps {
		if at, is := held[steps[i].Route]; is {
			steps[i].To = at
		}
	}
	return steps, skipped, err
}

// targetOf is what a rollback is of.
func targetOf(r web.Rollback) rollout.Target {
	return rollout.Target{Route: r.Route, Names: r.Routes, Unit: r.Unit, Service: r.Service, All: r.All}
}

// await waits until the journal has a rollback, and all before it, or patience ends; then until
// the marker has it.
func (d *Daemon) await(p *pending) (durable bool, problem string) {
	patience := time.NewTimer(journalPatience)
	defer patience.Stop()
	select {
	case <-p.journaled:
		return true, ""
	case <-p.refused:
	case <-patience.C:
	}
	wake(d.unmarked)
	patience.Reset(markPatience)
	select {
	case <-p.journaled:
	case <-p.marked:
	case <-patience.C:
	}
	return d.pending.outcome(p)
}

// wake tells a goroutine that there is something to do, unless it has yet to hear of it.
func wake(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
