package roundtrip

import (
	"testing"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// A field's loss excuses what the field itself makes of a value, and no other value.
func TestMakes(t *testing.T) {
	text := func(s string) lens.Literal { return lens.Literal{Kind: document.String, Text: s} }
	one := 1
	values := lens.Field{Legacy: []string{"S"}, Service: []string{"s"}, Values: &lens.Values{
		Pairs: []lens.Pair{{Legacy: text("A"), Service: text("on")}, {Legacy: text("B"), Service: text("on")}, {Legacy: text("I"), Service: text("off")}},
		Back:  []lens.Pair{{Legacy: text("A"), Service: text("on")}}}}
	rounded := lens.Field{Legacy: []string{"N"}, Service: []string{"n"}, Number: &lens.Number{Scale: 2, Decimals: &one, Round: lens.RoundHalfUp}}
	for _, tt := range []struct {
		name     string
		field    lens.Field
		from, to string
		want     bool
	}{
		{"one of several codes", values, "B", "A", true},
		{"a code of another value", values, "B", "I", false},
		{"the code that isn't written back", values, "A", "B", false},
		{"a rounded number", rounded, "1234", "1230", true},
		{"another number", rounded, "1234", "777", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := field{Field: tt.field, losses: []string{"it loses something"}, from: body.ToService, own: ownLens(tt.field, body.ToService)}
			d := found{from: valueOf(t, tt.from), to: valueOf(t, tt.to)}
			if got := f.known(t.Context(), Changed, d, true) != ""; got != tt.want {
				t.Errorf("known: %t", got)
			}
		})
	}
}

func valueOf(t *testing.T, s string) document.Value {
	t.Helper()
	b := document.NewBuilder(nil, 1)
	b.String(s)
	d, err := b.Document()
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}
