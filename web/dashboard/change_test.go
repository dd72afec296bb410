package dashboard

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

func post(t *testing.T, h http.Handler, path, form string, htmx bool) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if htmx {
		r.Header.Set("HX-Request", "true")
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Code, rec.Body.String()
}

func TestChanges(t *testing.T) {
	tests := []struct {
		name, path, form string
		status, plain    int    // with htmx, and without
		want             string // in the answer with htmx
		route, stands    string // afterwards
	}{
		{"shift to a phase", "/routes/orders-read/shift", "to=shadow&version=3&reason=why", 200, 303, "Moved to shadow", "orders-read", "shadow"},
		{"shift to a weight", "/routes/orders-read/shift", "to=canary&weight=12.5&version=3", 200, 303, "Moved to 12.5%", "orders-read", "12.5%"},
		{"a weight that is none", "/routes/orders-read/shift", "to=canary&weight=101&version=3", 400, 400, "more than 100%", "orders-read", "25%"},
		{"no phase", "/routes/orders-read/shift", "version=3", 400, 400, "no phase", "orders-read", "25%"},
		{"no version", "/routes/orders-read/shift", "to=live", 400, 400, "which version you saw", "orders-read", "25%"},
		{"somebody was faster", "/routes/orders-read/shift", "to=live&version=2&reason=kept+text", 409, 409, "kept text", "orders-read", "25%"},
		{"a guard refuses, force is offered", "/routes/orders-read/shift", "to=retired&version=3", 409, 409, `name="force"`, "orders-read", "25%"},
		{"force", "/routes/orders-read/shift", "to=retired&version=3&force=yes", 200, 303, "Moved to retired", "orders-read", "retired"},
		{"force doesn't help", "/routes/payments/shift", "to=legacy&version=3", 409, 409, "owns the data", "payments", "live"},
		{"no such route", "/routes/nope/shift", "to=legacy&version=3", 404, 404, "There is no such route", "", ""},
		{"undo", "/routes/orders-read/undo", "version=3", 200, 303, "stands at shadow", "orders-read", "shadow"},
		{"undo from the overview", "/routes/orders-read/undo", "version=3&from=overview", 200, 303, "One step back", "orders-read", "shadow"},
		{"undo what somebody moved meanwhile", "/routes/orders-read/undo", "version=2&from=overview", 409, 409, "Somebody moved it meanwhile", "orders-read", "25%"},
		{"nothing to undo", "/routes/stock/undo", "version=3", 409, 409, "There is nothing to undo", "stock", "live"},
		{"roll everything back", "/rollback", "to=legacy&confirm=yes", 200, 200, "owns the data", "orders-read", "legacy"},
		{"roll back to shadow", "/rollback", "to=shadow&confirm=yes&route=orders-read", 200, 200, "2 routes moved", "orders-list", "shadow"},
		{"roll back what wants force", "/rollback", "to=legacy&confirm=yes&route=stock", 409, 409, `name="force"`, "stock", "live"},
		{"roll back with force", "/rollback", "to=legacy&confirm=yes&route=stock&force=yes", 200, 200, "1 route moved", "stock", "legacy"},
		{"roll back without confirmation", "/rollback", "to=legacy", 400, 400, "wants its confirmation", "orders-read", "25%"},
		{"roll forward", "/rollback", "to=live&confirm=yes", 422, 422, "makes no sense", "orders-read", "25%"},
		{"a reason that drives terminals", "/routes/orders-read/shift", "to=live&version=3&reason=%1b%5B2J", 400, 400, "a control character", "orders-read", "25%"},
		{"a reason too long for the journal", "/rollback", "to=legacy&confirm=yes&reason=" + strings.Repeat("x", web.MaxReason+1), 400, 400, "at most 1000", "orders-read", "25%"},
		{"a group is expected", "/groups/g1/state", "state=expected&reason=rounding", 200, 303, "It is expected now", "", ""},
		{"expected without a reason", "/groups/g1/state", "state=expected", 422, 422, "say which", "", ""},
		{"a state that there isn't", "/groups/g1/state", "state=closed", 400, 400, "no state", "", ""},
		{"rules", "/rules", "route=orders-read&rules=ignore+/a%0D%0Akeyed+/items+id&reason=why", 303, 303, "", "", ""},
		{"a rule without a value", "/rules", "route=orders-read&rules=keyed+/items", 400, 400, "lacks a value", "", ""},
		{"a rule that makes no sense", "/rules", "route=orders-read&rules=ignore+total", 422, 422, "write /total", "", ""},
		{"a rule's route", "/rules", "route=nope&rules=ignore+/a&reason=%1b", 404, 404, "no such route", "", ""},
		{"drop a rule", "/rules/r1/drop", "", 303, 303, "", "", ""},
		{"drop no rule", "/rules/nope/drop", "", 404, 404, "no rule nope", "", ""},
		{"no such group", "/groups/nope/state", "state=fixed", 404, 404, "Not found", "", ""},
		{"too large a form", "/routes/orders-read/shift", "to=legacy&version=3&reason=" + strings.Repeat("x", maxForm), 413, 413, "too large", "orders-read", "25%"},
	}
	for _, tt := range tests {
		for _, htmx := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				s := good()
				h := as(web.Identity{Role: web.RoleOperate}, New(Config{System: s, Logger: quiet()}))
				want := tt.plain
				if htmx {
					want = tt.status
				}
				status, body := post(t, h, tt.path, tt.form, htmx)
				if status != want {
					t.Errorf("status %d, want %d: %.300s", status, want, body)
				}
				if status != http.StatusSeeOther && !strings.Contains(body, tt.want) {
					t.Errorf("it doesn't say %q: %s", tt.want, body)
				}
				if status >= 400 && !strings.Contains(body, `role="alert"`) {
					t.Errorf("no alert in %s", body)
				}
				for _, r := range s.Routes() {
					if got := (strangler.Position{Phase: r.Phase, Weight: r.Weight}).String(); r.Name == tt.route && got != tt.stands {
						t.Errorf("%s stands at %s, want %s", r.Name, got, tt.stands)
					}
				}
			})
		}
	}
}

