package strangler

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// forwarder answers requests from one upstream: the end of a chain.
type forwarder struct {
	target
	side     Side
	repeat   Repeat
	fallback *forwarder // legacy, where it answers for the service; nil: it doesn't
	tells    telling    // how clients are told of a failure; nil: as usual
	held     int64      // how much of a body a translation reads before it sends anything; 0: there is none
}

// ServeHTTP sends the request, falls back where it must and may, and answers.
func (f *forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d := DecisionFrom(r.Context())
	up := newUpload(r, f.keeps(d.Repeat))
	defer up.end()

	resp, fail := f.send(w, r, up)
	if fail == nil && f.side == SideService {
		fail = badStatus(resp)
	}
	if fail != nil {
		d.Failure = fail.kind
		if f.fallback != nil && fail.kind != "" && (fail.unsent || f.repeat.For(r.Method) != RepeatNever) && up.rewind() {
			if resp != nil {
				resp.Body.Close() // first: a logger may panic
			}
			f.logFailure(r, "service failed, legacy answers", fail.kind, fail.err)
			d.FellBack = true
			f = f.fallback
			resp, fail = f.send(w, r, up)
		}
	}
	if !up.finished() {
		// An HTTP/1 server would read the rest of the upload before it answers. Only early
		// answers ask it not to: it costs. Whoever can't be asked answers early anyway.
		_ = http.NewResponseController(w).EnableFullDuplex()
		if r.ProtoMajor == 1 {
			// Whoever doesn't read a request to its end closes the connection (RFC 9112 section
			// 9.3), and net/http panics if it goes on with it (https://go.dev/issue/68560).
			w.Header().Set("Connection", "close")
		}
	}
	if resp == nil {
		f.unanswered(w, r, fail)
		return
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		f.upgrade(w, r, resp)
		return
	}
	f.answer(w, r, resp, up)
}

// keeps returns how much of a request's body is kept until it is sent. Afterwards it is what keptOnceSent says.
// A translation holds as much again: its copy becomes the document, escapes and all resolved where they stand, so
// that it isn't what the client sent any more.
func (f *forwarder) keeps(repeat Repeat) int64 {
	limit := keptOnceSent(repeat)
	if f.fallback != nil && f.held > 0 { // what couldn't be translated was never sent
		limit = max(limit, f.held)
	}
	return limit
}

// keptOnceSent returns how much of a body is kept that an upstream gets: it may get it again.
func keptOnceSent(repeat Repeat) int64 {
	if repeat == RepeatNever {
		return 0
	}
	return keptForFallback
}

// send does stations 7 to 9. It returns an answer or a failure. It doesn't return where there is
// nobody left to answer.
func (f *forwarder) send(w http.ResponseWriter, r *http.Request, up *upload) (*http.Response, *failure) {
	if err := up.fetch(r.ContentLength); err != nil {
		return nil, up.fault(w, r, err)
	}
	c := callFrom(r.Context())
	c.hints.begin(w, r)
	c.up = up
	ctx, body := r.Context(), up.body()
	c.traced = nil
	if !f.informs {
		c.traced = trace(c, r, up, body)
		defer c.traced.answered()
		ctx = c.traced.ctx
	}
	c.keeps = c.copied && f.verbatim
	out := f.rewrite.request(ctx, c.room(), r, body)
	if r.ContentLength <= keptForFallback && c.decision.Repeat != RepeatNever && up.keeps() || f.informs && up.whole() { // who informs knows what may be repeated
		out.GetBody = up.another
	} else if body == nil && !f.informs && f.repeat.For(r.Method) == RepeatNever {
		once(out)
	}
	resp, err := f.transport.RoundTrip(out)
	c.hints.end()
	if f.informs && !f.rewrite.tidy {
		forget(out) // such a transport is done with it, and no translator has seen it
	}
	if err == nil && (resp.StatusCode < 100 || resp.StatusCode > 999) {
		resp.Body.Close()
		err = errors.New("answer with an invalid status")
	}
	if err == nil {
		return resp, nil
	}
	if fail := up.fault(w, r, err); fail != nil {
		return nil, fail
	}
	return nil, f.failed(err)
}

// failure says how a side failed to answer. It is a *failure and no error where it decides what
// happens, and an error where a shadow asks.
type failure struct {
	kind   string // as Decision has it; empty: the client's own fault
	status int    // what the client is told
	text   string // for the client: no internals
	err    error  // for the log

	retryAfter time.Duration // above 0: when the client may come back
	unsent     bool          // what stands in front of the side never sent the request

	document bool   // the client is told as a problem document
	pointer  string // of that
}

// Error implements error.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap returns what happened.
func (f *failure) Unwrap() error { return f.err }

// Failure names the kind, for the shadow.
func (f *failure) Failure() string { return f.kind }

