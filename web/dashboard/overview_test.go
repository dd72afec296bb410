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
		s.stats.Routes = append(s.stats.Routes, web.RouteStats{Route: name, Service: web.SideStats{RecentRequests: 1000, RecentFailures: 900}, Legacy: web.SideStats{RecentRequests: 1000}})
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

// TestWrongAndNothingMoved holds that nobody is told to go on with the migration while something is wrong.
func TestWrongAndNothingMoved(t *testing.T) {
	for _, wrong := range []bool{true, false} {
		s := good()
		s.entries = nil
		if !wrong {
			s.services, s.legacy, s.config.Problem = nil, web.Service{}, ""
		}
		_, page := get(t, as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()})), "/")
		changes := between(t, page, `<section id="changes"`, "</section>")
		if begins := strings.Contains(changes, "strangler shift"); begins == wrong || !strings.Contains(changes, "Nothing has moved yet") {
			t.Errorf("wrong: %t, and it says %s", wrong, changes)
		}
	}
}

// TestLongNameNeedsAPerson holds that a long name leaves room for what is the matter.
func TestLongNameNeedsAPerson(t *testing.T) {
	long := strings.Repeat("n", 199)
	for n, want := range map[int]string{1: "…: one open group", 2: "…: 2 open groups"} {
		groups := make([]web.Group, n)
		for i := range groups {
			groups[i] = web.Group{ID: "g", Route: long, State: "open", Title: "total", Count: 1}
		}
		needs := whatNeedsAPerson(nil, web.Stats{}, web.ConfigState{}, groups)
		if len(needs) != 1 || !strings.HasSuffix(needs[0].Title, want) || len(needs[0].Title) > 120 {
			t.Errorf("%d groups: %+v", n, needs)
		}
	}
}
