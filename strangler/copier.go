package strangler

import (
	"context"
	"net/http"
	"net/url"
	"sync"
)

// copier sends a shadow's copies through stations 7 to 9.
type copier struct {
	rewrite rewriter
	next    http.RoundTripper
	done    bool // with a request's header when next returns
	repeats bool // with the head of the client's request, where that is known
	alone   bool // nobody stands around the transport, who might change an answer
}

// RoundTrip implements http.RoundTripper. Its errors name their kind.
func (c *copier) RoundTrip(r *http.Request) (*http.Response, error) {
	return (&copying{copier: c}).RoundTrip(r)
}

// Lend returns what sends a copy of r, which is about to be served. It, and all that comes of the
// copy, may be used again for another one where TakeBack gets it.
func (c *copier) Lend(r *http.Request) http.RoundTripper {
	if !c.done {
		return c
	}
	lent := copyings.Get().(*copying)
	lent.copier = c
	if lent.of = callFrom(r.Context()); lent.of != nil && c.repeats && !lent.of.copied {
		lent.of.copied, lent.repeats = true, true // one copy's: the head is given back once
	}
	return lent
}

// TakeBack ends a loan. The answer was read to its end and closed, and nobody has anything of it or
// of the request. It reports whether that is so on this side, too.
func (c *copier) TakeBack(lent http.RoundTripper) bool {
	own, ok := lent.(*copying)
	return ok && own.forget()
}

var copyings = sync.Pool{New: func() any { return new(copying) }}

// copying is what one copy needs on its way, made at once. It is the copy's context: of the Decision
// it has what a transport asks for, and it has nobody who waits for hints.
type copying struct {
	context.Context
	copier    *copier
	of        *call // the client's; nil: there is none
	head      Head  // the client's, which the copy is sent with; nil: its own
	repeats   bool  // it may be
	decision  Decision
	out       http.Request
	url       url.URL
	forwarded [2][1]string
	body      forgetting // the answer's; nil: neither can be used again
}

// forgetting is an answer's body that lets the whole answer be another one's, once it was read to its
// end and closed and nobody has anything of it, but the lists of its header's values where lists is
// false. It reports whether that is so: then its transport has nothing of the request either.
type forgetting interface{ Forget(lists bool) bool }

// Repeats reports whether the copy is sent with the head that the client's request was sent with, so
// that its header has only what comes in addition.
func (c *copying) Repeats(r *http.Request) bool {
	if !c.repeats || c.of.head == nil || c.of.head.Length() != r.ContentLength || len(r.Trailer) > 0 {
		return false
	}
	c.head = c.of.head
	return true
}

// RoundTrip implements http.RoundTripper.
func (c *copying) RoundTrip(r *http.Request) (*http.Response, error) {
	c.begin(r.Context())
	body := r.Body
	if body == http.NoBody {
		body = nil
	}
	room := outgoing{&c.out, &c.url, &c.forwarded}
	var out *http.Request
	if c.head != nil {
		out = c.copier.rewrite.addressed(c, room, r, body)
	} else {
		out = c.copier.rewrite.request(c, room, r, body)
	}
	out.GetBody = r.GetBody
	resp, err := c.copier.next.RoundTrip(out)
	if c.copier.done && c.head == nil {
		forget(out)
	}
	if err != nil {
		return nil, &failure{kind: failureKind(err), err: err}
	}
	dropHopByHop(resp.Header)
	c.body, _ = resp.Body.(forgetting)
	return resp, nil
}

// begin takes what it needs of the request's own call, if there is one, which may be over.
func (c *copying) begin(ctx context.Context) {
	c.Context = ctx
	var d *Decision
	if c.of != nil { // as mostly: nothing has to be looked for
		d = &c.of.decision
	} else {
		d = DecisionFrom(ctx)
	}
	if d != nil {
		c.decision = Decision{Route: d.Route, Unit: d.Unit, Key: d.Key, Repeat: d.Repeat}
	}
}

// forget lets the copying and its answer be another copy's, and reports whether they are. Of an
// answer that can't be, it isn't known who may still ask the context something.
func (c *copying) forget() bool {
	if c.repeats && c.of.head != nil { // nothing is sent with it any more, if the copy was at all
		c.of.head.Release()
		c.of.head, c.head = nil, nil
	}
	if c.body == nil || !c.body.Forget(c.copier.alone) {
		return false
	}
	*c = copying{}
	copyings.Put(c)
	return true
}

// Value implements context.Context.
func (c *copying) Value(key any) any {
	switch key {
	case callKey{}:
		return nil
	case decisionKey{}:
		return &c.decision
	case headKey{}:
		return c.head
	}
	return c.Context.Value(key)
}
