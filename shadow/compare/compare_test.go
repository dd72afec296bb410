package compare_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

func answer(body string, header ...string) *shadow.Answer {
	a := &shadow.Answer{Status: 200, Header: http.Header{}, Body: []byte(body), Size: int64(len(body))}
	for i := 0; i < len(header); i += 2 {
		a.Header.Add(header[i], header[i+1])
	}
	return a
}

func jsonAnswer(body string) *shadow.Answer { return answer(body, "Content-Type", "application/json") }

func comparer(t testing.TB, rules compare.Rules) *compare.Comparer {
	t.Helper()
	c, err := compare.New(rules)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// lines writes differences as "kind pointer".
func lines(diffs []shadow.Difference) []string {
	var all []string
	for _, d := range diffs {
		all = append(all, string(d.Kind)+" "+d.Pointer)
	}
	return all
}

type rules = compare.Rules

func TestCompareJSON(t *testing.T) {
	tolerance := func(at string, by float64) rules {
		return rules{Tolerance: map[string]compare.Tolerance{at: {By: by}}}
	}
	relative := func(at string, by float64) rules {
		return rules{Tolerance: map[string]compare.Tolerance{at: {By: by, Relative: true}}}
	}
	keyed := rules{Keyed: map[string]string{"/i": "id"}}
	unordered := rules{Unordered: []string{"/t"}}
	for _, tt := range []struct {
		name            string
		legacy, service string
		rules           rules
		want            []string
	}{
		// Numbers
		{"integers that a float64 can't tell apart", `9007199254740993`, `9007199254740992`, rules{}, []string{"value "}},
		{"a zero after the point", `[1]`, `[1.0]`, rules{}, nil},
		{"an exponent of zero", `[1]`, `[1e0]`, rules{}, nil},
		{"a negative exponent", `[1]`, `[10e-1]`, rules{}, nil},
		{"a capital exponent with plus", `[100]`, `[1E+2]`, rules{}, nil},
		{"a fraction and its exponent", `[0.00125]`, `[1.25e-3]`, rules{}, nil},
		{"minus zero is zero", `[0]`, `[-0]`, rules{}, nil},
		{"zero whatever its exponent", `[0]`, `[0e99999999999999999999]`, rules{}, nil},
		{"sign", `[1]`, `[-1]`, rules{}, []string{"value /0"}},
		{"beyond float64, the same", `[1e400]`, `[10e399]`, rules{}, nil},
		{"beyond float64, not the same", `[1e400]`, `[1e401]`, rules{}, []string{"value /0"}},
		{"beyond int64, the same", `[1e99999999999999999999]`, `[1.0e99999999999999999999]`, rules{}, nil},
		{"beyond int64, not the same", `[1e99999999999999999999]`, `[1e99999999999999999998]`, rules{}, []string{"value /0"}},
		{"the last of many decimals", `[0.1000000000000000000000001]`, `[0.1]`, rules{}, []string{"value /0"}},

		// Strings and other scalars
		{"an escape is the character", `["\u0041\/"]`, `["A/"]`, rules{}, nil},
		{"a surrogate pair is the character", `["\ud83d\ude00"]`, `["😀"]`, rules{}, nil},
		{"an escaped name is the name", `{"\u0061":1}`, `{"a":1}`, rules{}, nil},
		{"case of a string", `{"a":"X"}`, `{"a":"x"}`, rules{}, []string{"value /a"}},
		{"composed and decomposed are not the same", `["é"]`, `["e\u0301"]`, rules{}, []string{"value /0"}},
		{"null is a type of its own", `{"a":null}`, `{"a":0}`, rules{}, []string{"type /a"}},
		{"number against string", `{"a":1}`, `{"a":"1"}`, rules{}, []string{"type /a"}},
		{"true against false", `{"a":true}`, `{"a":false}`, rules{}, []string{"value /a"}},
		{"array against object", `{"a":[]}`, `{"a":{}}`, rules{}, []string{"type /a"}},
		{"blanks mean nothing", "{\"a\": [1,\n\t2]}", `{"a":[1,2]}`, rules{}, nil},

		// Objects
		{"order of members", `{"a":1,"b":{"c":2,"d":3}}`, `{"b":{"d":3,"c":2},"a":1}`, rules{}, nil},
		{"many members in another order", `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1}`,
			`{"n":1,"m":1,"l":1,"k":1,"j":1,"i":1,"h":2,"g":1,"f":1,"e":1,"d":1,"c":1,"b":1,"A":1}`, rules{}, []string{"missing /a", "value /h", "extra /A"}},
		{"missing member", `{"a":1,"b":2}`, `{"a":1}`, rules{}, []string{"missing /b"}},
		{"missing member that is null", `{"a":null}`, `{}`, rules{}, []string{"missing /a"}},
		{"extra member", `{}`, `{"a":1}`, rules{}, []string{"extra /a"}},
		{"a name that needs escaping", `{"a/b~c":1}`, `{"a/b~c":2}`, rules{}, []string{"value /a~1b~0c"}},
		{"an empty name", `{"":1}`, `{"":2}`, rules{}, []string{"value /"}},
		{"nested", `{"a":{"b":[{"c":1}]}}`, `{"a":{"b":[{"c":2}]}}`, rules{}, []string{"value /a/b/0/c"}},

		// Arrays
		{"order of elements", `{"a":[1,2,3]}`, `{"a":[3,1,2]}`, rules{}, []string{"order /a"}},
		{"order of objects written otherwise", `[{"a":1,"b":2},{"a":3}]`, `[{"a":3.0},{"b":2,"a":1}]`, rules{}, []string{"order "}},
		{"two places swapped", `[1,2,3,4]`, `[1,3,2,4]`, rules{}, []string{"order "}},
		{"the same values, other counts", `[1,1,2]`, `[1,2,2]`, rules{}, []string{"value /1"}},
		{"two that differ, no order", `[1,2,3]`, `[3,2,9]`, rules{}, []string{"value /0", "value /2"}},
		{"shorter", `[1,2,3]`, `[1,2]`, rules{}, []string{"length ", "missing /2"}},
		{"longer", `[1,2]`, `[1,2,3]`, rules{}, []string{"length ", "extra /2"}},
		{"one more in front", `[1,2,3]`, `[0,1,2,3]`, rules{}, []string{"length ", "extra /0"}},
		{"one less in the middle", `[1,2,3]`, `[1,3]`, rules{}, []string{"length ", "missing /1"}},
		{"shorter, and one that differs", `[1,2,3]`, `[9,3]`, rules{}, []string{"length ", "value /0", "missing /1"}},
		{"empty against one", `[]`, `[1]`, rules{}, []string{"length ", "extra /0"}},

		// ignore
		{"ignore a member", `{"a":1,"b":2}`, `{"a":2,"b":2}`, rules{Ignore: []string{"/a"}}, nil},
		{"ignore what is below", `{"a":{"b":1}}`, `{"a":{"b":2,"c":3}}`, rules{Ignore: []string{"/a"}}, nil},
		{"ignore what one side lacks", `{"a":1}`, `{}`, rules{Ignore: []string{"/a"}}, nil},
		{"ignore in each element", `{"i":[{"r":1},{"r":2}]}`, `{"i":[{"r":3},{"r":4}]}`, rules{Ignore: []string{"/i/*/r"}}, nil},
		{"ignore one index", `[1,2]`, `[3,4]`, rules{Ignore: []string{"/0"}}, []string{"value /1"}},
		{"ignored members don't hide an order", `[{"a":1,"r":1},{"a":2,"r":2}]`, `[{"a":2,"r":3},{"a":1,"r":4}]`, rules{Ignore: []string{"/*/r"}}, []string{"order "}},
		{"ignore any key", `{"m":{"x":{"t":1}}}`, `{"m":{"x":{"t":2}}}`, rules{Ignore: []string{"/m/*/t"}}, nil},
		{"ignore the body", `{"a":1}`, `[]`, rules{Ignore: []string{""}}, nil},
		{"ignoring elements leaves the length", `{"i":[1]}`, `{"i":[2,3]}`, rules{Ignore: []string{"/i/*"}}, []string{"length /i"}},

		// only
		{"only, the same", `{"a":1,"b":1}`, `{"a":1,"b":2}`, rules{Only: []string{"/a"}}, nil},
		{"only, not the same", `{"a":1,"b":1}`, `{"a":2,"b":2}`, rules{Only: []string{"/a"}}, []string{"value /a"}},
		{"only what lies below", `{"a":{"x":1}}`, `{"a":{"x":2}}`, rules{Only: []string{"/a"}}, []string{"value /a/x"}},
		{"only in each element, lengths aside", `{"i":[{"p":1,"q":1},{"q":1}]}`, `{"i":[{"p":2,"q":2}]}`, rules{Only: []string{"/i/*/p"}}, []string{"value /i/0/p"}},
		{"only, and one side lacks what is above", `{"a":{"b":1}}`, `{}`, rules{Only: []string{"/a/b"}}, []string{"missing /a"}},
		{"only, and what is above has another type", `{"a":{"b":1}}`, `{"a":null}`, rules{Only: []string{"/a/b"}}, []string{"type /a"}},
		{"only, and neither has it", `{"a":{"c":1}}`, `{"a":null}`, rules{Only: []string{"/a/b"}}, nil},
		{"only and ignore", `{"a":{"x":1,"y":1}}`, `{"a":{"x":2,"y":2}}`, rules{Only: []string{"/a"}, Ignore: []string{"/a/x"}}, []string{"value /a/y"}},
		{"only the status leaves the body out", `1`, `2`, rules{Only: []string{"status"}}, nil},

		// unordered
		{"unordered", `{"t":[1,2,3]}`, `{"t":[3,2,1.0]}`, unordered, nil},
		{"unordered counts", `{"t":[1,1,2]}`, `{"t":[1,2,2]}`, unordered, []string{"missing /t/1", "extra /t/2"}},
		{"unordered, one gone", `{"t":["a","b"]}`, `{"t":["b"]}`, unordered, []string{"missing /t/0"}},
		{"unordered objects", `{"t":[{"a":1},{"b":[1,2]}]}`, `{"t":[{"b":[1,2]},{"a":1}]}`, unordered, nil},
		{"unordered says nothing of what is inside", `{"t":[[1,2]]}`, `{"t":[[2,1]]}`, unordered, []string{"missing /t/0", "extra /t/0"}},
		{"unordered in unordered", `{"t":[[1,2],[3]]}`, `{"t":[[3],[2,1]]}`, rules{Unordered: []string{"/t", "/t/*"}}, nil},
		{"unordered with ignore", `{"t":[{"a":1,"r":1},{"a":2,"r":2}]}`, `{"t":[{"a":2,"r":8},{"a":1,"r":9}]}`, rules{Unordered: []string{"/t"}, Ignore: []string{"/t/*/r"}}, nil},
		{"unordered with tolerance", `{"t":[1,2]}`, `{"t":[2.01,1.01]}`, rules{Unordered: []string{"/t"}, Tolerance: map[string]compare.Tolerance{"/t/*": {By: 0.01}}}, nil},
		{"unordered root", `[1,2]`, `[2,1]`, rules{Unordered: []string{""}}, nil},

		// keyed
		{"keyed", `{"i":[{"id":1,"p":1},{"id":2,"p":2}]}`, `{"i":[{"id":2,"p":2},{"id":1.0,"p":3}]}`, keyed, []string{"value /i/0/p"}},
		{"keyed, one gone and one new", `{"i":[{"id":1},{"id":2}]}`, `{"i":[{"id":2},{"id":3}]}`, keyed, []string{"missing /i/0", "extra /i/1"}},
		{"keyed, twice the same key", `{"i":[{"id":1,"p":1},{"id":1,"p":2}]}`, `{"i":[{"id":1,"p":1},{"id":1,"p":3}]}`, keyed, []string{"value /i/1/p"}},
		{"keyed, without the key in order", `{"i":[{"p":1},{"id":1},7]}`, `{"i":[{"id":1},{"p":2},7]}`, keyed, []string{"value /i/0/p"}},
		{"keyed, string and number are two keys", `{"i":[{"id":1}]}`, `{"i":[{"id":"1"}]}`, keyed, []string{"missing /i/0", "extra /i/0"}},
		{"keyed by what is an object", `{"i":[{"id":{"a":1,"b":2},"p":1}]}`, `{"i":[{"id":{"b":2,"a":1},"p":2}]}`, keyed, []string{"value /i/0/p"}},
		{"keyed in an order: order inside still counts", `{"i":[{"id":1,"l":[1,2]}]}`, `{"i":[{"id":1,"l":[2,1]}]}`, keyed, []string{"order /i/0/l"}},

		// tolerance
		{"within, the bound included", `{"a":1.00}`, `{"a":1.01}`, tolerance("/a", 0.01), nil},
		{"just beyond", `{"a":1.00}`, `{"a":1.0100000000000000000001}`, tolerance("/a", 0.01), []string{"value /a"}},
		{"a tolerance of zero", `{"a":1.0}`, `{"a":1.1}`, tolerance("/a", 0), []string{"value /a"}},
		{"relative to the larger, the bound included", `{"a":99}`, `{"a":100}`, relative("/a", 0.01), nil},
		{"relative, beyond", `{"a":98.9}`, `{"a":100}`, relative("/a", 0.01), []string{"value /a"}},
		{"relative, negative", `{"a":-99}`, `{"a":-100}`, relative("/a", 0.01), nil},
		{"tolerance is for numbers", `{"a":"1.00"}`, `{"a":"1.01"}`, tolerance("/a", 0.01), []string{"value /a"}},
		{"numbers too large for it differ", `{"a":1e99999}`, `{"a":2e99999}`, relative("/a", 0.9), []string{"value /a"}},
		{"tolerance in each element", `[{"a":1},{"a":2}]`, `[{"a":1.1},{"a":2.2}]`, tolerance("/*/a", 0.1), []string{"value /1/a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := comparer(t, tt.rules)
			diffs, err := c.Compare(jsonAnswer(tt.legacy), jsonAnswer(tt.service))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, lines(diffs)); d != "" {
				t.Errorf("differences (-want +got):\n%s", d)
			}
		})
	}
}

