package exchange

import (
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// paramsDocument makes an object of the names that were read, in order, and of the parameters
// that only params name, which are taken off the query.
func paramsDocument(a *arrival, names []string, plan *passage) (*document.Document, error) {
	var g grafts
	for _, name := range names {
		if text, there := a.values[name]; there {
			if err := graft(&g, name, text); err != nil {
				return nil, err
			}
		}
	}
	lists := map[string][]string{}
	for _, name := range plan.fromQuery {
		switch got := a.query.take(parameterKey(name)); len(got) {
		case 0:
		case 1:
			if err := graft(&g, name, got[0]); err != nil {
				return nil, err
			}
		default:
			lists[name] = got
		}
	}
	if len(lists) == 0 {
		b := document.NewBuilder(nil, 16)
		b.Repeats(true)
		g.write(b, document.Value{})
		return b.Document()
	}
	return g.withLists(plan.fromQuery, lists)
}

// withLists is the object with parameters that are there several times, which only a name
// without dots can be.
func (g *grafts) withLists(order []string, lists map[string][]string) (*document.Document, error) {
	b := document.NewBuilder(nil, 16)
	b.Repeats(true)
	b.Object()
	for _, name := range g.order {
		g.below[name].member(b, name, document.Value{})
	}
	for _, name := range order {
		for _, text := range lists[name] {
			if !utf8.ValidString(text) {
				return nil, notUTF8(name)
			}
			b.Name(parameterKey(name))
			b.String(text)
		}
	}
	b.End()
	return b.Document()
}

// graft puts a text at the place of that name.
func graft(g *grafts, name, text string) error {
	path, err := document.ParsePath(name)
	if err != nil {
		return err
	}
	if !utf8.ValidString(text) {
		return notUTF8(name)
	}
	g.put(path, lens.Literal{Kind: document.String, Text: text})
	return nil
}

func notUTF8(name string) error {
	return &misfit{"what the request has for " + name + " isn't UTF-8"}
}

// parameterKey is how a query calls what a path names: a dot that is a part of a name isn't escaped
// there.
func parameterKey(name string) string {
	if path, err := document.ParsePath(name); err == nil && len(path) == 1 {
		return path[0].Name
	}
	return name
}
