package format_test

import (
	"errors"
	"fmt"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
)

// An order in XML: attributes have an @, and names have the configuration's prefixes whatever
// the body calls them.
func ExampleNew_xml() {
	orders, err := format.New(format.Config{
		Name:       format.XML,
		Root:       "order",
		Namespaces: map[string]string{"": "urn:shop", "m": "urn:money"},
		CDATA:      []string{"note"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	body := `<x:order xmlns:x="urn:shop" xmlns:y="urn:money" no="7"><x:item>A</x:item><x:item>B</x:item>` +
		`<y:total cur="EUR">12.30</y:total><x:note>a &lt; b</x:note></x:order>`
	doc, err := orders.Decode([]byte(body), "text/xml")
	if err != nil {
		fmt.Println(err)
		return
	}
	for name, member := range doc.Root().Members() {
		fmt.Printf("%s: %s %q\n", name, member.Kind(), member.Text())
	}
	out, err := orders.Append(nil, doc.Root())
	fmt.Println(string(out), err)
	// Output:
	// @no: text "7"
	// item: text "A"
	// item: text "B"
	// m:total: object ""
	// note: text "a < b"
	// <order xmlns="urn:shop" xmlns:m="urn:money" no="7"><item>A</item><item>B</item><m:total cur="EUR">12.30</m:total><note><![CDATA[a < b]]></note></order> <nil>
}

// A legacy SOAP endpoint says that something went wrong; a service's clients get a problem
// document (RFC 9457).
func ExampleProblemOf() {
	legacy, err := format.New(format.Config{Name: format.SOAP, Root: "GetCustomerResponse"})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault>` +
		`<faultcode>S:Client</faultcode><faultstring>no such customer</faultstring></S:Fault></S:Body></S:Envelope>`
	_, err = legacy.Decode([]byte(answer), "text/xml")
	var fault *format.Fault
	if !errors.As(err, &fault) {
		fmt.Println(err)
		return
	}
	status, problem, err := format.ProblemOf(fault)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(status, problem.Root().Get("title").Text())
	// Output: 400 no such customer
}

// A service says that something went wrong; legacy's clients get a fault.
func ExampleFaultOf() {
	b := document.NewBuilder(nil, 0)
	b.Object()
	b.Name("title")
	b.String("No such customer")
	b.Name("balance")
	b.Number("12.30")
	b.End()
	problem, err := b.Document()
	if err != nil {
		fmt.Println(err)
		return
	}
	legacy, err := format.New(format.Config{Name: format.SOAP})
	if err != nil {
		fmt.Println(err)
		return
	}
	fault, err := format.FaultOf(404, problem.Root())
	if err != nil {
		fmt.Println(err)
		return
	}
	faults := legacy.(format.Faults)
	body, err := faults.AppendFault(nil, fault)
	fmt.Println(faults.FaultStatus(fault), string(body), err)
	// Output: 500 <soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:problem="urn:ietf:rfc:7807"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>No such customer</faultstring><detail><problem:problem status="404"><problem:title>No such customer</problem:title><problem:balance type="number">12.30</problem:balance></problem:problem></detail></soap:Fault></soap:Body></soap:Envelope> <nil>
}

// The header fields that requests need beside their content type.
func ExampleHeaders() {
	legacy, err := format.New(format.Config{Name: format.SOAP, Action: "urn:customers#Get"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(legacy.ContentType(), legacy.(format.Headers).Headers())
	// Output: text/xml; charset=utf-8 map[SOAPAction:"urn:customers#Get"]
}
