package api

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

func aLog() *web.AccessLog {
	return &web.AccessLog{Files: []string{"access.log"}, Routes: []string{"orders-read"}, From: noon.Add(-time.Hour), Until: noon, Lines: 10, Unread: 1, Own: 2,
		Callers: []web.LogCaller{{Route: "orders-read", Who: "10.0.0.9 (cron/1)", Count: 7, Last: noon, Maybe: true}}}
}

// TestRetire asks through the client, and looks what the system is asked and what comes back.
func TestRetire(t *testing.T) {
	a := newAdmin(t)
	moved := a.routes[0]
	moved.Phase, moved.Weight, moved.Version = strangler.PhaseRetired, strangler.FullWeight, 8
	a.retired = web.Retired{Moved: []web.Route{a.routes[1], moved}, Reports: []web.Report{{Route: "other", Markdown: "no"}, {Route: "orders-read", Markdown: "# It is\n", File: "/d/reports/r.md"}}}

	got, err := a.client("").Retire(t.Context(), RetireRequest{Retire: web.Retire{Routes: []string{"orders-read"}, IfVersion: 6, Reason: "done", Force: true, RetireEvidence: web.RetireEvidence{AccessLog: aLog()}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.retired, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	answer := a.ask("PUT", "/api/v1/routes/orders-read/phase", `{"phase":"retired","proxy_only":true,"reason":"nobody left","actor":"carla"}`, "If-Match", `"7"`)
	if answer.StatusCode != 200 || answer.Header.Get("ETag") != `"8"` || !strings.Contains(answer.body, `"report":{"route":"orders-read","markdown":"# It is\n","file":"/d/reports/r.md"}`) ||
		!strings.Contains(answer.body, `"phase":"retired"`) {
		t.Errorf("%s, ETag %s: %s", answer.Status, answer.Header.Get("ETag"), answer.body)
	}
	want := []web.Retire{
		{Routes: []string{"orders-read"}, IfVersion: 6, Reason: "done", Force: true, RetireEvidence: web.RetireEvidence{AccessLog: aLog()}, Actor: web.Actor{Name: "carla"}},
		{Routes: []string{"orders-read"}, Reason: "nobody left", RetireEvidence: web.RetireEvidence{ProxyOnly: true}, Actor: web.Actor{Name: "carla"}, IfVersion: 7},
	}
	if diff := cmp.Diff(want, a.retires); diff != "" {
		t.Errorf("what was asked (-want +got):\n%s", diff)
	}
	if len(a.moves) > 0 {
		t.Errorf("it was shifted, too: %+v", a.moves)
	}

	a.unready = web.Retirement{Route: "orders-read", Phase: strangler.PhaseLive, Obstacles: []string{"no"}, RetireAfter: "45d", From: noon, Calls: []web.LegacyCall{},
		OpenGroups: []web.OpenGroup{}, Legacy: web.LegacyTraits{Hosts: []string{"old"}, ProxyAddresses: []string{"10.0.0.1"}}}
	state, err := a.client("").Retirement(t.Context(), "orders-read")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.unready, state); diff != "" {
		t.Errorf("what stands in the way (-want +got):\n%s", diff)
	}
}

func TestRetireRefuses(t *testing.T) {
	const log = `"files":["a"],"routes":["r"],"lines":3,"unread":0,"own":0`
	for _, tt := range []struct {
		name, method, path, body string
		err                      error
		status                   int
		code, detail             string
	}{
		{name: "nothing is named", method: "POST", path: "/retire", body: `{}`, status: 422, code: web.CodeInvalid, detail: "exactly one of routes, unit or service"},
		{name: "two things are", method: "POST", path: "/retire", body: `{"unit":"u","service":"s"}`, status: 422, code: web.CodeInvalid, detail: "exactly one"},
		{name: "both kinds of evidence", method: "POST", path: "/retire", body: `{"unit":"u","proxy_only":true,"access_log":{` + log + `,"callers":[]}}`, status: 422, code: web.CodeInvalid, detail: "leave one of the two out"},
		{name: "more unread than there are", method: "POST", path: "/retire", body: `{"unit":"u","access_log":{"files":["a"],"routes":["r"],"lines":3,"unread":2,"own":2,"callers":[]}}`, status: 422, code: web.CodeInvalid, detail: "parts of lines"},
		{name: "a log of nothing", method: "POST", path: "/retire", body: `{"unit":"u","access_log":{"files":["a"],"routes":[],"lines":3,"unread":0,"own":0,"callers":[]}}`, status: 422, code: web.CodeInvalid, detail: "routes is missing"},
		{name: "a log that ends before it begins", method: "POST", path: "/retire", body: `{"unit":"u","access_log":{` + log + `,"from":"2026-02-01T00:00:00Z","until":"2026-01-01T00:00:00Z","callers":[]}}`, status: 422, code: web.CodeInvalid, detail: "until comes after from"},
		{name: "a caller that would control a terminal", method: "POST", path: "/retire", body: `{"unit":"u","access_log":{` + log + `,"callers":[{"route":"r","who":"\u001b[2J","count":1,"last":"2026-01-01T00:00:00Z"}]}}`, status: 422, code: web.CodeInvalid, detail: "control character"},
		{name: "a caller that never called", method: "POST", path: "/retire", body: `{"unit":"u","access_log":{` + log + `,"callers":[{"route":"r","who":"x","count":0,"last":"2026-01-01T00:00:00Z"}]}}`, status: 422, code: web.CodeInvalid, detail: "called at least once"},
		{name: "If-Match of several", method: "POST", path: "/retire", body: `{"routes":["a","b"]}`, status: 400, code: web.CodeInvalid, detail: "leave If-Match out"},
		{name: "evidence for another move", method: "PUT", path: "/routes/orders-read/phase", body: `{"phase":"live","proxy_only":true}`, status: 422, code: web.CodeInvalid, detail: "go with phase retired"},
		{name: "a guard", method: "PUT", path: "/routes/orders-read/phase", body: `{"phase":"retired"}`, err: &rollout.RefusedError{Route: "orders-read", Why: "no", Force: true}, status: 403, code: web.CodeRefused, detail: "--force"},
		{name: "a guard, of a service", method: "POST", path: "/retire", body: `{"service":"orders"}`, err: &rollout.RefusedError{Route: "orders-read", Why: "no", Force: true}, status: 403, code: web.CodeRefused, detail: "--force"},
		{name: "no such route", method: "GET", path: "/routes/nobody/retirement", status: 404, code: web.CodeUnknownRoute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAdmin(t)
			a.fail(tt.err)
			var headers []string
			if tt.name == "If-Match of several" {
				headers = []string{"If-Match", `"7"`}
			}
			got := a.ask(tt.method, "/api/v1"+tt.path, tt.body, headers...)
			p := got.problem(t)
			if got.StatusCode != tt.status || p.Code != tt.code || !strings.Contains(p.Detail, tt.detail) {
				t.Errorf("status %d, code %s: %s; want %d, %s with %q", got.StatusCode, p.Code, p.Detail, tt.status, tt.code, tt.detail)
			}
			if tt.err == nil && len(a.retires) > 0 {
				t.Errorf("the system was asked all the same: %+v", a.retires)
			}
		})
	}
}
