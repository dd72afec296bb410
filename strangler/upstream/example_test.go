package upstream_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/strangler-fig/toolkit/strangler/upstream"
)

func ExampleNew() {
	endpoint := httptest.NewServer(http.NotFoundHandler())
	defer endpoint.Close()
	u, _ := url.Parse(endpoint.URL)

	transport, err := upstream.New(upstream.Config{
		URLs:   []*url.URL{u}, // usually more than one
		Policy: upstream.Policy{Timeouts: upstream.Timeouts{FirstByte: upstream.DefaultFirstByteTimeout}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer transport.Close()

	r, _ := http.NewRequest("GET", "http://orders.internal/api/orders/7", nil)
	resp, err := transport.RoundTrip(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 404 Not Found
}
