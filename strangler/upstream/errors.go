package upstream

import (
	"errors"
	"time"
)

// The kinds of failure, as strangler.Decision has them.
const (
	KindConnect = "connect" // no connection came about: nothing was sent
	KindTimeout = "timeout" // one of Timeouts ran out
	KindBroken  = "broken"  // the connection broke, or what came was no answer
	KindOpen    = "open"    // the breaker lets nothing through: nothing was sent
	KindFull    = "full"    // the bulkhead has no room: nothing was sent
)

// Error says how a side failed to answer. Every error of this package's round trips is one, but
// for those of the request's own context.
type Error struct {
	Kind string
	// Told is for the client, after the side's name: "did not begin to answer within 30s". It
	// has no internals.
	Told string
	// RetryAfter is when it is worth trying again; above 0 the client is told so with a 503.
	RetryAfter time.Duration
	Err        error // what happened, for the log
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	return e.Told
}

// Unwrap returns what happened.
func (e *Error) Unwrap() error { return e.Err }

// Failure returns the kind, for whoever doesn't know this package.
func (e *Error) Failure() string { return e.Kind }

// Explain returns what the client is told and when it may come back; 0: that isn't known.
func (e *Error) Explain() (told string, retryAfter time.Duration) { return e.Told, e.RetryAfter }

// Timeout implements net.Error's.
func (e *Error) Timeout() bool { return e.Kind == KindTimeout }

// Temporary implements net.Error's.
func (e *Error) Temporary() bool { return e.Kind == KindTimeout }

// errClosed is what enders are told where nobody read the answer to its end.
var errClosed = errors.New("answer was not read to its end")

// sent reports whether something may have reached the upstream before err.
func sent(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind == KindTimeout || e.Kind == KindBroken
	}
	return true
}
