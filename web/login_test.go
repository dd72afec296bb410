package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestBearer(t *testing.T) {
	for _, test := range []struct {
		name, header string
		status       int
		who          string
	}{
		{"a token", "Bearer operate-secret", 200, "otto operate true"},
		{"the scheme in any case (RFC 9110 section 11.1)", "bearer  evidence-secret ", 200, "eva evidence true"},
		{"a wrong one", "Bearer nonsense", 401, ""},
		{"the beginning of one", "Bearer operate-secre", 401, ""},
		{"an empty one", "Bearer ", 401, ""},
		{"its name", "Bearer otto", 401, ""},
		{"another scheme", "Basic operate-secret", 401, ""},
		{"none", "", 401, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, "127.0.0.1:0", Config{Tokens: tokens})
			var headers []string
			if test.header != "" {
				headers = []string{"Authorization", test.header}
			}
			got := s.ask("GET", "/api/v1/routes", nil, headers...)
			if got.StatusCode != test.status || test.who != "" && got.body != test.who {
				t.Errorf("%d %s", got.StatusCode, got.body)
			}
			if got.StatusCode == 401 && got.Header.Get("WWW-Authenticate") != `Bearer realm="strangler"` {
				t.Errorf("WWW-Authenticate %q", got.Header.Get("WWW-Authenticate"))
			}
			if strings.Contains(s.log.String(), "secret") {
				t.Errorf("a token in the log: %s", s.log)
			}
		})
	}
	t.Run("no tokens at all", func(t *testing.T) {
		s := newShop(t, "127.0.0.1:0", Config{})
		if got := s.ask("GET", "/api/v1/routes", nil); got.body != " operate false" {
			t.Errorf("%d %q", got.StatusCode, got.body)
		}
	})
}

func TestLogin(t *testing.T) {
	s := newShop(t, "127.0.0.1:0", Config{Tokens: tokens})
	page := s.ask("GET", "/routes/a?b=c", nil, "Accept", "text/html,*/*")
	if page.StatusCode != http.StatusSeeOther || page.Header.Get("Location") != "/login?next=%2Froutes%2Fa%3Fb%3Dc" {
		t.Errorf("a page without login: %d to %s", page.StatusCode, page.Header.Get("Location"))
	}
	if form := s.ask("GET", page.Header.Get("Location"), nil); !strings.Contains(form.body, `name="next" value="/routes/a?b=c"`) {
		t.Errorf("form %s", form.body)
	}
	if got := s.ask("GET", "/", nil); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("not a browser: %d", got.StatusCode)
	}
	if got := s.ask("GET", "/api/v1/routes", nil, "Accept", "text/html"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a browser at the API: %d", got.StatusCode)
	}
	if icon := s.ask("GET", "/login.svg", nil); icon.StatusCode != http.StatusOK || icon.Header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("icon: status %d, headers %v", icon.StatusCode, icon.Header)
	}
	if style := s.ask("GET", "/login.css", nil); style.StatusCode != http.StatusOK || style.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("style: %d %v", style.StatusCode, style.Header)
	}
	wrong := s.ask("POST", "/login", url.Values{"token": {"nonsense"}, "next": {"/x"}})
	if wrong.StatusCode != http.StatusUnauthorized || wrong.Header.Get("Set-Cookie") != "" || !strings.Contains(wrong.body, "No such token") {
		t.Errorf("wrong token: %d %v", wrong.StatusCode, wrong.Header)
	}
	in := s.ask("POST", "/login", url.Values{"token": {"evidence-secret"}, "next": {"/routes/a?b=c"}})
	if in.StatusCode != http.StatusSeeOther || in.Header.Get("Location") != "/routes/a?b=c" {
		t.Fatalf("login: %d to %s", in.StatusCode, in.Header.Get("Location"))
	}
	c := in.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.Secure || c.MaxAge != 12*60*60 || len(c.Value) < 26 || strings.Contains(c.Value, "secret") {
		t.Errorf("cookie %s", in.Header.Get("Set-Cookie"))
	}
	cookie := c.Name + "=" + c.Value
	if got := s.ask("GET", "/", nil, "Cookie", cookie); got.body != "eva evidence true" {
		t.Errorf("with the cookie: %d %s", got.StatusCode, got.body)
	}
	if got := s.ask("POST", "/api/v1/change", url.Values{}, "Cookie", cookie); got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, "operate") {
		t.Errorf("beyond the role: %d %s", got.StatusCode, got.body)
	}
	if got := s.ask("GET", "/", nil, "Cookie", cookie, "Authorization", "Bearer nonsense"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong token beside a right cookie: %d", got.StatusCode)
	}
	out := s.ask("POST", "/logout", nil, "Cookie", cookie)
	if gone := out.Cookies()[0]; out.Header.Get("Location") != "/login" || gone.MaxAge >= 0 || gone.Value != "" {
		t.Errorf("logout: %v", out.Header)
	}
	if got := s.ask("GET", "/", nil, "Cookie", cookie); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("after logout: %d", got.StatusCode)
	}
	log := s.log.String()
	for _, want := range []string{"msg=login actor=eva", "msg=logout actor=eva", `msg="login with an unknown token" remote=127.0.0.1`} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in the log %s", want, log)
		}
	}
	if strings.Contains(log, "secret") || strings.Contains(log, c.Value) {
		t.Errorf("a secret is in the log %s", log)
	}
}

