package shadow

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"time"
)

// send is a worker's first job on an exchange: the copy goes out, and if the client's answer
// has ended by the time the copy's has, both are compared at once. Else whoever is last does.
// It is the job, too, of what has waited to be asked again.
func (s *Shadow) send(w *worker, x *exchange) {
	defer s.guard(x)
	x.mu.Lock()
	settled, asked, again := x.settled, x.asked.buf, x.again
	x.mu.Unlock()
	switch {
	case settled:
		return
	case again != nil: // its copy was sent
		s.askAgain(w, x)
		return
	case s.life.Err() != nil:
		x.skip(SkipShuttingDown, "")
		return
	}
	now := s.config.Now()
	trial, may := x.breaker.enter(now)
	if !may {
		x.skip(SkipResting, "")
		return
	}
	answer, body, clean, err := s.attempt(w, x, call{x.target, x.lent, &x.copy, &x.context}, asked, now, trial)

	x.mu.Lock()
	if x.settled {
		body.drop()
		x.mu.Unlock()
		return
	}
	x.otherBody, x.clean = body, clean
	if answer.Status != 0 {
		x.reply = answer
		x.other = &x.reply
	}
	reason, detail, failed := s.verdictOf(x, err)
	if reason == "" && x.p.Control > 0 && x.p.budget.mayAllow(now) {
		x.mu.Unlock()
		s.control(w, x)
		x.mu.Lock()
	}
	ended := x.ended
	if reason == "" && !ended {
		x.copied = true
		reason = s.park(x)
	}
	x.mu.Unlock()

	switch {
	case failed:
		x.fail(x.served.other(), reason, detail)
	case reason != "":
		x.skip(reason, detail)
	case ended:
		s.judge(x)
	}
}

// call is a request to a side: x's copy, or another like it.
type call struct {
	target
	by      http.RoundTripper // the target's, or what that has lent
	request *http.Request
	context *copyContext // the request's
}

// attempt asks once, and tells those who decide whether and when to ask again. An answer of
// status 0 is none; clean says that it was read to its end in time, and its body closed.
func (s *Shadow) attempt(w *worker, x *exchange, to call, asked []byte, started time.Time, trial bool) (answer Answer, body capture, clean bool, err error) {
	became, panics, now := unknown, true, started
	body = capture{purse: &x.p.purse, limit: x.p.limit(s.config.MaxBody)}
	defer func() {
		if panics { // the transport, or its answer's body
			body.drop()
		}
		s.attempted(x, to.target, now, trial, became, err)
	}()
	answer, clean, err = s.ask(w, x, to, asked, started, &body)
	panics = false
	if err != nil || to.breaker == &x.p.toLegacy { // else nobody wants to know
		now = s.config.Now()
	}
	switch {
	case err == nil:
		became = answered
	case s.life.Err() == nil && failureOf(err) != FailTranslate && unsent(err) == "":
		became = silent
	}
	if to.breaker == &x.p.toLegacy {
		latency := now.Sub(started)
		if answer.Status != 0 {
			latency = answer.Latency
		}
		x.p.budget.observe(now, latency)
	}
	return answer, body, clean, err
}

func (s *Shadow) attempted(x *exchange, to target, now time.Time, trial bool, became outcome, err error) {
	begun, ended := to.breaker.leave(now, trial, became)
	if begun > 0 {
		if unsaid, say := x.p.rests.due(now); say {
			s.config.Logger.Warn("let copies rest: they get no answers", "route", x.p.Route, "to", to.name, "in_a_row", failuresToRest, "error", err, "unsaid", unsaid)
		}
	}
	if ended {
		if unsaid, say := x.p.returns.due(now); say {
			s.config.Logger.Info("send copies again: they get answers", "route", x.p.Route, "to", to.name, "unsaid", unsaid)
		}
	}
}

// verdictOf says what rules a comparison out as soon as the copy came back.
func (s *Shadow) verdictOf(x *exchange, err error) (reason, detail string, failed bool) {
	switch {
	case err != nil && s.life.Err() != nil:
		return SkipShuttingDown, "", false
	case unsent(err) == noRoom:
		return SkipQueueFull, err.Error(), false
	case unsent(err) != "":
		return unsent(err), err.Error(), false
	case err != nil:
		x.unsent = named(err) == untranslatable
		return failureOf(err), err.Error(), true
	case x.otherBody.broke:
		return SkipQueueFull, "no memory is left for captured bodies", false
	case x.reply.Status == http.StatusSwitchingProtocols:
		return SkipUpgrade, "", false
	case x.p.Serves == Service && conditional(x.reply.Status):
		return SkipConditional, "", false
	}
	return "", "", false
}

