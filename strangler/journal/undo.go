package journal

import (
	"fmt"
	"slices"

	"github.com/strangler-fig/toolkit/strangler"
)

// Step is what an undo would do.
type Step struct {
	Change int64  // the change that it takes back
	Moves  []Move // the route that was asked for first, then those of its unit; with versions
	Left   []Left // routes of the unit that don't come along, by name
}

// Left is a route that an undo leaves alone, and why.
type Left struct {
	Route string
	Why   string
}

// UndoOf returns what an undo asked for by route would do, which package doc defines. To do it,
// check the moves, then give them to Move with Undoes set to the step's change; their versions
// see to it that nothing came in between. Errors: *strangler.UnknownRouteError and
// *NothingToUndoError.
func (j *Journal) UndoOf(route string) (Step, error) {
	f := j.now.Load().fold
	asked, err := f.route(route)
	if err != nil {
		return Step{}, err
	}
	if asked.newest == nil {
		return Step{}, &NothingToUndoError{Route: route, Position: asked.Position}
	}
	change, to := asked.newest.change, asked.newest.before
	undo := Step{Change: change, Moves: []Move{{route, to, asked.Version}}}
	if asked.Unit == "" {
		return undo, nil
	}
	var mates []string
	for name, mate := range f.routes {
		if !mate.removed && mate.Unit == asked.Unit && name != route {
			mates = append(mates, name)
		}
	}
	slices.Sort(mates)
	for _, name := range mates {
		mate := f.routes[name]
		switch {
		case mate.newest != nil && mate.newest.change == change:
			undo.Moves = append(undo.Moves, Move{name, mate.newest.before, mate.Version})
		case mate.newest == nil && mate.Position == asked.Position:
			undo.Moves = append(undo.Moves, Move{name, to, mate.Version})
		case mate.newest.holds(change):
			undo.Left = append(undo.Left, Left{name, fmt.Sprintf("it moved since, and stands at %s", mate.Position)})
		case mate.Position != to:
			undo.Left = append(undo.Left, Left{name, fmt.Sprintf("it did not move then, and stands at %s", mate.Position)})
		}
	}
	return undo, nil
}

// holds says whether change is among the steps that undo can still take back.
func (s *step) holds(change int64) bool {
	for ; s != nil; s = s.older {
		if s.change == change {
			return true
		}
	}
	return false
}

// NothingToUndoError says that a route never moved, or that all its moves were taken back.
type NothingToUndoError struct {
	Route    string
	Position strangler.Position // where it stands, which is where it started
}

// Error implements error.
func (e *NothingToUndoError) Error() string {
	return fmt.Sprintf("route %q has nothing to undo: it stands at %s, where it started", e.Route, e.Position)
}
