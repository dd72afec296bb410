package compare_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

// Bounds of one comparison, of which most take a tenth. A machine may be busy, and the race
// detector takes its time.
const (
	mostTime   = 2 * time.Second
	mostMemory = 256 << 20 // bytes allocated in all, freed or not
)

// TestAdversarial holds that no answer costs seconds, whatever it is, nor an unbounded list or
// memory.
func TestAdversarial(t *testing.T) {
	if testing.Short() {
		t.Skip("it costs what it bounds")
	}
	numbers := func(n int, f func(int) int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ",%d", f(i))
		}
		return "[" + b.String()[1:] + "]"
	}
	members := func(n int, f func(int) int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":%d`, f(i), i)
		}
		return "{" + b.String()[1:] + "}"
	}
	nested := func(depth int, inner string) string {
		return strings.Repeat("[", depth) + inner + strings.Repeat("]", depth)
	}
	up := func(i int) int { return i }
	pairs := func(depth int, inner string) string {
		return strings.Repeat("[0,", depth) + inner + strings.Repeat("]", depth)
	}
	repeated := func(n int, element, last string) string {
		return "[" + strings.Repeat(element+",", n) + last + "]"
	}
	unordered := rules{Unordered: []string{"", "/*", "/*/*"}}
	keyed := rules{Keyed: map[string]string{"": "id"}}
	near := rules{Tolerance: map[string]compare.Tolerance{"": {By: 1}, "/*": {By: 0.1, Relative: true}}}
	digits := strings.Repeat("9", 100_000)
	tolerant := rules{Unordered: []string{""}, Tolerance: map[string]compare.Tolerance{"/*": {By: 0.1}}}
	const many = 1 << 10
	for _, tt := range []struct {
		name            string
		legacy, service string
		rules           rules
		skip            bool
		most            int // differences
	}{
		{"1 MB of nested arrays", nested(500_000, "1"), nested(500_000, "2"), rules{}, true, 0},
		{"1 MB of nested objects", strings.Repeat(`{"a":`, 170_000) + "1" + strings.Repeat("}", 170_000), strings.Repeat(`{"a":`, 170_000) + "2" + strings.Repeat("}", 170_000), rules{}, true, 0},
		{"1 MB of nested arrays, never closed", strings.Repeat("[", 1<<20), strings.Repeat("[", 1<<20-1), rules{}, true, 0},
		{"as deep as is allowed", nested(999, "1"), nested(999, "2"), rules{}, false, 1},
		{"deep and wide", nested(900, numbers(20_000, up)), nested(900, numbers(20_000, func(i int) int { return i + i/19_999 })), rules{}, false, 1},
		{"deep and wide, where an order is looked for", pairs(900, numbers(20_000, up)), pairs(900, numbers(20_000, func(i int) int { return i + i/19_999 })), rules{}, true, 0},
		{"nested and never closed", strings.Repeat("[", 200_000), strings.Repeat("[", 200_001), rules{}, false, 1},
		{"100,000 numbers in another order", numbers(100_000, up), numbers(100_000, func(i int) int { return 99_999 - i }), rules{}, false, 1},
		{"100,000 numbers, all others", numbers(100_000, up), numbers(100_000, func(i int) int { return -1 - i }), rules{}, false, compare.MaxDifferences},
		{"all fit all by tolerance, but one too few", "[5," + numbers(20_000, func(int) int { return 1 })[1:], "[9," + numbers(20_000, func(int) int { return 2 })[1:], tolerant, true, 0},
		{"10,000 keys in another order", members(10_000, up), members(10_000, func(i int) int { return 9_999 - i }), rules{}, false, compare.MaxDifferences},
		{"200,000 strings in another order", strings.ReplaceAll(numbers(200_000, up), ",", `,"x",`), strings.ReplaceAll(numbers(200_000, func(i int) int { return 199_999 - i }), ",", `,"x",`), rules{}, true, 0},
		{"100,000 objects in another order, keyed", ids(100_000, false), ids(100_000, true), keyed, false, 0},
		{"100,000 objects in another order", ids(100_000, false), ids(100_000, true), rules{}, false, 1},
		{"100,000 elements with one sum, unordered", repeated(100_000, "7", "8"), repeated(100_000, "7", "9"), unordered, false, 2},
		{"100,000 elements with one key", repeated(50_000, `{"id":1}`, `{"id":1,"n":1}`), repeated(50_000, `{"id":1}`, `{"id":1,"n":2}`), keyed, false, 1},
		{"all the same but the order of two", "[2," + repeated(100_000, "1", "1")[1:], repeated(100_000, "1", "1,2"), rules{}, false, 1},
		{"unordered in unordered in unordered", repeated(180, repeated(180, "[1,2]", "[3]"), "[]"), repeated(180, repeated(180, "[2,1]", "[4]"), "[]"), unordered, false, compare.MaxDifferences},
		{"100,000 digits", digits + "1", digits + "2", rules{}, false, 1},
		{"100,000 digits, within a tolerance or not", digits + "1", digits + "2", near, false, 1},
		{"a thousand digits, two hundred times, within a tolerance", repeated(200, digits[:990]+"1", "1"), repeated(200, digits[:990]+"2", "1"), near, false, 0},
		{"a thousand digits, two thousand times, within a tolerance", repeated(2000, digits[:990]+"1", "1"), repeated(2000, digits[:990]+"2", "1"), near, true, 0},
		{"exponents without end", "[1e999999,-1e-999999]", "[1e999998,-1e-999998]", near, false, 2},
		{"exponents that are the same", "[1e999999]", "[10e999998]", rules{}, false, 0},
		{"a name ten thousand times", "{" + strings.Repeat(`"a":1,`, 10_000) + `"a":2}`, "{" + strings.Repeat(`"a":1,`, 10_000) + `"a":3}`, rules{}, false, 1},
		{"a name twice among 10,000", members(10_000, up), members(10_000, func(i int) int { return i % 9_999 }), rules{}, false, 1},
		{"names that differ at their end", strings.ReplaceAll(members(2_000, up), `"k`, `"`+digits[:1000]), strings.ReplaceAll(members(2_000, func(i int) int { return 1_999 - i }), `"k`, `"`+digits[:1000]), rules{}, false, compare.MaxDifferences},
		{"a string of 1 MB in escapes", `["` + strings.Repeat(`\u0061`, 170_000) + `"]`, `["` + strings.Repeat(`\u0061`, 170_000) + `b"]`, rules{}, false, 1},
		{"10,000 other keys", members(10_000, up), members(10_000, func(i int) int { return i + 10_000 }), rules{}, false, compare.MaxDifferences},
		{"strings of 1 MB", `["` + strings.Repeat("a", 1<<20) + `"]`, `["` + strings.Repeat("a", 1<<20-1) + `b"]`, rules{}, false, 1},
		{"a key of 1 MB", `{"` + strings.Repeat("~", 1<<20) + `":[1]}`, `{"` + strings.Repeat("~", 1<<20) + `":[2]}`, rules{}, false, 1},
		{"an exponent of 1 MB", "1e" + strings.Repeat("9", 1<<20), "2e" + strings.Repeat("9", 1<<20), rules{}, false, 1},
		{"too many values", numbers(300_000, up), numbers(300_001, up), rules{}, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, legacy, service := comparer(t, tt.rules), jsonAnswer(tt.legacy), jsonAnswer(tt.service)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			diffs, err := c.Compare(legacy, service)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if took > mostTime && !raceDetector {
				t.Errorf("took %v, the most is %v", took, mostTime)
			}
			memory := after.TotalAlloc - before.TotalAlloc
			if memory > mostMemory {
				t.Errorf("took %d MiB, the most is %d", memory>>20, mostMemory>>20)
			}
			t.Logf("%v, %d MiB, %d differences, %v", took, memory>>20, len(diffs), err)
			start = time.Now()
			compare.Suggest(legacy, service, diffs)
			for _, d := range diffs {
				compare.Guess(d)
			}
			if took := time.Since(start); took > mostTime && !raceDetector {
				t.Errorf("suggesting and guessing took %v, the most is %v", took, mostTime)
			}
			t.Logf("suggesting and guessing: %v", time.Since(start))
			skip, skipped := errors.AsType[*shadow.SkipError](err)
			if skipped != tt.skip || skipped && skip.Reason != shadow.SkipTooComplex {
				t.Fatalf("error is %v, want skipped as too complex: %t", err, tt.skip)
			}
			if len(diffs) > tt.most || !tt.skip && tt.most > 0 && len(diffs) == 0 {
				t.Errorf("got %d differences, want at most %d and, unless that is 0, some", len(diffs), tt.most)
			}
			for _, d := range diffs {
				if len(d.Pointer) > 3*many || len(d.Legacy) > many || len(d.Service) > many {
					t.Fatalf("unbounded: pointer %d, values %d and %d bytes", len(d.Pointer), len(d.Legacy), len(d.Service))
				}
				for _, v := range []json.RawMessage{d.Legacy, d.Service} {
					if v != nil && !json.Valid(v) {
						t.Fatalf("%.80q is not JSON", v)
					}
				}
			}
		})
	}
}

// ids writes n objects with an id each, in that order or the other.
func ids(n int, backwards bool) string {
	var b strings.Builder
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if backwards {
			i = n - 1 - i
		}
		fmt.Fprintf(&b, `{"id":%d}`, i)
	}
	return b.String() + "]"
}
