package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// compiled returns the schema, which has to be one of its draft.
func compiled(t *testing.T, included bool) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema(included)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("strangler.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("strangler.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain is a YAML tree as an editor has it validated.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.DocumentNode:
		return plain(n.Content[0])
	case yaml.AliasNode:
		return plain(n.Alias)
	case yaml.MappingNode:
		all := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			all[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return all
	case yaml.SequenceNode:
		all := []any{}
		for _, one := range n.Content {
			all = append(all, plain(one))
		}
		return all
	}
	return plainYAML(n)
}

// tree reads a YAML file; false where it is none.
func tree(t *testing.T, file string) (any, bool) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var n yaml.Node
	if yaml.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &n) != nil || len(n.Content) == 0 {
		return nil, false
	}
	return plain(&n), true
}

// TestSchemaTakesGoodFiles validates every configuration that there is to be read.
func TestSchemaTakesGoodFiles(t *testing.T) {
	main, included := compiled(t, false), compiled(t, true)
	good := files(t, "../../examples/*/*strangler*.yaml", 1)
	for _, file := range files(t, "testdata/*.yaml", 50) {
		if !strings.HasSuffix(file, ".bad.yaml") {
			good = append(good, file)
		}
	}
	begin := filepath.Join(t.TempDir(), "strangler.yaml")
	if err := os.WriteFile(begin, Template("http://127.0.0.1:8000", Seen{Health: "/health"}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range append(good, begin) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			v, ok := tree(t, file)
			if !ok {
				t.Fatal("it is no YAML")
			}
			if err := main.Validate(v); err != nil {
				t.Errorf("%#v", err)
			}
			if c, err := Load(file, testOptions()); err == nil {
				for _, more := range c.Files {
					if strings.HasSuffix(more, ".yaml") && more != file {
						v, _ := tree(t, more)
						if err := included.Validate(v); err != nil {
							t.Errorf("%s: %#v", more, err)
						}
					}
				}
			}
		})
	}
	parts := regexp.MustCompile("(?s)\n```yaml\n(.*?)```").FindAllSubmatch(readReference(t), -1)
	if len(parts) < 6 {
		t.Fatalf("the reference has %d examples", len(parts))
	}
	for i, part := range parts {
		var n yaml.Node
		if err := yaml.Unmarshal(part[1], &n); err != nil {
			continue
		}
		v, ok := plain(&n).(map[string]any)
		if !ok || v["routes"] == nil && v["services"] == nil && v["sessions"] == nil && v["legacy"] == nil {
			continue // a part of a file
		}
		if v["legacy"] == nil {
			v["legacy"] = map[string]any{"url": "http://legacy.internal"}
		}
		if err := main.Validate(v); err != nil {
			t.Errorf("example %d of the reference: %#v\n%s", i, err, part[1])
		}
	}
}

