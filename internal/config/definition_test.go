package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiff(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	tests := []struct {
		name     string
		old, new map[string]json.RawMessage
		want     []Change
	}{
		{name: "nothing at all"},
		{
			name: "space, order of members and spelling of numbers kept apart from content",
			old:  map[string]json.RawMessage{"a": raw(`{"x":1,"y":{"z":[1, 2]}}`)},
			new:  map[string]json.RawMessage{"a": raw(`{ "y":{"z":[1,2]}, "x":1 }`)},
		},
		{
			name: "added and removed, by name",
			old:  map[string]json.RawMessage{"b": raw(`{}`)},
			new:  map[string]json.RawMessage{"a": raw(`{}`)},
			want: []Change{{Name: "a", Kind: "added"}, {Name: "b", Kind: "removed"}},
		},
		{
			name: "fields by pointer, lists whole",
			old:  map[string]json.RawMessage{"a": raw(`{"m":{"a/b":1,"l":[1,2]},"gone":true}`)},
			new:  map[string]json.RawMessage{"a": raw(`{"m":{"a/b":2,"l":[2,1]},"new":"x"}`)},
			want: []Change{{"a", "changed", []Field{
				{Pointer: "/gone", Old: raw(`true`)},
				{"/m/a~1b", raw(`1`), raw(`2`)},
				{"/m/l", raw(`[1,2]`), raw(`[2,1]`)},
				{Pointer: "/new", New: raw(`"x"`)},
			}}},
		},
		{
			name: "an object that becomes a list",
			old:  map[string]json.RawMessage{"a": raw(`{"m":{}}`)},
			new:  map[string]json.RawMessage{"a": raw(`{"m":[]}`)},
			want: []Change{{"a", "changed", []Field{{"/m", raw(`{}`), raw(`[]`)}}}},
		},
		{
			name: "null is a value, absence is none",
			old:  map[string]json.RawMessage{"a": raw(`{"m":null}`)},
			new:  map[string]json.RawMessage{"a": raw(`{}`)},
			want: []Change{{"a", "changed", []Field{{Pointer: "/m", Old: raw(`null`)}}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Diff(tt.old, tt.new)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDefinitions says which changes of a file are changes of a definition.
func TestDefinitions(t *testing.T) {
	const text = `legacy: {url: http://127.0.0.1:8000}
services:
  orders: {urls: [http://127.0.0.1:8101]}
routes:
  - name: orders
    match: {methods: [GET, HEAD], path: /orders}
    service: orders
    override: {secret: "0123456789abcdef"}
    shadow: {sample: 7%, compare: {ignore: [/a, /b]}}
  - name: report
    match: {path: /report}
    service: orders
    timeouts: {idle: 2m}
    breaker: {open: 1s}
`
	tests := []struct {
		name, old, new string
		pointers       []string
	}{
		{name: "order that means nothing", old: "[/a, /b]", new: "[/b, /a]"},
		{name: "order of methods", old: "[GET, HEAD]", new: "[HEAD, GET]"},
		{name: "a default written out", old: "7%", new: "7.00%"},
		{name: "no secret", old: "0123456789abcdef", new: "fedcba9876543210"},
		{name: "the sample", old: "7%", new: "8%", pointers: []string{"/sample"}},
		{name: "a rule", old: "[/a, /b]", new: "[/a]", pointers: []string{"/compare/ignore"}},
		{name: "no headers are not the default ones", old: "ignore: [/a, /b]", new: "ignore: [/a, /b], headers: []", pointers: []string{"/compare_headers"}},
		{name: "a time-out of its own", old: "service: orders", new: "service: orders\n    timeouts: {first_byte: 60s}", pointers: []string{"/timeouts"}},
		{name: "a time-out spelt otherwise", old: "idle: 2m", new: "idle: 120s"},
		{name: "one more time-out", old: "idle: 2m", new: "idle: 2m, request: 1h", pointers: []string{"/timeouts/request"}},
		{name: "a breaker that goes", old: "breaker: {open: 1s}", new: "breaker: off", pointers: []string{"/breaker"}},
		{name: "the service's policy is the service's", old: "8101]", new: "8101], retry: on, timeouts: {idle: 1s}"},
		{name: "path", old: "/orders}", new: "/order}", pointers: []string{"/match/path"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := definitions(t, text), definitions(t, strings.Replace(text, tt.old, tt.new, 1))
			var pointers []string
			for _, change := range Diff(before, after) {
				for _, field := range change.Fields {
					pointers = append(pointers, field.Pointer)
				}
			}
			if diff := cmp.Diff(tt.pointers, pointers); diff != "" {
				t.Errorf("changed fields (-want +got):\n%s", diff)
			}
			if strings.Contains(string(after["orders"]), "abcdef") {
				t.Errorf("a secret in %s", after["orders"])
			}
		})
	}
}

func definitions(t *testing.T, text string) map[string]json.RawMessage {
	t.Helper()
	file := filepath.Join(t.TempDir(), "strangler.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Definitions()
}

// TestInForce says what of an upstream is a change that a reload makes.
func TestInForce(t *testing.T) {
	const text = `legacy: {url: http://127.0.0.1:8000}
defaults: {timeouts: {idle: 1m}}
services:
  orders: {urls: [http://127.0.0.1:8101], retry: on, health: {path: /healthz}}
`
	for _, tt := range []struct {
		name, old, new string
		want           []string
	}{
		{name: "nothing", old: "x", new: "x"},
		{"defaults written out", "retry: on", "retry: {attempts: 2, budget: 20%}, transport: own, balance: round_robin, breaker: on, resolve: 10s", nil},
		{"a time that endpoints may no longer exceed", "retry: on", "retry: on, connections: {idle_timeout: 3s}",
			[]string{`/services/orders changed: /connections/idle_timeout: "3s, or as Keep-Alive says" → "3s"`}},
		{"the same where nobody asks endpoints", "retry: on", "retry: on, transport: standard",
			[]string{`/services/orders changed: /connections/idle_timeout: "3s, or as Keep-Alive says" → "3s", /transport: "own" → "standard"`}},
		{"an attempt more", "retry: on", "retry: {attempts: 3}", []string{"/services/orders changed: /retry/attempts: 2 → 3"}},
		{"a default of services", "idle: 1m", "idle: 90s", []string{`/services/orders changed: /timeouts/idle: "1m0s" → "1m30s"`}},
		{"a part off", "retry: on", "breaker: off, retry: on",
			[]string{`/services/orders changed: /breaker: {"failures":"50%","open":"5s","probes":3,"requests":20,"window":"10s"} → "off"`}},
		{"no more checks", "{path: /healthz}", "{}", []string{`/services/orders changed: /health/fall: 3 → nothing, /health/interval: "5s" → nothing, ` +
			`/health/path: "/healthz" → nothing, /health/rise: 2 → nothing, /health/status: "200-399" → nothing, /health/timeout: "2s" → nothing`}},
		{"legacy's", "8000}", "8000, balance: hash}", []string{`/legacy changed: /balance: "round_robin" → "hash"`}},
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
		})
	}
}

// TestTranslationKey says what identifies how a route translates: evidence begins anew where it changes.
func TestTranslationKey(t *testing.T) {
	const text = `legacy: {url: http://127.0.0.1:8000}
services:
  s: {urls: [http://127.0.0.1:8101]}
ids: {numbers: {legacy: {from: 7}}, others: {}}
sessions:
  shop: {cookie: SID, lookup: {url: /whoami}, cache: 30s, login: {url: /login, form: {password: hunter2}}}
translators:
  book:
    include: [stamp]
    fields: [{legacy: NO, service: id, ids: numbers}, {legacy: LINES, service: lines, each: line}]
    unknown: keep
  stamp: {fields: [{legacy: AT, generate: now}], unknown: keep}
  line: {fields: [{legacy: QTY, service: quantity}], unknown: keep}
  other: {fields: [{legacy: A, service: a}], unknown: keep}
routes:
  - {name: go, match: {path: /go}, service: s, translate: {with: bookshop-orders}}
  - {name: none, match: {path: /none}, service: s}
  - {name: book, match: {path: /book}, service: s, translate: {with: book, session: shop, path: {legacy: /book, service: /books}}}
`
	for _, tt := range []struct {
		name, old, new string
		changed        []string
	}{
		{name: "nothing", old: "x", new: "x"},
		{name: "another translator", old: "legacy: A,", new: "legacy: B,"},
		{name: "another table", old: "others: {}", new: "others: {service: uuid}"},
		{name: "how much a table holds", old: "{from: 7}", new: "{from: 7}, max: 99"},
		{name: "order of keys", old: "{legacy: QTY, service: quantity}", new: "{service: quantity, legacy: QTY}"},
		{name: "a password", old: "hunter2", new: "hunter3"},
		{"a field", "service: id", "service: number", []string{"book"}},
		{"a field of another translator that is used", "quantity", "count", []string{"book"}},
		{"a field that is included", "generate: now", "generate: random", []string{"book"}},
		{"how identifiers are made", "from: 7", "from: 8", []string{"book"}},
		{"a text that was a number", "{legacy: QTY, service: quantity}", "{legacy: QTY, service: quantity, values: {\"1\": one}}", []string{"book"}},
		{"the path", "service: /books", "service: /books/", []string{"book"}},
		{"the session", "url: /whoami", "url: /me", []string{"book"}},
		{"a translator in Go", "with: bookshop-orders", "with: bookshop-books", []string{"go"}},
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
			var keys, definitions []string
			old, now := before.Definitions(), after.Definitions()
			for i, r := range after.Routes {
				if r.Translate.Key() != before.Routes[i].Translate.Key() {
					keys = append(keys, r.Name)
				}
				if string(old[r.Name]) != string(now[r.Name]) {
					definitions = append(definitions, r.Name)
				}
				if strings.Contains(string(now[r.Name]), "hunter") {
					t.Errorf("a password in %s", now[r.Name])
				}
			}
			if diff := cmp.Diff(tt.changed, keys); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.changed, definitions); diff != "" {
				t.Errorf("definitions (-want +got):\n%s", diff)
			}
			if key := before.Routes[0].Translate.Key(); key != "bookshop-orders" {
				t.Errorf("of a translator in Go the key is %q, which evidence on record doesn't know", key)
			}
			if text := string(old["go"]); !strings.Contains(text, `"translate":"bookshop-orders"`) || strings.Contains(text, "translation") {
				t.Errorf("of a translator in Go the journal has another text than before: %s", text)
			}
			for _, in := range before.InForce() {
				if strings.Contains(string(in), "hunter") {
					t.Errorf("a password in %s", in)
				}
			}
		})
	}
}
