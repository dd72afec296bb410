package compare_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

func TestSuggest(t *testing.T) {
	keyed := func(at, key string) compare.Suggestion {
		return compare.Suggestion{Rule: "keyed", Pointer: at, Key: key}
	}
	unordered := func(at string) compare.Suggestion { return compare.Suggestion{Rule: "unordered", Pointer: at} }
	type suggestions = []compare.Suggestion
	for _, tt := range []struct {
		name            string
		legacy, service string
		rules           rules // the rules in force
		want            suggestions
		left            []string // what differs with the suggestions as rules
	}{
		{"scalars in another order", `{"tags":["a","b","c"]}`, `{"tags":["c","a","b"]}`, rules{}, suggestions{unordered("/tags")}, nil},
		{"numbers written otherwise", `[1,2,3]`, `[3.0,2.0,1.0]`, rules{}, suggestions{unordered("")}, nil},
		{"scalars in another order, one gone", `["a","b","c","d"]`, `["d","b","a"]`, rules{}, suggestions{unordered("")}, []string{"missing /2"}},
		{"scalars in the same order, one gone", `["a","b","c","d"]`, `["a","b","d"]`, rules{}, nil, nil},
		{"scalars, mostly others", `["a","b","c","d","e"]`, `["b","a","x","y","z"]`, rules{}, nil, nil},
		{"the first of two equal ones gone", `[1,2,1]`, `[2,1]`, rules{}, nil, nil},
		{"one value that differs", `["a","b"]`, `["a","c"]`, rules{}, nil, nil},
		{"objects without a key in another order", `[{"a":1,"b":1},{"a":1,"b":2},{"a":2,"b":1}]`, `[{"a":2,"b":1},{"a":1,"b":2},{"a":1,"b":1}]`, rules{}, suggestions{unordered("")}, nil},
		{"arrays in another order", `[[1,2],[3]]`, `[[3],[1,2]]`, rules{}, suggestions{unordered("")}, nil},

		{"objects with ids in another order", `{"items":[{"id":1,"n":1},{"id":2,"n":2}]}`, `{"items":[{"id":2,"n":2},{"id":1,"n":1}]}`, rules{}, suggestions{keyed("/items", "id")}, nil},
		{"in another order, and one differs", `{"items":[{"id":1,"n":1},{"id":2,"n":2},{"id":3,"n":3}]}`, `{"items":[{"id":3,"n":9},{"id":1,"n":1},{"id":2,"n":2}]}`,
			rules{}, suggestions{keyed("/items", "id")}, []string{"value /items/2/n"}},
		{"of another length", `[{"id":1},{"id":2},{"id":3}]`, `[{"id":1},{"id":3}]`, rules{}, suggestions{keyed("", "id")}, []string{"missing /1"}},
		{"shifted by one", `[{"id":1},{"id":2},{"id":3}]`, `[{"id":2},{"id":3},{"id":4}]`, rules{}, suggestions{keyed("", "id")}, []string{"missing /0", "extra /2"}},
		{"the same keys in the same order", `[{"id":1,"n":1},{"id":2,"n":2}]`, `[{"id":1,"n":3},{"id":2,"n":4}]`, rules{}, nil, nil},
		{"an id that differs, in order", `[{"id":1},{"id":2},{"id":3}]`, `[{"id":1},{"id":2},{"id":4}]`, rules{}, nil, nil},
		{"an id twice on one side", `[{"id":1,"n":1},{"id":1,"n":2},{"id":2,"n":1}]`, `[{"id":2,"n":3},{"id":1,"n":4},{"id":3,"n":5}]`, rules{}, nil, nil},
		{"an id twice on the service's side only", `[{"id":1,"n":1},{"id":2,"n":2}]`, `[{"id":2,"n":3},{"id":1,"n":4},{"id":1,"n":5}]`, rules{}, nil, nil},
		{"another id throughout", `[{"id":1},{"id":2}]`, `[{"id":3},{"id":4},{"id":5}]`, rules{}, nil, nil},
		{"an element without it", `[{"id":1,"n":1},{"id":2,"n":2},{"x":0}]`, `[{"id":2,"n":3},{"id":1,"n":4},{"x":0}]`, rules{}, nil, nil},
		{"a key by a better name", `[{"name":"x","sku":"A"},{"name":"y","sku":"B"}]`, `[{"name":"y","sku":"B"},{"name":"x","sku":"A"}]`, rules{}, suggestions{keyed("", "sku")}, nil},
		{"a reference to something, where there is nothing better", `[{"n":1,"order_id":7},{"n":2,"order_id":8}]`, `[{"n":2,"order_id":8},{"n":1,"order_id":7}]`, rules{}, suggestions{keyed("", "order_id")}, nil},
		{"a key by no known name", `[{"n":0,"iban":"DE1"},{"n":0,"iban":"DE2"}]`, `[{"n":0,"iban":"DE2"},{"n":1,"iban":"DE1"}]`, rules{}, suggestions{keyed("", "iban")}, []string{"value /0/n"}},
		{"a text rather than a position", `[{"at":1,"t":"x"},{"at":2,"t":"y"}]`, `[{"at":1,"t":"y"},{"at":2,"t":"x"}]`, rules{}, suggestions{keyed("", "t")}, []string{"value /0/at", "value /1/at"}},
		{"one in common by no known name is chance", `[{"n":5}]`, `[{"n":5},{"n":6}]`, rules{}, nil, nil},
		{"one in common by id", `[{"id":5}]`, `[{"id":5},{"id":6}]`, rules{}, suggestions{keyed("", "id")}, []string{"extra /1"}},
		{"string ids with escapes", `[{"id":"\u0061"},{"id":"b"}]`, `[{"id":"b"},{"id":"a"}]`, rules{}, suggestions{keyed("", "id")}, nil},
		{"booleans are no keys", `[{"id":true,"n":1},{"id":false,"n":2}]`, `[{"id":false,"n":3},{"id":true,"n":4}]`, rules{}, nil, nil},

		{"lists in each element", `[{"id":1,"t":[1,2]},{"id":2,"t":[3,4]}]`, `[{"id":1,"t":[2,1]},{"id":2,"t":[4,3]}]`, rules{}, suggestions{unordered("/*/t")}, nil},
		{"lists in elements in another order", `[{"id":1,"t":[1,2]},{"id":2,"t":[3,4]}]`, `[{"id":2,"t":[3,4]},{"id":1,"t":[2,1]}]`, rules{}, suggestions{keyed("", "id"), unordered("/*/t")}, nil},
		{"lists in a map", `{"1":[1,2],"2":[],"3":[]}`, `{"1":[2,1],"2":[],"3":[]}`, rules{}, suggestions{unordered("/*")}, nil},
		{"a name that needs escaping", `{"a/b":[1,2]}`, `{"a/b":[2,1]}`, rules{}, suggestions{unordered("/a~1b")}, nil},
		{"another order, what else differs is ignored", `[{"a":[1],"r":1},{"a":[2],"r":2}]`, `[{"a":[2],"r":3},{"a":[1],"r":4}]`, rules{Ignore: []string{"/*/r"}}, suggestions{unordered("")}, nil},
		{"no array at all", `{"a":1}`, `{"a":2}`, rules{}, nil, nil},
		{"empty against some", `[]`, `[{"id":1},{"id":2}]`, rules{}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			legacy, service := jsonAnswer(tt.legacy), jsonAnswer(tt.service)
			diffs, err := comparer(t, tt.rules).Compare(legacy, service)
			if err != nil || len(diffs) == 0 {
				t.Fatalf("got %v, %v, want differences", lines(diffs), err)
			}
			got := compare.Suggest(legacy, service, diffs)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Fatalf("suggestions (-want +got):\n%s", d)
			}
			if len(got) == 0 {
				return
			}
			under := tt.rules
			under.Keyed = map[string]string{}
			for _, s := range got {
				if s.Rule == "keyed" {
					under.Keyed[s.Pointer] = s.Key
				} else {
					under.Unordered = append(under.Unordered, s.Pointer)
				}
			}
			diffs, err = comparer(t, under).Compare(legacy, service)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.left, lines(diffs)); d != "" {
				t.Errorf("with the suggestions (-want +got):\n%s", d)
			}
		})
	}
}

