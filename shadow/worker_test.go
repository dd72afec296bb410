package shadow_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

type contextKey string

// contexts is a transport that notes the contexts of what it sends.
type contexts struct {
	mu   sync.Mutex
	seen []context.Context
	next http.RoundTripper
}

func (c *contexts) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.seen = append(c.seen, r.Context())
	c.mu.Unlock()
	return c.next.RoundTrip(r)
}

// last returns the context of the last copy.
func (c *contexts) last() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[len(c.seen)-1]
}

func TestCopiesContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, shadow.Config{Workers: 1, Timeout: 5 * time.Second, Logger: quiet})
		var seen contexts
		h := s.Around(point(&seen))(text("yes"))
		send := func(next http.RoundTripper) context.Context {
			seen.next = next
			ctx, cancel := context.WithCancel(context.WithValue(t.Context(), contextKey("who"), "anna"))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
			cancel() // the client leaves when it is answered, which is nothing to the copy
			synctest.Wait()
			return seen.last()
		}
		partly := roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader("ye"), failing{}))}, nil
		})

		ctx := send(roundTrip(func(r *http.Request) (*http.Response, error) {
			if until, ok := r.Context().Deadline(); !ok || time.Until(until) != 5*time.Second {
				t.Errorf("deadline is in %v, %t; want in 5 s", time.Until(until), ok)
			}
			if who := r.Context().Value(contextKey("who")); who != "anna" {
				t.Errorf("a value of the client's context is %v", who)
			}
			return direct(text("yes")).RoundTrip(r)
		}))
		if c := s.Counts()["orders"]; c.Match != 1 {
			t.Fatalf("account: %+v", c)
		}
		time.Sleep(time.Hour) // what an earlier copy had of its time is nothing to a later one
		for range 250 {
			ctx = send(direct(text("yes")))
		}
		if c := s.Counts()["orders"]; c.Match != 251 {
			t.Fatalf("account: %+v", c)
		}
		if err := send(partly).Err(); err == nil {
			t.Error("the context of a copy whose answer broke off has not ended")
		}
		if err := ctx.Err(); err == nil {
			t.Error("the worker's context outlives a copy that failed")
		}
		if err := send(hang).Err(); err != nil {
			t.Errorf("the context of a copy under way: %v", err)
		}
		time.Sleep(4 * time.Second)
		if err := seen.last().Err(); err != nil {
			t.Errorf("the context of a copy in time: %v", err)
		}
		time.Sleep(2 * time.Second)
		if err := seen.last().Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the context of a copy after its time: %v", err)
		}
		if c := s.Counts()["orders"]; c.Reasons[shadow.FailTimeout] != 1 || c.Reasons[shadow.FailBroken] != 1 {
			t.Errorf("account: %+v", c)
		}
	})
}

// TestTimeoutByAnyName has transports notice in their own ways that a copy's time is over.
func TestTimeoutByAnyName(t *testing.T) {
	for name, ends := range map[string]func(ctx context.Context) error{
		"its error": func(ctx context.Context) error { return ctx.Err() },
		"its cause": context.Cause,
		"the error of a child": func(ctx context.Context) error {
			child, end := context.WithCancel(ctx)
			defer end()
			return child.Err()
		},
		"an error of its own":   func(context.Context) error { return errors.New("connection closed") },
		"a name for it, broken": func(context.Context) error { return namedError{shadow.FailBroken} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := start(t, shadow.Config{Timeout: time.Second, Logger: quiet})
				get(s.Around(point(roundTrip(func(r *http.Request) (*http.Response, error) {
					<-r.Context().Done()
					return nil, ends(r.Context())
				})))(text("yes")))
				time.Sleep(2 * time.Second)
				if c := s.Counts()["orders"]; c.Reasons[shadow.FailTimeout] != 1 {
					t.Errorf("account: %+v", c)
				}
			})
		})
	}
}

// TestWatchingAContextTakesNoGoroutine holds that package context knows a copy's context for one
// of its own, also where a transport has put a value around it.
func TestWatchingAContextTakesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, shadow.Config{})
		var more int
		get(s.Around(point(roundTrip(func(r *http.Request) (*http.Response, error) {
			before := runtime.NumGoroutine()
			ctx := context.WithValue(r.Context(), contextKey("more"), 1)
			for range 10 {
				defer context.AfterFunc(ctx, func() {})()
			}
			more = runtime.NumGoroutine() - before
			return direct(text("yes")).RoundTrip(r)
		})))(text("yes")))
		synctest.Wait()
		if more >= 10 {
			t.Errorf("watching a copy's context ten times took %d goroutines", more)
		}
	})
}

// counter is a Recorder that counts matches and keeps the rest.
type counter struct {
	memory
	matches atomic.Int64
}

func (c *counter) Count(route string, v shadow.Verdict, reason string, _ bool) bool {
	if v != shadow.Match {
		return false
	}
	c.matches.Add(1)
	return true
}

// TestBuffersAreNotMixedUp sends many different bodies at once and looks that each was compared
// with its own, and that what was recorded of divergences is not written over by what came later.
func TestBuffersAreNotMixedUp(t *testing.T) {
	kept := new(counter)
	s := start(t, shadow.Config{Recorder: kept, Workers: 32, Queue: 10_000})
	body := func(who, n int) string { // of any size up to 40 KB, so that buffers of all sizes take turns
		return strings.Repeat(fmt.Sprintf("%d-%d,", who, n), 1+n*n%4000)
	}
	service := direct(func(w http.ResponseWriter, r *http.Request) {
		var who, n int
		fmt.Sscanf(r.URL.Path, "/%d/%d", &who, &n)
		w.Header().Set("Content-Type", "text/plain")
		text := body(who, n)
		if n%7 == 3 {
			text += "!"
		}
		if n%2 == 0 {
			w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		}
		io.WriteString(w, text)
	})
	const clients, each = 8, 200
	var all sync.WaitGroup
	for who := range clients {
		all.Go(func() {
			for n := range each {
				h := s.Around(point(service))(text(body(who, n)))
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", fmt.Sprintf("/%d/%d", who, n), nil))
			}
		})
	}
	all.Wait()
	stop(t, s)
	c := s.Counts()["orders"]
	if c.Match+c.Diverged != clients*each || c.Diverged != int64(len(kept.all())) || c.Match != kept.matches.Load() {
		t.Errorf("%d matches counted and %d comparisons recorded, account %+v", kept.matches.Load(), len(kept.all()), c)
	}
	for _, one := range kept.all() {
		var who, n int
		fmt.Sscanf(one.Request.Path, "/%d/%d", &who, &n)
		if want := body(who, n); n%7 != 3 || string(one.Legacy.Body) != want || string(one.Service.Body) != want+"!" {
			t.Errorf("%s is recorded as diverged, with bodies that begin %.20q and %.20q", one.Request.Path, one.Legacy.Body, one.Service.Body)
		}
	}
}
