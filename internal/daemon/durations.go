package daemon

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// durations count how long answers took, as Prometheus' histograms do, in the least memory that a request
// has to touch: with hundreds of routes each of them finds its counts cold. The zero value is ready for use.
type durations struct {
	sum    atomic.Int64 // microseconds: nanoseconds of 10,000 connections that stay open overflow within days
	counts [len(durationBounds) + 1]atomic.Int64
}

// durationBounds are the largest durations of each of the counts but the last, which has no bound.
var durationBounds = [...]time.Duration{
	500 * time.Microsecond, time.Millisecond, 2 * time.Millisecond, 3 * time.Millisecond, 5 * time.Millisecond,
	7500 * time.Microsecond, 10 * time.Millisecond, 15 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond,
	5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
}

// add counts one.
func (h *durations) add(d time.Duration) {
	i := 0
	for i < len(durationBounds) && d > durationBounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(d.Round(time.Microsecond).Microseconds())
}

// cumulative returns how many didn't exceed each of the bounds, and how many there are.
func (h *durations) cumulative() (upTo [len(durationBounds)]uint64, all uint64) {
	for i := range h.counts {
		all += uint64(h.counts[i].Load())
		if i < len(upTo) {
			upTo[i] = all
		}
	}
	return upTo, all
}

// metric returns it all as Prometheus has it, in seconds.
func (h *durations) metric(desc *prometheus.Desc, labels ...string) prometheus.Metric {
	upTo, all := h.cumulative()
	buckets := make(map[float64]uint64, len(upTo))
	for i, n := range upTo {
		buckets[durationBounds[i].Seconds()] = n
	}
	return prometheus.MustNewConstHistogram(desc, all, float64(h.sum.Load())/1e6, buckets, labels...)
}

// quantiles returns a median and a 99th percentile in milliseconds; 0 where there is nothing.
func (h *durations) quantiles() (p50, p99 float64) {
	upTo, all := h.cumulative()
	if all == 0 {
		return 0, 0
	}
	return quantile(upTo[:], all, 0.50), quantile(upTo[:], all, 0.99)
}

// quantile is one of those, by linear interpolation within the bucket as Prometheus' histogram_quantile does.
func quantile(upTo []uint64, all uint64, q float64) float64 {
	rank := q * float64(all)
	lower, below := 0.0, 0.0
	for i, n := range upTo {
		count, upper := float64(n), float64(durationBounds[i])/float64(time.Millisecond)
		if count >= rank {
			return lower + (upper-lower)*(rank-below)/max(1, count-below)
		}
		lower, below = upper, count
	}
	return lower
}
