package web

import (
	"slices"
	"strings"
)

// RefusedMovesError says that several routes were to move together, and didn't since something stands in
// the way of some. Nothing moved.
type RefusedMovesError struct {
	Routes []RefusedMove // at least one, in the order in which they were named
}

// RefusedMove is what stands in the way of a route.
type RefusedMove struct {
	Route  string `json:"route"`           // as it was named
	Code   string `json:"code"`            // CodeConflict, CodeRefused or CodeInvalid
	Detail string `json:"detail"`          // what it is, and what to do next
	Force  bool   `json:"force,omitempty"` // of CodeRefused: force gets past it
}

// Error implements error.
func (e *RefusedMovesError) Error() string {
	var details []string
	for _, r := range e.Routes {
		if !slices.Contains(details, r.Detail) { // as of two of a unit
			details = append(details, r.Detail)
		}
	}
	return "nothing moved, since not all can: " + strings.Join(details, "; ")
}

// Code is that of the whole: what changed meanwhile has to be looked at before anything else, and what
// makes no sense will make none with force.
func (e *RefusedMovesError) Code() string {
	worst := CodeRefused
	for _, r := range e.Routes {
		switch {
		case r.Code == CodeConflict:
			return CodeConflict
		case r.Code == CodeInvalid:
			worst = CodeInvalid
		}
	}
	return worst
}

// Force reports whether force gets past all that stands in the way.
func (e *RefusedMovesError) Force() bool {
	for _, r := range e.Routes {
		if !r.Force {
			return false
		}
	}
	return true
}