// TestUndoSays holds that a button says where an undo goes and who moves along, which isn't always where the
// newest move came from; and that there is none where nothing can be undone.
func TestUndoSays(t *testing.T) {
	live, quarter := strangler.At(strangler.PhaseLive), strangler.Canary(2500)
	legacy := strangler.At(strangler.PhaseLegacy)
	moved := func(seq, change, undoes int64, route string, from, to strangler.Position) web.Entry {
		return web.Entry{Seq: seq, Change: change, At: noon, Kind: "moved", Undoes: undoes, Route: route, Version: seq + 1, Before: &from, After: &to, Actor: "anna"}
	}
	rolledBack := []web.Entry{moved(1, 1, 0, "orders-read", live, quarter), moved(2, 2, 0, "orders-read", quarter, legacy), moved(3, 3, 2, "orders-read", legacy, quarter)}
	unit := []web.Entry{moved(1, 1, 0, "orders-read", legacy, quarter), moved(2, 1, 0, "orders-list", legacy, quarter)}
	apart := []web.Entry{moved(1, 1, 0, "orders-read", legacy, quarter), moved(2, 1, 0, "orders-list", live, quarter)}
	tests := []struct {
		name     string
		entries  []web.Entry
		returns  strangler.Return
		overview string // the button's name; empty: there is none
		beside   string // where on the overview it is
		route    string // on the route's page: the button's name, or what is said instead
	}{
		{name: "after an undo", entries: rolledBack, overview: ">Undo → live<", beside: `id="undo-1"`, route: ">Undo → live<"},
		{name: "a unit", entries: unit, overview: ">Undo → legacy (with orders-list)<", beside: `id="undo-1"`, route: ">Undo → legacy (with orders-list)<"},
		{name: "a unit that comes apart", entries: apart, overview: ">Undo → legacy (with orders-list; orders-list → live)<", beside: `id="undo-1"`, route: "; orders-list → live)"},
		{name: "all undone", entries: append(unit[:0:0], moved(1, 1, 0, "orders-read", legacy, quarter), moved(2, 2, 1, "orders-read", quarter, legacy)), route: "Nothing to undo"},
		{name: "guarded", entries: unit[:1:1], returns: strangler.ReturnNever, route: "No undo: its service owns the data"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := good()
			s.entries = tt.entries
			s.returns["orders-read"] = tt.returns
			h := as(web.Identity{Role: web.RoleOperate}, New(Config{System: s, Logger: quiet()}))
			_, overview := get(t, h, "/")
			_, route := get(t, h, "/routes/orders-read")
			if tt.overview == "" {
				if strings.Contains(overview, `id="undo-`) {
					t.Errorf("the overview offers an undo: %s", overview)
				}
			} else if !strings.Contains(overview, tt.overview) || !strings.Contains(overview, tt.beside) || strings.Contains(overview, `id="undo-3"`) {
				t.Errorf("the overview has no %q beside %s: %s", tt.overview, tt.beside, overview)
			}
			if !strings.Contains(route, tt.route) || strings.Contains(route, `id="undo-button"`) != (tt.overview != "") {
				t.Errorf("the route's page doesn't say %q: %s", tt.route, route)
			}
		})
	}
}

// TestChangesStopRollouts holds that whoever moves a route that moved by itself reads that it doesn't any
// more.
func TestChangesStopRollouts(t *testing.T) {
	tests := []struct{ name, path, form, want string }{
		{"shift", "/routes/orders-read/shift", "to=shadow&version=3", "The rollout of orders is stopped; Resume lets it go on."},
		{"undo", "/routes/orders-read/undo", "version=3", "The rollout of orders is stopped; Resume lets it go on."},
		{"undo on the overview", "/routes/orders-read/undo", "version=3&from=overview", "The rollout of orders is stopped; Resume lets it go on."},
		{"rollback", "/rollback", "to=legacy&confirm=yes&route=orders-read", "Stopped rollouts: <b>orders</b>."},
	}
	for _, tt := range tests {
		for _, state := range []string{web.RolloutStopped, web.RolloutRunning} {
			t.Run(tt.name+", "+state, func(t *testing.T) {
				s := good()
				s.rollouts[0].State, s.rollouts[1].State = state, web.RolloutStopped
				h := as(web.Identity{Role: web.RoleOperate}, New(Config{System: s, Logger: quiet()}))
				if strings.HasSuffix(tt.path, "undo") {
					post(t, h, "/routes/orders-read/shift", "to=live&version=3", true)
					tt.form = strings.Replace(tt.form, "version=3", "version=4", 1)
				}
				status, body := post(t, h, tt.path, tt.form, true)
				if got := strings.Contains(body, tt.want); status != http.StatusOK || got != (state == web.RolloutStopped) {
					t.Errorf("status %d, it says %q: %t: %s", status, tt.want, got, body)
				}
			})
		}
	}
}

