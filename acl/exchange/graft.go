package exchange

import (
	"errors"
	"fmt"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// grafts are values that are put at places of a document, over what stands there.
type grafts struct {
	order []string // of the members below
	below map[string]*grafts
	value *lens.Literal // nil: there are members below
}

// put adds a value. Where there is one below another, the later one counts.
func (g *grafts) put(path document.Path, value lens.Literal) {
	for _, s := range path {
		if g.below == nil {
			g.below, g.value = map[string]*grafts{}, nil
		}
		next, known := g.below[s.Name]
		if !known {
			next = new(grafts)
			g.below[s.Name] = next
			g.order = append(g.order, s.Name)
		}
		g = next
	}
	g.value, g.below, g.order = &value, nil, nil
}

func (g *grafts) empty() bool { return g.value == nil && len(g.below) == 0 }

// onto returns v with the values in it; a missing v is an empty object.
func (g *grafts) onto(v document.Value) (*document.Document, error) {
	if v.Exists() && v.Kind() != document.Object {
		return nil, fmt.Errorf("the body is of the kind %s; only an object has a place for names", v.Kind())
	}
	b := document.NewBuilder(nil, 16)
	b.Repeats(v.Repeats())
	g.write(b, v)
	return b.Document()
}

func (g *grafts) write(b *document.Builder, v document.Value) {
	if g.value != nil {
		writeLiteral(b, *g.value)
		return
	}
	b.Object()
	done := map[string]bool{}
	for name, member := range v.Members() {
		name := string(name)
		under := g.below[name]
		switch {
		case done[name]: // one that repeats, and is replaced
		case under == nil:
			b.Name(name)
			b.Copy(member)
		default:
			done[name] = true
			under.member(b, name, member)
		}
	}
	for _, name := range g.order {
		if !done[name] {
			g.below[name].member(b, name, document.Value{})
		}
	}
	b.End()
}

func (g *grafts) member(b *document.Builder, name string, v document.Value) {
	if g.value != nil && g.value.Kind == document.Missing {
		return
	}
	b.Name(name)
	g.write(b, v)
}

func writeLiteral(b *document.Builder, l lens.Literal) {
	switch l.Kind {
	case document.String:
		b.String(l.Text)
	case document.Number:
		b.Number(l.Text)
	case document.True, document.False:
		b.Bool(l.Kind == document.True)
	default:
		b.Null()
	}
}

// scalarText is the text of a single value; there is none of null and of what is missing.
func scalarText(v document.Value) (text string, there bool, err error) {
	switch v.Kind() {
	case document.Missing, document.Null:
		return "", false, nil
	case document.Array, document.Object:
		return "", false, errors.New("it is an " + v.Kind().String() + ", of which no part of a path or query can be made")
	}
	return v.Text(), true, nil
}

// is reports whether a value is the one that a configuration names.
func is(v document.Value, l lens.Literal) bool {
	switch {
	case l.Kind == document.Missing || !v.Exists():
		return l.Kind == document.Missing && !v.Exists()
	case v.Repeats(): // all are texts
		return v.Scalar() && (v.Text() == l.Text || l.Kind == document.True && v.Text() == "true" || l.Kind == document.False && v.Text() == "false")
	}
	return v.Kind() == l.Kind && (l.Kind != document.String && l.Kind != document.Number || v.Text() == l.Text)
}
