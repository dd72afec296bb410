package identity_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/acl/identity"
)

func TestConfigRefused(t *testing.T) {
	legacy := newShop(t)
	tests := []struct {
		name   string
		edit   func(*identity.Config)
		option string
		want   string
	}{
		{"no cookie", func(c *identity.Config) { c.Cookie = "" }, "cookie", "the session cookie's name is needed"},
		{"a cookie that can't be one", func(c *identity.Config) { c.Cookie = "a;b" }, "cookie", `not "a;b"`},
		{"no transport", func(c *identity.Config) { c.Legacy = nil }, "legacy", "a transport"},
		{"no URL", func(c *identity.Config) { c.Base = nil }, "legacy", "legacy's URL is needed"},
		{"a URL without a host", func(c *identity.Config) { c.Base = &url.URL{Scheme: "http"} }, "legacy", "legacy's URL is needed"},
		{"no host", func(c *identity.Config) { c.Host = "a b" }, "host", `"a b" is no host`},
		{"neither lookup nor account", func(c *identity.Config) { c.Lookup.URL = "" }, "lookup.url", "a lookup is needed"},
		{"a lookup elsewhere", func(c *identity.Config) { c.Lookup.URL = "http://evil.example.com/whoami" }, "lookup.url", "is no path of legacy"},
		{"a lookup at another host", func(c *identity.Config) { c.Lookup.URL = "//evil.example.com/whoami" }, "lookup.url", "is no path of legacy"},
		{"a lookup with a fragment", func(c *identity.Config) { c.Lookup.URL = "/whoami#me" }, "lookup.url", "is no path of legacy"},
		{"a method with a blank", func(c *identity.Config) { c.Lookup.Method = "GET /" }, "lookup.method", "is no method"},
		{"a time-out that is long", func(c *identity.Config) { c.Lookup.Timeout = time.Hour }, "lookup.timeout", "1h0m0s isn't 0s to 1m"},
		{"a header that can't go along", func(c *identity.Config) { c.Lookup.Headers = []string{"content-length"} }, "lookup.headers", "can't be the header"},
		{"200 for nobody", func(c *identity.Config) { c.Lookup.Anonymous = []int{200} }, "lookup.anonymous", "200 doesn't say"},
		{"fewer than no lookups", func(c *identity.Config) { c.Lookup.AtATime = -1 }, "lookup.at_a_time", "below 0"},
		{"fewer than no sessions", func(c *identity.Config) { c.Sessions = -1 }, "sessions", "below 0"},
		{"no issuer", func(c *identity.Config) { c.Issue.Issuer = "" }, "issue.jwt.issuer", "who issues the token is needed"},
		{"no audience", func(c *identity.Config) { c.Issue.Audience = nil }, "issue.jwt.audience", "whom the token is for"},
		{"parts of seconds", func(c *identity.Config) { c.Issue.Expires = 2500 * time.Millisecond }, "issue.jwt.expires", "whole seconds"},
		{"an algorithm that there is not", func(c *identity.Config) { c.Issue.Algorithm = "none" }, "issue.jwt.algorithm", `"none" is none of EdDSA, ES256 and RS256`},
		{"a header with a blank", func(c *identity.Config) { c.Issue.Header = "X Token" }, "issue.jwt.header", "can't be the header"},
		{"cookies as the token's header", func(c *identity.Config) { c.Issue.Header = "cookie" }, "issue.jwt.header", "Cookie has another use"},
		{"one header for two tokens", func(c *identity.Config) { c.CSRF = &identity.CSRF{From: "/t", Service: "authorization"} }, "csrf.service", "carries the visitor's token already"},
		{"no key", func(c *identity.Config) { c.Issue.Store = "" }, "issue.jwt.key", "one is needed of"},
		{"two keys", func(c *identity.Config) { c.Issue.Key = "key.pem" }, "issue.jwt.key", "one is needed of"},
		{"a PEM that rotates", func(c *identity.Config) {
			c.Issue.Key, c.Issue.Store, c.Issue.Rotate = "key.pem", "", time.Hour
		}, "issue.jwt.rotate", "rotated by who writes it"},
		{"a rotation that is short", func(c *identity.Config) { c.Issue.Rotate = time.Minute }, "issue.jwt.rotate", "1m0s is less than 10m0s"},
		{"no subject", func(c *identity.Config) { delete(c.Issue.Claims, "sub") }, "issue.jwt.claims.sub", "is needed"},
		{"a constant subject", func(c *identity.Config) { c.Issue.Claims["sub"] = identity.Claim{Const: "x"} }, "issue.jwt.claims.sub", "neither a constant nor optional"},
		{"an optional subject", func(c *identity.Config) { c.Issue.Claims["sub"] = identity.Claim{From: "/x", Optional: true} }, "issue.jwt.claims.sub", "neither a constant nor optional"},
		{"the bridge's claim", func(c *identity.Config) { c.Issue.Claims["exp"] = identity.Claim{Const: "x"} }, "issue.jwt.claims.exp", "is the bridge's"},
		{"a claim from nowhere", func(c *identity.Config) { c.Issue.Claims["a"] = identity.Claim{} }, "issue.jwt.claims.a", "one is needed"},
		{"a claim without a slash", func(c *identity.Config) { c.Issue.Claims["a"] = identity.Claim{From: "user"} }, "issue.jwt.claims.a", `"user" is neither a JSON pointer`},
		{"a claim with a bad escape", func(c *identity.Config) { c.Issue.Claims["a"] = identity.Claim{From: "/a~2"} }, "issue.jwt.claims.a", "is neither a JSON pointer"},
		{"CSRF that goes nowhere", func(c *identity.Config) { c.CSRF = &identity.CSRF{From: "/t"} }, "csrf", "has to go somewhere"},
		{"CSRF that forges itself", func(c *identity.Config) {
			c.CSRF = &identity.CSRF{From: "/t", Service: "X-CSRF-Token", Answer: "x-csrf-token"}
		}, "csrf.service", "forged requests would bear the right one"},
		{"CSRF in the session cookie", func(c *identity.Config) { c.CSRF = &identity.CSRF{From: "/t", Answer: "cookie:" + cookie} }, "csrf.answer", "can't be the cookie's name"},
		{"a login elsewhere", func(c *identity.Config) {
			c.Login = &identity.Login{URL: "login", Form: map[string]string{"a": "b"}}
		}, "login.url", "is no path of legacy"},
		{"a login of nobody", func(c *identity.Config) { c.Login = &identity.Login{URL: "/login"} }, "login.form", "are needed"},
		{"too many sessions of an account", func(c *identity.Config) {
			c.Login = &identity.Login{URL: "/login", Form: map[string]string{"a": "b"}, Sessions: 1000}
		}, "login.sessions", "isn't 1 to 100"},
		{"required without a lookup", func(c *identity.Config) {
			c.Lookup.URL, c.Required, c.Issue = "", true, nil
			c.Login = &identity.Login{URL: "/login", Form: map[string]string{"a": "b"}}
		}, "required", "a lookup is needed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := config(t, legacy)
			test.edit(&c)
			b, err := identity.New(c)
			var problems identity.Problems
			if !errors.As(err, &problems) || b != nil {
				t.Fatalf("%v", err)
			}
			found := false
			for _, p := range problems {
				found = found || p.Option == test.option && strings.Contains(p.Message, test.want)
			}
			if !found {
				t.Errorf("got %v, want %s: %s", err, test.option, test.want)
			}
		})
	}
	var problems identity.Problems
	if _, err := identity.New(identity.Config{}); !errors.As(err, &problems) || len(problems) < 3 {
		t.Errorf("all at once: %v", err)
	}
}

