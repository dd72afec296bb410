package daemon

import (
	"testing"
	"time"
)

// TestLately has a service fail for a while: that is known for ten minutes, and forgotten, however much or
// little is asked before and after.
func TestLately(t *testing.T) {
	var l lately
	at := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	for range 100_000 { // long ago
		l.add(at, false)
	}
	at = at.Add(time.Hour)
	begun := at
	for range 50 {
		l.add(at, true)
		l.add(at, false)
		at = at.Add(time.Second)
	}
	check := func(when time.Duration, requests, failures int64) {
		t.Helper()
		if r, f := l.sums(begun.Add(when)); r != requests || f != failures {
			t.Errorf("after %s: %d of %d failed, want %d of %d", when, f, r, failures, requests)
		}
	}
	check(50*time.Second, 100, 50)
	check(9*time.Minute, 100, 50)
	check(12*time.Minute, 0, 0)
	l.add(begun.Add(12*time.Minute), false)
	check(12*time.Minute, 1, 0)
	check(36*time.Hour, 0, 0)
}
