package lens

import (
	"context"
	"errors"
	"strings"
	"time"
)

// golden is a definition of a golden file.
type golden struct {
	Definition
	Set
}

func of(unknown Unknown, fields ...Field) golden {
	return golden{Definition: Definition{Fields: fields, Unknown: Ways[Unknown]{unknown, unknown}}}
}

// f is a field between two paths.
func f(l, s string, options Field) Field {
	options.Legacy, options.Service = []string{l}, []string{s}
	return options
}

func pairs(list ...any) []Pair {
	literal := func(v any) Literal {
		switch v := v.(type) {
		case string:
			return str(v)
		case Literal:
			return v
		}
		panic("a pair of something else")
	}
	var out []Pair
	for i := 0; i < len(list); i += 2 {
		out = append(out, Pair{literal(list[i]), literal(list[i+1])})
	}
	return out
}

// crossed is a Table in which the service has what legacy has, in reverse.
type crossed struct{}

func (crossed) ToService(_ context.Context, id string) (string, error) { return reverse(id) }
func (crossed) ToLegacy(_ context.Context, id string) (string, error)  { return reverse(id) }

func reverse(id string) (string, error) {
	if strings.Contains(id, "?") {
		return "", errors.New("nobody knows this identifier")
	}
	b := []byte(id)
	for i := range len(b) / 2 {
		b[i], b[len(b)-1-i] = b[len(b)-1-i], b[i]
	}
	return string(b), nil
}

var order = Definition{
	Unknown: Ways[Unknown]{Refuse, Refuse},
	Fields: []Field{
		f("ORD_NO", "id", Field{Type: Sides[Type]{TypeNumber, TypeText}}),
		f("LINES", "lines", Field{Each: "line"}),
	},
}

var line = Definition{
	Unknown: Ways[Unknown]{Drop, Refuse},
	Fields:  []Field{f("QTY", "quantity", Field{Required: true}), f("SUB", "parts", Field{Each: "line"})},
}

