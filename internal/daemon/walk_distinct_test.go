package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// TestRolloutDistinct has a service be wrong about one record, which is asked for 500 times among 3,000
// others that are asked for once: where repeats count that is one divergence in seven, else one in 3,001.
func TestRolloutDistinct(t *testing.T) {
	const others, times = 3000, 500
	for _, tt := range []struct {
		name, distinct string
		distinctly     bool
	}{
		{"without it the route is stopped", "off", false},
		{"with it the route goes on", "1h", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			legacy := backend(t, "", fine)
			service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/orders/bad" {
					answer(w, 200, `{"total":100}`)
					return
				}
				fine(w, r)
			})
			s := start(t, fmt.Sprintf(`legacy: {url: %s}
services: {orders: {urls: [%s]}}
routes:
  - name: orders
    match: {path: "/orders/{id}"}
    service: orders
    start: shadow
    shadow: {control: 0%%, recheck: 0s}
    rollout: {steps: [shadow, live], hold: 0s, distinct: %s, gates: {divergence: 0.5%%, errors: 2pp, latency: off}}
`, legacy.URL, service.URL, tt.distinct))
			// So that it isn't promoted before all were asked for.
			if _, err := s.API.Freeze(t.Context(), api.FreezeRequest{Until: time.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
			ask := func(id string) {
				t.Helper()
				resp, err := s.Client.Get(s.URL + "/orders/" + id)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			for i := range others {
				ask(fmt.Sprint(i))
				if i%(others/times) == others/times-1 {
					ask("bad")
				}
			}
			eventually(t, "all are recorded", func() bool {
				groups, err := s.API.Groups(t.Context(), "orders", "")
				return err == nil && len(groups) == 1 && groups[0].Count > times*9/10 // people see them all
			})
			if !tt.distinctly {
				eventually(t, "stopped", func() bool {
					r := rolloutOf(t, s, "orders")
					return r.State == web.RolloutResting && strings.Contains(r.StateWhy, "divergence is above")
				})
				return
			}
			eventually(t, "one divergence counts", func() bool {
				r := rolloutOf(t, s, "orders")
				e, failures := first(r), counted(r, 1) // which go by how both sides did
				return e.Diverged == 1 && e.Compared > others*9/10 && e.Compared <= others+1 && failures == e.Compared
			})
			if r := rolloutOf(t, s, "orders"); r.State != web.RolloutRunning || r.Position.Phase != strangler.PhaseShadow {
				t.Errorf("%+v", r)
			}
			if err := s.API.Thaw(t.Context(), api.ThawRequest{}); err != nil {
				t.Fatal(err)
			}
			eventually(t, "live", func() bool { return rolloutOf(t, s, "orders").Position.Phase == strangler.PhaseLive })
		})
	}
}

// TestDistinctGiven judges the same answers again that somebody else has brought, and has evidence begin
// anew when repeats are evidence.
func TestDistinctGiven(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "", fine), backend(t, "", fine)
	text := fmt.Sprintf(`legacy: {url: %s}
services: {orders: {urls: [%s]}}
routes:
  - {name: orders, match: {path: /orders/*}, service: orders, start: shadow, rollout: {steps: [shadow, live], distinct: 1m, %s}}
`, legacy.URL, service.URL, quick)
	s := start(t, text)
	given := func(path string) api.GivenExchange {
		return api.GivenExchange{Route: "orders", Method: "GET", Path: path,
			Legacy: api.GivenAnswer{Status: 200, Body: []byte("1")}, Service: api.GivenAnswer{Status: 200, Body: []byte("2")}}
	}
	bring := func() {
		t.Helper()
		if _, err := s.API.Compare(t.Context(), given("/orders/1"), given("/orders/1"), given("/orders/2"), given("/orders/1")); err != nil {
			t.Fatal(err)
		}
	}
	evidence := func(what string, trial int, diverged int64) {
		t.Helper()
		eventually(t, what, func() bool {
			r := rolloutOf(t, s, "orders")
			return len(r.Evidence) == 1 && first(r).Trial == trial && first(r).Diverged == diverged
		})
	}
	evidence("evidence begins", 1, 0)
	bring()
	evidence("two differ", 1, 2)
	s.reload(t, strings.Replace(text, "distinct: 1m, ", "", 1))
	evidence("evidence begins anew", 2, 0)
	bring()
	evidence("four differ", 2, 4)
}
