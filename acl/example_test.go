package acl_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/strangler-fig/toolkit/acl"
)

// The customer as the legacy application has it, and as the service does.
type (
	legacyCustomer struct {
		Name   string `json:"CUST_NM"`
		Status string `json:"CUST_STS_CD"`
	}
	customer struct {
		Name   string `json:"name"`
		Active bool   `json:"active"`
	}
)

// A translator written in Go, chained around a transport: the caller speaks the legacy
// contract, the service its own model.
func Example() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"name": "Ada", "active": %t}`, r.URL.Path == "/customers/7")
	}))
	defer service.Close()

	paths := acl.Funcs{Request: func(r *http.Request) (*http.Request, error) {
		r.URL.Path, r.URL.RawQuery = "/customers/"+r.URL.Query().Get("id"), ""
		return r, nil
	}}
	bodies := acl.JSON(nil, func(c customer) (legacyCustomer, error) {
		return legacyCustomer{c.Name, map[bool]string{true: "A", false: "I"}[c.Active]}, nil
	})
	client := http.Client{Transport: acl.Transport(acl.Chain{paths, bodies}, http.DefaultTransport)}

	resp, err := client.Get(service.URL + "/cgi/cust.pl?id=7")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(string(body))
	// Output: {"CUST_NM":"Ada","CUST_STS_CD":"A"}
}

// A service asks the legacy application for a customer as if that had a clean API. A translator
// that is written with the roles exchanged makes the facade; what can't be translated is observed.
func ExampleFacadeTransport() {
	legacy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"CUST_NM": "Ada", "CUST_STS_CD": "A"}`)
	}))
	defer legacy.Close()
	facade := acl.Reversed(acl.JSON(nil, func(c legacyCustomer) (customer, error) {
		return customer{c.Name, c.Status == "A"}, nil
	}))
	client := http.Client{Transport: acl.FacadeTransport(facade, http.DefaultTransport, acl.Options{
		Observe: func(r *http.Request, e *acl.Error) { fmt.Println(r.URL.Path, e) },
	})}
	resp, err := client.Get(legacy.URL + "/customers/7")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	fmt.Println(string(text))
	// Output: {"name":"Ada","active":true}
}
