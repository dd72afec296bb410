package identity_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"go.uber.org/goleak"

	"github.com/strangler-fig/toolkit/acl/identity"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

const cookie = "BOOKSESS"

// shop is a legacy application as the bookshop's: a session is locked while one request of it is answered.
type shop struct {
	*httptest.Server
	mu       sync.Mutex
	sessions map[string]*visitor
	lookups  atomic.Int64
	atOnce   atomic.Int64
	most     atomic.Int64
	logins   atomic.Int64
	slow     time.Duration                                 // a lookup takes
	rotate   atomic.Bool                                   // a lookup gives the session another id
	before   func(http.ResponseWriter, *http.Request) bool // true: it has answered the lookup
	last     atomic.Pointer[http.Request]
}

type visitor struct {
	sync.Mutex
	user string
}

func newShop(t testing.TB) *shop {
	s := &shop{sessions: map[string]*visitor{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/app/whoami", s.whoami)
	mux.HandleFunc("POST /app/login", func(w http.ResponseWriter, r *http.Request) {
		s.logins.Add(1)
		if r.FormValue("PWD") != "secret" {
			http.Redirect(w, r, "/app/login", http.StatusFound)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: s.logIn(r.FormValue("USR")), Path: "/", HttpOnly: true})
		http.Redirect(w, r, "/app/account", http.StatusFound)
	})
	mux.HandleFunc("/app/logout", func(w http.ResponseWriter, r *http.Request) {
		s.logOut(s.id(r))
		http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1})
		http.Redirect(w, r, "/app/", http.StatusFound)
	})
	mux.HandleFunc("/app/account", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v := s.of(r)
		if v == nil {
			http.Redirect(w, r, "/app/login?next=/account", http.StatusFound)
			return
		}
		v.Lock()
		defer v.Unlock()
		w.Header().Add("Set-Cookie", "theme=dark")
		fmt.Fprintf(w, "%s's account, %q, %q, %q", v.user, r.Header.Get("Authorization"), others(r), body)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// others returns a request's cookies but that of the session.
func others(r *http.Request) string {
	var all []string
	for _, c := range r.Cookies() {
		if c.Name != cookie {
			all = append(all, c.String())
		}
	}
	return strings.Join(all, "; ")
}

func (s *shop) id(r *http.Request) string {
	c, err := r.Cookie(cookie)
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *shop) of(r *http.Request) *visitor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[s.id(r)]
}

func (s *shop) logIn(user string) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id = rand.Text()
	s.sessions[id] = &visitor{user: user}
	return id
}

func (s *shop) logOut(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, id)
}

