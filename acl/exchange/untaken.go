package exchange

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
)

// askNothing reports a body of which no path can take anything, and which the method has no place
// for: there is no translator for it, or it is a list of records.
func (x *Exchange) askNothing(req *http.Request, m message, method string, in []byte) error {
	if len(bytes.TrimSpace(in)) == 0 {
		return nil
	}
	if x.request == nil {
		return fmt.Errorf("it has a body, but there is no body on %s, and no translator reads it; name one in request, with unknown: drop if nobody needs what is in it", method)
	}
	doc, err := x.request.Decode(m.way, in, req.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	n := 0
	for record := range doc.Root().Elements() {
		out, err := x.request.Convert(req.Context(), m.way, record)
		if err != nil {
			return err
		}
		if place, over := x.untaken(m.way, out.Root()); over {
			return noPlace(method, append(document.Path{{Index: n}}, place...))
		}
		n++
	}
	return nil
}

// noPlace says that a part of a translated body has no place in a request of that method.
func noPlace(method string, at document.Path) error {
	what := "the translated body"
	if len(at) > 0 {
		what = at.String() + " of " + what
	}
	return fmt.Errorf("%s: there is no body on %s, and no path takes it; say drop: true, or name it in path", what, method)
}

// untaken returns the first place of a translated body with a value that its path doesn't take. null
// and an object without members are none.
func (x *Exchange) untaken(way body.Direction, v document.Value) (at document.Path, over bool) {
	var taken []document.Path
	for _, name := range x.pair.passage(way).fromBody {
		if path, err := document.ParsePath(name); err == nil {
			taken = append(taken, path)
		}
	}
	return untaken(v, nil, taken)
}

func untaken(v document.Value, at document.Path, taken []document.Path) (document.Path, bool) {
	if slices.ContainsFunc(taken, func(path document.Path) bool { return slices.Equal(path, at) }) {
		return nil, false
	}
	switch v.Kind() {
	case document.Missing, document.Null:
		return nil, false
	case document.Object:
		for name, member := range v.Members() {
			if place, over := untaken(member, append(at[:len(at):len(at)], document.Step{Name: string(name)}), taken); over {
				return place, true
			}
		}
		return nil, false
	}
	return at, true
}
