package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

func TestRoute(t *testing.T) {
	a := newAdmin(t)
	got := a.ask("GET", "/api/v1/routes/orders-read", "")
	want := `{"name":"orders-read","match":{"methods":["GET"],"path":"/api/orders/{id}"},"service":"orders","unit":"","owner":"","phase":"canary","weight":25,` +
		`"version":7,"since":"2026-01-31T12:00:00Z","actor":"anna","reason":"looks fine"}` + "\n"
	if diff := cmp.Diff(want, got.body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Header.Get("ETag") != `"7"` {
		t.Errorf("ETag %s", got.Header.Get("ETag"))
	}
	odd := a.ask("GET", "/api/v1/routes/"+url.PathEscape(a.routes[1].Name), "")
	if odd.StatusCode != http.StatusOK || odd.Header.Get("ETag") != `"1"` {
		t.Errorf("a name with a slash and a percent sign: %d %s", odd.StatusCode, odd.body)
	}
	for _, path := range []string{"/routes", "/routes/orders-read", "/stats"} {
		head := a.ask("HEAD", "/api/v1"+path, "")
		if head.StatusCode != http.StatusOK || head.body != "" {
			t.Errorf("HEAD %s: %d %q", path, head.StatusCode, head.body)
		}
	}
}

// TestErrors holds each error of the system, and each mistake of a client, against its answer.
func TestErrors(t *testing.T) {
	yes, no := true, false
	const shift, phase = "PUT", "/routes/orders-read/phase"
	for _, test := range []struct {
		name                string
		method, path, body  string
		err                 error // the system's
		status              int
		code, detail, allow string
		force               *bool
		headers             []string
	}{
		{name: "unknown route, near one", method: "GET", path: "/routes/order-read", status: 404, code: web.CodeUnknownRoute, detail: `did you mean "orders-read"?`},
		{name: "unknown route, near none", method: "GET", path: "/routes/zzz", status: 404, code: web.CodeUnknownRoute, detail: `no route "zzz"`},
		{name: "divergences of no route", method: "GET", path: "/divergences?route=order-read", status: 404, code: web.CodeUnknownRoute, detail: `did you mean "orders-read"?`},
		{name: "groups of no route", method: "GET", path: "/groups?route=zzz", status: 404, code: web.CodeUnknownRoute},
		{name: "journal of no route", method: "GET", path: "/journal?route=zzz", status: 404, code: web.CodeUnknownRoute},
		{name: "table of no route", method: "GET", path: "/journal?at=2026-01-31T12:00:00Z&route=zzz", status: 404, code: web.CodeUnknownRoute},
		{name: "no divergence", method: "GET", path: "/divergences/17", status: 404, code: web.CodeNotFound, detail: "no divergence 17"},
		{name: "no group", method: "GET", path: "/groups/17", status: 404, code: web.CodeNotFound, detail: "no group 17"},
		{name: "no endpoint", method: "GET", path: "/nonsense", status: 404, code: web.CodeNotFound, detail: "openapi.json"},
		{name: "no name", method: "GET", path: "/routes/", status: 404, code: web.CodeNotFound},
		{name: "wrong method", method: "DELETE", path: "/routes/orders-read", status: 405, code: web.CodeInvalid, allow: "GET, HEAD", detail: "use GET or HEAD"},
		{name: "wrong method of a change", method: "GET", path: phase, status: 405, code: web.CodeInvalid, allow: "PUT"},
		{name: "a method nobody has heard of", method: "BREW", path: "/rollback", status: 405, code: web.CodeInvalid, allow: "POST"},
		{name: "state", method: "GET", path: "/groups?state=closed", status: 400, code: web.CodeInvalid, detail: "open, expected or fixed"},
		{name: "limit 0", method: "GET", path: "/divergences?limit=0", status: 400, code: web.CodeInvalid, detail: "from 1 to 1000"},
		{name: "limit too large", method: "GET", path: "/journal?limit=1001", status: 400, code: web.CodeInvalid},
		{name: "limit no number", method: "GET", path: "/divergences?limit=all", status: 400, code: web.CodeInvalid, detail: `"all"`},
		{name: "before negative", method: "GET", path: "/journal?before=-1", status: 400, code: web.CodeInvalid},
		{name: "at", method: "GET", path: "/journal?at=yesterday", status: 400, code: web.CodeInvalid, detail: "RFC 3339"},
		{name: "at empty", method: "GET", path: "/journal?at=", status: 400, code: web.CodeInvalid, detail: "RFC 3339"},

		{name: "no body", method: shift, path: phase, status: 415, code: web.CodeInvalid},
		{name: "form", method: shift, path: phase, body: "phase=live", headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 415, code: web.CodeInvalid, detail: "application/json"},
		{name: "too large", method: "POST", path: "/rollback", body: `{"all":true,"reason":"` + strings.Repeat("x", 64<<10) + `"}`, status: 413, code: web.CodeTooLarge, detail: "64 KiB"},
		{name: "too large, though it may bring an access log", method: shift, path: phase, body: `{"phase":"live","reason":"` + strings.Repeat("x", 4<<20) + `"}`, status: 413, code: web.CodeTooLarge},
		{name: "not JSON", method: shift, path: phase, body: "{", status: 400, code: web.CodeInvalid},
		{name: "no object", method: shift, path: phase, body: `["live"]`, status: 400, code: web.CodeInvalid, detail: "not a JSON object"},
		{name: "null", method: shift, path: phase, body: "null", status: 400, code: web.CodeInvalid, detail: "not a JSON object"},
		{name: "unknown field", method: shift, path: phase, body: `{"phase":"live","wieght":3}`, status: 400, code: web.CodeInvalid, detail: "/wieght: no such member"},
		{name: "a string for a boolean", method: shift, path: phase, body: `{"phase":"live","force":"yes"}`, status: 400, code: web.CodeInvalid, detail: "/force: a string doesn't belong there"},
		{name: "a field in other letters", method: shift, path: phase, body: `{"Phase":"live"}`, status: 400, code: web.CodeInvalid, detail: "Phase"},
		{name: "a field twice", method: shift, path: phase, body: `{"phase":"live","phase":"legacy"}`, status: 400, code: web.CodeInvalid, detail: "duplicate"},
		{name: "not UTF-8", method: shift, path: phase, body: "{\"phase\":\"live\",\"reason\":\"\xff\"}", status: 400, code: web.CodeInvalid, detail: "UTF-8"},
		{name: "trailing garbage", method: shift, path: phase, body: `{"phase":"live"} {"phase":"legacy"}`, status: 400, code: web.CodeInvalid, detail: "after top-level value"},
		{name: "no phase", method: shift, path: phase, body: `{"weight":3}`, status: 422, code: web.CodeInvalid, detail: "phase is missing"},
		{name: "unknown phase", method: shift, path: phase, body: `{"phase":"lvie"}`, status: 400, code: web.CodeInvalid, detail: "legacy, shadow, canary, live, retired"},
		{name: "canary without weight", method: shift, path: phase, body: `{"phase":"canary"}`, status: 422, code: web.CodeInvalid, detail: "weight is missing"},
		{name: "weight 101", method: shift, path: phase, body: `{"phase":"canary","weight":101}`, status: 400, code: web.CodeInvalid, detail: "more than 100%"},
		{name: "weight 100", method: shift, path: phase, body: `{"phase":"canary","weight":100}`, status: 422, code: web.CodeInvalid, detail: "for all use live"},
		{name: "weight and phase at odds", method: shift, path: phase, body: `{"phase":"shadow","weight":5}`, status: 422, code: web.CodeInvalid},
		{name: "weight too fine", method: shift, path: phase, body: `{"phase":"canary","weight":0.001}`, status: 400, code: web.CodeInvalid, detail: "0.01%"},
		{name: "long reason", method: shift, path: phase, body: `{"phase":"live","reason":"` + strings.Repeat("ü", 1001) + `"}`, status: 422, code: web.CodeInvalid, detail: "at most 1000"},
		{name: "actor that moves a terminal's cursor", method: shift, path: phase, body: `{"phase":"live","actor":"a\u001b[2J"}`, status: 422, code: web.CodeInvalid, detail: "control character"},
		{name: "undo's reason", method: "POST", path: "/routes/orders-read/undo", body: `{"reason":"a\nb"}`, status: 422, code: web.CodeInvalid, detail: "control character"},
		{name: "undo's If-Match", method: "POST", path: "/routes/orders-read/undo", body: `{}`, headers: []string{"If-Match", "7"}, status: 400, code: web.CodeInvalid},
		{name: "several to nowhere", method: "POST", path: "/shift", body: `{"routes":[{"name":"orders-read"}]}`, status: 422, code: web.CodeInvalid, detail: "phase is missing"},
		{name: "none of several", method: "POST", path: "/shift", body: `{"routes":[],"phase":"live"}`, status: 422, code: web.CodeInvalid, detail: "routes is missing"},
		{name: "several to retired", method: "POST", path: "/shift", body: `{"routes":[{"name":"orders-read"}],"phase":"retired"}`, status: 422, code: web.CodeInvalid, detail: "POST /retire"},
		{name: "one of several twice", method: "POST", path: "/shift", body: `{"routes":[{"name":"orders-read"},{"name":"orders-read","version":7}],"phase":"live"}`, status: 422, code: web.CodeInvalid, detail: "twice"},
		{name: "a version that there can't be", method: "POST", path: "/shift", body: `{"routes":[{"name":"orders-read","version":-1}],"phase":"live"}`, status: 422, code: web.CodeInvalid, detail: "versions begin with 1"},
		{name: "several with one ETag", method: "POST", path: "/shift", body: `{"routes":[{"name":"orders-read"}],"phase":"live"}`, headers: []string{"If-Match", `"7"`}, status: 400, code: web.CodeInvalid, detail: "leave If-Match out"},
		{name: "several, one of which changed", method: "POST", path: "/shift", body: `{"routes":[{"name":"orders-read","version":6}],"phase":"live"}`, err: refused(web.CodeRefused, web.CodeConflict), status: 412, code: web.CodeConflict, detail: "nothing moved, since not all can: route 0; route 1"},
		{name: "several, one of which can't", method: "POST", path: "/shift", body: `{"routes":[{"name":"orders-read"}],"phase":"live"}`, err: refused(web.CodeRefused, web.CodeInvalid), status: 422, code: web.CodeInvalid},
		{name: "several that a guard refuses", method: "POST", path: "/shift", body: `{"routes":[{"name":"orders-read"}],"phase":"live"}`, err: refused(web.CodeRefused), status: 403, code: web.CodeRefused, force: &yes},
		{name: "rollback of nothing", method: "POST", path: "/rollback", body: `{}`, status: 422, code: web.CodeInvalid, detail: "exactly one"},
		{name: "rollback of two", method: "POST", path: "/rollback", body: `{"all":true,"unit":"x"}`, status: 422, code: web.CodeInvalid, detail: "exactly one"},
		{name: "rollback forward", method: "POST", path: "/rollback", body: `{"all":true,"to":"live"}`, status: 422, code: web.CodeInvalid, detail: "legacy or shadow, not live"},
		{name: "rollback's If-Match", method: "POST", path: "/rollback", body: `{"all":true}`, headers: []string{"If-Match", `"7"`}, status: 400, code: web.CodeInvalid, detail: "leave If-Match out"},

		{name: "triage without a state", method: "PUT", path: "/groups/g1/state", body: `{}`, status: 422, code: web.CodeInvalid, detail: "open, expected or fixed"},
		{name: "triage's reason", method: "PUT", path: "/groups/g1/state", body: `{"state":"fixed","reason":"a\nb"}`, status: 422, code: web.CodeInvalid, detail: "control character"},
		{name: "triage of no group", method: "PUT", path: "/groups/g1/state", body: `{"state":"fixed"}`, err: &web.NotFoundError{What: "group", Name: "g1"}, status: 404, code: web.CodeNotFound, detail: "no group g1"},
		{name: "triage on a full disk", method: "PUT", path: "/groups/g1/state", body: `{"state":"fixed"}`, err: &web.UnwritableError{Err: errors.New("database or disk is full")}, status: 503, code: web.CodeUnwritable, detail: "disk is full; nothing changed"},
		{name: "evidence of no route", method: "GET", path: "/routes/zzz/evidence", status: 404, code: web.CodeUnknownRoute},
		{name: "rules of no route", method: "GET", path: "/rules?route=zzz", status: 404, code: web.CodeUnknownRoute},
		{name: "a rule with more members", method: "POST", path: "/rules", body: `{"route":"orders-read","rules":[{"kind":"ignore","pointer":"/a","id":"x"}]}`, status: 400, code: web.CodeInvalid, detail: "/rules/0/id"},
		{name: "a rule's reason", method: "POST", path: "/rules", body: `{"route":"orders-read","rules":[],"reason":"a\nb"}`, status: 422, code: web.CodeInvalid, detail: "control character"},
		{name: "a rule's pointer", method: "POST", path: "/rules/preview", body: `{"route":"orders-read","rules":[]}`, err: &web.InvalidError{Why: "no rule"}, status: 422, code: web.CodeInvalid, detail: "no rule"},
		{name: "a replay of nothing", method: "POST", path: "/replays", body: `{}`, err: &web.InvalidError{Why: "either a route or a group"}, status: 422, code: web.CodeInvalid, detail: "either a route"},
		{name: "a second replay", method: "POST", path: "/replays", body: `{"route":"orders-read"}`, err: &web.BusyError{Why: "another replay is under way"}, status: 503, code: web.CodeTooMany, detail: "under way"},
		{name: "no rule to drop", method: "POST", path: "/rules/17/drop", body: `{}`, err: &web.NotFoundError{What: "rule", Name: "17"}, status: 404, code: web.CodeNotFound, detail: "no rule 17"},
		{name: "a drop's reason", method: "POST", path: "/rules/17/drop", body: `{"reason":"a\u001b"}`, status: 422, code: web.CodeInvalid},

		{name: "refused for good", method: shift, path: phase, body: `{"phase":"legacy"}`, err: &rollout.RefusedError{Route: "orders-read", Why: "return: never"}, status: 403, code: web.CodeRefused, force: &no},
		{name: "refused without force", method: shift, path: phase, body: `{"phase":"legacy"}`, err: &rollout.RefusedError{Route: "orders-read", Why: "return: confirm", Force: true}, status: 403, code: web.CodeRefused, force: &yes, detail: "--force"},
		{name: "conflict", method: shift, path: phase, body: `{"phase":"live"}`, headers: []string{"If-Match", `"6"`}, err: fmt.Errorf("commit: %w", &journal.ConflictError{Route: "orders-read", Have: 7, Want: 6}), status: 412, code: web.CodeConflict, detail: "version 7, not 6"},
		{name: "shift an unknown route", method: shift, path: "/routes/order-read/phase", body: `{"phase":"live"}`, err: &strangler.UnknownRouteError{Name: "order-read", Near: "orders-read"}, status: 404, code: web.CodeUnknownRoute, detail: "did you mean"},
		{name: "senseless for the route", method: shift, path: phase, body: `{"phase":"live"}`, err: &rollout.InvalidError{Route: "orders-read", Why: "it has no service"}, status: 422, code: web.CodeInvalid, detail: "it has no service"},
		{name: "nothing to undo", method: "POST", path: "/routes/orders-read/undo", body: `{}`, err: &journal.NothingToUndoError{Route: "orders-read"}, status: 409, code: web.CodeNothing, detail: "where it started"},
		{name: "no unit", method: "POST", path: "/rollback", body: `{"unit":"order"}`, err: &rollout.UnknownError{What: "unit", Name: "order", Near: "orders"}, status: 404, code: web.CodeNotFound, detail: `did you mean "orders"?`},
		{name: "senseless question", method: "POST", path: "/explain", body: `{"method":"GET","url":"x"}`, err: &web.InvalidError{Why: `"x" is no path`}, status: 422, code: web.CodeInvalid, detail: "no path"},
		{name: "disk full", method: shift, path: phase, body: `{"phase":"live"}`, err: &journal.WriteError{Err: errors.New("database or disk is full")}, status: 503, code: web.CodeUnwritable, detail: "database or disk is full; nothing changed"},
		{name: "a fault of ours", method: shift, path: phase, body: `{"phase":"live"}`, err: errors.New("broken disk at /secret"), status: 500, code: web.CodeInternal, detail: "the proxy's log"},
		{name: "disk full in a listing", method: "GET", path: "/groups", err: errors.New("database or disk is full"), status: 500, code: web.CodeInternal},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAdmin(t)
			a.fail(test.err)
			got := a.ask(test.method, "/api/v1"+test.path, test.body, test.headers...)
			if got.StatusCode != test.status {
				t.Errorf("status %d, want %d", got.StatusCode, test.status)
			}
			p := got.problem(t)
			if p.Code != test.code || !strings.Contains(p.Detail, test.detail) || p.Detail == "" {
				t.Errorf("code %q, detail %q; want %q and %q", p.Code, p.Detail, test.code, test.detail)
			}
			if diff := cmp.Diff(test.force, p.Force); diff != "" {
				t.Errorf("force (-want +got):\n%s", diff)
			}
			if got.Header.Get("Allow") != test.allow {
				t.Errorf("Allow %q, want %q", got.Header.Get("Allow"), test.allow)
			}
			if test.err == nil && len(a.moves)+len(a.undos)+len(a.rollbacks) > 0 {
				t.Error("it reached the system all the same")
			}
			if test.status == 500 {
				if strings.Contains(got.body, "disk") || !strings.Contains(a.log.String(), "disk") {
					t.Errorf("the cause belongs into the log %q, not into the answer %q", a.log, got.body)
				}
			}
		})
	}
}

