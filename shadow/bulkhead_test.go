package shadow_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// hang is a transport towards a service that never answers.
var hang = roundTrip(func(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
})

// on is the usual point for another route.
func on(route string, other http.RoundTripper) shadow.Point {
	p := point(other)
	p.Route = route
	return p
}

func TestHangingRouteLeavesWorkersToOthers(t *testing.T) {
	for _, serves := range []shadow.Side{shadow.Legacy, shadow.Service} {
		t.Run(string(serves)+" serves", func(t *testing.T) { hangingRoute(t, serves) })
	}
}

func hangingRoute(t *testing.T, serves shadow.Side) {
	synctest.Test(t, func(t *testing.T) {
		along := func(p shadow.Point) shadow.Point {
			p.Serves, p.LegacyExtra = serves, shadow.Extra{Share: 1, PerSecond: 10_000}
			return p
		}
		s := start(t, shadow.Config{Workers: 4, Queue: 40, Timeout: 2 * time.Second, Logger: quiet})
		var sending atomic.Int64
		counted := roundTrip(func(r *http.Request) (*http.Response, error) {
			sending.Add(1)
			return hang.RoundTrip(r)
		})
		hanging := s.Around(along(on("hanging", counted)))(text("yes"))
		well := s.Around(along(on("well", direct(text("yes")))))(text("yes"))
		for range 100 {
			get(hanging)
			synctest.Wait()
		}
		if n := sending.Load(); n != 2 {
			t.Errorf("the hanging route holds %d of 4 workers, want 2", n)
		}
		for range 100 {
			get(well)
			synctest.Wait()
		}
		if c := s.Counts()["well"]; c.Match != 100 {
			t.Errorf("beside a route that hangs: %+v", c)
		}
		if c := s.Counts()["hanging"]; c.Pending != 22 || c.Reasons[shadow.SkipQueueFull] != 78 {
			t.Errorf("the hanging route has 2 of 4 workers and 20 of 40 places: %+v", c)
		}
	})
}

func TestOneServiceThatHangsLeavesWorkersWhateverItsRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, shadow.Config{Workers: 16, Timeout: 2 * time.Second, Logger: quiet})
		for _, route := range []string{"a", "b", "c"} {
			h := s.Around(on(route, hang))(text("yes"))
			for range 100 {
				get(h)
				synctest.Wait()
			}
		}
		well := s.Around(on("well", direct(text("yes"))))(text("yes"))
		for range 10 {
			get(well)
		}
		synctest.Wait()
		if c := s.Counts()["well"]; c.Match != 10 {
			t.Errorf("beside three routes that hang: %+v", c)
		}
	})
}

func TestRoutesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		slow := roundTrip(func(r *http.Request) (*http.Response, error) {
			order = append(order, r.Header.Get("X-Strangler-Shadow"))
			time.Sleep(time.Second)
			return direct(text("yes")).RoundTrip(r)
		})
		s := start(t, shadow.Config{Workers: 1})
		for _, route := range []string{"a", "a", "a", "a", "b", "c", "b"} {
			get(s.Around(on(route, slow))(text("yes")))
			synctest.Wait()
		}
		stop(t, s)
		if got := strings.Join(order, ""); got != "aabcaba" { // the first a was sent at once
			t.Errorf("copies were sent in the order %s, want aabcaba", got)
		}
	})
}

func TestOneRouteLeavesMemoryToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, shadow.Config{Workers: 2, MaxBody: 1000, MaxMemory: 10_000, Timeout: 2 * time.Second, Logger: quiet})
		body := strings.Repeat("x", 1000)
		hanging := s.Around(on("hanging", hang))(text(body))
		for range 100 {
			get(hanging)
		}
		well := s.Around(on("well", direct(text(body))))(text(body))
		for range 10 {
			get(well)
			synctest.Wait()
		}
		if _, _, _, held := s.Load(); held > 5000 {
			t.Errorf("one route holds %d of 10000 bytes", held)
		}
		if c := s.Counts()["well"]; c.Match != 10 {
			t.Errorf("beside a route that hangs: %+v", c)
		}
	})
}

func TestFailingServiceRests(t *testing.T) {
	for name, other := range map[string]http.RoundTripper{
		"refuses": broken(errors.New("connection refused")),
		"garbage": broken(errors.New("malformed HTTP response")),
		"hangs":   hang,
		"breaks off": roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(failing{})}, nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				s := start(t, shadow.Config{Workers: 2, Timeout: time.Second, Logger: slog.New(slog.NewTextHandler(&log, nil))})
				var mended atomic.Bool
				var sent atomic.Int64
				service := roundTrip(func(r *http.Request) (*http.Response, error) {
					sent.Add(1)
					if mended.Load() {
						return direct(text("yes")).RoundTrip(r)
					}
					return other.RoundTrip(r)
				})
				request := func() { // with a table of its own, as after a reload
					get(s.Around(point(service))(text("yes")))
				}
				for range 600 { // a minute
					request()
					time.Sleep(100 * time.Millisecond)
				}
				synctest.Wait()
				if n := sent.Load(); n < 9 || n > 14 { // five, and trials after 1, 2, 4, 8, 16, 30 s
					t.Errorf("in a minute %d copies were sent to a service that fails", n)
				}
				c := s.Counts()["orders"]
				if c.Failed != sent.Load()-c.Pending || c.Reasons[shadow.SkipResting] < 500 {
					t.Errorf("account: %+v", c)
				}
				checkSum(t, "orders", c)

				mended.Store(true)
				for range 600 {
					request()
					time.Sleep(100 * time.Millisecond)
				}
				if after := s.Counts()["orders"]; after.Match < 250 {
					t.Errorf("in the minute after the service was mended: %+v", after)
				}
				for _, line := range []string{"let copies rest", "send copies again"} {
					if n := strings.Count(log.String(), line); n != 1 {
						t.Errorf("the log says %q %d times, want once:\n%s", line, n, &log)
					}
				}
			})
		})
	}
}

