package daemon_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// TestMetrics scrapes as Prometheus does.
func TestMetrics(t *testing.T) {
	s := start(t, fmt.Sprintf(oneRoute, backend(t, "legacy", nil).URL, backend(t, "service", nil).URL)+"    start: shadow\n")
	for range 7 {
		s.get(t, "/orders/1")
	}
	s.get(t, "/elsewhere")
	eventually(t, "all are written", func() bool { return s.Stats().Ledger.Written == 7 })
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(s.metrics(t)))
	if err != nil {
		t.Fatal(err)
	}
	value := func(name string, labels ...string) float64 {
		t.Helper()
	metrics:
		for _, m := range families[name].GetMetric() {
			for i := 0; i < len(labels); i += 2 {
				found := false
				for _, l := range m.GetLabel() {
					found = found || l.GetName() == labels[i] && l.GetValue() == labels[i+1]
				}
				if !found {
					continue metrics
				}
			}
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
		t.Errorf("there is no %s %v", name, labels)
		return -1
	}
	for _, tt := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"strangler_requests_total", []string{"route", "orders-read", "side", "legacy"}, 7},
		{"strangler_requests_total", []string{"route", "orders-read", "side", "service"}, 0},
		{"strangler_requests_total", []string{"route", "", "side", "legacy"}, 1},
		{"strangler_request_duration_seconds", []string{"route", "orders-read", "side", "legacy"}, 7},
		{"strangler_comparisons_total", []string{"route", "orders-read", "verdict", "diverged"}, 7},
		{"strangler_comparisons_pending", []string{"route", "orders-read"}, 0},
		{"strangler_route_weight_percent", []string{"route", "orders-read", "phase", "shadow"}, 0},
		{"strangler_ledger_comparisons_total", []string{"outcome", "written"}, 7},
		{"strangler_ledger_comparisons_total", []string{"outcome", "dropped"}, 0},
		{"strangler_config_valid", nil, 1},
		{"strangler_rollbacks_pending", nil, 0},
		{"strangler_upstream_endpoint_requests_total", []string{"upstream", "legacy"}, 8},
		{"strangler_upstream_endpoint_failures_total", []string{"upstream", "legacy"}, 0},
		{"strangler_upstream_endpoint_requests_total", []string{"upstream", "orders"}, 0}, // copies are nobody's request
		{"strangler_upstream_endpoint_healthy", []string{"upstream", "orders"}, 1},
		{"strangler_upstream_breaker_state", []string{"upstream", "orders", "route", "", "state", "closed"}, 1},
		{"strangler_upstream_breaker_state", []string{"upstream", "orders", "route", "", "state", "open"}, 0},
		{"strangler_upstream_timeouts_total", []string{"upstream", "legacy", "route", "", "kind", "first_byte"}, 0},
	} {
		if got := value(tt.name, tt.labels...); got != tt.want {
			t.Errorf("%s %v is %g, want %g", tt.name, tt.labels, got, tt.want)
		}
	}
	if value("strangler_ledger_bytes") <= 0 || value("go_goroutines") <= 0 {
		t.Error("no size of the ledger, or nothing of the process")
	}
}