func readReference(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../cmd/strangler/README.md")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// form is a message about a value's form, which a schema can see, as opposed to one about what it
// means beside others.
var form = regexp.MustCompile(`no key "|: this is (a (single value|mapping|list)|no address to listen on)|write a list|is not (a duration|a size|a percentage|true or false|a whole number|a number above)|is neither on nor off|has no unit; did you mean|is no limit such as| is missing$`)

// TestSchemaRefusesBadFiles holds it to the corpus of mistakes: one that has a mistake of form is none
// that the schema takes.
func TestSchemaRefusesBadFiles(t *testing.T) {
	main := compiled(t, false)
	seen := 0
	for _, file := range files(t, "testdata/*.bad.yaml", 40) {
		if strings.HasPrefix(filepath.Base(file), "alias-") {
			continue // there is no end to them
		}
		v, ok := tree(t, file)
		if !ok {
			continue
		}
		wrong, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		var found string
		for line := range strings.SplitSeq(string(wrong), "\n") {
			if form.MatchString(line) && strings.Contains(line, filepath.Base(file)+":") {
				found = line
				break
			}
		}
		if found == "" {
			continue
		}
		seen++
		if main.Validate(v) == nil {
			t.Errorf("the schema takes %s, in which is wrong: %s", file, found)
		}
	}
	if seen < 25 {
		t.Errorf("only %d files have a mistake of form", seen)
	}
}

// TestSchemaRefuses has one mistake each, so that no other hides that it isn't seen.
func TestSchemaRefuses(t *testing.T) {
	main := compiled(t, false)
	for _, text := range []string{
		"listen: 8080", "listen: http://a:1", "shutdown: {grace: 30}", "shutdown: {grace: 30 s}", "shutdown: {grace: -1s}", "debug_header: yes",
		"admin: {tokens: [{name: a, role: admin, token: 0123456789abcdef}]}", "admin: {tokens: [{name: a, role: view, token: short}]}",
		"ledger: {max_size: 2GB}", "ledger: {examples: 0}", "services: {legacy: {urls: [http://a]}}", "services: {a: {urls: []}}", "services: {a: {urls: http://a}}",
		"services: {a: {urls: [ftp://a]}}", "services: {a b: {urls: [http://a]}}", "services: {a: {urls: [http://a], retry: yes}}", "services: {a: {urls: [http://a], health: {status: 9xx}}}",
		"services: {a: {urls: [http://a], breaker: {failures: 0.5}}}", "services: {a: {urls: [http://a], version: {header: a, path: /a}}}",
		"routes: [{name: a}]", "routes: [{match: {path: /}}]", "routes: [{name: a, match: {path: a}}]", "routes: [{name: a, match: {path: /}, start: canary}]",
		"routes: [{name: a, match: {path: /}, start: 25}]", "routes: [{name: a, match: {path: /}, cohort: [sid]}]", "routes: [{name: a, match: {path: /}, rollout: {steps: [shadow]}}]",
		"routes: [{name: a, match: {path: /}, rollout: {gates: {errors: 1%}}}]", "routes: [{name: a, match: {path: /}, shadow: {sample: 50}}]",
		"routes: [{name: a, match: {path: /}, shadow: {compare: {ignore: [updated]}}}]", "routes: {a: {match: {path: /}}}", "trusted_proxies: 10.0.0.0/8",
		"translators: {a: {fields: [{number: {}}], unknown: keep}}", "rollout: {window: weekdays}", "retire_after: never",
	} {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte("legacy: {url: http://a}\n"+text), &n); err != nil {
			t.Fatal(err)
		}
		if main.Validate(plain(&n)) == nil {
			t.Errorf("the schema takes %s", text)
		}
	}
	for _, text := range []string{"legacy:", "legacy: {}", "legacy: {host: a}", "legacy: {url: http://a, urls: [http://a]}", "legacy: no", "listen: \":1\""} {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(text), &n); err != nil {
			t.Fatal(err)
		}
		if main.Validate(plain(&n)) == nil {
			t.Errorf("the schema takes %s", text)
		}
	}
}

// keysSeen is what a reader says of a key that there isn't.
var keysSeen = regexp.MustCompile(`no key "zzzzzzzz" is known here; it is one of (.*)`)

// TestSchemaKnowsEveryKey walks through all objects that readers and the schema know of: at each place
// both have the same keys, so that neither can be changed alone.
func TestSchemaKnowsEveryKey(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(Schema(false), &doc); err != nil {
		t.Fatal(err)
	}
	w := &schemaWalk{t: t, defs: doc["$defs"].(map[string]any)}
	w.walk("", "%s", map[string]any{"$ref": "#/$defs/main"}, 0)
	if w.objects < 100 || w.keys < 600 || w.words < 100 {
		t.Errorf("only %d objects with %d keys and %d choices were seen", w.objects, w.keys, w.words)
	}
	w.included(Schema(true))
}

type schemaWalk struct {
	t             *testing.T
	defs          map[string]any
	objects, keys int
	words         int // places that have a choice of them
}

// alternatives returns a schema and all that it may be, references followed.
func (w *schemaWalk) alternatives(s map[string]any) (all []map[string]any) {
	all = append(all, s)
	if name, ok := s["$ref"].(string); ok {
		def, ok := w.defs[strings.TrimPrefix(name, "#/$defs/")].(map[string]any)
		if !ok {
			w.t.Fatalf("nothing is %s", name)
		}
		all = append(all, w.alternatives(def)...)
	}
	if some, ok := s["anyOf"].([]any); ok {
		for _, one := range some {
			all = append(all, w.alternatives(one.(map[string]any))...)
		}
	}
	return all
}

