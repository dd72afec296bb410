package lens

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"github.com/strangler-fig/toolkit/acl/document"
)

func quote(s string) string {
	b, _ := jsontext.AppendQuote(nil, s)
	return string(b)
}

func quoted(g *rapid.Generator[string]) *rapid.Generator[string] { return rapid.Map(g, quote) }

// anything is a value of JSON that has some of the texts which matter in it.
func anything(depth int) *rapid.Generator[string] {
	gens := []*rapid.Generator[string]{
		rapid.SampledFrom([]string{"null", "true", "false", "0", "1", "-1", "3", "1.50", "1e3", "12345678901234567890", `""`, `" "`, `"A"`, `"B"`, `"active"`, `"Y"`, `"N"`, `"1"`, `"true"`,
			`"a,b"`, `","`, `"x y"`, `"2025-03-30"`, `"2025-03-30T02:30:00Z"`, `"2025-10-26T01:30:00+01:00"`, `"30/03/2025 02:30"`, `"1.234,50-"`, `"00012"`, "1735684200", `"-"`}),
		quoted(rapid.String()),
		rapid.Custom(func(t *rapid.T) string { return strconv.Itoa(rapid.Int().Draw(t, "integer")) }),
	}
	if depth > 0 {
		below := anything(depth - 1)
		gens = append(gens,
			rapid.Custom(func(t *rapid.T) string {
				return "[" + strings.Join(rapid.SliceOfN(below, 0, 3).Draw(t, "elements"), ",") + "]"
			}),
			rapid.Custom(func(t *rapid.T) string {
				names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"A", "B", "a", "b", "c", "QTY", "SUB", "quantity", "parts", "x"}), 0, 3, rapid.ID[string]).Draw(t, "names")
				for i, n := range names {
					names[i] = quote(n) + ":" + below.Draw(t, "member")
				}
				return "{" + strings.Join(names, ",") + "}"
			}))
	}
	return rapid.OneOf(gens...)
}

// kinds are fields of every kind, with the paths A (B, C) and a (b, c).
var kinds = map[string]Field{
	"pass":             f("A", "a", Field{}),
	"trim":             f("A", "a", Field{Trim: true}),
	"type":             f("A", "a", Field{Type: Sides[Type]{TypeNumber, TypeText}}),
	"type of one side": f("A", "a", Field{Type: Sides[Type]{Service: TypeText}}),
	"boolean":          f("A", "a", Field{Type: Sides[Type]{TypeText, TypeBool}}),
	"each":             f("A", "a", Field{Each: "strict"}),
	"with":             f("A", "a", Field{With: "strict"}),
	"values":           f("A", "a", Field{Values: &Values{Pairs: pairs("A", "active", "B", "x", num("1"), yes)}}),
	"several values":   f("A", "a", Field{Values: &Values{Pairs: pairs("A", "active", "B", "active", "C", "x", "C", "y"), Back: pairs("A", "active"), Forth: pairs("C", "x")}}),
	"other values":     f("A", "a", Field{Values: &Values{Pairs: pairs("A", "active"), Other: Sides[*Literal]{Legacy: ptr(str("U"))}, Keep: true}}),
	"bool":             f("A", "a", Field{Bool: &Bool{True: []Literal{str("Y")}, False: []Literal{str("N")}}}),
	"several bool":     f("A", "a", Field{Bool: &Bool{True: []Literal{str("Y"), num("1")}, False: []Literal{str("N")}}}),
	"number":           f("A", "a", Field{Number: &Number{Scale: 2}}),
	"written number":   f("A", "a", Field{Number: &Number{Scale: 2, Decimal: ",", Group: ".", Sign: SignBehind, Decimals: ptr(2)}}),
	"rounded number":   f("A", "a", Field{Number: &Number{Scale: 1, Round: RoundHalfEven, Decimals: ptr(0), Legacy: TypeNumber, Service: TypeText}}),
	"time":             f("A", "a", Field{Time: &Time{Layout: Sides[string]{Legacy: "02/01/2006 15:04"}, Zone: Sides[string]{Legacy: "Europe/Berlin"}}}),
	"unix time":        f("A", "a", Field{Time: &Time{Layout: Sides[string]{Legacy: "unix_ms"}}}),
	"bits":             {Legacy: []string{"A"}, Service: []string{"a", "b"}, Bits: []int{0, 1}},
	"loose bits":       {Legacy: []string{"A"}, Service: []string{"a", "b"}, Bits: []int{0, 4}, OtherBit: Drop},
	"join":             {Legacy: []string{"A"}, Service: []string{"a", "b"}, Join: " "},
	"join of legacy's": {Legacy: []string{"A", "B", "C"}, Service: []string{"a"}, Join: "-"},
	"join of absent":   {Legacy: []string{"A"}, Service: []string{"a", "b"}, Join: " ", Absent: &Sides[Literal]{str(""), nullLiteral}},
	"list":             f("A", "a", Field{List: ","}),
	"trimmed list":     f("A", "a", Field{List: ",", Trim: true, Type: Sides[Type]{Service: TypeNumber}}),
	"ids":              f("A", "a", Field{IDs: "crossed"}),
	"absent":           f("A", "a", Field{Absent: &Sides[Literal]{str(""), nullLiteral}}),
	"absent, missing":  f("A", "a", Field{Absent: &Sides[Literal]{str("-"), none}}),
	"default":          f("A", "a", Field{Default: Sides[*Literal]{Legacy: ptr(str(""))}}),
	"required":         f("A", "a", Field{Required: true}),
	"deep":             f("A.x", "a.b", Field{}),
	"elements":         {Legacy: []string{"A"}, Service: []string{"a[0]", "a[1]"}, Join: "-"},
	"when":             f("A", "a", Field{When: &When{Legacy: []Condition{{Path: "A", Not: true, Is: []Literal{str("A")}}}, Service: nil}}),
}

