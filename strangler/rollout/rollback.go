package rollout

import (
	"errors"
	"fmt"

	"github.com/strangler-fig/toolkit/strangler"
)

// Target says which routes go back: exactly one of its fields is set.
type Target struct {
	Route   string   // and its unit
	Names   []string // several routes, and their units
	Unit    string
	Service string // every route of that service, and their units
	All     bool
}

// Skipped is a route that a rollback leaves alone, and why.
type Skipped struct {
	Route string
	Why   string
}

// Rollback returns the moves that bring target's routes back to phase to, legacy or shadow, and
// which routes are left alone and why, both in the order of routes. Package doc tells which are
// which. Routes that are not beyond to have nowhere to go: they are told of only where target names
// routes or a unit.
//
// Errors: *strangler.UnknownRouteError, *UnknownError, *InvalidError, and where target is a route
// or a unit *RefusedError. No moves and no error means that all stand there already, or that
// all are skipped.
func Rollback(routes []Standing, target Target, to strangler.Phase, force bool) ([]Move, []Skipped, error) {
	if to != strangler.PhaseLegacy && to != strangler.PhaseShadow {
		return nil, nil, &InvalidError{Why: fmt.Sprintf("a rollback goes to legacy or shadow, not to %s; use shift for other ways", to)}
	}
	asked, err := target.Routes(routes)
	if err != nil {
		return nil, nil, err
	}
	alone := target.Route != "" || target.Unit != ""
	named := alone || len(target.Names) > 0

	// One verdict a route, then one a unit.
	verdicts := make(map[string]error)
	blocker := make(map[string]string) // unit → its first route that may not go back
	for _, r := range asked {
		err := checkBack(r, to, force, named)
		if err != nil && alone {
			return nil, nil, err
		}
		verdicts[r.Route.Name] = err
		if err != nil && r.Route.Unit != "" && blocker[r.Route.Unit] == "" {
			blocker[r.Route.Unit] = r.Route.Name
		}
	}

	var moves []Move
	var skipped []Skipped
	for _, r := range asked {
		name := r.Route.Name
		switch err := verdicts[name]; {
		case r.Position.Phase <= to:
			if named {
				skipped = append(skipped, Skipped{name, "it stands at " + r.Position.String() + " already"})
			}
		case err != nil:
			skipped = append(skipped, Skipped{name, reason(err)})
		case blocker[r.Route.Unit] != "":
			skipped = append(skipped, Skipped{name, fmt.Sprintf("unit %s moves together, and route %q may not go back", r.Route.Unit, blocker[r.Route.Unit])})
		default:
			moves = append(moves, Move{name, r.Position, strangler.At(to)})
		}
	}
	return moves, skipped, nil
}

// checkBack is Check for a rollback: a route that is not beyond to is in nobody's way, and force
// brings back retired routes only where they were named.
func checkBack(r Standing, to strangler.Phase, force, named bool) error {
	if r.Position.Phase <= to {
		return nil
	}
	if r.Position.Phase == strangler.PhaseRetired && !named {
		// Not asked with force: where return is never, that is the reason to give.
		if err := Check(r.Route, r.Position, strangler.At(to), true); err != nil {
			return err
		}
		return &RefusedError{Route: r.Route.Name, Why: "it is retired; only a rollback of the route itself, with --force, brings it back"}
	}
	return Check(r.Route, r.Position, strangler.At(to), force)
}

// reason returns what a guard said, without the route's name, which stands beside it.
func reason(err error) string {
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		if refused.Force {
			return refused.Why + "; --force does it all the same"
		}
		return refused.Why
	}
	if invalid, ok := errors.AsType[*InvalidError](err); ok {
		return invalid.Why
	}
	return err.Error()
}

// Routes returns the routes that t asks for, and what shares a unit with one of them, in the order of
// routes. Errors: *strangler.UnknownRouteError, *UnknownError, *InvalidError.
func (t Target) Routes(routes []Standing) ([]Standing, error) {
	given := 0
	for _, is := range []bool{t.Route != "", len(t.Names) > 0, t.Unit != "", t.Service != "", t.All} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, &InvalidError{Why: "a rollback is of routes, one unit, one service or all: name exactly one of these"}
	case t.All:
		return routes, nil
	case t.Route != "":
		return WithUnit(routes, t.Route)
	case len(t.Names) > 0:
		return WithUnits(routes, t.Names)
	case t.Unit != "":
		return having(routes, "unit", t.Unit, func(r strangler.Route) string { return r.Unit })
	default:
		return having(routes, "service", t.Service, func(r strangler.Route) string { return r.Service })
	}
}

// having returns the routes whose unit or service has that name, and what shares a unit with them.
func having(routes []Standing, what, name string, of func(strangler.Route) string) ([]Standing, error) {
	var found []Standing
	names := make([]string, 0, len(routes))
	for _, r := range routes {
		if of(r.Route) == name {
			found = append(found, r)
		}
		names = append(names, of(r.Route))
	}
	if len(found) == 0 {
		return nil, &UnknownError{What: what, Name: name, Near: strangler.Nearest(name, names)}
	}
	return together(routes, found), nil
}
