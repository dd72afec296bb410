package shadow

import (
	"testing"
	"time"
)

func TestBreaker(t *testing.T) {
	now := noon
	var b breaker
	send := func(o outcome) bool {
		trial, ok := b.enter(now)
		if ok {
			b.leave(now, trial, o)
		}
		return ok
	}
	for range failuresToRest - 1 {
		send(silent)
	}
	send(answered)
	for range failuresToRest - 1 {
		send(silent)
	}
	if b.rests(now) {
		t.Fatalf("copies rest before %d failures in a row", failuresToRest)
	}
	send(unknown)
	send(silent)
	if !b.rests(now) || send(answered) {
		t.Fatalf("copies don't rest after %d failures in a row", failuresToRest)
	}

	for rest := firstRest; ; rest = min(2*rest, longestRest) {
		now = now.Add(rest*3/4 - time.Millisecond)
		if !b.rests(now) {
			t.Fatalf("a rest of %v ends after three quarters", rest)
		}
		now = now.Add(rest/4 + time.Millisecond)
		if b.rests(now) {
			t.Fatalf("a rest of %v has not ended by then", rest)
		}
		trial, ok := b.enter(now)
		if !trial || !ok {
			t.Fatalf("after a rest of %v no trial is sent", rest)
		}
		if !b.rests(now.Add(time.Hour)) || send(answered) {
			t.Fatal("while a trial is under way another copy is sent")
		}
		if rest == longestRest {
			begun, ended := b.leave(now, trial, answered)
			if begun != 0 || !ended || b.rests(now) {
				t.Fatalf("after an answer to a trial copies still rest (%v, %v)", begun, ended)
			}
			break
		}
		b.leave(now, trial, silent)
	}

	for range failuresToRest {
		send(silent)
	}
	if b.rest != firstRest {
		t.Errorf("the first rest after an answer is %v, want %v", b.rest, firstRest)
	}
}

func TestBreakerTriesAgainAfterATrialThatTellsNothing(t *testing.T) {
	var b breaker
	for range failuresToRest {
		b.leave(noon, false, silent)
	}
	later := noon.Add(firstRest)
	trial, _ := b.enter(later)
	b.leave(later, trial, unknown)
	if trial, ok := b.enter(later); !trial || !ok {
		t.Error("a trial that told nothing is the last one")
	}
}

func TestBreakerTakesLateAnswers(t *testing.T) {
	var b breaker
	for range failuresToRest {
		b.leave(noon, false, silent)
	}
	b.leave(noon, false, silent)
	if b.rest != firstRest {
		t.Errorf("a failure of a copy that was under way before made the rest %v", b.rest)
	}
	if _, ended := b.leave(noon, false, answered); !ended || b.rests(noon) {
		t.Error("a late answer doesn't end the resting")
	}
}

func TestOccasion(t *testing.T) {
	var o occasion
	said, unsaid := 0, 0
	for i := range 121 { // seconds
		before, say := o.due(noon.Add(time.Duration(i) * time.Second))
		if unsaid += before; say {
			said++
		}
	}
	if said != 3 || unsaid != 118 {
		t.Errorf("in 121 seconds it was said %d times, and %d times not: want 3 and 118", said, unsaid)
	}
}

func TestShare(t *testing.T) {
	for name, test := range map[string]struct {
		all    int
		others []int // what other routes hold
		want   int
	}{
		"alone":                 {16, nil, 8},
		"alone, odd":            {5, nil, 2},
		"alone with one":        {1, nil, 1},
		"alone with two":        {2, nil, 1},
		"alone with three":      {3, nil, 1},
		"beside one with half":  {16, []int{8}, 4},
		"beside two with fours": {16, []int{4, 4}, 4},
		"one is left":           {16, []int{8, 4, 2, 1}, 1},
		"none is left":          {3, []int{1, 1, 1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			used := 0
			for _, n := range test.others {
				used += n
			}
			holds := 0
			for share(holds, used, test.all) {
				holds++
				used++
			}
			if holds != test.want {
				t.Errorf("of %d, where others hold %v, a route gets %d, want %d", test.all, test.others, holds, test.want)
			}
		})
	}
}

func TestBreakerForgetsATrialThatAnotherAnswerOvertook(t *testing.T) {
	for _, o := range []outcome{answered, silent, unknown} {
		var b breaker
		fail := func() {
			for range failuresToRest {
				b.leave(noon, false, silent)
			}
		}
		fail()
		later := noon.Add(firstRest)
		trial, _ := b.enter(later)
		b.leave(later, false, answered) // to a copy that was sent before
		b.leave(later, trial, o)
		fail()
		if trial, ok := b.enter(later.Add(longestRest)); !trial || !ok {
			t.Errorf("after a trial that came to %d and new failures no trial is sent", o)
		}
	}
}
