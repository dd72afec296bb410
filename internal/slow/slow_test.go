package slow_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangler-fig/toolkit/internal/slow"
)

// TestList has what is removed in time left alone, and what isn't done once, no sooner than After
// and no later than twice that.
func TestList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l slow.List
		start := time.Now()
		var at []time.Duration
		newEntry := func() *slow.Entry {
			return &slow.Entry{Do: func() { at = append(at, time.Since(start)) }}
		}
		first, middle, last := newEntry(), newEntry(), newEntry()
		for _, e := range []*slow.Entry{first, middle, last} {
			l.Add(e)
		}
		l.Remove(middle)
		l.Remove(middle) // again
		time.Sleep(2 * time.Millisecond)
		l.Add(middle)
		l.Remove(first)
		l.Remove(last)
		l.Add(last)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(at) != 2 || at[0] < 2*time.Millisecond+slow.After || at[1] > 2*time.Millisecond+2*slow.After {
			t.Errorf("done at %v, want both of two between %v and %v later than 2ms", at, slow.After, 2*slow.After)
		}

		at, start = nil, time.Now() // the clock has stopped meanwhile
		l.Add(first)
		time.Sleep(time.Second)
		synctest.Wait()
		l.Remove(first)
		if len(at) != 1 || at[0] < slow.After || at[0] > 2*slow.After {
			t.Errorf("done at %v, want once between %v and %v", at, slow.After, 2*slow.After)
		}
	})
}

// TestListMany has many added, and each done or removed, from many goroutines.
func TestListMany(t *testing.T) {
	var l slow.List
	var done atomic.Int64
	var wait sync.WaitGroup
	const users, rounds = 50, 40
	var quick atomic.Int64
	for user := range users {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(user)))
			did := 0 // the list's, until Remove
			e := &slow.Entry{Do: func() { did++; done.Add(1) }}
			for range rounds {
				before := did
				l.Add(e)
				pause := []time.Duration{0, slow.After / 2, 3 * slow.After}[random.IntN(3)]
				time.Sleep(pause)
				l.Remove(e)
				if did == before {
					quick.Add(1)
				}
				if did > before+1 {
					t.Errorf("done %d times in one round", did-before)
				}
			}
		})
	}
	wait.Wait()
	if done.Load()+quick.Load() != users*rounds || done.Load() == 0 || quick.Load() == 0 {
		t.Errorf("%d done and %d removed of %d", done.Load(), quick.Load(), users*rounds)
	}
}

func BenchmarkList(b *testing.B) {
	var l slow.List
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		e := &slow.Entry{Do: func() {}}
		for pb.Next() {
			l.Add(e)
			l.Remove(e)
		}
	})
}