// walk compares the keys that a place may have. at is YAML with that place in it; name is its path.
func (w *schemaWalk) walk(name, at string, s map[string]any, depth int) {
	if depth > 12 {
		w.t.Fatalf("%s is too deep", name)
	}
	properties, items, values := map[string]any{}, map[string]any(nil), map[string]any(nil)
	for _, one := range w.alternatives(s) {
		if some, ok := one["properties"].(map[string]any); ok {
			if one["additionalProperties"] != false && one["additionalProperties"] == nil {
				w.t.Errorf("%s: other keys aren't refused", name)
			}
			maps.Copy(properties, some)
		}
		if more, ok := one["items"].(map[string]any); ok {
			items = more
		}
		if more, ok := one["additionalProperties"].(map[string]any); ok && one["properties"] == nil {
			values = more
		}
	}
	var read []string
	if found := keysSeen.FindStringSubmatch(w.load(fmt.Sprintf(at, "{zzzzzzzz: 1}"))); found != nil {
		read = strings.Split(found[1], ", ")
		if values != nil {
			w.t.Errorf("%q takes any key by the schema, and reads %s", name, read)
		}
	}
	w.choices(name, at, s)
	if values == nil && !strings.HasSuffix(name, ".when.legacy") && !strings.HasSuffix(name, ".when.service") {
		if diff := cmp.Diff(read, slices.Sorted(maps.Keys(properties))); diff != "" {
			w.t.Errorf("keys of %q (-read +schema):\n%s", name, diff)
			return
		}
		if read != nil {
			w.objects++
			w.keys += len(read)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		beside := ""
		if key == "other" {
			beside = "values: {a: b}, " // which it goes with
		}
		w.walk(strings.TrimPrefix(name+"."+key, "."), fmt.Sprintf(at, "{"+beside+key+": %s}"), properties[key].(map[string]any), depth+1)
	}
	if items != nil {
		w.walk(name+"[]", fmt.Sprintf(at, "[%s]"), items, depth+1)
	}
	if values != nil {
		key := "n"
		if strings.HasSuffix(name, ".status") {
			key = "404"
		}
		w.walk(name+"."+key, fmt.Sprintf(at, "{"+key+": %s}"), values, depth+1)
	}
}

// choicesSeen is what a reader says of a word that is none of those it knows.
var choicesSeen = regexp.MustCompile(`"qqqqqqqq" is not ([A-Za-z0-9_.-]+(?:(?:, | or )[A-Za-z0-9_.-]+)*)(?:;|$)`)

// choices compares the words that a place may have.
func (w *schemaWalk) choices(name, at string, s map[string]any) {
	var words []string
	for _, one := range w.alternatives(s) {
		some, _ := one["enum"].([]any)
		for _, word := range some {
			if text, ok := word.(string); ok {
				words = append(words, text)
			}
		}
		if text, ok := one["const"].(string); ok {
			words = append(words, text)
		}
	}
	for line := range strings.SplitSeq(w.load(fmt.Sprintf(at, "qqqqqqqq")), "\n") {
		found := choicesSeen.FindStringSubmatch(line)
		if found == nil || !strings.Contains(line, " "+strings.ReplaceAll(name, "[]", "[0]")+": ") {
			continue
		}
		read := strings.Split(strings.ReplaceAll(found[1], " or ", ", "), ", ")
		slices.Sort(read)
		slices.Sort(words)
		w.words++
		if diff := cmp.Diff(read, words); diff != "" {
			w.t.Errorf("words of %q (-read +schema):\n%s", name, diff)
		}
	}
}

// load returns what is wrong with a file. What any file needs is added, but for what is looked at.
func (w *schemaWalk) load(text string) string {
	file := filepath.Join(w.t.TempDir(), "strangler.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if _, err := Load(file, Options{}); err != nil {
		return err.Error()
	}
	return ""
}

// included holds the keys of a file that another includes to what its reader knows.
func (w *schemaWalk) included(text []byte) {
	var doc struct {
		Ref  string `json:"$ref"`
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		w.t.Fatal(err)
	}
	known := doc.Defs[strings.TrimPrefix(doc.Ref, "#/$defs/")].Properties
	folder := w.t.TempDir()
	for name, content := range map[string]string{"strangler.yaml": "legacy: {url: http://a}\ninclude: [more.yaml]\n", "more.yaml": "zzzzzzzz: 1\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	for key := range w.defs["main"].(map[string]any)["properties"].(map[string]any) {
		if err := os.WriteFile(filepath.Join(folder, "more.yaml"), []byte(key+": {}\n"), 0o600); err != nil {
			w.t.Fatal(err)
		}
		_, err := Load(filepath.Join(folder, "strangler.yaml"), Options{})
		refused := err != nil && strings.Contains(err.Error(), "an included file has only")
		if _, is := known[key]; is == refused {
			w.t.Errorf("included: %s is in the schema: %t, refused by the reader: %t", key, is, refused)
		}
	}
}
