package compare_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

// TestAdversarial holds that no answer costs seconds, whatever it is, nor an unbounded list.
func TestAdversarial(t *testing.T) {
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
	tolerant := rules{Unordered: []string{""}, Tolerance: map[string]compare.Tolerance{"/*": {By: 0.1}}}
	const many = 1 << 10
	for _, tt := range []struct {
		name            string
		legacy, service string
		rules           rules
		skip            bool
		most            int // differences
	}{
		{"1 MB of nested arrays", nested(200_000>>1, "1"), nested(200_000>>1, "2"), rules{}, true, 0},
		{"as deep as is allowed", nested(999, "1"), nested(999, "2"), rules{}, false, 1},
		{"deep and wide", nested(900, numbers(20_000, up)), nested(900, numbers(20_000, func(i int) int { return i + i/19_999 })), rules{}, false, 1},
		{"deep and wide, where an order is looked for", pairs(900, numbers(20_000, up)), pairs(900, numbers(20_000, func(i int) int { return i + i/19_999 })), rules{}, true, 0},
		{"nested and never closed", strings.Repeat("[", 200_000), strings.Repeat("[", 200_001), rules{}, false, 1},
		{"100,000 numbers in another order", numbers(100_000, up), numbers(100_000, func(i int) int { return 99_999 - i }), rules{}, false, 1},
		{"100,000 numbers, all others", numbers(100_000, up), numbers(100_000, func(i int) int { return -1 - i }), rules{}, false, compare.MaxDifferences},
		{"all fit all by tolerance, but one too few", "[5," + numbers(20_000, func(int) int { return 1 })[1:], "[9," + numbers(20_000, func(int) int { return 2 })[1:], tolerant, true, 0},
		{"10,000 keys in another order", members(10_000, up), members(10_000, func(i int) int { return 9_999 - i }), rules{}, false, compare.MaxDifferences},
		{"10,000 other keys", members(10_000, up), members(10_000, func(i int) int { return i + 10_000 }), rules{}, false, compare.MaxDifferences},
		{"strings of 1 MB", `["` + strings.Repeat("a", 1<<20) + `"]`, `["` + strings.Repeat("a", 1<<20-1) + `b"]`, rules{}, false, 1},
		{"a key of 1 MB", `{"` + strings.Repeat("~", 1<<20) + `":[1]}`, `{"` + strings.Repeat("~", 1<<20) + `":[2]}`, rules{}, false, 1},
		{"an exponent of 1 MB", "1e" + strings.Repeat("9", 1<<20), "2e" + strings.Repeat("9", 1<<20), rules{}, false, 1},
		{"too many values", numbers(300_000, up), numbers(300_001, up), rules{}, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			diffs, err := comparer(t, tt.rules).Compare(jsonAnswer(tt.legacy), jsonAnswer(tt.service))
			if took := time.Since(start); took > 5*time.Second { // a tenth of it on a quiet machine
				t.Errorf("took %v", took)
			}
			skip, skipped := errors.AsType[*shadow.SkipError](err)
			if skipped != tt.skip || skipped && skip.Reason != shadow.SkipTooComplex {
				t.Fatalf("error is %v, want skipped as too complex: %t", err, tt.skip)
			}
			if len(diffs) > tt.most || !tt.skip && len(diffs) == 0 {
				t.Errorf("got %d differences, want 1 to %d", len(diffs), tt.most)
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
