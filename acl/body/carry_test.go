package body_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

var (
	xmlForm  = format.Config{Name: format.XML, Root: "r", Namespaces: map[string]string{"": ""}}
	formForm = format.Config{Name: format.Form}
	csvForm  = format.Config{Name: format.CSV, Header: true}
	jsonOnly = format.Config{Name: format.JSON}
	refusing = lens.Ways[lens.Unknown]{ToService: lens.Refuse, ToLegacy: lens.Refuse}
)

// same is a table of identifiers that are the same on both sides.
type same struct{}

func (same) ToService(_ context.Context, id string) (string, error) { return id, nil }
func (same) ToLegacy(_ context.Context, id string) (string, error)  { return id, nil }

// TestFormatLosses holds the words in which formats' losses are told, each with a body that shows it.
func TestFormatLosses(t *testing.T) {
	word := func(s string) lens.Literal { return lens.Literal{Kind: document.String, Text: s} }
	f := func(legacy, service string, f lens.Field) lens.Field {
		f.Legacy, f.Service = []string{legacy}, []string{service}
		return f
	}
	fixed := func(c format.Column) format.Config {
		return format.Config{Name: format.FixedWidth, Columns: []format.Column{c}}
	}
	left, right, zeros := fixed(format.Column{Name: "A", Width: 6}), fixed(format.Column{Name: "A", Width: 6, Align: "right"}), fixed(format.Column{Name: "A", Width: 6, Align: "right", Pad: "0"})
	texts := lens.Sides[lens.Type]{Legacy: lens.TypeText, Service: lens.TypeText}
	set := lens.Set{
		Lenses: map[string]lens.Definition{"line": {Fields: []lens.Field{f("N", "n", lens.Field{Type: texts})}, Unknown: refusing}},
		Tables: map[string]lens.Table{"ids": same{}},
	}
	empty := &lens.Sides[lens.Literal]{Legacy: lens.Literal{Kind: document.String}, Service: lens.Literal{Kind: document.Null}}
	// a shows what becomes of a service's body, there and back, or how that fails.
	type a struct{ body, back string }
	tests := []struct {
		name   string
		legacy format.Config
		field  lens.Field
		want   string // of what the service's bodies lose
		shown  []a
	}{
		{"as it is, to JSON", jsonOnly, f("A", "a", lens.Field{}), "", nil},
		{"as it is, to XML", xmlForm, f("A", "a", lens.Field{}),
			"a number, true and false come back as texts, a list of one as its element, an empty list as missing, an object without members as an empty text (type says what there always is)",
			[]a{{`{"a":1}`, `{"a":"1"}`}, {`{"a":false}`, `{"a":"false"}`}, {`{"a":["x"]}`, `{"a":"x"}`}, {`{"a":[]}`, `{}`}, {`{"a":{}}`, `{"a":""}`}}},
		{"a text, to XML", xmlForm, f("A", "a", lens.Field{Type: texts}), "", nil},
		{"a number, to XML", xmlForm, f("A", "a", lens.Field{Type: lens.Sides[lens.Type]{Legacy: lens.TypeText, Service: lens.TypeNumber}}), "", nil},
		{"exact decimals, to XML", xmlForm, f("A", "a", lens.Field{Number: &lens.Number{Scale: 2}}), "", nil},
		{"an attribute", xmlForm, f("@A", "a", lens.Field{Type: texts}), "null can't be written (absent says what stands for no value)",
			[]a{{`{"a":null}`, "error: an attribute can't be of the kind null"}}},
		{"the text beside an attribute", xmlForm, f("A.#text", "a", lens.Field{Type: texts}),
			"an empty text comes back as missing; null can't be written (absent says what stands for no value)",
			[]a{{`{"a":""}`, `{}`}, {`{"a":null}`, "error: "}}},
		{"a list, to XML", xmlForm, f("A", "a", lens.Field{Each: "line"}), "an empty list comes back as missing", []a{{`{"a":[]}`, `{}`}}},
		{"as it is, to a form", formForm, f("A", "a", lens.Field{}),
			"a number, true and false come back as texts, a list of one as its element, an empty list as missing; null and an object can't be written (type says what there always is, absent says what stands for no value)",
			[]a{{`{"a":1}`, `{"a":"1"}`}, {`{"a":["x"]}`, `{"a":"x"}`}, {`{"a":[]}`, `{}`}, {`{"a":null}`, "error: null can't be written"}, {`{"a":{}}`, "error: an object can't be written"}}},
		{"with absent, to a form", formForm, f("A", "a", lens.Field{Type: texts, Absent: empty}), "", nil},
		{"a text, to CSV", csvForm, f("A", "a", lens.Field{Type: texts}),
			"a missing value comes back as an empty text; null can't be written (absent says what stands for no value)",
			[]a{{`[{"a":"x"},{}]`, `[{"a":"x"},{"a":""}]`}, {`[{"a":null}]`, "error: null can't be written"}}},
		{"decimals, to CSV", csvForm, f("A", "a", lens.Field{Number: &lens.Number{Scale: 2}}),
			"null can't be written; a missing value can't be read back (absent says what stands for no value)",
			[]a{{`[{"a":1},{}]`, `error: "" isn't a number`}}},
		{"decimals, to CSV, with absent", csvForm, f("A", "a", lens.Field{Number: &lens.Number{Scale: 2}, Absent: empty}), "", nil},
		{"a text, to a column that spaces pad", left, f("A", "a", lens.Field{Type: texts, Absent: empty}),
			"spaces at the end of a text don't come back", []a{{`[{"a":" x "}]`, `[{"a":" x"}]`}}},
		{"a text, to a column on the right", right, f("A", "a", lens.Field{Type: texts, Absent: empty}),
			"spaces in front of a text don't come back", []a{{`[{"a":" x "}]`, `[{"a":"x "}]`}}},
		{"a number, to a column of zeros", zeros, f("A", "a", lens.Field{Number: &lens.Number{}}),
			"a missing value and null can't be written (absent says what stands for no value)", []a{{`[{"a":null}]`, "error: null"}, {`[{}]`, `error: "" would be read as`}, {`[{"a":-7}]`, `[{"a":-7}]`}}},
		{"a text, to a column of zeros", zeros, f("A", "a", lens.Field{Type: texts}),
			"a missing value, null, an empty text, a text that is no number and digits with zeros in front can't be written (absent says what stands for no value)",
			[]a{{`[{"a":"x"}]`, `error: "x" would be read as "0x"`}, {`[{"a":"007"}]`, `error: "007" would be read as "7"`}, {`[{"a":"7"}]`, `[{"a":"7"}]`}}},
		{"codes, to a column of zeros", zeros, f("A", "a", lens.Field{Absent: empty, Values: &lens.Values{Pairs: []lens.Pair{{Legacy: word("Y"), Service: word("yes")}, {Legacy: word("1"), Service: word("no")}}}}),
			`null and "yes" can't be written`, []a{{`[{"a":"yes"}]`, `error: "Y" would be read as`}, {`[{"a":"no"}]`, `[{"a":"no"}]`}}},
		{"codes with spaces, to a column that spaces pad", left, f("A", "a", lens.Field{Absent: empty, Values: &lens.Values{Pairs: []lens.Pair{{Legacy: word("A "), Service: word("active")}}}}),
			`"active" can't be read back`, []a{{`[{"a":"active"}]`, `error: "A" isn't among the values`}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr, err := body.New(body.Definition{Legacy: tt.legacy, Service: jsonOnly, Records: tt.legacy.Name == format.CSV,
				Lens: lens.Definition{Fields: []lens.Field{tt.field}, Unknown: refusing}}, set)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, loss := range tr.FormatLosses() {
				if loss.Direction == lens.ToLegacy && loss.Lens == "" && loss.Field == 0 {
					got = append(got, loss.What)
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			for _, one := range tt.shown {
				back := thereAndBack(t, tr, one.body)
				if fails, is := strings.CutPrefix(one.back, "error: "); is {
					if !strings.HasPrefix(back, "error: ") || !strings.Contains(back, fails) {
						t.Errorf("%s comes back as %s, and not with the error %q", one.body, back, fails)
					}
				} else if back != one.back {
					t.Errorf("%s comes back as %s, and not as %s", one.body, back, one.back)
				}
			}
		})
	}
}

// thereAndBack is what becomes of a service's body.
func thereAndBack(t *testing.T, tr *body.Translator, text string) string {
	t.Helper()
	there, err := tr.Translate(t.Context(), body.ToLegacy, []byte(text), "")
	if err != nil {
		return fmt.Sprintf("error: %v", err)
	}
	back, err := tr.Translate(t.Context(), body.ToService, there, tr.ContentType(body.ToLegacy, there))
	if err != nil {
		return fmt.Sprintf("error: %v", err)
	}
	return string(back)
}

// TestOrderOfElements has bodies whose elements come back in another order, and where that is told.
func TestOrderOfElements(t *testing.T) {
	keep, drop := lens.Ways[lens.Unknown]{ToService: lens.Keep, ToLegacy: lens.Keep}, lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop}
	two := []lens.Field{field("A", "a"), field("B", "b")}
	for name, tt := range map[string]struct {
		legacy     format.Config
		fields     []lens.Field
		unknown    lens.Ways[lens.Unknown]
		body, back string
		want       string
	}{
		"unknown ones":   {xmlForm, two[:1], keep, "<r><X>1</X><A>2</A></r>", "<r><A>2</A><X>1</X></r>", "elements come back in the order of the fields, and those that no field names behind them"},
		"named ones":     {xmlForm, two, drop, "<r><B>1</B><A>2</A></r>", "<r><A>2</A><B>1</B></r>", "elements come back in the order of the fields"},
		"a form":         {formForm, two, drop, "B=1&A=2", "A=2&B=1", "a form's names come back in the order of the fields"},
		"a single one":   {xmlForm, two[:1], drop, "<r><A>2</A></r>", "<r><A>2</A></r>", ""},
		"without fields": {xmlForm, nil, lens.Ways[lens.Unknown]{}, "<r><X>1</X><A>2</A></r>", "<r><X>1</X><A>2</A></r>", ""},
		"JSON":           {jsonOnly, two, drop, `{"B":1,"A":2}`, `{"A":2,"B":1}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tr, err := body.New(body.Definition{Legacy: tt.legacy, Service: jsonOnly, Lens: lens.Definition{Fields: tt.fields, Unknown: tt.unknown}}, lens.Set{})
			if err != nil {
				t.Fatal(err)
			}
			told := ""
			for _, loss := range tr.FormatLosses() {
				if loss.Side == "legacy" && strings.Contains(loss.What, "order of the fields") {
					told += loss.Direction + ": " + loss.What
				}
			}
			if tt.want != "" {
				tt.want = "to service: " + tt.want
			}
			if told != tt.want {
				t.Errorf("told is %q, want %q", told, tt.want)
			}
			there, err := tr.Translate(t.Context(), body.ToService, []byte(tt.body), "")
			if err != nil {
				t.Fatal(err)
			}
			back, err := tr.Translate(t.Context(), body.ToLegacy, there, "")
			if err != nil {
				t.Fatal(err)
			}
			if strings.TrimSpace(string(back)) != tt.back {
				t.Errorf("it comes back as %s", back)
			}
		})
	}
}