var propertySet = Set{
	Lenses: map[string]Definition{"strict": {
		Fields:  []Field{f("A", "a", Field{}), f("SUB", "parts", Field{Each: "strict"})},
		Unknown: Ways[Unknown]{Refuse, Refuse},
	}},
	Tables: map[string]Table{"crossed": crossed{}},
}

// TestLosses holds that what doesn't come back is told of: where a field has no loss in a
// direction, whatever is accepted in it comes back as it was.
func TestLosses(t *testing.T) {
	for name, field := range kinds {
		if name == "when" {
			continue // the condition is on what the field itself writes
		}
		t.Run(name, func(t *testing.T) {
			l := mustNew(t, propertySet, Refuse, field)
			lost := map[string]bool{}
			for _, loss := range l.Losses() {
				lost[loss.Direction] = true
			}
			t.Logf("lossy: %v", lost)
			rapid.Check(t, func(t *rapid.T) {
				for _, in := range []side{legacy, service} {
					names := []string{"A", "B", "C"}
					there, back := l.ToService, l.ToLegacy
					if in == service {
						names, there, back = []string{"a", "b"}, l.ToLegacy, l.ToService
					}
					body := bodyOf(t, names)
					d, err := readJSON(body)
					if err != nil {
						t.Fatal(err)
					}
					out, err := there(context.Background(), d.Root())
					if err != nil {
						checkPointer(t, body, d, field.paths(in), err)
						continue
					}
					again, err := back(context.Background(), out.Root())
					if lost[in.direction()] {
						continue
					}
					if err != nil {
						t.Fatalf("%s: %s became %s, which doesn't come back: %v", in.direction(), body, text(out.Root()), err)
					}
					if got, want := canonical(again.Root()), canonical(d.Root()); got != want {
						t.Fatalf("%s: %s became %s and came back as %s, and no loss is told of", in.direction(), body, text(out.Root()), text(again.Root()))
					}
				}
			})
		})
	}
}

