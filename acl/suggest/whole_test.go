package suggest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
	"github.com/strangler-fig/toolkit/acl/suggest"
	"github.com/strangler-fig/toolkit/internal/config"
)

// mistaken are the samples in which the service makes mistakes, so that no lens translates all of
// their examples: what of each is wrong on the way to either side.
var mistaken = map[string][]string{
	"bookshop/order": {"tax", "VAT_CENTS"}, // a cent short
}

// reordered are the samples whose lists the service has in another order, which no lens can say.
var reordered = map[string]bool{"bookshop/shelf": true}

// TestSamplesAreTranslated holds that what is proposed compiles, and makes of each example the other
// side's, in both directions, but for what stayed over.
func TestSamplesAreTranslated(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			pairs := s.pairs(t)
			p, err := suggest.Propose(suggest.Config{Name: "sample"}, pairs)
			if err != nil {
				t.Fatal(err)
			}
			l, err := lens.New(p.Definition(), p.Set())
			if err != nil {
				t.Fatal(err)
			}
			for i, pair := range pairs {
				elements := []suggest.Pair{pair}
				if p.Records {
					elements = nil
					for k := range pair.Legacy.Len() {
						elements = append(elements, suggest.Pair{Legacy: pair.Legacy.Index(k), Service: pair.Service.Index(k)})
					}
				}
				for _, e := range elements {
					there, err := l.ToService(t.Context(), e.Legacy)
					if err != nil {
						t.Fatal(err)
					}
					s.compare(t, fmt.Sprintf("example %d to the service", i+1), without(e.Service, p, true, mistaken[s.name]), without(there.Root(), p, true, mistaken[s.name]))
					back, err := l.ToLegacy(t.Context(), e.Service)
					if err != nil {
						t.Fatal(err)
					}
					s.compare(t, fmt.Sprintf("example %d to legacy", i+1), without(e.Legacy, p, false, mistaken[s.name]), without(back.Root(), p, false, mistaken[s.name]))
				}
			}
		})
	}
}

func (s sample) compare(t *testing.T, what string, want, got any) {
	t.Helper()
	if reordered[s.name] {
		want, got = inOrder(want), inOrder(got)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// inOrder returns a value with the elements of all its lists sorted.
func inOrder(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = inOrder(member)
		}
	case []any:
		for i, e := range v {
			v[i] = inOrder(e)
		}
		slices.SortFunc(v, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	return v
}

// without returns a document as Go values, without what a proposal left over, or makes anew, and
// without some members. Textual documents are compared by their texts; a list of one is its element.
func without(v document.Value, p *suggest.Proposal, service bool, names []string) any {
	left := map[string]bool{}
	for _, name := range names {
		left[name] = true
	}
	var add func(p *suggest.Proposal, prefix string)
	add = func(p *suggest.Proposal, prefix string) {
		rest := p.Legacy
		if service {
			rest = p.Service
		}
		for _, r := range rest {
			left[prefix+r.Path] = true
		}
		for _, f := range p.Fields {
			if f.Generate != "" {
				left[prefix+f.Legacy[0]] = true
			}
			for _, n := range p.Nested {
				if f.Each == n.Name && service {
					add(n, prefix+f.Service[0]+".")
				} else if f.Each == n.Name {
					add(n, prefix+f.Legacy[0]+".")
				}
			}
		}
	}
	add(p, "")
	var plain func(v document.Value, at string) any
	plain = func(v document.Value, at string) any {
		switch v.Kind() {
		case document.Object:
			m := map[string]any{}
			for name, member := range v.Members() {
				path := strings.TrimPrefix(at+"."+string(name), ".")
				if left[path] {
					continue
				}
				value := plain(member, path)
				if inner, ok := value.(map[string]any); ok && len(inner) == 0 {
					continue
				}
				switch before := m[string(name)].(type) {
				case nil:
					m[string(name)] = value
				case []any:
					m[string(name)] = append(before, value)
				default:
					m[string(name)] = []any{before, value}
				}
			}
			return m
		case document.Array:
			all := []any{}
			for e := range v.Elements() {
				all = append(all, plain(e, at))
			}
			if len(all) == 1 {
				return all[0]
			}
			return all
		case document.Number:
			return json.Number(v.Text())
		case document.Null:
			return nil
		}
		return v.Text()
	}
	return plain(v, "")
}

// TestYAMLIsConfiguration holds that what is written is what the configuration reads.
func TestYAMLIsConfiguration(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			p, err := suggest.Propose(suggest.Config{Name: "sample"}, s.pairs(t))
			if err != nil {
				t.Fatal(err)
			}
			cfg := load(t, string(suggest.AppendYAML(nil, p.Translators(s.legacy, s.service))))
			got := cfg.Translators["sample"]
			if diff := cmp.Diff(p.Definition(), got.Lens); diff != "" {
				t.Errorf("definition (-proposed +read):\n%s", diff)
			}
			if diff := cmp.Diff([]format.Config{s.legacy, s.service}, []format.Config{got.Legacy, got.Service}); diff != "" {
				t.Errorf("formats (-proposed +read):\n%s", diff)
			}
			for _, n := range p.Nested {
				if diff := cmp.Diff(n.Definition(), cfg.Translators[n.Name].Lens); diff != "" {
					t.Errorf("%s (-proposed +read):\n%s", n.Name, diff)
				}
			}
		})
	}
}

