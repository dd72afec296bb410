package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"
)

// The kinds of failure, as strangler.Decision has them.
const (
	KindConnect = "connect" // no connection came about: nothing was sent
	KindTimeout = "timeout" // one of Timeouts ran out
	KindBroken  = "broken"  // the connection broke, or what came was no answer
	KindOpen    = "open"    // the breaker lets nothing through: nothing was sent
	KindFull    = "full"    // the bulkhead has no room, or there are as many connections as may be: nothing was sent
)

// Error says how a side failed to answer. Every error of this package's round trips is one, but
// for those that are not the side's fault: the end of the request's own context, a body that
// the client didn't send to its end, and a request that can't be sent.
type Error struct {
	Kind string
	// Told is for the client, after the side's name: "did not begin to answer within 30s". It
	// has no internals.
	Told string
	// RetryAfter is when it is worth trying again; above 0 the client is told so with a 503.
	RetryAfter time.Duration
	Err        error // what happened, for the log

	late bool // a connection's own time-out for the first byte
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

// Timeout implements net.Error's. A connection that didn't come about in time is a time-out too,
// though its kind says what matters more, that nothing was sent.
func (e *Error) Timeout() bool {
	return e.Kind == KindTimeout || e.Kind == KindConnect && isTimeout(e.Err)
}

// Temporary implements net.Error's.
func (e *Error) Temporary() bool { return e.Timeout() }

// errClosed is what enders are told where nobody read the answer to its end.
var errClosed = errors.New("answer was not read to its end")

// errUnsendable is what an error wraps that says what is wrong with the request itself, so that
// no endpoint is blamed for it.
var errUnsendable = errors.New("request can't be sent")

// explain returns err, which came of sending r, as an *Error, or as it is where it is not the
// endpoint's fault.
func explain(r *http.Request, err error) error {
	if told, ok := errors.AsType[*Error](err); ok {
		return told
	}
	if r.Context().Err() != nil {
		if told, ok := errors.AsType[*Error](context.Cause(r.Context())); ok {
			return told // one of our time-outs
		}
		return err
	}
	if b, ok := r.Body.(*sending); ok && b.failure() != nil {
		return err
	}
	switch {
	case unsendable(err):
		return err
	case refused(err):
		told := "could not be reached"
		if isTimeout(err) {
			told = "could not be reached in time"
		}
		return &Error{Kind: KindConnect, Told: told, Err: err}
	case isTimeout(err):
		return &Error{Kind: KindTimeout, Told: "did not answer in time", Err: err}
	}
	return &Error{Kind: KindBroken, Told: "broke the connection or gave no valid answer", Err: err}
}

// unsendable reports whether the request itself is to blame. net/http's transport says so in
// words only.
func unsendable(err error) bool {
	return errors.Is(err, errUnsendable) || strings.HasPrefix(err.Error(), "net/http: invalid ") ||
		strings.HasPrefix(err.Error(), "http: invalid Host header")
}

// refused reports whether no connection came about, so that nothing can have been sent.
func refused(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if told, ok := errors.AsType[*Error](err); ok {
		return told.Kind == KindConnect
	}
	// net/http has no type for it.
	return isTimeout(err) && strings.HasSuffix(err.Error(), "TLS handshake timeout")
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && timeout.Timeout()
}

// blames reports whether what a call ended with is the side's fault. err is nil where all went
// well, one that explain returned, or what an answer's body ended with.
func blames(err error) bool {
	switch {
	case err == nil, err == errClosed:
		return false
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		told, ok := errors.AsType[*Error](err)
		return ok && told.Kind == KindTimeout
	}
	return true
}