// TestNoNulls has the system leave every list and map nil; the document says where null may be.
func TestNoNulls(t *testing.T) {
	a := newAdmin(t)
	a.routes[0].Match = strangler.Match{Path: "/"}
	a.services = []web.Service{{Name: "orders", Transport: "own", Balance: "hash"}}
	a.groups = []web.Group{{ID: "g1", State: "open", Noise: "unknown"}}
	a.divergences = []web.Divergence{{ID: "d1", Legacy: &web.Answer{Status: 200}, Service: &web.Answer{Status: 200}, Served: shadow.Legacy, Verdict: shadow.Diverged}}
	a.entries = []web.Entry{{Seq: 1, Kind: "seen"}}
	a.stats = web.Stats{Routes: []web.RouteStats{{Route: "orders-read"}}}
	a.rollouts = []web.Rollout{{Name: "orders-read", Routes: []string{"orders-read"}, State: web.RolloutRunning, Action: "hold"}}
	ask := func(method, path, body string) {
		t.Helper()
		got := a.ask(method, "/api/v1"+path, body)
		if got.StatusCode != http.StatusOK || strings.Contains(got.body, "null") {
			t.Errorf("%s %s: %d %s", method, path, got.StatusCode, got.body)
		}
	}
	for range 2 {
		for _, path := range []string{"/routes", "/rollouts", "/services", "/rules", "/groups", "/divergences", "/journal", "/journal?at=2026-01-31T12:00:00Z", "/series", "/series?by=route", "/stats", "/config"} {
			ask("GET", path, "")
		}
		ask("POST", "/explain", `{"method":"GET","url":"/"}`)
		ask("POST", "/rollback", `{"all":true}`)
		ask("POST", "/rules", `{"route":"orders-read","rules":[]}`)
		ask("POST", "/rules/preview", `{"route":"orders-read","rules":[]}`)
		ask("POST", "/rules/17/drop", `{}`)
		ask("POST", "/freeze", `{}`)
		ask("POST", "/thaw", `{}`)
		ask("POST", "/routes/orders-read/undo", `{}`)
		if a.groups != nil {
			ask("GET", "/groups/g1", "")
			ask("GET", "/rollouts/orders-read", "")
			ask("POST", "/rollouts/orders-read/pause", "{}")
			ask("GET", "/divergences/d1", "")
			ask("GET", "/routes/orders-read/evidence", "")
			ask("PUT", "/groups/g1/state", `{"state":"open"}`)
		}
		a.services, a.groups, a.divergences, a.entries, a.stats.Routes, a.routes, a.rollouts = nil, nil, nil, nil, nil, nil, nil // and then there is nothing at all
	}
}

