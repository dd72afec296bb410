package daemon

import (
	"context"
	"errors"
	"fmt"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// ShiftMany moves several routes, and with them their units, in one change of the journal: all or none.
// It implements web.Switchboard.
func (d *Daemon) ShiftMany(ctx context.Context, m web.MoveMany) ([]web.Route, error) {
	if m.To.Phase == strangler.PhaseRetired {
		return nil, &rollout.InvalidError{Why: "several routes retire together with strangler retire, which looks for what stands in the way"}
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.settle(ctx); err != nil { // a rollback comes first in the journal as it did in effect
		return nil, err
	}
	moves, err := d.moveMany(m)
	if err != nil {
		return nil, err
	}
	return d.commit(ctx, journal.Change{Moves: moves, Author: author(m.Actor, m.Reason)})
}

// moveMany returns the moves, each route's once. Whatever stands in the way is named for each of the
// routes that were asked for, so that nobody has to find out one after another.
func (d *Daemon) moveMany(m web.MoveMany) ([]journal.Move, error) {
	standings, present := d.standings(), d.present()
	refused := &web.RefusedMovesError{}
	at := map[string]int{} // of moves
	var moves []journal.Move
	for _, asked := range m.Routes {
		steps, err := rollout.Shift(standings, asked.Name, m.To, m.Force)
		if version := present[asked.Name].Version; err == nil && asked.Version != 0 && asked.Version != version {
			err = &journal.ConflictError{Route: asked.Name, Have: version, Want: asked.Version}
		}
		if err != nil {
			one, err := refusedMove(asked.Name, err)
			if err != nil {
				return nil, err
			}
			refused.Routes = append(refused.Routes, one)
			continue
		}
		for _, move := range journalMoves(steps) {
			if _, known := at[move.Route]; !known {
				at[move.Route] = len(moves)
				moves = append(moves, move)
			}
		}
		moves[at[asked.Name]].IfVersion = asked.Version
	}
	switch {
	case len(refused.Routes) > 0:
		return nil, refused
	case len(moves) == 0:
		return nil, &web.InvalidError{Why: "say which routes are to move"}
	}
	return moves, nil
}

// refusedMove is what an error means for one of several routes; one that isn't about the route's move
// it returns.
func refusedMove(route string, err error) (web.RefusedMove, error) {
	one := web.RefusedMove{Route: route, Detail: err.Error()}
	if refused, is := errors.AsType[*rollout.RefusedError](err); is {
		one.Code, one.Force = web.CodeRefused, refused.Force
	} else if _, is := errors.AsType[*rollout.InvalidError](err); is {
		one.Code = web.CodeInvalid
	} else if _, is := errors.AsType[*journal.ConflictError](err); is {
		one.Code = web.CodeConflict
	} else {
		return one, fmt.Errorf("move routes: %w", err)
	}
	return one, nil
}
