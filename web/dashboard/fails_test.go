package dashboard

import (
	"slices"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/web"
)

// TestServiceFailsNow has services that failed long ago, and just now after years of good answers: only what
// goes on needs a person.
func TestServiceFailsNow(t *testing.T) {
	for name, c := range map[string]struct {
		service, legacy web.SideStats
		told            string // empty: nothing is
	}{
		"long ago":                    {service: web.SideStats{Requests: 2703, Failures: 2500, RecentRequests: 200}},
		"now, after ten million":      {service: web.SideStats{Requests: 10_000_000, Failures: 900, RecentRequests: 2000, RecentFailures: 900}, told: "900 of its 2,000 requests of the last ten minutes failed (45%)"},
		"as legacy does":              {service: web.SideStats{RecentRequests: 200, RecentFailures: 20}, legacy: web.SideStats{RecentRequests: 200, RecentFailures: 20}},
		"too few to say":              {service: web.SideStats{RecentRequests: 19, RecentFailures: 19}},
		"legacy did so once, not now": {service: web.SideStats{RecentRequests: 200, RecentFailures: 20}, legacy: web.SideStats{Requests: 300, Failures: 300, RecentRequests: 200}, told: "legacy's: 0%"},
	} {
		t.Run(name, func(t *testing.T) {
			row := routeRow{Route: web.Route{Name: "orders"}, Stats: web.RouteStats{Route: "orders", Legacy: c.legacy, Service: c.service}}
			all := whatNeedsAPerson([]routeRow{row}, web.Stats{}, web.ConfigState{}, nil)
			i := slices.IndexFunc(all, func(a attention) bool { return strings.Contains(a.Title, "the service fails") })
			switch {
			case c.told == "" && i >= 0:
				t.Errorf("it is said: %+v", all[i])
			case c.told != "" && (i < 0 || !all[i].Urgent || !strings.Contains(all[i].Detail, c.told)):
				t.Errorf("%+v; want %s", all, c.told)
			}
		})
	}
}
