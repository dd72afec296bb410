package rollout_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

func TestEvidenceAdvance(t *testing.T) {
	counters := func(n int64) rollout.Evidence {
		return rollout.Evidence{Compared: 100, Sampled: n, Skipped: 2 * n, Pairs: rollout.Pairs{Both: 3 * n, Legacy: 4 * n, Service: 5 * n, Neither: 6 * n},
			Clients: rollout.Sides{Legacy: rollout.Tally{Requests: 7 * n, Failures: 8 * n}, Service: rollout.Tally{Requests: 9 * n, Failures: 10 * n}},
			Spared:  rollout.Spared{Pairs: 11 * n, Clients: 12 * n}}
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

func TestAtomicHistogramNews(t *testing.T) {
	var running rollout.AtomicHistogram
	var before rollout.Histogram
	news := func() (told map[time.Duration]int64) {
		told = map[time.Duration]int64{}
		running.News(&before, func(about time.Duration, n int64) { told[about] += n })
		return told
	}
	if len(news()) > 0 {
		t.Fatal("there is something in nothing")
	}
	for i, round := range [][]time.Duration{
		{time.Millisecond, time.Second, time.Second},
		{time.Second},
		{},
		{0, 5 * time.Microsecond, 3 * time.Hour},
	} {
		for _, d := range round {
			running.Add(d)
		}
		told := news()
		var n int64
		for about, some := range told {
			n += some
			near := func(d time.Duration) bool {
				return d < 10*time.Microsecond && about < 10*time.Microsecond || d > time.Hour && about > time.Hour ||
					float64((about-d).Abs()) <= 0.01*float64(d)
			}
			if !slices.ContainsFunc(round, near) {
				t.Errorf("round %d: told of %s, %d times", i, about, some)
			}
		}
		if n != int64(len(round)) {
			t.Errorf("round %d: told of %d, want %d", i, n, len(round))
		}
	}
	if !before.Equal(running.Snapshot()) {
		t.Error("what it was told of isn't all there is")
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
