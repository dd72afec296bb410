package compare_test

import (
	"fmt"
	"net/http"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

func ExampleNew() {
	c, err := compare.New(compare.Rules{
		Ignore: []string{"/updated_at"},
		Keyed:  map[string]string{"/items": "id"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	header := http.Header{"Content-Type": {"application/json"}}
	legacy := &shadow.Answer{Status: 200, Header: header,
		Body: []byte(`{"updated_at":1,"items":[{"id":1,"price":12.50},{"id":2,"price":3}]}`)}
	service := &shadow.Answer{Status: 200, Header: header,
		Body: []byte(`{"updated_at":2,"items":[{"id":2,"price":3.00},{"id":1,"price":12.5000001}]}`)}
	differences, err := c.Compare(legacy, service)
	for _, d := range differences {
		fmt.Println(d.Pointer, d.Pattern, d.Kind, string(d.Legacy), string(d.Service))
	}
	fmt.Println(err)
	// Output:
	// /items/0/price /items/*/price value 12.50 12.5000001
	// <nil>
}