func TestRestingIsOfOneRouteAndDirection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, shadow.Config{Logger: quiet})
		failing := point(broken(errors.New("connection refused")))
		for range 20 {
			get(s.Around(failing)(text("yes")))
			synctest.Wait()
		}
		back := point(direct(text("yes")))
		back.Serves, back.LegacyExtra = shadow.Service, shadow.Extra{Share: 1}
		get(s.Around(back)(text("yes")))
		get(s.Around(on("others", direct(text("yes"))))(text("yes")))
		sandbox := failing
		sandbox.Sandbox = direct(text("yes"))
		s.Around(sandbox)(text("yes")).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil))
		synctest.Wait()
		if c := s.Counts()["orders"]; c.Reasons[shadow.SkipResting] != 15 || c.Match != 2 {
			t.Errorf("the failing route, the other way and towards its sandbox: %+v", c)
		}
		if c := s.Counts()["others"]; c.Match != 1 {
			t.Errorf("another route: %+v", c)
		}
	})
}

func TestNothingIsCapturedWhileCopiesRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, shadow.Config{Logger: quiet})
		var bare bool
		h := s.Around(point(broken(errors.New("connection refused"))))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, bare = w.(*httptest.ResponseRecorder)
		}))
		for n := range 10 {
			get(h)
			if want := n >= 5; bare != want {
				t.Errorf("request %d: the handler writes to the client itself: %v, want %v", n, bare, want)
			}
			synctest.Wait()
		}
	})
}

func TestCopiesDontRestOverTranslation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, shadow.Config{Logger: quiet})
		h := s.Around(point(broken(namedError{shadow.FailTranslate})))(text("yes"))
		for range 20 {
			get(h)
			synctest.Wait()
		}
		if c := s.Counts()["orders"]; c.Reasons[shadow.FailTranslate] != 20 {
			t.Errorf("answers that can't be translated: %+v", c)
		}
	})
}

func TestFallbackIsSeenWhileLegacyRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fallback := false
		s := start(t, shadow.Config{Logger: quiet, Served: func(*http.Request) (shadow.Side, string, bool) {
			if fallback {
				return shadow.Legacy, "timeout", false
			}
			return shadow.Service, "", false
		}})
		p := point(broken(errors.New("connection refused")))
		p.Serves, p.LegacyExtra = shadow.Service, shadow.Extra{Share: 1, PerSecond: 60} // six at once
		h := s.Around(p)(text("yes"))
		for range 10 {
			get(h)
			synctest.Wait()
		}
		fallback = true
		get(h)
		if c := s.Counts()["orders"]; c.Reasons[shadow.SkipResting] != 5 || c.Reasons[shadow.FailFallback] != 1 {
			t.Errorf("ten requests, five of which ask nothing of the budget, and a fallback: %+v", c)
		}
	})
}

func TestCloseAbandonsWhatIgnoresItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s, err := shadow.New(shadow.Config{Workers: 2, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		deaf := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-release
			return direct(text("yes")).RoundTrip(r)
		})
		for range 5 {
			get(s.Around(point(deaf))(text("yes")))
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		err = s.Close(ctx)
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("Close took %v", took)
		}
		if err == nil || !strings.Contains(err.Error(), "5 copies are given up and 1 of them abandoned") || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v", err)
		}
		if !strings.Contains(log.String(), "ignores its context") || !strings.Contains(log.String(), "route=orders") {
			t.Errorf("the log says:\n%s", &log)
		}
		c := s.Counts()["orders"]
		checkSum(t, "orders", c)
		if c.Pending != 0 || c.Reasons[shadow.SkipShuttingDown] != 5 {
			t.Errorf("after Close: %+v", c)
		}
		close(release)
		synctest.Wait()
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("Close when the transport has ended: %v", err)
		}
		if after := s.Counts()["orders"]; after.Match != 0 || after.Sampled != c.Sampled || after.Skipped != c.Skipped {
			t.Errorf("an abandoned copy is accounted for twice: %+v", after)
		}
		if _, _, _, held := s.Load(); held != 0 {
			t.Errorf("%d bytes are held", held)
		}
	})
}

func TestPanickingComparerIsLoggedOnceAMinute(t *testing.T) {
	for name, comparer := range map[string]compareFunc{
		"panics": func(_, _ *shadow.Answer) ([]shadow.Difference, error) { panic("a mistake") },
		"errs":   func(_, _ *shadow.Answer) ([]shadow.Difference, error) { return nil, errors.New("a mistake") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				s := start(t, shadow.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
				for _, route := range []string{"a", "b"} {
					p := on(route, direct(text("yes")))
					p.Compare = comparer
					h := s.Around(p)(text("yes"))
					for range 90 {
						get(h)
						synctest.Wait()
						time.Sleep(time.Second)
					}
					if c := s.Counts()[route]; c.Reasons[shadow.FailInternal] != 90 {
						t.Errorf("account of %s: %+v", route, c)
					}
				}
				if n := strings.Count(log.String(), "a mistake"); n != 4 || strings.Count(log.String(), "unsaid=59") != 2 {
					t.Errorf("in 90 seconds on each of two routes the log has %d lines, want 2 for each, the second with unsaid=59:\n%s", n, &log)
				}
			})
		})
	}
}