// TestHostile sends what strangers wrote, through every place where it may stand.
func TestHostile(t *testing.T) {
	const evil = "</script><script>alert(1)</script>&\u2028\x00\xff\"'`"
	a := newAdmin(t, tokens...)
	value, _ := json.Marshal(evil)
	raw := json.RawMessage(`{"a": "<b>"` + "\n}")
	a.divergences = []web.Divergence{{ID: "d1", Group: evil, Route: evil, Method: evil, Path: evil, Verdict: shadow.Diverged, Served: shadow.Service,
		Differences: []shadow.Difference{{Pointer: "/" + evil, Pattern: evil, Kind: shadow.KindValue, Legacy: raw, Service: value}},
		Legacy:      &web.Answer{Headers: map[string][]string{evil: {evil}}, Body: evil}}}
	for _, path := range []string{"/divergences/d1", "/divergences", "/routes/" + url.PathEscape(evil), "/journal?at=" + url.QueryEscape(evil), "/divergences/" + url.PathEscape(evil), "/" + url.PathEscape(evil)} {
		got := a.ask("GET", "/api/v1"+path, "", "Authorization", "Bearer evidence-secret")
		if strings.ContainsAny(got.body, "<>&\u2028") || !json.Valid([]byte(got.body)) {
			t.Errorf("%s answers %s", path, got.body)
		}
		if got.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasSuffix(got.Header.Get("Content-Type"), "json") {
			t.Errorf("%s answers with %v", path, got.Header)
		}
	}
	var d web.Divergence
	got := a.ask("GET", "/api/v1/divergences/d1", "", "Authorization", "Bearer evidence-secret")
	if err := json.Unmarshal([]byte(got.body), &d); err != nil {
		t.Fatal(err)
	}
	if want := strings.ToValidUTF8(evil, "\ufffd"); d.Legacy.Body != want {
		t.Errorf("body %q, want %q", d.Legacy.Body, want)
	}
}

