package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// rolling starts a system with one route that is to walk from shadow to live, and sends requests to it
// until the test ends. What the service answers is its own business.
func rolling(t *testing.T, rollout string, service http.HandlerFunc) *system {
	t.Helper()
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) { answer(w, 200, `{"total":1}`) })
	other := backend(t, "", service)
	s := start(t, fmt.Sprintf(`legacy: {url: %s}
services: {orders: {urls: [%s]}}
routes:
  - {name: orders, match: {path: /orders}, service: orders, cohort: [request], rollout: {%s}}
`, legacy.URL, other.URL, rollout))
	drive(t, s, "/orders")
	return s
}

// drive sends requests to a path, one after another, until the test ends; every answer has to be good.
func drive(t *testing.T, s *system, path string) {
	t.Helper()
	pound(t, s, path, func(status int) {
		if status != 200 {
			t.Errorf("a client got %d", status)
		}
	})
}

// pound sends requests to a path, one after another, until the test ends, and tells what is answered.
func pound(t *testing.T, s *system, path string, tell func(status int)) {
	t.Helper()
	stop, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-done })
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(500 * time.Microsecond):
			}
			resp, err := s.Client.Get(s.URL + path)
			if err != nil {
				return // it ends
			}
			resp.Body.Close()
			tell(resp.StatusCode)
		}
	}()
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

// moves returns where a route came to, how and why, oldest first.
func moves(t *testing.T, s *system, route string) (all []web.Entry) {
	t.Helper()
	entries, err := s.API.Journal(t.Context(), web.EntryQuery{Route: route, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Kind == "moved" {
			all = append([]web.Entry{e}, all...)
		}
	}
	return all
}

func path(all []web.Entry) string {
	var steps []string
	for _, e := range all {
		steps = append(steps, e.How+" "+e.After.String())
	}
	return strings.Join(steps, ", ")
}

// TestRolloutToLive has a service that answers as legacy does walk to live by itself.
func TestRolloutToLive(t *testing.T) {
	t.Parallel()
	s := rolling(t, `steps: [shadow, 50%, live], hold: 0s, gates: {divergence: 2%, errors: 2pp, latency: off}`,
		func(w http.ResponseWriter, r *http.Request) { answer(w, 200, `{"total":1}`) })
	eventually(t, "live", func() bool {
		r, err := s.API.Route(t.Context(), "orders")
		return err == nil && r.Phase == strangler.PhaseLive
	})
	all := moves(t, s, "orders")
	if got, want := path(all), "promote shadow, promote 50%, promote live"; got != want {
		t.Errorf("it went %q, want %q", got, want)
	}
	for _, e := range all[1:] {
		if e.Actor != "rollout" || !e.Verified || !strings.Contains(e.Reason, "divergence") {
			t.Errorf("moved by %q (%v): %s", e.Actor, e.Verified, e.Reason)
		}
	}
	eventually(t, "done", func() bool {
		r, err := s.API.Rollout(t.Context(), "orders")
		return err == nil && r.State == web.RolloutDone
	})
}

// TestRolloutBack has a service go bad in canary: it goes back, rests, and goes on when somebody says
// that it is mended.
func TestRolloutBack(t *testing.T) {
	t.Parallel()
	var bad atomic.Bool
	s := rolling(t, `steps: [shadow, 50%, live], hold: 1h, gates: {divergence: 2%, errors: 2pp, latency: off}`,
		func(w http.ResponseWriter, r *http.Request) {
			if bad.Load() {
				answer(w, 200, `{"total":100}`)
				return
			}
			answer(w, 200, `{"total":1}`)
		})
	rollout := func() web.Rollout {
		t.Helper()
		r, err := s.API.Rollout(t.Context(), "orders")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	eventually(t, "shadow", func() bool {
		r, err := s.API.Rollout(t.Context(), "orders")
		return err == nil && r.Position.Phase == strangler.PhaseShadow
	})
	if _, err := s.API.Steer(t.Context(), "orders", web.SteerPromote, api.SteerRequest{Reason: "I know better"}); err != nil {
		t.Fatal(err)
	}
	if r := rollout(); r.State != web.RolloutRunning || r.Position.Phase != strangler.PhaseCanary {
		t.Fatalf("promoted by hand: %+v", r)
	}
	bad.Store(true)
	eventually(t, "shadow again", func() bool { return rollout().Position.Phase == strangler.PhaseShadow })
	r := rollout()
	if r.State != web.RolloutResting || !r.Person || r.RestsUntil.IsZero() || !strings.Contains(r.StateWhy, "divergence is above") {
		t.Errorf("after it went back: %+v", r)
	}
	want := "promote shadow, promote 50%, rollback shadow" // in effect first, and then in the journal
	eventually(t, want, func() bool { return path(moves(t, s, "orders")) == want })
	bad.Store(false)
	if _, err := s.API.Steer(t.Context(), "orders", web.SteerResume, api.SteerRequest{Reason: "mended"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what it shows now", func() bool {
		r := rollout()
		return r.State == web.RolloutRunning && first(r).Trial == 2 && first(r).Diverged == 0 && first(r).Compared > 0
	})
}

// TestRolloutByHand has somebody move the route by hand: it stops until it is resumed, also after a
// restart.
func TestRolloutByHand(t *testing.T) {
	s := rolling(t, `steps: [shadow, 50%, live], hold: 1h, gates: {divergence: 2%, errors: 2pp, latency: off}`,
		func(w http.ResponseWriter, r *http.Request) { answer(w, 200, `{"total":1}`) })
	eventually(t, "shadow", func() bool {
		r, err := s.API.Rollout(t.Context(), "orders")
		return err == nil && r.Position.Phase == strangler.PhaseShadow
	})
	ten := strangler.Weight(10_00)
	if _, err := s.API.Shift(t.Context(), "orders", api.ShiftRequest{Phase: strangler.PhaseCanary, Weight: &ten, Reason: "a try"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "stopped", func() bool {
		r, err := s.API.Rollout(t.Context(), "orders")
		return err == nil && r.State == web.RolloutStopped && strings.Contains(r.StateWhy, "moved by hand to 10%: a try")
	})
	if _, err := s.API.Steer(t.Context(), "orders", web.SteerResume, api.SteerRequest{}); err != nil {
		t.Fatal(err)
	}
	if r, err := s.API.Rollout(t.Context(), "orders"); err != nil || r.State != web.RolloutRunning || r.Position != strangler.Canary(10_00) {
		t.Errorf("resumed: %+v, %v", r, err)
	}
}
