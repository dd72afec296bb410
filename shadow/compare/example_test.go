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

func ExampleGuess() {
	fmt.Println(compare.Guess(shadow.Difference{
		Pointer: "/total", Pattern: "/total", Kind: shadow.KindValue, Legacy: []byte("12.5"), Service: []byte("1250"),
	}))
	fmt.Println(compare.Guess(shadow.Difference{
		Pointer: "/at", Pattern: "/at", Kind: shadow.KindValue,
		Legacy: []byte(`"2026-11-28T10:00:00Z"`), Service: []byte(`"2026-11-28 12:00:00"`),
	}))
	// Output:
	// by a factor of 100
	// 2 h apart: a time zone?
}

func ExampleSuggest() {
	c, err := compare.New(compare.Rules{})
	if err != nil {
		fmt.Println(err)
		return
	}
	header := http.Header{"Content-Type": {"application/json"}}
	legacy := &shadow.Answer{Status: 200, Header: header, Body: []byte(`{"items":[{"id":1,"n":7},{"id":2,"n":7}],"tags":["a","b"]}`)}
	service := &shadow.Answer{Status: 200, Header: header, Body: []byte(`{"items":[{"id":2,"n":7},{"id":1,"n":8}],"tags":["b","a"]}`)}
	differences, err := c.Compare(legacy, service)
	fmt.Println(len(differences), err)
	for _, s := range compare.Suggest(legacy, service, differences) {
		fmt.Println(s.Rule, s.Pointer, s.Key)
	}
	// Output:
	// 4 <nil>
	// keyed /items id
	// unordered /tags
}
