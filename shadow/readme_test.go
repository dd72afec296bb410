package shadow_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

// TestREADMERules holds the README's examples of rules against the real comparison.
func TestREADMERules(t *testing.T) {
	for name, test := range map[string]struct {
		rules           compare.Rules
		legacy, service string
		want            []string // patterns of the differences under the rules
	}{
		"ignore": {
			compare.Rules{Ignore: []string{"/updated_at", "/items/*/rev", "header:Cache-Control"}},
			`{"id": 7, "updated_at": "10:00:01"}`, `{"id": 7, "updated_at": "10:00:02"}`, nil},
		"unordered": {
			compare.Rules{Unordered: []string{"/tags"}},
			`{"tags": ["new", "sale"]}`, `{"tags": ["sale", "new"]}`, nil},
		"keyed": {
			compare.Rules{Keyed: map[string]string{"/items": "id"}},
			`{"items": [{"id": 1, "n": 2}, {"id": 5, "n": 1}]}`, `{"items": [{"id": 5, "n": 3}, {"id": 1, "n": 2}]}`, []string{"/items/*/n"}},
		"tolerance": {
			compare.Rules{Tolerance: map[string]compare.Tolerance{"/total": {By: 0.01}, "/rate": {By: 0.01, Relative: true}}},
			`{"total": 12.50, "rate": 200}`, `{"total": 12.49, "rate": 201}`, nil},
		"css": {
			compare.Rules{Only: []string{"css:#total", "css:.price"}, Ignore: []string{"css:#total small"}},
			`<p id="total">12 <small>now</small></p>`, `<div id="total">12</div>`, nil},
		"only": {
			compare.Rules{Only: []string{"status", "/id", "/total"}},
			`{"id": 7, "total": 1, "html": "<b>"}`, `{"id": 7, "total": 1, "html": "<strong>"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			patterns := func(rules compare.Rules) (found []string) {
				c, err := compare.New(rules)
				if err != nil {
					t.Fatal(err)
				}
				answer := func(body string) *shadow.Answer {
					media := "application/json"
					if body[0] == '<' {
						media = "text/html"
					}
					return &shadow.Answer{Status: 200, Header: http.Header{"Content-Type": {media}}, Body: []byte(body), Size: int64(len(body))}
				}
				list, err := c.Compare(answer(test.legacy), answer(test.service))
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range list {
					found = append(found, d.Pattern)
				}
				return found
			}
			if diff := cmp.Diff(test.want, patterns(test.rules)); diff != "" {
				t.Errorf("differences under the rule (-want +got):\n%s", diff)
			}
			if without := patterns(compare.Rules{}); cmp.Equal(test.want, without) {
				t.Errorf("without the rule it is the same: %v", without)
			}
		})
	}
}

// TestREADMENamesEverything looks for a row for each reason, verdict and kind.
func TestREADMENamesEverything(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	names := shadow.Reasons()
	for _, v := range shadow.Verdicts() {
		names = append(names, v.String())
	}
	for _, k := range shadow.Kinds() {
		names = append(names, string(k))
	}
	for _, name := range names {
		if !strings.Contains(string(readme), "\n| `"+name+"` |") {
			t.Errorf("README.md has no row for %q", name)
		}
	}
}
