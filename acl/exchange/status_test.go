package exchange_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// contact is a form of HTML, whose sender is redirected, and a service that creates something.
func contact(t testing.TB) exchange.Config {
	form := format.Config{Name: format.Form}
	pointer := func(f *lens.Field) {
		f.Values = &lens.Values{Pairs: []lens.Pair{{Legacy: text("NM"), Service: text("/name")}, {Legacy: text("EML"), Service: text("/email")}}}
	}
	return exchange.Config{
		Path:    lens.Sides[string]{Legacy: "/contact", Service: "/messages"},
		Request: translator(t, form, jsonForm, field("NM", "name"), field("EML", "email")),
		Status: []exchange.Status{
			{Service: 201, Legacy: 302, Location: lens.Sides[string]{Legacy: "/contact/thanks?NO={id}", Service: "/messages/{id}"}},
			{Service: 422, Legacy: 302, Location: lens.Sides[string]{Legacy: "/contact?ERR={ERR}"}, With: translator(t, form, jsonForm, field("ERR", "pointer", pointer))},
		},
	}
}

func TestStatusLocation(t *testing.T) {
	x := compiled(t, contact(t))
	for name, c := range map[string]struct {
		facade              bool
		status              int
		location, typ, text string
		wantStatus          int
		wantLocation, want  string
		fails               string
	}{
		"created":                {status: 201, location: "/messages/7", typ: "application/json", text: `{"id":"7"}`, wantStatus: 302, wantLocation: "/contact/thanks?NO=7"},
		"created, absolute":      {status: 201, location: "http://SERVER/messages/a%2Fb", wantStatus: 302, wantLocation: "/contact/thanks?NO=a%2Fb"},
		"created without a word": {status: 201, fails: "nothing for id in /contact/thanks"},
		"created elsewhere":      {status: 201, location: "http://example.com/messages/7", fails: "nothing for id"},
		"refused":                {status: 422, typ: "application/problem+json", text: `{"pointer":"/email"}`, wantStatus: 302, wantLocation: "/contact?ERR=EML"},
		"refused, says nothing":  {status: 422, typ: "text/plain", text: "no", fails: "nothing for ERR"},
		"refused, unknown":       {status: 422, typ: "application/json", text: `{"pointer":"/x"}`, fails: "/pointer"},
		"legacy has it":          {facade: true, status: 302, location: "/contact/thanks?NO=7", typ: "text/html", text: "<a>", wantStatus: 201, wantLocation: "/messages/7"},
		"legacy refuses":         {facade: true, status: 302, location: "/contact?ERR=NM", typ: "text/html", text: "<a>", wantStatus: 422, wantLocation: "", want: `{"pointer":"/name"}`},
		"legacy goes elsewhere":  {facade: true, status: 302, location: "/login", typ: "text/html", text: "<a>", wantStatus: 302, wantLocation: "/login", want: "<a>"},
	} {
		t.Run(name, func(t *testing.T) {
			around, path, contentType, sent := front(x), "/contact", "application/x-www-form-urlencoded", "NM=a&EML=b"
			if c.facade {
				around, path, contentType, sent = facade(x), "/messages", "application/json", `{"name":"a","email":"b"}`
			}
			client, url, _ := behind(t, around, func(w http.ResponseWriter, r *http.Request) {
				if c.location != "" {
					w.Header().Set("Location", strings.Replace(c.location, "SERVER", r.Host, 1))
				}
				says(c.status, c.typ, c.text)(w, r)
			})
			resp, err := client.Post(url+path, contentType, strings.NewReader(sent))
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("%v, want an error with %q", err, c.fails)
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
			if resp.StatusCode != c.wantStatus || resp.Header.Get("Location") != c.wantLocation || string(got) != c.want {
				t.Errorf("%d to %q with %q, want %d to %q with %q", resp.StatusCode, resp.Header.Get("Location"), got, c.wantStatus, c.wantLocation, c.want)
			}
			if c.want == "" && resp.Header.Get("Content-Type") != "" {
				t.Errorf("no body of the type %s", resp.Header.Get("Content-Type"))
			}
		})
	}
}

