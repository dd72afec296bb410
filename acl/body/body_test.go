package body_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

var (
	jsonBoth = body.Definition{Legacy: format.Config{Name: format.JSON}, Service: format.Config{Name: format.JSON}}
	dropping = lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop}
	keeping  = lens.Ways[lens.Unknown]{ToService: lens.Keep, ToLegacy: lens.Keep}
)

func field(legacy, service string) lens.Field {
	return lens.Field{Legacy: []string{legacy}, Service: []string{service}}
}

func with(d body.Definition, edit func(*body.Definition)) body.Definition {
	edit(&d)
	return d
}

func mustNew(t testing.TB, d body.Definition) *body.Translator {
	t.Helper()
	translator, err := body.New(d, lens.Set{})
	if err != nil {
		t.Fatal(err)
	}
	return translator
}

func TestTranslate(t *testing.T) {
	jq := func(toService, toLegacy string) func(*body.Definition) {
		return func(d *body.Definition) { d.JQ = lens.Ways[string]{ToService: toService, ToLegacy: toLegacy} }
	}
	named := func(d *body.Definition) {
		d.Lens = lens.Definition{Fields: []lens.Field{field("NM", "name")}, Unknown: keeping}
	}
	for name, c := range map[string]struct {
		edit     func(*body.Definition)
		way      body.Direction
		in, want string
		fails    string // a part of the message
		pointer  string
	}{
		"no lens changes nothing":     {in: `{"a":[1,{"b":null}]}`, want: `{"a":[1,{"b":null}]}`},
		"a lens to the service":       {edit: named, in: `{"NM":"x","Z":1}`, want: `{"name":"x","Z":1}`},
		"a lens to legacy":            {edit: named, way: body.ToLegacy, in: `{"name":"x","Z":1}`, want: `{"NM":"x","Z":1}`},
		"jq alone":                    {edit: jq("{id: .ID}", "{ID: .id}"), in: `{"ID":7}`, want: `{"id":7}`},
		"jq alone, back":              {edit: jq("{id: .ID}", "{ID: .id}"), way: body.ToLegacy, in: `{"id":7}`, want: `{"ID":7}`},
		"jq one way leaves the other": {edit: jq("{id: .ID}", ""), way: body.ToLegacy, in: `{"id":7}`, want: `{"id":7}`},
		"jq, then fields": {
			edit: func(d *body.Definition) { named(d); jq(".C | {NM: .N}", "{C: {N: .NM}}")(d) },
			in:   `{"C":{"N":"x"}}`, want: `{"name":"x"}`,
		},
		"fields, then jq": {
			edit: func(d *body.Definition) { named(d); jq(".C | {NM: .N}", "{C: {N: .NM}}")(d) },
			way:  body.ToLegacy, in: `{"name":"x"}`, want: `{"C":{"N":"x"}}`,
		},
		"digits stay":                        {edit: jq("{v: .v}", ""), in: `{"v":[12.30,0.1,1e400,123456789012345678901234567890.50,-0]}`, want: `{"v":[12.30,0.1,1e400,123456789012345678901234567890.50,-0]}`},
		"integers are exact":                 {edit: jq("{v: (.v + 1)}", ""), in: `{"v":123456789012345678901234567890}`, want: `{"v":123456789012345678901234567891}`},
		"decimals are float64 when computed": {edit: jq("{v: (.v * 100)}", ""), in: `{"v":0.29}`, want: `{"v":28.999999999999996}`},
		"names come out sorted":              {edit: jq("{b: 1, a: 2}", ""), in: `{}`, want: `{"a":2,"b":1}`},
		"no environment":                     {edit: jq("env | length", ""), in: `{}`, want: `0`},

		"fields behind jq": {
			edit: func(d *body.Definition) {
				name := field("NM", "name")
				name.Number = &lens.Number{}
				d.Lens = lens.Definition{Fields: []lens.Field{name}, Unknown: keeping}
				d.JQ.ToService = ".C | {NM: .N}"
			},
			in: `{"C":{"N":"x"},"NM":"1"}`, fails: `in the result of the jq program to_service, at /NM: "x" isn't a number`,
		},
		"not JSON":          {in: `{"a":`, fails: "ends too early", pointer: "/a"},
		"jq fails":          {edit: jq(".a.b", ""), in: `{"a":1}`, fails: "jq program to_service"},
		"jq gives nothing":  {edit: jq("empty", ""), in: `{}`, fails: "gives no value"},
		"jq gives two":      {edit: jq("1, 2", ""), in: `{}`, fails: "more than one value"},
		"jq gives infinity": {edit: jq("infinite", ""), in: `{}`, fails: "infinite"},
		"jq gives bytes":    {edit: jq(`{a: error("\(.)")}`, ""), in: `{"x":1}`, fails: `{"x":1}`},
		"jq gives too much": {edit: jq(`reduce range(40) as $i ("x"; [., .])`, ""), in: `{}`, fails: "larger than"},
		"jq gets too much":  {edit: jq("0", ""), in: `["` + strings.Repeat("x", 9<<20) + `","` + strings.Repeat("x", 9<<20) + `"]`, fails: "the body is larger than 16 MiB"},
		"jq gets a number":  {edit: jq("{v: (.v + 1)}", ""), in: `{"v":` + strings.Repeat("7", 100_001) + `}`, fails: "a number of the body, at /v, has 100001 digits"},
		"jq nests too deep": {edit: jq(`reduce range(2000) as $i (0; [.])`, ""), in: `{}`, fails: "nests deeper"},
		"jq halts":          {edit: jq(`halt_error`, ""), in: `"x"`, fails: "jq program"},
	} {
		t.Run(name, func(t *testing.T) {
			d := jsonBoth
			if c.edit != nil {
				c.edit(&d)
			}
			got, err := mustNew(t, d).Translate(t.Context(), c.way, []byte(c.in), "")
			if c.fails != "" {
				var at *document.Error
				if !errors.As(err, &at) || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("error %v, want a *document.Error with %q", err, c.fails)
				}
				if at.Pointer != c.pointer {
					t.Errorf("pointer %q, want %q", at.Pointer, c.pointer)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("translation (-want +got):\n%s", diff)
			}
		})
	}
}

