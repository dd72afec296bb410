package rollout

import "github.com/strangler-fig/toolkit/strangler"

// Standing is a route and where it stands.
type Standing struct {
	Route    strangler.Route
	Position strangler.Position
}

// Move is one route's way.
type Move struct {
	Route    string
	From, To strangler.Position
}

// WithUnit returns the routes that move together with the named one, itself among them, in the
// order of routes. The error is a *strangler.UnknownRouteError.
func WithUnit(routes []Standing, name string) ([]Standing, error) {
	names := make([]string, len(routes))
	for i, r := range routes {
		if r.Route.Name == name {
			return together(routes, []Standing{r}), nil
		}
		names[i] = r.Route.Name
	}
	return nil, &strangler.UnknownRouteError{Name: name, Near: strangler.Nearest(name, names)}
}

// WithUnits returns the routes that move together with any of the named ones, in the order of routes.
// The error is a *strangler.UnknownRouteError.
func WithUnits(routes []Standing, names []string) ([]Standing, error) {
	var asked []Standing
	for _, name := range names {
		unit, err := WithUnit(routes, name)
		if err != nil {
			return nil, err
		}
		asked = append(asked, unit...)
	}
	return together(routes, asked), nil
}

// Shift returns the moves that bring the named route and its unit to a position: one for each of
// them, also where it stands there already, so that a version given for it is still looked at.
// What stands in the way of one stands in the way of all. Errors: *strangler.UnknownRouteError,
// *InvalidError, *RefusedError.
func Shift(routes []Standing, name string, to strangler.Position, force bool) ([]Move, error) {
	unit, err := WithUnit(routes, name)
	if err != nil {
		return nil, err
	}
	moves := make([]Move, 0, len(unit))
	for _, r := range unit {
		if err := Check(r.Route, r.Position, to, force); err != nil {
			return nil, err
		}
		moves = append(moves, Move{r.Route.Name, r.Position, to})
	}
	return moves, nil
}

// together returns those of routes that are in asked or share a unit with one that is.
func together(routes, asked []Standing) []Standing {
	names, units := make(map[string]bool), make(map[string]bool)
	for _, r := range asked {
		names[r.Route.Name] = true
		if r.Route.Unit != "" {
			units[r.Route.Unit] = true
		}
	}
	var all []Standing
	for _, r := range routes {
		if names[r.Route.Name] || units[r.Route.Unit] {
			all = append(all, r)
		}
	}
	return all
}
