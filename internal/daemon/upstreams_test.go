package daemon_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// fetch sends a request and returns status, body, and when to come back.
func (s *system) fetch(t testing.TB, method, path, cookie string) (status int, body, retryAfter string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	resp, err := s.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header.Get("Retry-After")
}

// service returns how a service does, as the API has it.
func (s *system) service(t testing.TB, name string) web.Service {
	t.Helper()
	services, legacy, err := s.API.Upstreams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range append(services, legacy) {
		if one.Name == name {
			return one
		}
	}
	t.Fatalf("there is no service %q", name)
	return web.Service{}
}

func (s *system) explain(t testing.TB, method, path string) web.Explanation {
	t.Helper()
	x, err := s.API.Explain(t.Context(), web.Explain{Method: method, URL: path})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// switched is a service that answers, or fails with a status. It counts requests and connections.
type switched struct {
	URL                   string
	status                atomic.Int64 // 0: it answers
	requests, connections atomic.Int64
}

func newSwitched(t testing.TB) *switched {
	t.Helper()
	s := &switched{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if status := s.status.Load(); status != 0 {
			w.WriteHeader(int(status))
		}
		fmt.Fprint(w, "service")
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// TestBreaker has a service fail until nothing is sent to it any more, reloads meanwhile, and has
// it come back.
func TestBreaker(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "legacy", nil), newSwitched(t)
	text := fmt.Sprintf(`legacy: {url: %q}
services:
  orders: {urls: [%q], connections: {idle_timeout: 1m}, breaker: {requests: 4, open: 2s, probes: 1}}
routes:
  - {name: none, match: {path: /none}, service: orders, start: live, fallback: none}
  - {name: legacy, match: {path: /legacy}, service: orders, start: live, timeouts: {request: 1m}}
  - {name: apart, match: {path: /apart}, service: orders, start: live, fallback: none, breaker: {requests: 1000}}
`, legacy.URL, service.URL)
	s := start(t, text)

	if status, _, _ := s.fetch(t, "POST", "/none", ""); status != 200 {
		t.Fatalf("status %d", status)
	}
	service.status.Store(500)
	for range 3 {
		if status, body, _ := s.fetch(t, "POST", "/none", ""); status != 500 || body != "service" {
			t.Fatalf("%d %q, want what the service says", status, body)
		}
	}
	sent := service.requests.Load()
	open := func() {
		t.Helper()
		status, body, after := s.fetch(t, "GET", "/none", "")
		if status != 503 || after == "" || after == "0" || !strings.Contains(body, "left alone") {
			t.Errorf("without fallback: %d, Retry-After %q, %s", status, after, body)
		}
		if status, body, _ := s.fetch(t, "GET", "/legacy", ""); status != 200 || body != "legacy GET /legacy" {
			t.Errorf("with fallback: %d %s", status, body)
		}
		if n := service.requests.Load(); n != sent {
			t.Errorf("%d requests were sent to it", n-sent)
		}
	}
	open()
	now := s.service(t, "orders")
	if b := now.Guard.Breaker; b == nil || b.State != "open" || b.Opened != 1 || b.Until.Before(time.Now()) {
		t.Errorf("the API shows %+v", b)
	}
	if len(now.RouteGuards) != 2 || now.RouteGuards[0].Guard.Breaker != nil || now.RouteGuards[1].Guard.Breaker == nil || now.RouteGuards[1].Guard.Breaker.State != "closed" {
		t.Errorf("the API shows %+v of routes", now.RouteGuards)
	}
	if x := s.explain(t, "GET", "/legacy"); !strings.HasPrefix(x.Breaker, "open until ") || !strings.HasSuffix(x.Breaker, ": legacy answers") || x.Timeouts != "connection 5s, first byte 30s, whole request 1m0s" {
		t.Errorf("explained as %+v", x)
	}
	if x := s.explain(t, "GET", "/none"); !strings.HasSuffix(x.Breaker, ": 503") {
		t.Errorf("explained as %+v", x)
	}
	if m := s.metrics(t); !strings.Contains(m, `strangler_upstream_breaker_state{route="",state="open",upstream="orders"} 1`) {
		t.Error("the metrics have no open breaker")
	}

	// A reload that changes time-outs changes nothing else.
	s.write(t, strings.Replace(text, "breaker: {requests: 4", "timeouts: {idle: 1m}, breaker: {requests: 4", 1))
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if time.Now().Before(now.Guard.Breaker.Until.Add(-500 * time.Millisecond)) {
		open()
	}
	if x := s.explain(t, "GET", "/none"); !strings.HasSuffix(x.Timeouts, "silence 1m0s") {
		t.Errorf("after a reload explained as %+v", x)
	}

	service.status.Store(0)
	eventually(t, "the breaker closes", func() bool {
		status, _, _ := s.fetch(t, "GET", "/none", "")
		return status == 200
	})
	if b := s.service(t, "orders").Guard.Breaker; b.State != "closed" || b.Opened != 1 {
		t.Errorf("the API shows %+v, want the breaker from before the reload, closed", b)
	}
	if n := service.connections.Load(); n != 1 {
		t.Errorf("%d connections, want one that outlived the reload", n)
	}

	// One that changes the breaker makes another one.
	s.write(t, strings.Replace(text, "requests: 4", "requests: 5", 1))
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b := s.service(t, "orders").Guard.Breaker; b.Opened != 0 {
		t.Errorf("the API shows %+v, want a new breaker", b)
	}
	if status, _, _ := s.fetch(t, "GET", "/none", ""); status != 200 || service.connections.Load() != 1 {
		t.Errorf("status %d over %d connections", status, service.connections.Load())
	}
}

// TestCopiesAreNoBreakersBusiness has a service fail all its copies: that is the ledger's to say,
// and neither breaker nor endpoint is held to it.
func TestCopiesAreNoBreakersBusiness(t *testing.T) {
	t.Parallel()
	service := newSwitched(t)
	service.status.Store(500)
	s := start(t, fmt.Sprintf(oneRoute, backend(t, "legacy", nil).URL, service.URL)+"    start: shadow\n")
	for range 30 {
		s.get(t, "/orders/1")
	}
	eventually(t, "all copies are sent", func() bool { return service.requests.Load() == 30 })
	if now := s.service(t, "orders"); now.Guard.Breaker.State != "closed" || now.Endpoints[0].Requests != 0 {
		t.Errorf("after copies that fail: %+v, %+v", now.Guard.Breaker, now.Endpoints)
	}
}

// TestRouteTimeout gives one route less time than its service, another more.
func TestRouteTimeout(t *testing.T) {
	t.Parallel()
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/silent" {
			_, _ = io.WriteString(w, "begun")
			_ = http.NewResponseController(w).Flush()
		}
		patience := time.Minute
		if r.URL.Path == "/patient" {
			patience = 300 * time.Millisecond
		}
		select {
		case <-r.Context().Done():
		case <-time.After(patience):
			fmt.Fprint(w, "at last")
		}
	})
	s := start(t, fmt.Sprintf(`legacy: {url: %q}
services:
  slow: {urls: [%q], timeouts: {first_byte: 100ms}, breaker: off}
routes:
  - {name: usual, match: {path: /usual}, service: slow, start: live, fallback: none}
  - {name: patient, match: {path: /patient}, service: slow, start: live, fallback: none, timeouts: {first_byte: 1m}}
  - {name: hasty, match: {path: /hasty}, service: slow, start: live, fallback: none, timeouts: {first_byte: off, request: 50ms}}
  - {name: silent, match: {path: /silent}, service: slow, start: live, fallback: none, timeouts: {idle: 50ms}}
  - {name: legacy, match: {path: /legacy}, service: slow, start: live}
`, backend(t, "legacy", nil).URL, service.URL))

	for _, tt := range []struct {
		path   string
		status int
		says   string
	}{
		{"/usual", 504, "did not begin to answer within 100ms"},
		{"/patient", 200, "at last"},
		{"/hasty", 504, "did not answer to the end within 50ms"},
		{"/legacy", 200, "legacy GET /legacy"},
	} {
		if status, body, _ := s.fetch(t, "GET", tt.path, ""); status != tt.status || !strings.Contains(body, tt.says) {
			t.Errorf("%s: %d %s, want %d and %q", tt.path, status, body, tt.status, tt.says)
		}
	}
	resp, err := s.Client.Get(s.URL + "/silent")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(resp.Body); err == nil || string(text) != "begun" {
		t.Errorf("an answer that falls silent is read as %q, %v, want it cut", text, err)
	}
	resp.Body.Close()

	now := s.service(t, "slow")
	if got, want := *now.Guard.Timeouts, (web.Timeouts{FirstByte: 2}); got != want {
		t.Errorf("the service counts %+v, want %+v", got, want)
	}
	for route, want := range map[string]web.Timeouts{"patient": {}, "hasty": {Request: 1}, "silent": {Idle: 1}} {
		found := false
		for _, g := range now.RouteGuards {
			if g.Route == route {
				found = true
				if *g.Guard.Timeouts != want {
					t.Errorf("route %s counts %+v, want %+v", route, *g.Guard.Timeouts, want)
				}
			}
		}
		if !found {
			t.Errorf("route %s has no time-outs of its own in %+v", route, now.RouteGuards)
		}
	}
	if m := s.metrics(t); !strings.Contains(m, `strangler_upstream_timeouts_total{kind="request",route="hasty",upstream="slow"} 1`) {
		t.Error("the metrics don't count it")
	}
}

