package exchange

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

func TestParseTemplate(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		names []string
		fails string
	}{
		"the root":               {text: "/"},
		"literals":               {text: "/cgi-bin/cust.pl"},
		"a trailing slash":       {text: "/customers/"},
		"one segment":            {text: "/customers/{id}", names: []string{"id"}},
		"part of a segment":      {text: "/show.pl;id={id}.html", names: []string{"id"}},
		"the rest":               {text: "/files/{path...}", names: []string{"path"}},
		"query":                  {text: "/c?id={id}&fmt=json&q={q?}", names: []string{"id", "q"}},
		"a way into the body":    {text: "/c/{customer.id}", names: []string{"customer.id"}},
		"escapes":                {text: "/a%20b/%7B"},
		"empty":                  {text: "", fails: "begins with a slash"},
		"absolute":               {text: "http://h/x", fails: "begins with a slash"},
		"a fragment":             {text: "/x#y", fails: "fragment"},
		"an empty segment":       {text: "/a//b", fails: "empty segment"},
		"a dot segment":          {text: "/a/../b", fails: "way to another"},
		"an escaped dot segment": {text: "/a/%2e%2E/b", fails: "way to another"},
		"two in a segment":       {text: "/{a}-{b}", fails: "two names"},
		"no end":                 {text: "/{a", fails: "without its }"},
		"no beginning":           {text: "/a}", fails: "without its {"},
		"no name":                {text: "/{}", fails: "empty"},
		"an index":               {text: "/{a[0]}", fails: "has to be a name"},
		"twice":                  {text: "/{a}?b={a}", fails: "twice"},
		"the rest in the middle": {text: "/{a...}/b", fails: "behind the last slash"},
		"optional in the path":   {text: "/{a?}", fails: "can't be missing"},
		"a name for a parameter": {text: "/?{a}=1", fails: "only its value"},
		"half a value":           {text: "/?a=x{a}", fails: "one of the two"},
		"a space":                {text: "/a b", fails: "a%20b"},
		"a bad escape":           {text: "/a%zz", fails: "%25"},
		"an empty parameter":     {text: "/a?", fails: "isn't a parameter"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseTemplate(c.text)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("error %v, want one with %q", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.names, got.names()); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

func testPair(t testing.TB, legacy, service string, params ...lens.Field) *pair {
	t.Helper()
	var found Problems
	p := newPair(lens.Sides[string]{Legacy: legacy, Service: service}, params, lens.Set{}, func(p Problem) { found = append(found, p) })
	if len(found) > 0 {
		t.Fatal(found)
	}
	return p
}

func TestPair(t *testing.T) {
	const cgi, rest = "/cgi/cust.pl?id={id}", "/customers/{id}"
	category := lens.Field{Legacy: []string{"cat"}, Service: []string{"category"},
		Values: &lens.Values{Pairs: []lens.Pair{{Legacy: textOf("FI"), Service: textOf("fiction")}}}}
	for name, c := range map[string]struct {
		legacy, service string
		params          []lens.Field
		way             body.Direction
		in, want        string
		fails           string
		drop            bool
	}{
		"a parameter becomes a segment": {legacy: cgi, service: rest, in: "/cgi/cust.pl?id=42", want: "/customers/42"},
		"and back":                      {legacy: cgi, service: rest, way: body.ToLegacy, in: "/customers/42", want: "/cgi/cust.pl?id=42"},
		"others pass as they are":       {legacy: cgi, service: rest, in: "/cgi/cust.pl?b=%zz&id=42&a=%2f+", want: "/customers/42?b=%zz&a=%2f+"},
		"others are dropped":            {legacy: cgi, service: rest, in: "/cgi/cust.pl?b=1&id=42", want: "/customers/42", drop: true},
		"a slash stays in its segment":  {legacy: cgi, service: rest, in: "/cgi/cust.pl?id=a/b", want: "/customers/a%2Fb"},
		"so do ? and #":                 {legacy: cgi, service: rest, in: "/cgi/cust.pl?id=a%3Fb%23c", want: "/customers/a%3Fb%23c"},
		"and %":                         {legacy: cgi, service: rest, in: "/cgi/cust.pl?id=a%252Fb", want: "/customers/a%252Fb"},
		"and line ends":                 {legacy: cgi, service: rest, in: "/cgi/cust.pl?id=a%0d%0aX:1", want: "/customers/a%0D%0AX:1"},
		"an ampersand in a value":       {legacy: cgi, service: rest, way: body.ToLegacy, in: "/customers/1&admin=1", want: "/cgi/cust.pl?id=1%26admin%3D1"},
		"an escaped slash":              {legacy: cgi, service: rest, way: body.ToLegacy, in: "/customers/a%2Fb", want: "/cgi/cust.pl?id=a%2Fb"},
		"a dot segment":                 {legacy: cgi, service: rest, in: "/cgi/cust.pl?id=..", fails: "another path"},
		"an escaped dot segment":        {legacy: cgi, service: rest, in: "/cgi/cust.pl?id=%2e%2e", fails: "another path"},
		"nothing for a segment":         {legacy: cgi, service: rest, in: "/cgi/cust.pl?id=", fails: "nothing for id"},
		"no parameter":                  {legacy: cgi, service: rest, in: "/cgi/cust.pl", fails: "id is missing"},
		"twice":                         {legacy: cgi, service: rest, in: "/cgi/cust.pl?id=1&id=2", fails: "2 times"},
		"twice under an escape":         {legacy: cgi, service: rest, in: "/cgi/cust.pl?id=1&%69d=2", fails: "2 times"},
		"another path":                  {legacy: cgi, service: rest, in: "/cgi/other.pl?id=1", fails: "doesn't fit"},
		"too long":                      {legacy: cgi, service: rest, way: body.ToLegacy, in: "/customers/1/orders", fails: "3 segments"},
		"an empty segment":              {legacy: cgi, service: rest, way: body.ToLegacy, in: "/customers/", fails: "nothing for id"},
		"a parameter beside its own":    {legacy: cgi, service: rest, way: body.ToLegacy, in: "/customers/1?id=2", fails: "has itself"},
		"behind a semicolon":            {legacy: cgi, service: rest, way: body.ToLegacy, in: "/customers/1?a=1;id=2", fails: "has itself"},
		"a constant is written":         {legacy: "/c?f=xml&id={id}", service: rest, way: body.ToLegacy, in: "/customers/1", want: "/c?f=xml&id=1"},
		"and is looked for":             {legacy: "/c?f=xml&id={id}", service: rest, in: "/c?id=1&f=xml&x=1", want: "/customers/1?x=1"},
		"and is another":                {legacy: "/c?f=xml&id={id}", service: rest, in: "/c?id=1&f=csv", fails: "isn't \"xml\""},
		"optional and there":            {legacy: "/s?q={q?}", service: "/books?search={q?}", in: "/s?q=a+b", want: "/books?search=a+b"},
		"optional and empty":            {legacy: "/s?q={q?}", service: "/books?search={q?}", in: "/s?q=", want: "/books?search="},
		"optional and missing":          {legacy: "/s?q={q?}", service: "/books?search={q?}", in: "/s", want: "/books"},
		"the rest":                      {legacy: "/old/{p...}", service: "/new/files/{p...}", in: "/old/a/b%20c", want: "/new/files/a/b%20c"},
		"no dots in the rest":           {legacy: "/old/{p...}", service: "/new/{p...}", in: "/old/a/%2e%2e/b", fails: "segment \"..\""},
		"no slash in the rest":          {legacy: "/old/{p...}", service: "/new/{p...}", in: "/old/a%2Fb", fails: "segment \"a/b\""},
		"the rest into a parameter":     {legacy: "/get?f={p}", service: "/files/{p...}", way: body.ToLegacy, in: "/files/a/b", want: "/get?f=a%2Fb"},
		"and back, with dots":           {legacy: "/get?f={p}", service: "/files/{p...}", in: "/get?f=a/../../b", fails: "another path"},
		"part of a segment":             {legacy: "/item-{id}.html", service: "/items/{id}", in: "/item-7.html", want: "/items/7"},
		"part of a segment, back":       {legacy: "/item-{id}.html", service: "/items/{id}", way: body.ToLegacy, in: "/items/7", want: "/item-7.html"},
		"bytes that aren't UTF-8":       {legacy: cgi, service: rest, in: "/cgi/cust.pl?id=%fc", want: "/customers/%FC"},
		"params, of the query":          {legacy: "/s", service: "/books", params: []lens.Field{category}, in: "/s?x=1&cat=FI", want: "/books?x=1&category=fiction"},
		"params, back":                  {legacy: "/s", service: "/books", params: []lens.Field{category}, way: body.ToLegacy, in: "/books?category=fiction", want: "/s?cat=FI"},
		"params, none":                  {legacy: "/s", service: "/books", params: []lens.Field{category}, in: "/s", want: "/books"},
		"params without a path":         {params: []lens.Field{category}, in: "/any?cat=FI", want: "/any?category=fiction"},
		"params, unknown":               {legacy: "/s", service: "/books", params: []lens.Field{category}, in: "/s?cat=XX", fails: "parameters of the request"},
		"params, not UTF-8":             {legacy: "/s", service: "/books", params: []lens.Field{category}, in: "/s?cat=%ff", fails: "isn't UTF-8"},
		"params, the other's name":      {legacy: "/s", service: "/books", params: []lens.Field{category}, in: "/s?cat=FI&category=x", fails: "params write"},
		"params, in the path":           {legacy: "/s/{cat}", service: "/books/{category}", params: []lens.Field{category}, in: "/s/FI", want: "/books/fiction"},
		"params, of a path to a query":  {legacy: "/s/{cat}", service: "/books?c={category}", params: []lens.Field{category}, in: "/s/FI", want: "/books?c=fiction"},
	} {
		t.Run(name, func(t *testing.T) {
			p := testPair(t, c.legacy, c.service, c.params...)
			p.drop = c.drop
			u, err := url.Parse("http://host" + c.in)
			if err != nil {
				t.Fatal(err)
			}
			a, err := p.arrive(t.Context(), c.way, u)
			if err == nil {
				err = p.depart(c.way, a, u)
			}
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("%s, error %v, want one with %q", u, err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := u.RequestURI(); got != c.want {
				t.Errorf("%s becomes %s, want %s", c.in, got, c.want)
			}
		})
	}
}

func textOf(s string) lens.Literal { return lens.Literal{Kind: document.String, Text: s} }

// FuzzPair writes anything as a segment, a parameter and a rest, and reads it back: it is the same,
// or it was refused.
func FuzzPair(f *testing.F) {
	for _, seed := range []string{"1", "", "..", ".", "a/b", "a%2Fb", "?x=1", "#", "ü", "\xff", "a b+c", "&id=2", ";id=2", "\r\n", "%2e%2e", "a//b"} {
		f.Add(seed)
	}
	pairs := []*pair{
		testPair(f, "/cgi/x.pl?id={id}&n=1", "/x/{id}/y"),
		testPair(f, "/cgi;id={id}.html", "/x?id={id}"),
		testPair(f, "/cgi/{id...}", "/x?id={id}"),
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, p := range pairs {
			for _, way := range []body.Direction{body.ToService, body.ToLegacy} {
				u := &url.URL{Scheme: "http", Host: "host"}
				if p.depart(way, &arrival{values: values{"id": value}, query: newQuery("")}, u) != nil {
					continue
				}
				sent, err := url.Parse(u.String())
				if err != nil {
					t.Fatalf("%q makes %s: %v", value, u, err)
				}
				back, err := p.arrive(t.Context(), !way, sent)
				if err != nil && !errors.As(err, new(*misfit)) {
					t.Fatal(err)
				}
				if err != nil && value != "" && !strings.Contains(value, "//") {
					t.Fatalf("%q is written as %s, which isn't read back: %v", value, u, err)
				}
				if err == nil && (back.values["id"] != value || len(back.query.pairs) != 0) {
					t.Fatalf("%q is written as %s and read back as %q, with %q", value, u, back.values["id"], back.query)
				}
				if strings.Contains(sent.EscapedPath(), "/../") || strings.HasSuffix(sent.EscapedPath(), "/..") {
					t.Fatalf("%q leads out: %s", value, u)
				}
			}
		}
	})
}

// FuzzTemplate reads any request with any template.
func FuzzTemplate(f *testing.F) {
	f.Add("/a/{b}?c={d?}&e=f", "/a/x", "c=1&e=f")
	f.Add("/{b...}", "/%2e/..;/%zz", "&&=&%")
	f.Fuzz(func(t *testing.T, template, path, raw string) {
		tmpl, err := parseTemplate(template)
		if err != nil {
			return
		}
		found, err := tmpl.read(path, newQuery(raw))
		if err != nil {
			return
		}
		if _, _, err := tmpl.write(found); err != nil && utf8.ValidString(path) && !strings.Contains(path, "%") && !strings.Contains(path, "..") && !strings.Contains(path, "/.") {
			t.Fatalf("%s reads %s?%s as %v, which it doesn't write: %v", template, path, raw, found, err)
		}
	})
}
