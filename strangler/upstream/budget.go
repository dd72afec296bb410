package upstream

import (
	"sync"
	"time"
)

// budget bounds retries to a share of the requests of the last ten seconds, so that an upstream
// that fails is not kept down by those who ask again (Beyer et al., Site Reliability Engineering,
// chapter 22: a budget for all clients' retries, not only attempts for each). It is rounded up:
// the first retry can always be afforded.
type budget struct {
	share float64
	start time.Time

	mu      sync.Mutex
	seconds [budgetWindow]struct{ requests, retries int }
	last    int64 // the second that is counted at present, since start
	sum     struct{ requests, retries int }
}

const budgetWindow = 10 // seconds

// roll forgets the seconds that are past.
func (b *budget) roll() int64 {
	now := int64(time.Since(b.start) / time.Second)
	for n := min(now-b.last, budgetWindow); n > 0; n-- {
		old := &b.seconds[(now-n+1)%budgetWindow]
		b.sum.requests -= old.requests
		b.sum.retries -= old.retries
		old.requests, old.retries = 0, 0
	}
	b.last = now
	return now % budgetWindow
}

// request counts a request that came from outside.
func (b *budget) request() {
	b.mu.Lock()
	b.seconds[b.roll()].requests++
	b.sum.requests++
	b.mu.Unlock()
}

// retry reports whether another attempt can be afforded, and counts it if so.
func (b *budget) retry() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.roll()
	if float64(b.sum.retries) >= b.share*float64(b.sum.requests) {
		return false
	}
	b.seconds[i].retries++
	b.sum.retries++
	return true
}
