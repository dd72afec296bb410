package identity_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/strangler-fig/toolkit/acl/identity"
)

// TestThereAndBack says that a service's call on behalf of a visitor reaches legacy as that visitor's.
func TestThereAndBack(t *testing.T) {
	legacy := newShop(t)
	c := config(t, legacy)
	c.Issue.Session = true
	b := newBridge(t, c)
	s := newService(t, b)
	facade := b.Reverse(pool(t))
	var answered string
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		resp, body, err := call(t, facade, "GET", legacy.URL+"/app/account", "", "Authorization: "+r.Header.Get("Authorization"), "Cookie: mine=1; "+cookie+"=evil")
		if err != nil {
			t.Error(err)
			return
		}
		answered = body
		if got := resp.Header["Set-Cookie"]; len(got) != 1 || got[0] != "theme=dark" {
			t.Errorf("the service got the cookies %q", got)
		}
	}
	ada := legacy.logIn("ada")
	get(t, b.Transport(pool(t)), s.URL, "Cookie: "+cookie+"="+ada)
	if answered != `ada's account, "", "mine=1", ""` {
		t.Errorf("legacy said %q", answered)
	}
	if sid, _ := s.last(t).Claims["sid"].(string); strings.Count(sid, ".") != 4 || strings.Contains(sid, ada) || strings.Contains(decode(t, strings.Split(sid, ".")[3]), ada) {
		t.Errorf("the session in the token is %q", sid)
	}

	// After a restart, or in another process with the same keys.
	var token string
	s.answer = func(w http.ResponseWriter, r *http.Request) { token = r.Header.Get("Authorization") }
	get(t, b.Transport(pool(t)), s.URL, "Cookie: "+cookie+"="+ada)
	if _, body := get(t, newBridge(t, c).Reverse(pool(t)), legacy.URL+"/app/account", "Authorization: "+token); !strings.HasPrefix(body, "ada's account") {
		t.Errorf("another process got %q", body)
	}

	// Legacy ends the session at the service's wish: the visitor is nobody at once, and the service sees
	// no session cookie.
	resp, _ := get(t, facade, legacy.URL+"/app/logout", "Authorization: "+token)
	if got := resp.Header["Set-Cookie"]; got != nil {
		t.Errorf("the service got the cookies %q", got)
	}
	s.answer = nil
	if get(t, b.Transport(pool(t)), s.URL, "Cookie: "+cookie+"="+ada); s.last(t).User != "" {
		t.Error("who has logged out is still known")
	}
}

