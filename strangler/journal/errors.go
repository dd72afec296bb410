package journal

import "fmt"

// ConflictError says that a route moved since the caller looked.
type ConflictError struct {
	Route string
	Have  int64 // its version now
	Want  int64 // the version that the caller had seen
}

// Error implements error.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("route %q changed meanwhile: it is at version %d, not %d; look again, then repeat", e.Route, e.Have, e.Want)
}
