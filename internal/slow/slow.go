// Package slow has something done about what takes longer than a moment, at next to no cost to
// what doesn't: not a timer for each, but one for all of them.
package slow

import (
	"sync"
	"time"
)

// After is how long something may take before it counts as slow; up to as long again passes until
// that is seen.
const After = 5 * time.Millisecond

// atOnce bounds how many entries are done with while others wait for the list.
const atOnce = 64

// List has the entries of what is under way. The zero value is ready for use. It is safe for
// concurrent use, and must not be copied.
type List struct {
	mu          sync.Mutex
	first, last *Entry
	tick        uint64
	timer       *time.Timer
	ticking     bool
}

// Entry is one thing that may turn out to be slow. It must not be copied.
type Entry struct {
	// Do is called where it was, at most once for each Add, on a goroutine of the list's and with the list
	// locked: it must neither wait nor call the list.
	Do func()

	prev, next *Entry
	added      uint64 // the list's tick
	listed     bool
}

// Add begins to wait. The entry is in no list.
func (l *List) Add(e *Entry) {
	l.mu.Lock()
	e.added, e.listed = l.tick, true
	e.prev, e.next = l.last, nil
	if l.last == nil {
		l.first = e
	} else {
		l.last.next = e
	}
	l.last = e
	if !l.ticking {
		l.begin()
	}
	l.mu.Unlock()
}

func (l *List) begin() {
	l.ticking = true
	if l.timer == nil {
		l.timer = time.AfterFunc(After, l.look)
	} else {
		l.timer.Reset(After)
	}
}

// Remove ends the waiting: when it returns Do isn't running and won't be called. It does nothing
// to an entry that is in no list.
func (l *List) Remove(e *Entry) {
	l.mu.Lock()
	l.remove(e)
	l.mu.Unlock()
}

func (l *List) remove(e *Entry) {
	if !e.listed {
		return
	}
	e.listed = false
	if e.prev == nil {
		l.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		l.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next = nil, nil
}

// look is the clock's tick. What was there at the one before is slow.
func (l *List) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for done := 1; l.first != nil && l.first.added < l.tick; done++ {
		e := l.first
		l.remove(e)
		e.Do()
		if done%atOnce == 0 {
			l.mu.Unlock()
			l.mu.Lock()
		}
	}
	l.tick++
	if l.ticking = l.first != nil; l.ticking {
		l.timer.Reset(After)
	}
}
