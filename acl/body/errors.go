package body

import (
	"errors"
	"fmt"

	"github.com/strangler-fig/toolkit/acl/document"
)

// Malformed is what is wrong with a body that isn't what it is announced to be, so that nothing
// can be made of it: not the translator's doing, but that of whoever sent it.
type Malformed struct{ Err error }

// Error implements error.
func (m *Malformed) Error() string { return m.Err.Error() }

// Unwrap returns what is wrong.
func (m *Malformed) Unwrap() error { return m.Err }

// located returns err as a *document.Error, whose pointer is put below that of a part.
func located(under string, err error) error {
	var e *document.Error
	if errors.As(err, &e) {
		if under == "" {
			return err
		}
		return &document.Error{Pointer: under + e.Pointer, Err: e.Err}
	}
	return &document.Error{Pointer: under, Err: err}
}

func malformed(err error) error {
	var e *document.Error
	if errors.As(err, &e) {
		return &document.Error{Pointer: e.Pointer, Err: &Malformed{e.Err}}
	}
	return &document.Error{Err: &Malformed{err}}
}

// unwritable says of what stands at pointer in the body that is read that it can't be written.
func unwritable(way Direction, pointer string, err error) error {
	side := "the service's"
	if way == ToLegacy {
		side = "legacy's"
	}
	return &document.Error{Pointer: pointer, Err: fmt.Errorf("%s body can't be written: %w", side, err)}
}