func load(t testing.TB, translators string) *config.Config {
	t.Helper()
	cfg, err := loadIn(t.TempDir(), translators)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// loadIn reads translators as a configuration, which is written to a folder.
func loadIn(dir, translators string) (*config.Config, error) {
	file := filepath.Join(dir, "strangler.yaml")
	text := "legacy: {url: http://a}\nids: {customers: {service: uuid}}\ntranslators:\n" + translators
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cfg, err := config.Load(file, config.Options{})
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	return cfg, nil
}

// What is taken for a name is what the configuration takes.
func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{"customer": true, "9lives": true, "a.b_c-d": true, strings.Repeat("a", 100): true,
		strings.Repeat("a", 101): false, "größe": false, "a b": false, "-a": false, "_a": false, ".a": false, "": false, "a\n": false} {
		_, err := loadIn(t.TempDir(), fmt.Sprintf("  %q: {legacy: {format: json}, service: {format: json}, fields: [{legacy: A, service: a}], unknown: drop}\n", name))
		if got := suggest.IsName(name); got != want || got != (err == nil) {
			t.Errorf("%q is a name: %t, and the configuration says %v", name, got, err)
		}
	}
}

// The lenses of lists are translators, too, whatever the lists and the translator are called.
func TestNestedNames(t *testing.T) {
	const list = "größen"
	legacy := `{"` + list + `":[{"NAME":"Ada Lovelace"},{"NAME":"Grace Hopper"}],"Länder":[{"NAME":"Großbritannien"},{"NAME":"Vereinigte Staaten"}],"счета":[{"NAME":"Alan Turing"}]}`
	pair := suggest.Pair{Legacy: decode(t, legacy, asJSON), Service: decode(t, legacy, asJSON)}
	for _, name := range []string{"", "proposed", strings.Repeat("long", 25)} {
		p, err := suggest.Propose(suggest.Config{Name: name}, []suggest.Pair{pair})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Nested) != 3 {
			t.Fatalf("%d nested", len(p.Nested))
		}
		p.Name = "x" // of which the test isn't
		load(t, string(suggest.AppendYAML(nil, p.Translators(asJSON, asJSON))))
	}
}

