package lens

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/strangler-fig/toolkit/acl/document"
)

// everyOption is a lens with a field of every kind, each below a name of its own.
func everyOption(t testing.TB, unknown Unknown) *Lens {
	self := Definition{Unknown: Ways[Unknown]{unknown, unknown}}
	for i, name := range slices.Sorted(maps.Keys(kinds)) {
		field := kinds[name]
		prefix := string(rune('a' + i))
		if i >= 26 {
			prefix = "z" + string(rune('a'+i-26))
		}
		field.Legacy, field.Service = slices.Clone(field.Legacy), slices.Clone(field.Service)
		for j, p := range field.Legacy {
			field.Legacy[j] = prefix + "." + p
		}
		for j, p := range field.Service {
			field.Service[j] = prefix + "." + p
		}
		field.Required = false
		if field.Each != "" {
			field.Each = "self"
		}
		if field.With != "" {
			field.With = "self"
		}
		if field.When != nil {
			field.When = &When{Legacy: []Condition{{Path: "a.A"}}, Service: []Condition{{Path: "a.a", Is: []Literal{str("x")}, Not: true}}}
		}
		self.Fields = append(self.Fields, field)
	}
	self.Fields = append(self.Fields,
		Field{Legacy: []string{"rows[1].x"}, Service: []string{"second"}},
		Field{Legacy: []string{"V"}, Const: ptr(str("2"))},
		Field{Legacy: []string{"R"}, Generate: Random},
		Field{Legacy: []string{"T"}, Generate: Now},
		Field{Service: []string{"gone"}, Drop: true},
		Field{Legacy: []string{"N"}, Service: []string{"second"}, Count: true},
	)
	l, err := New(self, Set{Lenses: map[string]Definition{"self": self}, Tables: propertySet.Tables})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// FuzzLens holds that whatever a document is, a lens makes another of it or a *document.Error.
func FuzzLens(f *testing.F) {
	for _, body := range []string{
		`{}`, `null`, `[]`, `""`, `{"a":{"A":"x"},"b":{"A":"","x":1}}`, `{"a":{"a":null},"rows":[1,{"x":[]}],"V":"2"}`,
		`{"e":{"A":[{"e":{"A":[{}]}}]},"za":{"A":{}},"zz":1}`, `{"N":"x","second":[1,2],"gone":{},"q":{"A":"1.234,50-"},"V":3}`,
		`{"k":{"A":"a-b","A":"c"},"k":{"A":1}}`,
	} {
		f.Add(body, false)
		f.Add(body, true)
	}
	lenses := []*Lens{everyOption(f, Keep), everyOption(f, Drop), everyOption(f, Refuse)}
	f.Fuzz(func(t *testing.T, body string, repeats bool) {
		if len(body) > 1<<16 {
			return
		}
		d, err := readJSON(body)
		if err != nil {
			return
		}
		d.Repeats = repeats
		for _, l := range lenses {
			for _, translate := range []func(context.Context, document.Value) (*document.Document, error){l.ToService, l.ToLegacy} {
				out, err := translate(context.Background(), d.Root())
				if err != nil {
					if _, ok := err.(*document.Error); !ok {
						t.Errorf("%s: a %T, not a *document.Error", body, err)
					}
					continue
				}
				text(out.Root())
			}
		}
	})
}