// TestEvidence holds who sees recorded values, and that reading them is on record.
func TestEvidence(t *testing.T) {
	for _, test := range []struct {
		token web.Token
		sees  bool
	}{{tokens[0], false}, {tokens[1], true}, {tokens[2], true}} {
		for _, path := range []string{"/divergences/d1", "/divergences"} {
			t.Run(test.token.Name+" "+path, func(t *testing.T) {
				a := newAdmin(t, tokens...)
				differences := []shadow.Difference{{Pointer: "/customers/secret-4711/name", Pattern: "/customers/*/name", Kind: shadow.KindValue,
					Legacy: json.RawMessage(`"secret"`), Service: json.RawMessage(`"secret"`)}}
				recorded := &web.Answer{Status: 200, Body: "secret", Headers: map[string][]string{"X": {"secret"}}}
				a.divergences = []web.Divergence{{ID: "d1", Served: shadow.Legacy, Verdict: shadow.Diverged, Differences: differences, Legacy: recorded, Service: recorded}}
				got := a.ask("GET", "/api/v1"+path, "", "Authorization", "Bearer "+test.token.Secret)
				if got.StatusCode != http.StatusOK || !strings.Contains(got.body, "/customers/*/name") {
					t.Fatalf("%d %s", got.StatusCode, got.body)
				}
				if sees := strings.Contains(got.body, "secret"); sees != test.sees {
					t.Errorf("sees recorded values: %v, want %v: %s", sees, test.sees, got.body)
				}
				if whole := strings.Contains(got.body, `"body"`); whole != (test.sees && path != "/divergences") {
					t.Errorf("sees the answers: %v: %s", whole, got.body)
				}
				logged := strings.Contains(a.log.String(), `msg="recorded answers read" actor=`+test.token.Name+" verified=true") && strings.Contains(a.log.String(), "d")
				if logged != test.sees {
					t.Errorf("logged: %v, want %v: %s", logged, test.sees, a.log)
				}
				if differences[0].Legacy == nil || a.divergences[0].Legacy == nil {
					t.Error("what the system holds was changed")
				}
			})
		}
	}
}

