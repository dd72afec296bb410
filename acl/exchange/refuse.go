package exchange

import (
	"bytes"
	"io"
	"net/http"
	"strconv"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
)

// Refusal implements acl.Refuser: where legacy's format is SOAP, a client that speaks it is told by a fault,
// of the version in which it asks and with the status that the binding asks for. The fault's reason is the
// document's detail, and its detail the whole document.
func (f front) Refusal(client *http.Request, status int, problem []byte) *http.Response {
	return f.x.refusal(body.ToService, client, status, problem)
}

// Refusal implements acl.Refuser: where the services' format is SOAP, as those of a front are told.
func (f facade) Refusal(client *http.Request, status int, problem []byte) *http.Response {
	return f.x.refusal(body.ToLegacy, client, status, problem)
}

// refusal tells a client, whose requests go that way.
func (x *Exchange) refusal(way body.Direction, client *http.Request, status int, problem []byte) *http.Response {
	faults := x.faultsFor(way, client)
	if faults == nil {
		return nil
	}
	said, err := problemOf(problem)
	if err != nil {
		return nil
	}
	fault, err := format.FaultOf(status, said)
	if err != nil {
		return nil
	}
	if detail := said.Get("detail"); detail.Kind() == document.String && detail.Text() != "" {
		fault.Reasons = []format.Reason{{Text: detail.Text()}}
	}
	text, err := faults.AppendFault(nil, fault)
	if err != nil {
		return nil
	}
	written := faults.FaultStatus(fault)
	return &http.Response{
		StatusCode: written, Status: strconv.Itoa(written) + " " + http.StatusText(written),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: client,
		Header: http.Header{"Content-Type": {faults.ContentType()}, "Content-Length": {strconv.Itoa(len(text))}},
		Body:   io.NopCloser(bytes.NewReader(text)), ContentLength: int64(len(text)),
	}
}

// faultsFor returns the format in which a client reads faults, whose requests go that way; nil: it reads none.
func (x *Exchange) faultsFor(way body.Direction, client *http.Request) format.Faults {
	var own format.Format
	switch {
	case x.answer != nil:
		own = x.answer.Written(way.Reverse())
	case x.request != nil:
		own = x.request.Read(way)
	}
	faults, ok := own.(format.Faults)
	if !ok {
		return nil
	}
	sent := client.Header.Get("Content-Type")
	if sent == "" && client.Method != http.MethodPost || !faults.Accepts(sent) {
		return nil // whoever asks for the WSDL, or sends something else, knows no faults
	}
	return faults.For(client.Header)
}

// problemOf reads a problem document.
func problemOf(text []byte) (document.Value, error) {
	json, err := format.New(format.Config{Name: format.JSON})
	if err != nil {
		return document.Value{}, err
	}
	doc, err := json.Decode(text, "")
	if err != nil {
		return document.Value{}, err
	}
	return doc.Root(), nil
}
