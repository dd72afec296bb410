package daemon_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/web"
)

// soapAnswer is what a client of SOAP reads, of either version.
type soapAnswer struct {
	XMLName xml.Name
	Fault   struct {
		Code    string `xml:"faultcode"`
		Text    string `xml:"faultstring"`
		Code12  string `xml:"Code>Value"`
		Text12  string `xml:"Reason>Text"`
		Problem problem
	} `xml:"Body>Fault"`
}

// problem is a problem document in a fault's detail.
type problem struct{ Title, Status, Detail, Pointer string }

// TestSOAPRefusals asks routes whose legacy side is SOAP for what no side answers. A client of SOAP
// is told so by a fault in its own version, with the reason that all others read in a problem document.
func TestSOAPRefusals(t *testing.T) {
	t.Parallel()
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"status":"unheard of"}`)
	})
	s := start(t, fmt.Sprintf(`
legacy: {url: "http://127.0.0.1:1"}
services: {customers: {urls: [%q]}, down: {urls: ["http://127.0.0.1:1"]}}
translators:
  customer:
    legacy: {format: soap, root: "c:Customer", namespaces: {c: "urn:c"}}
    service: {format: json}
    fields: [{legacy: "c:STS", service: status, values: {A: active}}]
    unknown: drop
  customer12:
    legacy: {format: soap, version: "1.2", root: "c:Customer", namespaces: {c: "urn:c"}}
    include: [customer]
    unknown: drop
  plain:
    fields: [{legacy: STS, service: status, values: {A: active}}]
    unknown: drop
  reversed:
    legacy: {format: json}
    service: {format: soap, version: "1.2", root: "c:Customer", namespaces: {c: "urn:c"}}
    fields: [{legacy: STS, service: "c:status", values: {A: active}}]
    unknown: drop
defaults: {fallback: none}
routes:
  - {name: v11, match: {path: /v11}, service: customers, start: live, translate: {with: customer}}
  - {name: v12, match: {path: /v12}, service: customers, start: live, translate: {with: customer12}}
  - {name: json, match: {path: /json}, service: customers, start: live, translate: {with: plain}}
  - {name: down, match: {path: /down}, service: down, start: live, translate: {with: customer}}
  - {name: both, match: {path: /both}, service: down, start: live, fallback: legacy, repeat: safe, translate: {with: customer}}
  - {name: small, match: {path: /small}, service: customers, start: live, max_body: 10B, translate: {with: customer12}}
  - {name: small11, match: {path: /small11}, service: customers, start: live, max_body: 10B, translate: {with: customer}}
  - {name: early, match: {path: /early}, service: customers, start: legacy, translate: {with: customer}}
facades:
  customers:
    listen: 127.0.0.1:0
    with: customer
    method: {legacy: POST, service: GET}
    path: {legacy: /soap, service: "/customers?sts={status}"}
  soap:
    listen: 127.0.0.1:0
    with: reversed
  untranslated:
    listen: 127.0.0.1:0
    headers: [{legacy: X-A, service: X-B}]