// TestSuggestWithKey holds that lists in elements are found when their array is keyed already.
func TestSuggestWithKey(t *testing.T) {
	legacy := jsonAnswer(`{"i":[{"id":1,"t":[1,2]},{"id":2,"t":[]}]}`)
	service := jsonAnswer(`{"i":[{"id":2,"t":[]},{"id":1,"t":[2,1]}]}`)
	diffs, err := comparer(t, rules{Keyed: map[string]string{"/i": "id"}}).Compare(legacy, service)
	if err != nil {
		t.Fatal(err)
	}
	want := []compare.Suggestion{{Rule: "keyed", Pointer: "/i", Key: "id"}, {Rule: "unordered", Pointer: "/i/*/t"}}
	if d := cmp.Diff(want, compare.Suggest(legacy, service, diffs)); d != "" {
		t.Errorf("suggestions (-want +got):\n%s", d)
	}
}

// TestSuggestOfAnything holds that what can't be read has nothing suggested.
func TestSuggestOfAnything(t *testing.T) {
	order := []shadow.Difference{{Pointer: "/a", Pattern: "/a", Kind: shadow.KindOrder}}
	good := jsonAnswer(`{"a":[1,2]}`)
	for name, other := range map[string]*shadow.Answer{
		"none": nil, "not JSON": jsonAnswer(`{"a":[1,2]`), "another type": jsonAnswer(`{"a":1}`), "missing": jsonAnswer(`{}`),
		"a scalar": jsonAnswer(`1`), "too large": {Status: 200, Size: 9e9}, "not what it says": answer(`{"a":[2,1]}`, "Content-Encoding", "gzip"),
	} {
		if got := compare.Suggest(good, other, order); len(got) > 0 {
			t.Errorf("%s: suggested %v", name, got)
		}
	}
	for _, at := range []string{"a", "/a/", "//", "/~2", "/a/99999999999999999999", "/a/-1", "/a/0/1", "status", "header:X"} {
		odd := []shadow.Difference{{Pointer: at, Pattern: at, Kind: shadow.KindLength}, {Pointer: at, Pattern: "/*/*/*", Kind: shadow.KindValue}}
		compare.Suggest(good, good, odd)
	}
}

