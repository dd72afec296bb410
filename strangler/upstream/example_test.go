package upstream_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

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

func ExampleTransport_With() {
	endpoint := httptest.NewServer(http.NotFoundHandler())
	defer endpoint.Close()
	u, _ := url.Parse(endpoint.URL)
	transport, err := upstream.New(upstream.Config{URLs: []*url.URL{u}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer transport.Close()

	reports := transport.With(upstream.Policy{ // few at once, and they take long
		Bulkhead: upstream.Bulkhead{InFlight: 4, Wait: time.Second},
		Timeouts: upstream.Timeouts{FirstByte: 5 * time.Minute},
	})
	r, _ := http.NewRequest("GET", "http://orders.internal/reports/2026", nil)
	resp, err := reports.RoundTrip(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(reports.State().InFlight, "of", reports.State().Limit)
	resp.Body.Close()
	fmt.Println(reports.State().InFlight, "of", reports.State().Limit)
	// Output:
	// 1 of 4
	// 0 of 4
}

func ExampleNewGuard() {
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer failing.Close()

	guard := upstream.NewGuard(upstream.Policy{
		Breaker: upstream.Breaker{Failures: 0.5, Requests: 2, Open: time.Minute},
		Retry:   upstream.Retry{Attempts: 2},
	}, http.DefaultTransport)
	client := http.Client{Transport: guard}
	for range 3 {
		resp, err := client.Get(failing.URL)
		if told := (*upstream.Error)(nil); errors.As(err, &told) {
			fmt.Println(told.Kind, told.Told)
			continue
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	// Output:
	// 503 Service Unavailable
	// 503 Service Unavailable
	// open failed too often and is left alone for a while
}
