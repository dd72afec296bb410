package lens_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/lens"
)

func TestCounterparts(t *testing.T) {
	field := func(legacy, service string) lens.Field {
		return lens.Field{Legacy: strings.Split(legacy, "+"), Service: strings.Split(service, "+")}
	}
	each := func(f lens.Field, name string) lens.Field { f.Each = name; return f }
	with := func(f lens.Field, name string) lens.Field { f.With = name; return f }
	name := field("NM", "name.first+name.last")
	name.Join = " "
	count := field("CNT", "orders")
	count.Count = true
	d := lens.Definition{Fields: []lens.Field{
		field("CUST_NO", "customer.id"), name, count, field("RAW", "raw"), field("A[1]", "second"),
		each(field("ORDERS", "orders"), "order"), with(field("ADDR", "address"), "address"),
	}}
	lenses := map[string]lens.Definition{
		"order":   {Fields: []lens.Field{field("CARD.NO", "card"), each(field("PARTS", "parts"), "order")}},
		"address": {Fields: []lens.Field{field("STR", "street")}},
	}
	for place, want := range map[string][]string{
		"/CUST_NO":               {"/customer/id"},
		"/NM":                    {"/name/first", "/name/last"},
		"/CNT":                   nil,
		"/RAW/a/*":               {"/raw/a/*"},
		"/A":                     {"/second"},
		"/A/1":                   {"/second"},
		"/A/2":                   nil,
		"/ORDERS":                {"/orders"},
		"/ORDERS/*":              {"/orders/*"},
		"/ORDERS/*/CARD/NO":      {"/orders/*/card"},
		"/ORDERS/0/CARD":         {"/orders/*/card"},
		"/ORDERS/*/PARTS/*/CARD": {"/orders/*/parts/*/card"},
		"/ADDR/STR":              {"/address/street"},
		"/ADDR/TWN":              nil,
		"/*":                     {"/address", "/customer/id", "/name/first", "/name/last", "/orders", "/raw", "/second"},
		"/other":                 nil,
	} {
		var got []string
		for _, tokens := range d.Counterparts(lenses, strings.Split(place, "/")[1:], nil) {
			got = append(got, "/"+strings.Join(tokens, "/"))
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", place, diff)
		}
	}
}
