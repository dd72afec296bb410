package identity_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/identity"
)

// TestCacheControl says which answers to somebody are kept out of caches that many share.
func TestCacheControl(t *testing.T) {
	legacy := newShop(t)
	ada := legacy.logIn("ada")
	tests := []struct {
		name, method string
		given, want  []string
		csrf         bool // the answer bears the visitor's CSRF token
	}{
		{"nothing said", "GET", nil, []string{"private"}, false},
		{"for a minute", "GET", []string{"max-age=60"}, []string{"max-age=60", "private"}, false},
		{"for everybody", "GET", []string{"max-age=60, Public"}, []string{"max-age=60, Public"}, false},
		{"for caches that many share", "HEAD", []string{"s-maxage=60"}, []string{"s-maxage=60"}, false},
		{"private already", "GET", []string{"no-cache", "private"}, []string{"no-cache", "private"}, false},
		{"a POST", "POST", nil, nil, false},
		{"a POST with a token", "POST", nil, []string{"private"}, true},
		{"for everybody, but with a token", "GET", []string{"public"}, []string{"public", "private"}, true},
		{"for nobody, with a token", "GET", []string{"No-Store"}, []string{"No-Store"}, true},
		{"private already, with a token", "GET", []string{"private"}, []string{"private"}, true},
		{"a header that is private, with a token", "GET", []string{`private="X-A"`}, []string{`private="X-A"`, "private"}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := config(t, legacy)
			if test.csrf {
				c.CSRF = &identity.CSRF{From: "/token", Answer: "X-CSRF-Token"}
			}
			b := newBridge(t, c)
			s := newService(t, b)
			s.answer = func(w http.ResponseWriter, r *http.Request) {
				for _, line := range test.given {
					w.Header().Add("Cache-Control", line)
				}
			}
			resp, _, err := call(t, b.Transport(pool(t)), test.method, s.URL, "", "Cookie: "+cookie+"="+ada)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, resp.Header["Cache-Control"]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestWatchedLegacy says that lookups and logins through a watched transport, as a daemon has one for
// all that it sends to legacy, don't make the bridge forget what they found.
func TestWatchedLegacy(t *testing.T) {
	legacy := newShop(t)
	legacy.rotate.Store(true)
	c := config(t, legacy)
	c.Lookup.Method = "POST"
	c.Login = &identity.Login{URL: "/login", Form: map[string]string{"USR": "robot", "PWD": "secret"}}
	var watched http.RoundTripper
	c.Legacy = roundTripper(func(r *http.Request) (*http.Response, error) { return watched.RoundTrip(r) })
	b := newBridge(t, c)
	watched = b.Watch(pool(t))
	s := newService(t, b)
	resp, _ := get(t, b.Transport(pool(t)), s.URL, "Cookie: "+cookie+"="+legacy.logIn("ada"))
	renewed, _, _ := strings.Cut(resp.Header["Set-Cookie"][0], ";")
	if get(t, b.Transport(pool(t)), s.URL, "Cookie: "+renewed); b.Stats().Lookups != 1 || s.last(t).User != "ada" {
		t.Errorf("%+v, user %q", b.Stats(), s.last(t).User)
	}
	for range 2 {
		if _, body := get(t, b.Reverse(watched), legacy.URL+"/app/account"); !strings.HasPrefix(body, "robot's account") {
			t.Errorf("%q", body)
		}
	}
	if n := legacy.logins.Load(); n != 1 {
		t.Errorf("%d logins", n)
	}
}

// TestRotateChanged says that a shorter rotation counts at once, but never so that nobody has heard of the key.
func TestRotateChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var path string
		m := newInMemory(t, func(c *identity.Config) { path = c.Issue.Store; c.Issue.Rotate = 30 * 24 * time.Hour })
		first, _ := m.ask(t, "a")
		again := newInMemory(t, func(c *identity.Config) { c.Issue.Store, c.Issue.Rotate = path, 2*time.Hour })
		time.Sleep(2*time.Hour - time.Second)
		if token, _ := again.ask(t, "a"); keyID(t, token) != keyID(t, first) {
			t.Error("the key changed too early")
		}
		time.Sleep(time.Minute)
		if token, _ := again.ask(t, "b"); keyID(t, token) == keyID(t, first) {
			t.Error("the key hasn't changed")
		}
		synctest.Wait()
		// Long after its time was up: not before everybody can have heard of the next one.
		late := newInMemory(t, func(c *identity.Config) { c.Issue.Rotate = 30 * 24 * time.Hour; path = c.Issue.Store })
		first, _ = late.ask(t, "a")
		time.Sleep(24 * time.Hour)
		again = newInMemory(t, func(c *identity.Config) { c.Issue.Store, c.Issue.Rotate = path, 2*time.Hour })
		time.Sleep(time.Hour - time.Second)
		if token, _ := again.ask(t, "a"); keyID(t, token) != keyID(t, first) {
			t.Error("the next key signs before it can be known")
		}
		time.Sleep(time.Minute)
		if token, _ := again.ask(t, "b"); keyID(t, token) == keyID(t, first) {
			t.Error("the key hasn't changed")
		}
		synctest.Wait()
	})
}

func TestGeneratedRSA(t *testing.T) {
	legacy := newShop(t)
	c := config(t, legacy)
	c.Issue.Algorithm = identity.RS256
	b := newBridge(t, c)
	s := newService(t, b)
	get(t, b.Transport(pool(t)), s.URL, "Cookie: "+cookie+"="+legacy.logIn("ada"))
	if got := s.last(t); got.User != "ada" || got.Problem != "" {
		t.Errorf("the service saw %q, %s", got.User, got.Problem)
	}
}

