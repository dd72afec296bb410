package command

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The reference names every command and every flag there is.
func TestReadmeIsComplete(t *testing.T) {
	text := readme(t)
	for _, cmd := range everyCommand() {
		if !strings.Contains(text, "\n"+cmd.CommandPath()+" ") && cmd.Name() != "version" && cmd.Name() != "help" {
			t.Errorf("the README doesn't say how %s is used", cmd.CommandPath())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !regexp.MustCompile(`--` + f.Name + `\b`).MatchString(text) {
				t.Errorf("the README doesn't tell of %s --%s", cmd.CommandPath(), f.Name)
			}
		})
	}
}

// The services that the reference shows by themselves are good.
func TestReadmeUpstreamIsGood(t *testing.T) {
	_, rest, ok := strings.Cut(readme(t), "### Upstreams\n")
	_, rest, begun := strings.Cut(rest, "```yaml\n")
	example, _, ended := strings.Cut(rest, "```")
	if !ok || !begun || !ended {
		t.Fatal("the README shows no upstream")
	}
	example = regexp.MustCompile(`(?m)^    tls: .*\n`).ReplaceAllString(example, "") // its files aren't there
	file := filepath.Join(t.TempDir(), "strangler.yaml")
	if err := os.WriteFile(file, []byte("legacy: {url: http://a}\n"+example), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range cfg.Warnings {
		t.Errorf("the README's example: %s", warning)
	}
	if route := cfg.Routes[0]; route.Policy == nil || route.Policy.Bulkhead.InFlight != 4 || route.Policy.Retry.Attempts != 3 {
		t.Errorf("the route's policy is %+v", route.Policy)
	}
}

// The translators that the reference shows are good, and it says of which what is lost.
func TestReadmeTranslatorsAreGood(t *testing.T) {
	_, rest, ok := strings.Cut(readme(t), "### Translators\n")
	_, rest, begun := strings.Cut(rest, "```yaml\n")
	example, _, ended := strings.Cut(rest, "```")
	if !ok || !begun || !ended {
		t.Fatal("the README shows no translator")
	}
	file := filepath.Join(t.TempDir(), "strangler.yaml")
	if err := os.WriteFile(file, []byte("legacy: {url: http://a}\n"+example), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range cfg.Warnings {
		t.Errorf("the README's example: %s", warning)
	}
	if len(cfg.Translators) != 3 || !cfg.Routes[0].Translate.Declared() || len(cfg.Facades) != 1 {
		t.Errorf("read of it: %+v", cfg)
	}
}

// What the reference shows as the default of a rollout is what a route gets that says nothing.
func TestReadmeRolloutIsTheDefault(t *testing.T) {
	_, rest, ok := strings.Cut(readme(t), "`rollout: on` is all of this:\n\n```yaml\n")
	example, _, ended := strings.Cut(rest, "```")
	if !ok || !ended {
		t.Fatal("the README shows no rollout")
	}
	var plans [2]any
	for i, section := range []string{example, "    rollout: on\n"} {
		file := filepath.Join(t.TempDir(), "strangler.yaml")
		text := "legacy: {url: http://a}\nservices: {s: {urls: [http://s]}}\nroutes:\n  - name: r\n    match: {path: /r}\n    service: s\n" + section
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(file, config.Options{})
		if err != nil {
			t.Fatal(err)
		}
		plans[i] = cfg.Routes[0].Rollout
	}
	if diff := cmp.Diff(plans[0], plans[1]); diff != "" {
		t.Errorf("(-README +default):\n%s", diff)
	}
	for name, text := range map[string]string{
		"alpha": "| `5%` |", "run_length": fmt.Sprintf("| `%d` |", rollout.DefaultRunLength),
	} {
		if !regexp.MustCompile("(?m)^\\| `rollout." + name + "` .*" + regexp.QuoteMeta(text)).MatchString(readme(t)) {
			t.Errorf("the README doesn't say that %s is %s", name, text)
		}
	}
	if rollout.DefaultAlpha != 0.05 {
		t.Errorf("the README says that alpha is 5 %%, and it is %v", rollout.DefaultAlpha)
	}
}

// The file that the reference shows is good.
func TestReadmeExampleIsGood(t *testing.T) {
	_, rest, ok := strings.Cut(readme(t), "### A whole file\n\n```yaml\n")
	example, _, ended := strings.Cut(rest, "```")
	if !ok || !ended {
		t.Fatal("the README has no whole file")
	}
	file := filepath.Join(t.TempDir(), "strangler.yaml")
	if err := os.WriteFile(file, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(filepath.Dir(file), "routes.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "routes.d", "none.yaml"), []byte("routes: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, config.Options{Env: func(name string) (string, bool) { return "secret-of-" + name, true }})
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range cfg.Warnings {
		t.Errorf("the README's example: %s", warning)
	}
}

// Every key that a configuration knows is in the reference: the message for an unknown one
// lists them.
func TestReadmeHasEveryKey(t *testing.T) {
	text := readme(t)
	tests := []struct{ name, prefix, yaml string }{
		{"top level", "", "legacy: {url: http://a}\nzzzzzzzz: 1"},
		{"admin", "admin.", "legacy: {url: http://a}\nadmin: {zzzzzzzz: 1}"},
		{"shutdown", "shutdown.", "legacy: {url: http://a}\nshutdown: {zzzzzzzz: 1}"},
		{"legacy", "legacy.", "legacy: {url: http://a, zzzzzzzz: 1}"},
		{"a service", "services.NAME.", "legacy: {url: http://a}\nservices: {a: {urls: [http://a], zzzzzzzz: 1}}"},
		{"its connections", "services.NAME.connections.", "legacy: {url: http://a, connections: {zzzzzzzz: 1}}"},
		{"its TLS", "services.NAME.tls.", "legacy: {url: https://a, tls: {zzzzzzzz: 1}}"},
		{"its health", "services.NAME.health.", "legacy: {url: http://a, health: {zzzzzzzz: 1}}"},
		{"its time-outs", "services.NAME.timeouts.", "legacy: {url: http://a, timeouts: {zzzzzzzz: 1}}"},
		{"its retry", "services.NAME.retry.", "legacy: {url: http://a, retry: {zzzzzzzz: 1}}"},
		{"its breaker", "services.NAME.breaker.", "legacy: {url: http://a, breaker: {zzzzzzzz: 1}}"},
		{"its bulkhead", "services.NAME.bulkhead.", "legacy: {url: http://a, bulkhead: {zzzzzzzz: 1}}"},
		{"shadow", "shadow.", "legacy: {url: http://a}\nshadow: {zzzzzzzz: 1}"},
		{"ledger", "ledger.", "legacy: {url: http://a}\nledger: {zzzzzzzz: 1}"},
		{"defaults", "defaults.", "legacy: {url: http://a}\ndefaults: {zzzzzzzz: 1}"},
		{"a route", "", "legacy: {url: http://a}\nroutes: [{name: a, match: {path: /a}, zzzzzzzz: 1}]"},
		{"a route's match", "", "legacy: {url: http://a}\nroutes: [{name: a, match: {path: /a, zzzzzzzz: 1}}]"},
		{"a route's shadow", "shadow.", "legacy: {url: http://a}\nroutes: [{name: a, match: {path: /a}, shadow: {zzzzzzzz: 1}}]"},
		{"a route's rollout", "rollout.", "legacy: {url: http://a}\nroutes: [{name: a, match: {path: /a}, rollout: {zzzzzzzz: 1}}]"},
		{"its gates", "rollout.gates.", "legacy: {url: http://a}\nroutes: [{name: a, match: {path: /a}, rollout: {gates: {zzzzzzzz: 1}}}]"},
		{"all rollouts", "rollout.", "legacy: {url: http://a}\nrollout: {zzzzzzzz: 1}"},
		{"where a version is told", "services.NAME.version.", "legacy: {url: http://a}\nservices: {a: {urls: [http://a], version: {zzzzzzzz: 1}}}"},
		{"a route's comparison", "shadow.compare.", "legacy: {url: http://a}\nroutes: [{name: a, match: {path: /a}, shadow: {compare: {zzzzzzzz: 1}}}]"},
	}
	for _, one := range []struct{ name, prefix, yaml string }{
		{"a translator", "translators.NAME.", "translators: {a: {zzzzzzzz: 1}}"},
		{"a side of it", "", "translators: {a: {legacy: {format: csv, zzzzzzzz: 1}}}"},
		{"a field of it", "", "translators: {a: {fields: [{legacy: a, zzzzzzzz: 1}]}}"},
		{"a table of identifiers", "ids.NAME.", "ids: {a: {zzzzzzzz: 1}}"},
		{"a session", "sessions.NAME.", "sessions: {a: {zzzzzzzz: 1}}"},
		{"its lookup", "sessions.NAME.lookup.", "sessions: {a: {cookie: a, lookup: {zzzzzzzz: 1}}}"},
		{"its token", "sessions.NAME.issue.jwt.", "sessions: {a: {cookie: a, issue: {jwt: {zzzzzzzz: 1}}}}"},
		{"its account", "sessions.NAME.login.", "sessions: {a: {cookie: a, login: {zzzzzzzz: 1}}}"},
		{"its CSRF token", "sessions.NAME.csrf.", "sessions: {a: {cookie: a, csrf: {zzzzzzzz: 1}}}"},
		{"a facade", "facades.NAME.", "facades: {a: {zzzzzzzz: 1}}"},
		{"what a route translates", "translate.", "services: {s: {urls: [http://s]}}\nroutes: [{name: a, service: s, match: {path: /a}, translate: {zzzzzzzz: 1}}]"},
	} {
		one.yaml = "legacy: {url: http://a}\n" + one.yaml
		tests = append(tests, one)
	}
	known := regexp.MustCompile(`no key "zzzzzzzz" is known here; it is one of (.*)`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "strangler.yaml")
			if err := os.WriteFile(file, []byte(tt.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := config.Load(file, config.Options{})
			if err == nil {
				t.Fatal("a key that there isn't was accepted")
			}
			found := known.FindStringSubmatch(err.Error())
			if found == nil {
				t.Fatalf("no keys are listed in: %v", err)
			}
			for key := range strings.SplitSeq(found[1], ", ") {
				prefix := regexp.QuoteMeta(tt.prefix)
				if prefix == `legacy\.` {
					prefix = `(legacy|services\.NAME)\.` // which are alike
				}
				if !regexp.MustCompile("`" + prefix + regexp.QuoteMeta(key) + "(`|\\.)").MatchString(text) {
					t.Errorf("the README doesn't tell of %s%s", tt.prefix, key)
				}
			}
		})
	}
}