`, service.URL))

	envelope := func(version, status string) string {
		uri := map[string]string{"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}[version]
		return fmt.Sprintf(`<e:Envelope xmlns:e=%q xmlns:c="urn:c"><e:Body><c:Customer><c:STS>%s</c:STS></c:Customer></e:Body></e:Envelope>`, uri, status)
	}
	for _, tt := range []struct {
		name, path, body, version string
		status                    int
		code, reason, pointer     string
	}{
		{"a value without counterpart", "/v11", envelope("1.1", "Z"), "1.1", 500, "soap:Server", "could not be translated: translate to service: legacy's request: ", "/c:STS"},
		{"an answer that can't be", "/v11", envelope("1.1", "A"), "1.1", 500, "soap:Server", "could not be translated: translate to legacy: the service's answer: ", "/status"},
		{"not well-formed", "/v11", "<e:Envelope", "1.1", 500, "soap:Client", "the request could not be read: translate to service: ", ""},
		{"1.2: a value without counterpart", "/v12", envelope("1.2", "Z"), "1.2", 500, "soap:Receiver", "could not be translated: translate to service: legacy's request: ", "/c:STS"},
		{"1.2: not well-formed", "/v12", "<e:Envelope", "1.2", 400, "soap:Sender", "the request could not be read: translate to service: ", ""},
		{"1.2 where legacy speaks 1.1", "/v11", envelope("1.2", "A"), "1.2", 400, "soap:Sender", "the message is SOAP 1.2, and version says 1.1", ""},
		{"1.1 where legacy speaks 1.2", "/v12", envelope("1.1", "A"), "1.1", 500, "soap:Client", "the message is SOAP 1.1, and version says 1.2", ""},
		{"nothing", "/v11", "", "1.1", 500, "soap:Client", "it is empty, though it is announced as text/xml", ""},
		{"1.2: nothing", "/v12", "", "1.2", 400, "soap:Sender", "it is empty, though it is announced as application/soap+xml", ""},
		{"1.2: more than max_body", "/small", envelope("1.2", "A"), "1.2", 400, "soap:Sender", "larger than this gateway takes", ""},
		{"more than max_body", "/small11", envelope("1.1", "A"), "1.1", 500, "soap:Client", "larger than this gateway takes", ""},
		{"a service that isn't there", "/down", envelope("1.1", "A"), "1.1", 500, "soap:Server", `service "down" could not be reached`, ""},
		{"neither side is there", "/both", envelope("1.1", "A"), "1.1", 500, "soap:Server", "the legacy application could not be reached", ""},
		{"legacy serves, and isn't there", "/early", envelope("1.1", "A"), "1.1", 500, "soap:Server", "the legacy application could not be reached", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequest("POST", s.URL+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			contentType, uri := "text/xml; charset=utf-8", "http://schemas.xmlsoap.org/soap/envelope/"
			if tt.version == "1.1" {
				req.Header.Set("SOAPAction", `""`)
			} else {
				contentType, uri = "application/soap+xml; charset=utf-8", "http://www.w3.org/2003/05/soap-envelope"
			}
			req.Header.Set("Content-Type", contentType)
			resp, err := s.Client.Do(req)
			text, err := body(resp, err)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status || resp.Header.Get("Content-Type") != contentType || resp.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%d, %v, want %d and %s, which nobody keeps", resp.StatusCode, resp.Header, tt.status, contentType)
			}
			var got soapAnswer
			if err := xml.Unmarshal([]byte(text), &got); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			code, reason := got.Fault.Code, got.Fault.Text
			if tt.version == "1.2" {
				code, reason = got.Fault.Code12, got.Fault.Text12
			}
			if got.XMLName.Space != uri || code != tt.code || !strings.Contains(reason, tt.reason) || strings.Contains(text, "127.0.0.1") {
				t.Errorf("%s\nwant SOAP %s with %s, %q, and no addresses", text, tt.version, tt.code, tt.reason)
			}
			got.Fault.Problem = problemIn(t, text)
			status := got.Fault.Problem.Status
			if reason != got.Fault.Problem.Detail || got.Fault.Problem.Pointer != tt.pointer || status != "400" && status != "413" && status != "502" {
				t.Errorf("the fault's detail is %+v, want the reason %q at %q", got.Fault.Problem, reason, tt.pointer)
			}
		})
	}

	s.blames(t, "small11", 1, 0)

	// Whoever doesn't speak SOAP is told as ever.
	for path, want := range map[string][2]string{"/v11": {"415", "application/problem+json"}, "/json": {"502", "application/problem+json"}, "/down": {"415", "application/problem+json"}, "/early": {"502", "application/problem+json"}} {
		resp, err := s.Client.Post(s.URL+path, "application/json", strings.NewReader(`{"STS":"Z"}`))
		text, err := body(resp, err)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, [2]string{fmt.Sprint(resp.StatusCode), resp.Header.Get("Content-Type")}); diff != "" {
			t.Errorf("%s is told %s (-want +got):\n%s", path, text, diff)
		}
	}

	// Nor is a service that calls legacy, which speaks SOAP, through a facade; one that speaks SOAP itself reads a fault.
	soap12 := strings.ReplaceAll(envelope("1.2", "active"), "STS", "status")
	for _, tt := range []struct{ facade, method, path, sends, body, want string }{
		{"customers", "GET", "/customers?sts=active", "", "", "502 application/problem+json"},
		{"customers", "GET", "/customers?sts=unheard", "", "", "502 application/problem+json"},
		{"soap", "POST", "/x", "application/soap+xml", soap12, "500 application/soap+xml; charset=utf-8"},
		{"soap", "POST", "/x", "application/soap+xml", "<e:", "400 application/soap+xml; charset=utf-8"},
		{"soap", "GET", "/x", "", "", "502 application/problem+json"},
		{"untranslated", "GET", "/x", "", "", "502 application/problem+json"},
	} {
		req, err := http.NewRequest(tt.method, s.FacadeURL(tt.facade)+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", tt.sends)
		resp, err := s.Client.Do(req)
		text, err := body(resp, err)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Content-Type")); got != tt.want || strings.Contains(text, "127.0.0.1") {
			t.Errorf("%s %s of the facade %s: %s %s, want %s and no addresses", tt.method, tt.path, tt.facade, got, text, tt.want)
		}
	}
}

// blames waits until so many requests of a route's count, and looks how many of them are the service's failure.
func (s *system) blames(t *testing.T, route string, requests, failures int64) {
	t.Helper()
	var of web.SideStats
	eventually(t, "all requests count", func() bool {
		for _, r := range s.Stats().Routes {
			if r.Route == route {
				of = r.Service
			}
		}
		return of.Requests == requests
	})
	if of.Failures != failures {
		t.Errorf("%d of %d requests to %s are the service's failure, want %d", of.Failures, requests, route, failures)
	}
}

// TestSOAPUnauthorized has a visitor whom legacy doesn't know call a SOAP route that needs one who is logged in.
func TestSOAPUnauthorized(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"USR":null}`)
	})
	s := start(t, fmt.Sprintf(`
legacy: {url: %[1]q}
services: {customers: {urls: [%[1]q]}}
translators:
  customer:
    legacy: {format: soap, root: "c:Customer", namespaces: {c: "urn:c"}}
    fields: [{legacy: "c:STS", service: status}]
    unknown: drop
sessions: {shop: {cookie: SID, lookup: {url: /whoami}, required: true, issue: {jwt: {issuer: shop, audience: customers, claims: {sub: /USR}}}}}
routes:
  - {name: soap, match: {path: /soap}, service: customers, start: live, translate: {with: customer, session: shop}}
`, legacy.URL))
	for _, tt := range []struct{ sends, want, says string }{
		{"text/xml", "500 text/xml; charset=utf-8 no-store", "<faultcode>soap:Client</faultcode>"},
		{"application/json", "401 application/problem+json no-store", `"status":401`},
	} {
		req, err := http.NewRequest("POST", s.URL+"/soap", strings.NewReader("<e:Envelope/>"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Content-Type": {tt.sends}, "Cookie": {"SID=7"}}
		resp, err := s.Client.Do(req)
		text, err := body(resp, err)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Content-Type"), " ", resp.Header.Get("Cache-Control"))
		if got != tt.want || !strings.Contains(text, tt.says) || !strings.Contains(text, "Nobody is logged in") {
			t.Errorf("%s is told %s %s, want %s with %s", tt.sends, got, text, tt.want, tt.says)
		}
	}
	s.blames(t, "soap", 2, 0)
}

// problemIn returns the problem document in a fault.
func problemIn(t *testing.T, text string) problem {
	t.Helper()
	_, behind, ok := strings.Cut(text, "<problem:problem")
	if !ok {
		t.Fatalf("no problem document in %s", text)
	}
	part := func(name string) string {
		_, begins, _ := strings.Cut(behind, "<problem:"+name+">")
		inner, _, ok := strings.Cut(begins, "</problem:"+name+">")
		if !ok {
			return ""
		}
		var said string
		if err := xml.Unmarshal([]byte("<x>"+inner+"</x>"), &said); err != nil {
			t.Fatal(err)
		}
		return said
	}
	return problem{Title: part("title"), Status: part("status"), Detail: part("detail"), Pointer: part("pointer")}
}