// TestBulkhead fills a service: who comes then is answered by legacy, or sent away, and others
// have their room.
func TestBulkhead(t *testing.T) {
	t.Parallel()
	began, ends := make(chan string, 10), make(chan struct{})
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/held") {
			began <- r.URL.Path
			<-ends
		}
		fmt.Fprint(w, "service")
	})
	s := start(t, fmt.Sprintf(`legacy: {url: %q}
services:
  small: {urls: [%q], bulkhead: {in_flight: 2}}
  other: {urls: [%q]}
routes:
  - {name: held, match: {path: "/held/*"}, service: small, start: live, fallback: none}
  - {name: none, match: {path: /none}, service: small, start: live, fallback: none}
  - {name: legacy, match: {path: /legacy}, service: small, start: live}
  - {name: apart, match: {path: /apart}, service: small, start: live, fallback: none, bulkhead: {in_flight: 1}}
  - {name: other, match: {path: /other}, service: other, start: live, fallback: none}
`, backend(t, "legacy", nil).URL, service.URL, service.URL))

	held := make(chan int)
	for i := range 2 {
		go func() {
			resp, err := s.Client.Get(fmt.Sprintf("%s/held/%d", s.URL, i))
			if err != nil {
				held <- 0
				return
			}
			resp.Body.Close()
			held <- resp.StatusCode
		}()
		<-began
	}
	if status, body, after := s.fetch(t, "GET", "/none", ""); status != 503 || after != "1" || !strings.Contains(body, "no room") {
		t.Errorf("without fallback: %d, Retry-After %q, %s", status, after, body)
	}
	for path, want := range map[string]string{"/legacy": "legacy GET /legacy", "/apart": "service", "/other": "service"} {
		if status, body, _ := s.fetch(t, "GET", path, ""); status != 200 || body != want {
			t.Errorf("%s: %d %s, want %s", path, status, body, want)
		}
	}
	now := s.service(t, "small")
	if want := (web.Bulkhead{InFlight: 2, Limit: 2, Full: 2}); now.Guard.Bulkhead == nil || *now.Guard.Bulkhead != want {
		t.Errorf("the API shows %+v, want %+v", now.Guard.Bulkhead, want)
	}
	if troubles := now.Troubles(); len(troubles) != 1 || !strings.Contains(troubles[0], "2 of 2 in flight") {
		t.Errorf("troubles %q", troubles)
	}
	close(ends)
	for range 2 {
		if status := <-held; status != 200 {
			t.Errorf("one that was in is answered %d", status)
		}
	}
	eventually(t, "there is room again", func() bool {
		status, _, _ := s.fetch(t, "GET", "/none", "")
		return status == 200
	})
}

