package daemon_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

const withoutLegacy = `
legacy: none
services:
  orders: {urls: [%q]}
routes:
  - {name: orders-read, match: {path: "/orders/{id}"}, service: orders, start: live}
  - {name: fax, match: {path: /fax}, gone: /mail}
`

// TestNoLegacy ends a migration: first legacy: none is refused, and then it is all there is.
func TestNoLegacy(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	folder, without := t.TempDir(), fmt.Sprintf(withoutLegacy, service.URL)
	with := strings.Replace(without, "legacy: none", fmt.Sprintf("legacy: {url: %q}", legacy.URL), 1)
	s := startIn(t, folder, with)
	s.get(t, "/unmatched")
	if _, err := s.API.Shift(t.Context(), "fax", api.ShiftRequest{Phase: strangler.PhaseRetired, Force: true}); err != nil {
		t.Fatal(err)
	}

	// A reload, and a start, that come too early.
	s.write(t, without)
	want := s.File + ":6:9: legacy: there is no legacy application, and not every route is retired: orders-read (at live); retire them first, with strangler retire"
	if err := s.Reload(t.Context()); err == nil || err.Error() != want {
		t.Errorf("reload: got  %v\nwant %s", err, want)
	}
	if status, body, _ := s.get(t, "/unmatched"); status != 200 || !strings.HasPrefix(body, "legacy") {
		t.Errorf("after it: %d %s", status, body)
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	_, err := tryStart(t, folder, without, daemon.Options{})
	var problem config.Problem
	if !errors.As(err, &problem) || err.Error() != want || problem.Line != 6 {
		t.Errorf("start: got  %v\nwant %s", err, want)
	}

	s = startIn(t, folder, with)
	if _, err := s.API.Retire(t.Context(), api.RetireRequest{Retire: web.Retire{Service: "orders", Force: true}}); err != nil {
		t.Fatal(err)
	}
	s.write(t, without)
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	s = startIn(t, folder, without)
	if !strings.Contains(s.Log.String(), "legacy answered requests that no route holds, and which are answered 404 now") {
		t.Error("nobody is told that legacy was asked for what no route holds")
	}
	if status, body, _ := s.get(t, "/orders/7"); status != 200 || !strings.HasPrefix(body, "service") {
		t.Errorf("a retired route: %d %s", status, body)
	}
	for path, want := range map[string]int{"/fax": 410, "/unmatched": 404} {
		if status, body, _ := s.get(t, path); status != want || !strings.Contains(body, fmt.Sprintf(`"status":%d`, want)) {
			t.Errorf("%s: %d %s, want %d", path, status, body, want)
		}
	}

	// All that shows legacy copes.
	if services, gone, err := s.API.Upstreams(t.Context()); err != nil || !gone.Absent || len(gone.URLs) > 0 || len(services) != 1 {
		t.Errorf("upstreams: %+v and %+v, %v", services, gone, err)
	}
	x, err := s.API.Explain(t.Context(), web.Explain{URL: "/unmatched"})
	if err != nil || x.Upstream != "" || !strings.Contains(x.Note, "there is no legacy application") {
		t.Errorf("explained: %+v, %v", x, err)
	}
	if r, err := s.API.Retirement(t.Context(), "orders-read"); err != nil || !r.Ready || len(r.Legacy.ProxyAddresses) > 0 {
		t.Errorf("retirement: %+v, %v", r, err)
	}
	state, err := s.API.Config(t.Context())
	if err != nil || string(state.Definitions["/legacy"]) != `"none"` {
		t.Errorf("in force is legacy %s, %v", state.Definitions["/legacy"], err)
	}
	for _, page := range []string{"/metrics", "/", "/services", "/config", "/routes/fax"} {
		resp, err := http.Get(s.AdminURL() + page)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || strings.Contains(string(text), `upstream="legacy"`) || strings.Contains(string(text), `id="legacy"`) ||
			strings.Contains(string(text), "the legacy catch-all") {
			t.Errorf("%s: %s, %v", page, resp.Status, err)
		}
	}

	// Nothing brings legacy back but the configuration.
	var refused *api.Problem
	_, err = s.API.Rollback(t.Context(), web.Rollback{Route: "orders-read", Force: true})
	if !errors.As(err, &refused) || refused.Code != web.CodeRefused || *refused.Force || !strings.Contains(refused.Detail, "legacy: none") {
		t.Errorf("a rollback: %v", err)
	}
	_, err = s.API.Shift(t.Context(), "orders-read", api.ShiftRequest{Phase: strangler.PhaseLive, Force: true})
	if !errors.As(err, &refused) || refused.Code != web.CodeRefused {
		t.Errorf("a shift: %v", err)
	}
	if result, err := s.API.Rollback(t.Context(), web.Rollback{All: true, Force: true}); err != nil || len(result.Moved) > 0 || len(result.Skipped) != 2 {
		t.Errorf("a rollback of all: %+v, %v", result, err)
	}

	// A new route has to start retired.
	fresh := without + "  - {name: fresh, match: {path: /fresh}, service: orders}\n"
	s.write(t, fresh)
	if err := s.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "not every route is retired: fresh (new; let it say start: retired);") {
		t.Errorf("a new route: %v", err)
	}
	s.write(t, strings.Replace(fresh, "/fresh}, service: orders", "/fresh}, service: orders, start: retired", 1))
	if err := s.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	if status, body, _ := s.get(t, "/fresh"); status != 200 || !strings.HasPrefix(body, "service") {
		t.Errorf("a new route: %d %s", status, body)
	}
}
