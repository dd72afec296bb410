package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

func TestRollouts(t *testing.T) {
	a := newAdmin(t)
	var list rolloutList
	got := a.ask("GET", "/api/v1/rollouts", "")
	if err := json.Unmarshal([]byte(got.body), &list); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rolloutList{Rollouts: anyRollouts()}, withoutNil(list)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a.freeze = &web.Freeze{At: noon, Reason: "the sales", Actor: "anna"}
	got = a.ask("GET", "/api/v1/rollouts", "")
	if !strings.Contains(got.body, `"freeze":{"at":"2026-01-31T12:00:00Z","reason":"the sales","actor":"anna","verified":false}`) {
		t.Errorf("what freezes them isn't in %s", got.body)
	}
}

// withoutNil takes empty lists back to what they were.
func withoutNil(l rolloutList) rolloutList {
	for i := range l.Rollouts {
		if r := &l.Rollouts[i]; len(r.Gates) == 0 {
			r.Gates, r.Evidence = nil, nil
		}
	}
	return l
}

func TestRolloutOf(t *testing.T) {
	a := newAdmin(t)
	a.routes = append(a.routes, web.Route{Name: "basket-read", Unit: "basket", Version: 4}, web.Route{Name: "basket-write", Unit: "basket", Version: 5})
	for _, test := range []struct {
		name, of     string
		status       int
		etag, inBody string
	}{
		{"a route's", "orders-read", 200, `"7"`, `"name":"orders-read"`},
		{"any of a unit's routes", "basket-write", 200, `"5"`, `"name":"basket"`},
		{"a unit's, with its first route's version", "basket", 200, `"4"`, `"name":"basket"`},
		{"a route that has none", a.routes[1].Name, 404, "", `it has none in the configuration`},
		{"no route, near one", "order-read", 404, "", `did you mean \"orders-read\"?`},
		{"no route, near a unit", "baskets", 404, "", `did you mean \"basket\"?`},
		{"no route, near none", "zzz", 404, "", `no route \"zzz\"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := a.ask("GET", "/api/v1/rollouts/"+url.PathEscape(test.of), "")
			if got.StatusCode != test.status || got.Header.Get("ETag") != test.etag || !strings.Contains(got.body, test.inBody) {
				t.Errorf("status %d, ETag %s, %s; want %d, %s, %s", got.StatusCode, got.Header.Get("ETag"), got.body, test.status, test.etag, test.inBody)
			}
		})
	}

	// A route goes before a unit of its name, whether it has a rollout or not.
	a.routes = append(a.routes, web.Route{Name: "basket"})
	if got := a.ask("GET", "/api/v1/rollouts/basket", ""); got.StatusCode != 404 {
		t.Errorf("a route without a rollout that is called as a unit: %d %s", got.StatusCode, got.body)
	}
	if got := a.ask("POST", "/api/v1/rollouts/basket/pause", "{}"); got.StatusCode != 404 || len(a.steers) > 0 {
		t.Errorf("it is steered: %d %+v", got.StatusCode, a.steers)
	}
}

// TestRolloutETagIsNotTooNew has the route move while its rollout is read.
func TestRolloutETagIsNotTooNew(t *testing.T) {
	a := newAdmin(t)
	a.server.system = &movesMeanwhile{system: a.system}
	got := a.ask("GET", "/api/v1/rollouts/orders-read", "")
	if got.Header.Get("ETag") != `"7"` || a.routes[0].Version != 8 {
		t.Errorf("ETag %s of a rollout that was read at version 7 or 8, now %d", got.Header.Get("ETag"), a.routes[0].Version)
	}
}

type movesMeanwhile struct{ *system }

func (s *movesMeanwhile) Rollouts() []web.Rollout {
	s.mu.Lock()
	s.routes = append([]web.Route(nil), s.routes...)
	s.routes[0].Version++
	s.mu.Unlock()
	return s.system.Rollouts()
}

func TestSteer(t *testing.T) {
	at25 := anyRollouts()[0].Position
	for _, test := range []struct {
		what, body string
		want       web.Steering
		state      string
		position   strangler.Position
	}{
		{"pause", `{"reason":"lunch"}`, web.Steering{Reason: "lunch"}, web.RolloutPaused, at25},
		{"resume", `{"service_version":"v8"}`, web.Steering{Version: "v8"}, web.RolloutRunning, at25},
		{"resume", `{"service_version":" v8 "}`, web.Steering{Version: "v8"}, web.RolloutRunning, at25},
		{"resume", `{"force":false}`, web.Steering{}, web.RolloutRunning, at25},
		{"abort", `{"force":true}`, web.Steering{Force: true}, web.RolloutStopped, strangler.Position{}},
		{"promote", `{"actor":"paul"}`, web.Steering{Actor: web.Actor{Name: "paul"}}, web.RolloutResting, strangler.At(strangler.PhaseLive)},
		{"abort", `{}`, web.Steering{}, web.RolloutStopped, strangler.Position{}},
	} {
		t.Run(test.what+" "+test.body, func(t *testing.T) {
			a := newAdmin(t)
			got := a.ask("POST", "/api/v1/rollouts/orders-read/"+test.what, test.body, "If-Match", `"7"`)
			var r web.Rollout
			if err := json.Unmarshal([]byte(got.body), &r); err != nil || got.StatusCode != http.StatusOK {
				t.Fatalf("%d %s: %v", got.StatusCode, got.body, err)
			}
			test.want.Route, test.want.What, test.want.IfVersion = "orders-read", test.what, 7
			if test.want.Actor.Name == "" {
				test.want.Actor.Name = "unknown"
			}
			if diff := cmp.Diff([]web.Steering{test.want}, a.steers); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if r.State != test.state || r.Position != test.position {
				t.Errorf("it is %s at %s, want %s at %s", r.State, r.Position, test.state, test.position)
			}
		})
	}
}

func TestSteerOfUnit(t *testing.T) {
	a := newAdmin(t)
	if got := a.ask("POST", "/api/v1/rollouts/basket/promote", `{}`); got.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	if len(a.steers) != 1 || a.steers[0].Route != "basket-read" {
		t.Errorf("steered %+v, want the unit's first route", a.steers)
	}
}

// TestRolloutErrors holds each mistake of a client, and each error of the system, against its answer.
func TestRolloutErrors(t *testing.T) {
	yes := true
	const steer = "/rollouts/orders-read/"
	for _, test := range []struct {
		name, path, body, match string
		err                     error
		status                  int
		code, detail            string
		force                   *bool
	}{
		{name: "what there isn't", path: steer + "stop", body: `{}`, status: 422, code: web.CodeInvalid, detail: `pause, resume, promote or abort, not to "stop"`},
		{name: "no route", path: "/rollouts/order-read/pause", body: `{}`, status: 404, code: web.CodeUnknownRoute, detail: `did you mean "orders-read"?`},
		{name: "no rollout", path: "/rollouts/" + url.PathEscape("a/b <i>%") + "/pause", body: `{}`, status: 404, code: web.CodeNotFound, detail: "none in the configuration"},
		{name: "a version to pause", path: steer + "pause", body: `{"service_version":"v8"}`, status: 422, code: web.CodeInvalid, detail: "goes with resume, not with pause"},
		{name: "a version too long", path: steer + "resume", body: `{"service_version":"` + strings.Repeat("ü", 201) + `"}`, status: 422, code: web.CodeInvalid, detail: "over 200 bytes"},
		{name: "a version that is blank", path: steer + "resume", body: `{"service_version":" "}`, status: 422, code: web.CodeInvalid, detail: "blank"},
		{name: "a version that turns the direction of writing", path: steer + "resume", body: `{"service_version":"v8\u202e"}`, status: 422, code: web.CodeInvalid, detail: "U+202E"},
		{name: "force to pause", path: steer + "pause", body: `{"force":true}`, status: 422, code: web.CodeInvalid, detail: "promote and abort, not with pause"},
		{name: "force to resume", path: steer + "resume", body: `{"force":true}`, status: 422, code: web.CodeInvalid, detail: "promote and abort, not with resume"},
		{name: "a version that isn't for the eye", path: steer + "resume", body: `{"service_version":"v\u001b[2J"}`, status: 422, code: web.CodeInvalid, detail: "U+001B"},
		{name: "a reason on two lines", path: steer + "pause", body: `{"reason":"a\nb"}`, status: 422, code: web.CodeInvalid, detail: "control character"},
		{name: "a member that there isn't", path: steer + "pause", body: `{"until":"2026-02-01T00:00:00Z"}`, status: 400, code: web.CodeInvalid, detail: "/until"},
		{name: "no body", path: steer + "pause", status: 415, code: web.CodeInvalid},
		{name: "If-Match that is none", path: steer + "pause", body: `{}`, match: "7", status: 400, code: web.CodeInvalid, detail: "If-Match"},
		{name: "changed meanwhile", path: steer + "pause", body: `{}`, match: `"6"`, status: 412, code: web.CodeConflict, detail: "version 7, not 6"},
		{name: "a guard that force gets past", path: steer + "abort", body: `{}`, err: &rollout.RefusedError{Route: "orders-read", Why: "return: confirm", Force: true}, status: 403, code: web.CodeRefused, detail: "--force", force: &yes},
		{name: "what makes no sense", path: steer + "promote", body: `{}`, err: &rollout.InvalidError{Route: "orders-read", Why: "it stands at its last step"}, status: 422, code: web.CodeInvalid, detail: "last step"},
		{name: "the route went meanwhile", path: steer + "pause", body: `{}`, err: &strangler.UnknownRouteError{Name: "orders-read"}, status: 404, code: web.CodeUnknownRoute},
		{name: "a full disk", path: steer + "abort", body: `{}`, err: &journal.WriteError{Err: errors.New("disk is full")}, status: 503, code: web.CodeUnwritable, detail: "nothing changed"},

		{name: "freeze until what is past", path: "/freeze", body: `{"until":"2026-01-31T11:59:59Z"}`, status: 422, code: web.CodeInvalid, detail: "until is past"},
		{name: "freeze until no time", path: "/freeze", body: `{"until":"tomorrow"}`, status: 400, code: web.CodeInvalid, detail: "/until"},
		{name: "freeze with a reason on two lines", path: "/freeze", body: `{"reason":"a\nb"}`, status: 422, code: web.CodeInvalid, detail: "control character"},
		{name: "freeze on a full disk", path: "/freeze", body: `{}`, err: &journal.WriteError{Err: errors.New("disk is full")}, status: 503, code: web.CodeUnwritable, detail: "nothing changed"},
		{name: "thaw until", path: "/thaw", body: `{"until":"2026-02-01T00:00:00Z"}`, status: 400, code: web.CodeInvalid, detail: "/until"},
		{name: "thaw with an actor too long", path: "/thaw", body: `{"actor":"` + strings.Repeat("x", 101) + `"}`, status: 422, code: web.CodeInvalid, detail: "actor has 101"},
		{name: "thaw on a full disk", path: "/thaw", body: `{}`, err: &journal.WriteError{Err: errors.New("disk is full")}, status: 503, code: web.CodeUnwritable, detail: "nothing changed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAdmin(t)
			a.fail(test.err)
			var headers []string
			if test.match != "" {
				headers = []string{"If-Match", test.match}
			}
			got := a.ask("POST", "/api/v1"+test.path, test.body, headers...)
			p := got.problem(t)
			if got.StatusCode != test.status || p.Code != test.code || !strings.Contains(p.Detail, test.detail) || p.Detail == "" {
				t.Errorf("status %d, code %q, detail %q; want %d, %q and %q", got.StatusCode, p.Code, p.Detail, test.status, test.code, test.detail)
			}
			if diff := cmp.Diff(test.force, p.Force); diff != "" {
				t.Errorf("force (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(anyRollouts(), a.rollouts); diff != "" || a.freeze != nil {
				t.Errorf("something changed all the same: freeze %+v\n%s", a.freeze, diff)
			}
		})
	}
}

func TestFreeze(t *testing.T) {
	a := newAdmin(t, tokens...)
	by := []string{"Authorization", "Bearer operate-secret"}
	until := noon.Add(time.Hour)
	a.ask("POST", "/api/v1/freeze", `{"reason":"the sales"}`, by...)
	if diff := cmp.Diff(&web.Freeze{At: noon, Reason: "the sales", Actor: "otto", Verified: true}, a.freeze); diff != "" {
		t.Errorf("until thawed (-want +got):\n%s", diff)
	}
	got := a.ask("POST", "/api/v1/freeze", `{"until":"2026-01-31T14:00:00+01:00"}`, by...)
	if a.freeze == nil || !a.freeze.Until.Equal(until) || !strings.Contains(got.body, `"until":"2026-01-31T13:00:00Z"`) {
		t.Errorf("until %+v, answer %s", a.freeze, got.body)
	}
	got = a.ask("POST", "/api/v1/thaw", `{"reason":"over","actor":"mallory"}`, by...)
	if diff := cmp.Diff([]string{"otto: over"}, a.thaws); diff != "" || got.body != "{}\n" || a.freeze != nil {
		t.Errorf("thawed: %s, %+v (-want +got):\n%s", got.body, a.freeze, diff)
	}
}

func TestClientRollouts(t *testing.T) {
	a := newAdmin(t)
	c, ctx := a.client(""), t.Context()
	want := anyRollouts()
	list, frozen, err := c.Rollouts(ctx)
	if diff := cmp.Diff(rolloutList{Rollouts: want}, withoutNil(rolloutList{list, frozen})); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if one, err := c.Rollout(ctx, "orders-read"); err != nil || !cmp.Equal(want[0], one) {
		t.Errorf("%v (-want +got):\n%s", err, cmp.Diff(want[0], one))
	}
	steered, err := c.Steer(ctx, "orders-read", web.SteerResume, SteerRequest{Reason: "r", Version: "v8", IfVersion: 7})
	if err != nil || steered.State != web.RolloutRunning {
		t.Errorf("steered %+v, error %v", steered, err)
	}
	if _, err := c.Steer(ctx, "basket-write", web.SteerAbort, SteerRequest{Actor: "paul", Force: true}); err != nil {
		t.Error(err)
	}
	carla, paul := web.Actor{Name: "carla"}, web.Actor{Name: "paul"}
	if diff := cmp.Diff([]web.Steering{{Route: "orders-read", What: "resume", Reason: "r", Version: "v8", IfVersion: 7, Actor: carla},
		{Route: "basket-write", What: "abort", Force: true, Actor: paul}}, a.steers); diff != "" {
		t.Errorf("steers (-want +got):\n%s", diff)
	}
	_, err = c.Steer(ctx, "orders-read", web.SteerPause, SteerRequest{IfVersion: 6})
	if p, ok := errors.AsType[*Problem](err); !ok || p.Code != web.CodeConflict {
		t.Errorf("an old version: %v", err)
	}

	f, err := c.Freeze(ctx, FreezeRequest{Until: noon.Add(time.Hour), Reason: "the sales"})
	if diff := cmp.Diff(web.Freeze{Until: noon.Add(time.Hour), At: noon, Reason: "the sales", Actor: "carla"}, f); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, frozen, err := c.Rollouts(ctx); err != nil || frozen == nil || frozen.Actor != "carla" {
		t.Errorf("frozen %+v, error %v", frozen, err)
	}
	if err := c.Thaw(ctx, ThawRequest{Reason: "over"}); err != nil || a.freeze != nil {
		t.Errorf("thawed: %+v, error %v", a.freeze, err)
	}
	if diff := cmp.Diff([]string{"carla: over"}, a.thaws); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
