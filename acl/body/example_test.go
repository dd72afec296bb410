package body_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

func ExampleNew() {
	customer, err := body.New(body.Definition{
		Legacy:  format.Config{Name: format.JSON},
		Service: format.Config{Name: format.JSON},
		Lens: lens.Definition{
			Fields: []lens.Field{
				{Legacy: []string{"CUST_NM"}, Service: []string{"name"}, Trim: true},
				{Legacy: []string{"BAL"}, Service: []string{"balance"}, Number: &lens.Number{Scale: 2}},
			},
			Unknown: lens.Ways[lens.Unknown]{ToService: lens.Refuse, ToLegacy: lens.Refuse},
		},
	}, lens.Set{})
	if err != nil {
		fmt.Println(err)
		return
	}
	service, err := customer.Translate(context.Background(), body.ToService, []byte(`{"CUST_NM":"Anna ","BAL":"1234"}`), "application/json")
	fmt.Println(string(service), err)
	_, err = customer.Translate(context.Background(), body.ToLegacy, []byte(`{"name":"Anna","age":7}`), "application/json")
	fmt.Println(err)
	// Output:
	// {"name":"Anna","balance":12.34} <nil>
	// at /age: no field names this member
}

// What fields can't say, a jq program does, for each direction.
func ExampleDefinition_jq() {
	items, err := body.New(body.Definition{
		Legacy:  format.Config{Name: format.JSON},
		Service: format.Config{Name: format.JSON},
		JQ:      lens.Ways[string]{ToService: "[.ITEMS | to_entries[] | {id: .key, count: .value}]", ToLegacy: "{ITEMS: (map({key: .id, value: .count}) | from_entries)}"},
	}, lens.Set{})
	if err != nil {
		fmt.Println(err)
		return
	}
	service, err := items.Translate(context.Background(), body.ToService, []byte(`{"ITEMS":{"a":1,"b":2}}`), "")
	fmt.Println(string(service), err)
	legacy, err := items.Translate(context.Background(), body.ToLegacy, service, "")
	fmt.Println(string(legacy), err)
	// Output:
	// [{"count":1,"id":"a"},{"count":2,"id":"b"}] <nil>
	// {"ITEMS":{"a":1,"b":2}} <nil>
}

// A list of records is translated while it is read, however long it is.
func ExampleTranslator_Stream() {
	export, err := body.New(body.Definition{
		Legacy:  format.Config{Name: format.CSV, Header: true, Delimiter: ";"},
		Service: format.Config{Name: format.JSON},
		Lens: lens.Definition{
			Fields: []lens.Field{
				{Legacy: []string{"NR"}, Service: []string{"id"}},
				{Legacy: []string{"TITEL"}, Service: []string{"title"}},
			},
			Unknown: lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop},
		},
	}, lens.Set{})
	if err != nil {
		fmt.Println(err)
		return
	}
	list := export.Stream(context.Background(), body.ToLegacy, strings.NewReader(`[{"id":"1","title":"One; two"},{"id":"2","title":"Three"}]`), "application/json")
	defer list.Close()
	if _, err := io.Copy(os.Stdout, list); err != nil {
		fmt.Println(err)
	}
	// Output:
	// NR;TITEL
	// 1;"One; two"
	// 2;Three
}
