package compare_test

import (
	"slices"
	"testing"
	"time"
)

// TestSpeed holds that comparing 10 KB answers is at least five times as fast as decoding them
// and asking go-cmp. Each round measures both, one right after the other, so that a busy machine
// slows both down; the median of the rounds' ratios counts.
func TestSpeed(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("measures time")
	}
	const atLeast, rounds, each = 5, 21, 5
	legacy, service := document10K("12.50"), document10K("12.51")
	c, x, y := comparer(t, rules{}), jsonAnswer(legacy), jsonAnswer(service)
	timed := func(f func() (bool, error)) time.Duration {
		start := time.Now()
		for range each {
			if found, err := f(); err != nil || !found {
				t.Fatalf("no difference found; error %v", err)
			}
		}
		return time.Since(start)
	}
	ours := func() (bool, error) { d, err := c.Compare(x, y); return len(d) == 1, err }
	for _, way := range ways {
		if way.name != "encoding-json+cmp.Equal" && way.name != "encoding-json+cmp.Diff" {
			continue
		}
		theirs := func() (bool, error) { return way.find([]byte(legacy), []byte(service)) }
		timed(ours) // warm
		timed(theirs)
		ratios := make([]float64, rounds)
		for i := range ratios {
			ratios[i] = float64(timed(theirs)) / float64(timed(ours))
		}
		slices.Sort(ratios)
		median := ratios[rounds/2]
		t.Logf("%s takes %.1f times as long (%.1f to %.1f)", way.name, median, ratios[0], ratios[rounds-1])
		if median < atLeast {
			t.Errorf("%s takes %.1f times as long; it is to be %d at least", way.name, median, atLeast)
		}
	}
}