func TestPattern(t *testing.T) {
	diffs, err := comparer(t, rules{}).Compare(jsonAnswer(`{"a":[{"1":[1]}]}`), jsonAnswer(`{"a":[{"1":[2]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []shadow.Difference{{
		Pointer: "/a/0/1/0", Pattern: "/a/*/1/*", Kind: shadow.KindValue, Legacy: []byte("1"), Service: []byte("2"),
	}}
	if d := cmp.Diff(want, diffs); d != "" {
		t.Errorf("indices become *, keys stay (-want +got):\n%s", d)
	}
}

func TestAnswers(t *testing.T) {
	status := func(a *shadow.Answer, code int) *shadow.Answer { a.Status = code; return a }
	large := func(size int64, hash uint64, header ...string) *shadow.Answer {
		a := answer("", header...)
		a.Body, a.Size, a.Hash = nil, size, hash
		return a
	}
	const ct = "Content-Type"
	for _, tt := range []struct {
		name            string
		legacy, service *shadow.Answer
		rules           rules
		want            []string
		skip            string
	}{
		{"status", status(answer(""), 200), status(answer(""), 201), rules{}, []string{"status status"}, ""},
		{"an error page has another body, of course", jsonAnswer(`{"a":1}`), status(jsonAnswer(`{"e":1}`), 404), rules{}, []string{"status status"}, ""},
		{"same class: the bodies count", jsonAnswer(`{"a":1}`), status(jsonAnswer(`{"a":2}`), 201), rules{}, []string{"status status", "value /a"}, ""},
		{"status ignored: the bodies count", jsonAnswer(`{"a":1}`), status(jsonAnswer(`{"a":2}`), 404), rules{Ignore: []string{"status"}}, []string{"value /a"}, ""},
		{"legacy 304", status(answer(""), 304), answer("x"), rules{}, nil, shadow.SkipConditional},
		{"legacy 206", status(answer("x"), 206), answer("xy"), rules{}, nil, shadow.SkipConditional},
		{"legacy 412", status(answer(""), 412), answer("x"), rules{}, nil, shadow.SkipConditional},
		{"legacy 416", status(answer(""), 416), answer("x"), rules{}, nil, shadow.SkipConditional},
		{"a service's 206 for a plain request", answer("xy"), status(answer("x"), 206), rules{}, []string{"status status", "body "}, ""},

		{"media type", answer("{}", ct, "text/html"), answer("{}", ct, "application/json"), rules{}, []string{"header header:Content-Type"}, ""},
		{"media type written otherwise", answer("x", ct, "text/html; charset=utf-8"), answer("x", ct, `Text/HTML;Charset="UTF-8"`), rules{}, nil, ""},
		{"charset", answer("x", ct, "text/html; charset=utf-8"), answer("x", ct, "text/html; charset=iso-8859-1"), rules{}, []string{"encoding header:Content-Type"}, ""},
		{"JSON has no charset", answer("1", ct, "application/json"), answer("1", ct, "application/json; charset=utf-8"), rules{}, nil, ""},
		{"no type", answer("x", ct, "text/plain"), answer("x"), rules{}, []string{"header header:Content-Type"}, ""},
		{"location", answer("", "Location", "/a"), answer("", "Location", "/b"), rules{}, []string{"header header:Location"}, ""},
		{"cache-control in another order", answer("", "Cache-Control", "no-cache, Private"), answer("", "Cache-Control", "private,no-cache"), rules{}, nil, ""},
		{"cache-control", answer("", "Cache-Control", "max-age=1"), answer("", "Cache-Control", "max-age=2"), rules{}, []string{"header header:Cache-Control"}, ""},
		{"cookies by name", answer("", "Set-Cookie", "a=1", "Set-Cookie", "b=2; Path=/"), answer("", "Set-Cookie", "b=9; path=/", "Set-Cookie", "a=8"), rules{}, nil, ""},
		{"a cookie less", answer("", "Set-Cookie", "a=1", "Set-Cookie", "b=2"), answer("", "Set-Cookie", "b=9"), rules{}, []string{"header header:Set-Cookie/a"}, ""},
		{"ETag and Last-Modified", answer("", "ETag", "1", "Last-Modified", "x"), answer("", "ETag", "2"), rules{}, nil, ""},
		{"headers chosen", answer("", "X-A", "1", ct, "a/b"), answer("", "X-A", "2", ct, "a/c"), rules{Headers: []string{"x-a"}}, []string{"header header:X-A"}, ""},
		{"header ignored", answer("", "Location", "/a"), answer("", "Location", "/b"), rules{Ignore: []string{"header:location"}}, nil, ""},
		{"only a header", answer("1", "X-A", "1"), status(answer("2", "X-A", "2"), 500), rules{Only: []string{"header:X-A"}}, []string{"header header:X-A"}, ""},

		{"bytes", answer("a", ct, "image/png"), answer("b", ct, "image/png"), rules{}, []string{"body "}, ""},
		{"JSON called plain text on both sides", answer("[1]", ct, "text/plain"), answer("[ 1]", ct, "text/plain"), rules{}, []string{"value /1"}, ""},
		{"JSON without a type", answer("[1]"), answer("[ 1]"), rules{}, nil, ""},
		{"JSON that legacy calls HTML", answer("[1]", ct, "text/html"), answer("[ 1]", ct, "application/json"), rules{}, []string{"header header:Content-Type"}, ""},
		{"a +json type", answer("[1]", ct, "application/hal+json"), answer("[ 1]", ct, "application/hal+json"), rules{}, nil, ""},
		{"empty against JSON", jsonAnswer(""), jsonAnswer("{}"), rules{}, []string{"body "}, ""},
		{"names twice, the same bytes", jsonAnswer(`{"a":1,"a":2}`), jsonAnswer(`{"a":1,"a":2}`), rules{}, nil, ""},
		{"names twice", jsonAnswer(`{"a":1,"a":2}`), jsonAnswer(`{"a":2}`), rules{}, []string{"body "}, ""},

		{"large and the same", large(9, 7), large(9, 7), rules{}, nil, ""},
		{"large and not the same", large(9, 7), large(9, 8), rules{}, nil, shadow.SkipTooLarge},
		{"large, coded otherwise", large(9, 7), large(9, 7, "Content-Encoding", "br"), rules{}, nil, shadow.SkipTooLarge},
		{"large on one side", large(9, 7), answer("x"), rules{}, nil, shadow.SkipTooLarge},
		{"large, but the head differs", large(9, 7), status(large(9, 8), 404), rules{}, []string{"status status"}, ""},
		{"large, but bodies aren't compared", large(9, 7), large(9, 8), rules{Ignore: []string{""}}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			diffs, err := comparer(t, tt.rules).Compare(tt.legacy, tt.service)
			var skip *shadow.SkipError
			if errors.As(err, &skip) != (tt.skip != "") || skip != nil && skip.Reason != tt.skip {
				t.Fatalf("error is %v, want skip reason %q", err, tt.skip)
			}
			if d := cmp.Diff(tt.want, lines(diffs)); d != "" {
				t.Errorf("differences (-want +got):\n%s", d)
			}
		})
	}
}
