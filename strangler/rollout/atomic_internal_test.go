package rollout

import (
	"math"
	"sync"
	"testing"
)

// TestCountersBeyondTheirHalves counts where the lower half passes its middle and its end, with a look between any
// two additions, and then from several goroutines.
func TestCountersBeyondTheirHalves(t *testing.T) {
	for _, from := range []int64{1<<31 - 3, 1<<32 - 3, 3<<31 - 3, math.MaxUint32<<31 - 3} {
		var c counters
		c.low[7].Store(uint32(from))
		c.high[7].Store(uint32(from >> 31))
		for i := range int64(6) {
			if got := c.count(7); got != from+i {
				t.Errorf("count %d, want %d", got, from+i)
			}
			c.add(7)
		}
		// As a look finds it between an addition's two steps.
		c.low[7].Store(uint32(from + 3))
		c.high[7].Store(uint32(from >> 31))
		if got := c.count(7); got != from+3 {
			t.Errorf("count %d amid an addition, want %d", got, from+3)
		}
	}
}

// TestCountersAtOnce looks while several goroutines add around the middle of the lower half: what is seen never falls,
// never exceeds what there is, and is exact in the end.
func TestCountersAtOnce(t *testing.T) {
	const from, each, adders = 1<<31 - 30_000, 20_000, 3
	var c counters
	c.low[7].Store(from)
	var adding sync.WaitGroup
	for range adders {
		adding.Go(func() {
			for range each {
				c.add(7)
			}
		})
	}
	done := make(chan struct{})
	go func() { adding.Wait(); close(done) }()
	last := int64(from)
	for looking := true; looking; {
		select {
		case <-done:
			looking = false
		default:
		}
		now := c.count(7)
		if now < last || now > from+each*adders {
			t.Fatalf("count %d after %d", now, last)
		}
		last = now
	}
	if last != from+each*adders {
		t.Errorf("count %d, want %d", last, int64(from+each*adders))
	}
}