func TestReverseRefuses(t *testing.T) {
	legacy := newShop(t)
	c := config(t, legacy)
	c.Issue.Session = true
	c.Login = &identity.Login{URL: "/login", Form: map[string]string{"USR": "robot", "PWD": "secret"}}
	other := config(t, legacy)
	other.Issue.Session = true
	plain := c
	issue := *c.Issue
	issue.Session = false
	plain.Issue = &issue
	elsewhere := c
	issue2 := *c.Issue
	issue2.Audience = []string{"orders"}
	elsewhere.Issue = &issue2

	ada := legacy.logIn("ada")
	tokenOf := func(c identity.Config) (token string) {
		b := newBridge(t, c)
		get(t, b.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
			token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})), "http://service/", "Cookie: "+cookie+"="+ada)
		return token
	}
	good := tokenOf(c)
	parts := strings.Split(good, ".")
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	var header struct{ Kid string }
	json.Unmarshal([]byte(decode(t, parts[0])), &header)
	hmac := func() string {
		// The public key as a secret: RFC 8725 section 2.1.
		set, _ := keySet(t, newBridge(t, c))
		public, _ := set.Keys[0].MarshalJSON()
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: public, KeyID: header.Kid}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte(decode(t, parts[1])))
		if err != nil {
			t.Fatal(err)
		}
		token, _ := signed.CompactSerialize()
		return token
	}
	tests := []struct {
		name  string
		lines []string
		want  string
	}{
		{"another bridge's", []string{"Authorization: Bearer " + tokenOf(other)}, "no key of this bridge signed it"},
		{"without a session", []string{"Authorization: Bearer " + tokenOf(plain)}, "there is no session in it"},
		{"for somebody else", []string{"Authorization: Bearer " + tokenOf(elsewhere)}, "it was issued by or for somebody else"},
		{"changed", []string{"Authorization: Bearer " + parts[0] + "." + part(strings.Replace(decode(t, parts[1]), "ada", "eve", 1)) + "." + parts[2]}, "no key of this bridge signed it"},
		{"not signed", []string{"Authorization: Bearer " + part(`{"alg":"none","kid":"`+header.Kid+`"}`) + "." + parts[1] + "."}, "it is no JWT that a bridge signs"},
		{"signed with the public key", []string{"Authorization: Bearer " + hmac()}, "it is no JWT that a bridge signs"},
		{"two parts", []string{"Authorization: Bearer a.b"}, "it is no JWT"},
		{"too long", []string{"Authorization: Bearer " + strings.Repeat("x", identity.MaxToken+1)}, "it is no JWT"},
		{"empty", []string{"Authorization: Bearer"}, "it is no JWT"},
		{"another scheme", []string{"Authorization: Basic YTpi"}, "it is no Bearer token"},
		{"two", []string{"Authorization: Bearer " + good, "Authorization: Bearer " + good}, "it is no Bearer token"},
	}
	facade := newBridge(t, c).Reverse(pool(t))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			resp, body := get(t, facade, legacy.URL+"/app/account", test.lines...)
			var problem struct {
				Title, Detail string
				Status        int
			}
			if err := json.Unmarshal([]byte(body), &problem); err != nil || resp.StatusCode != 401 || problem.Status != 401 || !strings.Contains(problem.Detail, test.want) {
				t.Errorf("%d %s, want %q", resp.StatusCode, body, test.want)
			}
			if got := resp.Header.Get("WWW-Authenticate"); got != `Bearer realm="legacy", error="invalid_token"` {
				t.Errorf("WWW-Authenticate: %s", got)
			}
			if legacy.logins.Load() != 0 {
				t.Error("a visitor's token that is no good became the account")
			}
		})
	}
	if _, body := get(t, facade, legacy.URL+"/app/account", "Authorization: bearer "+good); !strings.HasPrefix(body, "ada's account") {
		t.Errorf("a good one got %q", body)
	}
	for _, line := range []string{"Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-origin"} {
		resp, body := get(t, facade, legacy.URL+"/app/account", line)
		if resp.StatusCode != 403 || !strings.Contains(body, "A page in a browser can't act as the account") || legacy.logins.Load() != 0 {
			t.Errorf("%s: %d %s", line, resp.StatusCode, body)
		}
		if _, body := get(t, facade, legacy.URL+"/app/account", line, "Authorization: Bearer "+good); !strings.HasPrefix(body, "ada's account") {
			t.Errorf("%s, with a visitor's token: %q", line, body)
		}
	}
	if _, body := get(t, facade, legacy.URL+"/app/account", "Sec-Fetch-Site: none"); !strings.HasPrefix(body, "robot's account") {
		t.Errorf("typed into the address bar: %q", body)
	}
	c.Login = nil
	resp, body := get(t, newBridge(t, c).Reverse(pool(t)), legacy.URL+"/app/account")
	if resp.StatusCode != 401 || !strings.Contains(body, "This needs a visitor's token") || resp.Header.Get("WWW-Authenticate") != `Bearer realm="legacy"` {
		t.Errorf("without any: %d %s", resp.StatusCode, body)
	}
}

func TestTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newInMemory(t, func(c *identity.Config) { c.Issue.Session = true })
		facade := m.Reverse(roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(r.Header.Get("Cookie")))}, nil
		}))
		token, err := m.ask(t, "a")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(identity.DefaultExpires + identity.DefaultLeeway)
		if _, body := get(t, facade, "http://legacy/", "Authorization: Bearer "+token); body != cookie+"=a" {
			t.Errorf("within the leeway: %s", body)
		}
		time.Sleep(time.Second)
		if resp, body := get(t, facade, "http://legacy/", "Authorization: Bearer "+token); resp.StatusCode != 401 || !strings.Contains(body, "it has expired") {
			t.Errorf("after it: %d %s", resp.StatusCode, body)
		}
	})
}

