package upstream

import (
	"net/http"
	"sync/atomic"
)

// Guard is a http.RoundTripper that applies a policy to what goes through it. It is safe for
// concurrent use and has no goroutines of its own. One that Transport.With made shares that
// transport's endpoints and connections, and ends with it.
type Guard struct {
	chain    http.RoundTripper // the outermost layer
	bulkhead *bulkhead         // nil: none, as for the rest
	breaker  *breaker
	retry    *retry
	counts   timeoutCounts
}

// timeoutCounts are TimeoutCounts under way.
type timeoutCounts struct{ dial, firstByte, request, idle atomic.Int64 }

// NewGuard returns a guard around any http.RoundTripper. What Policy.Check finds wrong is taken
// for the nearest that is right.
func NewGuard(p Policy, next http.RoundTripper) *Guard {
	g := &Guard{}
	g.around(p, next)
	return g
}

// around puts the policy's layers around next, from the innermost to the outermost.
func (g *Guard) around(p Policy, next http.RoundTripper) {
	if p.Retry.Attempts > 1 {
		g.retry = newRetry(p.Retry, next)
		next = g.retry
	}
	if p.Timeouts != (Timeouts{}) {
		next = &timeouts{cfg: p.Timeouts, next: next, counts: &g.counts}
	}
	if p.Breaker.Failures > 0 {
		g.breaker = newBreaker(p.Breaker, next)
		next = g.breaker
	}
	if p.Bulkhead.InFlight > 0 {
		g.bulkhead = newBulkhead(p.Bulkhead, next)
		next = g.bulkhead
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