// Every option of a field goes out and comes in again.
func TestFieldYAML(t *testing.T) {
	two := 2
	text := func(s string) lens.Literal { return lens.Literal{Kind: document.String, Text: s} }
	number := func(s string) lens.Literal { return lens.Literal{Kind: document.Number, Text: s} }
	unknown := text("unknown")
	one := func(f lens.Field) lens.Field {
		f.Legacy, f.Service = []string{"A"}, []string{"a.b"}
		return f
	}
	tests := []struct {
		name  string
		field lens.Field
	}{
		{"nothing said", one(lens.Field{})},
		{"places that are no words", lens.Field{Legacy: []string{`A B[0]`}, Service: []string{"@x.#text"}}},
		{"codes that look like something else", one(lens.Field{Values: &lens.Values{Pairs: []lens.Pair{{Legacy: text("1"), Service: text("true")},
			{Legacy: number("2"), Service: lens.Literal{Kind: document.True}}, {Legacy: text(""), Service: text("null")}, {Legacy: text("Y: {"), Service: text("${HOME} $$ \" \\ é\n")}}}})},
		{"several codes", one(lens.Field{Values: &lens.Values{Pairs: []lens.Pair{{Legacy: text("A"), Service: text("on")}, {Legacy: text("B"), Service: text("on")}},
			Back: []lens.Pair{{Legacy: text("A"), Service: text("on")}}, Other: lens.Sides[*lens.Literal]{Service: &unknown}}})},
		{"codes that are kept", one(lens.Field{Values: &lens.Values{Pairs: []lens.Pair{{Legacy: text("A"), Service: text("b")}}, Keep: true}})},
		{"short booleans", one(lens.Field{Bool: &lens.Bool{True: []lens.Literal{text("Y")}, False: []lens.Literal{text("N")}}})},
		{"long booleans", one(lens.Field{Bool: &lens.Bool{True: []lens.Literal{text("X"), number("1")}, False: []lens.Literal{text("")}}})},
		{"a number", one(lens.Field{Number: &lens.Number{Scale: 2, Decimals: &two, Legacy: lens.TypeText, Service: lens.TypeText, Decimal: ",", Group: ".", Round: lens.RoundHalfUp, Sign: lens.SignBehind}})},
		{"a wide number", one(lens.Field{Number: &lens.Number{Scale: 2, Width: 10}})},
		{"a time", one(lens.Field{Time: &lens.Time{Layout: lens.Sides[string]{Legacy: "02.01.2006 15:04", Service: "RFC3339"}, Zone: lens.Sides[string]{Legacy: "Europe/Berlin"}}})},
		{"a time in numbers", one(lens.Field{Time: &lens.Time{Layout: lens.Sides[string]{Legacy: "unix", Service: "2006-01-02 15:04:05"}, Zone: lens.Sides[string]{Service: "Asia/Tokyo"}, Type: lens.Sides[lens.Type]{Legacy: lens.TypeText}}})},
		{"bits", lens.Field{Legacy: []string{"F"}, Service: []string{"x", "y"}, Bits: []int{0, 4}, OtherBit: lens.Drop}},
		{"a join", lens.Field{Legacy: []string{"N"}, Service: []string{"x", "y"}, Join: ", "}},
		{"a list", one(lens.Field{List: ";", Type: lens.Sides[lens.Type]{Service: lens.TypeNumber}})},
		{"identifiers", one(lens.Field{IDs: "customers"})},
		{"a count", one(lens.Field{Count: true})},
		{"a constant", lens.Field{Legacy: []string{"V"}, Const: &unknown}},
		{"made anew", lens.Field{Legacy: []string{"T"}, Generate: lens.Now, Time: &lens.Time{Layout: lens.Sides[string]{Legacy: "2006-01-02 15:04:05"}}}},
		{"dropped", lens.Field{Legacy: []string{"X"}, Drop: true}},
		{"trimmed, and needed", one(lens.Field{Trim: true, Required: true})},
		{"absent", one(lens.Field{Absent: &lens.Sides[lens.Literal]{Legacy: text("missing"), Service: lens.Literal{}}})},
		{"a default", one(lens.Field{Default: lens.Sides[*lens.Literal]{Service: &unknown}})},
		{"conditions", one(lens.Field{When: &lens.When{Legacy: []lens.Condition{{Path: "TYP", Is: []lens.Literal{text("C"), text("D")}}, {Path: "X", Not: true, Is: []lens.Literal{number("1")}}}}})},
		{"whether it is there", one(lens.Field{When: &lens.When{Service: []lens.Condition{{Path: "kind"}}}})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			line, more := suggest.FieldYAML(tt.field), ""
			if tt.field.When != nil { // of which fields without a condition have to tell
				more = "      - {legacy: TYP, service: kind}\n      - {legacy: X, service: x}\n"
			}
			cfg := load(t, "  x:\n    legacy: {format: json}\n    service: {format: json}\n    unknown: drop\n    fields:\n      - "+line+"\n"+more)
			if diff := cmp.Diff(tt.field, cfg.Translators["x"].Lens.Fields[0]); diff != "" {
				t.Errorf("%s (-written +read):\n%s", line, diff)
			}
		})
	}
}

