package compare_test

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/strangler-fig/toolkit/shadow/compare"
)

// ruleSets are what FuzzRules compares under: each rule by itself, and what may come together.
var ruleSets = []rules{
	{},
	{Ignore: []string{"/a", "/*/b", "/l/*/c"}},
	{Ignore: []string{"/l/*", "/0", "/*/1"}},
	{Ignore: []string{"/a~1b", "/m~0n", "/"}},
	{Only: []string{"/a", "/l/*/b"}},
	{Only: []string{"/l"}, Ignore: []string{"/l/*/c", "/l/0"}},
	{Only: []string{"/l/*/0", "/*/b/1"}},
	{Unordered: []string{"/l", "", "/*/b"}},
	{Unordered: []string{"/l"}, Ignore: []string{"/l/*/c", "/l/0"}},
	{Unordered: []string{"/l", ""}, Only: []string{"/l/*/b", "/*/b/0", "/a"}},
	{Keyed: map[string]string{"/l": "id", "": "id"}},
	{Keyed: map[string]string{"/l": "id"}, Ignore: []string{"/l/*/c", "/l/*/id"}, Unordered: []string{"/l/*/t"}},
	{Keyed: map[string]string{"/l": "id"}, Only: []string{"/l/*/b"}},
	{Keyed: map[string]string{"/*": "id"}, Unordered: []string{"/l"}},
	{Unordered: []string{"/l"}, Keyed: map[string]string{"/l/*": "id"}, Ignore: []string{"/l/*/*/c"}},
	{Tolerance: map[string]compare.Tolerance{"/a": {By: 0.5}, "/l/*/b": {By: 0.1, Relative: true}}, Keyed: map[string]string{"/l": "id"}},
	{Tolerance: map[string]compare.Tolerance{"/*": {By: 1}, "/a": {By: 0.25}}, Ignore: []string{"/b"}},
}

// anyPlace is the token of an element whose position means nothing.
const anyPlace = "\x00"

// slow compares decoded values under rules, the slow and obvious way.
type slow struct {
	rules rules
}

// at reports whether one of the pointers names the place, or one below it.
func at(pointers []string, path []string) (here, below bool) {
	for _, text := range pointers {
		var tokens []string
		if text != "" {
			tokens = strings.Split(text[1:], "/")
		}
		if len(tokens) < len(path) {
			continue
		}
		fits := true
		for i, token := range path {
			plain := strings.ReplaceAll(strings.ReplaceAll(tokens[i], "~1", "/"), "~0", "~")
			fits = fits && (tokens[i] == "*" || plain == token)
		}
		here = here || fits && len(tokens) == len(path)
		below = below || fits && len(tokens) > len(path)
	}
	return here, below
}

// enter returns whether what lies at the place is compared whole, and whether anything there is.
func (s *slow) enter(path []string, inside bool) (whole, some bool) {
	if ignored, _ := at(s.rules.Ignore, path); ignored {
		return false, false
	}
	only, below := at(s.rules.Only, path)
	whole = inside || only
	return whole, whole || below
}

func (s *slow) counts(v any, path []string, inside bool) bool {
	whole, some := s.enter(path, inside)
	if whole || !some {
		return whole
	}
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			if s.counts(child, append(slices.Clone(path), name), false) {
				return true
			}
		}
	case []any:
		for i, child := range v {
			if s.counts(child, append(slices.Clone(path), strconv.Itoa(i)), false) {
				return true
			}
		}
	}
	return false
}

