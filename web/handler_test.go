package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestNewHandlerRefuses(t *testing.T) {
	some := http.NotFoundHandler()
	for _, test := range []struct {
		name, want string
		config     Config
	}{
		{"nothing to show", "needs an API and a dashboard", Config{Listen: "127.0.0.1:1"}},
		{"no port", `admin address "127.0.0.1"`, Config{Listen: "127.0.0.1"}},
		{"every address without tokens", "not on loopback", Config{Listen: ":9900"}},
		{"a public address without tokens", "set admin.tokens", Config{Listen: "192.0.2.1:9900"}},
		{"a name without tokens", "not on loopback", Config{Listen: "strangler.internal:9900"}},
		{"unspecified IPv6 without tokens", "not on loopback", Config{Listen: "[::]:9900"}},
		{"token without name", "token 1 has no name", Config{Listen: ":1", Tokens: []Token{{Role: RoleView, Secret: "x"}}}},
		{"token without role", "view, evidence and operate", Config{Listen: ":1", Tokens: []Token{{Name: "a", Role: "admin", Secret: "x"}}}},
		{"empty token", "environment variable", Config{Listen: ":1", Tokens: []Token{{Name: "a", Role: RoleView}}}},
		{"the same token twice", `"b" is another's as well`, Config{Listen: ":1", Tokens: []Token{{"a", RoleView, "x"}, {"b", RoleOperate, "x"}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name != "nothing to show" {
				test.config.API, test.config.Dashboard = some, some
			}
			if _, err := NewHandler(test.config); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
		})
	}
	for _, listen := range []string{"127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "localhost:1", "[::ffff:127.0.0.1]:1"} {
		if _, err := NewHandler(Config{API: some, Dashboard: some, Listen: listen}); err != nil {
			t.Errorf("%s: %v", listen, err)
		}
	}
	if _, err := NewHandler(Config{API: some, Dashboard: some, Listen: ":9900", Tokens: tokens}); err != nil {
		t.Errorf("every address with tokens: %v", err)
	}
}

func TestHosts(t *testing.T) {
	for _, test := range []struct {
		name, listen, host string // PORT stands for the listener's
		known              bool
	}{
		{"its address", "127.0.0.1:0", "127.0.0.1:PORT", true},
		{"localhost", "127.0.0.1:0", "localhost:PORT", true},
		{"case and a dot at the end", "127.0.0.1:0", "LOCALHOST.:PORT", true},
		{"the other loopback address", "127.0.0.1:0", "[::1]:PORT", true},
		{"another port", "127.0.0.1:0", "127.0.0.1:1", false},
		{"no port", "127.0.0.1:0", "127.0.0.1", false},
		{"a stranger's name (DNS rebinding)", "127.0.0.1:0", "evil.example:PORT", false},
		{"a name that begins right", "127.0.0.1:0", "localhost.evil.example:PORT", false},
		{"another address", "127.0.0.1:0", "192.0.2.1:PORT", false},
		{"configured, any port", "127.0.0.1:0", "strangler.internal", true},
		{"configured, any case and port", "127.0.0.1:0", "Strangler.Internal:8443", true},
		{"configured with port", "127.0.0.1:0", "with-port.internal:8443", true},
		{"configured with another port", "127.0.0.1:0", "with-port.internal:8444", false},
		{"configured IPv6", "127.0.0.1:0", "[2001:db8::1]:443", true},
		{"below a configured name", "127.0.0.1:0", "a.strangler.internal", false},
		{"IPv6", "[::1]:0", "[::1]:PORT", true},
		{"every address, the connection's own", ":0", "127.0.0.1:PORT", true},
		{"every address, localhost", ":0", "localhost:PORT", true},
		{"every address, a stranger's name", ":0", "evil.example:PORT", false},
		{"every address, another one", ":0", "192.0.2.1:PORT", false},
		{"garbage", "127.0.0.1:0", "a:b:c", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := Config{Hosts: []string{"strangler.internal", "with-port.internal:8443", "[2001:db8::1]"}}
			if test.listen == ":0" {
				c.Tokens = tokens
			}
			s := newShop(t, test.listen, c)
			port := s.addr[strings.LastIndex(s.addr, ":")+1:]
			if test.listen == ":0" {
				s.url = "http://127.0.0.1:" + port
			}
			host := strings.ReplaceAll(test.host, "PORT", port)
			got := s.ask("GET", "/api/v1/routes", nil, "Host", host, "Authorization", "Bearer view-secret")
			if known := got.StatusCode == http.StatusOK; known != test.known {
				t.Fatalf("status %d: %s", got.StatusCode, got.body)
			}
			if !test.known {
				if got.StatusCode != http.StatusMisdirectedRequest || !strings.Contains(got.body, "admin.hosts") {
					t.Errorf("status %d: %s", got.StatusCode, got.body)
				}
				if page := s.ask("GET", "/login", nil, "Host", host); page.StatusCode != http.StatusMisdirectedRequest {
					t.Errorf("login page: %d", page.StatusCode)
				}
			}
			for _, probe := range []string{"/healthz", "/readyz"} { // these ask for no name
				if got := s.ask("GET", probe, nil, "Host", host); got.StatusCode != http.StatusOK {
					t.Errorf("%s: %d", probe, got.StatusCode)
				}
			}
		})
	}
}

