package shadow_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// takes is code that takes its time, and heeds its context if told to.
func takes(d time.Duration, heeds bool, o order) orderFunc {
	return func(ctx context.Context) (order, error) {
		if !heeds {
			time.Sleep(d)
			return o, nil
		}
		select {
		case <-time.After(d):
			return o, nil
		case <-ctx.Done():
			return order{}, ctx.Err()
		}
	}
}

func TestExperimentCallerNeverWaits(t *testing.T) {
	for _, test := range []struct {
		name       string
		sequential bool
		try        orderFunc
	}{
		{"slow", false, takes(10*time.Second, true, order{})},
		{"hanging", false, takes(time.Hour, false, order{})},
		{"slow, afterwards", true, takes(10*time.Second, true, order{})},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, err := shadow.NewExperiment("order-total", shadow.ExperimentConfig[order]{Sequential: test.sequential, Logger: quiet})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				for range 20 { // more than there are places for
					e.Run(t.Context(), takes(time.Millisecond, false, order{}), test.try)
				}
				if took := time.Since(began); took != 20*time.Millisecond {
					t.Errorf("20 calls of 1 ms took %s", took)
				}
				c := e.Counts()
				if c.Sampled != 20 || c.Reasons[shadow.SkipQueueFull] != 4 || c.Pending != 16 {
					t.Errorf("%+v", c)
				}
				time.Sleep(2 * time.Hour)
				if c := e.Counts(); c.Pending != 0 {
					t.Errorf("two hours later: %+v", c)
				}
				finish(t, e)
			})
		})
	}
}

func TestExperimentTimeouts(t *testing.T) {
	for _, test := range []struct {
		name, why string
		use, try  orderFunc
		verdict   shadow.Verdict
		reason    string
		after     time.Duration // of the call when it is settled
	}{
		{"service heeds", "its error is the time-out's", takes(0, false, order{}), takes(time.Hour, true, order{}), shadow.Failed, shadow.FailTimeout, 5 * time.Second},
		{"service doesn't heed", "settled all the same", takes(0, false, order{}), takes(time.Hour, false, order{}), shadow.Failed, shadow.FailTimeout, 5 * time.Second},
		{"legacy slow", "the service's outcome waits", takes(4*time.Second, false, order{}), takes(0, false, order{}), shadow.Match, "", 4 * time.Second},
		{"legacy hangs", "not for ever", takes(time.Hour, false, order{}), takes(time.Second, false, order{}), shadow.Skipped, shadow.SkipCutShort, 6 * time.Second},
		{"service slower than legacy", "the caller has gone on by then", takes(time.Second, false, order{}), takes(3*time.Second, false, order{}), shadow.Match, "", 3 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, settled := time.Now(), time.Duration(0)
				var got shadow.Result[order]
				e, err := shadow.NewExperiment("order-total", shadow.ExperimentConfig[order]{Timeout: 5 * time.Second, Logger: quiet,
					OnResult: func(r shadow.Result[order]) { got, settled = r, time.Since(began) }})
				if err != nil {
					t.Fatal(err)
				}
				e.Run(t.Context(), test.use, test.try)
				time.Sleep(2 * time.Hour)
				finish(t, e)
				if got.Verdict != test.verdict || got.Reason != test.reason || settled != test.after {
					t.Errorf("%s: %s %q after %s, want %s %q after %s", test.why, got.Verdict, got.Reason, settled, test.verdict, test.reason, test.after)
				}
			})
		})
	}
}

