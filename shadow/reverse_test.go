package shadow_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
)

// phpLike is a legacy application that keeps sessions as PHP does: each is locked while one of
// its requests is served, its id changes with every answer, and the old id is worth nothing.
type phpLike struct {
	mu       sync.Mutex
	sessions map[string]*sync.Mutex
	next     int
	calls    []string // method, path and cookies of the copies
}

func (l *phpLike) login() (id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	id = fmt.Sprint("s", l.next)
	l.sessions[id] = new(sync.Mutex)
	return id
}

// ServeHTTP implements http.Handler.
func (l *phpLike) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Strangler-Shadow") != "" {
		l.mu.Lock()
		l.calls = append(l.calls, r.Method+" "+r.URL.Path+" "+r.Header.Get("Cookie"))
		l.mu.Unlock()
	}
	if c, err := r.Cookie("sid"); err == nil {
		l.mu.Lock()
		lock := l.sessions[c.Value]
		delete(l.sessions, c.Value)
		l.mu.Unlock()
		if lock == nil {
			http.Error(w, "log in", http.StatusUnauthorized)
			return
		}
		lock.Lock()
		defer lock.Unlock()
		w.Header().Set("Set-Cookie", "sid="+l.login())
	}
	text("yes")(w, r)
}

func (l *phpLike) copies() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.calls...)
}

// TestAskingLegacyAgain holds the reverse direction against what a legacy application bears:
// which requests it is asked again, and with what.
func TestAskingLegacyAgain(t *testing.T) {
	request := func(method, path string, header ...string) *http.Request {
		r := httptest.NewRequest(method, path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
		return r
	}
	for name, test := range map[string]struct {
		point   func(*shadow.Point)
		request func(sid string) *http.Request
		service http.HandlerFunc // nil: "yes"
		asked   []string         // what legacy got
		reason  string           // for not asking it
	}{
		"page for anybody": {
			request: func(string) *http.Request { return request("GET", "/a") }, asked: []string{"GET /a "}},
		"HEAD": {
			request: func(string) *http.Request { return request("HEAD", "/a") }, asked: []string{"HEAD /a "}},
		"OPTIONS is not asked again": {
			request: func(string) *http.Request { return request("OPTIONS", "/a") }, reason: shadow.SkipNotRepeatable},
		"a write is not asked again, sandbox or not": {
			request: func(string) *http.Request { return request("POST", "/a") }, reason: shadow.SkipNotRepeatable,
			point: func(p *shadow.Point) { p.Sandbox = p.Other; p.Repeatable = func(string) bool { return true } }},
		"nothing on a route that may not be repeated": {
			request: func(string) *http.Request { return request("GET", "/a") }, reason: shadow.SkipNotRepeatable,
			point: func(p *shadow.Point) { p.Repeatable = func(string) bool { return false } }},
		"a session is left alone": {
			request: func(sid string) *http.Request { return request("GET", "/a", "Cookie", "sid="+sid) }, reason: shadow.SkipSession},
		"a cookie without a name counts": {
			request: func(string) *http.Request { return request("GET", "/a", "Cookie", "secret") }, reason: shadow.SkipSession},
		"credentials are left alone": {
			request: func(string) *http.Request { return request("GET", "/a", "Authorization", "Basic eA==") }, reason: shadow.SkipSession},
		"a session that the route lets through": {
			point: func(p *shadow.Point) { p.WithSession = true },
			request: func(sid string) *http.Request {
				return request("GET", "/a", "Cookie", "sid="+sid+"; b=2")
			},
			asked: []string{"GET /a sid=s1; b=2"}},
		"not after an answer that set a cookie": {
			point:   func(p *shadow.Point) { p.WithSession = true },
			request: func(sid string) *http.Request { return request("GET", "/a", "Cookie", "sid="+sid) },
			service: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Set-Cookie", "sid=9; Path=/")
				text("yes")(w, r)
			},
			reason: shadow.SkipCookieSet},
	} {
		t.Run(name, func(t *testing.T) {
			legacy := &phpLike{sessions: make(map[string]*sync.Mutex)}
			sid := legacy.login()
			p := point(to(t, serve(t, legacy)))
			p.Serves = shadow.Service
			p.LegacyExtra = shadow.Extra{Share: 1, PerSecond: 1000}
			if test.point != nil {
				test.point(&p)
			}
			if test.service == nil {
				test.service = text("yes")
			}
			got := one(t, shadow.Config{Logger: quiet}, p, test.service, test.request(sid))
			if diff := cmp.Diff(test.asked, legacy.copies()); diff != "" {
				t.Errorf("what legacy was asked again (-want +got):\n%s", diff)
			}
			if got.Reason != test.reason {
				t.Errorf("verdict %v, reason %q, want %q", got.Verdict, got.Reason, test.reason)
			}

			// Whatever was asked again, the session that the client has is as it was.
			r := httptest.NewRequest("GET", "/", nil)
			r.AddCookie(&http.Cookie{Name: "sid", Value: sid})
			w := httptest.NewRecorder()
			legacy.ServeHTTP(w, r)
			want := http.StatusOK
			if p.WithSession && test.asked != nil {
				want = http.StatusUnauthorized // what the route's author has said to bear
			}
			if w.Code != want {
				t.Errorf("the client's session afterwards: %d, want %d", w.Code, want)
			}
		})
	}
}

