package dashboard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// TestAllThatIsUrgent holds that nothing urgent is left out of the overview, and that what is left out is on
// the page that the link leads to.
func TestAllThatIsUrgent(t *testing.T) {
	s := good()
	s.routes, s.stats.Routes, s.groups, s.rollouts = nil, nil, nil, nil
	s.stats.Ledger.Dropped = 0
	for i := range 12 {
		name := fmt.Sprintf("broken-%02d", i)
		s.routes = append(s.routes, web.Route{Name: name, Service: "orders", Phase: strangler.PhaseLive, Weight: strangler.FullWeight, Version: 1})
		s.stats.Routes = append(s.stats.Routes, web.RouteStats{Route: name, Service: web.SideStats{Requests: 1000, Failures: 900}, Legacy: web.SideStats{Requests: 1000}})
		s.groups = append(s.groups, web.Group{ID: fmt.Sprintf("g%02d", i), Route: name, State: "open", Title: "total", Count: int64(100 - i)})
	}
	h := as(identity(web.RoleView), New(Config{System: s, Logger: quiet()}))
	_, page := get(t, h, "/")
	needs := between(t, page, `<section id="attention"`, "</section>")
	for i := range 12 {
		if !strings.Contains(needs, fmt.Sprintf("broken-%02d: the service fails", i)) {
			t.Errorf("route %d fails, and isn't listed: %s", i, needs)
		}
	}
	if n := strings.Count(needs, "one open group"); n != maxOthers || strings.Index(needs, "one open group") < strings.LastIndex(needs, "the service fails") {
		t.Errorf("%d routes with open groups, want %d after all that is urgent: %s", n, maxOthers, needs)
	}
	if !strings.Contains(needs, `<a href="/groups?state=open">6 more routes with open groups</a>`) {
		t.Errorf("nothing leads to what was left out: %s", needs)
	}
	_, groups := get(t, h, "/groups?state=open")
	for i := range 12 {
		if !strings.Contains(groups, fmt.Sprintf(`/groups/g%02d"`, i)) {
			t.Errorf("group %d isn't on the page of groups", i)
		}
	}
}