// TestOwnGuardsThatReadAlike has a route say of its bulkhead and breaker what its service says
// too: they are its own all the same, from one reload to the next.
func TestOwnGuardsThatReadAlike(t *testing.T) {
	t.Parallel()
	began, ends := make(chan struct{}), make(chan struct{})
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/report" {
			began <- struct{}{}
			<-ends
		}
		fmt.Fprint(w, "service")
	})
	text := fmt.Sprintf(`legacy: {url: %q}
services:
  small: {urls: [%q], bulkhead: {in_flight: 1}, breaker: on}
routes:
  - {name: report, match: {path: /report}, service: small, start: live, fallback: none, bulkhead: {in_flight: 1}, breaker: {failures: 50%%}}
  - {name: rest, match: {path: "/*"}, service: small, start: live, fallback: none, timeouts: {request: 1m}}
`, backend(t, "legacy", nil).URL, service.URL)
	s := start(t, text)
	let := sync.OnceFunc(func() { close(ends) })
	t.Cleanup(let)
	held := make(chan int)
	go func() {
		resp, err := s.Client.Get(s.URL + "/report")
		if err != nil {
			held <- 0
			return
		}
		resp.Body.Close()
		held <- resp.StatusCode
	}()
	<-began
	for _, when := range []string{"before a reload", "after one"} {
		if status, body, _ := s.fetch(t, "GET", "/a", ""); status != 200 {
			t.Errorf("%s the other route is answered %d %s, though only the report's bulkhead is full", when, status, body)
		}
		now := s.service(t, "small")
		if len(now.RouteGuards) != 2 || now.Guard.Bulkhead.InFlight != 0 {
			t.Fatalf("%s the API shows %+v and of routes %+v", when, now.Guard.Bulkhead, now.RouteGuards)
		}
		report, rest := now.RouteGuards[0].Guard, now.RouteGuards[1].Guard
		if report.Bulkhead == nil || report.Bulkhead.InFlight != 1 || report.Breaker == nil || rest.Bulkhead != nil || rest.Breaker != nil {
			t.Errorf("%s the API shows %+v of the report and %+v of the rest", when, report, rest)
		}
		s.write(t, strings.Replace(text, "request: 1m", "request: 2m", 1))
		if err := s.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if status, _, _ := s.fetch(t, "GET", "/report", ""); status != 503 {
		t.Errorf("a second report is answered %d, want no room", status)
	}
	let()
	if status := <-held; status != 200 {
		t.Errorf("the report is answered %d", status)
	}
}

