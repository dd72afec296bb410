package shadow

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// spend asks n times over a second and returns how often it may.
func spend(b *budget, from time.Time, n int) (granted int) {
	for i := range n {
		b.see()
		if b.allow(from.Add(time.Duration(i)*time.Second/time.Duration(n)), forAll) {
			granted++
		}
	}
	return granted
}

func TestBudgetShare(t *testing.T) {
	var b budget
	b.set(Extra{})
	if got := spend(&b, noon, 100); got != 10 {
		t.Errorf("of 100 requests %d were asked again, want 10", got)
	}
	b.set(Extra{Share: 0.5, PerSecond: 1000})
	if got := spend(&b, noon.Add(time.Minute), 100); got < 50 || got > 90 {
		t.Errorf("of the next 100 requests, at half of all 200, %d were asked again, want 90 at most", got)
	}
}

func TestBudgetSavesLittleUp(t *testing.T) {
	var b budget
	b.set(Extra{PerSecond: 1000})
	for range 100_000 {
		b.see() // without asking
	}
	if got := spend(&b, noon, 100); got < 10 || got > 20 {
		t.Errorf("after much that asked for nothing, 100 requests were asked again %d times, want 20 at most", got)
	}
}

func TestBudgetPerSecond(t *testing.T) {
	var b budget
	b.set(Extra{Share: 1})
	if got := spend(&b, noon, 1000); got < 20 || got > 22 {
		t.Errorf("in a second %d were asked again, want 20 and a burst of 2 at most", got)
	}
}

func TestBudgetWhileLatencyRises(t *testing.T) {
	var b budget
	b.set(Extra{Share: 1, PerSecond: 1e6})
	now := noon
	ask := func() bool { b.see(); return b.allow(now, forAll) }
	for range 200 {
		b.observe(now, 20*time.Millisecond)
	}
	if !ask() {
		t.Fatal("legacy is as it always was, and isn't asked")
	}
	b.observe(now, 60*time.Millisecond)
	if !ask() {
		t.Error("one slow answer is no rise")
	}
	for range 10 {
		b.observe(now, 80*time.Millisecond)
	}
	if ask() {
		t.Error("legacy got four times slower, and is asked")
	}
	now = now.Add(legacyRest - time.Millisecond)
	if ask() {
		t.Error("legacy is asked while it rests")
	}
	now = now.Add(time.Second)
	if !ask() {
		t.Error("legacy is never asked again")
	}
	for range 10 {
		b.observe(now, 80*time.Millisecond)
	}
	if ask() {
		t.Error("legacy is still slow after its rest, and is asked")
	}
}

func TestBudgetIgnoresNoiseOfFastAnswers(t *testing.T) {
	var b budget
	b.set(Extra{Share: 1, PerSecond: 1e6})
	for i := range 200 {
		b.observe(noon, 100*time.Microsecond*time.Duration(1+3*(i%40/20)))
	}
	b.see()
	if !b.allow(noon, forAll) {
		t.Error("from 0.1 to 0.4 ms is no rise")
	}
}
