package daemon_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// TestUndoOf holds that what UndoOf says is what Undo does, whatever was moved, rolled back and undone before:
// routes of a unit and one that began at live.
func TestUndoOf(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	s := start(t, fmt.Sprintf(`
legacy: {url: %q}
services: {orders: {urls: [%q]}}
routes:
  - {name: read, match: {path: "/read"}, service: orders, unit: orders}
  - {name: write, match: {path: "/write"}, service: orders, unit: orders}
  - {name: stock, match: {path: "/stock"}, service: orders, start: live}
`, legacy.URL, service.URL))
	stands := func() map[string]string {
		at := map[string]string{}
		for _, r := range s.Routes() {
			at[r.Name] = strangler.Position{Phase: r.Phase, Weight: r.Weight}.String()
		}
		return at
	}

	// What was undone is not what the next undo takes back: the newest entry says where it came from, not
	// where it goes.
	s.shift(t, "stock", "25%")
	if _, err := s.Rollback(t.Context(), web.Rollback{Route: "stock", To: strangler.PhaseLegacy}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Undo(t.Context(), web.Undo{Route: "stock"}); err != nil {
		t.Fatal(err)
	}
	if step, err := s.UndoOf("stock"); err != nil || len(step.Moves) != 1 || step.Moves[0].To.String() != "live" {
		t.Errorf("after an undo another would do %+v, %v; want live", step, err)
	}

	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, seed))
	undone := 0
	for i := range 120 {
		route := []string{"read", "write", "stock"}[random.IntN(3)]
		switch random.IntN(5) {
		case 0, 1:
			to, _ := strangler.ParsePosition([]string{"legacy", "shadow", "10%", "25%", "live"}[random.IntN(5)])
			if _, err := s.Shift(t.Context(), web.Move{Route: route, To: to}); err != nil {
				t.Fatalf("seed %d, %d: %v", seed, i, err)
			}
		case 2:
			if _, err := s.Rollback(t.Context(), web.Rollback{Route: route, To: []strangler.Phase{strangler.PhaseLegacy, strangler.PhaseShadow}[random.IntN(2)]}); err != nil {
				t.Fatalf("seed %d, %d: %v", seed, i, err)
			}
		default:
			step, said := s.UndoOf(route)
			want := stands()
			for _, m := range step.Moves {
				if m.Route != route && want[m.Route] == m.To.String() {
					t.Errorf("seed %d, %d: it says that %s moves to %s, where it stands", seed, i, m.Route, m.To)
				}
				want[m.Route] = m.To.String()
			}
			_, err := s.Undo(t.Context(), web.Undo{Route: route})
			var nothing *journal.NothingToUndoError
			if (err == nil) != (said == nil) || err != nil && !errors.As(said, &nothing) {
				t.Fatalf("seed %d, %d: it says %v, and does %v", seed, i, said, err)
			}
			if err != nil {
				continue
			}
			undone++
			if diff := cmp.Diff(want, stands()); diff != "" {
				t.Fatalf("seed %d, %d: an undo of %s does something else than it says (-said +done):\n%s", seed, i, route, diff)
			}
		}
	}
	if undone == 0 {
		t.Errorf("seed %d: nothing was undone", seed)
	}
}

// TestUndoOfPending holds that no undo is promised of a rollback that the journal doesn't have yet.
func TestUndoOfPending(t *testing.T) {
	t.Parallel()
	legacy, service := nextServices(t)
	s := start(t, fmt.Sprintf(rollbackRoutes, legacy, service))
	s.shift(t, "read", "50%")
	unlock := s.lock(t)
	defer unlock()
	if result, err := s.Rollback(t.Context(), web.Rollback{Unit: "orders", To: strangler.PhaseLegacy}); err != nil || result.Durable {
		t.Fatalf("%+v, %v", result, err)
	}
	var refused *rollout.RefusedError
	if step, err := s.UndoOf("read"); !errors.As(err, &refused) {
		t.Errorf("it says %+v, %v", step, err)
	}
}
