package identity

import (
	"errors"
	"fmt"
	"time"
)

// ErrNotCached says that a request may only use what is known about its session (Config.Passive), and
// nothing is: the copy is best not sent.
var ErrNotCached = errors.New("nothing is known about this session, and nobody may be asked for this request")

// Error says why it could not be found out who a visitor is, or why an account could not be logged in.
// It is a failure as an upstream's is: a fallback may answer. It never has a cookie or a token in it.
type Error struct {
	Sessions string // Config.Name
	Err      error
	what     string // was attempted
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s (sessions %s): %v", e.what, e.Sessions, e.Err) }

// Unwrap returns what happened.
func (e *Error) Unwrap() error { return e.Err }

// Failure names the kind of failure, for whoever doesn't know this package.
func (e *Error) Failure() string { return "identity" }

// Unsent reports whether the request was never sent to the service: who is logged in is found out before.
// An account logs in again after what was sent, so that of a login nobody knows.
func (e *Error) Unsent() bool { return e.what != whatLogin }

// Explain returns what a client is told after the name of the side that can't answer.
func (e *Error) Explain() (told string, retryAfter time.Duration) {
	return "could not be asked, as it could not be found out who is logged in", 0
}

// Timeout reports whether legacy took too long.
func (e *Error) Timeout() bool {
	var timeout interface{ Timeout() bool }
	return errors.As(e.Err, &timeout) && timeout.Timeout()
}

const (
	whatLookup = "ask legacy who is logged in"
	whatLogin  = "log in to legacy"
	whatSign   = "sign a token"
)

func (b *Bridge) fail(what string, err error) *Error {
	return &Error{Sessions: b.c.Name, Err: err, what: what}
}
