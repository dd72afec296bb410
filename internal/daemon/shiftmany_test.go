package daemon_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// TestShiftMany moves several routes and takes them back: each time all or none, in one change.
func TestShiftMany(t *testing.T) {
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	s := start(t, fmt.Sprintf(`
legacy: {url: %q}
services: {orders: {urls: [%q]}}
routes:
  - {name: read, match: {methods: [GET], path: "/orders/{id}"}, service: orders, unit: orders}
  - {name: write, match: {methods: [PUT], path: "/orders/{id}"}, service: orders, unit: orders}
  - {name: list, match: {path: "/orders"}, service: orders}
  - {name: prices, match: {path: "/prices"}, service: orders, return: confirm, start: live}
  - {name: bare, match: {path: "/bare"}}
`, legacy.URL, service.URL))
	stand := func(want string) {
		t.Helper()
		var got []string
		for _, route := range s.Routes() {
			got = append(got, fmt.Sprintf("%s %s", route.Name, strangler.Position{Phase: route.Phase, Weight: route.Weight}))
		}
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	oneChange := func(how string, routes int) {
		t.Helper()
		entries, err := s.API.Journal(t.Context(), web.EntryQuery{Limit: routes + 1})
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range entries[:routes] {
			if e.Change != entries[0].Change || e.How != how {
				t.Errorf("entry %d of %s is a %s in change %d, not in %d", i, e.Route, e.How, e.Change, entries[0].Change)
			}
		}
		if entries[routes].Change == entries[0].Change {
			t.Errorf("more than %d routes are in the change", routes)
		}
	}
	many := func(to string, force bool, routes ...web.RouteSeen) ([]web.Route, error) {
		at, err := strangler.ParsePosition(to)
		if err != nil {
			t.Fatal(err)
		}
		return s.API.ShiftMany(t.Context(), api.ShiftManyRequest{Routes: routes, Phase: at.Phase, Weight: &at.Weight, Force: force, Reason: "together"})
	}

	moved, err := many("50%", false, web.RouteSeen{Name: "list", Version: 1}, web.RouteSeen{Name: "write", Version: 1}, web.RouteSeen{Name: "read"})
	if err != nil || len(moved) != 3 {
		t.Fatalf("moved %+v, %v", moved, err)
	}
	stand("read 50%, write 50%, list 50%, prices live, bare legacy")
	oneChange("shift", 3)

	// What stands in the way of some keeps all where they are, and each is told of.
	_, err = many("shadow", false, web.RouteSeen{Name: "list", Version: 1}, web.RouteSeen{Name: "read", Version: 2}, web.RouteSeen{Name: "prices"}, web.RouteSeen{Name: "bare"})
	problem, is := errors.AsType[*api.Problem](err)
	if !is || problem.Status != http.StatusPreconditionFailed || problem.Code != web.CodeConflict {
		t.Fatalf("with all kinds of obstacles: %v", err)
	}
	var told []string
	for _, r := range problem.Routes {
		told = append(told, fmt.Sprintf("%s %s %t", r.Route, r.Code, r.Force))
	}
	if diff := cmp.Diff([]string{"list conflict false", "prices refused true", "bare invalid false"}, told); diff != "" {
		t.Errorf("told of (-want +got):\n%s", diff)
	}
	stand("read 50%, write 50%, list 50%, prices live, bare legacy")

	// A guard alone is a refusal, which force gets past.
	_, err = many("shadow", false, web.RouteSeen{Name: "list"}, web.RouteSeen{Name: "prices"})
	if problem, is := errors.AsType[*api.Problem](err); !is || problem.Status != http.StatusForbidden || problem.Code != web.CodeRefused || problem.Force == nil || !*problem.Force ||
		!strings.Contains(problem.Detail, `nothing moved, since not all can: route "prices": sending its traffic back`) {
		t.Errorf("with a guard in the way: %v", err)
	}
	if _, err := many("shadow", false, web.RouteSeen{Name: "list"}, web.RouteSeen{Name: "lisst"}); err == nil || !strings.Contains(err.Error(), `did you mean "list"?`) {
		t.Errorf("with a name that there isn't: %v", err)
	}
	stand("read 50%, write 50%, list 50%, prices live, bare legacy")
	if _, err := many("shadow", true, web.RouteSeen{Name: "list"}, web.RouteSeen{Name: "prices"}); err != nil {
		t.Error(err)
	}
	stand("read 50%, write 50%, list shadow, prices shadow, bare legacy")
	oneChange("shift", 2)

	// An undo is of one route, whatever moved with it.
	if _, err := s.API.Undo(t.Context(), "list", api.UndoRequest{}); err != nil {
		t.Error(err)
	}
	stand("read 50%, write 50%, list 50%, prices shadow, bare legacy")

	// Back go those that may.
	s.shift(t, "prices", "live")
	result, err := s.API.Rollback(t.Context(), web.Rollback{Routes: []string{"write", "list", "prices", "bare"}, To: strangler.PhaseLegacy})
	if err != nil || len(result.Moved) != 3 || len(result.Skipped) != 2 || !result.Durable {
		t.Errorf("rollback %+v, %v", result, err)
	}
	stand("read legacy, write legacy, list legacy, prices live, bare legacy")
	oneChange("rollback", 3)
}
