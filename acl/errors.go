package acl

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Direction says which way a translation goes.
type Direction string

// The directions.
const (
	ToService Direction = "to service"
	ToLegacy  Direction = "to legacy"
)

// Error says what could not be translated and where.
type Error struct {
	Direction Direction
	Pointer   string // RFC 6901 into the body that was read; empty: the message as a whole
	Err       error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Pointer != "" {
		return fmt.Sprintf("translate %s: at %s: %v", e.Direction, e.Pointer, e.Err)
	}
	return fmt.Sprintf("translate %s: %v", e.Direction, e.Err)
}

// Unwrap returns what was wrong.
func (e *Error) Unwrap() error { return e.Err }

// wrap gives err a direction and, where the JSON decoder knows it, a place; an *Error stays as
// it is.
func wrap(d Direction, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	e := &Error{Direction: d, Err: err}
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		e.Pointer = string(semantic.JSONPointer)
	case errors.As(err, &syntactic):
		e.Pointer = string(syntactic.JSONPointer)
	}
	return e
}
