package exchange_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var dropping = lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop}

func text(s string) lens.Literal { return lens.Literal{Kind: document.String, Text: s} }

func field(legacy, service string, edits ...func(*lens.Field)) lens.Field {
	f := lens.Field{Legacy: []string{legacy}, Service: []string{service}}
	for _, edit := range edits {
		edit(&f)
	}
	return f
}

func translator(t testing.TB, legacy, service format.Config, fields ...lens.Field) *body.Translator {
	t.Helper()
	return translatorOf(t, body.Definition{Legacy: legacy, Service: service}, lens.Set{}, fields)
}

// translatorIn is translator of JSON with a Set.
func translatorIn(t testing.TB, set lens.Set, fields ...lens.Field) *body.Translator {
	return translatorOf(t, body.Definition{Legacy: jsonForm, Service: jsonForm}, set, fields)
}

func translatorOf(t testing.TB, d body.Definition, set lens.Set, fields []lens.Field) *body.Translator {
	t.Helper()
	if len(fields) > 0 {
		d.Lens = lens.Definition{Fields: fields, Unknown: dropping}
	}
	translator, err := body.New(d, set)
	if err != nil {
		t.Fatal(err)
	}
	return translator
}

var jsonForm = format.Config{Name: format.JSON}

func compiled(t testing.TB, c exchange.Config) *exchange.Exchange {
	t.Helper()
	x, err := exchange.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// seen is a request as a server got it.
type seen struct {
	*http.Request
	text string
}

// behind serves the side that answers, and returns a client of the side that asks.
func behind(t *testing.T, around func(http.RoundTripper) http.RoundTripper, answer http.HandlerFunc) (client *http.Client, url string, last *seen) {
	t.Helper()
	last = new(seen)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return // the request broke off
		}
		*last = seen{r, string(b)}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	client = &http.Client{Transport: around(transport), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return client, server.URL, last
}

func front(x *exchange.Exchange) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper { return acl.Transport(x.Front(), next) }
}

func facade(x *exchange.Exchange) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper { return acl.FacadeTransport(x.Facade(), next) }
}

