package daemon_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

const ungated = "gates: {divergence: off, errors: off, latency: off}"

// spoils returns a service that answers as legacy does, until it is told to fail.
func spoils(t *testing.T) (*httptest.Server, *atomic.Bool) {
	bad := new(atomic.Bool)
	return backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		if bad.Load() {
			answer(w, 500, "{}")
			return
		}
		fine(w, r)
	}), bad
}

// inProcess starts a daemon with a configuration in a process of its own; the system is one that has
// ended, whose files they are.
func inProcess(t *testing.T, text string) (*system, *process) {
	t.Helper()
	s, err := tryStart(t, t.TempDir(), text, daemon.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := ended(s); err != nil {
		t.Fatal(err)
	}
	return s, startProcess(t, s.File)
}

// at waits until a route stands at a phase.
func at(t *testing.T, s *system, route string, phase strangler.Phase) {
	t.Helper()
	eventually(t, route+" at "+phase.String(), func() bool { return s.routeNamed(route).Phase == phase })
}

// TestRolloutStopsWhereItStands has a person send a route to where it stands already: they want it there,
// so that nothing moves it on.
func TestRolloutStopsWhereItStands(t *testing.T) {
	t.Parallel()
	ways := map[string]func(*system) error{
		"a rollback of all": func(s *system) error {
			r, err := s.API.Rollback(t.Context(), web.Rollback{All: true, To: strangler.PhaseShadow})
			if err == nil && (len(r.Skipped) != 1 || r.Skipped[0].Why != "it stands at shadow already; it no longer moves by itself") {
				t.Errorf("a rollback says %+v", r)
			}
			return err
		},
		"a rollback of the route": func(s *system) error {
			_, err := s.API.Rollback(t.Context(), web.Rollback{Route: "orders", To: strangler.PhaseShadow})
			return err
		},
		"a shift, by somebody who calls themselves as the automation does": func(s *system) error {
			_, err := s.API.Shift(t.Context(), "orders", api.ShiftRequest{Phase: strangler.PhaseShadow, Actor: "rollout"})
			return err
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rolling(t, "steps: [shadow, live], hold: 3s, "+ungated, fine)
			at(t, s, "orders", strangler.PhaseShadow)
			if err := way(s); err != nil {
				t.Fatal(err)
			}
			time.Sleep(4500 * time.Millisecond)
			if r := rolloutOf(t, s, "orders"); r.State != web.RolloutStopped || r.Position.Phase != strangler.PhaseShadow {
				t.Errorf("%s at %s: %s", r.State, r.Position, path(moves(t, s, "orders")))
			}
		})
	}
}

// TestRolloutOvertaken locks the journal while a route is to be promoted, and has a person come first:
// what they said stands when the journal is back.
func TestRolloutOvertaken(t *testing.T) {
	t.Parallel()
	ways := map[string]struct {
		do   func(*system) error
		want string // of its state and moves
	}{
		"a rollback": {func(s *system) error {
			r, err := s.API.Rollback(t.Context(), web.Rollback{Route: "orders", To: strangler.PhaseLegacy, Reason: "3 a.m."})
			if err == nil && r.Durable {
				t.Error("the journal wasn't locked")
			}
			return err
		}, "stopped: promote shadow, rollback legacy"},
		"a freeze": {func(s *system) error {
			go s.API.Freeze(t.Context(), api.FreezeRequest{Reason: "3 a.m."}) // it waits for the journal
			time.Sleep(200 * time.Millisecond)
			return nil
		}, "running: promote shadow"},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rolling(t, "steps: [shadow, live], hold: 3s, "+ungated, fine)
			at(t, s, "orders", strangler.PhaseShadow)
			unlock := s.lock(t)
			defer unlock()
			if err := way.do(s); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3500 * time.Millisecond) // it would go on now
			unlock()
			got := ""
			eventually(t, way.want, func() bool {
				got = rolloutOf(t, s, "orders").State + ": " + path(moves(t, s, "orders"))
				return got == way.want
			})
			time.Sleep(1500 * time.Millisecond)
			if got = rolloutOf(t, s, "orders").State + ": " + path(moves(t, s, "orders")); got != way.want {
				t.Errorf("later it is %s", got)
			}
		})
	}
}