var goldens = map[string]golden{
	"pass": of(Drop, f("A", "a", Field{}), f("T", "t", Field{Trim: true})),
	"type": of(Drop,
		f("N", "n", Field{Type: Sides[Type]{TypeNumber, TypeText}}),
		f("B", "b", Field{Type: Sides[Type]{TypeText, TypeBool}}),
		f("X", "x", Field{Type: Sides[Type]{"", TypeNumber}})),
	"nested": {
		Definition{Unknown: keepAll(), Fields: []Field{
			f("ORDERS", "orders", Field{Each: "order"}), f("LAST", "last", Field{With: "order"}),
		}},
		Set{Lenses: map[string]Definition{"order": order, "line": line}},
	},
	"whole": {
		Definition{Unknown: keepAll(), Fields: []Field{f(".", "orders", Field{Each: "order"})}},
		Set{Lenses: map[string]Definition{"order": order, "line": line}},
	},
	"values": of(Drop,
		f("STS", "status", Field{Values: &Values{Pairs: pairs("A", "active", "I", "inactive", num("1"), yes)}}),
		f("MANY", "many", Field{Values: &Values{
			Pairs: pairs("A", "active", "B", "active", "C", "x", "C", "y"), Back: pairs("A", "active"), Forth: pairs("C", "x"),
		}}),
		f("OTH", "other", Field{Trim: true, Values: &Values{Pairs: pairs("A", "active"), Other: Sides[*Literal]{ptr(str("U")), ptr(str("unknown"))}}}),
		f("KEPT", "kept", Field{Values: &Values{Pairs: pairs("A", "active"), Keep: true}})),
	"bool": of(Drop,
		f("VIP", "vip", Field{Bool: &Bool{True: []Literal{str("Y"), str("J")}, False: []Literal{str("N")}}}),
		f("ONE", "one", Field{Bool: &Bool{True: []Literal{num("1")}, False: []Literal{num("0")}}})),
	"number": of(Drop,
		f("CENTS", "cents", Field{Number: &Number{Scale: 2}}),
		f("PRC", "price", Field{Number: &Number{Scale: 2, Decimals: ptr(2), Legacy: TypeNumber, Service: TypeText}}),
		f("AMT", "amount", Field{Trim: true, Number: &Number{Scale: 2, Decimal: ",", Group: ".", Sign: SignBehind, Decimals: ptr(2)}}),
		f("PAD", "pad", Field{Number: &Number{Width: 5}}),
		f("R", "rounded", Field{Number: &Number{Scale: 1, Round: RoundHalfEven}}),
		f("U", "up", Field{Number: &Number{Scale: 1, Round: RoundHalfUp, Decimals: ptr(1)}}),
		f("D", "down", Field{Number: &Number{Round: RoundDown}}),
		f("E", "exact", Field{Number: &Number{Legacy: TypeNumber}})),
	"time": of(Drop,
		f("CRT", "created", Field{Time: &Time{Layout: Sides[string]{Legacy: "02/01/2006 15:04"}, Zone: Sides[string]{Legacy: "Europe/Berlin"}}}),
		f("DAY", "day", Field{Time: &Time{Layout: Sides[string]{Legacy: "20060102", Service: "date"}, Zone: Sides[string]{Legacy: "Europe/Berlin"}}}),
		f("U", "u", Field{Time: &Time{Layout: Sides[string]{Legacy: "unix"}}}),
		f("MS", "ms", Field{Time: &Time{Layout: Sides[string]{Legacy: "RFC1123", Service: "unix_ms"}}}),
		f("NUM", "num", Field{Time: &Time{Layout: Sides[string]{Legacy: "20060102", Service: "2.1.2006"}, Type: Sides[Type]{Legacy: TypeNumber}}}),
		f("UT", "ut", Field{Time: &Time{Layout: Sides[string]{Legacy: "unix", Service: "RFC3339"}, Zone: Sides[string]{Service: "America/New_York"}, Type: Sides[Type]{Legacy: TypeText}}}),
		f("CLK", "clock", Field{Time: &Time{Layout: Sides[string]{Legacy: "1504", Service: "3:04 PM"}}})),
	"bits": of(Drop,
		Field{Legacy: []string{"FLAGS"}, Service: []string{"vip", "blocked"}, Bits: []int{0, 3}},
		Field{Legacy: []string{"LOOSE"}, Service: []string{"l.a", "l.b"}, Bits: []int{1, 0}, OtherBit: Drop, Type: Sides[Type]{Legacy: TypeText}}),
	"parts-absent": of(Drop,
		Field{Legacy: []string{"FLAGS"}, Service: []string{"vip", "blocked"}, Bits: []int{0, 3}, Absent: &Sides[Literal]{none, no}},
		Field{Legacy: []string{"ABS"}, Service: []string{"a", "b", "c"}, Join: ";", Absent: &Sides[Literal]{str(""), nullLiteral}}),
	"join": of(Drop,
		Field{Legacy: []string{"NAME"}, Service: []string{"first", "last"}, Join: " ", Trim: true},
		Field{Legacy: []string{"Y", "M", "D"}, Service: []string{"date"}, Join: "-"}),
	"list": of(Drop, f("TAGS", "tags", Field{List: ","}), f("NUMS", "nums", Field{List: ";", Trim: true, Type: Sides[Type]{Service: TypeNumber}})),
	"ids": {
		Definition{Unknown: Ways[Unknown]{Drop, Drop}, Fields: []Field{
			f("NO", "id", Field{IDs: "crossed"}), f("NUM", "num", Field{IDs: "crossed", Type: Sides[Type]{Legacy: TypeNumber}}),
		}},
		Set{Tables: map[string]Table{"crossed": crossed{}}},
	},
	"made": {
		Definition{Unknown: Ways[Unknown]{Refuse, Refuse}, Fields: []Field{
			{Legacy: []string{"VERSION"}, Const: ptr(str("2"))},
			{Service: []string{"kind"}, Const: ptr(str("customer"))},
			{Legacy: []string{"GEN_TS"}, Generate: Now, Time: &Time{Layout: Sides[string]{Legacy: "2006-01-02 15:04:05"}, Zone: Sides[string]{Legacy: "Asia/Tokyo"}}},
			{Legacy: []string{"USR"}, Drop: true, Default: Sides[*Literal]{Legacy: ptr(str("?"))}},
			{Service: []string{"etag"}, Drop: true},
			f("LIST", "list", Field{}),
			f("CNT", "list", Field{Count: true}),
		}},
		Set{Now: func() time.Time { return time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC) }},
	},
	"presence": of(Drop,
		f("P", "plain", Field{}),
		f("A", "absent", Field{Absent: &Sides[Literal]{str(""), nullLiteral}}),
		f("M", "missing", Field{Absent: &Sides[Literal]{num("0"), none}}),
		f("D", "default", Field{Default: Sides[*Literal]{ptr(str("-")), ptr(str("none"))}}),
		f("B", "both", Field{Absent: &Sides[Literal]{str(""), nullLiteral}, Default: Sides[*Literal]{Legacy: ptr(str("?"))}})),
	"required": of(Drop, f("A.R", "r", Field{Required: true}), f("X", "x", Field{Required: true, Absent: &Sides[Literal]{str(""), nullLiteral}})),
	"when": of(Keep,
		f("TYP", "kind", Field{Values: &Values{Pairs: pairs("C", "company", "P", "person")}}),
		f("NM", "company.name", Field{When: &When{Legacy: []Condition{{Path: "TYP", Is: []Literal{str("C")}}}}}),
		f("NM", "person.name", Field{When: &When{Legacy: []Condition{{Path: "TYP", Is: []Literal{str("C")}, Not: true}}, Service: []Condition{{Path: "kind"}}}})),
	"when-error": of(Refuse,
		f("TYP", "kind", Field{}),
		f("NM", "company", Field{When: &When{Legacy: []Condition{{Path: "TYP", Is: []Literal{str("C")}}}}}),
		f("NM", "person", Field{When: &When{Legacy: []Condition{{Path: "TYP", Is: []Literal{str("P")}}}}})),
	"unknown-keep":  of(Keep, f("A", "a", Field{}), f("ADDR.LINE1", "address.street", Field{}), f("LIST[0].X", "first", Field{}), f("W", "w.deep.down", Field{})),
	"unknown-error": of(Refuse, f("A", "a", Field{}), f("ADDR.LINE1", "address.street", Field{}), f("LIST[1]", "second", Field{})),
	"paths": of(Drop,
		f("L1", "lines[0].text", Field{}), f("L2", "lines[1].text", Field{}), f(`D\.O\[T`, "dot", Field{}), f("/a~1b/c", "pointer", Field{}), f("ITEM[1].V", "v", Field{})),
}