// ask sends the copy with that body and reads the answer, its body into the capture. With an
// error the answer is what came of it.
func (s *Shadow) ask(w *worker, x *exchange, to call, asked []byte, started time.Time, body *capture) (a Answer, clean bool, err error) {
	lease := w.begin(to.context)
	whole := false // a transport that panics is not trusted with the lease any more
	defer func() { clean, err = w.end(lease, whole && err == nil, err) }()

	r := to.request
	r.Body, r.ContentLength, r.TransferEncoding = http.NoBody, int64(len(asked)), nil
	if len(asked) > 0 {
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(asked)), nil }
		r.Body, _ = r.GetBody()
		if len(x.trailer) > 0 { // which takes chunks (RFC 9112 section 7.1.2)
			r.Trailer, r.ContentLength, r.TransferEncoding = x.trailer.Clone(), -1, []string{"chunked"}
		}
	}
	if r.Header == nil {
		x.fill(r, to.by)
	}
	resp, err := to.by.RoundTrip(r)
	if err != nil {
		return a, false, err
	}
	defer resp.Body.Close()
	a = Answer{Status: resp.StatusCode, Header: resp.Header, Latency: s.config.Now().Sub(started)}
	a.Hosts = x.hostsOf(to.side(), a.Header["Location"])
	if a.Status == http.StatusSwitchingProtocols {
		return a, false, nil
	}
	if x.copy.Method != http.MethodHead {
		body.hint = resp.ContentLength
	}
	if whole, err = s.drain(x, resp.Body, body); err != nil {
		return a, false, err
	}
	a.Size, a.Body = body.size, body.buf
	if body.over() {
		a.Hash = body.hash()
	}
	if len(resp.Trailer) > 0 {
		a.Trailer = resp.Trailer
	}
	return a, false, nil
}

// fill puts into the copy what of a header it needs.
func (x *exchange) fill(r *http.Request, by http.RoundTripper) {
	if repeats, ok := by.(Repeater); ok && !x.omits && repeats.Repeats(r) {
		r.Header = x.p.mark
		return
	}
	x.sent = x.header()
	r.Header = x.sent
}

// drain reads an answer's body to its end, or until it is certain to be too large; whole says
// which.
func (s *Shadow) drain(x *exchange, from io.Reader, to *capture) (whole bool, err error) {
	for room := to.room(); len(room) > 0; room = to.room() {
		n, err := from.Read(room)
		to.took(n)
		if err != nil {
			return err == io.EOF, eofless(err)
		}
	}
	if to.broke {
		return false, nil
	}
	buf := s.purse.free.get(drainSize)
	defer s.purse.free.put(buf)
	for {
		n, err := from.Read(*buf)
		to.write((*buf)[:n])
		switch {
		case err != nil:
			return err == io.EOF, eofless(err)
		case to.broke, to.over() && x.outgrown(to.size):
			return false, nil
		}
	}
}

const drainSize = 32 << 10

func eofless(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// outgrown reports whether a copy's answer is already larger than the client's, so that their
// hashes can't be equal, or isn't wanted any more.
func (x *exchange) outgrown(size int64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.settled || x.ended && size > x.body.size
}

var failures = []string{FailConnect, FailTimeout, FailBroken, FailTranslate}

// noRoom is what an error of a transport says that had no room for a copy: as many connections as may be,
// a bulkhead.
const noRoom = "full"

// untranslatable is what an error says of a copy that couldn't be translated, and was never sent: it failed as
// others do, but see Performance.Unsent.
const untranslatable = "untranslatable"

// unsent returns why a transport didn't send a copy, where that is nobody's failure: noRoom, SkipMalformed, or
// SkipSession where it isn't known, or can't be found out for a copy, whose session it is of. Its errors say
// so by a method Failure. Empty: that isn't why.
func unsent(err error) string {
	switch why := named(err); why {
	case noRoom, SkipSession, SkipMalformed:
		return why
	}
	return ""
}

// named returns what an error says by a method Failure; empty: nothing.
func named(err error) string {
	if err == nil { // as mostly
		return ""
	}
	var named interface{ Failure() string }
	if errors.As(err, &named) {
		return named.Failure()
	}
	return ""
}

// failureOf sorts an error of a copy's into the reasons.
func failureOf(err error) string {
	var timeout net.Error
	var op *net.OpError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch kind := named(err); {
	case kind == untranslatable:
		return FailTranslate
	case slices.Contains(failures, kind):
		return kind
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return FailTimeout
	case errors.As(err, &dns), errors.As(err, &certificate), errors.As(err, &record),
		errors.As(err, &op) && op.Op == "dial":
		return FailConnect
	}
	return FailBroken
}
