package shadow_test

import (
	"context"
	"math"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strangler-fig/toolkit/shadow"
)

// try runs one call whose sides return two values, and returns what was recorded of it.
func try[T any](t *testing.T, c shadow.ExperimentConfig[T], legacy, service T) shadow.Comparison {
	t.Helper()
	kept := new(memory)
	c.Recorder = kept
	e := experiment(t, c)
	e.Run(t.Context(), func(context.Context) (T, error) { return legacy, nil }, func(context.Context) (T, error) { return service, nil })
	finish(t, e)
	return kept.all()[0]
}

type base struct{ Version int }
type node struct {
	Value int
	Next  *node
}

func TestExperimentPlaces(t *testing.T) {
	one, two := 1, 2
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name, why       string
		legacy, service any
		want            []shadow.Difference
	}{
		{"scalars", "the whole", 1, 2, []shadow.Difference{{Kind: "value", Legacy: []byte("1"), Service: []byte("2")}}},
		{"types", "of an interface", 1, "1", []shadow.Difference{{Kind: "type", Legacy: []byte("1"), Service: []byte(`"1"`)}}},
		{"nil", "against a pointer", (*int)(nil), &two, []shadow.Difference{{Kind: "type", Legacy: []byte("null"), Service: []byte("2")}}},
		{"pointers", "are followed", &one, &two, []shadow.Difference{{Kind: "value", Legacy: []byte("1"), Service: []byte("2")}}},
		{"map", "its keys are data", map[string]int{"a/b": 1, "c": 1}, map[string]int{"a/b": 2, "c": 1},
			[]shadow.Difference{{Pointer: "/a~1b", Pattern: "/*", Kind: "value", Legacy: []byte("1"), Service: []byte("2")}}},
		{"map by numbers", "as JSON writes the key", map[int]bool{7: true}, map[int]bool{},
			[]shadow.Difference{{Pointer: "/7", Pattern: "/*", Kind: "missing", Legacy: []byte("true")}}},
		{"decoded JSON", "its keys are names", map[string]any{"total": 1.0}, map[string]any{"total": 2.0},
			[]shadow.Difference{{Pointer: "/total", Pattern: "/total", Kind: "value", Legacy: []byte("1"), Service: []byte("2")}}},
		{"embedded", "its fields stand in the outer object", struct{ base }{base{1}}, struct{ base }{base{2}},
			[]shadow.Difference{{Pointer: "/Version", Pattern: "/Version", Kind: "value", Legacy: []byte("1"), Service: []byte("2")}}},
		{"bytes", "are one place, as in JSON", []byte("fig"), []byte("bog"),
			[]shadow.Difference{{Kind: "value", Legacy: []byte(`"Zmln"`), Service: []byte(`"Ym9n"`)}}},
		{"inserted", "an element more", []string{"a", "c"}, []string{"a", "b", "c"},
			[]shadow.Difference{{Pointer: "/1", Pattern: "/*", Kind: "extra", Service: []byte(`"b"`)}}},
		{"times", "the same moment is the same", noon, noon.In(time.FixedZone("", 3600)), nil},
		{"other times", "one place", noon, noon.Add(time.Second),
			[]shadow.Difference{{Kind: "value", Legacy: []byte(`"2026-11-28T12:00:00Z"`), Service: []byte(`"2026-11-28T12:00:01Z"`)}}},
		{"what writes itself", "is one place, not its inside", []*big.Int{big.NewInt(1)}, []*big.Int{big.NewInt(2)},
			[]shadow.Difference{{Pointer: "/0", Pattern: "/*", Kind: "value", Legacy: []byte("1"), Service: []byte("2")}}},
		{"not JSON", "says so", struct{ F float64 }{1}, struct{ F float64 }{math.NaN()},
			[]shadow.Difference{{Pointer: "/F", Pattern: "/F", Kind: "value", Legacy: []byte("1"), Service: []byte(`"?"`)}}},
		{"locks", "are values like any other", struct{ M *sync.Mutex }{new(sync.Mutex)}, struct{ M *sync.Mutex }{new(sync.Mutex)}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := try(t, shadow.ExperimentConfig[any]{}, test.legacy, test.service)
			got := c.Differences
			for i := range got { // the sentence is the library's
				if len(got[i].Service) > 60 && got[i].Service[0] == '"' {
					got[i].Service = []byte(`"?"`)
				}
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.why, diff)
			}
		})
	}
}

// Whatever the value, the program goes on and the comparison ends.
func TestExperimentBounds(t *testing.T) {
	list := func(n, last int) *node {
		head := &node{Value: last}
		for range n {
			head = &node{Next: head}
		}
		return head
	}
	ring := func(v int) *node {
		n := &node{Value: v}
		n.Next = n
		return n
	}
	type pair struct{ L, R any }
	dag := func(leaf int) any { // 2^40 leaves in 40 objects
		var v any = leaf
		for range 40 {
			v = &pair{v, v}
		}
		return v
	}
	self := map[string]any{}
	self["self"] = self
	large := make([]int, 1<<20)
	other := make([]int, 1<<20)
	for i := range other {
		other[i] = i + 1
	}
	for _, test := range []struct {
		name            string
		legacy, service any
		verdict         shadow.Verdict
		reason          string
	}{
		{"a list too deep to look to its end", list(1<<20, 1), list(1<<20, 2), shadow.Skipped, shadow.SkipTooComplex},
		{"a deep list that differs at its head", &node{1, list(1<<20, 1)}, &node{2, list(1<<20, 1)}, shadow.Diverged, ""},
		{"rings", ring(1), ring(1), shadow.Match, ""},
		{"rings that differ", ring(1), ring(2), shadow.Diverged, ""},
		{"maps in themselves", self, map[string]any{"self": 1}, shadow.Diverged, ""},
		{"more ways than atoms", dag(1), dag(1), shadow.Skipped, shadow.SkipTooComplex},
		{"twenty thousand numbers", large[:20_000], other[:20_000], shadow.Diverged, ""},
		{"a million numbers", large, other, shadow.Skipped, shadow.SkipTooComplex},
		{"NaN as a key", map[float64]int{math.NaN(): 1}, map[float64]int{math.NaN(): 1}, shadow.Failed, shadow.FailInternal},
		{"functions", func() {}, func() {}, shadow.Diverged, ""},
		{"channels", make(chan int), make(chan int), shadow.Diverged, ""},
		{"nothing", nil, nil, shadow.Match, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			began := time.Now()
			c := try(t, shadow.ExperimentConfig[any]{}, test.legacy, test.service)
			if c.Verdict != test.verdict || c.Reason != test.reason {
				t.Errorf("%s %q %s, want %s %q", c.Verdict, c.Reason, c.Detail, test.verdict, test.reason)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			size := 0
			for _, d := range c.Differences {
				size += len(d.Legacy) + len(d.Service) + len(d.Pointer)
			}
			if len(c.Differences) > 100 || size > 100*7<<10 || c.Verdict == shadow.Diverged && len(c.Legacy.Body) > 1<<20 {
				t.Errorf("%d differences of %d bytes, a body of %d", len(c.Differences), size, len(c.Legacy.Body))
			}
			t.Logf("%s, %d differences and %d more, %d bytes, in %s", c.Verdict, len(c.Differences), c.More, size, time.Since(began))
		})
	}
}
