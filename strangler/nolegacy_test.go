package strangler

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestNoLegacy has all routes retired and no legacy application.
func TestNoLegacy(t *testing.T) {
	o := newObservations()
	address, p := front(t, Config{
		NoLegacy: true,
		Observe:  o.seeing,
		Services: map[string]Upstream{"s": upstreamOf(t, says(200, "service"))},
		Routes: []Route{
			{Name: "r", Match: Match{Path: "/r"}, Service: "s", Fallback: true, Start: At(PhaseRetired)},
			{Name: "posts", Match: Match{Path: "/posts/{id}", Methods: []string{"PUT", "GET"}}, Service: "s", Start: At(PhaseRetired)},
			{Name: "fax", Match: Match{Path: "/fax"}, Gone: "/mail", Start: At(PhaseRetired)},
		},
	})
	for request, want := range map[string]string{
		"GET /r":          "200 service",
		"GET /fax":        `410 {"type":"about:blank","title":"Gone"`,
		"GET /":           `404 {"type":"about:blank","title":"Not Found"`,
		"DELETE /posts/7": `405 {"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"there is no DELETE here, but GET, PUT"`,
	} {
		method, path, _ := strings.Cut(request, " ")
		r, _ := http.NewRequest(method, address+path, nil)
		resp, err := client(t).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if allowed := resp.Header.Get("Allow"); (resp.StatusCode == 405) != (allowed == "GET, PUT") {
			t.Errorf("%s: Allow %q", request, allowed)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := resp.Status[:4] + string(body); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, %v; want %s", request, got, err, want)
		}
		if seen := o.next(t); seen.Decision.Served() != SideService || seen.Status != resp.StatusCode {
			t.Errorf("%s: observed %+v", request, seen)
		}
	}
	if x := p.Table().Explain(httptest.NewRequest("GET", "/", nil)); x.Upstream != "" || !strings.Contains(x.Note, "404") || x.Fallback {
		t.Errorf("what no route holds is explained by %+v", x)
	}
	for _, to := range []Position{{}, At(PhaseShadow), Canary(1), At(PhaseLive)} {
		if err := p.Shift("r", to); err == nil || !strings.Contains(err.Error(), "wants the legacy application, and there is none") {
			t.Errorf("to %s: %v", to, err)
		}
	}
	if _, err := New(Config{Routes: []Route{{Name: "r", Match: Match{Path: "/r"}}}, NoLegacy: true}); err == nil {
		t.Error("a route without anybody to answer is taken")
	}
}
