package shadow

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// breaker lets the copies of a route towards one side rest while that side gives no answers:
// each would cost a connection and an error, or hold a worker until its time-out, and tell
// nothing new. It is safe for concurrent use; the zero value lets everything pass.
//
// After failuresToRest failures in a row copies rest. Then one is sent as a trial: an answer,
// whatever its status, ends the resting, a failure doubles it.
type breaker struct {
	well     atomic.Bool // there is nothing that another answer would change
	mu       sync.Mutex
	failures int           // in a row
	rest     time.Duration // how long the present or last rest is; 0: none since the last answer
	until    time.Time     // when a trial is due; zero: nothing rests
	trial    bool          // one is under way
}

const (
	failuresToRest = 5
	firstRest      = time.Second
	longestRest    = 30 * time.Second
)

// outcome is what became of a copy, as far as it tells about the side that was asked.
type outcome uint8

const (
	unknown  outcome = iota // nothing: given up, or not sent because of a translator
	answered                // the side answered
	silent                  // it didn't: no connection, too late, broken off, or not HTTP
)

// rests reports whether a copy would not be sent now.
func (b *breaker) rests(now time.Time) bool {
	if b.well.Load() {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.until.IsZero() && (b.trial || now.Before(b.until))
}

// enter reports whether a copy may be sent now; then leave must be called once with what became
// of it, and whether it was the trial.
func (b *breaker) enter(now time.Time) (trial, ok bool) {
	if b.well.Load() {
		return false, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return false, true
	case b.trial || now.Before(b.until):
		return false, false
	}
	b.trial = true
	return true, true
}

// leave takes what became of a copy. It returns how long copies rest from now on if that has
// just begun, and whether they have just ended to.
func (b *breaker) leave(now time.Time, trial bool, o outcome) (begun time.Duration, ended bool) {
	if o == answered && !trial && b.well.Load() {
		return 0, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	resting := !b.until.IsZero()
	if trial {
		b.trial = false
	}
	switch {
	case o == unknown:
	case o == answered: // also to a copy that was sent before: that side is back
		b.failures, b.rest, b.until = 0, 0, time.Time{}
		b.well.Store(true)
		return 0, resting
	case trial && resting:
		b.rest = min(2*b.rest, longestRest)
		b.until = now.Add(jitter(b.rest))
	case !resting:
		b.well.Store(false)
		if b.failures++; b.failures >= failuresToRest {
			b.rest = firstRest
			b.until = now.Add(jitter(b.rest))
			return b.rest, false
		}
	}
	return 0, false
}

// jitter takes up to a quarter off, so that the trials of many routes and proxies that rest for
// the same reason don't come at the same moment.
func jitter(d time.Duration) time.Duration { return d - rand.N(d/4) }
