package strangler

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

func TestAsk(t *testing.T) {
	sends := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Side", body) }
	}
	proxy, err := New(Config{
		Legacy:   upstreamOf(t, sends("legacy")),
		Services: map[string]Upstream{"s": upstreamOf(t, sends("service"))},
		Routes: []Route{
			{Name: "both", Match: Match{Path: "/both"}, Service: "s"},
			{Name: "gone", Match: Match{Path: "/gone"}, Service: "s", Start: At(PhaseRetired)},
			{Name: "alone", Match: Match{Path: "/alone"}},
		},
		Logger: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	side := func(rt http.RoundTripper) string {
		if rt == nil {
			return ""
		}
		resp, err := rt.RoundTrip(httptest.NewRequest("GET", "http://client.example/", nil))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.Header.Get("X-Side")
	}
	for route, want := range map[string][2]string{"both": {"legacy", "service"}, "gone": {"", "service"}, "alone": {"legacy", ""}} {
		legacy, service, err := proxy.Table().Ask(route)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{side(legacy), side(service)}; got != want {
			t.Errorf("route %s asks %q, want %q", route, got, want)
		}
	}
	_, _, err = proxy.Table().Ask("bot")
	if unknown, ok := errors.AsType[*UnknownRouteError](err); !ok || unknown.Near != "both" {
		t.Errorf("an unknown route: %v", err)
	}

	another := httptest.NewServer(sends("another"))
	defer another.Close()
	at, err := url.Parse(another.URL)
	if err != nil {
		t.Fatal(err)
	}
	rt, err := proxy.Table().AskAt("both", at)
	if err != nil || side(rt) != "another" {
		t.Errorf("another instance: %v", err)
	}
	for _, bad := range []string{"ftp://host", "http://", "http://user:secret@host", "http://host?x=1"} {
		u, err := url.Parse(bad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := proxy.Table().AskAt("both", u); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
