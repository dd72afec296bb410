package upstream

import (
	"cmp"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// breaker is the layer of Breaker.
type breaker struct {
	*circuit
	next http.RoundTripper
}

// circuit is what a breaker knows; several may share one.
type circuit struct {
	cb     *gobreaker.TwoStepCircuitBreaker[struct{}]
	open   time.Duration
	opened atomic.Int64
	until  atomic.Pointer[time.Time] // when it was to let some through again; nil: it never opened
}

const (
	defaultBreakerRequests = 20
	defaultBreakerWindow   = 10 * time.Second
	defaultBreakerOpen     = 5 * time.Second
	defaultBreakerProbes   = 3
	// breakerBuckets is in how many steps the window moves on.
	breakerBuckets = 10
)

// What gobreaker is told of a call; nil: it went well.
var (
	errFailed = errors.New("call failed")
	errGone   = errors.New("call ended for a reason that says nothing about the upstream")
)

func newCircuit(cfg Breaker) *circuit {
	least := uint32(max(cmp.Or(cfg.Requests, defaultBreakerRequests), 1))
	window := max(cmp.Or(cfg.Window, defaultBreakerWindow), breakerBuckets)
	open := max(cmp.Or(cfg.Open, defaultBreakerOpen), 1)
	b := &circuit{open: open}
	share := min(cfg.Failures, 1)
	b.cb = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:  uint32(max(cmp.Or(cfg.Probes, defaultBreakerProbes), 1)),
		Interval:     window,
		BucketPeriod: window / breakerBuckets,
		Timeout:      open,
		ReadyToTrip: func(n gobreaker.Counts) bool {
			done := n.TotalSuccesses + n.TotalFailures
			return done >= least && float64(n.TotalFailures) >= share*float64(done)
		},
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				until := time.Now().Add(open)
				b.until.Store(&until)
				b.opened.Add(1)
			}
		},
		IsExcluded: func(err error) bool { return err == errGone },
	})
	return b
}

// RoundTrip implements http.RoundTripper. A call counts when its answer ended, as one that was
// answered in full or was not; but a probe counts when the answer's head has come, since the end
// of a stream may be hours away, and the rest wait for it.
func (b *breaker) RoundTrip(r *http.Request) (*http.Response, error) {
	call := &breakerCall{circuit: b.circuit, began: b.opened.Load()}
	if b.cb.State() != gobreaker.StateClosed {
		probed, err := b.cb.Allow()
		if err != nil {
			abandon(r)
			return nil, b.refuse()
		}
		call.probe(probed)
	}
	outcome, later := errGone, false // so it stays where next panics
	defer func() {
		if !later {
			call.counts(outcome)
		}
	}()
	r, _ = sendingOf(r) // a client that breaks off its upload is not the upstream's failure
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		if told, ok := explain(r, err).(*Error); ok && told.Kind != KindFull && told.Kind != KindOpen {
			outcome = errFailed
		}
		return nil, err
	}
	switch {
	case resp.StatusCode >= 500:
		outcome = errFailed
	case call.probed != nil || resp.StatusCode == http.StatusSwitchingProtocols:
		outcome = nil
	default:
		later = true
		onEnd(resp, call)
	}
	return resp, nil
}

// breakerCall is one call that was let through.
type breakerCall struct {
	*circuit
	began  int64       // how often the breaker had opened by then
	probed func(error) // takes a probe's outcome; nil: it is none
	place  *time.Timer // gives a probe's place to another call
}

// probe makes the call a probe. One that has no answer for as long as a breaker is open gives its
// place to another call, since three long polls must not keep everybody from a service that is
// well again. Its own outcome counts nonetheless: gobreaker, told twice, takes the first for the
// place and the second for what it is.
func (c *breakerCall) probe(done func(error)) {
	c.probed = done
	c.place = time.AfterFunc(c.open, func() { done(errGone) })
}

// end implements ender. An answer that nobody wanted to the end went well as far as it went.
func (c *breakerCall) end(err error) {
	if blames(err) {
		c.counts(errFailed)
		return
	}
	c.counts(nil)
}

// counts reports how the call went. gobreaker books an outcome when the call began, which for one
// that took longer than the window is out of it; so only now it hears of the call at all. What
// began before the breaker last opened is why it did, and says nothing about what came after.
func (c *breakerCall) counts(outcome error) {
	switch {
	case c.probed != nil:
		if !c.place.Stop() && outcome == errGone {
			return // the place was given up already
		}
		c.probed(outcome)
	case outcome == errGone || c.opened.Load() != c.began:
	default:
		if done, err := c.cb.Allow(); err == nil {
			done(outcome)
		}
	}
}

// refuse returns the error of a call that isn't let through.
func (b *circuit) refuse() *Error {
	wait := time.Second // half-open: the probes will be back
	if until := b.until.Load(); until != nil {
		wait = max(time.Until(*until), wait)
	}
	return &Error{
		Kind: KindOpen, Told: "failed too often and is left alone for a while", RetryAfter: wait,
		Err: errors.New("circuit breaker is " + b.cb.State().String()),
	}
}

func (b *circuit) state(s *PolicyState) {
	state := b.cb.State()
	s.Breaker = state.String()
	s.Opened = b.opened.Load()
	if until := b.until.Load(); until != nil && state == gobreaker.StateOpen {
		s.BreakerUntil = *until
	}
}