// TestRetry has every other connection break.
func TestRetry(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1)%2 == 1 {
			panic(http.ErrAbortHandler)
		}
		text, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "service%s", text)
	})
	s := start(t, fmt.Sprintf(`legacy: {url: %q}
services:
  flaky: {urls: [%q], breaker: off, retry: {backoff: 1ms, budget: 100%%}}
routes:
  - {name: usual, match: {path: /usual}, service: flaky, start: live, fallback: none}
  - {name: once, match: {path: /once}, service: flaky, start: live, fallback: none, retry: off}
`, backend(t, "legacy", nil).URL, service.URL))
	for _, tt := range []struct {
		method, path string
		status       int
		sent         int64
		retry        string // as it is explained
	}{
		{"GET", "/usual", 200, 2, "yes, up to 2 attempts in all"},
		{"POST", "/usual", 502, 1, "no: the request may not be sent a second time"},
		{"GET", "/once", 502, 1, "no: the route has no retry"},
	} {
		requests.Store(0)
		status, body, _ := s.fetch(t, tt.method, tt.path, "")
		if n := requests.Load(); status != tt.status || n != tt.sent {
			t.Errorf("%s %s: %d %s, sent %d times, want %d, sent %d times", tt.method, tt.path, status, body, n, tt.status, tt.sent)
		}
		if x := s.explain(t, tt.method, tt.path); !strings.HasPrefix(x.Retry, tt.retry) {
			t.Errorf("%s %s: explained as %q, want %q", tt.method, tt.path, x.Retry, tt.retry)
		}
	}
	requests.Store(0)
	r, _ := http.NewRequestWithContext(t.Context(), "PUT", s.URL+"/usual", strings.NewReader("the body"))
	resp, err := s.Client.Do(r)
	if text, err := body(resp, err); err != nil || text != "servicethe body" || requests.Load() != 2 {
		t.Errorf("PUT: %q, %v, sent %d times; want the body the second time too", text, err, requests.Load())
	}
	if got := s.service(t, "flaky").Guard.Retry; got == nil || got.Retries != 2 {
		t.Errorf("the API shows %+v, want two retries", got)
	}
}

