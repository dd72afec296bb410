package shadow

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// maxDifferences is how many differences a comparison lists; the rest is a number.
const maxDifferences = 100

func (x *exchange) skip(reason, detail string) { x.end(Skipped, reason, detail, nil) }

// fail settles the exchange. Side is the one that gave no answer to what the other answered the
// client; empty: there is none.
func (x *exchange) fail(side Side, reason, detail string) {
	if side == "" || x.records {
		x.end(Failed, reason, detail, nil)
		return
	}
	x.mark()
	if x.end(Failed, reason, detail, nil) {
		x.s.lost(x, side)
	}
}

// end settles the exchange, unless it is: it counts the verdict, records the comparison and
// lets go of what was captured, and reports whether it did so. Call it without holding x.mu.
func (x *exchange) end(v Verdict, reason, detail string, differences []Difference) (done bool) {
	defer x.s.guard(x)
	x.mu.Lock()
	if x.settled {
		x.mu.Unlock()
		return false
	}
	x.settled = true
	repeat := x.repeat
	x.mu.Unlock()

	defer x.release(v)
	if x.records {
		return true
	}
	x.p.tally.settle(v, reason)
	if v == Match {
		x.keep()
	}
	if x.copied {
		x.s.unpark(x)
	}
	switch s := x.s; {
	case s.config.Recorder == nil:
	case s.counter != nil && s.counter.Count(x.p.Route, v, reason, repeat):
	default:
		s.config.Recorder.Record(x.comparison(v, reason, detail, differences, v == Diverged))
	}
	return true
}

// release lets go of what was captured. Of a match, which judge settles when it has compared,
// nobody else has the answers: a Recorder and a Keeper get none but as copies, and a Comparer keeps none.
func (x *exchange) release(v Verdict) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.asked.drop() // which a transport may still be sending
	if v == Match {
		x.body.recycle()
		x.otherBody.recycle()
		x.spent = x.giveBack() && x.again == nil
	} else {
		x.body.drop()
		x.otherBody.drop()
	}
	x.again.drop()
	x.tap.drop()
	x.answer.Body, x.other = nil, nil
}

// comparison is what is remembered of a settled exchange, redacted; whole with its bodies.
func (x *exchange) comparison(v Verdict, reason, detail string, differences []Difference, whole bool) Comparison {
	r, path := x.request()
	var header http.Header
	if r == &x.copy { // whose own may just be filled by a worker
		header = x.asks.header()
		defer forget(header)
	} else {
		header = r.Header
	}
	redact := x.s.redact
	c := Comparison{
		ID: NewID(x.at), Route: x.p.Route, At: x.at, Served: x.served,
		Verdict: v, Reason: reason, Detail: bounded(detail), Repeat: x.repeat,
		Request: Request{Method: r.Method, Path: redact.path(path), Host: r.Host},
	}
	var client *Answer
	if x.answer.Status != 0 {
		client = &x.answer
		x.fillAnswer()
		if x.ended {
			client.Hash = x.body.hash()
		}
	}
	if x.other != nil && v != Failed {
		x.other.Hash = x.otherBody.hash()
	}
	c.Legacy, c.Service = sides(x.served, client, x.other)
	if v == Diverged || v == Noise || v == Lag {
		c.Differences = differences[:min(len(differences), maxDifferences)]
		c.More = len(differences) - len(c.Differences)
		c.Differences = redact.differences(c.Differences, c.Legacy, c.Service)
	}
	if whole {
		c.Request.Body = redact.requestBody(header, x.asked.buf)
	}
	if whole || v == Failed {
		c.Request.Header = redact.header(header)
		delete(c.Request.Header, copyMark)
	}
	c.Legacy, c.Service = redact.answer(c.Legacy, v == Failed, whole), redact.answer(c.Service, v == Failed, whole)
	if whole && c.Service != nil {
		c.Service.Untranslated = x.p.untranslated.answer(x.tap.answer(), true, true)
	}
	x.p.lessen(&c)
	return c
}

// Redacted returns a comparison that somebody else made as one of this Shadow's would be remembered. more
// are further pointers, as in Config.Redact.
func (s *Shadow) Redacted(c Comparison, more ...string) Comparison {
	d := s.redact.and(more)
	c.Differences = d.differences(c.Differences, c.Legacy, c.Service)
	c.Request.Body = d.requestBody(c.Request.Header, c.Request.Body)
	c.Request.Header, c.Request.Path = d.header(c.Request.Header), d.path(c.Request.Path)
	c.Legacy, c.Service = d.answer(c.Legacy, true, true), d.answer(c.Service, true, true)
	return c
}

// sides sorts the client's answer and the copy's by who gave them.
func sides(served Side, client, other *Answer) (legacy, service *Answer) {
	if served == Service {
		return other, client
	}
	return client, other
}

// answer returns what is kept of an answer: its head, or that and its body.
func (d redactor) answer(a *Answer, head, whole bool) *Answer {
	if a == nil {
		return nil
	}
	kept := &Answer{Status: a.Status, Size: a.Size, Hash: a.Hash, Latency: a.Latency}
	if head || whole {
		kept.Header, kept.Trailer = d.header(a.Header), d.header(a.Trailer)
	}
	if whole {
		var plain bool
		if kept.Body, plain = d.body(a.Header, a.Body); plain {
			delete(kept.Header, "Content-Encoding")
		}
	}
	return kept
}

// guard is deferred wherever this package works on a goroutine that isn't its own, and around
// each job of a worker: a panic is logged and settles the exchange, and goes no further.
func (s *Shadow) guard(x *exchange) {
	v := recover()
	if v == nil {
		return
	}
	defer func() { recover() }() // of a Recorder's or Logger's, which is all that is left
	if unsaid, say := x.p.panics.due(s.config.Now()); say {
		s.config.Logger.Error("shadow an exchange", "route", x.p.Route, "panic", v, "unsaid", unsaid, "stack", string(debug.Stack()))
	}
	x.fail("", FailInternal, fmt.Sprint(v))
}

// bounded cuts a detail to what a person reads.
func bounded(s string) string {
	const most = 300
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
