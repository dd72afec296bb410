package daemon_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// shift moves a route through the API.
func (s *system) shift(t testing.TB, route, to string) web.Route {
	t.Helper()
	position, err := strangler.ParsePosition(to)
	if err != nil {
		t.Fatal(err)
	}
	moved, err := s.API.Shift(t.Context(), route, api.ShiftRequest{Phase: position.Phase, Weight: &position.Weight, Reason: "test", Force: position.Phase == strangler.PhaseRetired})
	if err != nil {
		t.Fatalf("shift %s %s: %v", route, to, err)
	}
	return moved
}

const oneRoute = `
legacy: {url: %q}
services:
  orders: {urls: [%q]}
routes:
  - name: orders-read
    match: {path: "/orders/{id}"}
    service: orders
    cohort: [query:who]
`

// TestPhases moves a route all the way and looks who answers the next request.
func TestPhases(t *testing.T) {
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	s := start(t, fmt.Sprintf(oneRoute, legacy.URL, service.URL))

	if _, body, decision := s.get(t, "/anything"); body != "legacy GET /anything" || decision != "route=-; side=legacy; phase=legacy; why=unmatched" {
		t.Errorf("unmatched: %q, %q", body, decision)
	}
	for _, step := range []struct{ to, want string }{
		{"legacy", "legacy"}, {"shadow", "legacy"}, {"live", "service"}, {"retired", "service"},
	} {
		s.shift(t, "orders-read", step.to)
		if _, body, decision := s.get(t, "/orders/7"); !strings.HasPrefix(body, step.want) || !strings.Contains(decision, "phase="+step.to) {
			t.Errorf("%s: %q, %q", step.to, body, decision)
		}
	}
	_, err := s.API.Shift(t.Context(), "orders-read", api.ShiftRequest{Phase: strangler.PhaseLegacy})
	var problem *api.Problem
	if !errors.As(err, &problem) || problem.Code != "refused" {
		t.Errorf("out of retired without force: %v", err)
	}
	routes, err := s.API.Undo(t.Context(), "orders-read", api.UndoRequest{Force: true})
	if err != nil || len(routes) != 1 || routes[0].Phase != strangler.PhaseLive {
		t.Errorf("undo: %+v, %v", routes, err)
	}
	s.shift(t, "orders-read", "25%")
	served := map[string]int{}
	for i := range 400 {
		_, body, _ := s.get(t, fmt.Sprintf("/orders/7?who=%d", i))
		served[strings.Fields(body)[0]]++
	}
	if served["service"] < 60 || served["service"] > 140 {
		t.Errorf("at 25 %% of 400: %v", served)
	}
	result, err := s.API.Rollback(t.Context(), web.Rollback{All: true, Reason: "enough"})
	if err != nil || len(result.Moved) != 1 || result.Moved[0].Phase != strangler.PhaseLegacy {
		t.Errorf("rollback: %+v, %v", result, err)
	}
	entries, err := s.API.Journal(t.Context(), web.EntryQuery{Route: "orders-read"})
	if err != nil || len(entries) != 7 || entries[0].How != "rollback" || entries[0].Actor != "test" || entries[0].Verified {
		t.Errorf("journal: %d entries, the newest %+v, %v", len(entries), entries[0], err)
	}
}

// TestShadowFindsDivergence follows one divergence from the copy to the API.
func TestShadowFindsDivergence(t *testing.T) {
	answer := func(total string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"id": %q, "total": %s, "secret": "s"}`, r.URL.Path, total)
		}
	}
	legacy, service := backend(t, "", answer("9007199254740993")), backend(t, "", answer("9007199254740992"))
	s := start(t, fmt.Sprintf(oneRoute, legacy.URL, service.URL)+"    start: shadow\nshadow: {redact: [/secret]}\n")
	for i := range 20 {
		s.get(t, fmt.Sprintf("/orders/%d", i))
	}
	eventually(t, "one group of 20", func() bool {
		groups, err := s.API.Groups(t.Context(), "orders-read", "open")
		return err == nil && len(groups) == 1 && groups[0].Count == 20
	})
	groups, _ := s.API.Groups(t.Context(), "", "")
	group, err := s.API.Group(t.Context(), groups[0].ID)
	if err != nil || len(group.Examples) == 0 || group.Title != "/total differs in 100 % of answers, floating point: the last digits" {
		t.Fatalf("%+v, %v", group, err)
	}
	example, err := s.API.Divergence(t.Context(), group.Examples[0])
	if err != nil {
		t.Fatal(err)
	}
	if len(example.Differences) != 1 || string(example.Differences[0].Legacy) != "9007199254740993" || string(example.Differences[0].Service) != "9007199254740992" {
		t.Errorf("differences %+v", example.Differences)
	}
	if example.Legacy == nil || !strings.Contains(example.Legacy.Body, `"total": 9007199254740993`) && !strings.Contains(example.Legacy.Body, `"total":9007199254740993`) {
		t.Errorf("legacy's answer %+v", example.Legacy)
	} else if strings.Contains(example.Legacy.Body, `"s"`) {
		t.Errorf("not redacted: %s", example.Legacy.Body)
	}
	stats := s.Stats().Routes[0]
	if c := stats.Comparisons; c.Sampled != 20 || c.Diverged != 20 || c.Pending != 0 {
		t.Errorf("accounts %+v", c)
	}
}