func TestLoginBehindTLS(t *testing.T) {
	s := newShop(t, "127.0.0.1:0", Config{Tokens: tokens})
	for header, secure := range map[string]bool{"https": true, "HTTPS": true, "http": false, "": false} {
		in := s.ask("POST", "/login", url.Values{"token": {"view-secret"}}, "X-Forwarded-Proto", header)
		if c := in.Cookies()[0]; c.Secure != secure {
			t.Errorf("X-Forwarded-Proto %q: cookie %s", header, in.Header.Get("Set-Cookie"))
		}
	}
}

func TestLoginMisuse(t *testing.T) {
	s := newShop(t, "127.0.0.1:0", Config{Tokens: tokens})
	for next, want := range map[string]string{
		"":                      "/",
		"/a":                    "/a",
		"https://evil.example/": "/",
		"//evil.example":        "/",
		`/\evil.example`:        "/",
		"/\t/evil.example":      "/",
		"evil":                  "/",
		"javascript:alert(1)":   "/",
		"/a\r\nSet-Cookie: b=c": "/",
	} {
		in := s.ask("POST", "/login", url.Values{"token": {"view-secret"}, "next": {next}})
		if got := in.Header.Get("Location"); got != want {
			t.Errorf("next %q goes to %q, want %q", next, got, want)
		}
	}
	if got := s.ask("GET", "/login?next="+url.QueryEscape(`/"><script>alert(1)</script>`), nil); strings.Contains(got.body, "<script>") {
		t.Errorf("markup in the form: %s", got.body)
	}
	if got := s.ask("POST", "/login", url.Values{"token": {strings.Repeat("x", 17<<10)}}); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a form without end: %d", got.StatusCode)
	}
	none := newShop(t, "127.0.0.1:0", Config{})
	if got := none.ask("GET", "/login", nil); got.Header.Get("Location") != "/" {
		t.Errorf("login where there are no tokens: %d", got.StatusCode)
	}
	if got := none.ask("POST", "/login", url.Values{"token": {""}}); got.StatusCode != http.StatusSeeOther || len(got.Cookies()) > 0 {
		t.Errorf("login where there are no tokens: %d %v", got.StatusCode, got.Header)
	}
}

// TestGuessing holds that guesses are limited through both doors together, and that nobody else
// is shut out by them.
func TestGuessing(t *testing.T) {
	s := newShop(t, "127.0.0.1:0", Config{Tokens: tokens})
	cookie := s.ask("POST", "/login", url.Values{"token": {"view-secret"}}).Cookies()[0]
	limited := func() answer {
		for i := range 20 {
			got := s.ask("GET", "/api/v1/routes", nil, "Authorization", fmt.Sprintf("Bearer guess-%d", i))
			if got.StatusCode == http.StatusTooManyRequests {
				if i < 4 {
					t.Errorf("limited after %d guesses", i)
				}
				return got
			}
		}
		t.Fatal("20 guesses, and no end of it")
		return answer{}
	}
	got := limited()
	if got.Header.Get("Retry-After") == "" || !strings.Contains(got.body, CodeTooMany) {
		t.Errorf("%v %s", got.Header, got.body)
	}
	// Being right wouldn't show now, or guessing could go on.
	if got := s.ask("GET", "/api/v1/routes", nil, "Authorization", "Bearer operate-secret"); got.StatusCode == http.StatusOK {
		limited() // it took so long that a guess was free again
	}
	if got := s.ask("POST", "/login", url.Values{"token": {"operate-secret"}}); got.StatusCode != http.StatusTooManyRequests && got.StatusCode != http.StatusSeeOther {
		t.Errorf("login: %d", got.StatusCode)
	} else if got.StatusCode == http.StatusTooManyRequests && (got.Header.Get("Retry-After") == "" || got.Header.Get("Set-Cookie") != "") {
		t.Errorf("login: %v", got.Header)
	}
	if got := s.ask("GET", "/", nil, "Cookie", cookie.Name+"="+cookie.Value); got.StatusCode != http.StatusOK {
		t.Errorf("who is logged in: %d", got.StatusCode)
	}
}

