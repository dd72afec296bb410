package daemon

import (
	"context"
	"fmt"
	"maps"
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
	if m.To.Phase == strangler.PhaseRetired {
		return d.retireNow(ctx, m)
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.settle(ctx); err != nil { // a rollback comes first in the journal as it did in effect
		return web.Route{}, err
	}
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
	if err := d.settle(ctx); err != nil { // what is undone may be a rollback that the journal doesn't have yet
		return nil, err
	}
	step, err := d.journal.UndoOf(u.Route)
	if err != nil {
		return nil, err
	}
	if u.IfVersion != 0 {
		step.Moves[0].IfVersion = u.IfVersion // the route that was asked for comes first
	}
	if err := d.mayUndo(u, step, d.standings()); err != nil {
		return nil, err
	}
	return d.commit(ctx, journal.Change{Moves: step.Moves, Undoes: step.Change, Author: author(u.Actor, u.Reason)})
}

// UndoOf returns what Undo would do. It implements web.History.
func (d *Daemon) UndoOf(route string) (web.UndoStep, error) {
	if d.pending.holds(route) { // and that is what Undo would take back, once the journal has it
		return web.UndoStep{}, &rollout.RefusedError{Route: route, Why: "its rollback is in effect, but not in the journal yet"}
	}
	step, err := d.journal.UndoOf(route)
	if err != nil {
		return web.UndoStep{}, err
	}
	would := web.UndoStep{Change: step.Change}
	present := d.present()
	for i, move := range step.Moves {
		if i == 0 || present[move.Route].Position != move.To { // one that stands there already doesn't move
			would.Moves = append(would.Moves, web.UndoMove{Route: move.Route, To: move.To})
		}
	}
	return would, d.mayUndo(web.Undo{Route: route}, step, d.standingsOver(present))
}

// mayUndo says what stands in the way of an undo, which would do step, where routes stand so.
func (d *Daemon) mayUndo(u web.Undo, step journal.Step, standings []rollout.Standing) error {
	standing := make(map[string]rollout.Standing, len(standings))
	for _, s := range standings {
		standing[s.Route.Name] = s
	}
	to, unit := step.Moves[0].To, standing[u.Route].Route.Unit
	for _, left := range step.Left {
		if standing[left.Route].Position != to {
			return &rollout.RefusedError{Route: u.Route, Why: fmt.Sprintf("unit %s moves together, and route %q can't go along to %s: %s; "+
				"shift the unit to where it is wanted", unit, left.Route, to, left.Why)}
		}
	}
	for _, move := range step.Moves {
		if move.To.Phase == strangler.PhaseRetired && standing[move.Route].Position != move.To && !u.Force {
			return &rollout.RefusedError{Route: move.Route, Force: true, Why: "an undo would retire it, and doesn't look whether legacy is still called for it; " +
				"strangler retire does"}
		}
		if err := rollout.Check(standing[move.Route].Route, standing[move.Route].Position, move.To, u.Force); err != nil {
			return err
		}
	}
	return d.refuseLegacy(step.Moves)
}

// commit makes a change of positions: compile, commit, swap, acknowledge. The caller holds
// d.changing. A caller that goes away doesn't stop a change half way.
func (d *Daemon) commit(ctx context.Context, change journal.Change) ([]web.Route, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := d.refuseLegacy(change.Moves); err != nil {
		return nil, err
	}
	var table *strangler.Table
	change.Check = func(after map[string]journal.Standing) (err error) {
		now := d.proxy.Table()
		table, err = now.With(d.positionsFor(now.Routes(), after))
		return err
	}
	before := d.journal.Present()
	if change.How != journal.HowPromote {
		change.Steers = append(change.Steers, d.byHand(d.present(), change.Moves, change.Author)...)
	}
	d.pending.begin(change.Moves)
	defer d.pending.end()
	moved, err := d.journal.Move(ctx, change)
	if err != nil {
		return nil, err
	}
	d.put(table)
	d.walks.hurry()
	d.tellMoved(before, moved[:len(change.Moves)])
	routes := make([]web.Route, len(change.Moves))
	for i, standing := range moved[:len(change.Moves)] {
		routes[i] = d.route(standing.Route)
	}
	return routes, nil
}

// put puts a table in force: every one goes through here but a rollback's own. What is pending lies
// over it, so that a change that was under way when a rollback came doesn't take it back. The
// caller holds d.changing.
func (d *Daemon) put(t *strangler.Table) {
	d.pending.mu.Lock()
	defer d.pending.mu.Unlock()
	d.putLocked(t)
}

// putLocked is put where the caller holds the lock of what is pending, too.
func (d *Daemon) putLocked(t *strangler.Table) {
	over, err := t.With(d.pending.positions(t.Routes()))
	if err != nil {
		// They stood there before, and units stand together: there is no reason.
		d.log.Error("what is pending can't be put over a routing table, which is in force without it", keyError, err)
		over = t
	}
	d.proxy.Swap(over)
}

// positionsFor returns where those routes are to stand: as a table of the journal's says, under what
// is pending.
func (d *Daemon) positionsFor(routes []strangler.Route, table map[string]journal.Standing) map[string]strangler.Position {
	at := positions(table)
	d.pending.mu.Lock()
	defer d.pending.mu.Unlock()
	maps.Copy(at, d.pending.positions(routes))
	return at
}

// present returns where routes stand, by name: as the journal has it, under what is pending. The
// map is to be read only.
func (d *Daemon) present() map[string]journal.Standing {
	d.pending.mu.Lock()
	defer d.pending.mu.Unlock()
	return d.pending.over(d.journal.Present()) // read with the lock held: see pendings
}

// standings are the configured routes and where they stand, as the guards want to see them.
func (d *Daemon) standings() []rollout.Standing { return d.standingsOver(d.present()) }

func (d *Daemon) standingsOver(present map[string]journal.Standing) []rollout.Standing {
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