// TestAsked says how legacy is asked.
func TestAsked(t *testing.T) {
	tests := []struct {
		name string
		edit func(*identity.Config)
		want func(*http.Request) bool
	}{
		{"GET below legacy's path", nil, func(r *http.Request) bool { return r.Method == "GET" && r.URL.String() == "/app/whoami" }},
		{"another method and a query", func(c *identity.Config) { c.Lookup.Method, c.Lookup.URL = "POST", "/whoami?full=1&x=%2F" }, func(r *http.Request) bool {
			return r.Method == "POST" && r.URL.String() == "/app/whoami?full=1&x=%2F"
		}},
		{"the client's Host", nil, func(r *http.Request) bool { return r.Host == "shop.example.com" }},
		{"legacy's own Host", func(c *identity.Config) { c.Host = "upstream" }, func(r *http.Request) bool { return strings.HasPrefix(r.Host, "127.0.0.1:") }},
		{"a Host by name", func(c *identity.Config) { c.Host = "old.example.com" }, func(r *http.Request) bool { return r.Host == "old.example.com" }},
		{"only the session", nil, func(r *http.Request) bool { return r.Header.Get("Cookie") == cookie+"=a; "+cookie+"=b" }},
		{"all cookies", func(c *identity.Config) { c.Lookup.Headers = []string{"Cookie"} }, func(r *http.Request) bool {
			return r.Header.Get("Cookie") == cookie+"=a; "+cookie+"=b; node=7"
		}},
		{"the headers that are named", func(c *identity.Config) { c.Lookup.Headers = []string{"x-tenant"} }, func(r *http.Request) bool {
			return r.Header.Get("X-Tenant") == "7" && r.Header.Get("X-Forwarded-For") == "" && r.UserAgent() == ""
		}},
		{"those that go along by default", nil, func(r *http.Request) bool {
			return r.Header.Get("X-Tenant") == "" && r.Header.Get("X-Forwarded-For") == "10.0.0.1" && r.UserAgent() == "Browser/1" && r.Header.Get("Authorization") == ""
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			legacy := newShop(t)
			c := config(t, legacy)
			if test.edit != nil {
				test.edit(&c)
			}
			b := newBridge(t, c)
			s := newService(t, b)
			get(t, b.Transport(pool(t)), s.URL, "Cookie: "+cookie+"=a; node=7; "+cookie+" = b", "X-Forwarded-Host: shop.example.com", "X-Forwarded-For: 10.0.0.1",
				"User-Agent: Browser/1", "X-Tenant: 7", "Authorization: Basic YTpi")
			if r := legacy.last.Load(); r == nil || !test.want(r) {
				t.Errorf("%s %s, Host %s, %v", r.Method, r.URL, r.Host, r.Header)
			}
			if s.last(t).Cookies != "node=7" {
				t.Errorf("the service saw %q", s.last(t).Cookies)
			}
		})
	}
}
