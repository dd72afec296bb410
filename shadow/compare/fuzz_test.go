package compare_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

var longExponent = regexp.MustCompile(`[eE][+-]?\d{4}`)

// oracle compares decoded values the slow and obvious way.
func oracle(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, v := range a {
			if other, ok := b[name]; !ok || !oracle(v, other) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, oracle)
	case json.Number:
		b, ok := b.(json.Number)
		if !ok {
			return false
		}
		x, _ := new(big.Rat).SetString(a.String())
		y, _ := new(big.Rat).SetString(b.String())
		return x.Cmp(y) == 0
	}
	return a == b
}

func decodeAny(t *testing.T, text []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q is JSON to jsontext but not to encoding/json: %v", text, err)
	}
	return v
}

// places writes differences as "kind pointer pattern", sorted.
func places(diffs []shadow.Difference) []string {
	var all []string
	for _, d := range diffs {
		all = append(all, string(d.Kind)+" "+d.Pointer+" "+d.Pattern)
	}
	slices.Sort(all)
	return all
}

// swapped returns differences as they are the other way around.
func swapped(diffs []shadow.Difference) []shadow.Difference {
	diffs = slices.Clone(diffs)
	for i := range diffs {
		switch diffs[i].Kind {
		case shadow.KindMissing:
			diffs[i].Kind = shadow.KindExtra
		case shadow.KindExtra:
			diffs[i].Kind = shadow.KindMissing
		}
	}
	return diffs
}

// general reports whether a pattern is the pointer with * for some of its tokens.
func general(pattern, pointer string) bool {
	tokens, general := strings.Split(pointer, "/"), strings.Split(pattern, "/")
	return slices.EqualFunc(tokens, general, func(token, of string) bool { return of == token || of == compare.Wildcard })
}

// holdPatterns holds that patterns are those of their pointers, name the places as rules do, and
// that what is said about the differences doesn't depend on the moment.
func holdPatterns(t *testing.T, under rules, x, y *shadow.Answer, diffs []shadow.Difference) {
	t.Helper()
	ignored := under
	ignored.Ignore = slices.Clone(under.Ignore)
	for _, d := range diffs {
		if strings.HasSuffix(d.Pointer, "…") {
			return // too long to be named
		}
		if !general(d.Pattern, d.Pointer) {
			t.Errorf("pattern %q is not that of pointer %q", d.Pattern, d.Pointer)
		}
		ignored.Ignore = append(ignored.Ignore, d.Pattern)
		compare.Guess(d)
	}
	if len(diffs) == compare.MaxDifferences {
		return
	}
	left, err := comparer(t, ignored).Compare(x, y)
	if err == nil && len(left) > 0 {
		t.Errorf("under %+v\n%s\n%s\ngot %v; all ignored by their patterns, there is still %v", under, x.Body, y.Body, places(diffs), places(left))
	}
	suggested := compare.Suggest(x, y, diffs)
	if d := cmp.Diff(suggested, compare.Suggest(x, y, diffs)); d != "" {
		t.Errorf("suggested twice (-once +twice):\n%s", d)
	}
	for _, s := range suggested {
		if !slices.ContainsFunc(diffs, func(d shadow.Difference) bool { return strings.HasPrefix(d.Pattern, s.Pointer) }) {
			t.Errorf("suggested %+v, where nothing differs", s)
		}
	}
}

func FuzzCompareJSON(f *testing.F) {
	for _, pair := range [][2]string{
		{`{"a":[1,2.50,"\u00e9"],"b":null}`, `{"b":null,"a":[1.0,25e-1,"é"]}`},
		{`[1,2,3]`, `[3,2,1]`}, {`[[1,2],[3]]`, `[[2,1],[3],4]`}, {`{"a":1,"a":1}`, `{"a":1}`},
		{`{"1":{"a":1},"2":{},"3":[]}`, `{"1":{"a":2},"2":{},"4":[]}`}, {`{"a*":1,"*":[2]}`, `{"a*":2,"*":[3]}`}, {`{"a/b~c":[{"id":1},{"id":2}]}`, `{"a/b~c":[{"id":2}]}`},
		{`"\ud800"`, `"\ud800\udc00"`}, {`-0.0e-5`, `0`}, {`[true,false,null]`, `[false,true,{}]`},
	} {
		f.Add([]byte(pair[0]), []byte(pair[1]))
	}
	c := comparer(f, rules{})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a) > 1<<12 || len(b) > 1<<12 {
			return
		}
		x, y := jsonAnswer(string(a)), jsonAnswer(string(b))
		if diffs, err := c.Compare(x, jsonAnswer(string(a))); err != nil || len(diffs) > 0 {
			t.Fatalf("an answer differs from itself: %v, %v", lines(diffs), err)
		}
		diffs, err := c.Compare(x, y)
		back, errBack := c.Compare(y, x)
		if err != nil || errBack != nil {
			return
		}
		if d := cmp.Diff(places(diffs), places(swapped(back))); d != "" {
			t.Errorf("the other way around (-there +back):\n%s", d)
		}
		holdPatterns(t, rules{}, x, y, diffs)
		bytewise := len(diffs) == 1 && diffs[0].Kind == shadow.KindBody
		valid := jsontext.Value(a).IsValid() && jsontext.Value(b).IsValid()
		if !bytes.Equal(a, b) && bytewise == valid {
			t.Fatalf("compared by bytes: %t; jsontext calls both valid: %t", bytewise, valid)
		}
		if valid && !longExponent.Match(a) && !longExponent.Match(b) {
			if same := oracle(decodeAny(t, a), decodeAny(t, b)); same != (len(diffs) == 0) {
				t.Errorf("the oracle says same: %t, got %v", same, lines(diffs))
			}
		}
	})
}

func FuzzPointer(f *testing.F) {
	for _, s := range []string{"", "/", "/a~1b/~0/*", "status", "header:X-A", "header:", "a", "/~2", "trailer:X", "css:a > b, #c", "css:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := compare.ParsePointer(s)
		if err != nil {
			return
		}
		if p.String() != s {
			t.Errorf("%q became %q", s, p)
		}
		if _, err := compare.New(rules{Ignore: []string{s}}); err != nil {
			t.Errorf("%q is a pointer but no rule: %v", s, err)
		}
		if p.Body() == (s == "status" || strings.HasPrefix(s, "header:") || strings.HasPrefix(s, "trailer:") || strings.HasPrefix(s, "css:")) {
			t.Errorf("%q: Body is %t", s, p.Body())
		}
	})
}
