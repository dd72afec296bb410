package compare_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow/compare"
)

func TestRulesCheck(t *testing.T) {
	bad := rules{
		Ignore:    []string{"a", "/~2", "header:", "trailer:", "css:li:nope"},
		Only:      []string{"header:a b"},
		Unordered: []string{"status", "/t", "css:li"},
		Keyed:     map[string]string{"/t": "id", "/u": ""},
		Tolerance: map[string]compare.Tolerance{"/n": {By: -1}, "/o": {By: math.NaN()}},
		Headers:   []string{"X:"},
	}
	var got []string
	for _, problem := range bad.Check() {
		got = append(got, problem.Error())
	}
	want := []string{
		`headers: "X:": not a header's name: write the bare name, as in Content-Type`,
		`only: "header:a b": not a header's name: write header:Name, as in header:X-Request-Id`,
		`ignore: "a": names no place: write status, header:Name, trailer:Name, css:SELECTOR, or /a for a member of the body`,
		`ignore: "/~2": has a ~ that is neither ~0 nor ~1: write ~0 for a tilde, ~1 for a slash`,
		`ignore: "header:": not a header's name: write header:Name, as in header:X-Request-Id`,
		`ignore: "trailer:": not a trailer's name: write trailer:Name, as in trailer:Grpc-Status`,
		`ignore: "css:li:nope": not a CSS selector (unknown pseudoclass or pseudoelement :nope): write css:SELECTOR, as in css:#total or css:.price`,
		`unordered: "status": must point into the body, as in /items`,
		`unordered: "css:li": must point into the body, as in /items`,
		`keyed: "/t": is unordered too: an array is compared one way, so keep one of the two`,
		`keyed: "/u": names no member: write the one that tells elements apart, as in {/items: id}`,
		`tolerance: "/n": must be zero or a positive number, as in 0.01 or 1%`,
		`tolerance: "/o": must be zero or a positive number, as in 0.01 or 1%`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
	_, err := compare.New(bad)
	if e, ok := errors.AsType[*compare.RuleError](err); !ok || e.Rule != "headers" {
		t.Errorf("New returns %v, want a *RuleError first about headers", err)
	}
}
