package shadow

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
)

// point is a Point with its defaults and what is kept for its route.
type point struct {
	Point
	*route
	mark         http.Header // what copies have in addition; never changed
	untranslated redactor    // of the service's answers before they are translated
	reflexive    bool        // Compare finds nothing in the same
}

// Around returns the middleware that shadows what passes through it. It may be called any
// number of times; the points of one route share its account.
func (s *Shadow) Around(p Point) func(http.Handler) http.Handler {
	at := &point{Point: p, route: s.route(p.Route), mark: http.Header{copyMark: {p.Route}}, untranslated: s.redact.and(p.RedactUntranslated)}
	if at.Repeatable == nil {
		at.Repeatable = safeMethod
	}
	at.budget.set(p.LegacyExtra)
	if r, ok := p.Compare.(Reflexive); ok {
		at.reflexive = r.Reflexive()
	}
	at.Compare = s.Comparer(p.Compare)
	return func(next http.Handler) http.Handler {
		if p.Other == nil || p.Compare == nil || !(p.Sample > 0) {
			if p.Keep > 0 && s.keeper != nil {
				return s.recording(at, next)
			}
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			x := s.begin(at, r)
			if x == nil {
				next.ServeHTTP(w, r)
				return
			}
			if x.uncopied != "" {
				defer x.judgeUncopied()
				next.ServeHTTP(w, r)
				return
			}
			s.watch(x, next, w, r)
		})
	}
}

// begin decides whether r is shadowed; nil: it isn't, which is accounted for where r was sampled.
func (s *Shadow) begin(p *point, r *http.Request) (x *exchange) {
	if p.Serves == Service || p.asksAgain() {
		p.budget.see()
	}
	if p.Sample < 1 && rand.Float64() >= p.Sample {
		return nil
	}
	x = s.exchange(p, r)
	p.tally.sample()
	defer s.guard(x)
	reason, asked := s.admit(p, r)
	if reason == "" && p.Serves == Legacy {
		// A service that hangs or fails costs its route's clients no more than this. Where the
		// service serves, a fallback is still to be seen.
		switch {
		case asked.breaker.rests(x.at):
			reason = SkipResting
		case s.full(p.route):
			reason = SkipQueueFull
		}
	}
	switch {
	case reason != "" && p.Serves == Service:
		x.uncopied = reason
		return x
	case reason != "":
		x.skip(reason, "")
		return nil
	}
	x.target = asked
	if p.InOrder != nil {
		x.key = p.InOrder(r)
	}
	if r.ContentLength > p.limit(s.config.MaxBody) {
		x.skip(p.tooLarge(), "the request's body is over the bound")
		return nil
	}
	return x
}

// target is what a copy goes to.
type target struct {
	name    string // legacy, service or sandbox
	through http.RoundTripper
	breaker *breaker
}

// admit says from the request alone why it can't be shadowed, or where its copy goes.
func (s *Shadow) admit(p *point, r *http.Request) (reason string, to target) {
	select {
	case <-s.draining:
		return SkipShuttingDown, target{}
	default:
	}
	if r.Method == http.MethodConnect || r.Header["Upgrade"] != nil && headerHas(r.Header, "Connection", "upgrade") {
		return SkipUpgrade, target{}
	}
	if p.Serves == Service {
		switch {
		case !readMethod(r.Method) || !p.Repeatable(r.Method):
			return SkipNotRepeatable, target{}
		case !p.WithSession && (r.Header["Authorization"] != nil || r.Header["Cookie"] != nil):
			return SkipSession, target{}
		}
		return "", target{"legacy", p.Other, &p.toLegacy}
	}
	switch {
	case p.Repeatable(r.Method):
		return "", target{"service", p.Other, &p.toService}
	case p.Sandbox != nil:
		return "", target{"sandbox", p.Sandbox, &p.toSandbox}
	}
	return SkipNotRepeatable, target{}
}

// copyRequest makes of r what is to be sent again, but for the body and the header, of which it makes a
// list. It shares nothing with r that a handler may change but the values in its header: Set, Add and Del
// leave slices that somebody has as they are.
func (x *exchange) copyRequest(r *http.Request) {
	x.context = copyContext{Context: context.Background(), values: r.Context()}
	x.copy = *r.WithContext(&x.context)
	x.copy.Header = nil
	for name, values := range r.Header {
		if leftOut(name) {
			x.omits = true
			continue
		}
		x.asks = append(x.asks, field{name, values})
	}
	x.url = *r.URL
	x.copy.URL = &x.url
	x.copy.Trailer = nil // comes with the body's end
	x.copy.Body = nil
	x.lent = x.lend(r)
}

// copyMark is the header that copies have in addition: their route.
const copyMark = "X-Strangler-Shadow"

// header returns the header of a copy, which forget takes back.
func (x *exchange) header() http.Header {
	h := x.asks.header()
	h[copyMark] = x.p.mark[copyMark]
	return h
}

// fillAnswer makes the header of the client's answer, unless it is made.
func (x *exchange) fillAnswer() {
	if x.answer.Header == nil {
		x.answer.Header = x.told.header()
	}
}

// leftOut reports a header that copies don't have: the conditional ones, which speak of one side's
// entity tags and dates (RFC 9110 sections 13.1 and 14.2), so that an answer that depends on them
// can't be compared, and where they mattered to the client's answer its status says so; and
// Expect, since the body is at hand.
func leftOut(name string) bool {
	switch name {
	case "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range", "Expect":
		return true
	}
	return false
}

// headerHas reports whether a header's comma-separated list has that token, in any case.
func headerHas(h http.Header, name, token string) bool {
	for _, line := range h[name] {
		for t := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}