// TestRolloutBackWhileLocked locks the journal while many routes wait to be promoted, and has one go bad:
// that one goes back at once, and over the death of the process.
func TestRolloutBackWhileLocked(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "", fine)
	service, bad := spoils(t)
	var text strings.Builder
	fmt.Fprintf(&text, "legacy: {url: %s}\nservices: {s: {urls: [%s]}}\nroutes:\n", legacy.URL, service.URL)
	for i := range 6 {
		fmt.Fprintf(&text, "  - {name: r%d, match: {path: /r%d}, service: s, start: 50%%, rollout: {steps: [shadow, 50%%, live], hold: 2s, %s}}\n", i, i, ungated)
	}
	fmt.Fprintf(&text, "  - {name: orders, match: {path: /orders}, service: s, cohort: [request], start: 50%%, rollout: {steps: [shadow, 50%%, live], hold: 1h, gates: {divergence: off, errors: 2pp, latency: off}}}\n")
	s, p := inProcess(t, text.String())
	unlock := s.lock(t)
	defer unlock()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	phase := func(p *process) strangler.Phase {
		t.Helper()
		for range 50 {
			resp, err := client.Get(p.URL + "/orders")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		r, err := p.API.Route(t.Context(), "orders")
		if err != nil {
			t.Fatal(err)
		}
		return r.Phase
	}
	for began := time.Now(); time.Since(began) < 2500*time.Millisecond; {
		phase(p)
	}
	bad.Store(true)
	began := time.Now()
	eventually(t, "it goes back", func() bool { return phase(p) == strangler.PhaseShadow })
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("that took %s while others waited for the journal", took)
	}
	time.Sleep(2 * time.Second) // the marker has it
	p.kill()
	unlock()
	p = startProcess(t, s.File)
	r, err := p.API.Rollout(t.Context(), "orders")
	if err != nil || r.Position.Phase != strangler.PhaseShadow || r.State != web.RolloutResting {
		t.Errorf("after the process was killed: %s at %s, %v", r.State, r.Position, err)
	}
}

// TestRolloutAbort takes a route back with the journal locked: the answer says so, and it is so after the
// process was killed.
func TestRolloutAbort(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "", fine), backend(t, "", fine)
	s, p := inProcess(t, fmt.Sprintf(`legacy: {url: %s}
services: {s: {urls: [%s]}}
routes:
  - {name: orders, match: {path: /orders}, service: s, start: live, rollout: {steps: [shadow, live], hold: 1h, %s}}
`, legacy.URL, service.URL, ungated))
	unlock := s.lock(t)
	defer unlock()
	if _, err := p.API.Steer(t.Context(), "orders", web.SteerAbort, api.SteerRequest{IfVersion: 7}); err == nil {
		t.Error("it is aborted at another version")
	}
	r, err := p.API.Steer(t.Context(), "orders", web.SteerAbort, api.SteerRequest{Reason: "fire", IfVersion: 1})
	if err != nil || r.State != web.RolloutStopped || r.Position.Phase != strangler.PhaseShadow || !strings.Contains(r.Undurable, "the marker in the data folder has it") {
		t.Errorf("aborted: %+v, %v", r, err)
	}
	p.kill()
	unlock()
	p = startProcess(t, s.File)
	if r, err = p.API.Rollout(t.Context(), "orders"); err != nil || r.State != web.RolloutStopped || r.Position.Phase != strangler.PhaseShadow || r.StateWhy != "aborted: fire" {
		t.Errorf("after the process was killed: %+v, %v", r, err)
	}
}

