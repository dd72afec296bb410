package exchange_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// TestBodiesWithoutAPlace has requests whose body has no place on the other side.
func TestBodiesWithoutAPlace(t *testing.T) {
	drop := func(f *lens.Field) { f.Service, f.Drop = nil, true }
	in := func(unknown lens.Unknown, records bool, fields ...lens.Field) *body.Translator {
		d := body.Definition{Legacy: jsonForm, Service: jsonForm, Records: records}
		d.Lens = lens.Definition{Fields: fields, Unknown: lens.Ways[lens.Unknown]{ToService: unknown, ToLegacy: unknown}}
		tr, err := body.New(d, lens.Set{})
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	id, note := field("NO", "id"), field("NOTE", "note")
	strict := in(lens.Refuse, false, id, note)
	postGet := lens.Sides[string]{Legacy: "POST", Service: "GET"}
	taking := lens.Sides[string]{Legacy: "/x", Service: "/things/{id}"}
	plainPath := lens.Sides[string]{Legacy: "/x", Service: "/things"}
	for name, c := range map[string]struct {
		request     *body.Translator
		method      lens.Sides[string]
		path        lens.Sides[string]
		asks        string // the method of the client
		contentType string // empty: JSON
		text        string
		wantURI     string
		want        string
		fails       string
		status      int // 0: 502
	}{
		"a member that no path takes":      {request: strict, method: postGet, path: taking, text: `{"NO":"7","NOTE":"x"}`, fails: "note of the translated body: there is no body on GET, and no path takes it; say drop: true, or name it in path"},
		"on DELETE":                        {request: strict, method: lens.Sides[string]{Legacy: "POST", Service: "DELETE"}, path: taking, text: `{"NO":"7","NOTE":"x"}`, fails: "no body on DELETE"},
		"of a GET that is a DELETE":        {request: strict, asks: "GET", method: lens.Sides[string]{Legacy: "GET", Service: "DELETE"}, path: taking, text: `{"NO":"7","NOTE":"x"}`, fails: "no body on DELETE"},
		"all are taken":                    {request: strict, method: postGet, path: taking, text: `{"NO":"7"}`, wantURI: "/things/7"},
		"null is nothing":                  {request: strict, method: postGet, path: taking, text: `{"NO":"7","NOTE":null}`, wantURI: "/things/7"},
		"two are taken":                    {request: strict, method: postGet, path: lens.Sides[string]{Legacy: "/x", Service: "/things/{id}?n={note?}"}, text: `{"NO":"7","NOTE":"x"}`, wantURI: "/things/7?n=x"},
		"a field drops it":                 {request: in(lens.Refuse, false, id, field("NOTE", "", drop)), method: postGet, path: taking, text: `{"NO":"7","NOTE":"x"}`, wantURI: "/things/7"},
		"unknown drops it":                 {request: in(lens.Drop, false, id), method: postGet, path: taking, text: `{"NO":"7","NOTE":"x"}`, wantURI: "/things/7"},
		"one inside another is taken":      {request: in(lens.Refuse, false, field("A", "a.b")), method: postGet, path: lens.Sides[string]{Legacy: "/x", Service: "/things/{a.b}"}, text: `{"A":"7"}`, wantURI: "/things/7"},
		"beside one inside another":        {request: in(lens.Refuse, false, field("A", "a.b"), field("B", "a.c")), method: postGet, path: lens.Sides[string]{Legacy: "/x", Service: "/things/{a.b}"}, text: `{"A":"7","B":["8"]}`, fails: "a.c of the translated body"},
		"unknown keeps it":                 {request: in(lens.Keep, false, id), method: postGet, path: taking, text: `{"NO":"7","M":{"N":1}}`, fails: "M.N of the translated body"},
		"no path takes anything":           {request: strict, method: postGet, path: plainPath, text: `{"NO":"7"}`, fails: "id of the translated body"},
		"nothing that a path would take":   {request: strict, method: postGet, path: plainPath, text: `{}`, wantURI: "/things"},
		"nothing at all":                   {request: strict, method: postGet, path: plainPath, text: ``, wantURI: "/things"},
		"another type, no path":            {request: strict, method: postGet, path: plainPath, contentType: "text/html", text: `<p>`, fails: "the body is text/html", status: 415},
		"not well-formed, no path":         {request: strict, method: postGet, path: plainPath, text: `{"NO":`, fails: "legacy's request", status: 400},
		"unknown to the lens, no path":     {request: strict, method: postGet, path: plainPath, text: `{"ZZ":1}`, fails: "legacy's request"},
		"a list of records":                {request: in(lens.Refuse, true, id), method: postGet, path: plainPath, text: `[{}, {"NO":"7"}]`, fails: "[1].id of the translated body"},
		"a list of none":                   {request: in(lens.Refuse, true, id), method: postGet, path: plainPath, text: `[]`, wantURI: "/things"},
		"no translator":                    {method: postGet, path: plainPath, text: `a=b`, fails: "no translator reads it"},
		"no translator, nothing":           {method: postGet, path: plainPath, text: ` `, wantURI: "/things"},
		"a GET with a body stays as it is": {request: strict, asks: "GET", path: plainPath, text: `{"NO":"7"}`, wantURI: "/things", want: `{"id":"7"}`},
		"also where a path takes of it":    {request: strict, asks: "GET", path: taking, text: `{"NO":"7","NOTE":"x"}`, wantURI: "/things/7", want: `{"id":"7","note":"x"}`},
		"a GET without one":                {request: strict, asks: "GET", path: plainPath, wantURI: "/things"},
		"a GET without one, from the path": {request: strict, asks: "GET", path: lens.Sides[string]{Legacy: "/x", Service: "/things?id={id?}"}, wantURI: "/things"},
		"a GET without a translator":       {asks: "GET", path: plainPath, text: `x`, wantURI: "/things", want: `x`},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, exchange.Config{Method: c.method, Path: c.path, Request: c.request})
			client, url, last := behind(t, front(x), says(200, "", ""))
			method, contentType := c.asks, c.contentType
			if method == "" {
				method = "POST"
			}
			if contentType == "" {
				contentType = "application/json"
			}
			req, err := http.NewRequest(method, url+"/x", strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if c.text != "" {
				req.Header.Set("Content-Type", contentType)
			}
			resp, err := client.Do(req)
			if c.fails != "" {
				var e *acl.Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), c.fails) || e.Status != c.status {
					t.Fatalf("%v (%+v), want an *acl.Error with %q and %d", err, e, c.fails, c.status)
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
			if last.RequestURI != c.wantURI || last.text != c.want {
				t.Errorf("%s %s with %q, want %s with %q", last.Method, last.RequestURI, last.text, c.wantURI, c.want)
			}
			if got := last.Header.Get("Content-Type"); (got != "") != (c.want != "") {
				t.Errorf("content type %q with %q", got, last.text)
			}
		})
	}
}

// TestFormThatIsAGet has a form of which all but the button goes into a query.
func TestFormThatIsAGet(t *testing.T) {
	form := translatorOf(t, body.Definition{Legacy: format.Config{Name: format.Form}, Service: jsonForm}, lens.Set{}, []lens.Field{field("Q", "q")})
	x := compiled(t, exchange.Config{
		Method: lens.Sides[string]{Legacy: "POST", Service: "GET"}, Path: lens.Sides[string]{Legacy: "/find", Service: "/search?q={q}"}, Request: form,
	})
	client, url, last := behind(t, front(x), says(200, "", ""))
	resp, err := client.Post(url+"/find", "application/x-www-form-urlencoded", strings.NewReader("Q=fig&go=Search"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if last.Method != "GET" || last.RequestURI != "/search?q=fig" || last.text != "" {
		t.Errorf("%s %s with %q", last.Method, last.RequestURI, last.text)
	}
}