func TestPages(t *testing.T) {
	a := newAdmin(t)
	for i := range 3 {
		a.divergences = append(a.divergences, web.Divergence{ID: fmt.Sprint(i), Served: shadow.Legacy})
		a.entries = append(a.entries, web.Entry{Seq: int64(9 - i), Kind: "seen"})
	}
	for path, want := range map[string]string{
		"/divergences?limit=2&after=x&route=orders-read&group=g": `"next":"1"`,
		"/divergences?limit=4": "",
		"/journal?limit=3":     `"next":7`,
		"/journal":             "",
	} {
		got := a.ask("GET", "/api/v1"+path, "")
		if next := strings.Contains(got.body, `"next"`); next != (want != "") || !strings.Contains(got.body, want) {
			t.Errorf("%s: want %q in %s", path, want, got.body)
		}
	}
	for _, q := range a.listed {
		if q.Limit == 2 {
			if diff := cmp.Diff(web.DivergenceQuery{Route: "orders-read", Group: "g", After: "x", Limit: 2}, q); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			return
		}
	}
	t.Error("the query never reached the system")
}

func TestIfMatch(t *testing.T) {
	for _, test := range []struct {
		name    string
		headers []string
		status  int
		version int64
	}{
		{"none", nil, 200, 0},
		{"any", []string{"If-Match", "*"}, 200, 0},
		{"an ETag", []string{"If-Match", `"7"`}, 200, 7},
		{"without quotes", []string{"If-Match", "7"}, 400, 0},
		{"weak, which never matches", []string{"If-Match", `W/"7"`}, 400, 0},
		{"a list", []string{"If-Match", `"7", "8"`}, 400, 0},
		{"twice", []string{"If-Match", `"7"`, "If-Match", `"8"`}, 400, 0},
		{"zero", []string{"If-Match", `"0"`}, 400, 0},
		{"signed", []string{"If-Match", `"+7"`}, 400, 0},
		{"not of ours", []string{"If-Match", `"abc"`}, 400, 0},
		{"empty", []string{"If-Match", ""}, 400, 0},
		{"too large", []string{"If-Match", `"9223372036854775808"`}, 400, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAdmin(t)
			shifted := a.ask("PUT", "/api/v1/routes/orders-read/phase", `{"phase":"live"}`, test.headers...)
			undone := a.ask("POST", "/api/v1/routes/orders-read/undo", `{}`, test.headers...)
			if shifted.StatusCode != test.status || undone.StatusCode != test.status {
				t.Fatalf("status %d and %d, want %d: %s", shifted.StatusCode, undone.StatusCode, test.status, shifted.body)
			}
			if test.status != 200 {
				if len(a.moves)+len(a.undos) > 0 {
					t.Error("it reached the system")
				}
				return
			}
			if a.moves[0].IfVersion != test.version || a.undos[0].IfVersion != test.version {
				t.Errorf("versions %d and %d, want %d", a.moves[0].IfVersion, a.undos[0].IfVersion, test.version)
			}
			if shifted.Header.Get("ETag") != `"8"` {
				t.Errorf("ETag %s of the answer, want that of the new version", shifted.Header.Get("ETag"))
			}
		})
	}
}

