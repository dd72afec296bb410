package daemon_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// TestRolloutUntranslatable has one client send what can't be read, and what has no counterpart, again and
// again to routes that are on their way. The first says nothing of the service. The second holds a rollout
// up, and takes it back only where clients get no answer by it.
func TestRolloutUntranslatable(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer(w, 200, `{"STS":"A"}`)
	})
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer(w, 200, `{"status":"active"}`)
	})
	s := start(t, fmt.Sprintf(`legacy: {url: %s}
services: {orders: {urls: [%s]}}
defaults: {cohort: [request]}
translators:
  order:
    fields: [{legacy: STS, service: status, values: {A: active}}]
    unknown: drop
  envelope:
    legacy: {format: soap, root: "c:Order", namespaces: {c: "urn:c"}}
    fields: [{legacy: "c:STS", service: status, values: {A: active}}]
    unknown: drop
routes:
  - {name: writes, match: {path: /writes}, service: orders, start: 50%%, translate: {with: order}, rollout: &plan {steps: [50%%, live], hold: 1h, gates: {divergence: off, errors: 2pp, latency: off, max_skipped: 5%%}}}
  - {name: malformed, match: {path: /malformed}, service: orders, start: 50%%, translate: {with: order}, rollout: *plan}
  - {name: faults, match: {path: /faults}, service: orders, start: 50%%, fallback: none, translate: {with: envelope}, rollout: *plan}
  - {name: alone, match: {path: /alone}, service: orders, start: 50%%, fallback: none, translate: {with: order}, rollout: *plan}
  - name: reads
    match: {path: /reads}
    service: orders
    start: 50%%
    translate: {answer: order, path: {legacy: "/reads?sts={sts}", service: "/orders?status={status}"}, params: [{legacy: sts, service: status, values: {A: active}}]}
    rollout: *plan
`, legacy.URL, service.URL))
	post := func(path, contentType, body string) int {
		t.Helper()
		resp, err := s.Client.Post(s.URL+path, contentType, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	const n = 400
	for range n {
		for path, want := range map[string]int{"/writes": 200, "/malformed": 200, "/alone": 200} {
			if got := post(path, "application/json", `{"STS":"A"}`); got != want {
				t.Fatalf("%s: %d", path, got)
			}
		}
		if got := post("/writes", "application/json", `{"STS":"Z"}`); got != 200 {
			t.Fatalf("what has no counterpart is answered %d, want legacy's answer", got)
		}
		if got := post("/malformed", "application/json", `{"STS":`); got != 200 {
			t.Fatalf("what can't be read is answered %d, want legacy's answer", got)
		}
		if got := post("/faults", "text/xml", "<e:Envelope"); got != 500 && got != 200 {
			t.Fatalf("what can't be read is answered %d, want a fault or legacy's answer", got)
		}
		post("/alone", "application/json", `{"STS":"Z"}`)
		for _, sts := range []string{"A", "Z"} {
			if status, body, _ := s.get(t, "/reads?sts="+sts); status != 200 {
				t.Fatalf("%s: %d %s", sts, status, body)
			}
		}
	}
	errors := func(route string) web.GateReading {
		for _, g := range rolloutOf(t, s, route).Gates {
			if g.Gate == "errors" {
				return g
			}
		}
		return web.GateReading{}
	}
	requests := func(route string) (service, failures int64) {
		for _, r := range s.Stats().Routes {
			if r.Route == route {
				return r.Service.Requests, r.Service.Failures
			}
		}
		return 0, 0
	}

	// Rolled back where clients felt it.
	eventually(t, "the one without a fallback goes back", func() bool {
		r := rolloutOf(t, s, "alone")
		return r.State == web.RolloutResting && r.Position.Phase == strangler.PhaseLegacy && strings.Contains(r.StateWhy, "errors are more than")
	})
	// By the same look all is known of the others.
	for _, tt := range []struct{ route, state, why, not string }{
		{"writes", "open", "untranslatable, which legacy answers)", ""},
		{"reads", "open", "untranslatable, which legacy answers)", ""},
		{"malformed", "", "the service failed 0 of ", "untranslatable"},
	} {
		eventually(t, "what is known of "+tt.route, func() bool {
			g := errors(tt.route)
			return (tt.state == "" || g.State == tt.state) && strings.Contains(g.Why, tt.why) && (tt.not == "" || !strings.Contains(g.Why, tt.not))
		})
	}
	for _, route := range []string{"writes", "reads", "malformed", "faults"} {
		if r := rolloutOf(t, s, route); r.State != web.RolloutRunning || r.Position != strangler.Canary(50_00) {
			t.Errorf("%s: %s at %s: %s", route, r.State, r.Position, r.StateWhy)
		}
	}
	if asked, failed := requests("malformed"); failed != 0 || asked > n*3/4 {
		t.Errorf("what can't be read counts: %d failures of %d requests", failed, asked)
	}
	if _, failed := requests("faults"); failed != 0 {
		t.Errorf("what can't be read counts as %d failures, as a client of SOAP is told so with a 500", failed)
	}
	if _, failed := requests("writes"); failed < n/4 {
		t.Errorf("%d of %d requests without counterpart count as failures, want those of the service's half", failed, n)
	}
	if c := s.comparisons("reads"); c.Reasons["malformed"] != 0 || c.Reasons["translate"] == 0 {
		t.Errorf("comparisons of reads: %+v", c)
	}
}
