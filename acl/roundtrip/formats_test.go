package roundtrip_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
	"github.com/strangler-fig/toolkit/acl/roundtrip"
)

// formats are one of each kind, with places for the fields below.
var formats = map[string]format.Config{
	"json":      {Name: format.JSON},
	"ndjson":    {Name: format.NDJSON},
	"xml":       {Name: format.XML, Root: "r"},
	"soap":      {Name: format.SOAP, Root: "r"},
	"form":      {Name: format.Form},
	"multipart": {Name: format.Multipart},
	"csv":       {Name: format.CSV, Header: true},
	"columns":   {Name: format.CSV, Columns: []format.Column{{Name: "V"}, {Name: "W"}}},
	"fixed": {Name: format.FixedWidth, Columns: []format.Column{
		{Name: "V", Width: 9}, {Name: "W", Width: 9, Align: "right", Pad: "0"}}},
	"right": {Name: format.FixedWidth, Columns: []format.Column{{Name: "V", Width: 9, Align: "right"}, {Name: "W", Width: 9}}},
}

// onlyCells are formats that have neither lists nor objects in their records.
var onlyCells = map[string]bool{format.CSV: true, format.FixedWidth: true, format.Form: true, format.Multipart: true}

// values is what a field may be given: each is tried with each field and each pair of formats.
var values = []string{
	``, `null`, `""`, `"x"`, `" x"`, `"x "`, `" x "`, `"12"`, `"0012"`, `"true"`, `12`, `1.50`, `true`, `false`,
	`[]`, `["x"]`, `["x","y"]`, `[12]`, `[12,"x"]`, `[""]`, `[{}]`, `{}`, `{"a":"x"}`, `{"a":12}`, `{"a":[]}`, `{"a":["x"]}`,
	`{"a":{}}`, `{"a":{"b":[true]}}`, `[{"a":1},{"a":"x"}]`, `"A"`, `"A "`, `"active"`, `"Y"`, `"x,y"`, `"2026-11-29"`, `7`,
}

// TestNoFormatSurprises puts all of these values through fields of each kind between each pair of formats:
// what comes back as another is told of, by the field or by the formats, and what is told happens to some.
func TestNoFormatSurprises(t *testing.T) {
	kinds := map[string]lens.Field{
		"as it is":  {},
		"text":      {Type: lens.Sides[lens.Type]{Legacy: lens.TypeText, Service: lens.TypeText}},
		"number":    {Type: lens.Sides[lens.Type]{Legacy: lens.TypeText, Service: lens.TypeNumber}},
		"numbers":   {Type: lens.Sides[lens.Type]{Legacy: lens.TypeNumber, Service: lens.TypeNumber}},
		"boolean":   {Type: lens.Sides[lens.Type]{Legacy: lens.TypeBool, Service: lens.TypeBool}},
		"decimals":  {Number: &lens.Number{}},
		"codes":     {Values: &lens.Values{Pairs: []lens.Pair{{Legacy: *text("A "), Service: *text("active")}, {Legacy: *text("B"), Service: *text("x ")}}}},
		"bool":      {Bool: &lens.Bool{True: []lens.Literal{*text("Y")}, False: []lens.Literal{*text("")}}},
		"time":      {Time: &lens.Time{Layout: lens.Sides[string]{Legacy: "2006-01-02", Service: "date"}}},
		"list":      {List: ","},
		"each":      {Each: "inner"},
		"with":      {With: "inner"},
		"absent":    {Absent: &lens.Sides[lens.Literal]{Legacy: *text(""), Service: lens.Literal{}}},
		"required":  {Required: true},
		"a default": {Default: lens.Sides[*lens.Literal]{Legacy: text("x"), Service: text("x")}},
		"trimmed":   {Trim: true},
	}
	inner := one("a", "a")
	inner.Type = lens.Sides[lens.Type]{Legacy: lens.TypeText, Service: lens.TypeText}
	set := lens.Set{Lenses: map[string]lens.Definition{"inner": {Fields: []lens.Field{inner}, Unknown: ways(lens.Refuse)}}}
	other := one("W", "W")
	other.Type = inner.Type
	for legacy := range formats {
		for _, service := range []string{"json", "xml", "form", "csv", "fixed"} {
			t.Run(legacy+" "+service, func(t *testing.T) {
				for kind, f := range kinds {
					cells := func(name string) bool { return onlyCells[formats[name].Name] }
					if (f.Each+f.With != "") && (cells(legacy) || cells(service)) || f.List != "" && cells(service) {
						continue // no body could have them
					}
					f.Legacy, f.Service = []string{"V"}, []string{"V"}
					d := body.Definition{Legacy: formats[legacy], Service: formats[service]}
					d.Lens = lens.Definition{Fields: []lens.Field{f, other}, Unknown: ways(lens.Refuse)}
					noSurprise(t, kind, d, set)
				}
				noSurprise(t, "what no field names", body.Definition{Legacy: formats[legacy], Service: formats[service]}, set)
			})
		}
	}
}

