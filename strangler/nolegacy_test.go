package strangler

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestNoLegacy has all routes retired and no legacy application.
func TestNoLegacy(t *testing.T) {
	o := newObservations()
	address, p := front(t, Config{
		NoLegacy: true,
		Observe:  o.see,
		Services: map[string]Upstream{"s": upstreamOf(t, says(200, "service"))},
		Routes: []Route{
			{Name: "r", Match: Match{Path: "/r"}, Service: "s", Fallback: true, Start: At(PhaseRetired)},
			{Name: "fax", Match: Match{Path: "/fax"}, Gone: "/mail", Start: At(PhaseRetired)},
		},
	})
	for path, want := range map[string]string{
		"/r":   "200 service",
		"/fax": `410 {"type":"about:blank","title":"Gone"`,
		"/":    `404 {"type":"about:blank","title":"Not Found"`,
	} {
		resp, err := client(t).Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := resp.Status[:4] + string(body); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, %v; want %s", path, got, err, want)
		}
		if seen := o.next(t); seen.Decision.Served() != SideService || seen.Status != resp.StatusCode {
			t.Errorf("%s: observed %+v", path, seen)
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
