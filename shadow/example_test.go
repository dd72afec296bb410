package shadow_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

// printed is a Recorder that prints what it is told.
type printed struct{}

func (printed) Record(c shadow.Comparison) {
	fmt.Println(c.Request.Method, c.Request.Path, "is", c.Verdict)
	for _, d := range c.Differences {
		fmt.Printf("%s at %s: legacy %s, service %s\n", d.Kind, d.Pointer, d.Legacy, d.Service)
	}
}

func ExampleNew() {
	answer := func(body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, body)
		})
	}
	legacy := answer(`{"id": 7, "total": 12.50}`)
	service := httptest.NewServer(answer(`{"total": 12.49, "id": 7}`))
	defer service.Close()

	s, err := shadow.New(shadow.Config{Recorder: printed{}})
	if err != nil {
		panic(err)
	}
	rules, err := compare.New(compare.Rules{})
	if err != nil {
		panic(err)
	}
	base, _ := url.Parse(service.URL)
	copied := &http.Transport{DisableCompression: true}
	defer copied.CloseIdleConnections()
	handler := s.Around(shadow.Point{
		Route: "orders-read", Serves: shadow.Legacy, Other: shadow.To(base, copied), Compare: rules, Sample: 1,
	})(legacy)

	client := httptest.NewRecorder()
	handler.ServeHTTP(client, httptest.NewRequest("GET", "/api/orders/7", nil))
	fmt.Println("the client got", client.Body)
	s.Close(context.Background())
	// Unordered output:
	// the client got {"id": 7, "total": 12.50}
	// GET /api/orders/7 is diverged
	// value at /total: legacy 12.50, service 12.49
}