// same reports whether nothing that counts differs.
func (s *slow) same(a, b any, path []string, inside bool) bool {
	whole, some := s.enter(path, inside)
	if !some {
		return true
	}
	down := func(token string) []string { return append(slices.Clone(path), token) }
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		for name, v := range x {
			if other, both := y[name]; both && !s.same(v, other, down(name), whole) || !both && s.counts(v, down(name), whole) {
				return false
			}
		}
		for name, v := range y {
			if _, both := x[name]; !both && s.counts(v, down(name), whole) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok {
			break
		}
		if member, keyed := s.keyed(path); keyed {
			return s.paired(x, y, down(anyPlace), whole, func(v, w any) bool {
				p, okP := v.(map[string]any)
				q, okQ := w.(map[string]any)
				k, hasK := p[member]
				l, hasL := q[member]
				if okP && hasK && okQ && hasL {
					return oracle(k, l)
				}
				return !(okP && hasK) && !(okQ && hasL)
			}, true)
		}
		if unordered, _ := at(s.rules.Unordered, path); unordered {
			return s.paired(x, y, down(anyPlace), whole, func(v, w any) bool { return s.same(v, w, down(anyPlace), whole) }, false)
		}
		if len(x) != len(y) && whole {
			return false
		}
		begin, end, shorter := 0, 0, min(len(x), len(y))
		for len(x) != len(y) && begin < shorter && s.same(x[begin], y[begin], down(strconv.Itoa(begin)), whole) {
			begin++
		}
		for len(x) != len(y) && end < shorter-begin && s.same(x[len(x)-1-end], y[len(y)-1-end], down(anyPlace), whole) {
			end++
		}
		for i := begin; i < max(len(x), len(y))-end; i++ {
			place := down(strconv.Itoa(i))
			switch {
			case i >= len(y)-end:
				if s.counts(x[i], place, whole) {
					return false
				}
			case i >= len(x)-end:
				if s.counts(y[i], place, whole) {
					return false
				}
			case !s.same(x[i], y[i], place, whole):
				return false
			}
		}
		return true
	case json.Number:
		if y, ok := b.(json.Number); ok {
			return !whole || oracle(x, y) || s.tolerates(x, y, path)
		}
	default:
		switch b.(type) {
		case map[string]any, []any, json.Number:
		default:
			if sameType(a, b) {
				return !whole || a == b
			}
		}
	}
	return !s.counts(a, path, inside) && !s.counts(b, path, inside)
}

func sameType(a, b any) bool {
	switch a.(type) {
	case string:
		_, ok := b.(string)
		return ok
	case bool:
		_, ok := b.(bool)
		return ok
	}
	return b == nil
}

// paired pairs elements that belong together, each once; the same says that pairs have still to
// be compared.
func (s *slow) paired(x, y []any, path []string, inside bool, belong func(v, w any) bool, compare bool) bool {
	taken := make([]bool, len(y))
	for _, v := range x {
		found := false
		for j, w := range y {
			if !taken[j] && belong(v, w) {
				taken[j], found = true, true
				if compare && !s.same(v, w, path, inside) {
					return false
				}
				break
			}
		}
		if !found && s.counts(v, path, inside) {
			return false
		}
	}
	for j, w := range y {
		if !taken[j] && s.counts(w, path, inside) {
			return false
		}
	}
	return true
}

func (s *slow) keyed(path []string) (string, bool) {
	for pointer, member := range s.rules.Keyed {
		if here, _ := at([]string{pointer}, path); here {
			return member, true
		}
	}
	return "", false
}

func (s *slow) tolerates(a, b json.Number, path []string) bool {
	x, _ := new(big.Rat).SetString(a.String())
	y, _ := new(big.Rat).SetString(b.String())
	for pointer, t := range s.rules.Tolerance {
		if here, _ := at([]string{pointer}, path); !here {
			continue
		}
		bound, _ := new(big.Rat).SetString(strconv.FormatFloat(t.By, 'g', -1, 64))
		if t.Relative {
			larger := new(big.Rat).Abs(x)
			if other := new(big.Rat).Abs(y); other.Cmp(larger) > 0 {
				larger = other
			}
			bound.Mul(bound, larger)
		}
		if distance := new(big.Rat).Sub(x, y); distance.Abs(distance).Cmp(bound) <= 0 {
			return true
		}
	}
	return false
}

