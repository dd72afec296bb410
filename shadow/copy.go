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
)

// send is a worker's first job on an exchange: the copy goes out, and if the client's answer
// has ended by the time the copy's has, both are compared at once. Else whoever is last does.
func (s *Shadow) send(x *exchange) {
	defer s.guard(x)
	x.mu.Lock()
	settled, asked := x.settled, x.asked.buf
	x.mu.Unlock()
	switch {
	case settled:
		return
	case s.life.Err() != nil:
		x.skip(SkipShuttingDown, "")
		return
	}
	trial, may := x.breaker.enter(s.config.Now())
	if !may {
		x.skip(SkipResting, "")
		return
	}
	answer, body, err := s.attempt(x, asked, trial)

	x.mu.Lock()
	if x.settled {
		body.drop()
		x.mu.Unlock()
		return
	}
	x.other, x.otherBody = answer, body
	reason, detail, failed := s.verdictOf(x, answer, err)
	ended := x.ended
	if reason == "" && !ended {
		x.copied = true
		reason = s.park(x)
	}
	x.mu.Unlock()

	switch {
	case failed:
		x.fail(reason, detail)
	case reason != "":
		x.skip(reason, detail)
	case ended:
		s.judge(x)
	}
}

// attempt asks once, and tells those who decide whether and when to ask again.
func (s *Shadow) attempt(x *exchange, asked []byte, trial bool) (answer *Answer, body capture, err error) {
	became, panics := unknown, true
	body = newCapture(&x.p.purse, s.config.MaxBody)
	defer func() {
		if panics { // the transport, or its answer's body
			body.drop()
		}
		s.attempted(x, trial, became, err)
	}()
	started := s.config.Now()
	answer, err = s.ask(x, asked, &body)
	panics = false
	now := s.config.Now()
	switch {
	case err == nil:
		became = answered
	case s.life.Err() == nil && failureOf(err) != FailTranslate:
		became = silent
	}
	if x.p.Serves == Service {
		latency := now.Sub(started)
		if answer != nil {
			latency = answer.Latency
		}
		x.p.budget.observe(now, latency)
	}
	return answer, body, err
}

func (s *Shadow) attempted(x *exchange, trial bool, became outcome, err error) {
	now := s.config.Now()
	begun, ended := x.breaker.leave(now, trial, became)
	if begun > 0 {
		if unsaid, say := x.p.rests.due(now); say {
			s.config.Logger.Warn("let copies rest: they get no answers", "route", x.p.Route, "to", x.target.name, "in_a_row", failuresToRest, "error", err, "unsaid", unsaid)
		}
	}
	if ended {
		if unsaid, say := x.p.returns.due(now); say {
			s.config.Logger.Info("send copies again: they get answers", "route", x.p.Route, "to", x.target.name, "unsaid", unsaid)
		}
	}
}

// verdictOf says what rules a comparison out as soon as the copy came back.
func (s *Shadow) verdictOf(x *exchange, answer *Answer, err error) (reason, detail string, failed bool) {
	switch {
	case err != nil && s.life.Err() != nil:
		return SkipShuttingDown, "", false
	case err != nil:
		return failureOf(err), err.Error(), true
	case x.otherBody.broke:
		return SkipQueueFull, "no memory is left for captured bodies", false
	case answer.Status == http.StatusSwitchingProtocols:
		return SkipUpgrade, "", false
	case x.p.Serves == Service && conditional(answer.Status):
		return SkipConditional, "", false
	}
	return "", "", false
}

// ask sends the copy with that body and reads the answer, its body into the capture. With an
// error the answer is what came of it, or nil.
func (s *Shadow) ask(x *exchange, asked []byte, body *capture) (*Answer, error) {
	ctx, cancel := context.WithTimeout(x.copy.Context(), s.config.Timeout)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()

	r := x.copy.WithContext(ctx)
	r.Body, r.ContentLength, r.TransferEncoding = http.NoBody, int64(len(asked)), nil
	if len(asked) > 0 {
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(asked)), nil }
		r.Body, _ = r.GetBody()
		if len(x.trailer) > 0 { // which takes chunks (RFC 9112 section 7.1.2)
			r.Trailer, r.ContentLength, r.TransferEncoding = x.trailer.Clone(), -1, []string{"chunked"}
		}
	}
	started := s.config.Now()
	resp, err := x.through.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	a := &Answer{Status: resp.StatusCode, Header: resp.Header, Latency: s.config.Now().Sub(started)}
	if a.Status == http.StatusSwitchingProtocols {
		return a, nil
	}
	if x.copy.Method != http.MethodHead {
		body.hint = resp.ContentLength
	}
	if err := s.drain(x, resp.Body, body); err != nil {
		return a, err
	}
	a.Size, a.Hash, a.Body = body.size, body.hash.Sum64(), body.buf
	if len(resp.Trailer) > 0 {
		a.Trailer = resp.Trailer
	}
	return a, nil
}

// drain reads an answer's body to its end, or until it is certain to be too large.
func (s *Shadow) drain(x *exchange, from io.Reader, to *capture) error {
	buf := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	for {
		n, err := from.Read(*buf)
		to.write((*buf)[:n])
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case to.broke, to.over && x.outgrown(to.size):
			return nil
		}
	}
}

// outgrown reports whether a copy's answer is already larger than the client's, so that their
// hashes can't be equal, or isn't wanted any more.
func (x *exchange) outgrown(size int64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.settled || x.ended && size > x.body.size
}

var failures = []string{FailConnect, FailTimeout, FailBroken, FailTranslate}

// failureOf sorts an error of a copy's into the reasons.
func failureOf(err error) string {
	var named interface{ Failure() string }
	var timeout net.Error
	var op *net.OpError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &named) && slices.Contains(failures, named.Failure()):
		return named.Failure()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return FailTimeout
	case errors.As(err, &dns), errors.As(err, &certificate), errors.As(err, &record),
		errors.As(err, &op) && op.Op == "dial":
		return FailConnect
	}
	return FailBroken
}