func TestActor(t *testing.T) {
	tests := []struct {
		name     string
		identity web.Identity
		form     string
		cookie   string
		want     web.Actor
	}{
		{"a token's name wins", identity(web.RoleOperate), "&actor=eve", "eve", web.Actor{Name: "anna", Verified: true}},
		{"what a person types", web.Identity{Role: web.RoleOperate}, "&actor=+Zo%C3%AB++B%0A", "", web.Actor{Name: "Zoë B"}},
		{"what a person typed last", web.Identity{Role: web.RoleOperate}, "", "Zo%C3%AB", web.Actor{Name: "Zoë"}},
		{"what drives terminals", web.Identity{Role: web.RoleOperate}, "&actor=Zo%1b%5B2J%C3%AB", "", web.Actor{Name: "Zo [2Jë"}},
		{"nobody says", web.Identity{Role: web.RoleOperate}, "&actor=", "", web.Actor{Name: "dashboard"}},
		{"very long", web.Identity{Role: web.RoleOperate}, "&actor=" + strings.Repeat("x", 500), "", web.Actor{Name: strings.Repeat("x", maxName)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := good()
			h := as(tt.identity, New(Config{System: s, Logger: quiet()}))
			r := httptest.NewRequest(http.MethodPost, "/routes/orders-read/shift", strings.NewReader("to=live&version=3"+tt.form))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if tt.cookie != "" {
				r.AddCookie(&http.Cookie{Name: nameCookie, Value: tt.cookie})
			}
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			last := s.entries[len(s.entries)-1]
			if got := (web.Actor{Name: last.Actor, Verified: last.Verified}); got != tt.want {
				t.Errorf("the journal says %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestUnknownErrorsAreLoggedAndShown(t *testing.T) {
	s := good()
	var logged strings.Builder
	h := as(identity(web.RoleOperate), New(Config{System: failingShift{s}, Logger: textLogger(&logged)}))
	status, body := post(t, h, "/routes/orders-read/shift", "to=live&version=3", true)
	if status != http.StatusInternalServerError || !strings.Contains(body, "no space left") || !strings.Contains(logged.String(), "no space left") {
		t.Errorf("status %d, logged %q, body %s", status, logged.String(), body)
	}
}

// failingShift is a system whose journal can't be written.
type failingShift struct{ *system }

func (failingShift) Shift(context.Context, web.Move) (web.Route, error) {
	return web.Route{}, errors.New("write journal: no space left on device")
}

func textLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// TestRollbackNotDurable holds that a rollback which the disk doesn't have says so.
func TestRollbackNotDurable(t *testing.T) {
	for problem, want := range map[string][]string{
		"":                      {"On disk, and in effect for the next request"},
		"disk full <b>; marked": {"</strong> In effect for the next request", "It is not in the journal yet", "disk full &lt;b&gt;; marked"},
	} {
		s := good()
		s.undurable = problem
		status, body := post(t, as(web.Identity{Role: web.RoleOperate}, New(Config{System: s, Logger: quiet()})), "/rollback", "to=legacy&confirm=yes", true)
		for _, text := range want {
			if status != http.StatusOK || !strings.Contains(body, text) {
				t.Errorf("with %q: status %d, and it doesn't say %q: %s", problem, status, text, body)
			}
		}
		if got := strings.Contains(body, "not in the journal"); got != (problem != "") {
			t.Errorf("with %q it says that it isn't in the journal: %t", problem, got)
		}
	}
}

// TestPendingRollbackIsShown holds that the overview and the configuration's page tell of a rollback
// that the journal doesn't have.
func TestPendingRollbackIsShown(t *testing.T) {
	s := good()
	s.stats.Rollbacks = web.RollbackStats{MarkerProblem: "no space left", Pending: []web.PendingRollback{
		{At: noon, Actor: "anna", Routes: []string{"orders-read", "orders-list"}, Problem: "database is locked; the marker has it", Marked: true}}}
	h := as(identity(web.RoleView), New(Config{System: s, Logger: quiet()}))
	for path, want := range map[string][]string{
		"/":       {"A rollback of 2 routes is not in the journal", "database is locked", "A restart would lose a rollback", "no space left"},
		"/config": {"A rollback is not in the journal yet", `href="/routes/orders-list"`, "by anna", "A restart would lose a rollback", "no space left"},
	} {
		_, body := get(t, h, path)
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s doesn't say %q", path, text)
			}
		}
	}
}
