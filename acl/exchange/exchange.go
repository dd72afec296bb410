package exchange

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// Exchange is a compiled Config. It is safe for concurrent use.
//
// Bodies. A body that has a translator has to be of the format that is read, by its Content-Type,
// or have none; otherwise it is an error that names both. Request bodies that are coded with gzip
// are decoded, as are answers that are coded although nobody asked; other codings are errors.
// What carries a validator keeps it: ETag and Last-Modified are the service's, so that conditional
// requests reach it in its own words. An empty body of a request or answer passes as it is, unless
// its Content-Type says that it is of the format that is read: then it is a form without fields, which is
// translated, or a list of no records, and of a format that is never empty, such as JSON and XML, an error: it is
// what became of a page that failed, or of a client. Of requests this holds for methods that have a body on both
// sides, of answers for statuses below 300 other than 204 and 205. Without a Content-Type an empty body is a list
// of no records where the format is one of records, unless a request says that it has none. Where a method without a body
// becomes one with a body, the translator gets an empty object. Where one with a body becomes GET, HEAD or
// DELETE, the body is translated all the same, and what no name of the path takes of it is an error; null
// and objects without members are nothing. A body that comes with a GET that stays one is translated and sent.
//
// Statuses. Where legacy's format is SOAP, what no Status fits is translated too: a problem
// document, or whatever else the service says with a status from 400, becomes a fault with the
// status that the binding asks for, and a fault becomes a problem document with the status it had,
// if the fault tells it, or 400 or 500, by whose fault it is. The same holds where the service's
// format is SOAP.
//
// Location, Content-Location and the targets of Link (RFC 8288), in informational answers too (103 Early Hints),
// are translated by the templates, where they fit one; an absolute one of the server that was asked becomes relative to it, since the client knows
// that server under another name. What else the client would look for in vain, the path of a cookie, is
// translated where a Cookie says how.
type Exchange struct {
	method  lens.Sides[string]
	pair    *pair
	links   []*pair
	request *body.Translator
	answer  *body.Translator
	status  []status
	headers []header
	cookies []Cookie
	buffer  int64
}

// Problem is one thing that is wrong with a Config.
type Problem struct {
	Option  string // as a configuration calls it: "method", "path.legacy", "params", "status", "headers", "cookies"
	Index   int    // of the entry in Params, Status, Headers, Cookies or Links; -1: none
	Part    string // of the entry: "when", "values"; may be empty
	Lens    string // as in lens.Problem
	Message string
}

// Problems is all that is wrong with a Config.
type Problems []Problem

// Error implements error.
func (p Problems) Error() string {
	texts := make([]string, len(p))
	for i, one := range p {
		texts[i] = one.Option
		if one.Index >= 0 {
			texts[i] += fmt.Sprintf("[%d]", one.Index)
		}
		if one.Part != "" {
			texts[i] += "." + one.Part
		}
		texts[i] += ": " + one.Message
	}
	return strings.Join(texts, "; ")
}

// New compiles a Config. The error is a Problems.
func New(c Config) (*Exchange, error) {
	var found Problems
	problem := func(p Problem) { found = append(found, p) }
	x := &Exchange{method: c.Method, request: c.Request, answer: c.Answer, buffer: c.Buffer}
	if c.Buffer < 0 {
		problem(Problem{Option: "buffer", Index: -1, Message: "it is a size above 0"})
	} else if c.Buffer == 0 {
		x.buffer = DefaultBuffer
	}
	checkMethods(c.Method, problem)
	checkPrefixes(c.Prefix, problem)
	x.pair = newPair(c.Path, c.Params, c.Set, problem)
	x.pair.drop, x.pair.prefix = c.DropQuery, c.Prefix
	x.checkNames(problem)
	for i, link := range c.Links {
		p := newPair(link.Path, link.Params, c.Set, func(p Problem) {
			problem(Problem{Option: "links", Index: i, Part: p.Option, Lens: p.Lens, Message: p.Message})
		})
		p.prefix = c.Prefix
		x.links = append(x.links, p)
	}
	for i, s := range c.Status {
		x.status = append(x.status, x.newStatus(s, func(part, message string) {
			problem(Problem{Option: "status", Index: i, Part: part, Message: message})
		}))
	}
	checkShadowed(x.status, problem)
	for i, h := range c.Headers {
		x.headers = append(x.headers, newHeader(h, func(part, message string) {
			problem(Problem{Option: "headers", Index: i, Part: part, Message: message})
		}))
	}
	checkCookies(c.Cookies, func(i int, part, message string) {
		problem(Problem{Option: "cookies", Index: i, Part: part, Message: message})
	})
	x.cookies = c.Cookies
	if len(found) > 0 {
		return nil, found
	}
	return x, nil
}