func account(t testing.TB, legacy *shop) identity.Config {
	c := config(t, legacy)
	c.Issue = nil
	c.Login = &identity.Login{URL: "/login", Form: map[string]string{"USR": "robot", "PWD": "secret"}}
	return c
}

func TestAccount(t *testing.T) {
	legacy := newShop(t)
	b := newBridge(t, account(t, legacy))
	facade := b.Reverse(pool(t))
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			resp, body := get(t, facade, legacy.URL+"/app/account", "Cookie: mine=1")
			if body != `robot's account, "", "mine=1", ""` || len(resp.Header["Set-Cookie"]) != 1 {
				t.Errorf("%q, %q", body, resp.Header["Set-Cookie"])
			}
		})
	}
	group.Wait()
	if n := legacy.logins.Load(); n != 1 {
		t.Errorf("%d logins", n)
	}
}

func TestAccountRefused(t *testing.T) {
	tests := []struct {
		name string
		edit func(*identity.Config, *shop)
		want string
	}{
		{"a wrong password", func(c *identity.Config, _ *shop) { c.Login.Form["PWD"] = "wrongword" }, "it sent back to the login page"},
		{"no such page", func(c *identity.Config, _ *shop) { c.Login.URL = "/nowhere" }, "it answered with status 404"},
		{"a page without a session", func(c *identity.Config, _ *shop) { c.Login.URL = "/whoami"; c.Login.Page = "/other" }, "it set no cookie BOOKSESS"},
		{"a session of nobody's", func(c *identity.Config, s *shop) {
			s.before = func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(401); return true }
		}, "nobody is logged in after it"},
		{"nobody at home", func(c *identity.Config, _ *shop) {
			c.Legacy = roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") })
		}, "connection refused"},
		{"a panic", func(c *identity.Config, _ *shop) {
			c.Legacy = roundTripper(func(*http.Request) (*http.Response, error) { panic("no such thing") })
		}, "panicked: no such thing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			legacy := newShop(t)
			c := account(t, legacy)
			test.edit(&c, legacy)
			facade := newBridge(t, c).Reverse(pool(t))
			for range 2 { // the second time it isn't tried
				_, _, err := call(t, facade, "POST", legacy.URL+"/app/account", "x")
				var e *identity.Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), "log in to legacy") || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "wrongword") {
					t.Errorf("%v, want %q", err, test.want)
				}
			}
			if n := legacy.logins.Load(); n > 1 {
				t.Errorf("%d logins", n)
			}
		})
	}
}