// The end of the caller's context is not the service's code's, and what legacy's code says about it
// is not comparable.
func TestExperimentOutlivesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		e, err := shadow.NewExperiment("order-total", shadow.ExperimentConfig[order]{Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "anna"), time.Second)
		defer cancel()
		var seen any
		var end error
		_, got := e.Run(ctx, takes(time.Minute, true, order{}), func(ctx context.Context) (order, error) {
			seen = ctx.Value(key{})
			time.Sleep(10 * time.Second)
			end = ctx.Err()
			return order{}, nil
		})
		finish(t, e)
		if seen != "anna" || end != nil || !errors.Is(got, context.DeadlineExceeded) {
			t.Errorf("the service's code saw %v and %v, the caller %v", seen, end, got)
		}
		if c := e.Counts(); c.Reasons[shadow.SkipCutShort] != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestExperimentGoexit(t *testing.T) {
	e := experiment(t, shadow.ExperimentConfig[order]{})
	leave := func(context.Context) (order, error) { runtime.Goexit(); return order{}, nil }
	e.Run(t.Context(), gives(order{}), leave)
	var caller sync.WaitGroup
	caller.Go(func() { e.Run(t.Context(), leave, gives(order{})) })
	caller.Wait()
	finish(t, e)
	if c := e.Counts(); c.Diverged != 1 || c.Reasons[shadow.SkipCutShort] != 1 {
		t.Errorf("%+v", c)
	}
}

func TestExperimentClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := func() *shadow.Experiment[order] {
			e, err := shadow.NewExperiment("order-total", shadow.ExperimentConfig[order]{Timeout: time.Hour, Logger: quiet})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		within := func(e *shadow.Experiment[order], d time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			return e.Close(ctx)
		}

		waits := open()
		waits.Run(t.Context(), gives(order{}), takes(3*time.Second, true, order{}))
		if err := within(waits, 10*time.Second); err != nil || waits.Counts().Match != 1 {
			t.Errorf("Close waits: %v %+v", err, waits.Counts())
		}
		if o, err := waits.Run(t.Context(), gives(order{ID: 7}), gives(order{})); o.ID != 7 || err != nil || waits.Counts().Reasons[shadow.SkipShuttingDown] != 1 {
			t.Errorf("after Close: %v %v %+v", o, err, waits.Counts())
		}

		leaves := open()
		leaves.Run(t.Context(), gives(order{}), takes(time.Minute, true, order{}))
		if err := within(leaves, time.Second); err == nil || !strings.Contains(err.Error(), "1 calls that were under way are given up") {
			t.Errorf("Close gives up: %v", err)
		}
		if c := leaves.Counts(); c.Reasons[shadow.SkipShuttingDown] != 1 || c.Pending != 0 {
			t.Errorf("given up: %+v", c)
		}

		abandons := open()
		abandons.Run(t.Context(), gives(order{}), takes(time.Minute, false, order{}))
		began := time.Now()
		if err := within(abandons, time.Second); err == nil || !strings.Contains(err.Error(), "code of 1 ignores that its context ended") || time.Since(began) != 2*time.Second {
			t.Errorf("Close abandons: %v after %s", err, time.Since(began))
		}
		if c := abandons.Counts(); c.Pending != 0 {
			t.Errorf("abandoned: %+v", c)
		}
		time.Sleep(time.Hour) // the code ends, as the bubble's goroutines must
		if err := within(abandons, time.Second); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}

// A place is given back when its call is over, and hooks never run on the caller's goroutine.
func TestExperimentPlacesComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, sequential := range []bool{false, true} {
			told := 0
			e, err := shadow.NewExperiment("order-total", shadow.ExperimentConfig[order]{Sequential: sequential, Concurrency: 1, Logger: quiet,
				OnResult: func(shadow.Result[order]) { told++; time.Sleep(time.Second) }})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			for range 3 {
				e.Run(t.Context(), gives(order{}), takes(time.Second, true, order{}))
				e.Run(t.Context(), gives(order{}), takes(time.Second, true, order{})) // there is no room
				if took := time.Since(began); took%(10*time.Second) != 0 {
					t.Errorf("the callers waited: it is %s later", took)
				}
				time.Sleep(10 * time.Second)
			}
			finish(t, e)
			if c := e.Counts(); c.Match != 3 || c.Reasons[shadow.SkipQueueFull] != 3 || told != 3 {
				t.Errorf("sequential %v: %d told, %+v", sequential, told, c)
			}
		}
	})
}
