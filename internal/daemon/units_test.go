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

var undoForced = api.UndoRequest{Force: true}

// TestUnit moves a unit and takes it back: always whole, each time in one transaction.
func TestUnit(t *testing.T) {
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	s := start(t, fmt.Sprintf(`
legacy: {url: %q}
services: {orders: {urls: [%q]}}
routes:
  - {name: read, match: {methods: [GET], path: "/orders/{id}"}, service: orders, unit: orders, cohort: [query:who]}
  - {name: write, match: {methods: [PUT], path: "/orders/{id}"}, service: orders, unit: orders, cohort: [query:who]}
  - {name: other, match: {path: "/other"}, service: orders, start: live}
`, legacy.URL, service.URL))
	stand := func(want string) {
		t.Helper()
		for _, route := range s.Routes()[:2] {
			if at := (strangler.Position{Phase: route.Phase, Weight: route.Weight}); at.String() != want {
				t.Errorf("%s stands at %s, want %s", route.Name, at, want)
			}
		}
		entries, err := s.API.Journal(t.Context(), web.EntryQuery{Limit: 2})
		if err != nil || entries[0].Change != entries[1].Change || entries[0].Route == entries[1].Route || !entries[0].At.Equal(entries[1].At) {
			t.Errorf("the journal has no one change of both: %+v, %v", entries, err)
		}
	}
	s.shift(t, "write", "50%")
	stand("50%")
	for who := range 40 {
		_, read, _ := s.get(t, fmt.Sprintf("/orders/1?who=%d", who))
		r, _ := http.NewRequest(http.MethodPut, fmt.Sprintf("%s/orders/1?who=%d", s.URL, who), nil)
		resp, err := s.Client.Do(r)
		write, err := body(resp, err)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Fields(read)[0] != strings.Fields(write)[0] {
			t.Errorf("client %d reads from %s and writes to %s", who, read, write)
		}
	}
	s.shift(t, "read", "live")
	stand("live")
	if _, err := s.API.Undo(t.Context(), "write", api.UndoRequest{}); err != nil {
		t.Fatal(err)
	}
	stand("50%")
	result, err := s.API.Rollback(t.Context(), web.Rollback{Unit: "orders", To: strangler.PhaseShadow})
	if err != nil || len(result.Moved) != 2 {
		t.Errorf("rollback %+v, %v", result, err)
	}
	stand("shadow")
	if route := s.routeNamed("other"); route.Phase != strangler.PhaseLive {
		t.Errorf("the other route stands at %s", route.Phase)
	}
	if _, err := s.API.Undo(t.Context(), "read", api.UndoRequest{}); err != nil {
		t.Fatal(err)
	}
	stand("50%")

	// A conflict of one keeps both where they are.
	var problem *api.Problem
	_, err = s.API.Shift(t.Context(), "read", api.ShiftRequest{Phase: strangler.PhaseLive, IfVersion: 1})
	if !errors.As(err, &problem) || problem.Status != http.StatusPreconditionFailed {
		t.Errorf("with an old version: %v", err)
	}
	stand("50%")
	_, err = s.API.Undo(t.Context(), "read", api.UndoRequest{IfVersion: 1})
	if !errors.As(err, &problem) || problem.Status != http.StatusPreconditionFailed {
		t.Errorf("undo with an old version: %v", err)
	}
	stand("50%")
	if _, err := s.API.Undo(t.Context(), "read", api.UndoRequest{IfVersion: s.routeNamed("read").Version}); err != nil {
		t.Errorf("undo with the right version: %v", err)
	}
	stand("legacy")
}

// TestUndoThatWouldSplitAUnit asks to undo a move that another route of the unit had no part in.
func TestUndoThatWouldSplitAUnit(t *testing.T) {
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	file := func(unit string) string {
		return fmt.Sprintf(`
legacy: {url: %q}
services: {orders: {urls: [%q]}}
routes:
  - {name: read, match: {path: "/read"}, service: orders, unit: orders}
  - {name: write, match: {path: "/write"}, service: orders%s}
`, legacy.URL, service.URL, unit)
	}
	s := start(t, file(""))
	s.shift(t, "read", "live")
	s.shift(t, "write", "shadow")
	s.shift(t, "write", "live")
	s.write(t, file(", unit: orders"))
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := s.API.Undo(t.Context(), "read", api.UndoRequest{})
	var problem *api.Problem
	if !errors.As(err, &problem) || problem.Status != http.StatusForbidden || !strings.Contains(err.Error(), `route "write" can't go along`) {
		t.Errorf("it isn't refused with its reason: %v", err)
	}
	if at := s.routeNamed("read").Phase; at != strangler.PhaseLive {
		t.Errorf("read stands at %s", at)
	}
}
