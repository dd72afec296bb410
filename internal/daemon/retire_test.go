package daemon_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

const retiring = `
legacy: {url: %q}
services:
  orders: {urls: [%q]}
routes:
  - name: orders-read
    match: {path: "/orders/{id}"}
    service: orders
    start: 50%%
    cohort: [query:who]
    repeat: safe
    override: {secret: 0123456789abcdef}
  - name: fax
    match: {path: "/fax"}
    gone: /mail
  - name: quiet
    match: {path: "/quiet"}
    service: orders
    start: live
    unit: still
  - name: quiet-too
    match: {path: "/quiet-too"}
    service: orders
    start: live
    unit: still
`

// knock sends a request through the proxy, with headers as name, value, ….
func (s *system) knock(t testing.TB, path string, headers ...string) int {
	t.Helper()
	r, err := http.NewRequest("GET", s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// summary is who called and how often, without times.
func summary(r web.Retirement) string {
	var all []string
	for _, c := range r.Calls {
		all = append(all, fmt.Sprintf("%s %q %d", c.How, c.Who, c.Count))
	}
	return strings.Join(all, ", ")
}

// TestRetireNeedsProof has legacy called in every way there is, and looks what is on record of it, also
// after a restart and after a kill.
func TestRetireNeedsProof(t *testing.T) {
	failing := false
	legacy := backend(t, "legacy", nil)
	service := backend(t, "service", func(w http.ResponseWriter, r *http.Request) {
		if failing {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	folder, text := t.TempDir(), fmt.Sprintf(retiring, legacy.URL, service.URL)
	s := startIn(t, folder, text)

	for i := range 40 {
		s.knock(t, fmt.Sprintf("/orders/1?who=%d", i))
	}
	served := s.Stats().Routes[0].Legacy.Requests
	if served == 0 || served == 40 {
		t.Fatalf("legacy served %d of 40 in canary", served)
	}
	s.shift(t, "orders-read", "live")
	s.knock(t, "/orders/1", "X-Strangler-Side", "legacy; 0123456789abcdef", "User-Agent", "curl/8.5 (x; y)")
	failing = true
	for range 2 {
		if status := s.knock(t, "/orders/1", "User-Agent", "Shop/1 okhttp/4"); status != 200 {
			t.Fatalf("the fallback answered %d", status)
		}
	}
	failing = false
	s.knock(t, "/orders/1")                      // the service answers: that is none of legacy's
	s.knock(t, "/fax", "User-Agent", "Word\t97") // who calls what is to be gone is told apart
	s.knock(t, "/unmatched")
	s.knock(t, "/orders/..%2f1") // refused or not: nobody's

	want := fmt.Sprintf(`fallback "127.0.0.1 (Shop/1)" 2, override "127.0.0.1 (curl/8.5)" 1, canary "" %d`, served)
	for _, when := range []string{"at once", "after a restart"} {
		r, err := s.API.Retirement(t.Context(), "orders-read")
		if err != nil {
			t.Fatal(err)
		}
		if got := summary(r); got != want {
			t.Errorf("%s: on record are %s; want %s", when, got, want)
		}
		if r.Ready || r.RetireAfter != "45d" || r.Phase != strangler.PhaseLive || time.Since(r.Since) > time.Minute || time.Since(r.Calls[0].Last) > time.Minute ||
			len(r.Legacy.ProxyAddresses) != 1 || r.Legacy.ProxyAddresses[0] != "127.0.0.1" {
			t.Errorf("%s: %+v", when, r)
		}
		fax, err := s.API.Retirement(t.Context(), "fax")
		if err != nil || summary(fax) != `legacy "127.0.0.1 (Word)" 1` {
			t.Errorf("%s: of fax there is %s, %v", when, summary(fax), err)
		}
		if when == "at once" {
			if err := s.end(); err != nil {
				t.Fatal(err)
			}
			s = startIn(t, folder, text)
		}
	}

	_, err := s.API.Shift(t.Context(), "orders-read", api.ShiftRequest{Phase: strangler.PhaseRetired})
	var problem *api.Problem
	if !errors.As(err, &problem) || problem.Code != web.CodeRefused || problem.Force == nil || !*problem.Force {
		t.Fatalf("it retired, or was refused otherwise: %v", err)
	}
	for _, part := range []string{`route "orders-read": legacy was called for it in the last 45d: 2 times for 127.0.0.1 (Shop/1), where the service failed (the last at `,
		"once by 127.0.0.1 (curl/8.5), who chose legacy", fmt.Sprintf("%d times by clients while it stood at canary", served),
		"calls to legacy are on record only since", "--access-log FILE", "--proxy-only", "--force does it all the same"} {
		if !strings.Contains(problem.Detail, part) {
			t.Errorf("the refusal lacks %q: %s", part, problem.Detail)
		}
	}
	if routes := s.Routes(); routes[0].Phase != strangler.PhaseLive {
		t.Errorf("it was refused, and stands at %s", routes[0].Phase)
	}
}

// TestRetire retires what nobody needs any more, and reads the reports.
func TestRetire(t *testing.T) {
	asked := 0
	legacy := backend(t, "legacy", func(w http.ResponseWriter, r *http.Request) { asked++ })
	service := backend(t, "service", nil)
	folder := t.TempDir()
	s := startIn(t, folder, "retire_after: 0s\n"+fmt.Sprintf(retiring, legacy.URL, service.URL))
	since := s.Routes()[2].Version

	// One of the unit takes the other along.
	result, err := s.API.Retire(t.Context(), api.RetireRequest{Retire: web.Retire{Routes: []string{"quiet", "fax"}, Reason: "nobody | is <left>"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Moved) != 3 || len(result.Reports) != 3 {
		t.Fatalf("retired: %+v", result)
	}
	for _, route := range result.Moved {
		if route.Phase != strangler.PhaseRetired {
			t.Errorf("%s stands at %s", route.Name, route.Phase)
		}
	}
	for _, report := range result.Reports {
		saved, err := os.ReadFile(report.File)
		if err != nil || string(saved) != report.Markdown || report.Problem != "" {
			t.Errorf("the report of %s is in %q: %v", report.Route, report.File, err)
		}
		if filepath.Dir(report.File) != filepath.Join(folder, "data", "reports") || !strings.HasPrefix(filepath.Base(report.File), report.Route+"-20") {
			t.Errorf("the report of %s is in %s", report.Route, report.File)
		}
		for _, part := range []string{"# Route " + report.Route + " is retired", `by test (as the client said): nobody \| is \<left\>`, "| shift |", "It was never called.", "Nobody looked."} {
			if !strings.Contains(report.Markdown, part) {
				t.Errorf("the report of %s lacks %q:\n%s", report.Route, part, report.Markdown)
			}
		}
	}
	if status := s.knock(t, "/fax"); status != http.StatusGone || asked > 0 {
		t.Errorf("what is gone answers %d, and legacy was asked %d times", status, asked)
	}
	if status, body, _ := s.get(t, "/quiet"); status != 200 || !strings.HasPrefix(body, "service") {
		t.Errorf("what is retired answers %d %s", status, body)
	}
	stats := s.Stats()
	if fax := stats.Routes[1]; fax.Legacy.Requests != 0 || fax.Service.Requests != 1 {
		t.Errorf("figures of fax: %+v", fax)
	}
	x, err := s.API.Explain(t.Context(), web.Explain{URL: "/fax"})
	if err != nil || x.Upstream != "" || !strings.Contains(x.Note, "410") {
		t.Errorf("explained: %+v, %v", x, err)
	}

	// Again: it stays, and there is no other report.
	again, err := s.API.Retire(t.Context(), api.RetireRequest{Retire: web.Retire{Unit: "still"}})
	if err != nil || len(again.Moved) != 2 || len(again.Reports) != 0 || again.Moved[0].Version != since+1 {
		t.Errorf("a second time: %+v, %v", again, err)
	}

	// The service has a route that isn't live: none of it retires, and forced all of it.
	s.shift(t, "orders-read", "25%")
	_, err = s.API.Retire(t.Context(), api.RetireRequest{Retire: web.Retire{Service: "orders"}})
	var problem *api.Problem
	if !errors.As(err, &problem) || problem.Code != web.CodeRefused || !strings.Contains(problem.Detail, "it stands at 25%, and only a live route retires") {
		t.Errorf("a service that isn't through: %v", err)
	}
	forced, err := s.API.Retire(t.Context(), api.RetireRequest{Retire: web.Retire{Service: "orders", Force: true}})
	if err != nil || len(forced.Reports) != 1 || !strings.Contains(forced.Reports[0].Markdown, "and was forced\n\n- it stands at 25%, and only a live route retires") {
		t.Errorf("forced: %+v, %v", forced, err)
	}

	// An undo is no way around the guard.
	if _, err := s.API.Shift(t.Context(), "orders-read", api.ShiftRequest{Phase: strangler.PhaseLive, Force: true}); err != nil {
		t.Fatal(err)
	}
	if _, err = s.API.Undo(t.Context(), "orders-read", api.UndoRequest{}); !errors.As(err, &problem) || problem.Code != web.CodeRefused {
		t.Errorf("an undo retires: %v", err)
	}
}

// TestRetireWithAccessLog gives what a log says, and looks what is made of it.
func TestRetireWithAccessLog(t *testing.T) {
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	s := start(t, "retire_after: 1ms\n"+fmt.Sprintf(retiring, legacy.URL, service.URL))
	time.Sleep(5 * time.Millisecond)
	log := &web.AccessLog{Files: []string{"access.log"}, Routes: []string{"quiet"}, From: time.Now().Add(-time.Hour), Until: time.Now(), Lines: 9, Own: 2,
		Callers: []web.LogCaller{{Route: "quiet", Who: "10.0.0.9 (cron/1)", Count: 7, Last: time.Now().Add(time.Hour)}}}
	_, err := s.API.Retire(t.Context(), api.RetireRequest{Retire: web.Retire{Routes: []string{"quiet"}, RetireEvidence: web.RetireEvidence{AccessLog: log}}})
	var problem *api.Problem
	if !errors.As(err, &problem) || !strings.Contains(problem.Detail, `route "quiet": legacy was called for it around the proxy, says the access log: 7 times by 10.0.0.9 (cron/1)`) ||
		!strings.Contains(problem.Detail, `and route "quiet-too": nobody has looked`) {
		t.Errorf("refused: %v", err)
	}
	log.Routes, log.Callers[0].Last = []string{"quiet", "quiet-too"}, time.Now().Add(-time.Minute)
	result, err := s.API.Retire(t.Context(), api.RetireRequest{Retire: web.Retire{Routes: []string{"quiet"}, RetireEvidence: web.RetireEvidence{AccessLog: log}}})
	if err != nil || !strings.Contains(result.Reports[0].Markdown, "(access.log): 9 lines from ") || !strings.Contains(result.Reports[0].Markdown, "| 10.0.0.9 (cron/1) | 7 | ") {
		t.Errorf("retired: %+v, %v", result, err)
	}
}