// Formats go out and come in again, too.
func TestFormatYAML(t *testing.T) {
	for _, c := range []format.Config{
		{Name: format.XML, Charset: "ISO-8859-1", Root: "x:a", Namespaces: map[string]string{"x": "urn:x", "": "http://y/z"}, Declaration: true, CDATA: []string{"b.c"}, ContentType: "text/xml"},
		{Name: format.CSV, Delimiter: "\t", Quote: "always", Header: true, Newline: "\r\n"},
		{Name: format.FixedWidth, Columns: []format.Column{{Name: "A", Width: 3, Align: "right", Pad: "0"}, {Name: "B", Width: 4}}},
		{Name: format.Form, Charset: "windows-1252"},
	} {
		t.Run(c.Name, func(t *testing.T) {
			d := lens.Definition{Fields: []lens.Field{{Legacy: []string{"A"}, Service: []string{"a"}}}, Unknown: lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Refuse}}
			records := c.Name == format.CSV || c.Name == format.FixedWidth
			text := suggest.AppendYAML(nil, []suggest.Translator{{Name: "x", Legacy: c, Service: format.Config{Name: format.JSON}, Records: records, Lens: d, Before: "one\ntwo: {", After: "\x1b[31mred"}})
			got := load(t, string(text)).Translators["x"]
			if diff := cmp.Diff(c, got.Legacy); diff != "" {
				t.Errorf("(-written +read):\n%s", diff)
			}
			if diff := cmp.Diff(d, got.Lens); diff != "" || got.Records != records {
				t.Errorf("records %t (-written +read):\n%s", got.Records, diff)
			}
			if strings.Contains(string(text), "\x1b") {
				t.Error("a comment can control the terminal")
			}
		})
	}
}

func ExamplePropose() {
	pair := func(legacy, service string) suggest.Pair {
		f, _ := format.New(format.Config{Name: format.JSON})
		a, _ := f.Decode([]byte(legacy), "")
		b, _ := f.Decode([]byte(service), "")
		return suggest.Pair{Legacy: a.Root(), Service: b.Root()}
	}
	found, err := suggest.Propose(suggest.Config{Name: "customer"}, []suggest.Pair{
		pair(`{"CUST_NM":"Ada Lovelace","BAL_CT":1234,"VIP":"Y"}`, `{"name":"Ada Lovelace","balance":12.34,"vip":true}`),
		pair(`{"CUST_NM":"Grace Hopper","BAL_CT":99,"VIP":"N"}`, `{"name":"Grace Hopper","balance":0.99,"vip":false}`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range found.Fields {
		fmt.Println(f.YAML)
	}
	// Output:
	// {legacy: CUST_NM, service: name}
	// {legacy: BAL_CT, service: balance, number: {scale: 2, legacy: number, service: number}}
	// {legacy: VIP, service: vip, bool: Y/N}
}