// TestRolloutForgets resumes a route whose service is mended, and kills the process before what was seen
// is kept: what was seen of before doesn't come back.
func TestRolloutForgets(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "", fine)
	service, bad := spoils(t)
	s, p := inProcess(t, fmt.Sprintf(`legacy: {url: %s}
services: {s: {urls: [%s]}}
routes:
  - {name: orders, match: {path: /orders}, service: s, start: shadow, rollout: {steps: [shadow, live], hold: 1h, gates: {divergence: off, errors: 2pp, latency: off}}}
`, legacy.URL, service.URL))
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	bad.Store(true)
	state := func() web.Rollout {
		t.Helper()
		r, err := p.API.Rollout(t.Context(), "orders")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	eventually(t, "it stops", func() bool {
		for range 50 {
			resp, err := client.Get(p.URL + "/orders")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		return state().State == web.RolloutResting
	})
	time.Sleep(10500 * time.Millisecond) // what was seen is kept
	if _, err := p.API.Steer(t.Context(), "orders", web.SteerResume, api.SteerRequest{Reason: "mended"}); err != nil {
		t.Fatal(err)
	}
	p.kill()
	p = startProcess(t, s.File)
	time.Sleep(1500 * time.Millisecond)
	if r := state(); r.State != web.RolloutRunning || counted(r, 1) != 0 || first(r).Trial != 2 {
		t.Errorf("after the process was killed: %s, trial %d, %+v", r.State, first(r).Trial, r.Gates)
	}
}

// TestRolloutNames has a unit that is called as a route of another walker is.
func TestRolloutNames(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "", fine), backend(t, "", fine)
	s := start(t, fmt.Sprintf(`legacy: {url: %s}
services: {s: {urls: [%s]}}
routes:
  - {name: orders, match: {path: /orders}, service: s, start: shadow, rollout: {steps: [shadow, live], hold: 1h, %[3]s}}
  - {name: read, match: {path: /read}, service: s, unit: orders, start: live, rollout: {steps: [shadow, live], hold: 1h, %[3]s}}
`, legacy.URL, service.URL, ungated))
	for range 2 {
		if a, b := rolloutOf(t, s, "orders"), rolloutOf(t, s, "read"); a.Unit != "" || a.State != web.RolloutRunning || b.Unit != "orders" || b.State != web.RolloutDone {
			t.Errorf("%+v\n%+v", a, b)
		}
		time.Sleep(1200 * time.Millisecond) // another look
	}
}

// TestRolloutBegins has a route ask for another path, and go and come back: what was seen before is of
// something else.
func TestRolloutBegins(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "", fine), backend(t, "", fine)
	text := func(name, path string) string {
		return fmt.Sprintf(`legacy: {url: %s}
services: {s: {urls: [%s]}}
routes:
  - {name: %s, match: {path: %s}, service: s, start: shadow, rollout: {steps: [shadow, live], hold: 1h, %s}}
`, legacy.URL, service.URL, name, path, quick)
	}
	s := start(t, text("orders", "/orders"))
	see := func(name, path string) {
		t.Helper()
		for range 20 {
			s.get(t, path)
		}
		eventually(t, "20 are compared", func() bool { return first(rolloutOf(t, s, name)).Compared == 20 })
	}
	see("orders", "/orders")
	s.reload(t, text("orders", "/other"))
	see("orders", "/other")
	s.reload(t, text("renamed", "/other"))
	see("renamed", "/other")
	s.reload(t, text("orders", "/other"))
	see("orders", "/other")
}

// TestRolloutLedgerLocked has another version of a service answer, which is bad, while the ledger takes
// nothing: what is known without it is enough to go back.
func TestRolloutLedgerLocked(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "", fine)
	service, bad := spoils(t)
	s := start(t, fmt.Sprintf(`legacy: {url: %s}
services: {s: {urls: [%s]}}
routes:
  - {name: orders, match: {path: /orders}, service: s, cohort: [request], start: 50%%, rollout: {steps: [shadow, 50%%, live], hold: 1h, gates: {divergence: 2%%, errors: 2pp, latency: off}}}
`, legacy.URL, service.URL))
	pound(t, s, "/orders", func(int) {}) // some get what the bad one answers
	eventually(t, "evidence", func() bool { return first(rolloutOf(t, s, "orders")).Compared > 0 })
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(filepath.Dir(s.File), "data", "ledger.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := s.API.Steer(t.Context(), "orders", web.SteerResume, api.SteerRequest{Version: "v2"}); err != nil {
		t.Fatal(err)
	}
	bad.Store(true)
	at(t, s, "orders", strangler.PhaseShadow)
	if r := rolloutOf(t, s, "orders"); r.State != web.RolloutResting || !strings.Contains(r.StateWhy, "errors are more than") {
		t.Errorf("%s: %s", r.State, r.StateWhy)
	}
}