func checkMethods(m lens.Sides[string], problem func(Problem)) {
	for _, side := range []struct{ name, method, other string }{
		{"method.legacy", m.Legacy, m.Service}, {"method.service", m.Service, m.Legacy},
	} {
		switch {
		case side.method == "" && side.other != "":
			problem(Problem{Option: side.name, Index: -1, Message: "the other side has a method, so this one has to have one too"})
		case side.method != "" && !isToken(side.method):
			problem(Problem{Option: side.name, Index: -1, Message: fmt.Sprintf("%q is no method", side.method)})
		case side.method != strings.ToUpper(side.method):
			problem(Problem{Option: side.name, Index: -1, Message: fmt.Sprintf("methods are case-sensitive: %s, not %s", strings.ToUpper(side.method), side.method)})
		case side.method == http.MethodConnect:
			problem(Problem{Option: side.name, Index: -1, Message: "CONNECT asks for a connection, which has nothing to translate"})
		}
	}
}

func checkPrefixes(p lens.Sides[string], problem func(Problem)) {
	for _, side := range []struct{ name, prefix string }{{"prefix.legacy", p.Legacy}, {"prefix.service", p.Service}} {
		if side.prefix != "" && (side.prefix[0] != '/' || strings.HasSuffix(side.prefix, "/")) {
			problem(Problem{Option: side.name, Index: -1, Message: "a prefix begins with a slash and doesn't end with one"})
		}
	}
}

// checkNames reports names of a template that nothing can fill.
func (x *Exchange) checkNames(problem func(Problem)) {
	for _, way := range []body.Direction{body.ToService, body.ToLegacy} {
		option := "path.service"
		if way == body.ToLegacy {
			option = "path.legacy"
		}
		t := x.pair.written(way)
		for _, name := range x.pair.passage(way).fromBody {
			switch {
			case x.request == nil && !t.optional(name):
				problem(Problem{Option: option, Index: -1, Message: fmt.Sprintf(
					"{%s} isn't in the other side's template, and there is no translator of the request's body that it could be taken from", name)})
			case x.request != nil && x.request.Streams(way):
				problem(Problem{Option: option, Index: -1, Message: fmt.Sprintf(
					"{%s} isn't in the other side's template, and the request's body is a list of records, in which it has no place", name)})
			}
		}
	}
}

// NeedsBody returns the names of the path that is written in a direction that only a request's body can fill,
// those left out that need not be filled.
func (x *Exchange) NeedsBody(way body.Direction) (names []string) {
	for _, name := range x.pair.passage(way).fromBody {
		if !x.pair.written(way).optional(name) {
			names = append(names, name)
		}
	}
	return names
}

// WantsBody returns the names of the path that is read in a direction that only a request's body has a place for, and
// whether no body ever has one: no translator reads it, or it is a list of records.
func (x *Exchange) WantsBody(way body.Direction) (names []string, never bool) {
	return x.pair.passage(way).intoBody, x.request == nil || x.request.Streams(way)
}

// Refuses returns the names of the path that is read in a direction that each request has, and that no field of
// the body's translator names although it wants one for everything: no request with a body gets through.
func (x *Exchange) Refuses(way body.Direction) (names []string) {
	if x.request == nil || x.request.Streams(way) {
		return nil
	}
	for _, name := range x.pair.passage(way).intoBody {
		path, err := document.ParsePath(name)
		if err == nil && !x.pair.read(way).optional(name) && x.request.Refuses(way, path) {
			names = append(names, name)
		}
	}
	return names
}

// TakesFromBody reports whether the path that is written in a direction has names that only the translated body of a
// request can fill: then what a name of the other path becomes in the body may be one of them.
func (x *Exchange) TakesFromBody(way body.Direction) bool {
	return len(x.pair.passage(way).fromBody) > 0
}
