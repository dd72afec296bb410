package upstream

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestBulkheadCountsToTheEnd reads answers in another order than they came in.
func TestBulkheadCountsToTheEnd(t *testing.T) {
	g := NewBulkhead(Bulkhead{InFlight: 2}, always(200))
	a, err := g.RoundTrip(get(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	b, err := g.RoundTrip(get(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	closed := new(closing)
	r := get(t.Context())
	r.Body = closed
	_, err = g.RoundTrip(r)
	if told := wantKind(t, err, KindFull); told.RetryAfter <= 0 || closed.times.Load() != 1 {
		t.Errorf("retry after %s, body closed %d times", told.RetryAfter, closed.times.Load())
	}
	a.Body.Close()
	a.Body.Close() // counts once
	c, err := g.RoundTrip(get(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.RoundTrip(get(t.Context()))
	wantKind(t, err, KindFull)
	if diff := cmp.Diff(PolicyState{InFlight: 2, Limit: 2, Full: 2}, g.State()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	finish(t, b, nil)
	finish(t, c, nil)
	if n := g.State().InFlight; n != 0 {
		t.Errorf("%d in flight after all have ended", n)
	}
}

func TestBulkheadGivesBackWhatFailed(t *testing.T) {
	for name, next := range map[string]answers{
		"error": func(*http.Request) (*http.Response, error) { return nil, errRefused },
		"no body": func(r *http.Request) (*http.Response, error) {
			resp := status(r, 204)
			resp.Body = http.NoBody
			return resp, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewBulkhead(Bulkhead{InFlight: 1}, next)
			for range 3 {
				if _, err := g.RoundTrip(get(t.Context())); err != nil && !errors.Is(err, errRefused) {
					t.Fatal(err)
				}
			}
			if n := g.State().InFlight; n != 0 {
				t.Errorf("%d in flight", n)
			}
		})
	}
}

// TestBulkheadQueue has more calls than there is room and queue for, one of whose clients goes.
func TestBulkheadQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []int
		g := NewBulkhead(Bulkhead{InFlight: 1, Wait: 10 * time.Second, Queue: 4}, answers(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			order = append(order, r.Context().Value(number{}).(int))
			mu.Unlock()
			time.Sleep(4 * time.Second)
			return status(r, 200), nil
		}))
		errs := make([]error, 6)
		second, cancel := context.WithCancel(t.Context())
		for i := range errs {
			ctx := t.Context()
			if i == 1 {
				ctx = second
			}
			go func() {
				resp, err := g.RoundTrip(get(context.WithValue(ctx, number{}, i)))
				if err == nil {
					finish(t, resp, err)
				}
				errs[i] = err
			}()
			synctest.Wait()
		}
		if diff := cmp.Diff(PolicyState{InFlight: 1, Waiting: 4, Limit: 1, Full: 1}, g.State()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		time.Sleep(time.Second)
		cancel()
		synctest.Wait()
		if n := g.State().Waiting; n != 3 {
			t.Errorf("%d wait after one's client went, want 3", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if diff := cmp.Diff([]int{0, 2, 3}, order); diff != "" {
			t.Errorf("served, first come first (-want +got):\n%s", diff)
		}
		if errs[0] != nil || errs[2] != nil || errs[3] != nil || !errors.Is(errs[1], context.Canceled) {
			t.Errorf("errors %v", errs)
		}
		wantKind(t, errs[4], KindFull) // waited for 10 s, while two took 4 s each and the third began
		wantKind(t, errs[5], KindFull) // found the queue full
		if s := g.State(); s.InFlight != 0 || s.Waiting != 0 || s.Full != 2 {
			t.Errorf("%+v at the end", s)
		}
	})
}

type number struct{}

// TestBulkheadUnderRace has clients go at the very moment that they are let in.
func TestBulkheadUnderRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewBulkhead(Bulkhead{InFlight: 3, Wait: time.Second, Queue: 100}, answers(func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(10 * time.Millisecond):
				return status(r, 200), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}))
		var all sync.WaitGroup
		for i := range 300 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*10*time.Millisecond)
			all.Go(func() {
				defer cancel()
				if resp, err := g.RoundTrip(get(ctx)); err == nil {
					resp.Body.Close()
				}
			})
		}
		all.Wait()
		if s := g.State(); s.InFlight != 0 || s.Waiting != 0 {
			t.Errorf("%d in flight, %d waiting; want none", s.InFlight, s.Waiting)
		}
	})
}

// TestSlowServiceTakesNobodysCapacity has one service hang and another one serve meanwhile.
func TestSlowServiceTakesNobodysCapacity(t *testing.T) {
	over := make(chan struct{})
	policy := Policy{Bulkhead: Bulkhead{InFlight: 3}}
	slow := transport(t, Config{Policy: policy, URLs: []*url.URL{serve(t, func(w http.ResponseWriter, r *http.Request) { <-over })}})
	other := transport(t, Config{Policy: policy, URLs: []*url.URL{serve(t, named("a"))}})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			resp, err := slow.RoundTrip(get(t.Context()))
			finish(t, resp, err)
		})
	}
	for slow.State().Policy.InFlight < 3 {
		time.Sleep(time.Millisecond)
	}
	for range 20 {
		begun := time.Now()
		_, err := slow.RoundTrip(get(t.Context()))
		wantKind(t, err, KindFull)
		if took := time.Since(begun); took > time.Second {
			t.Errorf("it took %s to be turned away", took)
		}
		resp, err := other.RoundTrip(get(t.Context()))
		finish(t, resp, err)
	}
	close(over)
	all.Wait()
	resp, err := slow.RoundTrip(get(t.Context()))
	finish(t, resp, err)
}
