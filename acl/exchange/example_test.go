package exchange_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// exampleExchange says once how a CGI program and a service correspond.
func exampleExchange() (*exchange.Exchange, error) {
	customer, err := body.New(body.Definition{
		Legacy:  format.Config{Name: format.JSON},
		Service: format.Config{Name: format.JSON},
		Lens: lens.Definition{
			Fields: []lens.Field{
				{Legacy: []string{"CUST_NM"}, Service: []string{"name"}},
				{Legacy: []string{"BAL"}, Service: []string{"balance"}, Number: &lens.Number{Scale: 2}},
			},
			Unknown: lens.Ways[lens.Unknown]{ToService: lens.Refuse, ToLegacy: lens.Refuse},
		},
	}, lens.Set{})
	if err != nil {
		return nil, err
	}
	return exchange.New(exchange.Config{
		Path:   lens.Sides[string]{Legacy: "/cgi/cust.pl?id={id}", Service: "/customers/{id}"},
		Answer: customer,
	})
}

// Clients go on speaking the legacy contract to a service.
func ExampleExchange_Front() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("the service is asked for", r.URL)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"name":"Anna","balance":12.34}`)
	}))
	defer service.Close()
	x, err := exampleExchange()
	if err != nil {
		fmt.Println(err)
		return
	}
	client := http.Client{Transport: acl.Transport(x.Front(), http.DefaultTransport)}
	defer client.CloseIdleConnections()
	resp, err := client.Get(service.URL + "/cgi/cust.pl?id=42")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	fmt.Println("the client gets", string(text))
	// Output:
	// the service is asked for /customers/42
	// the client gets {"CUST_NM":"Anna","BAL":"1234"}
}

// A service calls legacy as if it had a clean API, by the same definition.
func ExampleExchange_Facade() {
	legacy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("legacy is asked for", r.URL)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"CUST_NM":"Anna","BAL":"1234"}`)
	}))
	defer legacy.Close()
	x, err := exampleExchange()
	if err != nil {
		fmt.Println(err)
		return
	}
	client := http.Client{Transport: acl.FacadeTransport(x.Facade(), http.DefaultTransport)}
	resp, err := client.Get(legacy.URL + "/customers/42")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	fmt.Println("the service gets", string(text))
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	// Output:
	// legacy is asked for /cgi/cust.pl?id=42
	// the service gets {"name":"Anna","balance":12.34}
}

func ExampleNew() {
	_, err := exchange.New(exchange.Config{
		Path:    lens.Sides[string]{Legacy: "/soap", Service: "/customers/{id}"},
		Headers: []exchange.Header{{Legacy: "Content-Length", Service: "X-Length"}},
	})
	fmt.Println(err)
	// Output:
	// path.service: {id} isn't in the other side's template, and there is no translator of the request's body that it could be taken from; headers[0].legacy: Content-Length says how the message is sent, which translate decides itself
}
