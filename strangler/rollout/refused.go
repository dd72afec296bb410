package rollout

import "fmt"

// RefusedError says that a guard stands in the way of a move.
type RefusedError struct {
	Route string
	Why   string
	Force bool // --force gets past it
}

// Error implements error.
func (e *RefusedError) Error() string {
	if e.Force {
		return fmt.Sprintf("route %q: %s; --force does it all the same", e.Route, e.Why)
	}
	return fmt.Sprintf("route %q: %s", e.Route, e.Why)
}
