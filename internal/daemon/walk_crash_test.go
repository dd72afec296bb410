package daemon_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// TestRolloutSurvivesKill kills a daemon as soon as a route has come to a step, at every step, and
// starts another one: it goes on from there, and neither repeats nor skips one. No request fails that
// is sent while one of them runs.
func TestRolloutSurvivesKill(t *testing.T) {
	t.Parallel()
	same := func(w http.ResponseWriter, r *http.Request) { answer(w, 200, `{"total":1}`) }
	legacy, service := backend(t, "", same), backend(t, "", same)
	s, err := tryStart(t, t.TempDir(), fmt.Sprintf(`legacy: {url: %s}
services: {orders: {urls: [%s]}}
routes:
  - name: orders
    match: {path: /orders}
    service: orders
    cohort: [request]
    rollout: {steps: [shadow, 10%%, 30%%, 60%%, live], hold: 0s, gates: {divergence: 2%%, errors: 3pp, latency: off}}
`, legacy.URL, service.URL), daemon.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := ended(s); err != nil {
		t.Fatal(err)
	}

	var want []string
	for _, step := range []string{"shadow", "10%", "30%", "60%", "live"} {
		want = append(want, "promote "+step)
		to, err := strangler.ParsePosition(step)
		if err != nil {
			t.Fatal(err)
		}
		p := startProcess(t, s.File)
		deadline := time.Now().Add(patience)
		for at := (strangler.Position{}); at != to; {
			if time.Now().After(deadline) {
				r, err := p.API.Rollout(t.Context(), "orders")
				t.Fatalf("it doesn't come to %s: %+v, %v", step, r, err)
			}
			for range 20 {
				resp, err := http.Get(p.URL + "/orders")
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != 200 {
					t.Fatalf("a client got %s on the way to %s", resp.Status, step)
				}
			}
			r, err := p.API.Route(t.Context(), "orders")
			if err != nil {
				t.Fatal(err)
			}
			at = strangler.Position{Phase: r.Phase, Weight: r.Weight}
		}
		p.kill()
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()

	p := startProcess(t, s.File)
	entries, err := p.API.Journal(t.Context(), web.EntryQuery{Route: "orders", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range slices.Backward(entries) {
		if e.Kind == "moved" {
			got = append(got, strings.TrimSpace(e.How+" "+e.After.String()))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
}