func TestCrossOrigin(t *testing.T) {
	s := newShop(t, "127.0.0.1:0", Config{})
	for _, test := range []struct {
		name    string
		headers []string
		let     bool
	}{
		{"no browser", nil, true},
		{"a page of ours", []string{"Sec-Fetch-Site", "same-origin", "Origin", s.url}, true},
		{"a person's own doing", []string{"Sec-Fetch-Site", "none"}, true},
		{"another site", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, false},
		{"the legacy application on another port", []string{"Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:8080"}, false},
		{"an old browser, ours", []string{"Origin", s.url}, true},
		{"an old browser, another site", []string{"Origin", "https://evil.example"}, false},
		{"a sandboxed frame", []string{"Origin", "null"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []string{"/api/v1/change", "/change", "/logout"} {
				got := s.ask("POST", path, url.Values{}, test.headers...)
				if let := got.StatusCode != http.StatusForbidden; let != test.let {
					t.Errorf("%s: status %d: %s", path, got.StatusCode, got.body)
				}
				if json := got.Header.Get("Content-Type") == "application/problem+json"; !test.let && json != strings.HasPrefix(path, "/api/") {
					t.Errorf("%s: Content-Type %q", path, got.Header.Get("Content-Type"))
				}
			}
			if got := s.ask("GET", "/api/v1/routes", nil, test.headers...); got.StatusCode != http.StatusOK {
				t.Errorf("reading: status %d", got.StatusCode)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	s := newShop(t, "127.0.0.1:0", Config{})
	for _, test := range []struct {
		method, path  string
		status        int
		media, header string
	}{
		{"GET", "/api/v2/routes", 404, "application/problem+json", ""},
		{"GET", "/api/", 404, "application/problem+json", ""},
		{"DELETE", "/api/v1/routes", 405, "application/problem+json", "GET, HEAD"},
		{"BREW", "/api/v1/change", 405, "application/problem+json", "POST"},
		{"PUT", "/login", 405, "text/plain; charset=utf-8", "GET, HEAD, POST"},
		{"GET", "/logout", 405, "text/plain; charset=utf-8", "POST"},
		{"POST", "/healthz", 405, "text/plain; charset=utf-8", "GET, HEAD"},
		{"GET", "/<script>", 404, "text/plain; charset=utf-8", ""},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			got := s.ask(test.method, test.path, nil)
			if got.StatusCode != test.status || got.Header.Get("Content-Type") != test.media || got.Header.Get("Allow") != test.header {
				t.Errorf("%d %v", got.StatusCode, got.Header)
			}
			var p Problem
			if err := json.Unmarshal([]byte(got.body), &p); strings.HasPrefix(test.path, "/api/") && (err != nil || p.Detail == "" || p.Code == "") {
				t.Errorf("%s: %v", got.body, err)
			}
		})
	}
}

func TestProbes(t *testing.T) {
	ready := true
	check := func() (bool, any) { return ready, map[string]string{"config": "line 3 </script>"} }
	s := newShop(t, "127.0.0.1:0", Config{Tokens: tokens, Ready: check})
	ops := httptest.NewServer(NewOps(OpsConfig{Ready: check}))
	defer ops.Close()
	opsShop := *s
	opsShop.url = ops.URL
	for _, one := range []*shop{s, &opsShop} {
		if got := one.ask("GET", "/healthz", nil); got.StatusCode != http.StatusOK || got.body != "ok\n" {
			t.Errorf("healthz: %d %q", got.StatusCode, got.body)
		}
		for _, ready = range []bool{true, false} {
			want, status := `{"ready":true,"detail":{"config":"line 3 \u003c/script\u003e"}}`+"\n", http.StatusOK
			if !ready {
				want, status = strings.Replace(want, "true", "false", 1), http.StatusServiceUnavailable
			}
			if got := one.ask("GET", "/readyz", nil); got.StatusCode != status || got.body != want {
				t.Errorf("readyz while %v: %d %s", ready, got.StatusCode, got.body)
			}
			if got := one.ask("HEAD", "/readyz", nil); got.StatusCode != status {
				t.Errorf("HEAD readyz while %v: %d", ready, got.StatusCode)
			}
		}
	}
	for _, path := range []string{"/metrics", "/", "/api/v1/routes", "/login"} {
		if got := opsShop.ask("GET", path, nil); got.StatusCode != http.StatusNotFound {
			t.Errorf("ops listener, %s: %d", path, got.StatusCode)
		}
	}
	if got := s.ask("GET", "/metrics", nil); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("metrics without token: %d", got.StatusCode)
	}
	if got := s.ask("GET", "/metrics", nil, "Authorization", "Bearer view-secret"); got.body != "vera view true" {
		t.Errorf("metrics with token: %d %s", got.StatusCode, got.body)
	}
}
