package compare_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// object writes an object of members whose values are all the same.
func object(value string, keys ...string) string {
	members := make([]string, len(keys))
	for i, key := range keys {
		members[i] = fmt.Sprintf("%q:%s", key, value)
	}
	return "{" + strings.Join(members, ",") + "}"
}

// words are n keys that somebody may have made up.
func words(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("field%d", i)
	}
	return all
}

// TestMapKeys holds which keys make an object of three a map.
func TestMapKeys(t *testing.T) {
	const uuid = "0189d3a0-6b1c-7def-8abc-0123456789"
	for _, tt := range []struct {
		name string
		keys [3]string
		want bool
	}{
		{"integers", [3]string{"1", "22", "-3"}, true},
		{"integers of any length", [3]string{"0", "007", "123456789012345678901234567890"}, true},
		{"a minus alone is none", [3]string{"-", "1", "2"}, false},
		{"a plus is none", [3]string{"+1", "1", "2"}, false},
		{"fractions are none: percentiles are made up", [3]string{"0.5", "0.9", "0.99"}, false},
		{"UUIDs, whatever their case", [3]string{uuid + "ab", uuid + "AB", uuid + "cd"}, true},
		{"a UUID one digit short", [3]string{uuid + "ab", uuid + "cd", uuid + "a"}, false},
		{"a UUID with a letter over f", [3]string{uuid + "ab", uuid + "cd", uuid + "ag"}, false},
		{"ULIDs", [3]string{"01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW", "01arz3ndektsv4rrffq69g5fax"}, true},
		{"no ULID has a U", [3]string{"01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW", "01ARZ3NDEKTSV4RRFFQ69G5FAU"}, false},
		{"no ULID begins beyond 7", [3]string{"81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW", "01ARZ3NDEKTSV4RRFFQ69G5FAX"}, false},
		{"hexadecimal of eight digits and more", [3]string{"deadbeef", "00C0FFEE1", "65f0a1b2c3d4e5f601234567"}, true},
		{"hexadecimal of seven digits may be a word", [3]string{"deadbee", "00c0ffee", "65f0a1b2"}, false},
		{"days", [3]string{"2026-11-28", "2026-11-29", "2026-11-30"}, true},
		{"months", [3]string{"2026-10", "2026-11", "2026-12"}, true},
		{"instants", [3]string{"2026-11-28T10:00:00Z", "2026-11-28T10:00:00.5+01:00", "2026-11-28T10:00"}, true},
		{"a day that no calendar has", [3]string{"2026-02-30", "2026-11-29", "2026-11-30"}, false},
		{"of several kinds", [3]string{"7", "deadbeef", "2026-11-30"}, true},
		{"one that is none", [3]string{"7", "8", "total"}, false},
		{"an empty key", [3]string{"7", "8", ""}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, key := range tt.keys {
				service := strings.Replace(object("1", tt.keys[:]...), fmt.Sprintf("%q:1", key), fmt.Sprintf("%q:2", key), 1)
				diffs, err := comparer(t, rules{}).Compare(jsonAnswer(object("1", tt.keys[:]...)), jsonAnswer(service))
				if err != nil || len(diffs) != 1 || diffs[0].Pointer != "/"+key {
					t.Fatalf("got %v, %v, want a difference at /%s", lines(diffs), err, key)
				}
				want := "/" + key
				if tt.want {
					want = "/*"
				}
				if diffs[0].Pattern != want {
					t.Errorf("the pattern of %s is %s, want %s", diffs[0].Pointer, diffs[0].Pattern, want)
				}
			}
		})
	}
}

