package lens

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProblems holds what New refuses, and in which words.
func TestProblems(t *testing.T) {
	set := Set{
		Lenses: map[string]Definition{"order": order, "line": line},
		Tables: map[string]Table{"crossed": crossed{}, "none": nil},
	}
	when := func(path, is string) *When { return &When{Legacy: []Condition{{Path: path, Is: []Literal{str(is)}}}} }
	tests := []struct {
		name   string
		fields []Field
		want   string // lines
	}{
		{"no path", []Field{{}}, "field 1: it has no path"},
		{"one side", []Field{{Legacy: []string{"A"}}}, "field 1: it is only on the side of legacy: const, generate or drop says what the other sees of it"},
		{"a bad path", []Field{f("A..B", "", Field{})}, "field 1: legacy: the path \"A..B\" has an empty name in it\nfield 1: service: the path is empty; the whole body is \".\""},
		{"several paths", []Field{{Legacy: []string{"A", "B"}, Service: []string{"c"}}}, "field 1: it has 2 paths of legacy's and 1 of the service's: join or bits says how several become one"},
		{"two options", []Field{f("A", "a", Field{List: ",", Count: true})}, "field 1: count: list and count exclude one another; a field has one of them"},
		{"join of one", []Field{f("A", "a", Field{Join: ","})}, "field 1: join: a field with this has one path on one side and several on the other; this has 1 of legacy's and 1 of the service's"},
		{"bits and paths", []Field{f("A", "a", Field{Bits: []int{1, 2}})}, "field 1: bits: 2 bits need one path of legacy's and 2 of the service's; there are 1 and 1"},
		{"bits twice", []Field{{Legacy: []string{"A"}, Service: []string{"a", "b"}, Bits: []int{1, 1}}}, "field 1: bits: 1 stands there twice"},
		{"bits too high", []Field{f("A", "a", Field{Bits: []int{63}, OtherBit: Keep})}, "field 1: bits: 63 isn't 0 to 62\nfield 1: other_bits: \"keep\" isn't drop or error"},
		{"const on both sides", []Field{f("A", "a", Field{Const: ptr(str("x"))})}, "field 1: const: a field with this has one path on one side; this has 1 of legacy's and 1 of the service's"},
		{"const of nothing", []Field{{Legacy: []string{"A"}, Const: &Literal{}}}, "field 1: const: no value can't be written"},
		{"const that isn't a number", []Field{{Legacy: []string{"A"}, Const: ptr(num("012"))}}, "field 1: const: \"012\" isn't a number: not a number as JSON writes it"},
		{"a default that is no code", []Field{f("A", "a", Field{Values: &Values{Pairs: pairs("A", "x")}, Default: Sides[*Literal]{ptr(str("x")), ptr(str("A"))}})}, "field 1: default.legacy: it could not be read again: \"x\" isn't among the values; say one of the codes as the field has it, null, or what absent says stands for no value\nfield 1: default.service: it could not be read again: \"A\" isn't among the values; say one of the codes as the field has it, null, or what absent says stands for no value"},
		{"a default that is a code", []Field{f("A", "a", Field{Values: &Values{Pairs: pairs("A", "x")}, Default: Sides[*Literal]{ptr(str("A")), ptr(str("x"))}})}, ""},
		{"a default that other stands for", []Field{f("A", "a", Field{Values: &Values{Pairs: pairs("A", "x"), Keep: true}, Default: Sides[*Literal]{Legacy: ptr(str("Q"))}})}, ""},
		{"a default that means nothing", []Field{f("A", "a", Field{Time: &Time{}, Absent: &Sides[Literal]{str(""), nullLiteral}, Default: Sides[*Literal]{ptr(str("")), &nullLiteral}})}, ""},
		{"a default that is no time", []Field{f("A", "a", Field{Time: &Time{Layout: Sides[string]{Legacy: "02.01.2006"}}, Default: Sides[*Literal]{Legacy: ptr(str("2006-01-02"))}})}, "field 1: default.legacy: it could not be read again: \"2006-01-02\" isn't a time as 02.01.2006; say a time as the field has it, null, or what absent says stands for no value"},
		{"a default that is a time", []Field{f("A", "a", Field{Time: &Time{Layout: Sides[string]{Legacy: "02.01.2006"}}, Default: Sides[*Literal]{ptr(str("02.01.2006")), ptr(str("2006-01-02T00:00:00Z"))}})}, ""},
		{"a default that is no number", []Field{f("A", "a", Field{Number: &Number{Scale: 2}, Default: Sides[*Literal]{ptr(str("0,00")), ptr(str("0"))}})}, "field 1: default.legacy: it could not be read again: \"0,00\" isn't a number as legacy writes it; say a number as the field has it, null, or what absent says stands for no value\nfield 1: default.service: it could not be read again: a text where a number is wanted: \"0\"; say a number as the field has it, null, or what absent says stands for no value"},
		{"a default that is a number", []Field{f("A", "a", Field{Number: &Number{Scale: 2}, Default: Sides[*Literal]{ptr(str("000")), ptr(num("0"))}})}, ""},
		{"a default that is no boolean", []Field{f("A", "a", Field{Bool: &Bool{True: []Literal{str("Y")}, False: []Literal{str("N")}}, Default: Sides[*Literal]{ptr(str("0")), ptr(str("false"))}})}, "field 1: default.legacy: it could not be read again: \"0\" stands for neither true nor false; say one of the codes as the field has it, null, or what absent says stands for no value\nfield 1: default.service: it could not be read again: a text where a boolean is wanted: \"false\"; say one of the codes as the field has it, null, or what absent says stands for no value"},
		{"generate", []Field{f("A", "a", Field{Generate: "uuid"})}, "field 1: generate: a field with this has one path of legacy's and none of the service's\nfield 1: generate: \"uuid\" isn't something that can be made; these are: now, random"},
		{"the same place", []Field{f("A", "a", Field{}), f("B", "a", Field{})}, "field 2: service: field 1 writes a as well; two fields may do so if each has a when of its own"},
		{"the same place, the same when", []Field{f("A", "a", Field{When: when("T", "x")}), f("B", "a", Field{When: when("T", "x")})}, "field 2: service: field 1 writes a as well; two fields may do so if each has a when of its own\nfield 1: when.legacy: no field writes T, so that on the way to legacy nobody knows what it is\nfield 2: when.legacy: no field writes T, so that on the way to legacy nobody knows what it is"},
		{"below another", []Field{f("A", "a", Field{}), f("B", "a.b", Field{})}, "field 2: service: a.b lies below a, which field 1 writes as a whole"},
		{"above another", []Field{f("A.B", "a", Field{}), f("A", "b", Field{})}, "field 2: legacy: A is written as a whole, while another field writes below it"},
		{"array and object", []Field{f("A", "a[0]", Field{}), f("B", "a.b", Field{})}, "field 2: service: a.b: a is an array in one field and an object in another"},
		{"drop of what passes", []Field{f("A", "a", Field{}), {Legacy: []string{"A"}, Drop: true}}, "field 2: drop: A passes with A, which field 1 takes as a whole"},
		{"drop below what passes", []Field{{Legacy: []string{"A.PW"}, Drop: true}, f("A", "a", Field{})}, "field 1: drop: A.PW passes with A, which field 2 takes as a whole"},
		{"drop of the service's below what passes", []Field{f("A", ".", Field{}), {Service: []string{"a[1].pw"}, Drop: true}}, "field 2: drop: a[1].pw passes with ., which field 1 takes as a whole"},
		{"drop in another lens", []Field{f("A", "a", Field{With: "line"}), {Legacy: []string{"A.PW"}, Drop: true}}, "field 2: drop: A.PW passes with A, which field 1 takes as a whole"},
		{"drop below what passes on a condition", []Field{f("T", "t", Field{}), f("A", "a", Field{When: when("T", "x")}), {Legacy: []string{"A.PW"}, Drop: true}}, "field 3: drop: A.PW passes with A, which field 2 takes as a whole"},
		{"drop otherwise", []Field{f("T", "t", Field{}), f("A", "a", Field{When: when("T", "x")}), {Legacy: []string{"A"}, Drop: true}}, ""},
		{"drop on another condition", []Field{f("T", "t", Field{}), f("A", "a", Field{When: when("T", "x")}), {Legacy: []string{"A.PW"}, Drop: true, When: when("T", "y")}}, ""},
		{"drop of what is left", []Field{f("A.B", "a", Field{}), {Legacy: []string{"A"}, Drop: true}}, ""},
		{"drop of what is counted", []Field{f("CNT", "books", Field{Count: true}), {Service: []string{"books"}, Drop: true}}, ""},
		{"drop of an element of an object", []Field{{Legacy: []string{"A[0]"}, Drop: true}, f("A.B", "b", Field{})}, "field 1: legacy: A[0]: A is an array in one field and an object in another"},
		{"drop of a member of an array", []Field{f("A[0]", "b", Field{}), {Legacy: []string{"A.B"}, Drop: true}}, "field 2: legacy: A.B: A is an array in one field and an object in another"},
		{"unknown lens", []Field{f("A", "a", Field{Each: "ordr"}), f("B", "b", Field{With: "customer"})}, "field 1: each: there is no translator \"ordr\"; did you mean order?\nfield 2: with: there is no translator \"customer\"; there are: line, order"},
		{"unknown table", []Field{f("A", "a", Field{IDs: "cross"})}, "field 1: ids: there is no table of identifiers \"cross\"; did you mean crossed?"},
		{"a table that is nil", []Field{f("A", "a", Field{IDs: "none"})}, "field 1: ids: the table of identifiers \"none\" is nil"},
		{"a group with a point in it", []Field{f("A", "a", Field{Number: &Number{Group: ".."}})}, "field 1: number.group: \"..\" and the decimal point \".\" can't be told apart"},
		{"a point with a group in it", []Field{f("A", "a", Field{Number: &Number{Group: ",", Decimal: ",,"}})}, "field 1: number.group: \",\" and the decimal point \",,\" can't be told apart"},
		{"several codes", []Field{f("A", "a", Field{Values: &Values{Pairs: pairs("A", "x", "B", "x", "C", "y", "C", "z")}})}, "field 1: values: \"C\" stands for \"y\" and \"z\": say which is written to service, with forth\nfield 1: values: \"x\" stands for \"A\" and \"B\": say which is written to legacy, with back"},
		{"no codes", []Field{f("A", "a", Field{Values: &Values{}})}, "field 1: values: there are none"},
		{"back to nowhere", []Field{f("A", "a", Field{Values: &Values{Pairs: pairs("A", "x"), Back: pairs("Q", "x", "A", "x")}})}, "field 1: values.back: \"x\" becomes \"Q\", which isn't among the values and couldn't be read again\nfield 1: values.back: \"x\" stands there twice"},
		{"codes of nothing", []Field{f("A", "a", Field{Values: &Values{Pairs: []Pair{{Literal{}, str("x")}}, Other: Sides[*Literal]{Legacy: &Literal{}}}})}, "field 1: values: no value can't be a code; absent says what stands for no value\nfield 1: values.other: no value can't be written"},
		{"the same pair", []Field{f("A", "a", Field{Values: &Values{Pairs: pairs("A", "x", "A", "x")}})}, "field 1: values: \"A\": \"x\" stands there twice"},
		{"bool", []Field{f("A", "a", Field{Bool: &Bool{True: []Literal{str("Y"), nullLiteral}, False: []Literal{str("Y")}}})}, "field 1: bool: \"Y\" stands there twice\nfield 1: bool: null can't stand for true; absent says what stands for no value"},
		{"bool without false", []Field{f("A", "a", Field{Bool: &Bool{True: []Literal{str("Y")}}})}, "field 1: bool: nothing stands for false"},
		{"number", []Field{f("A", "a", Field{Number: &Number{Scale: -1, Decimals: ptr(101), Width: 1000, Round: "up", Sign: "front", Decimal: "-", Group: "-", Service: TypeBool}})}, `field 1: number.service: a number is written as text or number, not "boolean"
field 1: number.scale: -1 isn't 0 to 100
field 1: number.decimals: 101 isn't 0 to 100
field 1: number.width: 1000 isn't 0 to 100
field 1: number.round: "up" isn't a way to round; these are: half_up, half_even, down
field 1: number.sign: "front" isn't a place for the sign; "behind" is one, and in front is the default
field 1: number.decimal: "-" can't stand in a number; it is a character other than digits, + and -
field 1: number.group: "-" can't stand in a number; it is a character other than digits, + and -
field 1: number.group: "-" is the decimal point as well
field 1: number.width: leading zeros and groups exclude one another`},
		{"number of legacy's", []Field{f("A", "a", Field{Number: &Number{Legacy: TypeNumber, Decimal: ",", Width: 3, Sign: SignBehind}})}, `field 1: number.decimal: legacy's value is a number, whose point is a point; legacy: text would be one in which it is not
field 1: number.width: legacy's value is a number, which has no such thing; legacy: text would be one that has
field 1: number.sign: legacy's value is a number, which has no such thing; legacy: text would be one that has`},
		{"zones", []Field{f("A", "a", Field{Time: &Time{Zone: Sides[string]{"Europe/Bertin", "Local"}}})}, "field 1: time.zone: there is no time zone \"Europe/Bertin\"; zones are named as in the IANA database: Europe/Berlin\nfield 1: time.zone: there is no time zone \"Local\"; zones are named as in the IANA database: Europe/Berlin"},
		{"layouts", []Field{f("A", "a", Field{Time: &Time{Layout: Sides[string]{"yyyy-MM-dd", "2006-01-02 03:04"}}})}, `field 1: time.legacy: "yyyy-MM-dd" has no meaning as a layout; it is Go's, of the moment 2006-01-02 15:04:05, or one of RFC3339, RFC1123, RFC850, date, unix, unix_ms
field 1: time.service: "2006-01-02 03:04" doesn't tell morning from afternoon: 15 is the hour of 24, and 03 wants a PM`},
		{"layouts without a date", []Field{f("A", "a", Field{Time: &Time{Layout: Sides[string]{Legacy: "15:04"}}})}, "field 1: time: one side has a date and the other has not, which couldn't be made up"},
		{"days without a year, across zones", []Field{f("A", "a", Field{Time: &Time{Layout: Sides[string]{"02/01 15:04", "01-02 15:04"}, Zone: Sides[string]{Legacy: "Europe/Berlin"}}})}, "field 1: time: without a year it can't be told how far Europe/Berlin and UTC are apart; with one zone for both it needn't"},
		{"days without a year, with an offset", []Field{f("A", "a", Field{Time: &Time{Layout: Sides[string]{"02/01 15:04", "01-02 15:04 -0700"}, Zone: Sides[string]{Legacy: "Europe/Berlin"}}})}, "field 1: time: without a year it can't be told how far Europe/Berlin and any offset are apart; with one zone for both it needn't"},
		{"days without a year, with an offset each", []Field{f("A", "a", Field{Time: &Time{Layout: Sides[string]{"02/01 15:04 -0700", "01-02 15:04 -0700"}}})}, ""},
		{"days without a year, in one zone", []Field{f("A", "a", Field{Time: &Time{Layout: Sides[string]{"02/01 15:04", "01-02 15:04"}, Zone: Sides[string]{"Europe/Berlin", "Europe/Berlin"}}})}, ""},
		{"an abbreviation", []Field{f("A", "a", Field{Time: &Time{Layout: Sides[string]{Legacy: "2006-01-02 15:04 MST"}}})}, `field 1: time.legacy: "2006-01-02 15:04 MST" only has the zone's abbreviation, which doesn't say what time it is; -0700 would`},
		{"a layout of digits", []Field{f("A", "a", Field{Time: &Time{Layout: Sides[string]{"020106", "2.1.06"}, Type: Sides[Type]{TypeNumber, TypeBool}}})}, "field 1: time.legacy: \"020106\" doesn't make a number: it is written as 040311\nfield 1: time.service: a time is a text or a number, not \"boolean\""},
		{"types", []Field{f("A", "a", Field{Type: Sides[Type]{"integer", TypeText}}), f("B", "b", Field{Type: Sides[Type]{TypeBool, TypeNumber}})}, "field 1: type: \"integer\" isn't a type; these are: text, number, boolean\nfield 2: type: a boolean and a number have nothing in common; bool: {true: 1, false: 0} says which numbers are meant"},
		{"types of lists", []Field{f("A", "a", Field{List: " ", Trim: true, Type: Sides[Type]{TypeNumber, TypeBool}})}, "field 1: type.legacy: a list is a text, not \"number\"\nfield 1: type.service: the elements of a list are texts or numbers, not \"boolean\"\nfield 1: trim: spaces are what stands between the elements"},
		{"what has no meaning", []Field{
			f("A", "a", Field{With: "line", Trim: true, Type: Sides[Type]{Legacy: TypeText}, OtherBit: Drop}),
			{Legacy: []string{"B"}, Drop: true, Required: true, Absent: &Sides[Literal]{}, Default: Sides[*Literal]{Service: ptr(str("x"))}},
		}, `field 1: trim: this has no meaning with with
field 1: type: this has no meaning with with
field 1: other_bits: this has no meaning with with
field 2: absent: this has no meaning with drop
field 2: required: this has no meaning with drop
field 2: default.service: this has no meaning with drop
field 2: default: required and default exclude one another: where a value is required there is none to stand in for`},
		{"when of nothing", []Field{f("A", "a", Field{When: &When{}}), f("B", "b", Field{When: when("", "x")})}, "field 1: when: it has no condition\nfield 2: when.legacy: the path is empty; the whole body is \".\""},
		{"when of what has one", []Field{f("T", "t", Field{When: when("T", "x")})}, "field 1: when.legacy: T is written by field 1, which has a condition itself"},
		{"when of what can't be looked into", []Field{f("T", "t", Field{With: "line"}), f("A", "a", Field{When: when("T.QTY", "1")})}, "field 2: when.legacy: T.QTY lies in what field 1 writes with with, and can't be looked at"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(Definition{Fields: tt.fields, Unknown: Ways[Unknown]{Drop, Drop}}, set)
			got := ""
			if err != nil {
				var problems Problems
				if !errors.As(err, &problems) || len(problems) == 0 {
					t.Errorf("a %T without problems", err)
				}
				got = err.Error()
			}
			if diff := cmp.Diff(strings.Split(tt.want, "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestProblemsOfLenses(t *testing.T) {
	bare := Definition{Unknown: keepAll(), Fields: []Field{f(".", "x", Field{With: "b"})}}
	tests := []struct {
		name string
		d    Definition
		set  map[string]Definition
		want string
	}{
		{"unknown not said", Definition{Fields: []Field{f("A", "a", Field{})}}, nil,
			"unknown: say what becomes of members that no field names on the way to service: keep, drop or error\nunknown: say what becomes of members that no field names on the way to legacy: keep, drop or error"},
		{"unknown of another kind", Definition{Unknown: Ways[Unknown]{"ignore", Drop}}, nil, `unknown: "ignore" isn't keep, drop or error`},
		{"nothing at all", Definition{}, nil, ""},
		{"a lens that is referred to", Definition{Unknown: keepAll(), Fields: []Field{f("A", "a", Field{Each: "x"})}},
			map[string]Definition{"x": {Fields: []Field{{}}, Unknown: keepAll()}}, "lens x: field 1: it has no path"},
		{"a circle", Definition{Unknown: keepAll(), Fields: []Field{f("A", "a", Field{With: "a"})}},
			map[string]Definition{"a": bare, "b": {Unknown: keepAll(), Fields: []Field{f(".", "y", Field{With: "a"})}}},
			"lens a: it refers to itself without going deeper into legacy's body\nlens b: it refers to itself without going deeper into legacy's body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(tt.d, Set{Lenses: tt.set})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestDefaultsOfTexts holds that a default is read as the side's format has it.
func TestDefaultsOfTexts(t *testing.T) {
	fields := []Field{
		f("N", "n", Field{Number: &Number{}, Default: Sides[*Literal]{Legacy: ptr(num("0"))}}),
		f("B", "b", Field{Values: &Values{Pairs: pairs("true", "yes")}, Default: Sides[*Literal]{Legacy: ptr(yes)}}),
	}
	d := Definition{Fields: fields, Unknown: Ways[Unknown]{Drop, Drop}}
	if _, err := New(d, Set{Texts: Sides[bool]{Legacy: true}}); err != nil {
		t.Error(err)
	}
	if _, err := New(d, Set{}); err == nil {
		t.Error("a number and a boolean are taken for texts")
	}
	// One that others use may be of bodies of either kind.
	inner := Set{Lenses: map[string]Definition{"inner": d}}
	outer := Definition{Fields: []Field{f("I", "i", Field{With: "inner"})}, Unknown: Ways[Unknown]{Drop, Drop}}
	if _, err := New(outer, inner); err != nil {
		t.Error(err)
	}
}
