package daemon_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/examples/bookshop"
	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// TestBookshopRollouts has the example's routes move by themselves, in the time scale of the demo's
// --fast: with the services' mistakes each is stopped or sent back, and says why; without them each walks
// to live. No request of a visitor's fails meanwhile.
func TestBookshopRollouts(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	t.Parallel()
	for _, tt := range []struct {
		name     string
		repaired bool
		want     map[string]string // where each rollout comes to
		reason   string            // that a move or a stop gives
	}{
		{"with their mistakes", false, map[string]string{"orders-read": "resting at shadow", "book-read": "resting at shadow", "book-list": "resting at shadow"}, "divergence is above"},
		{"without them", true, map[string]string{"orders-read": "done at live", "book-read": "done at live", "book-list": "done at live"}, "divergence is below"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := openBookshop(t, tt.repaired, bookshop.Fast())
			visiting, leave := context.WithCancel(t.Context())
			left := make(chan struct{})
			go func() { bookshop.Visit(visiting, "http://"+d.Addr(), 500); close(left) }()
			defer func() { leave(); <-left }()
			var got map[string]string
			var all []web.Rollout
			for end := time.Now().Add(100 * time.Second); time.Now().Before(end) && !cmp.Equal(tt.want, got); time.Sleep(100 * time.Millisecond) {
				got, all = map[string]string{}, d.Rollouts()
				for _, r := range all {
					got[r.Name] = r.State + " at " + r.Position.String()
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rollouts (-want +got):\n%s%+v", diff, all)
			}
			for _, r := range d.Stats().Routes {
				if failed := r.Legacy.Failures + r.Service.Failures + r.Fallbacks; failed > 0 {
					t.Errorf("route %q: %d requests of clients failed", r.Route, failed)
				}
			}
			for name := range tt.want {
				checkMoves(t, d, name, tt.repaired, tt.reason)
			}
		})
	}
}

// checkMoves looks at what the journal says of a route's way.
func checkMoves(t *testing.T, d *daemon.Daemon, route string, repaired bool, reason string) {
	t.Helper()
	entries, err := d.Entries(t.Context(), web.EntryQuery{Route: route, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for i, e := range entries {
		if e.Kind == "steered" || e.Kind == "moved" {
			told++
			if e.Actor != "rollout" || !e.Verified || !strings.Contains(e.Reason, reason) {
				t.Errorf("%s: %s by %s: %s", route, e.Kind, e.Actor, e.Reason)
			}
		}
		if e.Kind != "moved" {
			continue
		}
		steps := []strangler.Position{strangler.At(strangler.PhaseShadow), strangler.Canary(10_00), strangler.Canary(25_00), strangler.Canary(50_00), strangler.At(strangler.PhaseLive)}
		forward := false
		for n := range steps[1:] {
			forward = forward || *e.Before == steps[n] && *e.After == steps[n+1] || *e.Before == strangler.Canary(10_00) && *e.After == strangler.Canary(50_00)
		}
		if repaired && !forward || !repaired && e.After.Phase != strangler.PhaseShadow {
			t.Errorf("%s, entry %d: from %s to %s", route, i, e.Before, e.After)
		}
	}
	if told == 0 {
		t.Errorf("%s: the journal says nothing", route)
	}
}
