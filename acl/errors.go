package acl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

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
	// Told is what a client is told instead of Err, which says what is for an operator, such as an option of
	// the configuration; empty: Err is.
	Told string

	// Status is the HTTP status for a request that would be wrong whatever the translator: 400
	// for a body that isn't well-formed, 413 for one that is too large, 415 for one of another
	// media type. 0 stands for all else, which isn't the client's fault: 502.
	Status int
	// unsent: see Unsent.
	unsent bool

	// Late says that the head of the message and a part of its body were passed on before this
	// was found: the rest isn't, and the connection ends.
	Late bool

	// Read is the beginning of the body in which it was found, at most MaxEvidence bytes of it, as
	// evidence for [Options.Observe] and no one else; nil: it isn't known. Size is that of the whole,
	// in bytes, or -1; ContentType is what it was said to be, and Answered the status of an answer.
	Read        []byte
	Size        int64
	ContentType string
	Answered    int
}

// MaxEvidence bounds Error.Read, in bytes.
const MaxEvidence = 16 << 10

// Evidence puts what was read of a body into the error, which keeps a copy of its beginning. size
// is that of the whole, -1 where it isn't known.
func (e *Error) Evidence(body []byte, size int64, contentType string) {
	e.Read, e.Size, e.ContentType = bytes.Clone(body[:min(len(body), MaxEvidence)]), size, contentType
	if e.Read == nil {
		e.Read = []byte{}
	}
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

// Unsent reports whether the request was never sent, as it couldn't be translated: whoever it was for
// knows nothing of it, so that it may go elsewhere whatever its method.
func (e *Error) Unsent() bool { return e.unsent }

// Problem is what a problem document (RFC 9457) tells a client: the status, a title that is the
// same for all errors of that kind, what was wrong, without internals, and where in the body
// that was read, as a JSON pointer or empty.
func (e *Error) Problem() (status int, title, detail, pointer string) {
	status, title = e.Status, "the request or its answer could not be translated"
	if status == 0 {
		status = http.StatusBadGateway
	} else if status < http.StatusInternalServerError {
		title = "the request could not be read"
	}
	return status, title, e.reason(), e.Pointer
}

// reason is what was wrong but for addresses, which only a log may have.
func (e *Error) reason() string {
	var network net.Error
	var op *net.OpError
	if errors.As(e.Err, &network) || errors.As(e.Err, &op) || errors.Is(e.Err, io.ErrUnexpectedEOF) {
		return "the body could not be read to its end"
	}
	if e.Told != "" {
		return fmt.Sprintf("translate %s: %s", e.Direction, e.Told)
	}
	return fmt.Sprintf("translate %s: %v", e.Direction, e.Err)
}

// wrap makes an error in direction d of err, at the place that an *Error in it or the JSON decoder
// knows.
func wrap(d Direction, err error) *Error {
	e := &Error{Direction: d, Err: err}
	var known *Error
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &known):
		*e = *known
		e.Direction = d // a translator that is reversed doesn't know that it is
		if err != error(known) {
			e.Err = err
		}
	case errors.As(err, &semantic):
		e.Pointer = string(semantic.JSONPointer)
	case errors.As(err, &syntactic):
		e.Pointer = string(syntactic.JSONPointer)
	}
	return e
}