// TestHash sends what has the same cohort key to the same endpoint, on either side and in every
// phase.
func TestHash(t *testing.T) {
	t.Parallel()
	urls := func(side string) string {
		var all []string
		for i := range 3 {
			all = append(all, fmt.Sprintf("%q", backend(t, fmt.Sprint(side, i), nil).URL))
		}
		return strings.Join(all, ", ")
	}
	s := start(t, fmt.Sprintf(`legacy: {urls: [%s], balance: hash}
services:
  orders: {urls: [%s], balance: hash}
routes:
  - {name: orders, match: {path: /orders}, service: orders, cohort: [cookie:who]}
`, urls("legacy"), urls("service")))
	for _, phase := range []string{"legacy", "live", "50%"} {
		s.shift(t, "orders", phase)
		used := map[string]bool{}
		for who := range 40 {
			first := ""
			for range 3 {
				_, body, _ := s.fetch(t, "GET", "/orders", fmt.Sprint("who=", who))
				if first == "" {
					first = body
				}
				if body != first {
					t.Fatalf("%s: the same visitor is answered by %q, then by %q", phase, first, body)
				}
			}
			used[strings.Fields(first)[0]] = true
		}
		if want := map[string]int{"legacy": 3, "live": 3, "50%": 6}[phase]; len(used) != want {
			t.Errorf("%s: 40 visitors are answered by %v, want all of %d endpoints", phase, used, want)
		}
	}
}

// TestHealthCheck takes an endpoint out that says it isn't well, and back when it is.
func TestHealthCheck(t *testing.T) {
	t.Parallel()
	var ill atomic.Bool
	named := func(name string) *httptest.Server {
		return backend(t, "", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/healthz" && name == "b" && ill.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			fmt.Fprint(w, name)
		})
	}
	a, b := named("a"), named("b")
	s := start(t, fmt.Sprintf(`legacy: {url: %q}
services:
  orders: {urls: [%q, %q], health: {path: /healthz, interval: 20ms, rise: 1, fall: 2}}
routes:
  - {name: orders, match: {path: /orders}, service: orders, start: live, fallback: none}
`, backend(t, "legacy", nil).URL, a.URL, b.URL))
	who := func() string {
		all := ""
		for range 4 {
			_, body, _ := s.fetch(t, "GET", "/orders", "")
			all += body
		}
		return all
	}
	if got := who(); strings.Count(got, "a") != 2 {
		t.Errorf("both are well, and four requests are answered by %s", got)
	}
	ill.Store(true)
	out := func() bool {
		now := s.service(t, "orders")
		return len(now.Troubles()) > 0
	}
	eventually(t, "it is out", out)
	if got := who(); got != "aaaa" {
		t.Errorf("one is ill, and four requests are answered by %s", got)
	}
	endpoint := s.service(t, "orders").Endpoints[1]
	if endpoint.Healthy || endpoint.Why != "check: status 503" || endpoint.Addr != strings.TrimPrefix(b.URL, "http://") {
		t.Errorf("the API shows %+v", endpoint)
	}
	if m := s.metrics(t); !strings.Contains(m, fmt.Sprintf(`strangler_upstream_endpoint_healthy{endpoint=%q,upstream="orders"} 0`, endpoint.Addr)) {
		t.Error("the metrics don't show it")
	}
	ill.Store(false)
	eventually(t, "it is back", func() bool { return !out() })
	if got := who(); strings.Count(got, "b") != 2 {
		t.Errorf("it is well again, and four requests are answered by %s", got)
	}
}

