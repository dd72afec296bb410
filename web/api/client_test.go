package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// TestClientReads sends what the system has through a socket and back.
func TestClientReads(t *testing.T) {
	a := newAdmin(t, tokens...)
	position := strangler.Canary(2500)
	a.services = []web.Service{{Name: "orders", URLs: []string{"http://127.0.0.1:1"}, Routes: []string{"orders-read"}, Transport: "own", Balance: "hash", LookupError: "no such host", SlowStart: "10s",
		Connections: web.Connections{Max: 1, Idle: 2, IdleTimeout: "3s"}, HealthCheck: &web.HealthCheck{Path: "/healthz", Host: "h", Status: "2xx", Interval: "5s", Timeout: "2s", Rise: 2, Fall: 3},
		Endpoints: []web.Endpoint{{Addr: "127.0.0.1:1", Why: "5 failures in a row", Since: noon, InFlight: 1, Requests: 2, Failures: 3, Full: 6, Ejections: 4, Idle: 5}},
		Guard: web.Guard{Bulkhead: &web.Bulkhead{InFlight: 1, Waiting: 2, Limit: 3, Full: 4}, Breaker: &web.Breaker{State: "open", Until: noon, Opened: 1},
			Timeouts: &web.Timeouts{Dial: 1, FirstByte: 2, Request: 3, Idle: 4}, Retry: &web.Retry{Retries: 1, Denied: 2}},
		RouteGuards: []web.RouteGuard{{Route: "orders-read", Guard: web.Guard{Breaker: &web.Breaker{State: "closed"}}}}}}
	a.legacy = web.Service{Name: "legacy", URLs: []string{"http://127.0.0.1:2"}, Routes: []string{}, Transport: "standard", Balance: "round_robin",
		Endpoints: []web.Endpoint{}, RouteGuards: []web.RouteGuard{}}
	a.groups = []web.Group{{ID: "g1", State: "open", Share: 0.5, Guess: "factor 100", Noise: shadow.KnownCounts, Since: noon, Suggested: []web.Suggestion{{Kind: "keyed", Pointer: "/items", Value: "id"}}, Days: []web.GroupDay{{Day: noon, Count: 3}}, Recent: []web.GroupRecent{{At: noon, Count: 3}}, Statuses: [2]int{200, 500}, First: noon, Last: noon, Causes: []web.GroupCause{{Pointer: "/a", Kind: shadow.KindValue}}, Examples: []string{"d1"}}}
	quantiles := shadow.Quantiles{P50: 1, P90: 2, P99: 3.5}
	a.evidence = web.RouteEvidence{Route: "orders-read", Compared: 9, Diverged: 4, Expected: 1, Evidence: shadow.Evidence{Controls: 7,
		Statuses: []shadow.StatusPair{{Legacy: 200, Service: 404, Count: 2}}, Latency: &shadow.Latencies{Count: 9, Legacy: quantiles, Service: quantiles, Difference: quantiles},
		Noise: []shadow.Place{{Pattern: "/at", Kind: shadow.KindValue, Known: shadow.KnownNoise, Legacy: 0.25, Service: 0.5}}}}
	a.ruling = web.RuleEffect{Rules: []web.Rule{{ID: "r1", Route: "orders-read", Kind: "tolerance", Pointer: "/total", Value: "1%", Origin: "journal", Actor: "anna", Verified: true, Reason: "rounding", At: noon}},
		Estimate: true, Gone: 3, Changed: 1, Groups: []web.GroupEffect{{Group: "g1", Title: "t", State: "open", Count: 5, Looked: 4, Gone: 3, Changed: 1}}}
	a.judged = []web.Judgement{{Route: "orders-read", Known: true, Verdict: shadow.Diverged, Divergence: "d1", More: 1,
		Differences: []shadow.Difference{{Pointer: "/a", Pattern: "/a", Kind: shadow.KindValue, Legacy: json.RawMessage("1")}}}}
	asked := RulesRequest{Route: "orders-read", Rules: []NewRule{{Kind: "tolerance", Pointer: "/total", Value: "1%"}}}
	a.divergences = []web.Divergence{{ID: "d1", At: noon, Verdict: shadow.Diverged, Served: shadow.Legacy,
		Differences: []shadow.Difference{{Pointer: "/a", Pattern: "/a", Kind: shadow.KindValue, Legacy: json.RawMessage("1"), Service: json.RawMessage("2")}},
		Legacy:      &web.Answer{Status: 200, Headers: map[string][]string{"A": {"b"}}, Body: "{}"}}}
	a.entries = []web.Entry{{Seq: 3, At: noon, Kind: "moved", How: "shift", Route: "orders-read", Before: &strangler.Position{}, After: &position}}
	a.stats = web.Stats{Started: noon, At: noon, Routes: []web.RouteStats{{Route: "orders-read", Comparisons: shadow.Counts{Sampled: 1, Skipped: 1, Reasons: map[string]int64{"too large": 1}}}},
		Rollbacks: web.RollbackStats{Pending: []web.PendingRollback{{At: noon, Actor: "anna", Reason: "r", Routes: []string{"orders-read"}, Marked: true, Problem: "disk full"}}}}
	a.config = web.ConfigState{File: "strangler.yaml", LoadedAt: noon, Problem: "line 3", ProblemAt: noon, Files: []string{"strangler.yaml"}, Warnings: []string{}, NeedRestart: []string{"listen"}, Definitions: map[string]json.RawMessage{"a": json.RawMessage(`{"b":1}`)}}
	a.settings = []web.Setting{{Name: "shadow.sample", Value: json.RawMessage(`"50%"`), From: "route", File: "strangler.yaml", Line: 14}, {Name: "repeat", Value: json.RawMessage(`"method"`), From: "program"}}
	a.explanation = web.Explanation{Route: "orders-read", Bucket: 17, Others: []web.Considered{{Route: "b", Why: "host"}}}
	a.result = web.RollbackResult{Moved: []web.Route{}, Skipped: []web.Skipped{{Route: "b", Why: "retired"}}, LegacyGains: 1.5, Problem: "disk full"}
	c, ctx := a.client("operate-secret"), t.Context()
	listed := a.divergences[0]
	listed.Legacy = nil
	for _, test := range []struct {
		name string
		want any
		ask  func() (any, error)
	}{
		{"Routes", a.routes, func() (any, error) { return c.Routes(ctx) }},
		{"Route", a.routes[0], func() (any, error) { return c.Route(ctx, "orders-read") }},
		{"Route with an odd name", a.routes[1], func() (any, error) { return c.Route(ctx, a.routes[1].Name) }},
		{"Services", a.services, func() (any, error) { return c.Services(ctx) }},
		{"Upstreams", a.legacy, func() (any, error) { _, legacy, err := c.Upstreams(ctx); return legacy, err }},
		{"Groups", a.groups, func() (any, error) { return c.Groups(ctx, "orders-read", "open") }},
		{"Group", a.groups[0], func() (any, error) { return c.Group(ctx, "g1") }},
		{"RouteEvidence", a.evidence, func() (any, error) { return c.RouteEvidence(ctx, "orders-read") }},
		{"Settings", a.settings, func() (any, error) { return c.Settings(ctx, "orders-read") }},
		{"Rules", a.ruling.Rules, func() (any, error) { return c.Rules(ctx, "orders-read") }},
		{"PreviewRules", a.ruling, func() (any, error) { return c.PreviewRules(ctx, asked) }},
		{"AddRules", a.ruling, func() (any, error) { return c.AddRules(ctx, asked) }},
		{"DropRule", a.ruling.Rules, func() (any, error) { return c.DropRule(ctx, "r1", DropRequest{}) }},
		{"Divergences", []web.Divergence{listed}, func() (any, error) { return c.Divergences(ctx, web.DivergenceQuery{}) }},
		{"Divergence", a.divergences[0], func() (any, error) { return c.Divergence(ctx, "d1") }},
		{"Journal", a.entries, func() (any, error) { return c.Journal(ctx, web.EntryQuery{Route: "orders-read", Before: 9, Limit: 5}) }},
		{"RoutesAt", a.routes[:1], func() (any, error) {
			return c.RoutesAt(ctx, "orders-read", noon.In(time.FixedZone("", 2*60*60)))
		}},
		{"Stats", a.stats, func() (any, error) { return c.Stats(ctx) }},
		{"Config", a.config, func() (any, error) { return c.Config(ctx) }},
		{"Explain", a.explanation, func() (any, error) { return c.Explain(ctx, web.Explain{Method: "GET", URL: "/"}) }},
		{"Compare", a.judged, func() (any, error) {
			return c.Compare(ctx, GivenExchange{Route: "orders-read", Legacy: GivenAnswer{Status: 200}, Service: GivenAnswer{Status: 404}})
		}},
		{"Decide", []web.Decision{{Route: "a/b <i>%", Key: "17", Known: true, Side: shadow.Legacy}}, func() (any, error) {
			return c.Decide(ctx, Choice{Route: "a/b <i>%", Key: "17"})
		}},
		{"Rollback", a.result, func() (any, error) { return c.Rollback(ctx, web.Rollback{All: true}) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.ask()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestClientChanges(t *testing.T) {
	a := newAdmin(t)
	c, ctx := a.client(""), t.Context()
	weight := strangler.Weight(1)
	moved, err := c.Shift(ctx, a.routes[1].Name, ShiftRequest{Phase: strangler.PhaseCanary, Weight: &weight, Reason: "a\"b", Force: true, IfVersion: 1})
	if err != nil || moved.Version != 2 || moved.Weight != 1 {
		t.Errorf("moved %+v, error %v", moved, err)
	}
	if _, err := c.Shift(ctx, "orders-read", ShiftRequest{Phase: strangler.PhaseLegacy, Actor: "paul"}); err != nil {
		t.Error(err)
	}
	if _, err := c.ShiftMany(ctx, ShiftManyRequest{Routes: []web.RouteSeen{{Name: "orders-read", Version: 7}}, Phase: strangler.PhaseShadow, Reason: "r"}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]web.MoveMany{{Routes: []web.RouteSeen{{Name: "orders-read", Version: 7}}, To: strangler.At(strangler.PhaseShadow), Reason: "r", Actor: web.Actor{Name: "carla"}}}, a.manyMoves); diff != "" {
		t.Errorf("several moves (-want +got):\n%s", diff)
	}
	if _, err := c.Undo(ctx, "orders-read", UndoRequest{Reason: "r", IfVersion: 7}); err != nil {
		t.Error(err)
	}
	if _, err := c.Rollback(ctx, web.Rollback{Unit: "u", To: strangler.PhaseShadow, Reason: "r", Actor: web.Actor{Name: "paul"}}); err != nil {
		t.Error(err)
	}
	a.groups = []web.Group{{ID: "g1", Noise: "unknown"}}
	if g, err := c.Triage(ctx, "g1", TriageRequest{State: "expected", Reason: "rounding"}); err != nil || g.State != "expected" || g.Actor != "carla" {
		t.Errorf("triaged %+v, error %v", g, err)
	}
	if _, err := c.AddRules(ctx, RulesRequest{Route: "orders-read", Rules: []NewRule{{Kind: "ignore", Pointer: "/a"}}, Reason: "r"}); err != nil {
		t.Error(err)
	}
	if _, err := c.DropRule(ctx, "a/b", DropRequest{Reason: "r", Actor: "paul"}); err != nil {
		t.Error(err)
	}
	a.steps = []web.ReplayStep{{ReplaySummary: web.ReplaySummary{Of: 1}}, {ReplaySummary: web.ReplaySummary{Of: 1, Done: 1, New: 1}, Replayed: &web.Replayed{ID: "d1", Outcome: "new"}}}
	var told []web.ReplayStep
	last, err := c.Replay(ctx, web.Replay{Route: "orders-read", Rate: 2, Header: map[string][]string{"A": {"b"}}}, func(s web.ReplayStep) { told = append(told, s) })
	if diff := cmp.Diff(a.steps, told); diff != "" || err != nil || last.New != 1 {
		t.Errorf("replay (-want +got):\n%s%+v, %v", diff, last, err)
	}
	a.steps = a.steps[:1]
	if _, err := c.Replay(ctx, web.Replay{Route: "orders-read"}, func(web.ReplayStep) {}); err == nil || !strings.Contains(err.Error(), "ended after 0 of 1") {
		t.Errorf("a replay that ends early: %v", err)
	}
	carla, paul := web.Actor{Name: "carla"}, web.Actor{Name: "paul"}
	if diff := cmp.Diff([]web.Move{
		{Route: a.routes[1].Name, To: strangler.Canary(1), Reason: "a\"b", Actor: carla, IfVersion: 1, Force: true},
		{Route: "orders-read", To: strangler.At(strangler.PhaseLegacy), Actor: paul},
	}, a.moves); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]web.Undo{{Route: "orders-read", Reason: "r", Actor: carla, IfVersion: 7}}, a.undos); diff != "" {
		t.Errorf("undos (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]web.NewRules{{Route: "orders-read", Rules: []web.Rule{{Kind: "ignore", Pointer: "/a"}}, Reason: "r", Actor: carla}}, a.added); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]web.DroppedRule{{ID: "a/b", Reason: "r", Actor: paul}}, a.dropped); diff != "" {
		t.Errorf("dropped rules (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]web.Replay{{Route: "orders-read", Rate: 2, Header: map[string][]string{"A": {"b"}}, Actor: carla}, {Route: "orders-read", Actor: carla}}, a.replays); diff != "" {
		t.Errorf("replays (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]web.Triage{{Group: "g1", State: "expected", Reason: "rounding", Actor: carla}}, a.triages); diff != "" {
		t.Errorf("triages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]web.Rollback{{Unit: "u", To: strangler.PhaseShadow, Reason: "r", Actor: paul}}, a.rollbacks); diff != "" {
		t.Errorf("rollbacks (-want +got):\n%s", diff)
	}
}

func TestClientProblems(t *testing.T) {
	a := newAdmin(t, tokens...)
	c := a.client("operate-secret")
	for _, test := range []struct {
		name   string
		err    error
		status int
		code   string
		force  bool
	}{
		{"conflict", &journal.ConflictError{Route: "orders-read", Have: 8, Want: 7}, 412, web.CodeConflict, false},
		{"refused", &rollout.RefusedError{Route: "orders-read", Why: "return: confirm", Force: true}, 403, web.CodeRefused, true},
		{"unknown", &strangler.UnknownRouteError{Name: "orders-read"}, 404, web.CodeUnknownRoute, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a.fail(test.err)
			_, err := c.Shift(t.Context(), "orders-read", ShiftRequest{Phase: strangler.PhaseLive})
			p, ok := errors.AsType[*Problem](err)
			if !ok || p.Status != test.status || p.Code != test.code || p.Error() != test.err.Error() || (p.Force != nil && *p.Force) != test.force {
				t.Errorf("error %#v", err)
			}
		})
	}
	if _, err := a.client("wrong").Routes(t.Context()); err == nil || !strings.Contains(err.Error(), "STRANGLER_TOKEN") {
		t.Errorf("error %v of an unknown token", err)
	}
}

func TestClientUnreachable(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	answers := func(handle http.HandlerFunc) func(t *testing.T) string {
		return func(t *testing.T) string {
			s := httptest.NewServer(handle)
			t.Cleanup(s.Close)
			return s.URL
		}
	}
	for _, test := range []struct {
		name string
		url  func(t *testing.T) string
		text string
	}{
		{"refused", func(*testing.T) string { return closed.URL }, "connection refused"},
		{"never answers", func(t *testing.T) string {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			return "http://" + l.Addr().String()
		}, "deadline exceeded"},
		{"a page", answers(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>") }), "not the admin API's"},
		{"a page that isn't there", answers(http.NotFound), "404 Not Found, but not as the admin API does"},
		{"an API of somebody else's", answers(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusConflict)
			io.WriteString(w, `{"error":"no"}`)
		}), "409 Conflict"},
		{"a redirect", answers(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}), "302 Found"},
		{"cut short", answers(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"routes":[`)
		}), "unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			url := test.url(t)
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			c, err := NewClient(ClientConfig{URL: url + "/", Token: "secret-token", HTTP: &http.Client{Transport: transport,
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			if test.name != "never answers" {
				ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
			}
			defer cancel()
			check := func(err error) {
				t.Helper()
				unreachable, ok := errors.AsType[*UnreachableError](err)
				if !ok {
					t.Fatalf("error %#v", err)
				}
				text := err.Error()
				for _, part := range []string{url, "--admin", "STRANGLER_ADMIN"} {
					if !strings.Contains(text, part) {
						t.Errorf("error %q lacks %q", text, part)
					}
				}
				if strings.Contains(text, "secret-token") || strings.Count(text, url) != 1 || unreachable.URL != url+"/api/v1" {
					t.Errorf("error %q", text)
				}
			}
			_, err = c.Routes(ctx)
			check(err)
			if !strings.Contains(err.Error(), test.text) {
				t.Errorf("error %q, want %q in it", err, test.text)
			}
			for _, err := range c.Events(ctx) {
				check(err)
			}
		})
	}
}

func TestClientGivesUp(t *testing.T) {
	a := newAdmin(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.client("").Routes(ctx); err != context.Canceled {
		t.Errorf("error %#v of a canceled call", err)
	}
}

func TestClientBounds(t *testing.T) {
	a := newAdmin(t)
	c := a.client("")
	c.maxAnswer = 100
	_, err := c.Routes(t.Context())
	if _, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), "over 100 bytes") {
		t.Errorf("error %v of an answer without end", err)
	}
}

func TestNewClient(t *testing.T) {
	for _, url := range []string{"", "127.0.0.1:9900", "localhost", "ftp://a", "http://", "http://a?b", "http://a#b", "http://user:pass@a", "http://a b"} {
		if _, err := NewClient(ClientConfig{URL: url}); err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:9900") {
			t.Errorf("%q: error %v", url, err)
		}
	}
	for _, url := range []string{"http://127.0.0.1:9900", "https://strangler.internal/", "http://[::1]:9900", "http://a/prefix"} {
		if _, err := NewClient(ClientConfig{URL: url}); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestClientEvents(t *testing.T) {
	a := newAdmin(t)
	a.server.heartbeat = 10 * time.Millisecond
	var got []web.Event
	var last error
	go func() { // two events as soon as there is somebody to hear them, and then the end
		for a.publish(web.Event{Type: "route", Data: a.routes[0]}) == 0 {
			time.Sleep(time.Millisecond)
		}
		a.publish(web.Event{Type: "groups"})
	}()
	for e, err := range a.client("").Events(t.Context()) {
		if err != nil {
			last = err
			continue
		}
		got = append(got, e)
		if len(got) == 2 {
			a.end()
		}
	}
	if len(got) != 2 || got[0].Type != "route" || got[1].Type != "groups" {
		t.Fatalf("events %+v", got)
	}
	var route web.Route
	if err := json.Unmarshal(got[0].Data.(json.RawMessage), &route); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.routes[0], route); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, ok := errors.AsType[*UnreachableError](last); !ok || !errors.Is(last, errStreamEnded) {
		t.Errorf("the end is %v, which doesn't say to try again", last)
	}
}

func TestClientEventsEnd(t *testing.T) {
	a := newAdmin(t)
	go func() {
		for a.publish(web.Event{Type: "route"}) == 0 {
			time.Sleep(time.Millisecond)
		}
	}()
	for _, err := range a.client("").Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	eventually(t, "a loop that ends leaves", func() bool { return len(a.server.seats) == 0 })

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	for _, err := range a.client("").Events(ctx) {
		if err != context.Canceled {
			t.Errorf("error %v of a canceled stream", err)
		}
	}

	c := a.client("")
	c.silence = 50 * time.Millisecond // heartbeats come every 15 s
	for _, err := range c.Events(t.Context()) {
		if _, ok := errors.AsType[*UnreachableError](err); !ok || !errors.Is(err, errStreamSilent) {
			t.Errorf("error %v of a silent stream", err)
		}
	}
}

func TestClientEventsSlowLoop(t *testing.T) {
	a := newAdmin(t)
	a.server.heartbeat = time.Millisecond
	c := a.client("")
	c.silence = 300 * time.Millisecond
	go func() {
		for a.publish(web.Event{Type: "route"}) == 0 {
			time.Sleep(time.Millisecond)
		}
		a.publish(web.Event{Type: "groups"})
	}()
	n := 0
	for _, err := range c.Events(t.Context()) {
		if err != nil {
			t.Fatalf("a loop that takes its time broke the stream: %v", err)
		}
		if n++; n == 2 {
			break
		}
		time.Sleep(2 * c.silence)
	}
}

func ExampleProblem() {
	err := error(&Problem{Status: 412, Code: web.CodeConflict, Detail: `route "orders-read" changed meanwhile: it is at version 8, not 7; look again, then repeat`})
	if p, ok := errors.AsType[*Problem](err); ok && p.Code == web.CodeConflict {
		fmt.Println("somebody else was faster:", p)
	}
	// Output: somebody else was faster: route "orders-read" changed meanwhile: it is at version 8, not 7; look again, then repeat
}
