package strangler_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/strangler-fig/toolkit/strangler"
)

// Two programs of today and tomorrow; in real life they are elsewhere.
func running(says string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s answers %s", says, r.URL.Path)
	}))
}

func ExampleNew() {
	monolith, orders := running("the monolith"), running("the orders service")
	defer monolith.Close()
	defer orders.Close()
	legacyURL, _ := url.Parse(monolith.URL)
	ordersURL, _ := url.Parse(orders.URL)

	proxy, err := strangler.New(strangler.Config{
		Legacy:   strangler.Upstream{URL: legacyURL},
		Services: map[string]strangler.Upstream{"orders": {URL: ordersURL}},
		Routes: []strangler.Route{{
			Name:    "orders-read",
			Match:   strangler.Match{Methods: []string{"GET", "HEAD"}, Path: "/api/orders/{id}"},
			Service: "orders",
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	front := httptest.NewServer(proxy) // or strangler.NewServer(proxy, …).ListenAndServe()
	defer front.Close()

	get := func(path string) {
		resp, err := http.Get(front.URL + path)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		fmt.Println(string(body))
	}
	get("/api/orders/7")
	_ = proxy.Shift("orders-read", strangler.At(strangler.PhaseLive))
	get("/api/orders/7")
	get("/cart")
	// Output:
	// the monolith answers /api/orders/7
	// the orders service answers /api/orders/7
	// the monolith answers /cart
}
