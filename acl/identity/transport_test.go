package identity_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/acl/identity"
)

func TestServiceKnowsWho(t *testing.T) {
	legacy := newShop(t)
	b := newBridge(t, config(t, legacy))
	s := newService(t, b)
	through := b.Transport(pool(t))
	ada := legacy.logIn("ada")

	resp, body := get(t, through, s.URL+"/orders", "Cookie: theme=dark; "+cookie+"="+ada+"; lang=de", "User-Agent: Browser/1", "X-Forwarded-Host: shop.example.com")
	if body != "hello ada" {
		t.Errorf("the client got %q", body)
	}
	if got := resp.Header.Get("Cache-Control"); got != "private" {
		t.Errorf("Cache-Control %q of an answer to somebody", got)
	}
	got := s.last(t)
	if got.Cookies != "theme=dark; lang=de" || got.Problem != "" {
		t.Errorf("the service saw the cookies %q, and %q", got.Cookies, got.Problem)
	}
	want := map[string]any{"iss": "https://shop.example.com", "aud": "catalog", "sub": "ada", "roles": []any{"buyer", "reader"}, "tenant": "shop"}
	iat, exp := got.Claims["iat"].(float64), got.Claims["exp"].(float64)
	if exp-iat != 60 || time.Since(time.Unix(int64(iat), 0)) > time.Minute {
		t.Errorf("issued at %v, expires at %v", iat, exp)
	}
	delete(got.Claims, "iat")
	delete(got.Claims, "exp")
	if diff := cmp.Diff(want, got.Claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	asked := legacy.last.Load()
	if asked.Host != "shop.example.com" || asked.UserAgent() != "Browser/1" || asked.Header.Get("Cookie") != cookie+"="+ada || asked.Header.Get("Accept") != "application/json" {
		t.Errorf("legacy was asked with Host %s and %v", asked.Host, asked.Header)
	}

	// Again: nobody is asked, and the token is the same one.
	get(t, through, s.URL, "Cookie: "+cookie+"="+ada, "X-Forwarded-Host: shop.example.com")
	if stats := b.Stats(); stats != (identity.Stats{Lookups: 1, Hits: 1, Waits: 1, Issued: 1}) {
		t.Errorf("%+v", stats)
	}

	// Nobody: no lookup, no token.
	resp, body = get(t, through, s.URL, "Cookie: theme=dark")
	if body != "hello " || s.last(t).Problem != "" || resp.Header.Get("Cache-Control") != "" {
		t.Errorf("the client got %q, %v; the service saw %+v", body, resp.Header, s.last(t))
	}
	get(t, through, s.URL, "Cookie: "+cookie+"=")
	if stats := b.Stats(); stats.Lookups != 1 || stats.Anonymous != 2 {
		t.Errorf("%+v", stats)
	}
	// A session of nobody's: one lookup for two requests.
	for range 2 {
		if _, body := get(t, through, s.URL, "Cookie: "+cookie+"=expired"); body != "hello " {
			t.Errorf("the client got %q", body)
		}
	}
	if stats := b.Stats(); stats.Lookups != 2 || stats.Anonymous != 4 {
		t.Errorf("%+v", stats)
	}
}

// TestOneLookup says that a hundred requests of one visitor wait for one lookup, which waits for the
// session like any request of theirs.
func TestOneLookup(t *testing.T) {
	legacy := newShop(t)
	legacy.slow = 50 * time.Millisecond
	b := newBridge(t, config(t, legacy))
	s := newService(t, b)
	through := b.Transport(pool(t))
	ada := legacy.logIn("ada")
	visitor := legacy.sessions[ada]
	visitor.Lock() // a slow page of theirs
	time.AfterFunc(100*time.Millisecond, visitor.Unlock)
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			if _, body := get(t, through, s.URL, "Cookie: "+cookie+"="+ada); body != "hello ada" {
				t.Errorf("the client got %q", body)
			}
		})
	}
	group.Wait()
	if n, most := legacy.lookups.Load(), legacy.most.Load(); n != 1 || most != 1 {
		t.Errorf("%d lookups, %d at once", n, most)
	}
	stats := b.Stats()
	if stats.Lookups != 1 || stats.Issued != 1 || stats.Waits+stats.Hits != 100 {
		t.Errorf("%+v", stats)
	}
}