// FuzzRules compares under rules, and holds the verdict against the slow way's.
func FuzzRules(f *testing.F) {
	for i := range ruleSets {
		for _, pair := range [][2]string{
			{`{"a":1,"b":[1,2],"l":[{"id":1,"b":2,"c":3,"t":[1,2]},{"id":2,"b":[5,6]}]}`, `{"l":[{"id":2,"b":[6,5]},{"id":1.0,"c":4,"b":2.1,"t":[2,1]}],"b":[2,1],"a":1.25}`},
			{`[{"id":1,"b":[1]},{"b":2},3]`, `[3,{"b":2},{"id":1,"b":[1,2]}]`}, {`{"l":[1,2,3]}`, `{"l":[3,1]}`},
			{`{"a/b":1,"m~n":2,"":3}`, `{"a/b":2,"m~n":3}`}, {`{"l":[[{"id":1},{"id":2}],[]]}`, `{"l":[[],[{"id":2},{"id":1}]]}`},
			{`{"l":[{"b":"x"},5]}`, `{"l":[{"c":1},{"b":"x"}]}`}, {`{"l":[[1,2],[3]]}`, `{"l":[[3,4],[1]]}`},
		} {
			f.Add(pair[0], pair[1], uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, a, b string, set uint8) {
		if len(a) > 400 || len(b) > 400 || !jsontext.Value(a).IsValid() || !jsontext.Value(b).IsValid() {
			return
		}
		if longExponent.MatchString(a) || longExponent.MatchString(b) {
			return
		}
		holdRules(t, a, b, ruleSets[int(set)%len(ruleSets)])
	})
}

// holdRules compares two texts both ways around, and the slow way.
func holdRules(t *testing.T, a, b string, under rules) {
	t.Helper()
	c, s := comparer(t, under), slow{under}
	diffs, err := c.Compare(jsonAnswer(a), jsonAnswer(b))
	if err != nil {
		return
	}
	if same := s.same(decodeAny(t, []byte(a)), decodeAny(t, []byte(b)), nil, len(under.Only) == 0); same != (len(diffs) == 0) {
		t.Errorf("under %+v\n%s\n%s\nthe slow way says same: %t, got %v", under, a, b, same, lines(diffs))
	}
	holdPatterns(t, under, jsonAnswer(a), jsonAnswer(b), diffs)
	if back, err := c.Compare(jsonAnswer(b), jsonAnswer(a)); err != nil || (len(back) == 0) != (len(diffs) == 0) {
		t.Errorf("under %+v\n%s\n%s\ngot %v, and the other way around %v, %v", under, a, b, lines(diffs), lines(back), err)
	}
}

// TestRulesAgainstTheSlowWay makes up answers that the rules have something to say about.
func TestRulesAgainstTheSlowWay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	scalars := []string{"1", "1.0", "1.25", "2", "-0", "0", `"x"`, `"\u0078"`, `"1"`, "true", "false", "null", "[]", "{}"}
	names := []string{"a", "b", "c", "id", "l", "t", "a/b", "m~n", "", `\u0061\u0061`}
	var value func(depth int) string
	value = func(depth int) string {
		kind := random.IntN(6)
		if depth == 0 || kind == 0 {
			return scalars[random.IntN(len(scalars))]
		}
		var parts []string
		if kind < 4 {
			for _, i := range random.Perm(len(names))[:random.IntN(5)] {
				parts = append(parts, `"`+names[i]+`":`+value(depth-1))
			}
			return "{" + strings.Join(parts, ",") + "}"
		}
		for range random.IntN(4) {
			parts = append(parts, value(depth-1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	for range 1500 {
		// Lists of a few elements that are drawn twice from the same, so that some fit.
		var pool []string
		for range 4 {
			pool = append(pool, value(2))
		}
		list := func() string {
			var parts []string
			for range random.IntN(4) {
				parts = append(parts, pool[random.IntN(len(pool))])
			}
			return "[" + strings.Join(parts, ",") + "]"
		}
		shape := []func() string{
			list, func() string { return value(4) },
			func() string { return `{"l":` + list() + `,"a":` + scalars[random.IntN(6)] + `}` },
			func() string {
				return `{"a":{"b":` + list() + `},"b":` + list() + `,"l":[` + list() + `,` + list() + `]}`
			},
		}[random.IntN(4)]
		a, b := shape(), shape()
		for _, under := range ruleSets {
			holdRules(t, a, b, under)
		}
		if t.Failed() {
			return
		}
	}
}