func TestClaimsRefused(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(*identity.Config)
		answer string
		want   string
	}{
		{"two headers", func(c *identity.Config) { c.Issue.Claims["roles"] = identity.Claim{From: "header:X-Role"} }, `{"user":"ada"}`, "claim roles: there are 2 at header:X-Role"},
		{"a header that is not UTF-8", func(c *identity.Config) { c.Issue.Claims["roles"] = identity.Claim{From: "header:X-Latin"} }, `{"user":"ada"}`, "claim roles: it is not UTF-8"},
		{"no CSRF token", func(c *identity.Config) { c.CSRF = &identity.CSRF{From: "/token", Service: "X-Expected"} }, `{"user":"ada","roles":1}`, "CSRF token: there is nothing at /token"},
		{"a CSRF token that is a number", func(c *identity.Config) { c.CSRF = &identity.CSRF{From: "/token", Service: "X-Expected"} }, `{"user":"ada","roles":1,"token":7}`, "CSRF token: it is no text"},
		{"an empty CSRF token", func(c *identity.Config) { c.CSRF = &identity.CSRF{From: "/token", Service: "X-Expected"} }, `{"user":"ada","roles":1,"token":""}`, "CSRF token: it has 0 bytes"},
		{"without a token, not JSON", func(c *identity.Config) {
			c.Issue, c.CSRF = nil, &identity.CSRF{From: "/token", Service: "X-Expected"}
		}, `<p>`, "the answer is not JSON"},
		{"a session that is too long for a token", func(c *identity.Config) {
			c.Issue.Session, c.Issue.Claims = true, map[string]identity.Claim{"sub": {From: "/user"}}
		}, `{"user":"` + strings.Repeat("x", 7000) + `"}`, "there is too much in its claims, or too long a session"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			legacy := newShop(t)
			legacy.before = func(w http.ResponseWriter, r *http.Request) bool {
				w.Header()["X-Role"] = []string{"a", "b"}
				w.Header()["X-Latin"] = []string{"M\xfcller"}
				fmt.Fprint(w, test.answer)
				return true
			}
			c := config(t, legacy)
			test.edit(&c)
			b := newBridge(t, c)
			_, _, err := call(t, b.Transport(pool(t)), "GET", legacy.URL, "", "Cookie: "+cookie+"=x")
			var e *identity.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) || errors.Unwrap(err) == nil {
				t.Fatalf("%v, want %q", err, test.want)
			}
			if told, after := e.Explain(); told != "could not be asked, as it could not be found out who is logged in" || after != 0 {
				t.Errorf("clients are told %q, after %s", told, after)
			}
		})
	}
}

func TestProblemsAreAllTold(t *testing.T) {
	_, err := identity.New(identity.Config{Cookie: "a"})
	want := "legacy: a transport to legacy is needed\nlegacy: legacy's URL is needed: http://HOST\nlookup.url: a lookup is needed, as /whoami, or an account to log in"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestSessionsOfSeveral holds that what a lookup said is for those alone for whom it was asked: legacy may have
// several tenants, each with sessions of the same ids, and go by more than the session.
func TestSessionsOfSeveral(t *testing.T) {
	for name, test := range map[string]struct {
		headers []string
		first   []string // of two requests of one session
		second  []string
	}{
		"hosts":             {nil, []string{"X-Forwarded-Host: a.example"}, []string{"X-Forwarded-Host: b.example"}},
		"other cookies":     {[]string{"Cookie"}, []string{"Cookie: remember=ada"}, []string{"Cookie: remember=bob"}},
		"other credentials": {[]string{"Authorization"}, []string{"Authorization: Basic YTph"}, []string{"Authorization: Basic YjpiCg=="}},
	} {
		t.Run(name, func(t *testing.T) {
			legacy := newShop(t)
			legacy.before = func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `{"user": %q, "token": "t", "roles": []}`, r.Host+r.Header.Get("Authorization")+strings.Join(r.Header["Cookie"], ""))
				return true
			}
			c := config(t, legacy)
			c.Host, c.Lookup.Headers = "preserve", test.headers
			b := newBridge(t, c)
			s := newService(t, b)
			who := func(lines []string) string {
				get(t, b.Transport(pool(t)), s.URL, append([]string{"Cookie: " + cookie + "=fixed"}, lines...)...)
				return s.last(t).User
			}
			first, second, again := who(test.first), who(test.second), who(test.first)
			if first == second || first != again {
				t.Errorf("the first is %q, the second %q, and the first again %q", first, second, again)
			}
		})
	}
}

// TestReverseOwnHeader says that a token in the header that services get it in counts, and never becomes the
// account when it is no good.
func TestReverseOwnHeader(t *testing.T) {
	legacy := newShop(t)
	c := config(t, legacy)
	c.Issue.Session, c.Issue.Header = true, "X-Visitor"
	c.Login = &identity.Login{URL: "/login", Form: map[string]string{"USR": "robot", "PWD": "secret"}}
	b := newBridge(t, c)
	s := newService(t, b)
	var token string
	s.answer = func(w http.ResponseWriter, r *http.Request) { token = r.Header.Get("X-Visitor") }
	get(t, b.Transport(pool(t)), s.URL, "Cookie: "+cookie+"="+legacy.logIn("ada"))
	for line, want := range map[string]string{"X-Visitor: " + token: "ada's account", "X-Visitor: rubbish": "401", "X-Visitor: ": "401", "X-Other: x": "robot's account"} {
		resp, body, err := call(t, b.Reverse(pool(t)), "GET", legacy.URL+"/app/account", "", line)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == 401 {
			body = "401"
		}
		if !strings.HasPrefix(body, want) {
			t.Errorf("%s: %s, want %s", line[:min(len(line), 20)], body, want)
		}
	}
}
