package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// TestRollout reads plans into what the proxy walks by.
func TestRollout(t *testing.T) {
	c, err := Load("testdata/rollout.yaml", testOptions())
	if err != nil {
		t.Fatal(err)
	}
	office, err := rollout.ParseWindow("Mon-Fri 09:00-16:00 Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	nights, err := rollout.ParseWindow("Mon,Wed 22:00-04:00 UTC")
	if err != nil {
		t.Fatal(err)
	}
	all := Rollout{rollout.Policy{Alpha: 0.025, RunLength: 2e6}, &office, "https://hooks.example.com/services/T0/B0/tok3n"}
	if diff := cmp.Diff(all, c.Rollout); diff != "" {
		t.Errorf("of all (-want +got):\n%s", diff)
	}
	usual := rollout.DefaultGates()
	usual.Latency.Limit = 1.5
	off := rollout.Gate{Off: true}
	for _, tt := range []struct {
		route string
		why   string
		want  *rollout.Plan
	}{
		{"all-of-it", "what a route says is what it gets", &rollout.Plan{
			Auto: true, Steps: []strangler.Position{strangler.At(strangler.PhaseShadow), strangler.Canary(100), strangler.Canary(1250), strangler.At(strangler.PhaseLive)},
			Hold: 10 * time.Minute, MaxHold: 36 * time.Hour, OnFail: rollout.FailHold, Cooldown: 90 * time.Second, Window: &nights, Distinct: time.Minute,
			Gates: rollout.Gates{Divergence: rollout.Gate{Limit: 0.001}, Errors: rollout.Gate{Limit: 0.005}, Latency: rollout.Gate{Limit: 1.3}},
			Webhooks: []rollout.Webhook{
				{URL: "https://hooks.example.com/services/T0/B0/tok3n", On: []rollout.Occasion{rollout.BeforePromote, rollout.AfterPromote}},
				{URL: "https://anna:pa55@ops.example.com/", On: []rollout.Occasion{rollout.OnRollback}},
			},
		}},
		{"defaults", "what it doesn't say is said by defaults, then by the program", &rollout.Plan{
			Auto: true, Steps: rollout.DefaultSteps(), Hold: 15 * time.Minute, MaxHold: rollout.DefaultMaxHold, Cooldown: rollout.DefaultCooldown, Window: &office, Gates: usual}},
		{"advised", "it may be open when others aren't", &rollout.Plan{
			Steps: rollout.DefaultSteps(), Hold: 15 * time.Minute, MaxHold: rollout.DefaultMaxHold, Cooldown: rollout.DefaultCooldown, Gates: usual}},
		{"off", "a word is enough to have none", nil},
		{"commented-out", "an empty section moves no traffic", nil},
		{"unit-read", "and each its own distinct", &rollout.Plan{
			Auto: true, Steps: rollout.DefaultSteps(), Hold: time.Minute, MaxHold: rollout.DefaultMaxHold, Cooldown: 2 * time.Hour, Window: &office, Distinct: 10 * time.Second,
			Gates: rollout.Gates{Divergence: rollout.Gate{Limit: 0.01}, Errors: usual.Errors, Latency: usual.Latency, MaxSkipped: usual.MaxSkipped}}},
		{"unit-write", "a unit's routes have one plan and gates of their own", &rollout.Plan{
			Auto: true, Steps: rollout.DefaultSteps(), Hold: time.Minute, MaxHold: rollout.DefaultMaxHold, Cooldown: 2 * time.Hour, Window: &office,
			Gates: rollout.Gates{Divergence: off, Errors: off, Latency: usual.Latency, MaxSkipped: off}}},
		{"unit-silent", "one that says nothing goes along", &rollout.Plan{
			Auto: true, Steps: rollout.DefaultSteps(), Hold: time.Minute, MaxHold: rollout.DefaultMaxHold, Cooldown: 2 * time.Hour, Window: &office, Gates: usual}},
		{"owned-read", "where one of a unit may not go back none does", &rollout.Plan{
			Auto: true, Steps: rollout.DefaultSteps(), Hold: 15 * time.Minute, MaxHold: rollout.DefaultMaxHold, Cooldown: rollout.DefaultCooldown, Window: &office,
			Gates: usual, OnFail: rollout.FailHold}},
		{"write", "shadow shows nothing of what is never copied", &rollout.Plan{
			Auto: true, Steps: rollout.DefaultSteps()[1:], Hold: 15 * time.Minute, MaxHold: rollout.DefaultMaxHold, Cooldown: rollout.DefaultCooldown, Window: &office,
			Gates: rollout.Gates{Divergence: off, Errors: usual.Errors, Latency: usual.Latency, MaxSkipped: off}}},
	} {
		t.Run(tt.route, func(t *testing.T) {
			for _, r := range c.Routes {
				if r.Name != tt.route {
					continue
				}
				if diff := cmp.Diff(tt.want, r.Rollout); diff != "" {
					t.Errorf("%s (-want +got):\n%s", tt.why, diff)
				}
				return
			}
			t.Error("there is no such route")
		})
	}
}

// TestRolloutDefinition says which changes of a rollout are changes that diff shows, and that no
// secret gets there.
func TestRolloutDefinition(t *testing.T) {
	const text = `legacy: {url: http://127.0.0.1:8000}
rollout: {window: Mon-Fri 09:00-16:00 Europe/Berlin, notify: https://hooks.example.com/tok3n}
defaults: {rollout: {cooldown: 2h}}
services:
  orders: {urls: [http://127.0.0.1:8101], version: {header: X-Version}}
routes:
  - name: orders
    match: {path: /orders}
    service: orders
    rollout: {hold: 10m, webhooks: [{url: https://hooks.example.com/tok3n, on: [rollback, after_promote]}]}
  - {name: other, match: {path: /other}, service: orders}
`
	for _, tt := range []struct {
		name, old, new string
		want           []string
	}{
		{"nothing", "x", "x", nil},
		{"spelt otherwise", "10m", "600s", nil},
		{"an order that means nothing", "[rollback, after_promote]", "[after_promote, rollback]", nil},
		{"a default written out", "hold: 10m", "hold: 10m, gates: {latency: 1.30x}, auto: true, steps: [shadow, 1%, 5%, 25%, 50%, live]", nil},
		{"a token", "tok3n, on", "n3kot, on", nil},
		{"a hold", "10m", "1d1h", []string{`orders changed: /rollout/hold: "10m" → "1d1h"`}},
		{"a gate", "hold: 10m", "hold: 10m, gates: {errors: off}", []string{`orders changed: /rollout/gates/errors: "0.5pp" → "off"`}},
		{"repeats", "hold: 10m", "hold: 10m, distinct: 1m", []string{`orders changed: /rollout/distinct: "off" → "1m"`}},
		{"a default", "2h", "3h", []string{`orders changed: /rollout/cooldown: "2h" → "3h"`}},
		{"a window of its own", "hold: 10m", "hold: 10m, window: always", []string{`orders changed: /rollout/window: nothing → "always"`}},
		{"the window of all", "16:00", "17:00",
			[]string{`/rollout changed: /window: "Mon-Fri 09:00-16:00 Europe/Berlin" → "Mon-Fri 09:00-17:00 Europe/Berlin"`}},
		{"who is told", "https://hooks.example.com/tok3n}", "https://ops.example.com/tok3n}",
			[]string{`/rollout changed: /notify: "https://hooks.example.com/…" → "https://ops.example.com/…"`}},
		{"what all may be wrong about", "{window", "{alpha: 1%, run_length: 5000, window",
			[]string{`/rollout changed: /alpha: "5%" → "1%", /run_length: 1000000 → 5000`}},
		{"where a version is told", "header: X-Version", "path: /version",
			[]string{`/services/orders changed: /version/header: "X-Version" → nothing, /version/path: nothing → "/version"`}},
		{"none any more", "rollout: {hold", "rollout: off\n  - {name: third, match: {path: /third}}\n# {hold",
			[]string{`orders changed: /rollout: {"auto":true,"cooldown":"2h","distinct":"off","gates":{"divergence":"0.1%","errors":"0.5pp","latency":"1.3x","max_skipped":"5%"},"hold":"10m",` +
				`"max_hold":"3d","on_fail":"rollback","steps":["shadow","1%","5%","25%","50%","live"],"webhooks":[{"on":["after_promote","rollback"],"url":"https://hooks.example.com/…"}]} → nothing`,
				"third added"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, err := load(t, text)
			if err != nil {
				t.Fatal(err)
			}
			after, err := load(t, strings.Replace(text, tt.old, tt.new, 1))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, change := range Diff(before.InForce(), after.InForce()) {
				got = append(got, change.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			for name, text := range after.InForce() {
				if strings.Contains(string(text), "tok3n") || strings.Contains(string(text), "n3kot") {
					t.Errorf("a secret in %s: %s", name, text)
				}
			}
		})
	}
}

// TestParseDefinitionWithRollout reads a definition that has a plan, as the journal keeps it.
func TestParseDefinitionWithRollout(t *testing.T) {
	c, err := Load("testdata/rollout.yaml", testOptions())
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseDefinition(c.Definitions()["all-of-it"])
	if err != nil || r.Name != "all-of-it" || r.Service != "orders" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDurationText(t *testing.T) {
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0s"}, {time.Millisecond, "1ms"}, {90 * time.Second, "1m30s"}, {10 * time.Minute, "10m"}, {time.Hour, "1h"},
		{time.Hour + time.Second, "1h0m1s"}, {24 * time.Hour, "1d"}, {36 * time.Hour, "1d12h"}, {24*time.Hour + 10*time.Second, "1d10s"},
	} {
		got := durationText(tt.d)
		if back, err := parseDuration(got); got != tt.want || err != nil || back != tt.d {
			t.Errorf("%s is %q, read as %s, %v; want %q", tt.d, got, back, err, tt.want)
		}
	}
}

// TestPlanTextOfWhatTakesItBack holds that a plan doesn't speak of broken gates where none can be broken.
func TestPlanTextOfWhatTakesItBack(t *testing.T) {
	off := rollout.Gate{Off: true}
	none := rollout.Gates{Divergence: off, Errors: off, Latency: off, MaxSkipped: off}
	skipped, errors := none, none
	skipped.MaxSkipped = rollout.Gate{Limit: 0.05}
	errors.Errors = rollout.Gate{Limit: 0.005}
	for _, tt := range []struct {
		name, unit string
		gates      rollout.Gates
		advised    bool
		want       string
	}{
		{"all are off", "", none, false, "; no gate asks for anything; nothing takes it back by itself"},
		{"what is skipped only holds it", "", skipped, false, "; wants at most 5% skipped; nothing takes it back by itself"},
		{"others of the unit may have some", "u", none, false, "; no gate asks for anything; none of its own gates takes the unit back"},
		{"one is on", "", errors, false, "; wants errors below 0.5pp; a broken gate rolls it back, and it rests 1h"},
		{"it is only advised", "", none, true, "; no gate asks for anything; only advised"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Route{Route: strangler.Route{Unit: tt.unit}, Rollout: &rollout.Plan{Auto: !tt.advised, Gates: tt.gates, Cooldown: time.Hour}}
			if got := r.PlanText(); !strings.HasSuffix(got, "on each"+tt.want) {
				t.Errorf("it says %q, want %q at the end", got, tt.want)
			}
		})
	}
}
