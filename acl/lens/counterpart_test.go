package lens_test

import (
	"slices"
	"strings"
	"testing"
	"time"

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
	checkCounterparts(t, d, lenses, map[string][]string{
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
	})
}

// checkCounterparts holds that a definition has the wanted counterparts of each place, in any order.
func checkCounterparts(t *testing.T, d lens.Definition, lenses map[string]lens.Definition, all map[string][]string) {
	t.Helper()
	for place, want := range all {
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

// TestCounterpartsOfUnknown holds that members which no field names, and which are kept, are where they were.
func TestCounterpartsOfUnknown(t *testing.T) {
	field := func(legacy, service string) lens.Field {
		return lens.Field{Legacy: []string{legacy}, Service: []string{service}}
	}
	with := func(f lens.Field, name string) lens.Field { f.With = name; return f }
	keep := lens.Ways[lens.Unknown]{ToService: lens.Keep, ToLegacy: lens.Drop}
	count := field("CNT", "orders")
	count.Count = true
	d := lens.Definition{Unknown: keep, Fields: []lens.Field{
		field("ADDR.PW", "address.pw"), field("A", "B"), with(field("X", "x"), "kept"), with(field("Y", "y"), "dropped"),
		count, {Legacy: []string{"GONE"}, Drop: true},
	}}
	lenses := map[string]lens.Definition{
		"kept":    {Unknown: keep, Fields: []lens.Field{field("STR", "street")}},
		"dropped": {Unknown: lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Keep}, Fields: []lens.Field{field("STR", "street")}},
	}
	checkCounterparts(t, d, lenses, map[string][]string{
		"/SSN":       {"/SSN"},
		"/ADDR":      {"/ADDR", "/address/pw"},
		"/ADDR/PIN":  {"/ADDR/PIN"},
		"/ADDR/PW":   {"/address/pw"},
		"/ADDR/PW/x": {"/address/pw/x"},
		"/*/PW":      {"/*/PW", "/B/PW", "/address/pw", "/x/PW"},
		"/X/SSN":     {"/x/SSN"},
		"/Y/SSN":     nil,
		"/CNT":       nil,
		"/GONE":      nil,
	})
}

// TestCounterpartsEnd has a circle of lenses without depth, which New refuses, but which may be asked before.
func TestCounterpartsEnd(t *testing.T) {
	bare := func(name string) lens.Definition { // on one and on each of several
		return lens.Definition{Unknown: lens.Ways[lens.Unknown]{ToService: lens.Keep, ToLegacy: lens.Keep}, Fields: []lens.Field{
			{Legacy: []string{"."}, Service: []string{"x"}, With: name}, {Legacy: []string{"."}, Service: []string{"y"}, Each: name},
		}}
	}
	ended := make(chan int, 1)
	go func() {
		ended <- len(bare("b").Counterparts(map[string]lens.Definition{"b": bare("c"), "c": bare("b")}, []string{"SSN"}, nil))
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("looking for counterparts doesn't end")
	}
}
