package strangler_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"

	"github.com/strangler-fig/toolkit/strangler"
)

func ExampleTable_Explain() {
	table, err := strangler.NewTable(strangler.Config{
		Legacy:   strangler.Upstream{URL: &url.URL{Scheme: "http", Host: "legacy.internal"}},
		Services: map[string]strangler.Upstream{"orders": {URL: &url.URL{Scheme: "http", Host: "orders.internal"}}},
		Routes: []strangler.Route{{
			Name:    "orders-read",
			Match:   strangler.Match{Methods: []string{"GET"}, Path: "/api/orders/{id:[0-9]+}"},
			Service: "orders",
			Start:   strangler.At(strangler.PhaseLive),
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"/api/orders/17", "/api/orders/new"} {
		x := table.Explain(httptest.NewRequest("GET", path, nil))
		fmt.Println(x.Upstream, &x.Decision)
	}
	// Output:
	// http://orders.internal route=orders-read; side=service; phase=live; why=phase
	// http://legacy.internal route=-; side=legacy; phase=legacy; why=unmatched
}
