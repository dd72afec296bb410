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
