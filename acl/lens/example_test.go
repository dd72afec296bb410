package lens_test

import (
	"context"
	"fmt"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// customer is how a legacy application's customer corresponds to that of a service.
func customer() lens.Definition {
	code := func(s string) lens.Literal { return lens.Literal{Kind: document.String, Text: s} }
	return lens.Definition{
		Fields: []lens.Field{
			{Legacy: []string{"CUST_NM"}, Service: []string{"name"}},
			{Legacy: []string{"STS"}, Service: []string{"status"}, Values: &lens.Values{Pairs: []lens.Pair{
				{Legacy: code("A"), Service: code("active")},
				{Legacy: code("I"), Service: code("inactive")},
			}}},
			{Legacy: []string{"BAL"}, Service: []string{"balance"}, Number: &lens.Number{Scale: 2}},
			{Legacy: []string{"LAST_USR"}, Drop: true},
		},
		Unknown: lens.Ways[lens.Unknown]{ToService: lens.Refuse, ToLegacy: lens.Refuse},
	}
}

func ExampleNew() {
	l, err := lens.New(customer(), lens.Set{})
	if err != nil {
		fmt.Println(err)
		return
	}
	b := document.NewBuilder(nil, 0)
	b.Object()
	for _, member := range [][2]string{{"CUST_NM", "Ada"}, {"STS", "A"}, {"BAL", "1234"}, {"LAST_USR", "X17"}} {
		b.Name(member[0])
		b.String(member[1])
	}
	b.End()
	legacy, err := b.Document()
	if err != nil {
		fmt.Println(err)
		return
	}
	service, err := l.ToService(context.Background(), legacy.Root())
	if err != nil {
		fmt.Println(err)
		return
	}
	for name, v := range service.Root().Members() {
		fmt.Printf("%s: %s (%s)\n", name, v.Text(), v.Kind())
	}
	back, err := l.ToLegacy(context.Background(), service.Root())
	if err != nil {
		fmt.Println(err)
		return
	}
	for name, v := range back.Root().Members() {
		fmt.Printf("%s: %s (%s)\n", name, v.Text(), v.Kind())
	}
	// Output:
	// name: Ada (text)
	// status: active (text)
	// balance: 12.34 (number)
	// CUST_NM: Ada (text)
	// STS: A (text)
	// BAL: 1234 (text)
}

func ExampleNew_problems() {
	_, err := lens.New(lens.Definition{
		Fields: []lens.Field{
			{Legacy: []string{"CUST_NM"}},
			{Legacy: []string{"ORDERS"}, Service: []string{"orders"}, Each: "ordr"},
		},
		Unknown: lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop},
	}, lens.Set{Lenses: map[string]lens.Definition{"order": {}}})
	fmt.Println(err)
	// Output:
	// field 1: it is only on the side of legacy: const, generate or drop says what the other sees of it
	// field 2: each: there is no translator "ordr"; did you mean order?
}

func ExampleLens_Losses() {
	l, err := lens.New(customer(), lens.Set{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, loss := range l.Losses() {
		fmt.Printf("field %d, %s: %s\n", loss.Field+1, loss.Direction, loss.What)
	}
	// Output:
	// field 3, to service: a number comes back as it is written here: other leading zeros, a plus sign, missing groups and digits behind the point are lost
	// field 3, to legacy: exponents and zeros at the end of a number don't come back: 12.30 does as 12.3
	// field 4, to service: it is dropped
}

func ExampleField_How() {
	for _, f := range customer().Fields {
		if how := f.How(); how != "" {
			fmt.Printf("%v: %s\n", f.Legacy, how)
		}
	}
	// Output:
	// [STS]: codes A = active, I = inactive
	// [BAL]: 2 digits behind the point
	// [LAST_USR]: dropped
}
