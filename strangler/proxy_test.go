package strangler

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// quiet drops log lines; tests that look at the log have their own.
var quiet = slog.New(slog.DiscardHandler)

// upstreamOf starts an upstream and returns how the proxy reaches it.
func upstreamOf(t *testing.T, h http.Handler) Upstream {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return upstreamAt(t, s.URL)
}

func upstreamAt(t *testing.T, address string) Upstream {
	t.Helper()
	u := parseURL(t, address)
	transport, copies := defaultTransport(u).(*http.Transport), defaultTransport(u).(*http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	t.Cleanup(copies.CloseIdleConnections)
	return Upstream{URL: u, Transport: transport, Copies: copies}
}

func parseURL(t testing.TB, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// front starts a proxy on a listener of its own.
func front(t *testing.T, cfg Config) (address string, p *Proxy) {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = quiet
	}
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(p, ServerConfig{Logger: quiet})
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(Frugal{Listener: l}) }()
	t.Cleanup(func() { s.Close(); <-served })
	return "http://" + l.Addr().String(), p
}

// client returns a client that adds nothing of its own and follows nothing.
func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	return resp, bodyOf(t, resp)
}

func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	return string(body)
}

// says is a handler with a fixed answer.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// dial opens a raw connection to what front started.
func dial(t *testing.T, address string) (*net.TCPConn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn.(*net.TCPConn), bufio.NewReader(conn)
}

// rawUpstream answers each connection with what answer does with it.
func rawUpstream(t *testing.T, answer func(conn net.Conn, r *bufio.Reader)) Upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
				answer(conn, bufio.NewReader(conn))
			})
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return upstreamAt(t, "http://"+l.Addr().String())
}

// readHead reads a message's head as it is on the wire.
func readHead(r *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := r.ReadString('\n')
		head.WriteString(line)
		if err != nil || line == "\r\n" {
			return head.String(), err
		}
	}
}

// refusing returns an upstream that nobody listens at.
func refusing(t *testing.T) Upstream {
	t.Helper()
	return upstreamAt(t, "http://127.0.0.1:1") // a port that was free a moment ago may be another test's
}

// observations collects what station 12 says.
type observations struct {
	mu   sync.Mutex
	all  []Observation
	more chan struct{}
}

func newObservations() *observations { return &observations{more: make(chan struct{}, 1000)} }

// seeing sees those of each route.
func (o *observations) seeing(string) func(Observation) { return o.see }

func (o *observations) see(seen Observation) {
	o.mu.Lock()
	o.all = append(o.all, seen)
	o.mu.Unlock()
	o.more <- struct{}{}
}

// next waits for one observation more.
func (o *observations) next(t *testing.T) Observation {
	t.Helper()
	select {
	case <-o.more:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was observed")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	first := o.all[0]
	o.all = o.all[1:]
	return first
}

func TestProxyShift(t *testing.T) {
	cfg := Config{
		Legacy:   upstreamOf(t, says(200, "legacy")),
		Services: map[string]Upstream{"s": upstreamOf(t, says(200, "service"))},
		Routes: []Route{
			{Name: "read", Match: Match{Path: "/read"}, Service: "s", Unit: "u"},
			{Name: "write", Match: Match{Path: "/write"}, Service: "s", Unit: "u"},
			{Name: "other", Match: Match{Path: "/other"}, Service: "s"},
		},
	}
	address, p := front(t, cfg)
	c := client(t)
	if err := p.Shift("read", At(PhaseLive)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/read": "service", "/write": "service", "/other": "legacy", "/elsewhere": "legacy",
	} {
		if _, body := get(t, c, address+path); body != want {
			t.Errorf("%s is answered by %q, want %q", path, body, want)
		}
	}
	err := p.Shift("raed", At(PhaseLegacy))
	if want := `no route "raed"; did you mean "read"?`; err == nil || err.Error() != want {
		t.Errorf("shift of an unknown route: %v, want %s", err, want)
	}
	if err := p.Shift("read", Position{PhaseCanary, 0}); err == nil {
		t.Error("a canary of 0 % was taken")
	}
}

func TestShiftUnderLoad(t *testing.T) {
	address, p := front(t, Config{
		Legacy:   upstreamOf(t, says(200, "answer")),
		Services: map[string]Upstream{"s": upstreamOf(t, says(200, "answer"))},
		Routes:   []Route{{Name: "r", Match: Match{Path: "/r"}, Service: "s"}},
	})
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	var clients sync.WaitGroup
	for range 4 {
		c := client(t)
		clients.Go(func() {
			for ctx.Err() == nil {
				resp, err := c.Get(address + "/r")
				if err != nil {
					t.Errorf("request failed: %v", err)
					return
				}
				body, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if string(body) != "answer" {
					t.Errorf("answer %q", body)
				}
			}
		})
	}
	for i := 0; ctx.Err() == nil; i++ {
		to := []Position{At(PhaseLegacy), At(PhaseShadow), Canary(2500), At(PhaseLive)}[i%4]
		if err := p.Shift("r", to); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Millisecond)
	}
	clients.Wait()
}

