package daemon_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// rollout returns a route's.
func rolloutOf(t *testing.T, s *system, route string) web.Rollout {
	t.Helper()
	r, err := s.API.Rollout(t.Context(), route)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// first is what was seen of a rollout's first version; none while the walker has not looked at it yet.
func first(r web.Rollout) web.RolloutEvidence {
	if len(r.Evidence) == 0 {
		return web.RolloutEvidence{}
	}
	return r.Evidence[0]
}

// counted is how many answers a rollout's gate has seen; none while the walker has not looked yet.
func counted(r web.Rollout, gate int) int64 {
	if gate >= len(r.Gates) {
		return 0
	}
	return r.Gates[gate].Count
}

// fine is a service that answers as legacy does.
func fine(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"total":1}`) }

// quick are gates that a few hundred answers can show to hold.
const quick = "gates: {divergence: 2%, errors: 2pp, latency: off}"

// TestRolloutFrozen freezes promotions: nothing goes on, whatever is shown; then it is thawed.
func TestRolloutFrozen(t *testing.T) {
	t.Parallel()
	s := rolling(t, "steps: [shadow, 50%, live], hold: 0s, "+quick, fine)
	until := time.Now().Add(time.Hour)
	if _, err := s.API.Freeze(t.Context(), api.FreezeRequest{Until: time.Now().Add(-time.Hour)}); err == nil {
		t.Error("it is frozen until an hour ago")
	}
	if _, err := s.API.Freeze(t.Context(), api.FreezeRequest{Until: until, Reason: "the holidays"}); err != nil {
		t.Fatal(err)
	}
	at := rolloutOf(t, s, "orders").Position
	eventually(t, "all is shown", func() bool {
		r := rolloutOf(t, s, "orders")
		return r.Action == "hold" && strings.Contains(r.Frozen, "frozen by test (unverified) until") && strings.Contains(r.Frozen, "the holidays") &&
			(r.Position.Phase == strangler.PhaseLegacy || !slices.ContainsFunc(r.Gates, func(g web.GateReading) bool { return g.State == "open" }))
	})
	if now := rolloutOf(t, s, "orders").Position; now != at {
		t.Errorf("frozen at %s, it went on to %s", at, now)
	}
	for _, line := range []string{`strangler_promotions_frozen 1`, `strangler_rollout_state{rollout="orders",state="running"} 1`, `strangler_rollout_needs_person{rollout="orders"} 0`} {
		if !strings.Contains(s.metrics(t), line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if err := s.API.Thaw(t.Context(), api.ThawRequest{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "live", func() bool { return rolloutOf(t, s, "orders").Position.Phase == strangler.PhaseLive })
	entries, err := s.API.Journal(t.Context(), web.EntryQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if e.Route == "" {
			all = append(all, e.Kind+" "+e.Reason)
		}
	}
	if diff := cmp.Diff([]string{"thawed ", "frozen the holidays"}, all); diff != "" {
		t.Errorf("the journal (-want +got):\n%s", diff)
	}
}

// TestRolloutAdvice has a route that is only to be advised about: nothing moves.
func TestRolloutAdvice(t *testing.T) {
	t.Parallel()
	s := rolling(t, "auto: false, steps: [shadow, 50%, live], hold: 0s, "+quick, fine)
	eventually(t, "an advice", func() bool {
		r := rolloutOf(t, s, "orders")
		return r.Action == "promote" && r.To.Phase == strangler.PhaseShadow
	})
	if r := rolloutOf(t, s, "orders"); r.State != web.RolloutAdvising || r.Position.Phase != strangler.PhaseLegacy {
		t.Errorf("%+v", r)
	}
	if _, err := s.API.Shift(t.Context(), "orders", api.ShiftRequest{Phase: strangler.PhaseShadow}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an advice by evidence", func() bool {
		r := rolloutOf(t, s, "orders")
		return r.State == web.RolloutAdvising && r.Action == "promote" && r.To.Weight == 50_00 && strings.Contains(r.Why, "divergence is below")
	})
	if got := path(moves(t, s, "orders")); got != "shift shadow" {
		t.Errorf("it went %q", got)
	}
}

// TestRolloutUnit walks two routes of a unit: as one, and not before both have shown it.
func TestRolloutUnit(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "", fine), backend(t, "", fine)
	plan := "rollout: {steps: [shadow, live], hold: 0s, " + quick + "}"
	s := start(t, fmt.Sprintf(`legacy: {url: %s}
services: {orders: {urls: [%s]}}
routes:
  - {name: read, match: {path: /read}, service: orders, unit: orders, start: shadow, %[3]s}
  - {name: list, match: {path: /list}, service: orders, unit: orders, start: shadow, %[3]s}
`, legacy.URL, service.URL, plan))
	drive(t, s, "/read")
	eventually(t, "one of them is ready", func() bool {
		r := rolloutOf(t, s, "list")
		return len(r.Gates) == 8 && r.Gates[0].Route == "read" && r.Gates[0].State == "holds" && r.Gates[1].State == "holds"
	})
	r := rolloutOf(t, s, "list")
	if r.Name != "orders" || r.Unit != "orders" || !slices.Equal(r.Routes, []string{"read", "list"}) || r.Position.Phase != strangler.PhaseShadow || !strings.Contains(r.Why, "list: ") {
		t.Errorf("%+v", r)
	}
	drive(t, s, "/list")
	eventually(t, "live", func() bool { return rolloutOf(t, s, "read").Position.Phase == strangler.PhaseLive })
	a, b := moves(t, s, "read"), moves(t, s, "list")
	if len(a) != 1 || len(b) != 1 || a[0].Change != b[0].Change {
		t.Errorf("they moved apart: %+v, %+v", a, b)
	}
}

// TestRolloutWebhooks has a webhook refuse a promotion until it is asked again, and looks at what it is
// told.
func TestRolloutWebhooks(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []string
	hook := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		var event struct {
			Type string
			Data struct{ To, Why string }
		}
		text, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(text, &event); err != nil {
			t.Errorf("%v in %s", err, text)
		}
		mu.Lock()
		defer mu.Unlock()
		told = append(told, strings.TrimPrefix(event.Type, "strangler.rollout.")+" "+event.Data.To)
		if event.Type == "strangler.rollout.promoting" && event.Data.To == "live" {
			http.Error(w, "not on a Friday", http.StatusConflict)
		}
	})
	s := rolling(t, fmt.Sprintf("steps: [shadow, live], hold: 0s, %s, webhooks: [{url: %s, on: [before_promote, after_promote]}]", quick, hook.URL), fine)
	eventually(t, "a refusal", func() bool {
		r := rolloutOf(t, s, "orders")
		return r.Position.Phase == strangler.PhaseShadow && r.Action == "hold" && strings.Contains(r.Why, "refuses: not on a Friday")
	})
	eventually(t, "it is told", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.Equal(told, []string{"promoting shadow", "promoted shadow", "promoting live"})
	})
	if got := path(moves(t, s, "orders")); got != "promote shadow" {
		t.Errorf("it went %q", got)
	}
}

// TestRolloutVersion has a service go bad, and another version of it go on by itself after the rest.
func TestRolloutVersion(t *testing.T) {
	t.Parallel()
	var version, total atomic.Value
	version.Store("v1")
	total.Store(100)
	legacy := backend(t, "", fine)
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", version.Load().(string))
		answer(w, 200, fmt.Sprintf(`{"total":%d}`, total.Load()))
	})
	s := start(t, fmt.Sprintf(`legacy: {url: %s}
services: {orders: {urls: [%s], version: {header: X-Version}}}
routes:
  - {name: orders, match: {path: /orders}, service: orders, start: shadow, rollout: {steps: [shadow, live], hold: 0s, cooldown: 1s, %s}}
`, legacy.URL, service.URL, quick))
	drive(t, s, "/orders")
	eventually(t, "it stops", func() bool {
		r := rolloutOf(t, s, "orders")
		return r.State == web.RolloutResting && first(r).Version == "v1"
	})
	time.Sleep(1500 * time.Millisecond)
	if r := rolloutOf(t, s, "orders"); r.State != web.RolloutResting {
		t.Errorf("the same version goes on after the rest: %+v", r)
	}
	total.Store(1)
	version.Store("v2")
	eventually(t, "another version goes live", func() bool {
		r := rolloutOf(t, s, "orders")
		return r.Position.Phase == strangler.PhaseLive && first(r).Version == "v2"
	})
	entries, err := s.API.Journal(t.Context(), web.EntryQuery{Route: "orders", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Kind)
	}
	if diff := cmp.Diff([]string{"moved", "steered", "steered", "seen"}, all); diff != "" || entries[1].Reason != "goes on: version v2 of the service answers" {
		t.Errorf("the journal (-want +got):\n%s%+v", diff, entries[1])
	}
}

// TestRolloutLongest has a route that nobody asks for stand for as long as it may: it needs a person.
func TestRolloutLongest(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "", fine), backend(t, "", fine)
	s := start(t, fmt.Sprintf(`legacy: {url: %s}
services: {orders: {urls: [%s]}}
routes:
  - {name: orders, match: {path: /orders}, service: orders, start: shadow, rollout: {steps: [shadow, live], hold: 0s, max_hold: 1s, %s}}
`, legacy.URL, service.URL, quick))
	eventually(t, "it needs a person", func() bool {
		r := rolloutOf(t, s, "orders")
		return r.Person && r.Action == "hold" && strings.Contains(r.Why, "strangler rollout resume orders")
	})
}

// TestRolloutRestart pauses a route, which stays so over a restart, and so does what was seen of it.
func TestRolloutRestart(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "", fine), backend(t, "", fine)
	folder, text := t.TempDir(), fmt.Sprintf(`legacy: {url: %s}
services: {orders: {urls: [%s]}}
routes:
  - {name: orders, match: {path: /orders}, service: orders, start: shadow, rollout: {steps: [shadow, live], hold: 1h, %s}}
`, legacy.URL, service.URL, quick)
	s := startIn(t, folder, text)
	for range 300 {
		s.get(t, "/orders")
	}
	eventually(t, "300 are compared", func() bool {
		r := rolloutOf(t, s, "orders")
		return first(r).Compared == 300 && counted(r, 1) == 300
	})
	if _, err := s.API.Steer(t.Context(), "orders", web.SteerPause, api.SteerRequest{Reason: "a release"}); err != nil {
		t.Fatal(err)
	}
	before := rolloutOf(t, s, "orders")
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	s = startIn(t, folder, text)
	after := rolloutOf(t, s, "orders")
	if after.State != web.RolloutPaused || after.StateActor != "test" || after.StateWhy != "a release" || !after.StateSince.Equal(before.StateSince) {
		t.Errorf("after a restart: %+v", after)
	}
	if diff := cmp.Diff(before.Gates, after.Gates); diff != "" {
		t.Errorf("what was seen of it (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(before.Evidence, after.Evidence); diff != "" {
		t.Errorf("evidence (-before +after):\n%s", diff)
	}
}
