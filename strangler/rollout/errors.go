package rollout

import "fmt"

// InvalidError says that a move makes no sense for a route, whoever asks and however hard.
type InvalidError struct {
	Route string // empty: the request itself makes no sense
	Why   string
}

// Error implements error.
func (e *InvalidError) Error() string {
	if e.Route == "" {
		return e.Why
	}
	return fmt.Sprintf("route %q: %s", e.Route, e.Why)
}

// UnknownError says that no route belongs to that unit or service.
type UnknownError struct {
	What string // "unit" or "service"
	Name string
	Near string // the most similar name there is; empty if none is
}

// Error implements error.
func (e *UnknownError) Error() string {
	if e.Near != "" {
		return fmt.Sprintf("no route has %s %q; did you mean %q?", e.What, e.Name, e.Near)
	}
	return fmt.Sprintf("no route has %s %q", e.What, e.Name)
}
