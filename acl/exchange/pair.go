package exchange

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// pair is how the paths and queries of one side's requests correspond to the other's.
type pair struct {
	legacy, service *template // both nil: the path stays as it is
	params          *lens.Lens
	drop            bool // parameters that nothing names
	prefix          lens.Sides[string]

	toService, toLegacy passage
}

// passage is one direction of a pair, as far as it is known beforehand.
type passage struct {
	fromQuery []string // parameters that only params name, of the side that is read
	toQuery   []string // and of the side that is written
	fromBody  []string // names that are written and that only the translated body has
	intoBody  []string // names that are read and that only the body has a place for
}

func (p *pair) read(way body.Direction) *template {
	if way == body.ToLegacy {
		return p.service
	}
	return p.legacy
}

func (p *pair) written(way body.Direction) *template { return p.read(!way) }

func (p *pair) passage(way body.Direction) *passage {
	if way == body.ToLegacy {
		return &p.toLegacy
	}
	return &p.toService
}

func (p *pair) prefixes(way body.Direction) (read, written string) {
	if way == body.ToLegacy {
		return p.prefix.Service, p.prefix.Legacy
	}
	return p.prefix.Legacy, p.prefix.Service
}

// newPair compiles the templates and what is between them.
func newPair(path lens.Sides[string], params []lens.Field, set lens.Set, problem func(Problem)) *pair {
	p := &pair{}
	for _, side := range []struct {
		name, text string
		to         **template
	}{{"path.legacy", path.Legacy, &p.legacy}, {"path.service", path.Service, &p.service}} {
		if side.text == "" {
			if path != (lens.Sides[string]{}) {
				problem(Problem{Option: side.name, Index: -1, Message: "the other side has a template, so this one has to have one too"})
			}
			continue
		}
		var err error
		if *side.to, err = parseTemplate(side.text); err != nil {
			problem(Problem{Option: side.name, Index: -1, Message: err.Error()})
		}
	}
	if len(params) > 0 {
		p.compileParams(params, set, problem)
	}
	var from, to lens.Sides[[]string] // what params read and write on each side
	for _, f := range params {
		from.Legacy = append(from.Legacy, canonical(f.Legacy)...)
		from.Service = append(from.Service, canonical(f.Service)...)
	}
	to = from
	p.toService.plan(p.legacy.names(), p.service.names(), from.Legacy, to.Service)
	p.toLegacy.plan(p.service.names(), p.legacy.names(), from.Service, to.Legacy)
	return p
}

func (p *pair) compileParams(params []lens.Field, set lens.Set, problem func(Problem)) {
	var err error
	set.Texts = lens.Sides[bool]{Legacy: true, Service: true}
	p.params, err = lens.New(lens.Definition{
		Fields: params, Unknown: lens.Ways[lens.Unknown]{ToService: lens.Keep, ToLegacy: lens.Keep},
	}, set)
	var problems lens.Problems
	switch {
	case errors.As(err, &problems):
		for _, found := range problems {
			problem(Problem{Option: "params", Index: found.Field, Part: found.Option, Lens: found.Lens, Message: found.Message})
		}
	case err != nil:
		problem(Problem{Option: "params", Index: -1, Message: err.Error()})
	}
}

func canonical(paths []string) []string {
	names := make([]string, 0, len(paths))
	for _, p := range paths {
		if path, err := document.ParsePath(p); err == nil {
			names = append(names, path.String())
		}
	}
	return names
}

// plan says what becomes of the names, from those of both templates and of what params read and
// write.
func (w *passage) plan(read, written, from, to []string) {
	for _, name := range from {
		if !slices.Contains(read, name) {
			w.fromQuery = append(w.fromQuery, name)
		}
	}
	for _, name := range to {
		if !slices.Contains(written, name) {
			w.toQuery = append(w.toQuery, name)
		}
	}
	for _, name := range written {
		if !slices.Contains(read, name) && !slices.Contains(to, name) {
			w.fromBody = append(w.fromBody, name)
		}
	}
	for _, name := range read {
		if !slices.Contains(written, name) && !slices.Contains(from, name) {
			w.intoBody = append(w.intoBody, name)
		}
	}
}

// arrival is what was read of a request's URL.
type arrival struct {
	values values // by the names of the side that is written, and those for the body by their own
	query  *query // what is left of it
	more   []parameterText
}

type parameterText struct{ key, value string }