// bodyOf is an object with some of the names.
func bodyOf(t *rapid.T, names []string) string {
	var members []string
	for _, n := range names {
		if rapid.Bool().Draw(t, n) {
			members = append(members, quote(n)+":"+anything(3).Draw(t, n))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

// checkPointer holds that an error is about a place of the body, or about that of a field at which something is
// missing.
func checkPointer(t *rapid.T, body string, d *document.Document, paths []string, err error) {
	e, ok := err.(*document.Error)
	if !ok {
		t.Fatalf("%s: %T, not a *document.Error", body, err)
	}
	if stands(d.Root(), e.Pointer) {
		return
	}
	if !errors.Is(err, errMissing) && !errors.Is(err, errGapInParts) && !strings.Contains(err.Error(), "nothing where others are there") {
		t.Fatalf("%s: nothing stands at %s: %v", body, e.Pointer, err)
	}
	if !slices.ContainsFunc(paths, func(path string) bool {
		p, err := document.ParsePath(path)
		return err == nil && p.Pointer() == e.Pointer
	}) {
		t.Fatalf("%s: no field has the place %s: %v", body, e.Pointer, err)
	}
}

// stands reports whether something in v, or v itself, has that pointer.
func stands(v document.Value, pointer string) bool {
	if v.Pointer() == pointer {
		return true
	}
	for m := range v.Elements() {
		if stands(m, pointer) {
			return true
		}
	}
	for _, m := range v.Members() {
		if stands(m, pointer) {
			return true
		}
	}
	return false
}

// canonical is a value with its members in order and its numbers in normal form.
func canonical(v document.Value) string {
	switch v.Kind() {
	case document.Number:
		return normal(v.Text())
	case document.Array:
		var parts []string
		for e := range v.Elements() {
			parts = append(parts, canonical(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case document.Object:
		var parts []string
		for n, m := range v.Members() {
			parts = append(parts, quote(string(n))+":"+canonical(m))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	}
	return text(v)
}

// TestRoundTrips holds that what a mapping says it can carry comes back, from either side.
func TestRoundTrips(t *testing.T) {
	object := func(format string, gens ...*rapid.Generator[string]) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			args := make([]any, len(gens))
			for i, g := range gens {
				args[i] = g.Draw(t, "value")
			}
			return fmt.Sprintf(format, args...)
		})
	}
	sampled := func(s ...string) *rapid.Generator[string] { return rapid.SampledFrom(s) }
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), 0).UTC()
	})
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	unambiguous := instant.Filter(func(i time.Time) bool {
		i = i.Truncate(time.Minute)
		back, err := wall(time.Date(i.In(berlin).Year(), i.In(berlin).Month(), i.In(berlin).Day(), i.In(berlin).Hour(), i.In(berlin).Minute(), 0, 0, time.UTC), berlin)
		return err == nil && back.Equal(i)
	})
	name := quoted(rapid.StringMatching(`[A-Za-zäöü]{0,10}`))
	tests := map[string]struct{ legacy, service *rapid.Generator[string] }{
		"pass": {object(`{"A":%s}`, anything(3)), object(`{"a":%s}`, anything(3))},
		"trim": {object(`{"A":%s}`, name), object(`{"a":%s}`, name)},
		"type": {object(`{"A":%s}`, rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,5})?`)),
			object(`{"a":"%s"}`, rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,9})?`))},
		"boolean": {object(`{"A":"%s"}`, sampled("true", "false")), object(`{"a":%s}`, sampled("true", "false", "null"))},
		"each": {object(`{"A":[{"A":%s,"SUB":[]},{"SUB":[{"A":%s}]}]}`, anything(2), anything(2)),
			object(`{"a":[{"a":%s,"parts":[]},{"parts":[{"a":%s}]}]}`, anything(2), anything(2))},
		"with":   {object(`{"A":{"A":%s}}`, anything(2)), object(`{"a":{"a":%s}}`, anything(2))},
		"values": {object(`{"A":%s}`, sampled(`"A"`, "1", "null")), object(`{"a":%s}`, sampled(`"active"`, "true", "null"))},
		"bool":   {object(`{"A":%s}`, sampled(`"Y"`, `"N"`, "null")), object(`{"a":%s}`, sampled("true", "false", "null"))},
		"number": {object(`{"A":"%s"}`, rapid.StringMatching(`-?[1-9][0-9]{0,40}`)),
			object(`{"a":%s}`, rapid.StringMatching(`-?[1-9][0-9]{0,40}(\.[0-9]?[1-9])?`))},
		"written number": {object(`{"A":"%s"}`, rapid.StringMatching(`[1-9][0-9]{0,2}(\.[0-9]{3}){0,12},[0-9]{2}-?`)),
			object(`{"a":%s}`, rapid.StringMatching(`-?[1-9][0-9]{0,40}\.[0-9]{2}`))},
		"time": {
			object(`{"A":"%s"}`, rapid.Map(instant, func(i time.Time) string { return i.In(berlin).Format("02/01/2006 15:04") })),
			object(`{"a":"%s"}`, rapid.Map(unambiguous, func(i time.Time) string { return i.Truncate(time.Minute).Format(time.RFC3339) })),
		},
		"unix time": {
			object(`{"A":%s}`, rapid.Map(rapid.Int64Range(-1e13, 1e14), func(i int64) string { return strconv.FormatInt(i, 10) })),
			object(`{"a":"%s"}`, rapid.Map(instant, func(i time.Time) string { return i.Format(time.RFC3339) })),
		},
		"bits":             {object(`{"A":%s}`, sampled("0", "1", "2", "3", "null")), object(`{"a":%s,"b":%s}`, sampled("true", "false"), sampled("true", "false"))},
		"join":             {object(`{"A":%s}`, quoted(rapid.String())), object(`{"a":%s,"b":%s}`, name, quoted(rapid.String()))},
		"join of legacy's": {object(`{"A":%s,"B":%s,"C":%s}`, name, name, quoted(rapid.String())), object(`{"a":%s}`, quoted(rapid.String()))},
		"join of absent":   {object(`{"A":%s}`, name), object(`{"a":"x","b":%s}`, rapid.OneOf(quoted(rapid.StringMatching(`[a-z ]{1,9}`)), sampled("null")))},
		"list":             {object(`{"A":%s}`, quoted(rapid.String())), object(`{"a":[%s,%s]}`, name, name)},
		"ids":              {object(`{"A":%s}`, name.Filter(isASCII)), object(`{"a":%s}`, name.Filter(isASCII))},
		"absent":           {object(`{"A":%s}`, sampled(`""`, `"x"`, "1", "[]")), object(`{"a":%s}`, sampled("null", `"x"`, "{}"))},
		"absent, missing":  {object(`{"A":%s}`, sampled(`"-"`, `"x"`)), sampled("{}", `{"a":1}`)},
		"default":          {object(`{"A":%s}`, anything(1).Filter(func(s string) bool { return s != `""` && s != "null" })), object(`{"a":%s}`, anything(1).Filter(func(s string) bool { return s != "null" }))},
		"deep":             {object(`{"A":{"x":%s}}`, anything(2)), object(`{"a":{"b":%s}}`, anything(2))},
		"elements":         {object(`{"A":%s}`, name), object(`{"a":[%s,%s]}`, name, quoted(rapid.String()))},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := mustNew(t, propertySet, Refuse, kinds[name])
			rapid.Check(t, func(t *rapid.T) {
				comesBack(t, tt.legacy.Draw(t, "legacy"), l.ToService, l.ToLegacy)
				comesBack(t, tt.service.Draw(t, "service"), l.ToLegacy, l.ToService)
			})
		})
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 127 })
}

func comesBack(t *rapid.T, body string, there, back func(context.Context, document.Value) (*document.Document, error)) {
	d, err := readJSON(body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	out, err := there(context.Background(), d.Root())
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	again, err := back(context.Background(), out.Root())
	if err != nil {
		t.Fatalf("%s became %s: %v", body, text(out.Root()), err)
	}
	if got, want := text(again.Root()), text(d.Root()); got != want {
		t.Fatalf("%s became %s and came back as %s", want, text(out.Root()), got)
	}
}