func TestSpoofed(t *testing.T) {
	legacy := newShop(t)
	tests := []struct {
		name   string
		header string // of the token
		sent   []string
		want   map[string]string // what the service sees
	}{
		{"a token of the client's", "", []string{"Authorization: Bearer forged"}, map[string]string{"Authorization": ""}},
		{"several", "", []string{"Authorization: Basic YTpi", "Authorization: Bearer forged"}, map[string]string{"Authorization": ""}},
		{"as CGI reads it", "X-Identity", []string{"X_Identity: forged", "X-Identity: forged"}, map[string]string{"X_identity": "", "X-Identity": ""}},
		{"what isn't the bridge's passes", "X-Identity", []string{"Authorization: Basic YTpi"}, map[string]string{"Authorization": "Basic YTpi", "X-Identity": ""}},
		{"the CSRF header", "", []string{"X-Csrf-Expected: forged", "X_csrf_expected: forged"}, map[string]string{"X-Csrf-Expected": "", "X_csrf_expected": ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := config(t, legacy)
			c.Issue.Header = test.header
			c.CSRF = &identity.CSRF{From: "/token", Service: "X-CSRF-Expected"}
			b := newBridge(t, c)
			s := newService(t, b)
			got := map[string]string{}
			s.answer = func(w http.ResponseWriter, r *http.Request) {
				for name := range test.want {
					got[name] = r.Header.Get(name)
				}
			}
			get(t, b.Transport(pool(t)), s.URL, test.sent...)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the service saw (-want +got):\n%s", diff)
			}
			// And who is somebody is that, whatever else they send.
			header := "Authorization"
			if test.header != "" {
				header = test.header
			}
			ada := legacy.logIn("ada")
			s.answer = func(w http.ResponseWriter, r *http.Request) {
				if values := r.Header.Values(header); len(values) != 1 || strings.Contains(values[0], "forged") {
					t.Errorf("the service saw %q", values)
				}
				if got := r.Header.Get("X-Csrf-Expected"); got != "csrf-ada" {
					t.Errorf("the service saw the CSRF token %q", got)
				}
			}
			get(t, b.Transport(pool(t)), s.URL, append(test.sent, "Cookie: "+cookie+"="+ada)...)
		})
	}
}

