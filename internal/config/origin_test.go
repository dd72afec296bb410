package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSettings(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("strangler.yaml", `legacy: {url: http://127.0.0.1:8000}
services:
  orders:
    urls: [http://127.0.0.1:8101]
    timeouts: {first_byte: 3s}
    bulkhead: off
shadow: {capture: shape}
retire_after: 45d
defaults:
  cohort: [cookie:sid]
  timeouts: {idle: 9s}
  rollout: {cooldown: 2h}
include: [routes.yaml]
`)
	write("routes.yaml", `routes:
  - name: orders-read
    match:
      methods: [GET]
      path: /orders/{id}
      headers: {X-Beta: "1"}
    service: orders
    unit: orders
    start: shadow
    override: {secret: "0123456789abcdef0123456789abcdef"}
    shadow:
      sample: 50%
      compare:
        keyed: {/items: id}
    timeouts:
      request: 5s
    rollout:
      steps: [shadow, 10%, live]
  - name: orders-list
    match: {path: /orders}
    service: orders
    unit: orders
    start: shadow
    shadow:
      # sample: 10%
    rollout: {gates: {divergence: 1%}}
  - {name: elsewhere, match: {path: /x}}
`)
	c, err := Load(filepath.Join(dir, "strangler.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := func(route string) map[string]string {
		all := map[string]string{}
		for _, s := range c.Settings(route) {
			place := ""
			if s.Pos.Line > 0 {
				place = fmt.Sprintf(" %s:%d", filepath.Base(s.Pos.File), s.Pos.Line)
			}
			if _, twice := all[s.Name]; twice {
				t.Errorf("%s: %s twice", route, s.Name)
			}
			all[s.Name] = string(s.Value) + " " + s.From + place
		}
		return all
	}
	tests := []struct {
		name, route string
		want        map[string]string // some of them
		absent      []string
	}{
		{"what a route says, and what it stands on", "orders-read", map[string]string{
			"match.path":                `"/orders/{id}" route routes.yaml:5`,
			"match.headers.X-Beta":      `"1" route routes.yaml:6`,
			"override.header":           `"X-Strangler-Side" program`,
			"shadow.sample":             `"50%" route routes.yaml:12`,
			"shadow.control":            `"10%" program`,
			"shadow.capture":            `"shape" file strangler.yaml:7`,
			"shadow.compare.keyed":      `{"/items":"id"} route routes.yaml:14`,
			"cohort":                    `["cookie:sid"] defaults strangler.yaml:10`,
			"timeouts.request":          `"5s" route routes.yaml:16`,
			"timeouts.first_byte":       `"3s" service strangler.yaml:5`,
			"timeouts.idle":             `"9s" defaults strangler.yaml:11`,
			"bulkhead":                  `"off" service strangler.yaml:6`,
			"rollout.steps":             `["shadow","10%","live"] route routes.yaml:18`,
			"rollout.cooldown":          `"2h" defaults strangler.yaml:12`,
			"rollout.gates.errors":      `"0.5pp" program`,
			"retire_after":              `"45d" file strangler.yaml:8`,
			"fallback":                  `"legacy" program`,
			"breaker.failures":          `"50%" program`,
			"shadow.second_call":        `"without_session" program`,
			"rollout.max_hold":          `"3d" program`,
			"start":                     `"shadow" route routes.yaml:9`,
			"unit":                      `"orders" route routes.yaml:8`,
			"rollout.gates.latency":     `"1.3x" program`,
			"rollout.gates.max_skipped": `"5%" program`,
		}, []string{"match.host", "override.secret"}},
		{"what another route of its unit says of their rollout", "orders-list", map[string]string{
			"match.methods":            `"all" program`,
			"rollout.steps":            `["shadow","10%","live"] unit routes.yaml:18`,
			"rollout.gates.divergence": `"1%" route routes.yaml:26`,
			"shadow.sample":            `"100%" program`,
			"timeouts.request":         `"0s" program`,
		}, nil},
		{"one without a service", "elsewhere", map[string]string{"match.path": `"/x" route routes.yaml:27`, "start": `"legacy" program`},
			[]string{"timeouts.request", "service", "rollout.steps"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := text(tt.route)
			some := map[string]string{}
			for name := range tt.want {
				some[name] = got[name]
			}
			if diff := cmp.Diff(tt.want, some); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, name := range tt.absent {
				if _, is := got[name]; is {
					t.Errorf("there is %s", name)
				}
			}
			for name, value := range got {
				if strings.Contains(value, "0123456789abcdef") {
					t.Errorf("%s has a secret: %s", name, value)
				}
			}
		})
	}
	if c.Settings("nope") != nil {
		t.Error("there are settings of no route")
	}
}
