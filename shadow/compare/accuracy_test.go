package compare_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow/compare"
)

// list writes n elements, each by f, with one more before the index at.
func list(n, at int, more string, f func(int) string) string {
	var parts []string
	for i := range n {
		if i == at {
			parts = append(parts, more)
		}
		parts = append(parts, f(i))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// TestAccuracy takes pairs of answers as two applications give them, and what a person who knows
// both would say of each: where it differs and how, or that nothing does.
func TestAccuracy(t *testing.T) {
	book := func(i int) string { return fmt.Sprintf(`{"id":%d,"title":"Fig %d","price":%d.50}`, i, i, i) }
	by := func(at string, by float64) map[string]compare.Tolerance {
		return map[string]compare.Tolerance{at: {By: by}}
	}
	share := func(at string, by float64) map[string]compare.Tolerance {
		return map[string]compare.Tolerance{at: {By: by, Relative: true}}
	}
	byID := map[string]string{"/items": "id"}
	for _, tt := range []struct {
		name, why       string
		legacy, service string
		rules           rules
		want            []string // kind and pattern
	}{
		// Numbers
		{"trailing zeros", "PHP writes 12.5, Java's BigDecimal 12.50: the number is the same", `{"total":12.5}`, `{"total":12.50}`, rules{}, nil},
		{"integer and float", "Python's json writes 3.0 where Go writes 3", `{"n":3}`, `{"n":3.0}`, rules{}, nil},
		{"scientific form", "JavaScript changes to exponents at 1e21", `{"n":1000000000000000000000}`, `{"n":1e21}`, rules{}, nil},
		{"small in scientific form", "and at 1e-7", `{"n":0.0000001}`, `{"n":1e-7}`, rules{}, nil},
		{"minus zero", "a sum that underflowed; zero all the same", `{"n":0.0}`, `{"n":-0}`, rules{}, nil},
		{"an id beyond 2^53", "read as a float64 by JavaScript: the last digit is lost, and another record meant", `{"id":9007199254740993}`, `{"id":9007199254740992}`, rules{}, []string{"value /id"}},
		{"a sum of floats", "not the same number, however near; a tolerance is for that", `{"total":0.3}`, `{"total":0.30000000000000004}`, rules{}, []string{"value /total"}},
		{"cents", "a price a hundred times as high", `{"items":[{"price":12.50}]}`, `{"items":[{"price":1250}]}`, rules{}, []string{"value /items/*/price"}},

		// Encodings and escapes
		{"escaped letters", "PHP escapes beyond ASCII by default", `{"name":"M\u00fcller"}`, `{"name":"Müller"}`, rules{}, nil},
		{"escaped slashes", "and slashes", `{"url":"http:\/\/a\/b"}`, `{"url":"http://a/b"}`, rules{}, nil},
		{"escaped HTML", "Go escapes <, > and & by default", `{"t":"\u003cb\u003e \u0026"}`, `{"t":"<b> &"}`, rules{}, nil},
		{"emoji as surrogates", "Java's escape of a character beyond 16 bits", `{"t":"\ud83c\udf33"}`, `{"t":"🌳"}`, rules{}, nil},
		{"capital hex", "case of an escape's digits", `{"t":"\u00E9"}`, `{"t":"\u00e9"}`, rules{}, nil},
		{"an escaped name", "a name is a string like any other", `{"gr\u00f6\u00dfe":1}`, `{"größe":1}`, rules{}, nil},
		{"double-escaped HTML", "a template escaped what was escaped: other characters", `{"t":"A & B"}`, `{"t":"A &amp; B"}`, rules{}, []string{"value /t"}},
		{"mangled charset", "UTF-8 read as Latin-1", `{"t":"Müller"}`, `{"t":"MÃ¼ller"}`, rules{}, []string{"value /t"}},
		{"decomposed letters", "looks the same, but a search won't find it", `{"t":"é"}`, `{"t":"e\u0301"}`, rules{}, []string{"value /t"}},
		{"half a surrogate pair", "readers make different things of it: no JSON that everybody reads alike", `{"t":"\ud83c"}`, `{"t":"?"}`, rules{}, []string{"body "}},

		// Duplicates
		{"a name twice", "first or last wins, by reader; so it is compared by bytes, and says why", `{"a":1,"a":2}`, `{"a":2}`, rules{}, []string{"body "}},
		{"a name twice on both sides", "even if it is written the same way but for blanks", `{"a":1,"a":2}`, `{"a":1, "a":2}`, rules{}, []string{"body "}},

		// Null and missing
		{"null left out", "omitempty; a client may tell them apart", `{"a":1,"note":null}`, `{"a":1}`, rules{}, []string{"missing /note"}},
		{"null added", "the other way around", `{"items":[{"a":1}]}`, `{"items":[{"a":1,"note":null}]}`, rules{}, []string{"extra /items/*/note"}},
		{"null against empty", "of another type", `{"tags":null}`, `{"tags":[]}`, rules{}, []string{"type /tags"}},
		{"an empty array for an empty object", "PHP can't tell them apart, others can", `{"map":[]}`, `{"map":{}}`, rules{}, []string{"type /map"}},

		// Types
		{"a number as a string", "typical of form data that is passed on", `{"items":[{"qty":2},{"qty":3}]}`, `{"items":[{"qty":"2"},{"qty":"3"}]}`, rules{}, []string{"type /items/*/qty", "type /items/*/qty"}},
		{"a boolean as 1", "a database without booleans", `{"active":true}`, `{"active":1}`, rules{}, []string{"type /active"}},
		{"an object for a string", "a reference that is expanded", `{"author":"7"}`, `{"author":{"id":7}}`, rules{}, []string{"type /author"}},
		{"one for a list of one", "an XML converter's habit", `{"line":[{"n":1}]}`, `{"line":{"n":1}}`, rules{}, []string{"type /line"}},
		{"an error for a list", "the whole answer is of another type", `[]`, `{"error":"gone"}`, rules{}, []string{"type "}},

		// Members
		{"members in another order", "their order means nothing", `{"a":1,"b":{"c":2,"d":3}}`, `{"b":{"d":3,"c":2},"a":1}`, rules{}, nil},
		{"a member renamed", "one is missing, another is extra", `{"first_name":"A"}`, `{"firstName":"A"}`, rules{}, []string{"missing /first_name", "extra /firstName"}},
		{"blanks and line ends", "pretty-printed by one side", `{"a":[1,{"b":2}]}`, "{\r\n  \"a\": [\r\n    1,\r\n    { \"b\": 2 }\r\n  ]\r\n}\r\n", rules{}, nil},

		// Maps
		{"prices by article", "one cause, though two entries differ", `{"prices":{"1001":{"amount":5},"1002":{"amount":6},"1003":{"amount":7}}}`, `{"prices":{"1001":{"amount":6},"1002":{"amount":6},"1003":{"amount":8}}}`, rules{}, []string{"value /prices/*/amount", "value /prices/*/amount"}},
		{"an entry gone, another new", "as in a list", `{"by_day":{"2026-11-26":1,"2026-11-27":2,"2026-11-28":3}}`, `{"by_day":{"2026-11-27":2,"2026-11-28":3,"2026-11-29":4}}`, rules{}, []string{"missing /by_day/*", "extra /by_day/*"}},
		{"many members with made-up names", "over fifty are taken for a map", object("1", words(60)...), strings.Replace(object("1", words(60)...), `"field7":1`, `"field7":2`, 1), rules{}, []string{"value /*"}},
		{"a record with some numbers for names", "not all are ids: no map", `{"1":1,"2":2,"sum":3}`, `{"1":1,"2":3,"sum":3}`, rules{}, []string{"value /2"}},
		{"ignored in each entry of a map", "* is any key", `{"users":{"7":{"seen":1,"n":"A"},"8":{"seen":2,"n":"B"},"9":{"seen":3,"n":"C"}}}`, `{"users":{"7":{"seen":4,"n":"A"},"8":{"seen":5,"n":"X"},"9":{"seen":6,"n":"C"}}}`, rules{Ignore: []string{"/users/*/seen"}}, []string{"value /users/*/n"}},

		// Order
		{"tags sorted by one side", "one difference, not one for each element", `{"tags":["b","c","a"]}`, `{"tags":["a","b","c"]}`, rules{}, []string{"order /tags"}},
		{"objects sorted otherwise, members too", "what the elements are counts, not how they are written", `[{"id":1,"n":"x"},{"id":2,"n":"y"}]`, `[{"n":"y","id":2.0},{"n":"x","id":1}]`, rules{}, []string{"order "}},
		{"sorted otherwise deep inside", "the pattern has the outer list's index", `{"orders":[{"lines":[1,2]},{"lines":[3]}]}`, `{"orders":[{"lines":[2,1]},{"lines":[3]}]}`, rules{}, []string{"order /orders/*/lines"}},
		{"two values swapped in a thousand", "nothing but order, however long", list(1000, 500, `"x","y"`, strconv.Itoa), list(1000, 500, `"y","x"`, strconv.Itoa), rules{}, []string{"order "}},
		{"not an order", "the same values, but not as often", `[1,1,2,3]`, `[1,2,2,3]`, rules{}, []string{"value /*"}},

		// Length
		{"one inserted in a list of two hundred", "and nothing said of those behind it", `{"items":` + list(200, -1, "", book) + `}`, `{"items":` + list(200, 77, `{"id":999}`, book) + `}`, rules{}, []string{"length /items", "extra /items/*"}},
		{"one gone from a list of two hundred", "the other way around", list(200, 120, `{"id":999}`, book), list(200, -1, "", book), rules{}, []string{"length ", "missing /*"}},
		{"a page that is cut short", "length, and each that is missing", `[1,2,3,4]`, `[1,2]`, rules{}, []string{"length ", "missing /*", "missing /*"}},
		{"lists in lists", "a matrix with a longer row", `[[1,2],[3,4]]`, `[[1,2],[3,4,5]]`, rules{}, []string{"length /*", "extra /*/*"}},

		// unordered
		{"unordered, sorted otherwise", "the rule says that order means nothing", `{"tags":["b","a"]}`, `{"tags":["a","b"]}`, rules{Unordered: []string{"/tags"}}, nil},
		{"unordered, one replaced", "one is missing and one is extra", `{"tags":["b","a"]}`, `{"tags":["c","b"]}`, rules{Unordered: []string{"/tags"}}, []string{"missing /tags/*", "extra /tags/*"}},
		{"unordered counts", "a multiset, no set", `{"tags":["a","a","b"]}`, `{"tags":["b","a","b"]}`, rules{Unordered: []string{"/tags"}}, []string{"missing /tags/*", "extra /tags/*"}},

		// keyed
		{"keyed, sorted otherwise", "elements are who they are by id", `{"items":[{"id":1,"n":2},{"id":2,"n":3}]}`, `{"items":[{"id":2,"n":3},{"id":1,"n":2}]}`, rules{Keyed: byID}, nil},
		{"keyed, one value differs", "that of the element with the same id", `{"items":[{"id":1,"n":2},{"id":2,"n":3}]}`, `{"items":[{"id":2,"n":4},{"id":1,"n":2}]}`, rules{Keyed: byID}, []string{"value /items/*/n"}},
		{"keyed, one gone in front", "not a difference in each that follows", `{"items":[{"id":1},{"id":2},{"id":3}]}`, `{"items":[{"id":2},{"id":3}]}`, rules{Keyed: byID}, []string{"missing /items/*"}},
		{"keyed, ids of another type", "7 and \"7\" are two ids", `{"items":[{"id":7}]}`, `{"items":[{"id":"7"}]}`, rules{Keyed: byID}, []string{"missing /items/*", "extra /items/*"}},
		{"keyed and unordered inside", "rules hold below a keyed array", `{"items":[{"id":1,"t":["a","b"]},{"id":2,"t":[]}]}`, `{"items":[{"id":2,"t":[]},{"id":1,"t":["b","a"]}]}`, rules{Keyed: byID, Unordered: []string{"/items/*/t"}}, nil},

		// tolerance
		{"within a cent", "rounded at another step", `{"total":12.50}`, `{"total":12.51}`, rules{Tolerance: by("/total", 0.01)}, nil},
		{"beyond a cent", "exactly: no float is used", `{"total":12.50}`, `{"total":12.5100001}`, rules{Tolerance: by("/total", 0.01)}, []string{"value /total"}},
		{"within a percent", "of the larger", `{"rate":198}`, `{"rate":200}`, rules{Tolerance: share("/rate", 0.01)}, nil},
		{"a tolerance in each element", "and only where it is said", `[{"p":1.00,"q":1.00}]`, `[{"p":1.01,"q":1.01}]`, rules{Tolerance: by("/*/p", 0.01)}, []string{"value /*/q"}},

		// Several at once
		{"two causes in one answer", "both are named", `{"total":12.5,"items":[{"id":1,"name":"A"}]}`, `{"total":1250,"items":[{"id":1,"name":"a"}]}`, rules{}, []string{"value /total", "value /items/*/name"}},
		{"ignored and not", "a time stamp hides nothing else", `{"at":"10:00:01","n":1}`, `{"at":"10:00:02","n":2}`, rules{Ignore: []string{"/at"}}, []string{"value /n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			diffs, err := comparer(t, tt.rules).Compare(jsonAnswer(tt.legacy), jsonAnswer(tt.service))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range diffs {
				got = append(got, string(d.Kind)+" "+d.Pattern)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.why, d)
			}
		})
	}
}
