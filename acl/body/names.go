package body

import (
	"slices"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// names looks for fields at places that a format has no names for: each body with one would be an
// error, or never have it.
type names struct {
	set     lens.Set
	legacy  format.Names // nil: there are names for all
	service format.Names
	seen    map[string]bool // lenses that were looked at, by what they stand below
	found   lens.Problems
}

// origin is the field of the translator's own through which a lens is come to, and where in a body
// that is.
type origin struct {
	field           int
	option          string
	legacy, service document.Path
}

// checkNames reports those of a definition and of the lenses that it uses, which may be
// good in bodies of another format: those at the field that uses them. What a jq program makes, or
// gets, is no body of legacy's.
func checkNames(d Definition, t *Translator, set lens.Set) lens.Problems {
	n := &names{set: set, seen: map[string]bool{}}
	if t.legacy != nil && d.JQ == (lens.Ways[string]{}) {
		n.legacy, _ = t.legacy.(format.Names)
	}
	if t.service != nil {
		n.service, _ = t.service.(format.Names)
	}
	if n.legacy != nil || n.service != nil {
		n.lens("", d.Lens, origin{field: -1})
	}
	return n.found
}

// lens looks at a definition, which a field of the translator's own refers to, or -1.
func (n *names) lens(name string, d lens.Definition, from origin) {
	key := name + "\x00" + top(from.legacy) + "\x00" + top(from.service)
	if n.seen[key] {
		return
	}
	n.seen[key] = true
	for i, f := range d.Fields {
		next := from
		if name == "" {
			next.field = i
			next.option = "with"
			if f.Each != "" {
				next.option = "each"
			}
		}
		next.legacy = n.side(name, next, "legacy", n.legacy, from.legacy, f.Legacy, f.Each != "")
		next.service = n.side(name, next, "service", n.service, from.service, f.Service, f.Each != "" || f.List != "")
		inner := f.With
		if f.Each != "" {
			inner = f.Each
			next.legacy, next.service = append(next.legacy, document.Step{}), append(next.service, document.Step{})
		}
		if other, known := n.set.Lenses[inner]; known {
			n.lens(inner, other, next)
		}
	}
}

// side looks at the paths of one side, at which there are lists or single values, and returns the first of them from the
// document on.
func (n *names) side(name string, from origin, option string, f format.Names, below document.Path, paths []string, list bool) (first document.Path) {
	for i, text := range paths {
		path, err := document.ParsePath(text)
		if err != nil {
			continue // the lens has refused it
		}
		whole := append(below[:len(below):len(below)], path...)
		if i == 0 {
			first = whole[:len(whole):len(whole)]
		}
		if f == nil || len(path) == 0 {
			continue
		}
		if list {
			whole = append(whole, document.Step{})
		}
		if err := f.CheckPath(whole); err != nil {
			problem := lens.Problem{Field: from.field, Option: option, Message: text + ": " + err.Error()}
			if name != "" {
				problem.Option, problem.Message = from.option, "the field "+option+": "+text+" of "+name+" has no place in these bodies: "+err.Error()
			}
			n.found = append(n.found, problem)
		}
	}
	return first
}

// top is the first name of a path, which is what the names below it depend on.
func top(path document.Path) string {
	if len(path) == 0 {
		return ""
	}
	return path[:1].String()
}

// writtenNames are the names that records get from fields, in their order, though not each of them has a value for all:
// what a table's columns are that names none. What a jq program makes has names of its own.
func writtenNames(d Definition, set lens.Set) (legacy, service []string) {
	add := func(to *[]string, paths []string) (root bool) {
		for _, text := range paths {
			path, err := document.ParsePath(text)
			switch {
			case err != nil: // the lens refuses it
			case len(path) == 0:
				root = true
			case path[0].Name != "" && !slices.Contains(*to, path[0].Name):
				*to = append(*to, path[0].Name)
			}
		}
		return root
	}
	var all func(fields []lens.Field, inLegacy, inService bool, under []string)
	all = func(fields []lens.Field, inLegacy, inService bool, under []string) {
		for _, f := range fields {
			if f.Drop {
				continue // nothing is ever written there
			}
			rootLegacy := inLegacy && add(&legacy, f.Legacy)
			rootService := inService && add(&service, f.Service)
			if (rootLegacy || rootService) && f.With != "" && !slices.Contains(under, f.With) {
				all(set.Lenses[f.With].Fields, rootLegacy, rootService, append(under, f.With))
			}
		}
	}
	all(d.Lens.Fields, true, true, nil)
	if d.JQ.ToLegacy != "" {
		legacy = nil
	}
	return legacy, service
}