func TestPanic(t *testing.T) {
	var log bytes.Buffer
	for name, c := range map[string]struct {
		shadow http.HandlerFunc
		status int // 0: the connection is cut
		logged bool
	}{
		"before the head": {func(http.ResponseWriter, *http.Request) { panic("oh") }, 500, true},
		"with half a head": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1234")
			w.Header().Set("Content-Encoding", "gzip")
			panic("oh")
		}, 500, true},
		"after the head":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); panic("oh") }, 0, true},
		"an abort of purpose":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, false},
		"no panic, no content": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 204, false},
	} {
		t.Run(name, func(t *testing.T) {
			log.Reset()
			o := newObservations()
			address, _ := front(t, Config{
				Observe:  o.seeing,
				Legacy:   upstreamOf(t, says(200, "")),
				Services: map[string]Upstream{"s": upstreamOf(t, says(200, ""))},
				Routes:   []Route{{Name: "r", Match: Match{Path: "/r"}, Service: "s", Start: At(PhaseShadow)}},
				Shadow: func(ShadowPoint) func(http.Handler) http.Handler {
					return func(http.Handler) http.Handler { return c.shadow }
				},
				Logger: slog.New(slog.NewTextHandler(&log, nil)),
			})
			req, _ := http.NewRequest("POST", address+"/r", nil)
			req.Header.Set("X-Request-Id", "id-of-mine")
			resp, err := client(t).Do(req)
			o.next(t) // the log is written before
			if (c.status == 0) != (err != nil) {
				t.Fatalf("error %v, want status %d", err, c.status)
			}
			if err == nil {
				body := bodyOf(t, resp)
				if resp.StatusCode != c.status {
					t.Errorf("status %d, want %d", resp.StatusCode, c.status)
				}
				if c.status == 500 && (!strings.Contains(body, "id-of-mine") || strings.Contains(body, "oh")) {
					t.Errorf("answer %q: want the request id and no internals", body)
				}
			}
			if got := strings.Contains(log.String(), "request_id=id-of-mine"); got != c.logged {
				t.Errorf("logged: %v, want %v\n%s", got, c.logged, log.String())
			}
		})
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	bad := func(s string) *url.URL { u, _ := url.Parse(s); return u }
	for name, c := range map[string]struct {
		legacy *url.URL
		want   string
	}{
		"scheme":   {bad("ftp://host"), "its scheme is http, https or h2c"},
		"no host":  {bad("http:///x"), "names no host"},
		"query":    {bad("http://host/?a=b"), "only scheme, host, port and path"},
		"password": {bad("http://me:secret@host/"), "only scheme, host, port and path"},
		"none":     {nil, "has no URL"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(Config{Legacy: Upstream{URL: c.legacy}})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v, want %q in it and no password", err, c.want)
			}
		})
	}
}

// writeRaw sends a request byte by byte as it is given.
func writeRaw(t *testing.T, w io.Writer, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(w, format, args...); err != nil {
		t.Fatal(err)
	}
}

// TestUpstreamOfARoute gives one route a transport of its own, behind its translation, and
// leaves the other the service's.
func TestUpstreamOfARoute(t *testing.T) {
	through := func(name string, next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			r.Header.Add("X-Through", name)
			return next.RoundTrip(r)
		})
	}
	service := upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Join(r.Header["X-Through"], " "))
	}))
	plain := service.Transport
	service.Transport = through("service's", plain)
	p, err := New(Config{
		Legacy:   upstreamOf(t, echoes),
		Services: map[string]Upstream{"s": service},
		Routes: []Route{
			{Name: "own", Match: Match{Path: "/own"}, Service: "s", Start: At(PhaseLive)},
			{Name: "other", Match: Match{Path: "/other"}, Service: "s", Start: At(PhaseLive)},
		},
		Upstream: func(rt Route) http.RoundTripper {
			if rt.Name == "own" {
				return through("own", plain)
			}
			return nil
		},
		Translate: func(Route) func(http.RoundTripper) http.RoundTripper {
			return func(next http.RoundTripper) http.RoundTripper { return through("translation", next) }
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/own": "translation own", "/other": "translation service's"} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if got := w.Body.String(); got != want {
			t.Errorf("%s went through %q, want %q", path, got, want)
		}
	}
}
