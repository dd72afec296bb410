package rollout

import (
	"sync/atomic"
	"time"
)

// AtomicHistogram is a Histogram that many may add to at once: what a request of a client's pays
// is one atomic addition. The zero value is empty and takes no room; the first duration allocates
// 8 KiB. It must not be copied.
type AtomicHistogram struct {
	counts atomic.Pointer[counters]
}

// counters have the half that requests touch by itself, so that half as much of it is in processors' caches.
type counters struct {
	low  [buckets]atomic.Uint32
	high [buckets]atomic.Uint32 // how often the other half has passed 0 or the middle of what it holds
}

func (c *counters) add(bucket int) {
	if c.low[bucket].Add(1)<<1 == 0 {
		c.high[bucket].Add(1)
	}
}

// count returns a bucket's count, exact also between add's two steps: low's upper bit says whether high is odd.
func (c *counters) count(bucket int) int64 {
	high := c.high[bucket].Load()
	low := c.low[bucket].Load()
	if high&1 != low>>31 {
		high++
	}
	return int64(high)<<31 | int64(low&(1<<31-1))
}

// Add counts one duration.
func (h *AtomicHistogram) Add(d time.Duration) {
	counts := h.counts.Load()
	if counts == nil {
		h.counts.CompareAndSwap(nil, new(counters))
		counts = h.counts.Load()
	}
	counts.add(bucket(d))
}

// Snapshot returns what was counted so far. Durations that are added meanwhile are in it or in the
// next one.
func (h *AtomicHistogram) Snapshot() Histogram {
	counts := h.counts.Load()
	if counts == nil {
		return Histogram{}
	}
	snapshot := Histogram{counts: make([]int64, buckets)}
	for i := range buckets {
		n := counts.count(i)
		snapshot.counts[i] = n
		snapshot.total += n
	}
	return snapshot
}

// News tells of each bucket that counted something since the last look, which is what before holds, how
// much, and brings that up to date. A duration is told as one in the middle of its bucket, which is
// within 1 % of it; as an end of the bucket where that has no other one.
func (h *AtomicHistogram) News(before *Histogram, tell func(about time.Duration, n int64)) {
	counts := h.counts.Load()
	if counts == nil {
		return
	}
	if before.counts == nil {
		before.counts = make([]int64, buckets)
	}
	for i := range buckets {
		n := counts.count(i) - before.counts[i]
		if n == 0 {
			continue
		}
		before.counts[i] += n
		before.total += n
		switch low, high := span(i); {
		case low == 0:
			tell(high, n)
		case high == longest:
			tell(low, n)
		default:
			tell(low+(high-low)/2, n)
		}
	}
}

// Advance adds to a histogram what was counted since the last look, which is what before holds, and
// brings that up to date.
func (h *AtomicHistogram) Advance(before, to *Histogram) {
	counts := h.counts.Load()
	if counts == nil {
		return
	}
	for _, one := range []*Histogram{before, to} {
		if one.counts == nil {
			one.counts = make([]int64, buckets)
		}
	}
	for i := range buckets {
		n := counts.count(i) - before.counts[i]
		before.counts[i] += n
		to.counts[i] += n
		before.total += n
		to.total += n
	}
}
