package upstream

import (
	"net/http"
	"sync/atomic"
)

// Guard is a http.RoundTripper that applies a policy to what goes through it. It is safe for
// concurrent use and has no goroutines of its own. One that Transport.With made shares that
// transport's endpoints and connections, and ends with it.
type Guard struct {
	policy   Policy
	chain    http.RoundTripper // the outermost layer
	bulkhead *room             // nil: none, as for the rest
	breaker  *circuit
	retry    *repeats
	counts   *timeoutCounts
	informs  bool
}

// Informs reports whether informational answers go to strangler.Inform, and strangler's Decision
// about repeating a request is obeyed.
func (g *Guard) Informs() bool { return g.informs }

// Verbatim returns the guard itself where a request's head goes to strangler.KeepHead, and may come
// from strangler.HeadFrom; else nil.
func (g *Guard) Verbatim() http.RoundTripper {
	if !g.informs {
		return nil
	}
	return g
}

// timeoutCounts are TimeoutCounts under way.
type timeoutCounts struct{ dial, firstByte, request, idle atomic.Int64 }

// NewGuard returns a guard around any http.RoundTripper. What Policy.Check finds wrong is taken
// for the nearest that is right.
func NewGuard(p Policy, next http.RoundTripper) *Guard {
	g := newGuard(p, nil)
	g.around(next)
	return g
}

// newGuard returns a guard without its chain: what its layers know, of which those are the ones
// of the guards in like that have the same settings there.
func newGuard(p Policy, like []*Guard) *Guard {
	g := &Guard{policy: p}
	for _, other := range like {
		if g.bulkhead == nil && p.Bulkhead == other.policy.Bulkhead {
			g.bulkhead = other.bulkhead
		}
		if g.breaker == nil && p.Breaker == other.policy.Breaker {
			g.breaker = other.breaker
		}
		if g.retry == nil && p.Retry == other.policy.Retry {
			g.retry = other.retry
		}
		if g.counts == nil && p.Timeouts == other.policy.Timeouts {
			g.counts = other.counts
		}
	}
	if g.counts == nil {
		g.counts = new(timeoutCounts)
	}
	if g.retry == nil && p.Retry.Attempts > 1 {
		g.retry = newRepeats(p.Retry)
	}
	if g.breaker == nil && p.Breaker.Failures > 0 {
		g.breaker = newCircuit(p.Breaker)
	}
	if g.bulkhead == nil && p.Bulkhead.InFlight > 0 {
		g.bulkhead = newRoom(p.Bulkhead)
	}
	return g
}

// around puts the guard's layers around next, from the innermost to the outermost.
func (g *Guard) around(next http.RoundTripper) {
	bounds := g.policy.Timeouts
	if d, ok := next.(*dispatch); ok && d.t.ownHTTP1() {
		// Our own connections can do this one by themselves, at a tenth of the cost.
		d.firstByte, d.late = bounds.FirstByte, &g.counts.firstByte
		bounds.FirstByte = 0
	}
	if g.retry != nil {
		next = &retry{g.retry, next}
	}
	if bounds != (Timeouts{}) {
		next = &timeouts{cfg: bounds, next: next, counts: g.counts}
	}
	if g.breaker != nil {
		next = &breaker{g.breaker, next}
	}
	if g.bulkhead != nil {
		next = &bulkhead{g.bulkhead, next}
	}
	g.chain = next
}

// NewBulkhead returns a guard that is a bulkhead only.
func NewBulkhead(b Bulkhead, next http.RoundTripper) *Guard {
	return NewGuard(Policy{Bulkhead: b}, next)
}

// NewBreaker returns a guard that is a breaker only.
func NewBreaker(b Breaker, next http.RoundTripper) *Guard {
	return NewGuard(Policy{Breaker: b}, next)
}

// NewTimeouts returns a guard that has time-outs only.
func NewTimeouts(t Timeouts, next http.RoundTripper) *Guard {
	return NewGuard(Policy{Timeouts: t}, next)
}

// NewRetry returns a guard that retries only.
func NewRetry(r Retry, next http.RoundTripper) *Guard {
	return NewGuard(Policy{Retry: r}, next)
}

// RoundTrip implements http.RoundTripper.
func (g *Guard) RoundTrip(r *http.Request) (*http.Response, error) { return g.chain.RoundTrip(r) }

// State returns how the policy's layers do.
func (g *Guard) State() PolicyState {
	s := PolicyState{Timeouts: TimeoutCounts{
		Dial: g.counts.dial.Load(), FirstByte: g.counts.firstByte.Load(),
		Request: g.counts.request.Load(), Idle: g.counts.idle.Load(),
	}}
	if g.bulkhead != nil {
		g.bulkhead.state(&s)
	}
	if g.breaker != nil {
		g.breaker.state(&s)
	}
	if g.retry != nil {
		s.Retries, s.RetriesDenied = g.retry.retries.Load(), g.retry.denied.Load()
	}
	return s
}
