package web

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// A net/http server lingers for half a second over a connection whose client may still send.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// shop is a real admin listener with an API of two endpoints and a dashboard of one page, each
// of which answers with who asks.
type shop struct {
	t    *testing.T
	addr string // where to connect
	url  string
	http *http.Client
	log  *logBuffer
}

func newShop(t *testing.T, listen string, c Config) *shop {
	t.Helper()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		t.Skip(err) // no IPv6 here, say
	}
	s := &shop{t: t, addr: l.Addr().String(), log: new(logBuffer)}
	s.url = "http://" + s.addr
	who := func(w http.ResponseWriter, r *http.Request) {
		i := IdentityFrom(r.Context())
		fmt.Fprintf(w, "%s %s %v", i.Name, i.Role, i.Verified)
	}
	api := chi.NewRouter()
	api.With(Require(RoleView)).Get("/routes", who)
	api.With(Require(RoleOperate)).Post("/change", who)
	dashboard := chi.NewRouter()
	dashboard.Get("/", who)
	dashboard.Post("/change", who)
	c.API, c.Dashboard, c.Listen = api, dashboard, s.addr
	c.Metrics = http.HandlerFunc(who)
	c.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	handler, err := NewHandler(c)
	if err != nil {
		l.Close()
		t.Fatal(err)
	}
	server := NewServer(handler)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	transport := &http.Transport{}
	s.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		<-served
	})
	return s
}

var tokens = []Token{{"vera", RoleView, "view-secret"}, {"eva", RoleEvidence, "evidence-secret"}, {"otto", RoleOperate, "operate-secret"}}

type answer struct {
	*http.Response
	body string
}

// ask sends a request. Headers are name, value, …; "Host" is the Host.
func (s *shop) ask(method, path string, form url.Values, headers ...string) answer {
	s.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	w, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Content-Security-Policy":      "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "no-store",
		"Access-Control-Allow-Origin":  "",
	} {
		if got := w.Header.Get(name); got != want {
			s.t.Errorf("%s %s: %d with %s: %q, want %q", method, path, w.StatusCode, name, got, want)
		}
	}
	return answer{w, string(text)}
}

type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