// TestLegacyIsAskedNoMoreThanItsExtra sends more than the defaults allow.
func TestLegacyIsAskedNoMoreThanItsExtra(t *testing.T) {
	legacy := &phpLike{}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := start(t, shadow.Config{Now: func() time.Time { return now }})
	p := point(to(t, serve(t, legacy)))
	p.Serves = shadow.Service
	for range 100 {
		get(s.Around(p)(text("yes"))) // a new table each time makes no new budget
	}
	stop(t, s)
	asked := len(legacy.copies())
	if asked < 1 || asked > 10 {
		t.Errorf("of 100 requests legacy was asked %d again, want a tenth at most", asked)
	}
	if c := s.Counts()["orders"]; c.Match != int64(asked) || c.Reasons[shadow.SkipLegacyBudget] != int64(100-asked) {
		t.Errorf("account: %+v", c)
	}
}

func TestRequestTrailersAreCopied(t *testing.T) {
	for name, protocol := range map[string]func(*http.Protocols){
		"HTTP/1.1": func(p *http.Protocols) { p.SetHTTP1(true) },
		"HTTP/2":   func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) },
	} {
		t.Run(name, func(t *testing.T) {
			var copied http.Header
			var body string
			sandbox := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				body, copied = string(b), r.Trailer.Clone()
				io.WriteString(w, "yes")
			}))
			kept := new(memory)
			s := start(t, shadow.Config{Recorder: kept})
			p := point(to(t, sandbox))
			p.Sandbox = p.Other
			server := over(t, protocol, s.Around(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				io.WriteString(w, "yes")
			})))
			r, err := http.NewRequest("POST", server.URL, io.MultiReader(strings.NewReader("hello"))) // of unknown length
			if err != nil {
				t.Fatal(err)
			}
			r.Trailer = http.Header{"X-Sum": {"5"}}
			resp, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			stop(t, s)
			if diff := cmp.Diff(http.Header{"X-Sum": {"5"}}, copied); diff != "" || body != "hello" {
				t.Errorf("the copy's body %q and trailers (-want +got):\n%s", body, diff)
			}
			if list := kept.all(); len(list) != 1 || list[0].Verdict != shadow.Match {
				t.Errorf("recorded %+v", list)
			}
		})
	}
}

// over is a server of that protocol, whose Client speaks it too, without TLS.
func over(t *testing.T, protocol func(*http.Protocols), h http.Handler) *httptest.Server {
	t.Helper()
	protocols := new(http.Protocols)
	protocol(protocols)
	server := httptest.NewUnstartedServer(h)
	server.Config.Protocols = protocols
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handlers that panic
	server.Start()
	t.Cleanup(server.Close)
	client := &http.Transport{Protocols: protocols}
	t.Cleanup(client.CloseIdleConnections)
	server.Client().Transport = client
	return server
}

// TestHTTP2 lets each handler answer over HTTP/2 with and without a shadow around it.
func TestHTTP2(t *testing.T) {
	unencrypted := func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }
	for name, h := range legacyHandlers {
		if name == "hijacked" {
			continue // HTTP/2 has no such thing
		}
		t.Run(name, func(t *testing.T) {
			s := start(t, shadow.Config{Logger: quiet})
			p := point(direct(text("other")))
			p.Sandbox = p.Other
			around := s.Around(p)(h)
			var handlers sync.WaitGroup // a client may see an answer's end before the handler's
			bare := over(t, unencrypted, h)
			shadowed := over(t, unencrypted, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				handlers.Add(1)
				defer handlers.Done()
				around.ServeHTTP(w, r)
			}))
			for _, server := range []*httptest.Server{bare, shadowed} {
				server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			}
			for _, method := range []string{"GET", "HEAD", "POST"} {
				body := ""
				if method == "POST" {
					body = strings.Repeat("payload ", 2000)
				}
				want, got := exchange(t, bare, method, body), exchange(t, shadowed, method, body)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s with a shadow (-want +got):\n%s", method, diff)
				}
			}
			handlers.Wait()
			stop(t, s)
			if c := s.Counts()["orders"]; c.Sampled != 3 || c.Failed != 0 {
				t.Errorf("account: %+v", c)
			}
		})
	}
}
