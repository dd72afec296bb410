package upstream

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// queueing answers in 100 ms each, as many at once as it has workers; more queue within it, as in
// most services.
func queueing(workers *atomic.Int64) answers {
	var mu sync.Mutex
	var busy []time.Time // until when each worker is
	return func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		n := int(workers.Load())
		for len(busy) < n {
			busy = append(busy, time.Time{})
		}
		first := 0
		for i := range n {
			if busy[i].Before(busy[first]) {
				first = i
			}
		}
		done := busy[first]
		if now := time.Now(); done.Before(now) {
			done = now
		}
		done = done.Add(100 * time.Millisecond)
		busy[first] = done
		mu.Unlock()
		time.Sleep(time.Until(done))
		return status(r, 200), nil
	}
}

// TestAdaptiveFindsCapacity has a service with room for 40, offered far more: the limit goes to
// where it is fully used and hardly queues, follows when it shrinks, and never leaves its bounds.
func TestAdaptiveFindsCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var workers atomic.Int64
		workers.Store(40)
		g := NewBulkhead(Bulkhead{InFlight: 500, Adaptive: true, Wait: time.Second, Queue: 1000}, queueing(&workers))
		if got := g.State().Limit; got != gradientFirst {
			t.Errorf("begins with %d, want %d", got, gradientFirst)
		}
		stop := make(chan struct{})
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if resp, err := g.RoundTrip(get(t.Context())); err == nil {
						resp.Body.Close()
					}
				}
			})
		}
		time.Sleep(20 * time.Second)
		if got := g.State().Limit; got < 40 || got > 120 {
			t.Errorf("limit %d for a service of 40", got)
		}
		workers.Store(10)
		time.Sleep(20 * time.Second)
		if got := g.State().Limit; got < 10 || got > 60 {
			t.Errorf("limit %d for a service that shrank from 40 to 10", got)
		}
		close(stop)
		all.Wait()
	})
}

func TestAdaptiveStaysWithinBounds(t *testing.T) {
	for name, c := range map[string]struct {
		most int
		took func(i int) time.Duration
		drop bool
		want int
	}{
		"an endless upstream":            {50, func(int) time.Duration { return time.Millisecond }, false, 50},
		"one that times out always":      {50, func(int) time.Duration { return time.Second }, true, int(gradientLeast)},
		"a bound below the least":        {2, func(int) time.Duration { return time.Second }, true, 2},
		"an upstream that takes no time": {50, func(int) time.Duration { return 0 }, false, 50},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGradient(c.most)
			now := time.Unix(0, 0)
			for i := range 5000 {
				now = now.Add(20 * time.Millisecond)
				g.sample(now, c.took(i), g.limit(), c.drop)
				if l := g.limit(); l < 1 || l > c.most {
					t.Fatalf("limit %d", l)
				}
			}
			if got := g.limit(); got != c.want {
				t.Errorf("limit %d, want %d", got, c.want)
			}
		})
	}
}

// TestAdaptiveIdleLearnsNothing has few calls: that they are fast doesn't prove that more were.
func TestAdaptiveIdleLearnsNothing(t *testing.T) {
	g := newGradient(500)
	now := time.Unix(0, 0)
	for range 5000 {
		now = now.Add(20 * time.Millisecond)
		g.sample(now, time.Millisecond, 1, false)
	}
	if got := g.limit(); got != gradientFirst {
		t.Errorf("limit %d, want it where it was", got)
	}
}

// TestAdaptiveOff is what Bulkhead has without Adaptive.
func TestAdaptiveOff(t *testing.T) {
	g := NewBulkhead(Bulkhead{InFlight: 7}, answers(func(*http.Request) (*http.Response, error) { return nil, &Error{Kind: KindTimeout} }))
	for range 100 {
		_, _ = g.RoundTrip(get(t.Context()))
	}
	if got := g.State().Limit; got != 7 {
		t.Errorf("limit %d", got)
	}
}
