package lens

import "github.com/strangler-fig/toolkit/acl/document"

// drops reports fields that would drop nothing on the side that is read: what they name passes with another
// field, or can't be there. What they name may hold what another field reads, which then is the rest.
func (p *assembly) drops(fields []compiled) {
	for i := range fields {
		f := &fields[i]
		if f.option != optionDrop || len(at(f.at, p.in)) == 0 {
			continue
		}
		path := at(f.at, p.in)[0]
		a := p.report
		a.field = f.n
		if r := p.read.mixed(path); r != nil {
			a.problem(p.in.String(), "%s: %s is an array in one field and an object in another", path, r.path)
			continue
		}
		for _, other := range fields {
			if passes := passing(&other, p.in, path); passes != nil && !apart(f, &other, len(passes) < len(path)) {
				a.problem("drop", "%s passes with %s, which field %d takes as a whole", path, passes, other.n+1)
				break
			}
		}
	}
}

// passing returns the path of a field with which what stands at another path gets to the other side.
func passing(f *compiled, s side, path document.Path) document.Path {
	if f.option >= optionCount { // which take nothing over
		return nil
	}
	for _, from := range at(f.at, s) {
		if len(from) <= len(path) && path[:len(from)].String() == from.String() {
			return from
		}
	}
	return nil
}

// apart reports whether a field drops something in other cases than those in which another takes it. Without
// a condition it does so in all others, but then not what lies below.
func apart(drop, other *compiled, below bool) bool {
	return !sameWhen(drop.Field, other.Field) || drop.When == nil && other.When != nil && !below
}

// mixed returns the place on the way of a path at which there are both names and indexes; nil: none.
func (r *reading) mixed(path document.Path) *reading {
	for _, step := range path {
		if r == nil || r.names != nil && r.indexes != nil {
			return r
		}
		if step.Name == "" {
			r = r.indexes[step.Index]
		} else {
			r = r.names[step.Name]
		}
	}
	return nil
}