func TestLookupAnswers(t *testing.T) {
	answer := func(status int, body string, lines ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			for _, line := range lines {
				name, value, _ := strings.Cut(line, ": ")
				w.Header().Add(name, value)
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	tests := []struct {
		name   string
		before func(http.ResponseWriter, *http.Request) bool
		sub    string // claim; empty: /user
		user   string
		err    string
	}{
		{"somebody", answer(200, `{"user":"ada","roles":[]}`), "", "ada", ""},
		{"a number", answer(200, `{"user":12345678901234567890,"roles":null}`), "", "12345678901234567890", ""},
		{"in a list", answer(200, `{"roles":1,"x":[{"a/b":"eve"}]}`), "/x/0/a~1b", "eve", ""},
		{"in a header", answer(200, `{"roles":1}`, "X-User: bob"), "header:X-User", "bob", ""},
		{"null", answer(200, `{"user":null}`), "", "", ""},
		{"an empty name", answer(200, `{"user":"","roles":[]}`), "", "", ""},
		{"false", answer(200, `{"user":false,"roles":[]}`), "", "", ""},
		{"401", answer(401, `who?`), "", "", ""},
		{"303", answer(303, ``, "Location: /login"), "", "", ""},
		{"500", answer(500, `oops`), "", "", "it answered with status 500"},
		{"404", answer(404, `oops`), "", "", "it answered with status 404"},
		{"204", answer(204, ``), "", "", "it answered with status 204"},
		{"not JSON", answer(200, `<p>hello secretname`), "", "", "the answer is not JSON"},
		{"two values", answer(200, `{"user":"ada","roles":[]} {}`), "", "", "the answer is not JSON"},
		{"duplicate names", answer(200, `{"user":"ada","roles":[],"user":"eve"}`), "", "", "the answer is not JSON"},
		{"empty", answer(200, ``), "", "", "the answer is not JSON"},
		{"nothing there", answer(200, `{"roles":[]}`), "", "", "claim sub: there is nothing at /user in the answer"},
		{"no roles", answer(200, `{"user":"ada"}`), "", "", "claim roles: there is nothing at /roles in the answer"},
		{"a list as a name", answer(200, `{"user":["secretname"],"roles":[]}`), "", "", "claim sub: it is neither a text nor a number"},
		{"no such header", answer(200, `{"roles":[]}`), "header:X-User", "", "there is nothing at header:X-User"},
		{"an index that isn't one", answer(200, `{"roles":1,"x":["eve"]}`), "/x/00", "", "there is nothing at /x/00"},
		{"too large", answer(200, `{"user":"`+strings.Repeat("x", identity.MaxAnswer)+`","roles":[]}`), "", "", "the answer is larger than 65536 bytes"},
		{"too much for a token", answer(200, `{"user":"`+strings.Repeat("x", identity.MaxToken)+`","roles":[]}`), "", "", "there is too much in its claims"},
		{"coded", answer(200, `xx`, "Content-Encoding: br"), "", "", "the answer is coded"},
		{"cut short", func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{`)
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, "", "", "read the answer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			legacy := newShop(t)
			legacy.before = test.before
			c := config(t, legacy)
			if test.sub != "" {
				c.Issue.Claims["sub"] = identity.Claim{From: test.sub}
			}
			b := newBridge(t, c)
			s := newService(t, b)
			_, body, err := call(t, b.Transport(pool(t)), "GET", s.URL, "", "Cookie: "+cookie+"=secretcookie")
			if test.err == "" {
				if err != nil || body != "hello "+test.user || s.last(t).Problem != "" {
					t.Errorf("got %q, %v, %s", body, err, s.last(t).Problem)
				}
				return
			}
			var e *identity.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), test.err) || e.Failure() != "identity" || e.Timeout() {
				t.Errorf("got %q, %v, want %q", body, err, test.err)
			}
			if err != nil && (strings.Contains(err.Error(), "secretcookie") || strings.Contains(err.Error(), "secretname")) {
				t.Errorf("the error tells what is secret: %v", err)
			}
			if s.asked() != 0 {
				t.Error("the service was asked")
			}
		})
	}
}

func TestOptionalClaim(t *testing.T) {
	legacy := newShop(t)
	c := config(t, legacy)
	c.Issue.Claims["mail"] = identity.Claim{From: "/mail", Optional: true}
	c.Issue.Claims["no"] = identity.Claim{From: "/no"}
	b := newBridge(t, c)
	s := newService(t, b)
	var token string
	s.answer = func(w http.ResponseWriter, r *http.Request) { token = r.Header.Get("Authorization") }
	get(t, b.Transport(pool(t)), s.URL, "Cookie: "+cookie+"="+legacy.logIn("ada"))
	claims := s.last(t).Claims
	if _, there := claims["mail"]; there {
		t.Errorf("%v", claims)
	}
	payload := decode(t, strings.Split(strings.TrimPrefix(token, "Bearer "), ".")[1])
	if !strings.Contains(payload, `"no":12345678901234567890`) { // exactly
		t.Errorf("%s", payload)
	}
}

func TestRequired(t *testing.T) {
	legacy := newShop(t)
	c := config(t, legacy)
	c.Required = true
	b := newBridge(t, c)
	s := newService(t, b)
	through := b.Transport(pool(t))
	for i, test := range []struct {
		name, method string
		lines        []string
		cookies      []string
		lookups      int64
	}{
		{"a session that has ended", "GET", []string{"Cookie: " + cookie + "=old"}, []string{"hint=1; Path=/; SameSite=Lax"}, 1},
		{"again: its cookies were given", "GET", []string{"Cookie: " + cookie + "=old"}, nil, 1},
		{"a POST", "POST", []string{"Cookie: " + cookie + "=old"}, nil, 1},
		{"no session", "GET", nil, []string{"hint=1; Path=/; SameSite=Lax"}, 2},
		{"no session, and another visitor", "HEAD", nil, []string{"hint=1; Path=/; SameSite=Lax"}, 3},
	} {
		resp, body, err := call(t, through, test.method, s.URL, strings.Repeat("x", i%2), test.lines...)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 302 || resp.Header.Get("Location") != "/app/login" || (body == "") != (test.method != "GET") && test.method != "POST" {
			t.Errorf("%s: status %d to %q, %q", test.name, resp.StatusCode, resp.Header.Get("Location"), body)
		}
		if diff := cmp.Diff(test.cookies, resp.Header["Set-Cookie"]); diff != "" {
			t.Errorf("%s: cookies (-want +got):\n%s", test.name, diff)
		}
		if n := legacy.lookups.Load(); n != test.lookups {
			t.Errorf("%s: %d lookups", test.name, n)
		}
	}
	if s.asked() != 0 {
		t.Error("the service was asked")
	}
	if _, body := get(t, through, s.URL, "Cookie: "+cookie+"="+legacy.logIn("ada")); body != "hello ada" {
		t.Errorf("who is logged in got %q", body)
	}

	// Where the login page is told what was asked for, that is what the visitor asked for.
	for next, want := range map[string]string{
		"?a=1&next=%2Fapp%2Fwhoami&b=%zz#top":            "?a=1&next=%2Fapp%2Fw%2F1%3Fx%3D%25zz&b=%zz#top",
		"?next=http%3A%2F%2Fshop.example%2Fapp%2Fwhoami": "?next=http%3A%2F%2Fshop.example%2Fapp%2Fw%2F1%3Fx%3D%25zz",
		"?next=%2Fapp%2Fwhoami2":                         "?next=%2Fapp%2Fwhoami2",
		"?/app/whoami":                                   "?/app/whoami",
	} {
		legacy.before = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Location", "/app/login"+next)
			w.Header().Set("Cache-Control", "public")
			w.WriteHeader(302)
			return true
		}
		for method, want := range map[string]string{"GET": want, "POST": next} {
			resp, _, err := call(t, through, method, s.URL+"/w/1?x=%zz", "")
			if err != nil || resp.Header.Get("Location") != "/app/login"+want || resp.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s with %s is sent to %v, %v; want %s", method, next, resp.Header, err, want)
			}
		}
	}
	legacy.before = nil

	// A browser's question whether it may ask is the service's to answer.
	for _, lines := range [][]string{{"Origin: https://a.example", "Access-Control-Request-Method: PUT"}, {"Origin: https://a.example"}} {
		resp, _, err := call(t, through, "OPTIONS", s.URL, "", lines...)
		if want := map[int]int{1: 302, 2: 200}[len(lines)]; err != nil || resp.StatusCode != want {
			t.Errorf("%q: %v, %v", lines, resp, err)
		}
	}

	// Legacy said 200, and that it is nobody: there is no answer of its own to give.
	legacy.before = func(w http.ResponseWriter, r *http.Request) bool {
		fmt.Fprint(w, `{"user":null,"roles":[]}`)
		return true
	}
	resp, body := get(t, through, s.URL, "Cookie: "+cookie+"=nobody")
	var problem struct{ Title, Detail string }
	if err := json.Unmarshal([]byte(body), &problem); err != nil || resp.StatusCode != 401 || problem.Title != "Unauthorized" ||
		resp.Header.Get("Content-Type") != "application/problem+json" || resp.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
	}

	// Who knows how legacy's clients are told says the same, unless it leaves it.
	through = b.Transport(pool(t), identity.Options{Refuser: faults{}})
	fault, told := get(t, through, s.URL, "Cookie: "+cookie+"=nobody", "Content-Type: text/xml")
	if want := "<Fault>401 " + body + "</Fault>"; fault.StatusCode != 500 || told != want || fault.Header.Get("WWW-Authenticate") != "" || fault.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s, want %s", fault.StatusCode, fault.Header, told, want)
	}
	if resp, told := get(t, through, s.URL, "Cookie: "+cookie+"=nobody"); resp.StatusCode != 401 || told != body || resp.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%d %v %s, want %s", resp.StatusCode, resp.Header, told, body)
	}
}

// faults tells clients that send XML what is wrong.
type faults struct{ acl.Funcs }

func (faults) Refusal(client *http.Request, status int, problem []byte) *http.Response {
	if client.Header.Get("Content-Type") != "text/xml" {
		return nil
	}
	return &http.Response{StatusCode: 500, Header: http.Header{}, Request: client, Body: io.NopCloser(strings.NewReader(fmt.Sprintf("<Fault>%d %s</Fault>", status, problem)))}
}

// TestRenewed says that the cookies of a lookup's answer go, as they are, to those who waited for it, and
// that a new id takes the place of the old one.
func TestRenewed(t *testing.T) {
	legacy := newShop(t)
	legacy.rotate.Store(true)
	legacy.slow = 50 * time.Millisecond
	c := config(t, legacy)
	c.Issue.Session = true
	b := newBridge(t, c)
	s := newService(t, b)
	s.answer = func(w http.ResponseWriter, r *http.Request) { w.Header().Add("Set-Cookie", "mine=1") }
	through := b.Transport(pool(t))
	old := legacy.logIn("ada")
	var mu sync.Mutex
	got := map[string]int{}
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			resp, _ := get(t, through, s.URL, "Cookie: "+cookie+"="+old)
			mu.Lock()
			defer mu.Unlock()
			got[strings.Join(resp.Header["Set-Cookie"], "\n")]++
		})
	}
	group.Wait()
	if len(got) != 1 {
		t.Fatalf("those who waited got %v", got)
	}
	var lines []string
	for all := range got {
		lines = strings.Split(all, "\n")
	}
	if len(lines) != 2 || !strings.HasPrefix(lines[0], cookie+"=") || !strings.HasSuffix(lines[0], "; Path=/; HttpOnly; SameSite=Strict; Priority=High") || lines[1] != "mine=1" {
		t.Fatalf("%q", lines)
	}
	renewed, _, _ := strings.Cut(lines[0], ";")
	legacy.rotate.Store(false)
	resp, _ := get(t, through, s.URL, "Cookie: "+renewed)
	if diff := cmp.Diff([]string{"mine=1"}, resp.Header["Set-Cookie"]); diff != "" {
		t.Errorf("who found it known got (-want +got):\n%s", diff)
	}
	if n := legacy.lookups.Load(); n != 1 || s.last(t).User != "ada" {
		t.Errorf("%d lookups, user %q", n, s.last(t).User)
	}
	if get(t, through, s.URL, "Cookie: "+cookie+"="+old); s.last(t).User != "" || legacy.lookups.Load() != 2 {
		t.Error("the old id still stands for somebody")
	}
}

func TestCSRF(t *testing.T) {
	legacy := newShop(t)
	c := config(t, legacy)
	c.CSRF = &identity.CSRF{From: "header:X-CSRF", Service: "X-CSRF-Expected", Answer: "X-CSRF-Token"}
	b := newBridge(t, c)
	s := newService(t, b)
	ada := legacy.logIn("ada")
	for range 2 {
		resp, _ := get(t, b.Transport(pool(t)), s.URL, "Cookie: "+cookie+"="+ada)
		if got := resp.Header.Get("X-Csrf-Token"); got != "t-ada" || s.last(t).CSRF != "t-ada" || resp.Header.Get("Cache-Control") != "private" {
			t.Errorf("the client got %q, the service %q, %v", got, s.last(t).CSRF, resp.Header)
		}
	}
	if resp, _ := get(t, b.Transport(pool(t)), s.URL); resp.Header.Get("X-Csrf-Token") != "" {
		t.Error("nobody got a token")
	}

	c = config(t, legacy)
	c.CSRF = &identity.CSRF{From: "/token", Answer: "cookie:XSRF"}
	b = newBridge(t, c)
	s = newService(t, b)
	for _, test := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"the first time", nil, []string{"XSRF=csrf-ada; Path=/; SameSite=Lax"}},
		{"who has it", []string{"Cookie: XSRF=csrf-ada"}, nil},
		{"who has another", []string{"Cookie: XSRF=csrf-eve", "X-Forwarded-Proto: https"}, []string{"XSRF=csrf-ada; Path=/; SameSite=Lax; Secure"}},
	} {
		resp, _ := get(t, b.Transport(pool(t)), s.URL, append(test.lines, "Cookie: "+cookie+"="+ada)...)
		if diff := cmp.Diff(test.want, resp.Header["Set-Cookie"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	legacy.before = func(w http.ResponseWriter, r *http.Request) bool {
		fmt.Fprint(w, `{"user":"eve","roles":1,"token":"a; Domain=example.com"}`)
		return true
	}
	if _, _, err := call(t, b.Transport(pool(t)), "GET", s.URL, "", "Cookie: "+cookie+"=x"); err == nil || !strings.Contains(err.Error(), "CSRF token: there are characters in it that a cookie can't have") {
		t.Errorf("%v", err)
	}
}

func TestPassive(t *testing.T) {
	legacy := newShop(t)
	c := config(t, legacy)
	c.Passive = func(r *http.Request) bool { return r.Header.Get("X-Strangler-Shadow") != "" }
	c.Required = true
	b := newBridge(t, c)
	s := newService(t, b)
	through := b.Transport(pool(t))
	ada := cookie + "=" + legacy.logIn("ada")
	copyOf := func(lines ...string) (*http.Response, error) {
		resp, _, err := call(t, through, "GET", s.URL, "", append(lines, "X-Strangler-Shadow: orders")...)
		return resp, err
	}
	for _, lines := range [][]string{{"Cookie: " + ada}, nil} {
		if _, err := copyOf(lines...); !errors.Is(err, identity.ErrNotCached) {
			t.Errorf("%q: %v", lines, err)
		}
	}
	if n := legacy.lookups.Load(); n != 0 || s.asked() != 0 {
		t.Fatalf("%d lookups for copies, service asked %d times", n, s.asked())
	}
	get(t, through, s.URL, "Cookie: "+ada)
	if resp, err := copyOf("Cookie: " + ada); err != nil || s.last(t).User != "ada" || resp.Header.Get("Cache-Control") != "" {
		t.Errorf("%v, the service saw %+v", err, s.last(t))
	}
	if n := legacy.lookups.Load(); n != 1 {
		t.Errorf("%d lookups", n)
	}
}

// TestGoneAway says that a lookup ends by itself when nobody waits for it any more, and that what it
// found is kept.
func TestGoneAway(t *testing.T) {
	legacy := newShop(t)
	legacy.slow = 100 * time.Millisecond
	b := newBridge(t, config(t, legacy))
	s := newService(t, b)
	through := b.Transport(pool(t))
	ada := legacy.logIn("ada")
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
	req.Header.Set("Cookie", cookie+"="+ada)
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := through.RoundTrip(req); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	get(t, through, s.URL, "Cookie: "+cookie+"="+ada)
	if n := legacy.lookups.Load(); n != 1 || s.last(t).User != "ada" {
		t.Errorf("%d lookups, user %q", n, s.last(t).User)
	}
}

func TestTimeout(t *testing.T) {
	legacy := newShop(t)
	legacy.slow = 200 * time.Millisecond
	c := config(t, legacy)
	c.Lookup.Timeout = 30 * time.Millisecond
	b := newBridge(t, c)
	s := newService(t, b)
	ada := legacy.logIn("ada")
	for range 3 { // one lookup: it isn't stormed
		_, _, err := call(t, b.Transport(pool(t)), "GET", s.URL, "", "Cookie: "+cookie+"="+ada)
		var e *identity.Error
		if !errors.As(err, &e) || !e.Timeout() || !strings.Contains(err.Error(), "no answer within 30ms") {
			t.Errorf("%v", err)
		}
	}
	if stats := b.Stats(); stats.Lookups != 1 || stats.Failures != 1 {
		t.Errorf("%+v", stats)
	}
}

func TestBounded(t *testing.T) {
	legacy := newShop(t)
	release := make(chan struct{})
	legacy.before = func(w http.ResponseWriter, r *http.Request) bool {
		<-release
		fmt.Fprint(w, `{"user":"ada","roles":1}`)
		return true
	}
	c := config(t, legacy)
	c.Lookup.AtATime, c.Lookup.Timeout = 2, 5*time.Second
	b := newBridge(t, c)
	s := newService(t, b)
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() { get(t, b.Transport(pool(t)), s.URL, fmt.Sprintf("Cookie: %s=%d", cookie, i)) })
	}
	time.Sleep(50 * time.Millisecond)
	close(release)
	group.Wait()
	if most := legacy.most.Load(); most > 2 {
		t.Errorf("%d lookups at once", most)
	}
	// A stranger's many sessions don't push a visitor's out.
	c.Sessions = 20
	legacy.before = nil
	b = newBridge(t, c)
	through := b.Transport(pool(t))
	ada := legacy.logIn("ada")
	get(t, through, s.URL, "Cookie: "+cookie+"="+ada)
	for i := range 50 {
		get(t, through, s.URL, fmt.Sprintf("Cookie: %s=%d", cookie, i))
	}
	before := legacy.lookups.Load()
	get(t, through, s.URL, "Cookie: "+cookie+"="+ada)
	if legacy.lookups.Load() != before {
		t.Error("the visitor's session was forgotten")
	}
}

func TestPanickingTransport(t *testing.T) {
	legacy := newShop(t)
	c := config(t, legacy)
	c.Legacy = roundTripper(func(*http.Request) (*http.Response, error) { panic("no such thing") })
	b := newBridge(t, c)
	_, _, err := call(t, b.Transport(pool(t)), "GET", legacy.URL, "", "Cookie: "+cookie+"=x")
	if err == nil || !strings.Contains(err.Error(), "panicked: no such thing") {
		t.Errorf("%v", err)
	}
}