// TestMaps holds what becomes of a map's entries, here and below.
func TestMaps(t *testing.T) {
	large, small := words(51), words(50)
	for _, tt := range []struct {
		name            string
		legacy, service string
		rules           rules
		want            []string // kind, pointer and pattern
	}{
		{"what lies in an entry", `{"prices":{"1":{"amount":5},"2":{"amount":6},"3":{"amount":7}}}`, `{"prices":{"1":{"amount":5},"2":{"amount":9},"3":{"amount":8}}}`,
			rules{}, []string{"value /prices/2/amount /prices/*/amount", "value /prices/3/amount /prices/*/amount"}},
		{"an entry less, an entry more", `{"p":{"1":0,"2":0,"3":0}}`, `{"p":{"2":0,"3":0,"4":0}}`, rules{}, []string{"missing /p/1 /p/*", "extra /p/4 /p/*"}},
		{"too few entries to tell on either side", `{"1":0,"2":0}`, `{"1":0,"2":1}`, rules{}, []string{"value /2 /2"}},
		{"enough on one side", `{"1":0,"2":0}`, `{"1":0,"2":0,"3":0}`, rules{}, []string{"extra /3 /*"}},
		{"against an empty one", `{"1":0,"2":0,"3":0}`, `{}`, rules{}, []string{"missing /1 /*", "missing /2 /*", "missing /3 /*"}},
		{"a total beside ids on one side keeps its name", `{"1":0,"2":0,"3":0}`, `{"1":1,"2":0,"3":0,"total":3}`, rules{}, []string{"value /1 /*", "extra /total /total"}},
		{"a total beside ids on both sides: no map", `{"1":0,"2":0,"3":0,"total":3}`, `{"1":1,"2":0,"3":0,"total":3}`, rules{}, []string{"value /1 /1"}},
		{"fifty members may be a record", object("1", small...), strings.Replace(object("1", small...), "1}", "2}", 1), rules{}, []string{"value /field49 /field49"}},
		{"over fifty are none", object("1", large...), strings.Replace(object("1", large...), "1}", "2}", 1), rules{}, []string{"value /field50 /*"}},
		{"over fifty on the service's side", object("1", small...), object("1", large...), rules{}, []string{"extra /field50 /*"}},
		{"over fifty on legacy's side", object("1", large...), object("1", small...), rules{}, []string{"missing /field50 /*"}},
		{"a map in a map, in an array", `[{"1":{"2026-01-01":1,"2026-01-02":1,"2026-01-03":1},"2":{},"3":{}}]`, `[{"1":{"2026-01-01":1,"2026-01-02":2,"2026-01-03":1},"2":{},"3":{}}]`,
			rules{}, []string{"value /0/1/2026-01-02 /*/*/*"}},
		{"a record in a map keeps its names", `{"1":{"a/b":1},"2":{},"3":{}}`, `{"1":{"a/b":2},"2":{},"3":{}}`, rules{}, []string{"value /1/a~1b /*/a~1b"}},
		{"ids written with escapes", `{"\u0031":0,"2":0,"3":0}`, `{"1":1,"2":0,"3":0}`, rules{}, []string{"value /1 /*"}},
		{"a rule's * is any key", `{"p":{"1":{"t":1},"2":{"t":2},"3":{"t":3}}}`, `{"p":{"1":{"t":4},"2":{"t":5},"3":{"t":6}}}`, rules{Ignore: []string{"/p/*/t"}}, nil},
		{"a rule may still name one", `{"1":1,"2":1,"3":1}`, `{"1":2,"2":2,"3":1}`, rules{Ignore: []string{"/1"}}, []string{"value /2 /*"}},
		{"a map in a keyed array", `[{"1":1,"2":1,"3":1}]`, `[{"1":1,"2":1,"3":2}]`, rules{Keyed: map[string]string{"": "1"}}, []string{"value /0/3 /*/*"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			diffs, err := comparer(t, tt.rules).Compare(jsonAnswer(tt.legacy), jsonAnswer(tt.service))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range diffs {
				got = append(got, string(d.Kind)+" "+d.Pointer+" "+d.Pattern)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("differences (-want +got):\n%s", d)
			}
		})
	}
}