// noSurprise tries all values with one translator.
func noSurprise(t *testing.T, kind string, d body.Definition, set lens.Set) {
	t.Helper()
	tr, err := body.New(d, set)
	if err != nil {
		return // these formats don't go together, or the field with them
	}
	for _, way := range []body.Direction{body.ToService, body.ToLegacy} {
		told := ""
		for _, l := range tr.FormatLosses() {
			if l.Side == "" && l.Lens == "" && (l.Direction == lens.ToLegacy) == (way == body.ToLegacy) {
				told += l.What + "\n"
			}
		}
		test, err := roundtrip.New(roundtrip.Config{Definition: d, Set: set, From: way})
		if err != nil {
			t.Fatal(err)
		}
		texts := []string{`{"V":"x"}`}
		for _, v := range values {
			texts = append(texts, withValue(v))
		}
		for _, text := range texts {
			if written, ok := bodyOf(d, way, text); ok { // else that side has no such bodies
				if err := test.Add(t.Context(), roundtrip.Body{Name: text, Text: []byte(written)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		r := test.Report()
		for _, p := range r.Places {
			if !p.Known {
				t.Errorf("%s, %s: it comes back as another: %+v\ntold is: %s", kind, way, p, told)
			}
		}
		for _, f := range r.Failures {
			if f.Step == roundtrip.StepBack && told == "" && !alone(t, d, set, way, f.Examples[0].Body) {
				t.Errorf("%s, %s: %q doesn't come back: %s", kind, way, f.Examples[0].Body, f.Reason)
			}
		}
		if told != "" && r.Lossy+r.Failed == 0 {
			t.Errorf("%s, %s: nothing shows what is told: %s", kind, way, told)
		}
	}
}

// alone reports whether it is the lens that can't bring a value back, with JSON on both sides too.
func alone(t *testing.T, d body.Definition, set lens.Set, way body.Direction, text string) bool {
	d.Legacy, d.Service, d.Records = format.Config{Name: format.JSON}, format.Config{Name: format.JSON}, false
	r := runConfig(t, roundtrip.Config{Definition: d, Set: set, From: way}, text)
	return r.Failed > 0
}

func withValue(v string) string {
	if v == "" {
		return `{"W":"1"}`
	}
	return fmt.Sprintf(`{"V":%s,"W":"1"}`, v)
}

// bodyOf is a body of the side that is read that says what a JSON text does, as that side's own programs write it.
func bodyOf(d body.Definition, way body.Direction, text string) (string, bool) {
	plain, err := format.New(format.Config{Name: format.JSON})
	if err != nil || !json.Valid([]byte(text)) {
		return "", false
	}
	doc, err := plain.Decode([]byte(text), "")
	if err != nil {
		return "", false
	}
	tr, err := body.New(body.Definition{Legacy: d.Legacy, Service: d.Service}, lens.Set{})
	if err != nil {
		return "", false
	}
	f := tr.Read(way)
	out, err := f.Append(nil, doc.Root())
	if tr.Records() && f.ContentType() == "application/json" {
		out, err = []byte("["+text+"]"), nil
	}
	return string(out), err == nil
}

// TestDroppedOfOtherFormats has what no field names where the format can't leave it out, or has nothing else left.
func TestDroppedOfOtherFormats(t *testing.T) {
	for name, tt := range map[string]struct {
		legacy format.Config
		body   string
		want   []string // KIND POINTER WHY
	}{
		"a cell":                {formats["columns"], "a,b\n", []string{"value /*/W no field names it, and unknown says drop"}},
		"all of an element":     {formats["xml"], "<r><W>b</W></r>", []string{"lost /W no field names it, and unknown says drop"}},
		"an element and others": {formats["xml"], "<r><V>a</V><W>b</W></r>", []string{"lost /W no field names it, and unknown says drop"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := body.Definition{Legacy: tt.legacy, Service: format.Config{Name: format.JSON}}
			d.Lens = lens.Definition{Fields: []lens.Field{one("V", "v")}, Unknown: ways(lens.Drop)}
			r := runConfig(t, roundtrip.Config{Definition: d, From: body.ToService}, tt.body)
			var got []string
			for _, p := range r.Places {
				got = append(got, fmt.Sprintf("%s %s %s", p.Kind, p.Pointer, p.Why))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
