package daemon_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestSession has a service know who is logged in on legacy's pages, from tokens that it can check.
func TestSession(t *testing.T) {
	t.Parallel()
	var lookups atomic.Int64
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		user := "nobody"
		if c, err := r.Cookie("BOOKSESS"); err == nil {
			user = c.Value
		}
		switch r.URL.Path {
		case "/login":
			http.SetCookie(w, &http.Cookie{Name: "BOOKSESS", Value: "ada", Path: "/"})
		case "/whoami":
			lookups.Add(1)
			if user == "nobody" {
				http.Redirect(w, r, "/login", http.StatusFound)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"USR":%q}`, user)
		default:
			fmt.Fprint(w, "hello ", user)
		}
	})
	var shadowed atomic.Int64
	var token atomic.Pointer[string]
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Strangler-Shadow") != "" {
			shadowed.Add(1)
		}
		scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		token.Store(&bearer)
		fmt.Fprintf(w, "%s %d", scheme, len(r.CookiesNamed("BOOKSESS")))
	})
	text := fmt.Sprintf(`
legacy: {url: %q}
services: {wishes: {urls: [%q]}}
sessions:
  shop:
    cookie: BOOKSESS
    lookup: {url: /whoami}
    required: true
    issue: {jwt: {issuer: bookshop, audience: wishes, claims: {sub: /USR}}}
    jwks: {listen: 127.0.0.1:0}
routes:
  - {name: wishes, match: {path: /wishes}, service: wishes, start: live, fallback: none, translate: {session: shop}}
  - {name: shelf, match: {path: /shelf}, service: wishes, start: shadow, translate: {session: shop}}
`, legacy.URL, service.URL)
	s := start(t, text)
	s.Client.Jar, _ = cookiejar.New(nil)

	if status, _, _ := s.get(t, "/wishes"); status != http.StatusFound {
		t.Errorf("a visitor who isn't logged in gets %d, want legacy's redirect", status)
	}
	s.get(t, "/login")
	for range 3 {
		if status, body, _ := s.get(t, "/wishes"); status != 200 || body != "Bearer 0" {
			t.Fatalf("%d %q, want a token and no cookie", status, body)
		}
	}
	if n := lookups.Load(); n != 2 { // of nobody, and of ada
		t.Errorf("legacy was asked %d times who that is", n)
	}
	status, body, header := get(t, s.KeysURL("shop"))
	if status != 200 || header.Get("Content-Type") != "application/jwk-set+json" {
		t.Errorf("%d %s", status, body)
	}
	if claims := checked(t, *token.Load(), body); claims["sub"] != "ada" || claims["iss"] != "bookshop" || claims["aud"] != "wishes" {
		t.Errorf("the service was told of %v", claims)
	}
	metrics := s.metrics(t)
	for _, want := range []string{`lookups_total{session="shop"} 2`, `lookups_unsent_total{reason="full",session="shop"} 0`, `failures_total{session="shop"} 0`,
		`known_total{session="shop"} 2`, `waited_total{session="shop"} 2`, `nobody_total{session="shop"} 1`, `tokens_total{session="shop"} 1`} {
		if !strings.Contains(metrics, "strangler_session_"+want+"\n") {
			t.Errorf("the metrics lack strangler_session_%s", want)
		}
	}

	// Copies use what is known, and are skipped where nothing is.
	s.get(t, "/shelf")
	eventually(t, "a copy of a session that is known is sent", func() bool { return shadowed.Load() == 1 })
	s.Client.Jar, _ = cookiejar.New(nil)
	r, err := http.NewRequest("GET", s.URL+"/shelf", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", "BOOKSESS=bob")
	resp, err := s.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	eventually(t, "a copy of another is skipped", func() bool {
		c := s.Stats().Routes[1].Comparisons
		return c.Reasons[shadow.SkipSession] == 1 && c.Failed == 0
	})
	if n := lookups.Load(); n != 2 {
		t.Errorf("a copy had legacy asked: %d times", n)
	}

	// What is remembered outlives a reload that leaves the definition alone.
	s.write(t, text+"  - {name: more, match: {path: /more}, service: wishes, start: live}\n")
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, _ = http.NewRequest("GET", s.URL+"/wishes", nil)
	r.Header.Set("Cookie", "BOOKSESS=ada")
	if resp, err = s.Client.Do(r); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if n := lookups.Load(); n != 2 || resp.StatusCode != 200 {
		t.Errorf("after a reload legacy was asked %d times; %d", n, resp.StatusCode)
	}
	if status, again, _ := get(t, s.KeysURL("shop")); status != 200 || again != body {
		t.Errorf("the keys changed: %s", again)
	}
}

// checked returns what a token says, after checking as a service would that a key of the set signed it.
func checked(t *testing.T, token, keySet string) map[string]any {
	t.Helper()
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(keySet), &keys); err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	fitting := keys.Key(signed.Signatures[0].Header.KeyID)
	if len(fitting) != 1 {
		t.Fatalf("%d keys of %s have the name that is in %s", len(fitting), keySet, token)
	}
	payload, err := signed.Verify(fitting[0])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// TestSessionBack has a service ask legacy through a facade: for the visitor whose request it is in, and for
// itself, as the account that services share. No page in a browser may do the latter.
func TestSessionBack(t *testing.T) {
	t.Parallel()
	var logins atomic.Int64
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		user := ""
		if c, err := r.Cookie("BOOKSESS"); err == nil {
			user = c.Value
		}
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/login":
			logins.Add(1)
			http.SetCookie(w, &http.Cookie{Name: "BOOKSESS", Value: r.PostFormValue("USR"), Path: "/"})
		case user == "":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			fmt.Fprintf(w, `{"USR":%q,"HOW":%q}`, user, r.Method)
		}
	})
	var facade atomic.Pointer[string]
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		var all []string
		for _, line := range []string{"Authorization: " + r.Header.Get("Authorization"), "X: y", "Origin: http://evil.example"} {
			ask, _ := http.NewRequestWithContext(r.Context(), "GET", *facade.Load()+"/me", nil)
			name, value, _ := strings.Cut(line, ": ")
			ask.Header.Set(name, value)
			resp, err := http.DefaultTransport.RoundTrip(ask)
			if err != nil {
				t.Error(err)
				return
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != 200 {
				body = []byte(resp.Status)
			}
			all = append(all, string(body))
		}
		fmt.Fprint(w, strings.Join(all, " "))
	})
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	s := start(t, fmt.Sprintf(`
legacy: {url: %q}
services: {wishes: {urls: [%q]}}
sessions:
  shop:
    cookie: BOOKSESS
    lookup: {url: /whoami}
    issue: {jwt: {issuer: bookshop, audience: wishes, claims: {sub: /USR}, session: true}}
    login: {url: /login, form: {USR: robot}}
translators:
  who: {unknown: drop, fields: [{legacy: USR, service: name}, {legacy: HOW, service: method}]}
routes:
  - {name: wishes, match: {path: /wishes}, service: wishes, start: live, fallback: none, translate: {session: shop}}
facades:
  legacy-visitors:
    listen: 127.0.0.1:0
    routes:
      - {with: who, method: {legacy: POST, service: GET}, path: {legacy: /cgi/who.pl, service: /me}, session: shop}
`, legacy.URL, service.URL))
	facade.Store(new(s.FacadeURL("legacy-visitors")))
	for range 2 {
		r, _ := http.NewRequest("GET", s.URL+"/wishes", nil)
		r.Header.Set("Cookie", "BOOKSESS=ada")
		resp, err := s.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if want := `{"name":"ada","method":"POST"} {"name":"robot","method":"POST"} 403 Forbidden`; string(body) != want {
			t.Errorf("%s, want %s", body, want)
		}
	}
	if n := logins.Load(); n != 1 {
		t.Errorf("%d logins, want one of the account", n)
	}
}

// TestSessionThatCantBeLookedUp is nobody's answer: legacy stands in where it may, and what the proxy says
// otherwise is compared with nothing.
func TestSessionThatCantBeLookedUp(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/whoami" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, "legacy")
	})
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) { t.Error("the service was asked for nobody knows whom") })
	s := start(t, fmt.Sprintf(`
legacy: {url: %q}
services: {s: {urls: [%q]}}
sessions: {shop: {cookie: SID, lookup: {url: /whoami}, issue: {jwt: {issuer: shop, audience: s, claims: {sub: /USR}}}}}
routes:
  - {name: guarded, match: {path: /guarded}, service: s, start: live, shadow: {second_call: with_session}, translate: {session: shop}}
  - {name: alone, match: {path: /alone}, service: s, start: live, fallback: none, shadow: {second_call: with_session}, translate: {session: shop}}
`, legacy.URL, service.URL))
	for path, want := range map[string]int{"/guarded": 200, "/alone": 502} {
		r, err := http.NewRequest("GET", s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", "SID=ada")
		resp, err := s.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, resp.Status, want)
		}
	}
	eventually(t, "both are failed comparisons", func() bool {
		routes := s.Stats().Routes
		return routes[0].Comparisons.Reasons[shadow.FailFallback] == 1 && routes[1].Comparisons.Reasons[shadow.FailIdentity] == 1 &&
			routes[0].Comparisons.Diverged+routes[1].Comparisons.Diverged == 0
	})
}

// TestBackToWhatWasAsked has a visitor who isn't logged in come back, after the login, to what they asked for:
// not to the lookup, nor to the path at which the service has it.
func TestBackToWhatWasAsked(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.RequestURI)+"&lang=de", http.StatusFound)
	})
	service := backend(t, "", nil)
	s := start(t, fmt.Sprintf(`
legacy: {url: %q}
services: {plain: {urls: [%[2]q]}, below: {urls: ["%[2]s/base/v%%202/"]}}
sessions: {shop: {cookie: BOOKSESS, lookup: {url: /whoami}, required: true}}
routes:
  - {name: plain, match: {path: /plain/*}, service: plain, start: live, translate: {session: shop}}
  - {name: below, match: {path: /wishes/*}, service: below, start: live, translate: {session: shop}}
  - {name: alike, match: {path: /base/*}, service: below, start: live, translate: {session: shop}}
  - {name: moved, match: {path: "/cgi/wish.pl"}, service: below, start: live, translate: {session: shop, path: {legacy: "/cgi/wish.pl?no={no}", service: "/wishes/{no}"}}}
`, legacy.URL, service.URL))
	for path, want := range map[string]string{
		"/plain/1":          "/plain/1",
		"/wishes/a%2Fb?x=1": "/wishes/a%2Fb?x=1",
		"/base/v%202/1":     "/base/v%202/1",
		"/cgi/wish.pl?no=7": "/cgi/wish.pl?no=7",
	} {
		resp, err := s.Client.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got, want := resp.Header.Get("Location"), "/login?next="+url.QueryEscape(want)+"&lang=de"; resp.StatusCode != http.StatusFound || got != want {
			t.Errorf("%s: %d to %s, want %s", path, resp.StatusCode, got, want)
		}
	}
}