// refused has an obstacle of each code.
func refused(codes ...string) error {
	e := &web.RefusedMovesError{}
	for i, code := range codes {
		e.Routes = append(e.Routes, web.RefusedMove{Route: fmt.Sprint(i), Code: code, Detail: fmt.Sprintf("route %d", i), Force: code == web.CodeRefused})
	}
	return e
}

// FuzzShift holds that whatever the body, only positions that there are reach the system, and
// never is it the proxy's fault.
func FuzzShift(f *testing.F) {
	for _, seed := range []string{`{"phase":"canary","weight":25}`, `{"phase":"live","reason":"r","force":true,"actor":"a"}`, `{"phase":null}`,
		`{"phase":"canary","weight":1e1}`, `{"phase":"canary","weight":"5"}`, `{"PHASE":"live"}`, `{"phase":"live","phase":"legacy"}`, `[]`, ``, `{"phase":"canary","weight":0.009}`, "{\"phase\":\"live\",\"reason\":\"\xff\"}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := newSystem()
		handler := newServer(Config{System: s}).router()
		r, err := http.NewRequest("PUT", "/routes/orders-read/phase", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		w := &recorder{header: http.Header{}}
		handler.ServeHTTP(w, r.WithContext(web.WithIdentity(r.Context(), web.Identity{Role: web.RoleOperate})))
		switch w.status {
		case 0, 200:
			if len(s.moves) != 1 || s.moves[0].To.Validate() != nil || len([]rune(s.moves[0].Reason)) > web.MaxReason {
				t.Errorf("%q makes the moves %+v", body, s.moves)
			}
		case 400, 413, 422:
			if len(s.moves) != 0 {
				t.Errorf("%q is refused, and makes the moves %+v", body, s.moves)
			}
		default:
			t.Errorf("%q is answered with %d", body, w.status)
		}
	})
}

type recorder struct {
	header http.Header
	status int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return len(p), nil }
