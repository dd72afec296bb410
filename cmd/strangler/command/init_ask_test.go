package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
)

// TestInitAsks has real applications asked. Whatever they say, the file that is written is good.
func TestInitAsks(t *testing.T) {
	health := func(path string, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path && r.URL.Path != "/" {
			http.NotFound(w, r)
		}
	}
	tests := []struct {
		name  string
		app   http.HandlerFunc
		tls   bool
		base  string // of its URL
		want  []string
		not   []string
		lines []string // of the file
	}{
		{name: "plain", app: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Server", "nginx/1.24")
			health("/health", w, r)
		}, want: []string{"GET / answers 200 in ", ", Server nginx/1.24", "/health answers 200, and is taken as health check"}, lines: []string{`  health: {path: "/health"} # is asked`}},
		{name: "below a path", base: "/shop/", app: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/shop/" && r.URL.Path != "/shop/status" {
				http.NotFound(w, r)
			}
		}, want: []string{"GET /shop/ answers 200", "/shop/status answers 200"}, lines: []string{`  health: {path: "/shop/status"}`}},
		{name: "it answers to anything", app: func(w http.ResponseWriter, r *http.Request) {}, want: []string{"a path that there can't be"}, lines: []string{"  # health: {path: /healthz}"}},
		{name: "a session", app: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				http.SetCookie(w, &http.Cookie{Name: "lang", Value: "de", Domain: "example.com"})
			}
			http.SetCookie(w, &http.Cookie{Name: "PHPSESSID", Value: "x"})
			health("/ping", w, r)
		}, want: []string{"sets the cookie PHPSESSID, which looks like a session's", "sets the cookie lang", "for the domain example.com", "/ping answers 200, but sets a cookie", "none of the usual"},
			lines: []string{"#     cookie: PHPSESSID", "  # health: "}},
		{name: "a redirect within", app: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login?next=/", http.StatusFound) },
			want: []string{"GET / answers 302", "redirects to /login?next=/"}, not: []string{"trusted_proxies"}},
		{name: "to https, unless it was", app: func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Forwarded-Proto") != "https" {
				http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
			}
		}, want: []string{"but not with X-Forwarded-Proto: https", "trusted_proxies"}},
		{name: "to https, always", app: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
		}, want: []string{"also with X-Forwarded-Proto: https", "take that URL for legacy"}},
		{name: "to its name", app: func(w http.ResponseWriter, r *http.Request) {
			if r.Host != "shop.example.com" {
				http.Redirect(w, r, "https://shop.example.com"+r.URL.Path, http.StatusMovedPermanently)
			}
		}, want: []string{"but not where the Host is shop.example.com", "keep host: preserve"}},
		{name: "to its name, always", app: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://shop.example.com/", http.StatusMovedPermanently)
		}, want: []string{"whatever the Host header says", "clients would leave the proxy"}},
		{name: "credentials", app: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, want: []string{"wants credentials"}},
		{name: "broken", app: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }, want: []string{"that is a failure"}},
		{name: "a private CA", tls: true, app: func(w http.ResponseWriter, r *http.Request) {}, want: []string{"gave no answer", "legacy.tls.ca"}},
		{name: "hostile", app: func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Server"] = []string{"a\u2028listen: \":1\"" + strings.Repeat("x", 500)}
			w.Header()["Location"] = []string{"//%zz"}
			w.Header()["Set-Cookie"] = []string{"a=b", "c", "sid}{=1", "_x_session=1"}
			w.WriteHeader(http.StatusFound)
			for range 100 {
				w.Write(make([]byte, 64<<10))
			}
		}, want: []string{"what is no URL"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var requests atomic.Int32
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				if r.Method != http.MethodGet || len(r.Cookies()) > 0 || r.UserAgent() != "strangler-init" {
					t.Errorf("it was asked %s %s with %v", r.Method, r.URL, r.Header)
				}
				tt.app(w, r)
			}))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			if tt.tls {
				server.StartTLS()
			} else {
				server.Start()
			}
			defer server.Close()
			said, text := initOf(t, server.URL+tt.base)
			for _, want := range tt.want {
				if !strings.Contains(said, want) || !strings.Contains(text, want) {
					t.Errorf("neither said nor written: %q\n%s\n%s", want, said, text)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(said, not) {
					t.Errorf("said: %q\n%s", not, said)
				}
			}
			for _, line := range tt.lines {
				if !strings.Contains(text, "\n"+line) {
					t.Errorf("not in the file: %q\n%s", line, text)
				}
			}
			if n := requests.Load(); n > 12 {
				t.Errorf("it was asked %d times", n)
			}
		})
	}
}

// TestInitWithoutAnswer writes the file all the same, and in time.
func TestInitWithoutAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // it accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	began := time.Now()
	said, _ := initOf(t, "http://"+l.Addr().String())
	if took := time.Since(began); took > askTimeout+2*time.Second || !strings.Contains(said, "gave no answer") {
		t.Errorf("after %s it said %s", took, said)
	}
	if l.Close(); true {
		if said, text := initOf(t, "http://"+l.Addr().String()); !strings.Contains(said, "connection refused") || !strings.Contains(text, "# - it gave no answer") {
			t.Errorf("said %s", said)
		}
	}
	if said, _ := initOf(t, "srv+http://_http._tcp.legacy.internal"); !strings.Contains(said, "it was not asked") {
		t.Errorf("said %s", said)
	}
	if said, text := initOf(t, "http://127.0.0.1:9", "--offline"); strings.Contains(said, "answer") || strings.Contains(text, "What was seen") {
		t.Errorf("offline: said %s", said)
	}
}

// initOf runs init, and check on what it writes.
func initOf(t *testing.T, url string, more ...string) (said, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "strangler.yaml")
	var stdout, stderr bytes.Buffer
	if status := Main(Config{Args: append([]string{"init", "--legacy", url, "--file", file}, more...), Stdout: &stdout, Stderr: &stderr}); status != statusDone {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, config.Options{})
	if err != nil || len(cfg.Warnings) > 0 {
		t.Errorf("check doesn't take the file: %v %v\n%s", err, cfg, written)
	}
	if stdout.Len() > 0 || strings.ContainsAny(stderr.String(), "\x1b\x00\x01\u2028") {
		t.Errorf("printed %q, and %q", &stdout, &stderr)
	}
	again := Main(Config{Args: []string{"init", "--legacy", url, "--file", file, "--offline"}, Stdout: &stdout, Stderr: &stderr})
	if after, _ := os.ReadFile(file); again != statusUsage || !bytes.Equal(after, written) {
		t.Errorf("written over, status %d", again)
	}
	return stderr.String(), string(written)
}

// TestInitIsBounded says that an application which answers slowly isn't asked for longer than that.
func TestInitIsBounded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			<-r.Context().Done()
		}
		fmt.Fprint(w, "slow")
	}))
	defer server.Close()
	at, err := legacyURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	seen := askLegacy(ctx, at)
	if took := time.Since(began); took > 2*time.Second || len(seen.Lines) == 0 {
		t.Errorf("after %s: %q", took, seen.Lines)
	}
}