// TestJQKeepsArrays has programs whose input has no arrays, but names that repeat, or nothing but texts.
func TestJQKeepsArrays(t *testing.T) {
	number := field("n", "count")
	number.Type = lens.Sides[lens.Type]{Legacy: lens.TypeNumber}
	for name, c := range map[string]struct {
		legacy   format.Config
		program  string
		fields   []lens.Field
		in, want string
	}{
		"a table":     {format.Config{Name: format.CSV, Header: true}, "{tags: [.A], none: [], n: 5, deep: [[.B]]}", nil, "A,B\nx,7\n", `[{"deep":[["7"]],"n":5,"none":[],"tags":["x"]}]`},
		"a form":      {format.Config{Name: format.Form}, "{tags: [.A], none: []}", nil, "A=x", `{"none":[],"tags":["x"]}`},
		"XML":         {format.Config{Name: format.XML, Root: "r"}, "{tags: [.A], none: [], deep: [[1]]}", nil, "<r><A>x</A></r>", `{"deep":[[1]],"none":[],"tags":["x"]}`},
		"XML, fields": {format.Config{Name: format.XML, Root: "r"}, "{tags: [.A], n: .N, one: .A}", []lens.Field{field("tags", "tags"), number, field("one", "one")}, "<r><A>x</A><N>7</N></r>", `{"tags":["x"],"count":7,"one":"x"}`},
		"XML, several": {format.Config{Name: format.XML, Root: "r"}, "{tags: .A}", []lens.Field{field("tags", "tags")},
			"<r><A>x</A><A>y</A></r>", `{"tags":["x","y"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			d := body.Definition{Legacy: c.legacy, Service: format.Config{Name: format.JSON}, JQ: lens.Ways[string]{ToService: c.program}}
			if c.fields != nil {
				d.Lens = lens.Definition{Fields: c.fields, Unknown: dropping}
			}
			got, err := mustNew(t, d).Translate(t.Context(), body.ToService, []byte(c.in), "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	xml := format.Config{Name: format.XML, Root: "r"}
	back := mustNew(t, body.Definition{Legacy: xml, Service: xml, JQ: lens.Ways[string]{ToLegacy: "{A: .tags}"}})
	got, err := back.Translate(t.Context(), body.ToLegacy, []byte("<r><tags>x</tags><tags>y</tags></r>"), "")
	if want := "<r><A>x</A><A>y</A></r>"; err != nil || !strings.HasSuffix(string(got), want) {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// TestConditionsOnTexts has a condition of a number in a format that has only texts: it holds where that is
// written as it does where that is read.
func TestConditionsOnTexts(t *testing.T) {
	named := field("NM", "name")
	named.When = &lens.When{Legacy: []lens.Condition{{Path: "TYP", Is: []lens.Literal{{Kind: document.Number, Text: "1"}}}}}
	for name, legacy := range map[string]format.Config{"XML": {Name: format.XML, Root: "r"}, "a form": {Name: format.Form}} {
		translator := mustNew(t, body.Definition{Legacy: legacy, Service: format.Config{Name: format.JSON},
			Lens: lens.Definition{Fields: []lens.Field{field("TYP", "typ"), named}, Unknown: lens.Ways[lens.Unknown]{ToService: lens.Refuse, ToLegacy: lens.Refuse}}})
		in := `{"typ":"1","name":"x"}`
		there, err := translator.Translate(t.Context(), body.ToLegacy, []byte(in), "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if back, err := translator.Translate(t.Context(), body.ToService, there, ""); err != nil || string(back) != in {
			t.Errorf("%s: %s came back as %s, %v", name, in, back, err)
		}
	}
}

// TestMalformed says what is the sender's fault and what is the definition's.
func TestMalformed(t *testing.T) {
	translator := mustNew(t, with(jsonBoth, func(d *body.Definition) {
		d.Lens = lens.Definition{Fields: []lens.Field{{Legacy: []string{"S"}, Service: []string{"s"},
			Values: &lens.Values{Pairs: []lens.Pair{{Legacy: text("A"), Service: text("active")}}}}}, Unknown: dropping}
	}))
	for name, c := range map[string]struct {
		in        string
		malformed bool
	}{
		"no JSON":              {`{`, true},
		"a name twice":         {`{"S":"A","S":"A"}`, true},
		"a value not foreseen": {`{"S":"X"}`, false},
	} {
		_, err := translator.Translate(t.Context(), body.ToService, []byte(c.in), "")
		var m *body.Malformed
		if err == nil || errors.As(err, &m) != c.malformed {
			t.Errorf("%s: %v, malformed: %t, want %t", name, err, errors.As(err, &m), c.malformed)
		}
	}
}

func text(s string) lens.Literal { return lens.Literal{Kind: document.String, Text: s} }

func TestJQIsCancelled(t *testing.T) {
	translator := mustNew(t, with(jsonBoth, func(d *body.Definition) { d.JQ.ToService = "[limit(1; repeat(empty))]" }))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := translator.Translate(ctx, body.ToService, []byte(`{}`), ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an endless program ends with %v, want the context's error", err)
	}
	if took := time.Since(began); took > body.MaxTime/2 {
		t.Errorf("it ended after %v", took)
	}
}

func TestNewNamesAllProblems(t *testing.T) {
	_, err := body.New(body.Definition{
		Legacy:  format.Config{Name: format.JSON, Delimiter: ";"},
		Service: format.Config{Name: "yaml"},
		Lens:    lens.Definition{Fields: []lens.Field{{Legacy: []string{"A"}}}, Unknown: dropping},
		JQ:      lens.Ways[string]{ToService: "{", ToLegacy: "input"},
	}, lens.Set{})
	var problems lens.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("%v, want lens.Problems", err)
	}
	var options []string
	for _, p := range problems {
		if p.Field < 0 {
			options = append(options, p.Option)
		}
	}
	if diff := cmp.Diff([]string{"legacy.delimiter", "service.format", "jq.to_service", "jq.to_legacy"}, options); diff != "" {
		t.Errorf("options (-want +got):\n%s\n%v", diff, err)
	}
	if len(problems) <= len(options) {
		t.Errorf("no problem of a field: %v", err)
	}
}

func TestNewRefusesModules(t *testing.T) {
	for _, program := range []string{`import "a" as a; .`, `include "a"; .`, `input`, `inputs`, `import "a" as $a; $a`} {
		if _, err := body.New(with(jsonBoth, func(d *body.Definition) { d.JQ.ToService = program }), lens.Set{}); err == nil {
			t.Errorf("%s is accepted", program)
		}
	}
}

func TestLosses(t *testing.T) {
	translator := mustNew(t, with(jsonBoth, func(d *body.Definition) {
		d.Lens = lens.Definition{Fields: []lens.Field{field("A", "a"), {Legacy: []string{"B"}, Drop: true}}, Unknown: keeping}
		d.JQ.ToLegacy = "."
	}))
	var fields, jq int
	for _, loss := range translator.Losses() {
		if strings.Contains(loss.What, "jq") {
			jq++
		} else {
			fields++
		}
	}
	if fields == 0 || jq != 1 {
		t.Errorf("losses %+v: want those of the field that is dropped, and of the program", translator.Losses())
	}
}

// TestNamesThatAFormatHasnt has fields at places that bodies of their format can't have.
func TestNamesThatAFormatHasnt(t *testing.T) {
	xml := format.Config{Name: format.XML, Root: "s:C", Namespaces: map[string]string{"s": "urn:shop"}}
	soap := format.Config{Name: format.SOAP, Root: "C", Namespaces: map[string]string{"": "urn:shop"}}
	fixed := format.Config{Name: format.FixedWidth, Columns: []format.Column{{Name: "NO", Width: 4}, {Name: "NM", Width: 9}}}
	csv := format.Config{Name: format.CSV, Header: true, Columns: []format.Column{{Name: "NO"}}}
	header := format.Config{Name: format.CSV, Header: true}
	form := format.Config{Name: format.Form}
	inner := func(f lens.Field, each, with string) lens.Field {
		f.Each, f.With = each, with
		return f
	}
	set := lens.Set{Lenses: map[string]lens.Definition{
		"good":  {Fields: []lens.Field{field("s:NO", "no"), inner(field("s:SUB", "sub"), "good", "")}, Unknown: dropping},
		"bad":   {Fields: []lens.Field{field("s:NO", "no"), field("t:NO", "other")}, Unknown: dropping},
		"deep":  {Fields: []lens.Field{inner(field("s:IN", "in"), "", "bad")}, Unknown: dropping},
		"value": {Fields: []lens.Field{field(".", ".")}, Unknown: dropping},
		"cell":  {Fields: []lens.Field{field("NO", "no"), field("X", "x")}, Unknown: dropping},
	}}
	for name, c := range map[string]struct {
		legacy format.Config
		jq     string
		fields []lens.Field
		want   string // lines; empty: it compiles
	}{
		"declared":                {legacy: xml, fields: []lens.Field{field("s:NO", "no"), field("s:A.@s:x", "x"), field("@xml:lang", "lang"), field("s:B.#text", "b"), field("PLAIN[1].@y", "y"), field("@xsi:type", "type")}},
		"a prefix of nothing":     {legacy: xml, fields: []lens.Field{field("s:A", "a"), field("t:NO", "no")}, want: `field 2: legacy: t:NO: the prefix of "t:NO" isn't among the namespaces`},
		"deeper":                  {legacy: xml, fields: []lens.Field{field("s:A.t:B[0].s:C", "c")}, want: `field 1: legacy: s:A.t:B[0].s:C: the prefix of "t:B" isn't among the namespaces`},
		"an attribute":            {legacy: xml, fields: []lens.Field{field("s:A.@t:x", "x")}, want: `field 1: legacy: s:A.@t:x: the prefix of "t:x" isn't among the namespaces`},
		"no name":                 {legacy: xml, fields: []lens.Field{field("CUST NO", "no")}, want: `field 1: legacy: CUST NO: an element can't be called "CUST NO" in XML`},
		"of SOAP":                 {legacy: soap, fields: []lens.Field{field("NO", "no"), field("x:NM", "name")}, want: `field 2: legacy: x:NM: the prefix of "x:NM" isn't among the namespaces`},
		"a constant":              {legacy: xml, fields: []lens.Field{{Legacy: []string{"t:V"}, Const: &lens.Literal{Kind: document.String, Text: "1"}}}, want: `field 1: legacy: t:V: the prefix of "t:V" isn't among the namespaces`},
		"several":                 {legacy: xml, fields: []lens.Field{{Legacy: []string{"s:A", "t:B"}, Service: []string{"ab"}, Join: "-"}}, want: `field 1: legacy: t:B: the prefix of "t:B" isn't among the namespaces`},
		"a lens that is used":     {legacy: xml, fields: []lens.Field{inner(field("s:L", "l"), "good", "")}},
		"one that has another":    {legacy: xml, fields: []lens.Field{field("s:A", "a"), inner(field("s:L", "l"), "bad", "")}, want: `field 2: each: the field legacy: t:NO of bad has no place in these bodies: the prefix of "t:NO" isn't among the namespaces`},
		"one that uses one":       {legacy: xml, fields: []lens.Field{inner(field("s:L", "l"), "", "deep")}, want: `field 1: with: the field legacy: t:NO of bad has no place in these bodies: the prefix of "t:NO" isn't among the namespaces`},
		"behind jq":               {legacy: xml, jq: ".", fields: []lens.Field{field("t:NO", "no")}},
		"JSON has all":            {legacy: format.Config{Name: format.JSON}, fields: []lens.Field{field("t:N O", "no")}},
		"columns":                 {legacy: fixed, fields: []lens.Field{field("NO", "no"), field("NM", "name")}},
		"no column":               {legacy: fixed, fields: []lens.Field{field("NO", "no"), field("NAME", "name")}, want: `field 2: legacy: NAME: there is no column "NAME"; the columns are "NO", "NM"`},
		"no column of a lens":     {legacy: fixed, fields: []lens.Field{inner(field(".", "c"), "", "cell")}, want: `field 1: with: the field legacy: X of cell has no place in these bodies: there is no column "X"; the columns are "NO", "NM"`},
		"no column of CSV":        {legacy: csv, fields: []lens.Field{field("NM", "name")}, want: `field 1: legacy: NM: there is no column "NM"; the columns are "NO"`},
		"nested in a form":        {legacy: form, fields: []lens.Field{field("NO", "no"), field("a.b", "b")}, want: `field 2: legacy: a.b: a form has single values, with no names in them; if the dot is a part of the name, write a\.b`},
		"a dot in a form":         {legacy: form, fields: []lens.Field{field(`a\.b`, "b"), field(`a\[b\]`, "c"), field("d[0]", "d"), field("d[1]", "e")}},
		"a list in a form":        {legacy: form, fields: []lens.Field{inner(field("L", "l"), "value", "")}},
		"a list of lists":         {legacy: form, fields: []lens.Field{field("L[0][1]", "l")}, want: `field 1: legacy: L[0][1]: a form has single values, and no lists in them`},
		"objects in a form":       {legacy: form, fields: []lens.Field{inner(field("L", "l"), "cell", "")}, want: `field 1: each: the field legacy: NO of cell has no place in these bodies: a form has single values, with no names in them` + "\n" + `field 1: each: the field legacy: X of cell has no place in these bodies: a form has single values, with no names in them`},
		"a file":                  {legacy: format.Config{Name: format.Multipart}, fields: []lens.Field{field("f.content", "a"), field("g[1].filename", "b")}},
		"no file":                 {legacy: format.Config{Name: format.Multipart}, fields: []lens.Field{field("f.size", "a")}, want: `field 1: legacy: f.size: a part of a multipart body that is no file has single values, with no names in them; if the dot is a part of the name, write f\.size`},
		"nested in CSV":           {legacy: header, fields: []lens.Field{field("a.b", "b")}, want: `field 1: legacy: a.b: a column has single values, with no names in them; if the dot is a part of the name, write a\.b`},
		"nested in fixed width":   {legacy: fixed, fields: []lens.Field{field("NO.x", "b")}, want: `field 1: legacy: NO.x: a column has single values, with no names in them; if the dot is a part of the name, write NO\.x`},
		"a list in a column":      {legacy: header, fields: []lens.Field{inner(field("L", "l"), "value", "")}, want: `field 1: legacy: L: a column has single values, and no lists in them`},
		"CSV that has any column": {legacy: header, fields: []lens.Field{field("NM", "name")}},
	} {
		t.Run(name, func(t *testing.T) {
			d := body.Definition{Legacy: c.legacy, Service: format.Config{Name: format.JSON}, Lens: lens.Definition{Fields: c.fields, Unknown: dropping}}
			d.JQ.ToLegacy = c.jq
			_, err := body.New(d, set)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if c.want == "" || strings.Contains(c.want, "has no place") {
				return
			}
			// The same on the other side.
			for i, f := range d.Lens.Fields {
				f.Legacy, f.Service = f.Service, f.Legacy
				d.Lens.Fields[i] = f
			}
			d.Legacy, d.Service = d.Service, d.Legacy
			if _, err := body.New(d, set); err == nil || !strings.Contains(err.Error(), "service: ") {
				t.Errorf("on the other side: %v", err)
			}
		})
	}
}
