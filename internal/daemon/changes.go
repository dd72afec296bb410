package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// commitTimeout bounds how long a change may wait for the disk.
const commitTimeout = 10 * time.Second

// Shift moves a route, and with it its unit. It implements web.Switchboard.
func (d *Daemon) Shift(ctx context.Context, m web.Move) (web.Route, error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	steps, err := rollout.Shift(d.standings(), m.Route, m.To, m.Force)
	if err != nil {
		return web.Route{}, err
	}
	moves := journalMoves(steps)
	for i := range moves {
		if moves[i].Route == m.Route {
			moves[i].IfVersion = m.IfVersion
		}
	}
	if _, err := d.commit(ctx, journal.Change{Moves: moves, Author: author(m.Actor, m.Reason)}); err != nil {
		return web.Route{}, err
	}
	return d.route(m.Route), nil
}

// Undo takes a route one step back in the journal. It implements web.Switchboard.
func (d *Daemon) Undo(ctx context.Context, u web.Undo) ([]web.Route, error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	step, err := d.journal.UndoOf(u.Route)
	if err != nil {
		return nil, err
	}
	if u.IfVersion != 0 {
		step.Moves[0].IfVersion = u.IfVersion // the route that was asked for comes first
	}
	standing := map[string]rollout.Standing{}
	for _, s := range d.standings() {
		standing[s.Route.Name] = s
	}
	to, unit := step.Moves[0].To, standing[u.Route].Route.Unit
	for _, left := range step.Left {
		if standing[left.Route].Position != to {
			return nil, &rollout.RefusedError{Route: u.Route, Why: fmt.Sprintf("unit %s moves together, and route %q can't go along to %s: %s; "+
				"shift the unit to where it is wanted", unit, left.Route, to, left.Why)}
		}
	}
	for _, move := range step.Moves {
		if err := rollout.Check(standing[move.Route].Route, standing[move.Route].Position, move.To, u.Force); err != nil {
			return nil, err
		}
	}
	return d.commit(ctx, journal.Change{Moves: step.Moves, Undoes: step.Change, Author: author(u.Actor, u.Reason)})
}

// Rollback sends routes back. It implements web.Switchboard.
func (d *Daemon) Rollback(ctx context.Context, r web.Rollback) (web.RollbackResult, error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	target := rollout.Target{Route: r.Route, Unit: r.Unit, Service: r.Service, All: r.All}
	steps, skipped, err := rollout.Rollback(d.standings(), target, r.To, r.Force)
	if err != nil {
		return web.RollbackResult{}, err
	}
	result := web.RollbackResult{Moved: []web.Route{}, Skipped: []web.Skipped{}}
	for _, s := range skipped {
		result.Skipped = append(result.Skipped, web.Skipped{Route: s.Route, Why: s.Why})
	}
	if len(steps) == 0 {
		return result, nil
	}
	now := time.Now()
	for _, step := range steps {
		result.LegacyGains += d.traffic.of(step.Route).sides[strangler.SideService].rate.perSecond(now, d.started)
	}
	result.Moved, err = d.commit(ctx, journal.Change{Moves: journalMoves(steps), How: journal.HowRollback, Author: author(r.Actor, r.Reason)})
	return result, err
}

// commit makes a change of positions: compile, commit, swap, acknowledge. The caller holds
// d.changing. A caller that goes away doesn't stop a change half way.
func (d *Daemon) commit(ctx context.Context, change journal.Change) ([]web.Route, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	var table *strangler.Table
	change.Check = func(after map[string]journal.Standing) (err error) {
		table, err = d.proxy.Table().With(positions(after))
		return err
	}
	before := d.journal.Present()
	moved, err := d.journal.Move(ctx, change)
	if err != nil {
		return nil, err
	}
	d.proxy.Swap(table)
	routes := make([]web.Route, len(moved))
	for i, standing := range moved {
		routes[i] = d.route(standing.Route)
		if standing.Version == before[standing.Route].Version {
			continue // it stood there already
		}
		d.log.Info("route moved", keyRoute, standing.Route, keyPosition, standing.Position.String(),
			keyVersion, standing.Version, keyActor, standing.Actor, keyReason, standing.Reason)
		d.events.publish(web.Event{Type: eventRoute, Data: routes[i]})
	}
	return routes, nil
}

// standings are the configured routes and where they stand, as the guards want to see them.
func (d *Daemon) standings() []rollout.Standing {
	present := d.journal.Present()
	cfg := d.current.Load().config
	standings := make([]rollout.Standing, len(cfg.Routes))
	for i, route := range cfg.Routes {
		standings[i] = rollout.Standing{Route: route.Route, Position: present[route.Name].Position}
	}
	return standings
}

func journalMoves(steps []rollout.Move) []journal.Move {
	moves := make([]journal.Move, len(steps))
	for i, step := range steps {
		moves[i] = journal.Move{Route: step.Route, To: step.To}
	}
	return moves
}

func author(a web.Actor, reason string) journal.Author {
	return journal.Author{Actor: a.Name, Verified: a.Verified, Reason: reason}
}