// says answers with a status, a content type and a body.
func says(status int, contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// customers are an abbreviated JSON API and a clean one.
func customers(t testing.TB) exchange.Config {
	status := func(f *lens.Field) {
		f.Values = &lens.Values{Pairs: []lens.Pair{{Legacy: text("A"), Service: text("active")}, {Legacy: text("I"), Service: text("inactive")}}}
	}
	customer := translator(t, jsonForm, jsonForm,
		field("CUST_NO", "id"), field("CUST_NM", "name"), field("STS", "status", status), field("ADDR_LINE1", "address.street"))
	failure := translator(t, jsonForm, jsonForm, field("MSG", "detail"))
	return exchange.Config{
		Path:    lens.Sides[string]{Legacy: "/cgi/cust.pl?id={id}", Service: "/customers/{id}"},
		Request: customer, Answer: customer,
		Status: []exchange.Status{
			{Service: 404, Legacy: 200, When: []exchange.Member{{Path: "ERR", Is: text("NOTFOUND")}}, With: failure},
			{Service: 410, Legacy: 200, When: []exchange.Member{{Path: "ERR", Is: text("GONE")}}},
			{Service: 201, Legacy: 200, When: []exchange.Member{{Path: "NEW", Is: text("Y")}}},
			{Service: 409, Legacy: 418},
		},
		Headers: []exchange.Header{
			{Legacy: "X-CUST", Service: "X-Customer", Values: []lens.Pair{{Legacy: text("7"), Service: text("seven")}}},
			{Legacy: "X-Powered-By", Const: "Bookshop/4.2", Answer: true},
			{Service: "X-Tenant", Const: "shop", Request: true},
			{Legacy: "X-Old"},
		},
	}
}

const anna, clean = `{"CUST_NO":"42","CUST_NM":"Anna","STS":"A","ADDR_LINE1":"Main"}`, `{"id":"42","name":"Anna","status":"active","address":{"street":"Main"}}`

// TestAnswers has answers of either side with what the other's client gets of them.
func TestAnswers(t *testing.T) {
	x := compiled(t, customers(t))
	for name, c := range map[string]struct {
		facade      bool
		status      int
		contentType string
		text        string
		wantStatus  int
		wantType    string // empty: JSON
		want        string
		fails       string
		pointer     string
	}{
		"a customer":                   {status: 200, text: clean, wantStatus: 200, want: anna},
		"a customer of legacy":         {facade: true, status: 200, text: anna, wantStatus: 200, want: clean},
		"no such customer":             {status: 404, contentType: "application/problem+json", text: `{"title":"x","detail":"none"}`, wantStatus: 200, want: `{"MSG":"none","ERR":"NOTFOUND"}`},
		"no such customer of legacy":   {facade: true, status: 200, text: `{"ERR":"NOTFOUND","MSG":"none"}`, wantStatus: 404, want: `{"detail":"none"}`},
		"a mark alone":                 {status: 410, text: `{"title":"gone"}`, wantStatus: 200, want: `{"ERR":"GONE"}`},
		"a mark alone of legacy":       {facade: true, status: 200, text: `{"ERR":"GONE"}`, wantStatus: 410, wantType: "application/problem+json", want: `{"title":"Gone","status":410}`},
		"created":                      {status: 201, text: clean, wantStatus: 200, want: anna[:len(anna)-1] + `,"NEW":"Y"}`},
		"created by legacy":            {facade: true, status: 200, text: anna[:len(anna)-1] + `,"NEW":"Y"}`, wantStatus: 201, want: clean},
		"a status alone":               {status: 409, text: `{"title":"taken"}`, wantStatus: 418, wantType: "-", want: ""},
		"a status alone of legacy":     {facade: true, status: 418, contentType: "text/html", text: "<p>", wantStatus: 409, wantType: "text/html", want: "<p>"},
		"errors pass":                  {status: 500, contentType: "text/plain", text: "down", wantStatus: 500, wantType: "text/plain", want: "down"},
		"an empty answer passes":       {status: 202, contentType: "-", text: "", wantStatus: 202, wantType: "-", want: ""},
		"one that should be JSON":      {status: 200, text: "", fails: "the service's answer: it is empty, though it is announced as application/json"},
		"one of nothing but space":     {status: 200, text: "\n", fails: "the service's answer: it is empty"},
		"a blank page of legacy":       {facade: true, status: 200, text: "", fails: "legacy's answer: it is empty"},
		"one of another type":          {status: 200, contentType: "text/html", text: "", fails: "the body is text/html"},
		"an empty error":               {status: 500, text: "", wantStatus: 500, want: ""},
		"205":                          {status: 205, text: "", wantStatus: 205, want: ""},
		"no content type":              {status: 200, contentType: "-", text: clean, wantStatus: 200, want: anna},
		"204":                          {status: 204, wantStatus: 204, contentType: "-", wantType: "-"},
		"a value not foreseen":         {status: 200, text: `{"status":"closed"}`, fails: "the service's answer", pointer: "/status"},
		"a value not foreseen, legacy": {facade: true, status: 200, text: `{"STS":"X"}`, fails: "translate to service: at /STS: legacy's answer", pointer: "/STS"},
		"not JSON":                     {status: 200, text: `{"id":`, fails: "the service's answer", pointer: "/id"},
		"another type":                 {status: 200, contentType: "text/html", text: "<p>", fails: "the body is text/html, and the translator reads application/json"},
		"a part":                       {status: 206, text: clean, fails: "206"},
	} {
		t.Run(name, func(t *testing.T) {
			around, path := front(x), "/cgi/cust.pl?id=42"
			if c.facade {
				around, path = facade(x), "/customers/42"
			}
			contentType := c.contentType
			if contentType == "" {
				contentType = "application/json"
			}
			client, url, last := behind(t, around, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("ETag", `"v7"`)
				if contentType == "-" {
					w.Header()["Content-Type"] = nil
					contentType = ""
				}
				says(c.status, contentType, c.text)(w, r)
			})
			resp, err := client.Get(url + path)
			if c.fails != "" {
				var e *acl.Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), c.fails) || e.Pointer != c.pointer || e.Status != 0 {
					t.Fatalf("%v, want an *acl.Error with %q at %q", err, c.fails, c.pointer)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.wantStatus {
				t.Errorf("status %d, want %d", resp.StatusCode, c.wantStatus)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			wantType := c.wantType
			if wantType == "" {
				wantType = "application/json"
			} else if wantType == "-" {
				wantType = ""
			}
			if got := resp.Header.Get("Content-Type"); got != wantType {
				t.Errorf("content type %q, want %q", got, wantType)
			}
			if resp.Header.Get("ETag") != `"v7"` {
				t.Errorf("the validator is %q", resp.Header.Get("ETag"))
			}
			asked := "/customers/42"
			if c.facade {
				asked = "/cgi/cust.pl?id=42"
			}
			if got := last.URL.RequestURI(); got != asked {
				t.Errorf("%s was asked for, want %s", got, asked)
			}
		})
	}
}

// TestRequests has requests with bodies, and what becomes of those.
func TestRequests(t *testing.T) {
	x := compiled(t, customers(t))
	for name, c := range map[string]struct {
		facade bool
		text   string
		header http.Header
		want   string
		fails  string
		told   string // a client, where it isn't all; empty: anything
		status int
	}{
		"a customer":           {text: anna, want: clean},
		"to legacy":            {facade: true, text: clean, want: anna},
		"nothing":              {text: "", header: http.Header{"Content-Type": nil}, want: ""},
		"nothing but space":    {text: " ", header: http.Header{"Content-Type": nil}, want: " "},
		"nothing of JSON":      {text: "", fails: "it is empty, though it is announced as application/json", status: 400},
		"no JSON but space":    {text: " ", fails: "it is empty, though", status: 400},
		"no type":              {text: anna, header: http.Header{"Content-Type": nil}, want: clean},
		"another type":         {text: "a=b", header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, fails: "x-www-form-urlencoded", status: 415},
		"a coding":             {text: anna, header: http.Header{"Content-Encoding": {"br"}}, fails: "coded with br", status: 415},
		"no gzip":              {text: anna, header: http.Header{"Content-Encoding": {"gzip"}}, fails: "gzip can't be read", status: 400},
		"not JSON":             {text: `{"CUST_NO"`, fails: "legacy's request", status: 400},
		"a value not foreseen": {text: `{"STS":"X"}`, fails: "at /STS: legacy's request"},
		"too large":            {text: `{"CUST_NM":"` + strings.Repeat("x", exchange.DefaultBuffer) + `"}`, fails: "the option buffer of translate allows for more", status: 413, told: "translate to service: legacy's request: the body is larger than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			around, path := front(x), "/cgi/cust.pl?id=42"
			if c.facade {
				around, path = facade(x), "/customers/42"
			}
			client, url, last := behind(t, around, says(204, "", ""))
			req, err := http.NewRequest("PUT", url+path, strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			for name, values := range c.header {
				req.Header[name] = values
			}
			resp, err := client.Do(req)
			if c.fails != "" {
				var e *acl.Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("%v, want an *acl.Error with %q", err, c.fails)
				}
				want := c.status
				if want == 0 {
					want = 502
				}
				if status, _, detail, _ := e.Problem(); status != want || detail == "" || c.told != "" && detail != c.told {
					t.Errorf("a client is told %d, want %d: %s", status, want, detail)
				}
				if last.Request != nil {
					t.Error("the request was sent all the same")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if diff := cmp.Diff(c.want, last.text); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if last.ContentLength != int64(len(c.want)) {
				t.Errorf("%d bytes announced as %d", len(c.want), last.ContentLength)
			}
			if c.want == clean && last.Header.Get("Content-Type") != "application/json" {
				t.Errorf("content type %q", last.Header.Get("Content-Type"))
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	x := compiled(t, customers(t))
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	names := []string{"X-Cust", "X-Customer", "X-Powered-By", "X-Tenant", "X-Old", "Accept", "Accept-Encoding", "Range"}
	for name, c := range map[string]struct {
		around          func(http.RoundTripper) http.RoundTripper
		path            string
		asked, sent     http.Header // of the client, and what was made of it
		answered, given http.Header // of the server, and what was made of it
	}{
		"front": {front(x), "/cgi/cust.pl?id=1",
			header("X-CUST", "7", "X-CUST", "8", "X-Customer", "injected", "X-Tenant", "mine", "X-Old", "1", "Accept", "text/xml", "Accept-Encoding", "gzip", "Range", "bytes=0-1"),
			header("X-Customer", "seven", "X-Customer", "8", "X-Tenant", "shop", "Accept", "application/json, */*;q=0.1"),
			header("X-Customer", "seven", "X-Cust", "x", "X-Old", "2", "X-Powered-By", "Go", "X-Tenant", "t"),
			header("X-Cust", "7", "X-Powered-By", "Bookshop/4.2", "X-Tenant", "t", "X-Old", "2")},
		"facade": {facade(x), "/customers/1",
			header("X-Customer", "seven", "X-Tenant", "mine"),
			header("X-Cust", "7"),
			header("X-Cust", "7", "X-Powered-By", "perl", "X-Old", "2"),
			header("X-Customer", "seven")},
	} {
		t.Run(name, func(t *testing.T) {
			client, url, last := behind(t, c.around, func(w http.ResponseWriter, r *http.Request) {
				for name, values := range c.answered {
					w.Header()[name] = values
				}
				text := clean
				if name == "facade" {
					text = anna
				}
				says(200, "application/json", text)(w, r)
			})
			req, _ := http.NewRequest("GET", url+c.path, nil)
			req.Header = c.asked
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			only := func(h http.Header) http.Header {
				got := http.Header{}
				for _, name := range names {
					if values := h.Values(name); len(values) > 0 {
						got[name] = values
					}
				}
				return got
			}
			if diff := cmp.Diff(c.sent, only(last.Header)); diff != "" {
				t.Errorf("asked with (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.given, only(resp.Header)); diff != "" {
				t.Errorf("answered with (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHead(t *testing.T) {
	c := customers(t)
	c.Method = lens.Sides[string]{Legacy: "GET", Service: "GET"}
	x := compiled(t, c)
	client, url, last := behind(t, front(x), says(200, "application/json", clean))
	resp, err := client.Head(url + "/cgi/cust.pl?id=42")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if last.Method != "HEAD" || last.URL.Path != "/customers/42" || resp.StatusCode != 200 {
		t.Errorf("%s %s answers %d", last.Method, last.URL, resp.StatusCode)
	}
	if length := resp.Header.Get("Content-Length"); length != "" {
		t.Errorf("Content-Length %s of a body that nobody has translated", length)
	}
}

func TestMethods(t *testing.T) {
	for name, c := range map[string]struct {
		methods    lens.Sides[string]
		facade     bool
		method     string
		want, fail string
	}{
		"the same":            {method: "PATCH", want: "PATCH"},
		"mapped":              {methods: lens.Sides[string]{Legacy: "POST", Service: "PUT"}, method: "POST", want: "PUT"},
		"mapped back":         {methods: lens.Sides[string]{Legacy: "POST", Service: "PUT"}, facade: true, method: "PUT", want: "POST"},
		"another":             {methods: lens.Sides[string]{Legacy: "POST", Service: "PUT"}, method: "DELETE", fail: "its method is DELETE"},
		"OPTIONS":             {methods: lens.Sides[string]{Legacy: "POST", Service: "PUT"}, method: "OPTIONS", want: "OPTIONS"},
		"HEAD of a GET":       {methods: lens.Sides[string]{Legacy: "GET", Service: "GET"}, method: "HEAD", want: "HEAD"},
		"HEAD that is a POST": {methods: lens.Sides[string]{Legacy: "POST", Service: "GET"}, facade: true, method: "HEAD", want: "POST"},
		"HEAD of a POST":      {methods: lens.Sides[string]{Legacy: "POST", Service: "GET"}, method: "HEAD", fail: "its method is HEAD"},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, exchange.Config{Method: c.methods})
			around := front(x)
			if c.facade {
				around = facade(x)
			}
			client, url, last := behind(t, around, says(200, "text/plain", "a body"))
			req, _ := http.NewRequest(c.method, url+"/x", nil)
			resp, err := client.Do(req)
			if c.fail != "" {
				if err == nil || !strings.Contains(err.Error(), c.fail) {
					t.Errorf("%v, want an error with %q", err, c.fail)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got, _ := io.ReadAll(resp.Body); c.method == "HEAD" && len(got) > 0 {
				t.Errorf("HEAD is answered with %q", got)
			}
			if last.Method != c.want {
				t.Errorf("%s became %s, want %s", c.method, last.Method, c.want)
			}
		})
	}
}

func TestLocation(t *testing.T) {
	x := compiled(t, exchange.Config{
		Path:  lens.Sides[string]{Legacy: "/cgi/new.pl", Service: "/customers"},
		Links: []exchange.Link{{Path: lens.Sides[string]{Legacy: "/cgi/cust.pl?id={id}", Service: "/customers/{id}"}}},
	})
	for name, c := range map[string]struct {
		facade         bool
		location, want string
	}{
		"a path":            {location: "/customers/7", want: "/cgi/cust.pl?id=7"},
		"a relative one":    {location: "customers/7", want: "/cgi/cust.pl?id=7"},
		"of the server":     {location: "http://SERVER/customers/7#top", want: "/cgi/cust.pl?id=7#top"},
		"of another server": {location: "http://example.com/customers/7", want: "http://example.com/customers/7"},
		"no template's":     {location: "/orders/7", want: "/orders/7"},
		"its own":           {location: "/customers?page=2", want: "/cgi/new.pl?page=2"},
		"no reference":      {location: "http://[", want: "http://["},
		"mail":              {location: "mailto:a@b", want: "mailto:a@b"},
		"legacy's":          {facade: true, location: "/cgi/cust.pl?id=a/b", want: "/customers/a%2Fb"},
	} {
		t.Run(name, func(t *testing.T) {
			around, path := front(x), "/cgi/new.pl"
			if c.facade {
				around, path = facade(x), "/customers"
			}
			client, url, _ := behind(t, around, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", strings.Replace(c.location, "SERVER", r.Host, 1))
				w.WriteHeader(302)
			})
			req, _ := http.NewRequest("POST", url+path, nil)
			resp, err := client.Transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := resp.Header.Get("Location"); got != c.want {
				t.Errorf("Location %s, want %s", got, c.want)
			}
		})
	}
}

func TestPrefix(t *testing.T) {
	c := customers(t)
	c.Prefix = lens.Sides[string]{Legacy: "/api/v2", Service: "/api/v2"}
	client, url, last := behind(t, front(compiled(t, c)), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Location", "/api/v2/customers/42")
		says(200, "application/json", clean)(w, r)
	})
	resp, err := client.Get(url + "/api/v2/cgi/cust.pl?id=42")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if last.URL.Path != "/api/v2/customers/42" || resp.Header.Get("Content-Location") != "/cgi/cust.pl?id=42" {
		t.Errorf("asked for %s, answered with %s", last.URL, resp.Header.Get("Content-Location"))
	}
}

func TestNewNamesAllProblems(t *testing.T) {
	json := translator(t, jsonForm, jsonForm)
	_, err := exchange.New(exchange.Config{
		Method: lens.Sides[string]{Legacy: "post", Service: ""},
		Path:   lens.Sides[string]{Legacy: "/a/{b", Service: "/c/{d}"},
		Prefix: lens.Sides[string]{Service: "x/"},
		Params: []lens.Field{field("a", "b"), {Legacy: []string{"c"}}},
		Links:  []exchange.Link{{Path: lens.Sides[string]{Legacy: "/x"}}},
		Buffer: -1,
		Status: []exchange.Status{
			{Service: 99, Legacy: 206}, {Service: 404, Legacy: 200, When: []exchange.Member{{Path: "a", Is: text("b")}, {Path: "a..b"}}},
			{Service: 409, Legacy: 409, With: json}, {Service: 409, Legacy: 409},
		},
		Headers: []exchange.Header{{}, {Legacy: "Content-Length"}, {Legacy: "A", Service: "B", Const: "c"}, {Legacy: "A\r\n"},
			{Legacy: "A", Values: []lens.Pair{{}}}, {Legacy: "A", Const: "x\ny"},
			{Legacy: "A", Service: "B", Values: []lens.Pair{{Legacy: text("1"), Service: text("x")}, {Legacy: text("2"), Service: text("x")}}}},
	})
	var problems exchange.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("%v, want Problems", err)
	}
	got := map[string]bool{}
	for _, p := range problems {
		place := p.Option
		if p.Index >= 0 {
			place = fmt.Sprintf("%s[%d]", place, p.Index)
		}
		if p.Part != "" {
			place += "." + p.Part
		}
		got[place] = true
	}
	want := map[string]bool{}
	for _, place := range []string{"buffer", "method.legacy", "method.service", "prefix.service", "path.legacy", "path.service",
		"links[0].path.service", "status[0].service", "status[0].legacy", "status[1].when", "status[3]",
		"headers[0]", "headers[1].legacy", "headers[2].const", "headers[3].legacy", "headers[4].values", "headers[5].const", "headers[6].values"} {
		want[place] = true
	}
	for place := range got {
		if strings.HasPrefix(place, "params[1]") {
			delete(got, place)
			want["params[1]"] = true
			got["params[1]"] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places (-want +got):\n%s\n%v", diff, err)
	}
}