// TestAccountRenewed says when a session that has ended is replaced, and which requests are sent again.
func TestAccountRenewed(t *testing.T) {
	tests := []struct {
		name, method, body string
		getBody            bool
		age                time.Duration // of the session that has ended
		answer             int
		location           string
		again              bool // the request is sent again
		logins             int  // in the end, after another GET
	}{
		{"a page", "GET", "", false, time.Minute, 302, "/login?next=/a", true, 2},
		{"a page, by status", "GET", "", false, time.Minute, 401, "", true, 2},
		{"a PUT that can be", "PUT", "x", true, time.Minute, 401, "", true, 2},
		{"a PUT that can't be", "PUT", "x", false, time.Minute, 401, "", false, 2},
		{"a POST", "POST", "x", true, time.Minute, 302, "http://legacy/login", false, 2},
		{"a redirect elsewhere", "POST", "x", true, time.Minute, 302, "/thanks", false, 1},
		{"what the route may repeat", "REPORT", "x", true, time.Minute, 302, "/login", true, 2},
		{"the page among a front controller's", "GET", "", false, time.Minute, 302, "/index.php?next=%2Fa&page=login", true, 2},
		{"another of a front controller's", "GET", "", false, time.Minute, 302, "/index.php?page=home", false, 1},
		{"a new session: it is the right", "GET", "", false, time.Second, 403, "", false, 1},
		{"another status", "GET", "", false, time.Minute, 404, "", false, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logins, calls, ended := 0, 0, false
				var bodies []string
				c := identity.Config{Cookie: cookie, Base: mustParse(t, "http://legacy"),
					Legacy: roundTripper(func(r *http.Request) (*http.Response, error) {
						logins++
						return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"/"}, "Set-Cookie": {cookie + "=s" + string(rune('0'+logins))}}, Body: http.NoBody}, nil
					}),
					Repeatable: func(r *http.Request) bool { return r.Method != "POST" },
					Login:      &identity.Login{URL: "/login", Form: map[string]string{"USR": "robot"}}}
				if strings.Contains(test.location, "/index.php") {
					c.Login.Page = "/index.php?page=login"
				}
				b, err := identity.New(c)
				if err != nil {
					t.Fatal(err)
				}
				facade := b.Reverse(roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.Body != nil {
						body, _ := io.ReadAll(r.Body)
						bodies = append(bodies, string(body))
					}
					calls++
					if ended && r.Header.Get("Cookie") == cookie+"=s1" {
						return &http.Response{StatusCode: test.answer, Header: http.Header{"Location": {test.location}}, Body: http.NoBody}, nil
					}
					return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
				}))
				get(t, facade, "http://legacy/a")
				time.Sleep(test.age)
				ended, calls = true, 0
				req, _ := http.NewRequestWithContext(t.Context(), test.method, "http://legacy/a", nil)
				if test.body != "" {
					req.Body = io.NopCloser(strings.NewReader(test.body))
				}
				if test.getBody {
					req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(test.body)), nil }
				}
				resp, err := facade.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				if again := calls == 2 && resp.StatusCode == 200; again != test.again || !again && (calls != 1 || resp.StatusCode != test.answer) {
					t.Errorf("%d calls, status %d", calls, resp.StatusCode)
				}
				for _, body := range bodies {
					if body != test.body {
						t.Errorf("legacy got %q", bodies)
					}
				}
				get(t, facade, "http://legacy/a")
				if logins != test.logins {
					t.Errorf("%d logins, want %d", logins, test.logins)
				}
				b.Close(context.Background())
			})
		})
	}
}

// TestAccountFollows says that a session that legacy renews is used from then on, and that several take turns.
func TestAccountFollows(t *testing.T) {
	legacy := newShop(t)
	c := account(t, legacy)
	c.Login.Sessions = 2
	b := newBridge(t, c)
	seen := map[string]int{}
	renew := ""
	facade := b.Reverse(roundTripper(func(r *http.Request) (*http.Response, error) {
		seen[r.Header.Get("Cookie")]++
		h := http.Header{}
		if renew != "" {
			h.Set("Set-Cookie", cookie+"="+renew)
		}
		return &http.Response{StatusCode: 200, Header: h, Body: http.NoBody}, nil
	}))
	for range 4 {
		get(t, facade, "http://legacy/")
	}
	if len(seen) != 2 || legacy.logins.Load() != 2 {
		t.Errorf("%d sessions, %d logins", len(seen), legacy.logins.Load())
	}
	renew = "new"
	get(t, facade, "http://legacy/")
	renew = ""
	get(t, facade, "http://legacy/")
	get(t, facade, "http://legacy/")
	if seen[cookie+"=new"] != 1 {
		t.Errorf("%v", seen)
	}
}

func TestAccountAlone(t *testing.T) {
	// A bridge that only logs an account in needs neither keys nor a lookup, and its key set is empty.
	legacy := newShop(t)
	c := account(t, legacy)
	c.Lookup = identity.Lookup{}
	b := newBridge(t, c)
	if set, _ := keySet(t, b); len(set.Keys) != 0 {
		t.Errorf("%d keys", len(set.Keys))
	}
	if _, body := get(t, b.Reverse(pool(t)), legacy.URL+"/app/account"); !strings.HasPrefix(body, "robot's account") {
		t.Errorf("%q", body)
	}
	if _, _, err := call(t, b.Transport(pool(t)), "GET", legacy.URL, ""); err == nil || !strings.Contains(err.Error(), "no lookup is configured") {
		t.Errorf("%v", err)
	}
}

func mustParse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
