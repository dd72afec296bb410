package strangler

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestObservation(t *testing.T) {
	o := newObservations()
	address, _ := front(t, Config{
		Observe:  o.seeing,
		Legacy:   upstreamOf(t, says(201, "legacy")),
		Services: map[string]Upstream{"s": upstreamOf(t, says(404, "service!"))},
		Routes:   []Route{{Name: "r", Match: Match{Path: "/r"}, Service: "s", Start: At(PhaseLive)}},
	})
	for path, want := range map[string]Observation{
		"/":  {Decision: Decision{Bucket: -1, Repeat: RepeatSafe}, Status: 201, Bytes: 6},
		"/r": {Decision: Decision{Route: "r", Position: At(PhaseLive), Side: SideService, Why: WhyPhase, Bucket: -1, Repeat: RepeatSafe}, Status: 404, Bytes: 8},
	} {
		get(t, client(t), address+path)
		got := o.next(t)
		if got.Request.URL.Path != path || got.Header <= 0 || got.Duration < got.Header {
			t.Errorf("%s: observed path %s, head after %v, end after %v", path, got.Request.URL.Path, got.Header, got.Duration)
		}
		got.Request, got.Header, got.Duration = nil, 0, 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// canary is a route of which all keys are on the service's side as good as always.
func canary(cfg Config) Config {
	cfg.Routes = []Route{{Name: "r", Match: Match{Path: "/r"}, Service: "s", Start: Canary(5000), Cohort: []CohortSource{{Kind: CohortIssued}}}}
	return cfg
}

func TestIssuedCookie(t *testing.T) {
	withCookie := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "theirs=1")
		w.WriteHeader(200)
	})
	var shadowed []string
	p, err := New(canary(Config{
		Legacy:         upstreamOf(t, withCookie),
		Services:       map[string]Upstream{"s": upstreamOf(t, withCookie)},
		Logger:         quiet,
		DebugHeader:    true,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Shadow: func(ShadowPoint) func(http.Handler) http.Handler {
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					next.ServeHTTP(w, r)
					shadowed = append(shadowed, w.Header()["Set-Cookie"]...)
					shadowed = append(shadowed, w.Header()["X-Strangler"]...)
				})
			}
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path   string
		edit   func(*http.Request)
		issued bool
		secure bool
	}{
		"first visit":               {"/r", func(*http.Request) {}, true, false},
		"by https":                  {"/r", func(r *http.Request) { r.TLS = new(tls.ConnectionState) }, true, true},
		"by https, a proxy says":    {"/r", func(r *http.Request) { r.RemoteAddr = "10.0.0.1:1"; r.Header.Set("X-Forwarded-Proto", "https") }, true, true},
		"by https, a stranger says": {"/r", func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }, true, false},
		"not a canary":              {"/", func(*http.Request) {}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			shadowed = nil
			r := httptest.NewRequest("GET", c.path, nil)
			c.edit(r)
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			cookies := w.Result().Cookies()
			if want := map[bool]int{true: 2, false: 1}[c.issued]; len(cookies) != want || cookies[0].Name != "theirs" {
				t.Fatalf("cookies %v, want theirs and %d in all", cookies, want)
			}
			if !strings.Contains(w.Result().Header.Get("X-Strangler"), "side=") {
				t.Errorf("debug header %q", w.Result().Header.Get("X-Strangler"))
			}
			if !c.issued {
				return
			}
			ours := cookies[1]
			if ours.Name != IssuedCookie || ours.Value == "" || !ours.HttpOnly || ours.SameSite != http.SameSiteLaxMode ||
				ours.Path != "/" || ours.MaxAge != 31536000 || ours.Secure != c.secure {
				t.Errorf("our cookie is %v, want secure %v", ours, c.secure)
			}
			if diff := cmp.Diff([]string{"theirs=1"}, shadowed); diff != "" {
				t.Errorf("what the shadow sees (-want +got):\n%s", diff)
			}
		})
	}
}

// TestShadowPoints asks where shadows stand and sends a copy through each.
func TestShadowPoints(t *testing.T) {
	type point struct {
		Serves Side
		Other  string
	}
	sends := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Side", body+" "+r.Header.Get("X-Strangler-Shadow")+" "+r.Host+" "+r.Header.Get("X-Forwarded-For"))
			w.Header().Set("Connection", "X-Hop")
			w.Header().Set("X-Hop", "1")
		}
	}
	for phase, want := range map[Position][]point{
		At(PhaseLegacy):  {{SideLegacy, "none"}},
		At(PhaseShadow):  {{SideLegacy, "service"}},
		Canary(2500):     {{SideLegacy, "service"}, {SideService, "legacy"}},
		At(PhaseLive):    {{SideService, "legacy"}},
		At(PhaseRetired): nil,
	} {
		var got []point
		_, err := New(Config{
			Legacy:   upstreamOf(t, sends("legacy")),
			Services: map[string]Upstream{"s": upstreamOf(t, sends("service")), "box": upstreamOf(t, sends("sandbox"))},
			Routes:   []Route{{Name: "r", Match: Match{Path: "/r"}, Service: "s", Start: phase, Sandbox: "box"}},
			Logger:   quiet,
			Shadow: func(p ShadowPoint) func(http.Handler) http.Handler {
				ask := func(rt http.RoundTripper) string {
					if rt == nil {
						return "none"
					}
					r := httptest.NewRequest("GET", "http://client.example/r", nil)
					r.Header.Set("X-Strangler-Shadow", "r")
					resp, err := rt.RoundTrip(r)
					if err != nil {
						t.Error(err)
						return ""
					}
					defer resp.Body.Close()
					_, _ = io.Copy(io.Discard, resp.Body)
					if resp.Header.Get("X-Hop") != "" {
						t.Error("a copy's answer has a header that no client sees")
					}
					side, rest, _ := strings.Cut(resp.Header.Get("X-Side"), " ")
					if rest != "r client.example 192.0.2.1" {
						t.Errorf("a copy arrives with %q", rest)
					}
					return side
				}
				got = append(got, point{p.Serves, ask(p.Other)})
				if side := ask(p.Sandbox); (side != "sandbox") != (p.Other == nil) {
					t.Errorf("the sandbox is %q", side)
				}
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("in phase %s shadows stand at (-want +got):\n%s", phase, diff)
		}
	}
}

func TestCopyFailuresAreNamed(t *testing.T) {
	to := refusing(t)
	c := &copier{rewrite: newRewriter(&to, nil), next: to.Copies}
	_, err := c.RoundTrip(httptest.NewRequest("GET", "/", nil))
	named, ok := err.(interface{ Failure() string })
	if !ok || named.Failure() != failConnect {
		t.Errorf("error %v, want one that names %s", err, failConnect)
	}
}
