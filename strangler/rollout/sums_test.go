package rollout_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

func TestEvidenceAdvance(t *testing.T) {
	counters := func(n int64) rollout.Evidence {
		return rollout.Evidence{Compared: 100, Sampled: n, Skipped: 2 * n, Pairs: rollout.Pairs{Both: 3 * n, Legacy: 4 * n, Service: 5 * n, Neither: 6 * n},
			Clients: rollout.Sides{Legacy: rollout.Tally{Requests: 7 * n, Failures: 8 * n}, Service: rollout.Tally{Requests: 9 * n, Failures: 10 * n}}}
	}
	e := counters(10)
	e.Advance(counters(7), counters(5))
	if diff := cmp.Diff(counters(12), e); diff != "" {
		t.Errorf("two more of each (-want +got):\n%s", diff)
	}
	e.Advance(counters(3), counters(7))
	if diff := cmp.Diff(counters(12), e); diff != "" {
		t.Errorf("counters that are less than they were (-want +got):\n%s", diff)
	}
}

func TestAtomicHistogramAdvance(t *testing.T) {
	var running rollout.AtomicHistogram
	var before, sum rollout.Histogram
	running.Advance(&before, &sum)
	if sum.Count() != 0 {
		t.Fatal("there is something in nothing")
	}
	add := func(all ...time.Duration) {
		for _, d := range all {
			running.Add(d)
		}
	}
	add(time.Millisecond, time.Second)
	running.Advance(&before, &sum)
	add(time.Second, time.Minute)
	running.Advance(&before, &sum)
	running.Advance(&before, &sum)
	if !sum.Equal(running.Snapshot()) || sum.Count() != 4 {
		t.Errorf("in three looks %d were seen of 4", sum.Count())
	}
	sum = rollout.Histogram{} // another step begins
	add(time.Hour)
	if got := testing.AllocsPerRun(10, func() { running.Advance(&before, &sum) }); got > 0.2 || sum.Count() != 1 {
		t.Errorf("%d were seen of 1 on the next step, with %v allocations a look", sum.Count(), got)
	}
}
