package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

var update = flag.Bool("update", false, "write the golden files")

// environment is what testdata may refer to.
var environment = map[string]string{
	"ANNA_TOKEN": "anna-0123456789abcdef", "BEN_TOKEN": "ben-0123456789abcdef",
	"OVERRIDE_SECRET": "override-0123456789abcdef", "EMPTY": "", "SHORT": "hunter2",
	"HOOK": "https://hooks.example.com/services/T0/B0/tok3n", "INJECTED": "orders\nlisten: :1", "GRACE": "45s", "SCHEME": "ftp", "PATTERN": "/api/{id",
}

func testOptions() Options {
	return Options{
		Env:         func(name string) (string, bool) { v, ok := environment[name]; return v, ok },
		Translators: []string{"bookshop-orders", "bookshop-books"},
	}
}

// golden compares text with a file, or writes it there.
func golden(t *testing.T, file string, text []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func files(t testing.TB, pattern string, least int) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) < least {
		t.Fatalf("%d files match %s, want at least %d (%v)", len(names), pattern, least, err)
	}
	return names
}

// TestLoad reads each good file of testdata and compares what comes out with the JSON beside it.
func TestLoad(t *testing.T) {
	for _, file := range files(t, "testdata/*.yaml", 50) {
		if strings.HasSuffix(file, ".bad.yaml") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			c, err := Load(file, testOptions())
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".json", show(t, c))
		})
	}
}

// show is a configuration as the golden files have it.
func show(t *testing.T, c *Config) []byte {
	t.Helper()
	shown := *c
	shown.Warnings = nil
	text := struct {
		*Config
		Legacy      any
		Services    map[string]any
		Routes      []any
		Definitions map[string]json.RawMessage
		Rollout     any      `json:",omitempty"` // where it isn't the default
		Plans       []string `json:",omitempty"`
		Translators any      `json:",omitempty"`
		Facades     any      `json:",omitempty"`
		Warnings    []string
	}{Config: &shown, Legacy: showUpstream(c.Legacy, upstream.Policy{}), Services: map[string]any{}, Definitions: c.Definitions()}
	for name, u := range c.Services {
		text.Services[name] = showUpstream(u, servicePolicy())
	}
	for _, r := range c.Routes {
		route := map[string]any{"name": r.Name, "pos": r.Pos.String(), "sample": r.Sample, "override": r.Override}
		if r.Policy != nil {
			route["policy"] = shownPolicy(*r.Policy)
		}
		if r.Translate != nil {
			route["translate"] = pruned(t, shownTranslation(r.Translate))
		}
		text.Routes = append(text.Routes, route)
	}
	if diff := cmp.Diff(defaults().Rollout, c.Rollout); diff != "" {
		text.Rollout = map[string]any{"read": c.Rollout, "shown": shownRollout(c.Rollout)}
	}
	text.Translators = pruned(t, c.Translators)
	if len(c.Facades) > 0 {
		text.Facades = pruned(t, shownFacades(c.Facades))
	}
	for _, r := range c.Routes {
		if plan := r.PlanText(); plan != "" {
			text.Plans = append(text.Plans, r.Name+": "+plan)
		}
	}
	for _, w := range c.Warnings {
		text.Warnings = append(text.Warnings, w.String())
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pruned returns the JSON of something without what says nothing in it: zero values, and the kinds of
// literals by their names.
func pruned(t *testing.T, of any) any {
	text, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	var all any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	all, _ = prune(all)
	return all
}

// shownTranslation is a translation without what has no JSON form.
func shownTranslation(of *Translation) any {
	x := of.Exchange
	return map[string]any{"Go": of.Go, "Request": of.Request, "Answer": of.Answer, "With": of.With, "Session": of.Session, "Exchange": map[string]any{
		"Method": x.Method, "Path": x.Path, "Params": x.Params, "DropQuery": x.DropQuery, "Links": x.Links, "Status": x.Status, "Headers": x.Headers, "Cookies": x.Cookies, "Buffer": x.Buffer,
	}}
}

func shownFacades(all []Facade) (shown []any) {
	for _, f := range all {
		routes := []any{}
		for _, r := range f.Routes {
			routes = append(routes, map[string]any{"Route": r.Route, "Translation": shownTranslation(r.Translation), "Pos": r.Pos.String()})
		}
		shown = append(shown, map[string]any{"Name": f.Name, "Listen": f.Listen, "Routes": routes, "Pos": f.Pos.String()})
	}
	return shown
}

func prune(of any) (any, bool) {
	switch of := of.(type) {
	case map[string]any:
		if kind, ok := of["Kind"].(float64); ok && of["Text"] != nil && len(of) == 2 {
			return strings.TrimSpace(document.Kind(kind).String() + " " + of["Text"].(string)), kind != 0
		}
		for name, value := range of {
			if value, ok := prune(value); ok {
				of[name] = value
			} else {
				delete(of, name)
			}
		}
		return of, len(of) > 0
	case []any:
		for i, value := range of {
			of[i], _ = prune(value)
		}
		return of, len(of) > 0
	}
	return of, of != nil && of != "" && of != false && of != float64(0)
}

// showUpstream leaves out what nobody said.
func showUpstream(u Upstream, usual upstream.Policy) any {
	shown := shownUpstream(u).(map[string]any)
	for name, text := range shownUpstream(newUpstream(usual)).(map[string]any) {
		if name != "urls" && name != "host" && cmp.Equal(shown[name], text) {
			delete(shown, name)
		}
	}
	return shown
}

// TestBad reads each bad file of testdata and compares the messages with the text beside it.
func TestBad(t *testing.T) {
	for _, file := range files(t, "testdata/*.bad.yaml", 35) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c, err := Load(file, testOptions())
			problems, ok := err.(Problems)
			if !ok || len(problems) == 0 {
				t.Fatalf("no problems but %v, and %v", err, c)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", []byte(problems.Error()+"\n"))
		})
	}
}

