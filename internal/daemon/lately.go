package daemon

import (
	"sync/atomic"
	"time"
)

// lately counts a side's requests, and how many of them failed, over the last ten minutes or up to twelve seconds
// more, and how many it answered in each of the last seconds, in a ring of slots: a request touches one of them,
// which is as large as a line of a processor's cache. Its zero value is ready for use. A slot that two goroutines
// turn over at once may lose a few counts: it is for looking at, not for accounting.
type lately struct {
	slots [latelySlots + 2]latelySlot
}

type latelySlot struct {
	turn               atomic.Int64
	requests, failures atomic.Uint32
	answered           [latelySeconds]atomic.Uint32 // in each second
}

const (
	latelySeconds = 12 // a slot's
	latelySlots   = 50 // full ones; beside them the one that is being filled counts
)

// of returns the slot that a turn has, or will have.
func (l *lately) of(turn int64) *latelySlot { return &l.slots[turn%int64(len(l.slots))] }

// add counts a request that the side answered, though maybe with a failure.
func (l *lately) add(now time.Time, failed bool) {
	second := now.Unix()
	slot := l.count(second, failed)
	slot.answered[second%latelySeconds].Add(1)
}

// lost counts a request that the side failed, and the other one answered.
func (l *lately) lost(now time.Time) { l.count(now.Unix(), true) }

func (l *lately) count(second int64, failed bool) *latelySlot {
	turn := second / latelySeconds
	slot := l.of(turn)
	if seen := slot.turn.Load(); seen != turn && slot.turn.CompareAndSwap(seen, turn) {
		slot.requests.Store(0)
		slot.failures.Store(0)
		for i := range slot.answered {
			slot.answered[i].Store(0)
		}
	}
	slot.requests.Add(1)
	if failed {
		slot.failures.Add(1)
	}
	return slot
}

func (l *lately) sums(now time.Time) (requests, failures int64) {
	turn := now.Unix() / latelySeconds
	for i := range l.slots {
		slot := &l.slots[i]
		if age := turn - slot.turn.Load(); age >= 0 && age <= latelySlots {
			requests += int64(slot.requests.Load())
			failures += int64(slot.failures.Load())
		}
	}
	return requests, min(failures, requests)
}

// perSecond returns how many requests the side answered in each of the last 60 full seconds, or of those since
// started where that is less, on average.
func (l *lately) perSecond(now, started time.Time) float64 {
	window := min(60, max(1, int64(now.Sub(started)/time.Second)))
	var sum int64
	for second := max(0, now.Unix()-window); second < now.Unix(); second++ {
		turn := second / latelySeconds
		if slot := l.of(turn); slot.turn.Load() == turn {
			sum += int64(slot.answered[second%latelySeconds].Load())
		}
	}
	return float64(sum) / float64(window)
}
