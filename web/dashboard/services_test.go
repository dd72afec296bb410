package dashboard

import (
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/web"
)

// TestServicesPage says what a person sees of upstreams, and that the overview sends them there.
func TestServicesPage(t *testing.T) {
	h := as(identity(web.RoleView), New(Config{System: good(), Logger: quiet()}))
	_, page := get(t, h, "/services")
	for _, want := range []string{
		`id="legacy"`, "127.0.0.1:8000", "98,765",
		"least_requests", "1234 at most", "17s", "/healthz", "every 6s", "good with 2xx",
		"127.0.0.1:8102", "check: status 503", "out</span>", "4,711",
		"the circuit breaker is open until", "opened 2 times", "the circuit breaker of route orders-list is half-open",
		"100 of 100", "7 waiting", "12 turned away", "1 connecting", "31 to the first byte", "2 in silence", "1,204", "8 over budget",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page doesn't say %q", want)
		}
	}
	legacy, _, _ := strings.Cut(page, `id="service-`)
	for _, absent := range []string{"Circuit breaker", "Ran out of time", "Sent again"} {
		if strings.Contains(legacy, absent) {
			t.Errorf("of legacy, which has none, the page says %q", absent)
		}
	}
	if _, overview := get(t, h, "/"); !strings.Contains(overview, "orders: endpoint 127.0.0.1:8102 is out") || !strings.Contains(overview, "And 3 more.") {
		t.Error("the overview doesn't tell of an endpoint that is out")
	}
}