// TestReloadMovesAPool changes what defines a side's connections: requests go on, over others.
func TestReloadMovesAPool(t *testing.T) {
	t.Parallel()
	began, ends := make(chan struct{}), make(chan struct{})
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "one ")
		_ = http.NewResponseController(w).Flush()
		if r.URL.Path == "/orders/held" {
			began <- struct{}{}
			<-ends
		}
		fmt.Fprint(w, "two")
	})
	text := fmt.Sprintf(oneRoute, backend(t, "legacy", nil).URL, service.URL) + "    start: live\n"
	s := start(t, text)
	held := make(chan string)
	go func() {
		_, body, _ := s.get(t, "/orders/held")
		held <- body
	}()
	<-began
	before := s.service(t, "orders")
	s.write(t, strings.Replace(text, "  orders: {", "  orders: {transport: standard, balance: least_requests, connections: {max: 3}, ", 1))
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, body, _ := s.get(t, "/orders/1"); body != "one two" {
		t.Errorf("after the reload: %q", body)
	}
	after := s.service(t, "orders")
	if before.Transport != "own" || after.Transport != "standard" || after.Balance != "least_requests" || after.Endpoints[0].Requests != 1 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	close(ends)
	if body := <-held; body != "one two" {
		t.Errorf("a request that was under way while the pool changed got %q", body)
	}
}

// TestNamesThatNobodyKnows has services whose endpoints can't be found: that is a failure like
// any other, and no start or reload waits for a name server.
func TestNamesThatNobodyKnows(t *testing.T) {
	t.Parallel()
	s := start(t, fmt.Sprintf(`legacy: {url: %q}
services:
  records: {urls: ["srv+http://_http._tcp.orders.invalid"], timeouts: {dial: 100ms}, host: upstream}
  name: {urls: ["http://orders.invalid"], timeouts: {dial: 100ms}}
routes:
  - {name: records, match: {path: /records}, service: records, start: live}
  - {name: name, match: {path: /name}, service: name, start: live, fallback: none}
`, backend(t, "legacy", nil).URL))
	if status, body, _ := s.fetch(t, "GET", "/records", ""); status != 200 || body != "legacy GET /records" {
		t.Errorf("with fallback: %d %s", status, body)
	}
	if status, body, _ := s.fetch(t, "GET", "/name", ""); status != 502 || !strings.Contains(body, `service "name"`) {
		t.Errorf("without: %d %s", status, body)
	}
	if x := s.explain(t, "GET", "/records"); x.Upstream != "srv+http://_http._tcp.orders.invalid" {
		t.Errorf("explained as %+v", x)
	}
	eventually(t, "the API says why", func() bool { return s.service(t, "records").LookupError != "" })
}

// TestKeepAlive says that a connection is kept as long as its endpoint says, but no longer than the
// file does.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	says := backend(t, "", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Keep-Alive", "timeout=20") })
	silent := backend(t, "", nil)
	s := start(t, fmt.Sprintf(`legacy: {url: %[1]q}
services:
  says: {urls: [%[2]q]}
  bounded: {urls: [%[2]q], connections: {idle_timeout: 1s}}
  silent: {urls: [%[1]q]}
routes:
  - {name: says, match: {path: /says}, service: says, start: live}
  - {name: bounded, match: {path: /bounded}, service: bounded, start: live}
  - {name: silent, match: {path: /silent}, service: silent, start: live}
`, silent.URL, says.URL))
	for _, path := range []string{"/says", "/bounded", "/silent"} {
		if _, err := body(s.Client.Post(s.URL+path, "", nil)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(3500 * time.Millisecond)
	for name, want := range map[string]int{"says": 1, "bounded": 0, "silent": 0} {
		if got := s.service(t, name).Endpoints[0].Idle; got != want {
			t.Errorf("%s: %d connections are kept, want %d", name, got, want)
		}
	}
}