func TestGuesses(t *testing.T) {
	ring, err := newKeyring(tokens)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(0, 0)
	g := newGuesses()
	g.now = func() time.Time { return now }
	try := func(address, secret string) string {
		who, known, wait := g.try(&http.Request{RemoteAddr: address}, ring, secret)
		return fmt.Sprintf("%s %v %v", who.Name, known, wait)
	}
	const known, unknown, wait = "otto true false", " false false", " false true"
	n := 0
	guess := func() string { n++; return fmt.Sprint("guess ", n) }
	expect := func(what, want, got string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	for range 100 {
		expect("the same wrong token again and again", unknown, try("192.0.2.9:1", "outdated"))
	}
	expect("who shares its address", known, try("192.0.2.9:2", "operate-secret"))
	for range guessBurst {
		expect("a guess", unknown, try("192.0.2.1:1", guess()))
	}
	expect("a guess too many, from another port", wait, try("192.0.2.1:2", guess()))
	expect("the right one after too many", wait, try("192.0.2.1:2", "operate-secret"))
	expect("another address", known, try("192.0.2.2:1", "operate-secret"))
	now = now.Add(guessInterval)
	expect("after a wait", unknown, try("192.0.2.1:1", guess()))
	expect("straight after it", wait, try("192.0.2.1:1", "operate-secret"))
	now = now.Add(guessInterval)
	expect("the right one after a wait", known, try("192.0.2.1:1", "operate-secret"))
	for i := range guessBurst {
		expect("a guess from IPv6", unknown, try(fmt.Sprintf("[2001:db8::%d]:1", i), guess()))
	}
	expect("its neighbour", wait, try("[2001:db8::ffff]:1", guess()))
	expect("another network", unknown, try("[2001:db8:0:1::1]:1", guess()))
	expect("IPv4 in IPv6's clothes", unknown, try("[::ffff:192.0.2.1]:1", guess()))
	expect("no address", unknown, try("@", guess()))
	expect("the right one from no address", known, try("@", "operate-secret"))

	for i := range maxGuessers + 100 {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		expect("a guess from one of very many", unknown, try(a.String()+":1", guess()))
		if len(g.guessers) > maxGuessers {
			t.Fatalf("%d addresses are remembered", len(g.guessers))
		}
	}
	now = now.Add(time.Minute)
	try("192.0.2.77:1", guess())
	if len(g.guessers) != 1 {
		t.Errorf("%d addresses are remembered when all are forgiven", len(g.guessers))
	}
}

// TestGuessesTogether holds that guesses which come at once count one by one.
func TestGuessesTogether(t *testing.T) {
	ring, err := newKeyring(tokens)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(0, 0)
	g := newGuesses()
	g.now = func() time.Time { return now }
	var heard sync.Map
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			if _, _, wait := g.try(&http.Request{RemoteAddr: "192.0.2.1:1"}, ring, fmt.Sprint(i)); !wait {
				heard.Store(i, true)
			}
		})
	}
	all.Wait()
	n := 0
	for range heard.Range {
		n++
	}
	if n != guessBurst {
		t.Errorf("%d guesses were heard, want %d", n, guessBurst)
	}
}

func TestSessions(t *testing.T) {
	s := newSessions()
	now := time.Unix(0, 0)
	s.now = func() time.Time { return now }
	first := s.open(Identity{Name: "anna"})
	if who, ok := s.find(first); !ok || who.Name != "anna" {
		t.Errorf("%+v %v", who, ok)
	}
	now = now.Add(sessionLifetime - time.Second)
	second := s.open(Identity{Name: "bert"})
	now = now.Add(time.Second)
	if _, ok := s.find(first); ok {
		t.Error("a session outlives its time")
	}
	if _, ok := s.find(second); !ok {
		t.Error("a session ends before its time")
	}
	for range 2 * maxSessions {
		now = now.Add(time.Millisecond)
		s.open(Identity{})
		if len(s.known) > maxSessions {
			t.Fatalf("%d sessions", len(s.known))
		}
	}
	if _, ok := s.find(second); ok {
		t.Error("the oldest session survived")
	}
	if _, ok := s.find(""); ok {
		t.Error("an empty id is a session's")
	}
}

func TestRoles(t *testing.T) {
	roles := []Role{"", "nonsense", RoleView, RoleEvidence, RoleOperate}
	for i, has := range roles {
		for j, want := range roles {
			if got := has.Allows(want); got != (i >= 2 && j >= 2 && i >= j) {
				t.Errorf("%q allows %q: %v", has, want, got)
			}
		}
	}
}
