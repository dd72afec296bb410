package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// TestRuleThatNoLongerFits changes the file so that a rule of the journal contradicts it: the proxy
// reloads and starts all the same, by the file, and says so.
func TestRuleThatNoLongerFits(t *testing.T) {
	answer := func(list string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"list": %s, "at": %q}`, list, r.Header.Get("X-Strangler-Shadow"))
		}
	}
	legacy, service := backend(t, "", answer(`[{"id":1},{"id":2}]`)), backend(t, "", answer(`[{"id":2},{"id":1}]`))
	text := fmt.Sprintf(oneRoute, legacy.URL, service.URL) + "    start: shadow\n    shadow: {control: 0%, recheck: 0s"
	folder := t.TempDir()
	s := startIn(t, folder, text+"}\n")
	for _, rules := range [][]api.NewRule{{{Kind: "unordered", Pointer: "/list"}}, {{Kind: "ignore", Pointer: "/at"}}} {
		if _, err := s.API.AddRules(t.Context(), api.RulesRequest{Route: "orders-read", Rules: rules}); err != nil {
			t.Fatal(err)
		}
	}
	matches := func(d *system, n int64) {
		t.Helper()
		d.get(t, "/orders/7")
		eventually(t, "a match", func() bool { return d.Stats().Routes[0].Comparisons.Match == n })
	}
	matches(s, 1)
	s.write(t, text+", compare: {keyed: {/list: id}}}\n")
	if err := s.Reload(t.Context()); err != nil {
		t.Fatalf("reload: %v", err)
	}
	matches(s, 2)
	if !strings.Contains(s.Log.String(), "doesn't go together with the file's") || !strings.Contains(s.Log.String(), "pointer=/list") {
		t.Errorf("the log doesn't say what is left out: %s", s.Log)
	}
	if _, err := s.API.AddRules(t.Context(), api.RulesRequest{Route: "orders-read", Rules: []api.NewRule{{Kind: "unordered", Pointer: "/list"}}}); err == nil {
		t.Error("the same rule is accepted anew")
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	again := startIn(t, folder, text+", compare: {keyed: {/list: id}}}\n")
	matches(again, 1)
	rules, err := again.API.Rules(t.Context(), "orders-read")
	if err != nil || len(rules) != 3 {
		t.Errorf("rules %+v, %v: want all three listed", rules, err)
	}
}

// TestPersonsWordStays holds that a group that somebody opened is not closed by a rule or as noise.
func TestPersonsWordStays(t *testing.T) {
	answer := func(total string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, `{"total": %s}`, total) }
	}
	legacy, service := backend(t, "", answer("1")), backend(t, "", answer("2"))
	s := start(t, fmt.Sprintf(oneRoute, legacy.URL, service.URL)+"    start: shadow\n    shadow: {control: 0%, recheck: 0s}\n")
	s.get(t, "/orders/7")
	var groups []web.Group
	eventually(t, "a group", func() (found bool) {
		groups, _ = s.API.Groups(t.Context(), "orders-read", "open")
		return len(groups) == 1
	})
	if _, err := s.API.Triage(t.Context(), groups[0].ID, api.TriageRequest{State: "open", Reason: "watch this"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.API.AddRules(t.Context(), api.RulesRequest{Route: "orders-read", Rules: []api.NewRule{{Kind: "ignore", Pointer: "/total"}, {Kind: "ignore", Pointer: ""}}}); err != nil {
		t.Fatal(err)
	}
	s.get(t, "/orders/7")
	eventually(t, "a match by the rule", func() bool { return s.Stats().Routes[0].Comparisons.Match == 1 })
	if g, err := s.API.Group(t.Context(), groups[0].ID); err != nil || g.State != "open" || g.Reason != "watch this" {
		t.Errorf("%+v, %v", g, err)
	}
}

// TestPreviewOfXML holds that a rule that leaves out an index is seen to cover what it does.
func TestPreviewOfXML(t *testing.T) {
	answer := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			fmt.Fprintf(w, `<order><item rev="%d">a</item><item rev="%d">b</item></order>`, n, n)
		}
	}
	legacy, service := backend(t, "", answer(1)), backend(t, "", answer(2))
	s := start(t, fmt.Sprintf(oneRoute, legacy.URL, service.URL)+"    start: shadow\n    shadow: {control: 0%, recheck: 0s}\n")
	for range 3 {
		s.get(t, "/orders/7")
	}
	eventually(t, "a group of 3", func() bool {
		groups, err := s.API.Groups(t.Context(), "orders-read", "open")
		return err == nil && len(groups) == 1 && groups[0].Count == 3
	})
	effect, err := s.API.AddRules(t.Context(), api.RulesRequest{Route: "orders-read", Rules: []api.NewRule{{Kind: "ignore", Pointer: "/order/item/@rev"}}})
	if err != nil || effect.Gone != 3 || effect.Changed != 0 {
		t.Fatalf("%+v, %v", effect, err)
	}
	groups, err := s.API.Groups(t.Context(), "orders-read", "expected")
	if err != nil || len(groups) != 1 || groups[0].Origin != "rule" {
		t.Errorf("groups %+v, %v", groups, err)
	}
	s.get(t, "/orders/7")
	eventually(t, "a match", func() bool { return s.Stats().Routes[0].Comparisons.Match == 1 })
}
