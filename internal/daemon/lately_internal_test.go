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

// TestLatelyPerSecond has a side answer some requests in every second, and fail one that the other side answers.
func TestLatelyPerSecond(t *testing.T) {
	var l lately
	started := time.Date(2026, 11, 29, 10, 0, 7, 0, time.UTC)
	at := started
	during := func(seconds, answered int) {
		for range seconds {
			for range answered {
				l.add(at, false)
			}
			l.lost(at)
			at = at.Add(time.Second)
		}
	}
	check := func(what string, want float64) {
		t.Helper()
		if got := l.perSecond(at, started); got != want {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	check("at once", 0)
	during(5, 4)
	check("after 5 seconds", 4)
	during(55, 4)
	check("after a minute", 4)
	during(30, 10)
	l.add(at, false) // this second's don't count before it is over
	check("half a minute of more", 7)
	during(3600, 2)
	check("after an hour", 2)
	at = at.Add(30 * time.Second)
	check("half a minute of none", 1)
	at = at.Add(31 * time.Second)
	check("a minute of none", 0)
	at = at.Add(time.Duration(len(l.slots))*latelySeconds*time.Second - 61*time.Second) // where the ring comes round
	check("a ring of none", 0)
}