func (f *forwarder) failed(err error) *failure {
	fail := &failure{kind: failureKind(err), status: http.StatusBadGateway, err: err, unsent: unsent(err)}
	told := map[string]string{
		failConnect:   "could not be reached",
		failTimeout:   "did not answer in time",
		failBroken:    "broke the connection or gave no valid answer",
		failTranslate: "was asked or answered in a form that could not be translated",

		FailureUntranslatable: "was asked or answered in a form that could not be translated",
	}[fail.kind]
	if isTimeout(err) {
		fail.status = http.StatusGatewayTimeout
	}
	var explained interface {
		Explain() (told string, retryAfter time.Duration)
	}
	if errors.As(err, &explained) {
		if better, after := explained.Explain(); better != "" {
			told = better
			if after > 0 {
				fail.status, fail.retryAfter = http.StatusServiceUnavailable, after
			}
		}
	}
	fail.text = f.name + " " + told
	var translated explains
	switch fail.kind {
	case failTranslate, FailureUntranslatable, FailureMalformed:
		if !errors.As(err, &translated) {
			break
		}
		fail.explain(translated)
	}
	return fail
}

// explain has the client told what could not be translated.
func (f *failure) explain(e explains) {
	status, title, detail, pointer := e.Problem()
	f.document, f.pointer = true, pointer
	if status >= http.StatusBadRequest && status < http.StatusInternalServerError {
		f.status, f.text = status, title+": "+detail
		return
	}
	f.text += ": " + detail
}

// The kinds of failure of a request that was never sent to the service behind a translation.
const (
	FailureUntranslatable = "untranslatable" // it has something that the translation has no counterpart for
	FailureMalformed      = "malformed"      // it can't be read, whoever serves it: nobody's failure but the client's
)

// The other kinds of failure.
const (
	failConnect   = "connect"
	failTimeout   = "timeout"
	failBroken    = "broken"
	failTranslate = "translate"
)

func failureKind(err error) string {
	var named interface{ Failure() string }
	var op *net.OpError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &named):
		return named.Failure()
	case errors.As(err, &op) && op.Op == "dial", errors.As(err, &dns),
		errors.As(err, &cert), errors.As(err, &record), errors.As(err, &alert):
		return failConnect
	case isTimeout(err):
		return failTimeout
	}
	return failBroken
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

func (f *forwarder) logFailure(r *http.Request, what, kind string, err error) {
	attrs := []slog.Attr{
		slog.String(keyRequestID, requestID(r)), slog.String(keyRoute, DecisionFrom(r.Context()).Route),
		slog.String(keySide, f.side.String()), slog.String(keyFailure, kind),
	}
	if err != nil {
		attrs = append(attrs, slog.String(keyError, err.Error()))
	}
	f.log.LogAttrs(r.Context(), slog.LevelInfo, what, attrs...)
}

// once sees to it that a request without a body is not sent again. net/http's transport repeats
// what it takes for safe, and what has an idempotency key, on a new connection by itself, but
// nothing that has a body which it can't rewind. The empty one leaves no trace on the wire.
func once(out *http.Request) {
	hasLength := out.Body == http.NoBody // see rewriter.request
	switch out.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
	default:
		if out.Header["Idempotency-Key"] == nil && out.Header["X-Idempotency-Key"] == nil {
			return
		}
		hasLength = hasLength || out.Method == http.MethodPost || out.Method == http.MethodPut || out.Method == http.MethodPatch
	}
	out.Body, out.TransferEncoding = emptyBody{}, []string{"identity"} // else it would be sent in chunks
	if hasLength {
		// Under its usual name the transport drops the header.
		out.Header["content-length"] = []string{"0"}
	}
}

type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }

// translation tells the errors of a translator from those of the service behind it.
type translation struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t *translation) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	var beyond *beyondTranslation
	var named interface{ Failure() string }
	if err != nil && !errors.As(err, &beyond) && !errors.As(err, &named) && r.Context().Err() == nil {
		return nil, &failure{kind: translationKind(err), err: err}
	}
	return resp, err
}

// translationKind tells what the client alone is to blame for, and what was never sent, from the rest.
func translationKind(err error) string {
	var told explains
	if errors.As(err, &told) {
		if status, _, _, _ := told.Problem(); status >= http.StatusBadRequest && status < http.StatusInternalServerError {
			return FailureMalformed
		}
	}
	if unsent(err) {
		return FailureUntranslatable
	}
	return failTranslate
}

// unsent reports whether an error says that the request was never sent.
func unsent(err error) bool {
	var said interface{ Unsent() bool }
	return errors.As(err, &said) && said.Unsent()
}

// untranslated marks the errors that come from behind the translator, which has read what it had to by then.
type untranslated struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t untranslated) RoundTrip(r *http.Request) (*http.Response, error) {
	if c := callFrom(r.Context()); c != nil { // a translator may have made another request, without it
		c.up.sends(keptOnceSent(c.decision.Repeat))
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, &beyondTranslation{err}
	}
	return resp, nil
}

type beyondTranslation struct{ err error }

// Error implements error.
func (e *beyondTranslation) Error() string { return e.err.Error() }

// Unwrap returns the transport's own error.
func (e *beyondTranslation) Unwrap() error { return e.err }
