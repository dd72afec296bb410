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

// WriteError says that a change could not be put on the disk. Nothing of it is in effect.
type WriteError struct{ Err error }

// Error implements error.
func (e *WriteError) Error() string { return "write journal: " + e.Err.Error() }

// Unwrap returns what stood in the way.
func (e *WriteError) Unwrap() error { return e.Err }