// arrive reads a URL. The error is a *misfit where it isn't one of the template's.
func (p *pair) arrive(ctx context.Context, way body.Direction, u *url.URL) (*arrival, error) {
	a := &arrival{values: values{}, query: newQuery(u.RawQuery)}
	t, plan := p.read(way), p.passage(way)
	if t != nil {
		prefix, _ := p.prefixes(way)
		path, ok := strings.CutPrefix(escapedPath(u), prefix)
		if !ok {
			return nil, t.misfit("the path is %q", u.Path)
		}
		var err error
		if a.values, err = t.read(path, a.query); err != nil {
			return nil, err
		}
	}
	if p.params != nil {
		if err := p.translate(ctx, way, a, plan); err != nil {
			return nil, err
		}
	}
	if p.drop {
		a.query.pairs = nil
	}
	return a, nil
}

// translate takes the values through params.
func (p *pair) translate(ctx context.Context, way body.Direction, a *arrival, plan *passage) error {
	var in document.Value
	doc, err := paramsDocument(a, p.read(way).names(), plan)
	if err != nil {
		return err
	}
	in = doc.Root()
	var out *document.Document
	if way == body.ToLegacy {
		out, err = p.params.ToLegacy(ctx, in)
	} else {
		out, err = p.params.ToService(ctx, in)
	}
	if err != nil {
		return &parameterError{err}
	}
	kept := values{}
	for _, name := range plan.intoBody {
		if text, there := a.values[name]; there {
			kept[name] = text
		}
	}
	for _, name := range p.written(way).names() {
		text, there, err := scalarText(follow(name, out))
		if err != nil {
			return &parameterError{err}
		}
		if there {
			kept[name] = text
		}
	}
	for _, name := range plan.toQuery {
		v := follow(name, out)
		if v.Kind() != document.Array {
			text, there, err := scalarText(v)
			if err != nil {
				return &parameterError{err}
			}
			if there {
				a.more = append(a.more, parameterText{parameterKey(name), text})
			}
			continue
		}
		for e := range v.Elements() {
			text, _, err := scalarText(e)
			if err != nil {
				return &parameterError{err}
			}
			a.more = append(a.more, parameterText{parameterKey(name), text})
		}
	}
	a.values = kept
	return nil
}

func follow(name string, d *document.Document) document.Value { return followValue(name, d.Root()) }

func followValue(name string, v document.Value) document.Value {
	path, err := document.ParsePath(name)
	if err != nil { // it is one that was written from a path
		return document.Value{}
	}
	return path.Follow(v)
}

// depart writes the URL: what was read, with values that the body has.
func (p *pair) depart(way body.Direction, a *arrival, u *url.URL) error {
	_, prefix := p.prefixes(way)
	return p.departTo(way, a, u, prefix)
}

// departTo is depart with another prefix.
func (p *pair) departTo(way body.Direction, a *arrival, u *url.URL, prefix string) error {
	t := p.written(way)
	own := ""
	if t != nil {
		path, query, err := t.write(a.values)
		if err != nil {
			return err
		}
		for key := range a.query.keys {
			if t.owns(key) {
				return &misfit{"the parameter " + key + " is one that " + t.text + " has itself"}
			}
		}
		if err := setPath(u, prefix+path); err != nil {
			return err
		}
		own = query
	}
	for _, m := range a.more {
		for key := range a.query.keys {
			if key == m.key {
				return &misfit{"the parameter " + key + " is one that params write"}
			}
		}
	}
	for _, m := range a.more {
		a.query.add(m.key, m.value)
	}
	u.RawQuery = a.query.String()
	if own != "" && u.RawQuery != "" {
		own += "&"
	}
	u.RawQuery = own + u.RawQuery
	if u.RawQuery != "" {
		u.ForceQuery = false
	}
	return nil
}

// escapedPath is a path with the escapes that it came with.
func escapedPath(u *url.URL) string {
	if u.Opaque != "" && strings.HasPrefix(u.Opaque, "/") {
		return u.Opaque
	}
	return u.EscapedPath()
}

func setPath(u *url.URL, escaped string) error {
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return err
	}
	u.Path, u.RawPath, u.Opaque = path, escaped, ""
	if u.EscapedPath() == (&url.URL{Path: path}).EscapedPath() {
		u.RawPath = ""
	}
	return nil
}

// parameterError is what is wrong with a parameter: not with a body.
type parameterError struct{ err error }

// Error implements error.
func (e *parameterError) Error() string { return "the parameters of the request: " + e.err.Error() }

// Unwrap returns what is wrong.
func (e *parameterError) Unwrap() error { return e.err }
