package shadow

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// budget decides how often legacy may be asked again on one route. It is safe for concurrent use.
//
// Legacy's latency rises when the recent average of its answers to copies is over twice the
// usual one. Then it gets a rest, after which the recent average starts afresh from the usual
// one: if legacy is still slow, a few copies are enough to grant it the next rest.
type budget struct {
	seen atomic.Int64 // requests that clients made
	shut atomic.Int64 // until when nothing is allowed for certain, in ns since 1970

	mu      sync.Mutex
	extra   Extra
	limiter *rate.Limiter
	asked   int64           // calls of all purposes that were granted, or let pass
	by      [purposes]int64 // and of each

	controlled bool // there was a control

	recent, usual time.Duration // exponentially weighted averages
	samples       int
	restUntil     time.Time
}

// purpose is what legacy is asked again for.
type purpose uint8

const (
	forAll  purpose = iota // copies, where nothing else asks
	forCopy                // copies, where controls and rechecks ask as well
	forControl
	forRecheck
	purposes
)

// share returns how much of a route's share one purpose may have: half, so that none starves the
// others.
func (p purpose) share(of float64) float64 {
	if p == forAll {
		return of
	}
	return of / 2
}

const (
	recentWeight = 0.2  // of a new sample: the last handful counts
	usualWeight  = 0.01 // the last few hundred count
	fewSamples   = 20   // averages of fewer say nothing
	riseFactor   = 2
	riseFloor    = 2 * time.Millisecond // rises below it are a machine's own noise
	legacyRest   = 10 * time.Second
	savedUp      = 10 // copies of its share that a route may have to spare
)

// set takes over a point's bounds; what was counted stays.
func (b *budget) set(e Extra) {
	if e.Share <= 0 {
		e.Share = 0.10
	}
	if e.PerSecond <= 0 {
		e.PerSecond = 20
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.letPass(b.seen.Load())
	if b.limiter == nil || b.extra.PerSecond != e.PerSecond {
		b.limiter = rate.NewLimiter(rate.Limit(e.PerSecond), max(1, int(e.PerSecond/10)))
	}
	b.extra = e
	b.shut.Store(0)
}

// see counts a client's request.
func (b *budget) see() { b.seen.Add(1) }

// letPass counts as asked what wasn't asked for in time. It is not saved up: after a day of requests
// with sessions, which ask nothing, the next ones may ask no more than others.
func (b *budget) letPass(seen int64) {
	b.asked = max(b.asked, int64(b.extra.Share*float64(seen))-savedUp)
	for p := range b.by {
		b.by[p] = max(b.by[p], int64(purpose(p).share(b.extra.Share)*float64(seen))-savedUp)
	}
}

// mayAllow reports whether it is worth while to ask allow. It takes no lock.
func (b *budget) mayAllow(now time.Time) bool { return now.UnixNano() >= b.shut.Load() }

// allow reports whether one more call may go to legacy now, and counts it if so.
func (b *budget) allow(now time.Time, to purpose) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.letPass(b.seen.Load())
	seen := float64(b.seen.Load())
	over := float64(b.asked+1) > b.extra.Share*seen || float64(b.by[to]+1) > to.share(b.extra.Share)*seen
	if to == forControl && !b.controlled { // a route's first control waits for no share: see recognise.go
		over = false
	}
	if over || now.Before(b.restUntil) {
		return false
	}
	if !b.limiter.AllowN(now, 1) {
		missing := 1 - b.limiter.TokensAt(now)
		b.shut.Store(now.Add(time.Duration(missing / b.extra.PerSecond * float64(time.Second))).UnixNano())
		return false
	}
	b.controlled = b.controlled || to == forControl
	b.asked++
	b.by[to]++
	return true
}

// observe takes the latency of legacy's answer to a copy, or how long it took to give none.
func (b *budget) observe(now time.Time, took time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.samples++
	if b.samples == 1 {
		b.recent, b.usual = took, took
		return
	}
	b.recent += time.Duration(recentWeight * float64(took-b.recent))
	weight := max(usualWeight, 1/float64(b.samples)) // a plain average until there are many
	b.usual += time.Duration(weight * float64(took-b.usual))
	if b.samples >= fewSamples && b.recent > riseFactor*b.usual+riseFloor {
		b.restUntil = now.Add(legacyRest)
		b.recent = b.usual
	}
}