func TestLoadMissing(t *testing.T) {
	_, err := Load("testdata/nowhere.yaml", Options{})
	want := Problems{{File: "testdata/nowhere.yaml", Message: "open: no such file or directory; strangler init --legacy URL writes one to begin with"}}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestTemplate(t *testing.T) {
	for name, legacy := range map[string]string{
		"plain":           "http://127.0.0.1:8000",
		"path":            "https://shop.example.com/app",
		"what YAML reads": "http://[::1]:8000",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "strangler.yaml")
			if err := os.WriteFile(file, Template(legacy, Seen{}), 0o644); err != nil {
				t.Fatal(err)
			}
			c, err := Load(file, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Legacy.URLs[0].String(); got != legacy {
				t.Errorf("legacy is %s, want %s", got, legacy)
			}
			if len(c.Warnings) > 0 {
				t.Errorf("warnings: %v", c.Warnings)
			}
		})
	}
}

// TestTemplateExamples reads the template with all that is commented out, but for prose.
func TestTemplateExamples(t *testing.T) {
	var b strings.Builder
	for line := range strings.Lines(string(Template("http://127.0.0.1:8000", Seen{}))) {
		trimmed := strings.TrimLeft(line, " ")
		indent := line[:len(line)-len(trimmed)]
		for _, prefix := range []string{"# tls", "# trusted", "# hosts", "# tokens", "#   - {name", "# ops", "# shutdown", "# services:",
			"# health", "#   orders", "#     ", "# translators", "# sessions", "#   visitor", "# shadow", "#   max_body", "#   redact", "# ledger", "# defaults:", "#   cohort", "#   fallback", "# include", "# rollout", "#  "} {
			if strings.HasPrefix(trimmed, prefix) {
				line = indent + strings.TrimPrefix(strings.TrimPrefix(trimmed, "#"), " ")
			}
		}
		if !strings.HasPrefix(line, "tls") && !strings.HasPrefix(line, "  strangler ") {
			b.WriteString(line)
		}
	}
	file := filepath.Join(t.TempDir(), "strangler.yaml")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file, testOptions())
	if err != nil {
		t.Fatalf("%v in:\n%s", err, b.String())
	}
	if len(c.Routes) != 1 || len(c.Admin.Tokens) != 1 || len(c.Services) != 1 || len(c.TrustedProxies) != 1 || len(c.Shadow.Redact) != 2 ||
		c.Rollout.Window == nil || c.Routes[0].Rollout == nil || c.Services["orders"].Version.Header == "" || len(c.Translators) != 1 || len(c.Sessions) != 1 || c.Legacy.Health.Path == "" || !c.Routes[0].Translate.Declared() {
		t.Errorf("something is lost of:\n%s\nto:\n%+v", b.String(), c)
	}
}

func TestDefault(t *testing.T) {
	legacy := &url.URL{Scheme: "http", Host: "127.0.0.1:8000"}
	c := Default(legacy)
	if c.File != "" || c.Legacy.URLs[0] != legacy || c.Listen != ":8080" || c.Admin.Listen != "127.0.0.1:9900" || len(c.Routes) != 0 {
		t.Errorf("default: %+v", c)
	}
}

// TestLateFile says that a file that comes later is noticed: its folder is among the files.
func TestLateFile(t *testing.T) {
	c, err := Load("testdata/include.yaml", testOptions())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"testdata/include.yaml", "testdata/routes.d", "testdata/routes.d/a.yaml", "testdata/routes.d/b.yaml", "testdata/none.d"}
	if diff := cmp.Diff(want, c.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