// TestSuggestCosts holds that suggesting costs no more than comparing does.
func TestSuggestCosts(t *testing.T) {
	if testing.Short() {
		t.Skip("it costs what it bounds")
	}
	random := rand.New(rand.NewPCG(3, 4))
	shuffled := func(element func(int) string) (a, b *shadow.Answer) {
		parts := make([]string, 5000)
		for i := range parts {
			parts[i] = element(i)
		}
		a = jsonAnswer("[" + strings.Join(parts, ",") + "]")
		random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		return a, jsonAnswer("[" + strings.Join(parts[1:], ",") + "]")
	}
	for name, element := range map[string]func(int) string{
		"with an id":          func(i int) string { return fmt.Sprintf(`{"id":%d,"n":[%d]}`, i, i) },
		"many members, no id": func(i int) string { return object(fmt.Sprint(i%4999), words(40)...) },
		"all the same":        func(int) string { return `{"id":1}` },
		"lists":               func(i int) string { return fmt.Sprintf(`[[%d,[%d,7]]]`, i, i) },
	} {
		t.Run(name, func(t *testing.T) {
			legacy, service := shuffled(element)
			diffs, err := comparer(t, rules{}).Compare(legacy, service)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			got := compare.Suggest(legacy, service, diffs)
			if took := time.Since(start); took > mostTime && !raceDetector {
				t.Errorf("took %v for %d differences, suggested %v", took, len(diffs), got)
			}
		})
	}
}
