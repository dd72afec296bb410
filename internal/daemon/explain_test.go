package daemon_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// TestExplainSendsNothing asks what would happen, and holds it against what then does.
func TestExplainSendsNothing(t *testing.T) {
	var hits atomic.Int64
	count := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			hits.Add(1)
			fmt.Fprint(w, name)
		}
	}
	s := start(t, fmt.Sprintf(oneRoute, backend(t, "", count("legacy")).URL, backend(t, "", count("service")).URL))
	for _, to := range []string{"legacy", "shadow", "50%", "live", "retired"} {
		s.shift(t, "orders-read", to)
		for who := range 10 {
			path := fmt.Sprintf("/orders/1?who=%d", who)
			before := hits.Load()
			x, err := s.API.Explain(t.Context(), web.Explain{Method: "POST", URL: path})
			if err != nil {
				t.Fatal(err)
			}
			if hits.Load() != before {
				t.Fatal("something was sent")
			}
			// A POST, which no shadow copies, so that nothing is sent later either.
			resp, err := s.Client.Post(s.URL+path, "text/plain", nil)
			side, err := body(resp, err)
			if err != nil || side != x.Side.String() || x.Route != "orders-read" || x.Phase.String() != strings.Replace(to, "50%", "canary", 1) {
				t.Errorf("%s: explained %+v, answered by %s, %v", to, x, side, err)
			}
		}
	}
	var problem *api.Problem
	if _, err := s.API.Explain(t.Context(), web.Explain{URL: "no path"}); !errors.As(err, &problem) {
		t.Errorf("nonsense is explained: %v", err)
	}
}

// TestExplainShadow holds what is said of the shadow against what the shadow does.
func TestExplainShadow(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "same", nil), backend(t, "same", nil)
	text := fmt.Sprintf("legacy: {url: %q}\nservices: {orders: {urls: [%q]}, sandbox: {urls: [%q]}}\nroutes:\n", legacy.URL, service.URL, service.URL)
	settings := map[string]string{
		"plain": "", "never": ", repeat: never", "idempotent": ", repeat: idempotent", "owns": ", return: never",
		"sandboxed": ", shadow: {sandbox: sandbox}", "unsampled": ", shadow: {sample: 0%}",
		"session": ", shadow: {second_call: with_session, legacy_extra: {share: 100%, per_second: 1000}}",
		"chosen":  `, override: {header: X-Side, secret: sixteen-characters}`,
	}
	for name, more := range settings {
		text += fmt.Sprintf("  - {name: %[1]s, match: {path: /%[1]s}, service: orders%[2]s}\n", name, more)
	}
	s := start(t, text)
	due := func(route string) int64 { // what was sampled and not ruled out by the request itself
		c := s.comparisons(route)
		return c.Sampled - c.Reasons[shadow.SkipNotRepeatable] - c.Reasons[shadow.SkipSession] - c.Reasons[shadow.SkipOverridden]
	}
	headers := map[string]http.Header{
		"nothing": {}, "cookie": {"Cookie": {"sid=1"}}, "our cookies": {"Cookie": {strangler.IssuedCookie + "=1; strangler_session=1"}},
		"credentials": {"Authorization": {"Basic eDp5"}}, "override": {"X-Side": {"legacy; sixteen-characters"}},
	}
	agreed := map[bool]int{}
	for _, phase := range []string{"legacy", "shadow", "live", "retired"} {
		for name := range settings {
			s.shift(t, name, phase)
			for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST"} {
				for what, header := range headers {
					x, err := s.API.Explain(t.Context(), web.Explain{Method: method, URL: "/" + name, Header: header})
					if err != nil {
						t.Fatal(err)
					}
					before := due(name)
					r, _ := http.NewRequest(method, s.URL+"/"+name, nil)
					r.Header = header.Clone()
					if _, err := body(s.Client.Do(r)); err != nil {
						t.Fatal(err)
					}
					after := due(name)
					if said := strings.HasPrefix(x.Shadow, "yes"); said != (after > before) {
						t.Errorf("%s in %s, %s with %s: said %q, but %d copies were due", name, phase, method, what, x.Shadow, after-before)
					} else {
						agreed[said]++
					}
				}
			}
		}
	}
	if agreed[true] < 20 || agreed[false] < 20 {
		t.Errorf("they agreed on %v", agreed)
	}
}

// TestTransportNamed says that what carries requests is named, not what the file says of HTTP/1.1.
func TestTransportNamed(t *testing.T) {
	s := start(t, `legacy: {url: "https://127.0.0.1:1"}
services:
  plain: {urls: ["http://127.0.0.1:1"]}
  records: {urls: ["srv://_http._tcp.nowhere.invalid"]}
  chosen: {urls: ["http://127.0.0.1:1"], transport: standard}
  tls: {urls: ["https://127.0.0.1:1"]}
  tls-records: {urls: ["srv+https://_http._tcp.nowhere.invalid"]}
  h2c: {urls: ["h2c://127.0.0.1:1"]}
routes:
  - {name: tls, match: {path: /tls}, service: tls, start: live}
  - {name: plain, match: {path: /plain}, service: plain, start: live}
`)
	for name, want := range map[string]string{"legacy": "standard", "plain": "own", "records": "own", "chosen": "standard",
		"tls": "standard", "tls-records": "standard", "h2c": "standard"} {
		if got := s.service(t, name).Transport; got != want {
			t.Errorf("%s is carried by %s, want %s", name, got, want)
		}
	}
	for path, want := range map[string]string{"/tls": "standard", "/plain": "own", "/": "standard"} {
		if got := s.explain(t, "GET", path).Transport; got != want {
			t.Errorf("%s is carried by %s, want %s", path, got, want)
		}
	}
}

// TestExplainEndpoints says what a request is told of the endpoints before it, and that services say
// the same.
func TestExplainEndpoints(t *testing.T) {
	well, ill := backend(t, "", nil), backend(t, "", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	s := start(t, fmt.Sprintf(`legacy: {url: %[1]q}
services:
  orders: {urls: [%[1]q, %[2]q], balance: hash, slow_start: 10s, connections: {max: 7}, health: {path: /healthz, interval: 20ms, status: 2xx}}
routes:
  - {name: orders, match: {path: /x}, service: orders, start: live}
`, well.URL, ill.URL))
	out := "2, 1 out of the turn: " + strings.TrimPrefix(ill.URL, "http://") + " (check: status 503)"
	eventually(t, out, func() bool { return s.explain(t, "GET", "/x").Endpoints == out })
	x := s.explain(t, "GET", "/x")
	got := []string{x.Balance, x.Connections, x.SlowStart, x.HealthCheck}
	want := []string{"hash", "at most 7 to an endpoint", "10s until an endpoint that is new or came back gets its full share", "/healthz every 20ms, good with status 2xx"}
	if !slices.Equal(got, want) {
		t.Errorf("explained %q, want %q", got, want)
	}
	if x := s.explain(t, "GET", "/"); x.Endpoints != "1" || x.Balance != "round_robin" || x.Connections+x.SlowStart+x.HealthCheck != "" {
		t.Errorf("of legacy: %+v", x)
	}
	one := s.service(t, "orders")
	check := web.HealthCheck{Path: "/healthz", Status: "2xx", Interval: "20ms", Timeout: "2s", Rise: 2, Fall: 3}
	if one.Connections != (web.Connections{Max: 7, Idle: 256, IdleTimeout: "3s, or as Keep-Alive says"}) || one.SlowStart != "10s" || one.HealthCheck == nil || *one.HealthCheck != check {
		t.Errorf("the service: %+v", one)
	}
}
