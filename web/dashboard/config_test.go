package dashboard

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

func TestConfigPage(t *testing.T) {
	s := good()
	s.config = web.ConfigState{File: "/etc/strangler/strangler.yaml", LoadedAt: noon, Files: []string{"/etc/strangler/strangler.yaml", "/etc/strangler/routes.d"},
		Warnings: []string{"strangler.yaml:3:1: likely <b>a mistake</b>"}, NeedRestart: []string{"listen", "ledger"}, Definitions: map[string]json.RawMessage{"/trace": []byte("true"), "/services/orders": []byte("{}"), "/translators/order": []byte("{}")}}
	for _, r := range s.routes {
		start := strangler.Position{Phase: r.Phase, Weight: r.Weight}
		if r.Name == "orders-read" {
			start = strangler.At(strangler.PhaseShadow)
		}
		text, err := json.Marshal(map[string]any{"start": start})
		if err != nil {
			t.Fatal(err)
		}
		s.config.Definitions[r.Name] = text
	}
	_, body := get(t, as(identity(web.RoleView), New(Config{System: s, Logger: quiet()})), "/config")
	for _, want := range []string{"In effect after a restart only", "<code>listen</code>, <code>ledger</code>", "1 warning of the last load", "likely &lt;b&gt;", "/etc/strangler/routes.d",
		"strangler diff -c /etc/strangler/strangler.yaml", "<h3>Routes <small", "<h3>Services <small", "<h3>Translators <small", "<h3>Everything else <small", "<summary>orders</summary>",
		`<a href="/routes/orders-read">orders-read</a></th><td data-label="Starts at"><span class="pos p-shadow">shadow</span></td><td data-label="Stands at"><span class="pos p-canary">canary 25%</span>`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page doesn't say %q", want)
		}
	}
	if n := strings.Count(body, `data-label="Starts at"`); n != 1 {
		t.Errorf("%d routes are said to have moved", n)
	}
	s.routes = s.routes[:1]
	if _, body = get(t, as(identity(web.RoleView), New(Config{System: s, Logger: quiet()})), "/config"); !strings.Contains(body, "Every route stands where the file starts it") {
		t.Error("it doesn't say that nothing has moved")
	}
}

func TestServiceLatency(t *testing.T) {
	side := func(p50, p99 float64) web.SideStats { return web.SideStats{P50MS: p50, P99MS: p99} }
	for _, tt := range []struct {
		name  string
		sides []web.SideStats
		want  string
	}{
		{"nobody was answered", []web.SideStats{{}}, ""},
		{"one route", []web.SideStats{side(12, 80), {}}, "p50 12 ms, p99 up to 80 ms"},
		{"several", []web.SideStats{side(12, 80), side(3, 200)}, "p50 3.0 ms to 12 ms, p99 up to 200 ms"},
	} {
		if got := latencyText(tt.sides); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
