package daemon

import (
	"sync/atomic"
	"time"
)

// lately counts requests, and how many of them failed, over the last ten minutes or up to half a minute more,
// in a ring of slots. Its zero value is ready for use. A slot that two goroutines turn over at once may lose
// a few counts: it is for looking at, not for accounting.
type lately struct {
	slots [32]struct{ turn, requests, failures atomic.Int64 }
}

const (
	latelySlot  = 20 * time.Second
	latelySlots = 30 // full ones; beside them the one that is being filled counts
)

func (l *lately) add(now time.Time, failed bool) {
	turn := now.Unix() / int64(latelySlot/time.Second)
	slot := &l.slots[turn%int64(len(l.slots))]
	if seen := slot.turn.Load(); seen != turn && slot.turn.CompareAndSwap(seen, turn) {
		slot.requests.Store(0)
		slot.failures.Store(0)
	}
	slot.requests.Add(1)
	if failed {
		slot.failures.Add(1)
	}
}

func (l *lately) sums(now time.Time) (requests, failures int64) {
	turn := now.Unix() / int64(latelySlot/time.Second)
	for i := range l.slots {
		slot := &l.slots[i]
		if age := turn - slot.turn.Load(); age >= 0 && age <= latelySlots {
			requests += slot.requests.Load()
			failures += slot.failures.Load()
		}
	}
	return requests, min(failures, requests)
}