// TestStatusOfFaults has conditions that speak of a fault's parts.
func TestStatusOfFaults(t *testing.T) {
	c := soapCustomers(t, "1.1")
	c.Status = []exchange.Status{
		{Service: 404, Legacy: 500, When: []exchange.Member{{Path: "faultstring", Is: text("NOTFOUND")}}},
		{Service: 409, Legacy: 500, When: []exchange.Member{{Path: "faultcode", Is: text("Client")}, {Path: "detail.CODE", Is: text("17")}}},
	}
	x := compiled(t, c)
	const soap = "text/xml; charset=utf-8"
	for name, test := range map[string]struct {
		status  int
		problem string
		parts   []string // of the fault
		back    string   // the problem that it is on the way back: nothing but legacy's words are left
	}{
		"not there": {404, `{"title":"no such customer","status":404}`, []string{"<faultstring>NOTFOUND</faultstring>", ":Client</faultcode>"},
			`{"title":"NOTFOUND","status":404,"fault":{"code":"Client"}}`},
		"taken": {409, `{"title":"taken","status":409}`, []string{"<faultstring>taken</faultstring>", `>17</CODE>`},
			`{"title":"taken","status":409,"fault":{"code":"Client","detail":{"CODE":"17"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			client, url, _ := behind(t, front(x), says(test.status, "application/problem+json", test.problem))
			resp, err := client.Post(url+"/soap", soap, strings.NewReader(envelope("1.1", `<GetCustomer xmlns="urn:shop"><custNo>1</custNo></GetCustomer>`)))
			if err != nil {
				t.Fatal(err)
			}
			fault, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != 500 {
				t.Fatalf("%d, %v", resp.StatusCode, err)
			}
			for _, part := range test.parts {
				if !strings.Contains(string(fault), part) {
					t.Errorf("no %s in %s", part, fault)
				}
			}
			if strings.Contains(string(fault), "no such") || strings.Contains(string(fault), "status") {
				t.Errorf("legacy's client is told of the service's problem document: %s", fault)
			}
			client, url, _ = behind(t, facade(x), says(500, soap, string(fault)))
			resp, err = client.Get(url + "/customers/1")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != test.status {
				t.Errorf("status %d, want %d", resp.StatusCode, test.status)
			}
			if diff := cmp.Diff(test.back, string(got)); diff != "" {
				t.Errorf("problem (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("legacy's own", func(t *testing.T) {
		client, url, _ := behind(t, facade(x), says(500, soap, envelope("1.1", `<s:Fault><faultcode>s:Server</faultcode><faultstring>NOTFOUND</faultstring></s:Fault>`)))
		resp, err := client.Get(url + "/customers/1")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 404 || !strings.Contains(string(got), `"status":404`) || !strings.Contains(string(got), `"title":"NOTFOUND"`) {
			t.Errorf("%d %s, want a problem that says 404", resp.StatusCode, got)
		}
	})
	if _, err := exchange.New(exchange.Config{Answer: c.Answer, Status: []exchange.Status{
		{Service: 404, Legacy: 500, When: []exchange.Member{{Path: "MSG", Is: text("x")}}}}}); err == nil {
		t.Error("a condition on what no fault has is accepted")
	}
}

// TestEvidence has errors say what was read.
func TestEvidence(t *testing.T) {
	customers := compiled(t, customers(t))
	lines := compiled(t, exchange.Config{Buffer: 4 << 10, Answer: translator(t, format.Config{Name: format.NDJSON}, jsonForm,
		field("TOT", "total", func(f *lens.Field) { f.Number = &lens.Number{Scale: 2} }))})
	long := `{"id":"42","status":"closed","name":"` + strings.Repeat("x", 2*acl.MaxEvidence) + `"}`
	list := "[" + strings.Repeat(`{"total":1},`, 5000) + `{"total":"x"}]`
	for name, c := range map[string]struct {
		x        *exchange.Exchange
		send     string
		status   int
		answer   string
		want     string
		size     int64
		answered int
	}{
		"a request":              {x: customers, send: `{"STS":"\u0058"}`, want: `{"STS":"\u0058"}`, size: 16},
		"an answer":              {x: customers, send: "{}", status: 200, answer: `{"status":"cl\u006fsed"}`, want: `{"status":"cl\u006fsed"}`, size: 24, answered: 200},
		"the beginning":          {x: customers, send: "{}", status: 201, answer: long, want: long[:acl.MaxEvidence], size: int64(len(long)), answered: 201},
		"of a list, late enough": {x: lines, status: 200, answer: list, want: list[:acl.MaxEvidence], size: -1, answered: 200},
	} {
		t.Run(name, func(t *testing.T) {
			client, url, _ := behind(t, front(c.x), says(c.status, "application/json", c.answer))
			path := "/cgi/cust.pl?id=42"
			resp, err := client.Post(url+path, "application/json", strings.NewReader(c.send))
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			var e *acl.Error
			if !errors.As(err, &e) {
				t.Fatalf("%v, want an *acl.Error", err)
			}
			if string(e.Read) != c.want || e.Size != c.size || e.Answered != c.answered || e.ContentType != "application/json" {
				t.Errorf("%d bytes %.40q of %d, %s, answered %d; want %d bytes %.40q of %d, %d",
					len(e.Read), e.Read, e.Size, e.ContentType, e.Answered, len(c.want), c.want, c.size, c.answered)
			}
		})
	}
}

// TestStatusOfEmptyAnswers has answers without a body that become ones with one.
func TestStatusOfEmptyAnswers(t *testing.T) {
	done := translator(t, jsonForm, jsonForm, lens.Field{Legacy: []string{"OK"}, Const: &lens.Literal{Kind: text("").Kind, Text: "Y"}})
	x := compiled(t, exchange.Config{Status: []exchange.Status{{Service: 204, Legacy: 200, With: done}}})
	client, url, _ := behind(t, front(x), says(204, "", ""))
	resp, err := client.Post(url, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || string(got) != `{"OK":"Y"}` {
		t.Errorf("%d %s", resp.StatusCode, got)
	}
	client, url, _ = behind(t, facade(x), says(200, "application/json", `{"OK":"Y"}`))
	if resp, err = client.Post(url, "", nil); err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, _ := io.ReadAll(resp.Body); resp.StatusCode != 204 || len(got) > 0 {
		t.Errorf("%d %s", resp.StatusCode, got)
	}
}

// TestMarksOfEmptyAnswers has answers without a body of which the marks of a Status make one.
func TestMarksOfEmptyAnswers(t *testing.T) {
	legacy := format.Config{Name: format.JSON, ContentType: "application/json;charset=utf-8"}
	customer := translator(t, legacy, jsonForm, field("NO", "id"), lens.Field{Legacy: []string{"SRC"}, Const: &lens.Literal{Kind: document.String, Text: "new"}})
	ok := []exchange.Member{{Path: "OK", Is: lens.Literal{Kind: document.Number, Text: "1"}}}
	x := compiled(t, exchange.Config{Answer: customer, Status: []exchange.Status{
		{Service: 204, Legacy: 200, When: ok}, {Service: 200, Legacy: 200, When: ok}, {Service: 202, Legacy: 204, When: ok},
	}})
	for name, c := range map[string]struct {
		method     string
		status     int
		text       string
		wantStatus int
		want       string
	}{
		"204":                     {"POST", 204, "", 200, `{"OK":1}`},
		"an empty 200":            {"POST", 200, "", 200, `{"OK":1}`},
		"a 200 that isn't empty":  {"POST", 200, `{"id":"7"}`, 200, `{"NO":"7","SRC":"new","OK":1}`},
		"HEAD has none":           {"HEAD", 204, "", 200, ""},
		"what has no body at all": {"POST", 202, "", 204, ""},
	} {
		t.Run(name, func(t *testing.T) {
			contentType := ""
			if c.text != "" {
				contentType = "application/json"
			}
			client, url, _ := behind(t, front(x), says(c.status, contentType, c.text))
			req, _ := http.NewRequest(c.method, url, nil)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != c.wantStatus || string(got) != c.want {
				t.Errorf("%d %q, want %d %q", resp.StatusCode, got, c.wantStatus, c.want)
			}
			if got := resp.Header.Get("Content-Type"); c.want != "" && got != legacy.ContentType {
				t.Errorf("content type %q", got)
			}
		})
	}
}

// TestBlankAnswers has answers with nothing in them that are announced as something, of formats other
// than JSON, of lists of records, and where a Status says what an empty one is.
func TestBlankAnswers(t *testing.T) {
	xml := translator(t, format.Config{Name: format.XML, Root: "C"}, jsonForm, field("NM", "name"))
	soap := translator(t, format.Config{Name: format.SOAP, Root: "C"}, jsonForm, field("NM", "name"))
	form := translator(t, jsonForm, format.Config{Name: format.Form}, field("NM", "name"))
	list := translatorOf(t, body.Definition{Legacy: jsonForm, Service: jsonForm, Records: true}, lens.Set{}, []lens.Field{field("NM", "name")})
	lines := translator(t, jsonForm, format.Config{Name: format.NDJSON}, field("NM", "name"))
	ok := []exchange.Member{{Path: "OK", Is: lens.Literal{Kind: document.Number, Text: "1"}}}
	for name, c := range map[string]struct {
		config      exchange.Config
		facade      bool
		status      int
		contentType string
		fails       bool
		want        string
	}{
		"XML of legacy":                 {exchange.Config{Answer: xml}, true, 200, "text/xml", true, ""},
		"SOAP of legacy":                {exchange.Config{Answer: soap}, true, 200, "text/xml; charset=utf-8", true, ""},
		"of legacy, without a type":     {exchange.Config{Answer: xml}, true, 200, "", false, ""},
		"a list":                        {exchange.Config{Answer: list}, false, 200, "application/json", true, ""},
		"a list without a type":         {exchange.Config{Answer: list}, false, 200, "", false, ""},
		"lines, of which none are none": {exchange.Config{Answer: lines}, false, 200, "application/x-ndjson", false, "[]"},
		"a form, which may be empty":    {exchange.Config{Answer: form}, false, 200, "application/x-www-form-urlencoded", false, "{}"},
		"a form without a type":         {exchange.Config{Answer: form}, false, 200, "", false, ""},
		"a status with a translator":    {exchange.Config{Answer: list, Status: []exchange.Status{{Service: 201, Legacy: 200, With: xml}}}, false, 201, "application/json", true, ""},
		"marks alone":                   {exchange.Config{Answer: xml, Status: []exchange.Status{{Service: 200, Legacy: 200, When: ok}}}, false, 200, "application/json", true, ""},
		"an error with a translator":    {exchange.Config{Status: []exchange.Status{{Service: 404, Legacy: 404, With: failed(t)}}}, false, 404, "application/json", false, `{"ERR":"Y"}`},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, c.config)
			around := front(x)
			if c.facade {
				around = facade(x)
			}
			client, url, _ := behind(t, around, says(c.status, c.contentType, ""))
			resp, err := client.Get(url)
			if c.fails {
				var e *acl.Error
				var malformed *body.Malformed
				if !errors.As(err, &e) || !errors.As(err, &malformed) || !strings.Contains(err.Error(), "it is empty, though") {
					t.Errorf("%v, want an *acl.Error of one that is malformed", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got, err := io.ReadAll(resp.Body); err != nil || string(got) != c.want {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// TestBlankRequests has requests with nothing in them, of a known length and not, by what they are announced as.
func TestBlankRequests(t *testing.T) {
	soap := translator(t, format.Config{Name: format.SOAP, Root: "C"}, jsonForm, field("NM", "name"))
	json := translator(t, jsonForm, jsonForm, field("NM", "name"))
	required := func(f *lens.Field) { f.Required = true }
	filled := func(f *lens.Field) { f.Default.Service = &lens.Literal{Kind: document.String, Text: "nobody"} }
	form := format.Config{Name: format.Form}
	optional, strict := translator(t, form, jsonForm, field("NM", "name", filled)), translator(t, form, jsonForm, field("NM", "name", required))
	lines := translator(t, format.Config{Name: format.NDJSON}, jsonForm, field("NM", "name"))
	list := translatorOf(t, body.Definition{Legacy: jsonForm, Service: jsonForm, Records: true}, lens.Set{}, []lens.Field{field("NM", "name")})
	const forms = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		with              *body.Translator
		method, announced string
		fails             string
		status            int
		want              string
	}{
		"a form":                    {with: optional, announced: forms, want: `{"name":"nobody"}`},
		"a form without a type":     {with: optional},
		"a form of another type":    {with: optional, announced: "text/plain"},
		"a form that wants a field": {with: strict, announced: forms, fails: "at /NM: legacy's request: there is no value"},
		"JSON":                      {with: json, announced: "application/json", fails: "it is empty, though it is announced as application/json", status: 400},
		"JSON without a type":       {with: json},
		"JSON of a GET":             {with: json, method: "GET", announced: "application/json"},
		"JSON of a DELETE":          {with: json, method: "DELETE", announced: "application/json"},
		"SOAP":                      {with: soap, announced: "text/xml; charset=utf-8", fails: "it is empty, though", status: 400},
		"lines, of which none":      {with: lines, announced: "application/x-ndjson", want: "[]"},
		"a list":                    {with: list, announced: "application/json", fails: "it is empty, though", status: 400},
		"a list without a type":     {with: list},
	} {
		for _, chunked := range []bool{false, true} {
			if chunked && c.announced == "text/plain" {
				continue // which may have something in it
			}
			t.Run(fmt.Sprintf("%s, chunked %t", name, chunked), func(t *testing.T) {
				x := compiled(t, exchange.Config{Request: c.with})
				client, url, last := behind(t, front(x), says(204, "", ""))
				in := io.Reader(nil)
				if chunked {
					in = io.MultiReader() // whose length isn't known
				}
				method := c.method
				if method == "" {
					method = "POST"
				}
				req, _ := http.NewRequest(method, url, in)
				if c.announced != "" {
					req.Header.Set("Content-Type", c.announced)
				}
				if chunked {
					req.ContentLength = -1
				}
				if c.want != "" { // what the proxy says of one that may not be sent twice
					req.Header["content-length"] = []string{"0"}
				}
				resp, err := client.Do(req)
				if c.fails != "" {
					var e *acl.Error
					if !errors.As(err, &e) || !strings.Contains(err.Error(), c.fails) || e.Status != c.status || !e.Unsent() {
						t.Errorf("%v, want an *acl.Error with the status %d that says %q", err, c.status, c.fails)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if last.text != c.want || c.want != "" && last.Header.Get("Content-Type") != "application/json" {
					t.Errorf("%q of the type %s arrived, want %q", last.text, last.Header.Get("Content-Type"), c.want)
				}
			})
		}
	}
}

// failed is a translator that writes a constant.
func failed(t testing.TB) *body.Translator {
	return translator(t, jsonForm, jsonForm, lens.Field{Legacy: []string{"ERR"}, Const: &lens.Literal{Kind: document.String, Text: "Y"}})
}

// TestLocationsThatNothingFills holds what CheckLocations says beforehand against what becomes of an answer whose Location
// is the service's and whose body has an id.
func TestLocationsThatNothingFills(t *testing.T) {
	answer := translator(t, jsonForm, jsonForm, field("id", "id"))
	records := translator(t, format.Config{Name: format.NDJSON}, format.Config{Name: format.NDJSON}, field("id", "id"))
	for name, c := range map[string]struct {
		status exchange.Status
		want   string
	}{
		"in the other":      {status: exchange.Status{Service: 201, Legacy: 303, Location: lens.Sides[string]{Legacy: "/q/{x}", Service: "/f/{x}"}}},
		"in neither":        {status: exchange.Status{Service: 201, Legacy: 303, Location: lens.Sides[string]{Legacy: "/q/{id}", Service: "/f/{x}"}}, want: "{id}"},
		"alone":             {status: exchange.Status{Service: 201, Legacy: 303, Location: lens.Sides[string]{Legacy: "/q?x={id}"}}, want: "{id}"},
		"it may be missing": {status: exchange.Status{Service: 201, Legacy: 303, Location: lens.Sides[string]{Legacy: "/q?x={id?}"}}},
		"in a body":         {status: exchange.Status{Service: 201, Legacy: 303, Location: lens.Sides[string]{Legacy: "/q?x={id}"}, With: answer}},
		"in the answer's":   {status: exchange.Status{Service: 201, Legacy: 200, Location: lens.Sides[string]{Legacy: "/q?x={id}"}}},
		"in no record":      {status: exchange.Status{Service: 201, Legacy: 303, Location: lens.Sides[string]{Legacy: "/q?x={id}"}, With: records}, want: "{id}"},
		"there is no body":  {status: exchange.Status{Service: 201, Legacy: 204, Location: lens.Sides[string]{Legacy: "/q?x={id}"}, With: answer}, want: "{id}"},
		"in when":           {status: exchange.Status{Service: 201, Legacy: 303, Location: lens.Sides[string]{Legacy: "/q?x={id}"}, When: []exchange.Member{{Path: "id", Is: text("7")}}}},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, exchange.Config{Answer: answer, Status: []exchange.Status{c.status}})
			told := ""
			if found := x.CheckLocations(body.ToLegacy); found != nil {
				told = found.Error()
			}
			if (told == "") != (c.want == "") || !strings.Contains(told, c.want) {
				t.Errorf("it says %q, want %q", told, c.want)
			}
			typ := "application/json"
			if c.status.With == records {
				typ = "application/x-ndjson"
			}
			client, url, _ := behind(t, front(x), func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/f/7")
				says(201, typ, `{"id":"7"}`)(w, r)
			})
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			resp, err := client.Get(url + "/")
			if err == nil {
				resp.Body.Close()
			}
			if (err == nil) != (told == "") {
				t.Errorf("it says %q, and the client gets %v", told, err)
			}
		})
	}
}
