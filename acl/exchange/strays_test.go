package exchange_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// TestNamesWithoutAPlace has names of the path that is read which the other path hasn't: what becomes of them is what
// WantsBody and TakesFromBody let a configuration know beforehand.
func TestNamesWithoutAPlace(t *testing.T) {
	order := translator(t, jsonForm, jsonForm, field("NOTE", "note"), field("SHOP", "shop"))
	path := lens.Sides[string]{Legacy: "/a/{id}?s={SHOP}", Service: "/b/{id}"}
	for name, c := range map[string]struct {
		config       exchange.Config
		method, text string
		wantURI      string
		wantText     string
		wants        []string // of a body
		never, takes bool
	}{
		"a body takes it":            {config: exchange.Config{Path: path, Request: order}, method: "POST", text: `{"NOTE":"x"}`, wantURI: "/b/7", wantText: `{"note":"x","shop":"S"}`, wants: []string{"SHOP"}},
		"there is no body":           {config: exchange.Config{Path: path, Request: order}, method: "GET", wantURI: "/b/7", wants: []string{"SHOP"}},
		"it is dropped":              {config: exchange.Config{Path: path, Request: order, Params: []lens.Field{{Legacy: []string{"SHOP"}, Drop: true}}}, method: "GET", wantURI: "/b/7"},
		"a field brings it":          {config: exchange.Config{Path: lens.Sides[string]{Legacy: "/a/{id}?s={SHOP}", Service: "/b/{id}?shop={shop}"}, Request: order}, method: "GET", wantURI: "/b/7?shop=S", wants: []string{"SHOP"}, takes: true},
		"no translator of a body is": {config: exchange.Config{Path: lens.Sides[string]{Legacy: "/a/{id}?s={SHOP?}", Service: "/b/{id}"}}, method: "POST", text: `{"NOTE":"x"}`, wantURI: "/b/7", wantText: `{"NOTE":"x"}`, wants: []string{"SHOP"}, never: true},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, c.config)
			wants, never := x.WantsBody(body.ToService)
			if !slices.Equal(wants, c.wants) || len(wants) > 0 && never != c.never || x.TakesFromBody(body.ToService) != c.takes {
				t.Errorf("it wants a body for %v, which never has them: %t; and takes from it: %t", wants, never, x.TakesFromBody(body.ToService))
			}
			client, url, got := behind(t, front(x), says(200, "", ""))
			req, err := http.NewRequestWithContext(t.Context(), c.method, url+"/a/7?s=S", strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if c.text == "" {
				req.Body, req.ContentLength = nil, 0
			} else {
				req.Header.Set("Content-Type", "application/json")
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got.RequestURI != c.wantURI || got.text != c.wantText {
				t.Errorf("asked is %s %s, want %s %s", got.RequestURI, got.text, c.wantURI, c.wantText)
			}
		})
	}
}

// TestNamesThatNoRequestGetsPast has a translator that wants a field for everything: what Refuses names is what a
// request with a body isn't translated for.
func TestNamesThatNoRequestGetsPast(t *testing.T) {
	strict := func(fields ...lens.Field) *body.Translator {
		tr, err := body.New(body.Definition{Legacy: jsonForm, Service: jsonForm, Lens: lens.Definition{Fields: fields,
			Unknown: lens.Ways[lens.Unknown]{ToService: lens.Refuse, ToLegacy: lens.Refuse}}}, lens.Set{})
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	number := func(f *lens.Field) { f.Number = &lens.Number{} }
	for name, c := range map[string]struct {
		request *body.Translator
		wants   []string
		fails   bool
	}{
		"no field":             {strict(field("NOTE", "note")), []string{"SHOP"}, true},
		"a field":              {strict(field("NOTE", "note"), field("SHOP", "shop")), nil, false},
		"a field of the whole": {strict(field(".", "all")), nil, false},
		"a number":             {strict(field("NOTE", "note"), field("SHOP", "shop", number)), nil, false},
		"others are kept":      {translator(t, jsonForm, jsonForm, field("NOTE", "note")), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, exchange.Config{Path: lens.Sides[string]{Legacy: "/a/{SHOP}/{id}", Service: "/b/{id}"}, Request: c.request})
			if got := x.Refuses(body.ToService); !slices.Equal(got, c.wants) {
				t.Errorf("it refuses %v, want %v", got, c.wants)
			}
			client, url, _ := behind(t, front(x), says(200, "", ""))
			resp, err := client.Post(url+"/a/12/7", "application/json", strings.NewReader(`{"NOTE":"x"}`))
			if err == nil {
				resp.Body.Close()
			}
			if (err != nil) != c.fails {
				t.Errorf("a request gets %v", err)
			}
		})
	}
}