func (s *shop) whoami(w http.ResponseWriter, r *http.Request) {
	s.lookups.Add(1)
	s.last.Store(r)
	if n := s.atOnce.Add(1); n > s.most.Load() {
		s.most.Store(n)
	}
	defer s.atOnce.Add(-1)
	if s.before != nil && s.before(w, r) {
		return
	}
	v := s.of(r)
	if v == nil {
		w.Header().Add("Set-Cookie", "hint=1; Path=/; SameSite=Lax")
		http.Redirect(w, r, "/app/login", http.StatusFound)
		return
	}
	v.Lock()
	defer v.Unlock()
	time.Sleep(s.slow)
	if s.rotate.Load() {
		s.mu.Lock()
		old := s.id(r)
		id := rand.Text()
		s.sessions[id], s.sessions[old] = s.sessions[old], nil
		s.mu.Unlock()
		w.Header().Add("Set-Cookie", cookie+"="+id+"; Path=/; HttpOnly; SameSite=Strict; Priority=High")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Csrf", "t-"+v.user)
	fmt.Fprintf(w, `{"user": %q, "roles": ["buyer", "reader"], "no": 12345678901234567890, "token": "csrf-%s"}`, v.user, v.user)
}

// service is a service that knows who asks by verifying the token with the keys that it fetches.
type service struct {
	*httptest.Server
	keys   string // URL of the key set
	answer func(http.ResponseWriter, *http.Request)
	mu     sync.Mutex
	seen   []seen
}

// seen is what the service saw of a request.
type seen struct {
	User, Cookies, CSRF, Body string
	Claims                    map[string]any
	Problem                   string
}

func newService(t testing.TB, b *identity.Bridge) *service {
	keys := httptest.NewServer(b.JWKS())
	t.Cleanup(keys.Close)
	s := &service{keys: keys.URL + "/.well-known/jwks.json"}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := seen{Cookies: r.Header.Get("Cookie"), CSRF: r.Header.Get("X-Csrf-Expected"), Body: string(body)}
		if token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); bearer {
			claims, err := s.verify(token)
			if err != nil {
				got.Problem = err.Error()
			} else {
				got.Claims = claims
				got.User, _ = claims["sub"].(string)
			}
		} else if v := r.Header.Get("Authorization"); v != "" {
			got.Problem = "Authorization: " + v
		}
		s.mu.Lock()
		s.seen = append(s.seen, got)
		s.mu.Unlock()
		if s.answer != nil {
			s.answer(w, r)
		} else {
			fmt.Fprintf(w, "hello %s", got.User)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// verify verifies a token as any service would.
func (s *service) verify(token string) (map[string]any, error) {
	resp, err := http.Get(s.keys)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "application/jwk-set+json" {
		return nil, fmt.Errorf("the key set is %s", got)
	}
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		return nil, err
	}
	for _, one := range set.Keys {
		if !one.IsPublic() {
			return nil, fmt.Errorf("a private key is published")
		}
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256, jose.RS256})
	if err != nil {
		return nil, err
	}
	var standard jwt.Claims
	var all map[string]any
	if err := parsed.Claims(&set, &standard, &all); err != nil {
		return nil, err
	}
	return all, standard.ValidateWithLeeway(jwt.Expected{Issuer: "https://shop.example.com", AnyAudience: jwt.Audience{"catalog"}}, 0)
}

func (s *service) last(t testing.TB) seen {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen) == 0 {
		t.Fatal("the service was not asked")
	}
	return s.seen[len(s.seen)-1]
}

func (s *service) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// pool returns a transport of a test's own.
func pool(t testing.TB) *http.Transport {
	p := &http.Transport{DisableCompression: true}
	t.Cleanup(p.CloseIdleConnections)
	return p
}

// config is that of a bridge to a shop.
func config(t testing.TB, s *shop) identity.Config {
	base, err := url.Parse(s.URL + "/app")
	if err != nil {
		t.Fatal(err)
	}
	return identity.Config{
		Name:   "shop",
		Cookie: cookie,
		Legacy: pool(t),
		Base:   base,
		Lookup: identity.Lookup{URL: "/whoami"},
		Issue: &identity.JWT{
			Issuer:   "https://shop.example.com",
			Audience: []string{"catalog"},
			Store:    filepath.Join(t.TempDir(), "keys.json"),
			Claims: map[string]identity.Claim{
				"sub": {From: "/user"}, "roles": {From: "/roles"}, "tenant": {Const: "shop"},
			},
		},
	}
}

func newBridge(t testing.TB, c identity.Config) *identity.Bridge {
	t.Helper()
	b, err := identity.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return b
}

// call sends one request through a transport; header lines follow as name: value. The body is read.
func call(t testing.TB, through http.RoundTripper, method, target, body string, lines ...string) (*http.Response, string, error) {
	t.Helper()
	var upload io.Reader
	if body != "" {
		upload = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, target, upload)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		req.Header[name] = append(req.Header[name], value)
	}
	before := req.Header.Clone()
	resp, err := through.RoundTrip(req)
	for name, values := range before {
		if !slices.Equal(values, req.Header[name]) {
			t.Errorf("the client's own request was changed: %s is %q", name, req.Header[name])
		}
	}
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	if resp.Request != req {
		t.Error("the answer isn't to the client's request")
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text), nil
}

// get is call for a GET that must be answered.
func get(t testing.TB, through http.RoundTripper, target string, lines ...string) (*http.Response, string) {
	t.Helper()
	resp, body, err := call(t, through, "GET", target, "", lines...)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
