package lens

import (
	"slices"

	"github.com/strangler-fig/toolkit/acl/document"
)

// condition is a Condition in one direction.
type condition struct {
	is     []Literal
	not    bool
	path   document.Path // from the root of what is read; of what is written, behind the target
	target int           // of what is written; -1: the condition is on what is read
}

// holds reports whether all conditions hold.
func (c *call) holds(f frame, when []condition) bool {
	for _, one := range when {
		if c.fits(f, one) == one.not {
			return false
		}
	}
	return true
}

func (c *call) fits(f frame, one condition) bool {
	var in input
	if one.target < 0 {
		in = read(one.path.Follow(c.root.At(c.slots[f.slots].first)))
	} else {
		in = c.sees(f, &c.cells[f.cells+one.target], one.path)
	}
	if len(one.is) == 0 {
		return in.kind != document.Missing && in.kind != document.Null
	}
	return slices.ContainsFunc(one.is, func(l Literal) bool { return l.is(&in) })
}

func read(v document.Value) input {
	return input{kind: v.Kind(), text: v.Bytes(), textual: v.Repeats(), value: v}
}

// sees returns what will stand at a path in what a cell writes, as it will be read there.
func (c *call) sees(f frame, x *cell, path document.Path) input {
	var in input
	switch x.form {
	case nothing:
	case copied:
		in = follow(c.root.At(x.value), path)
	case collected:
		s := c.slots[f.slots+int(x.slot)]
		in = followMany(c.root.At(s.parent), f.p.places[x.slot].name, path)
	case scalar:
		if len(path) == 0 {
			in = input{kind: x.kind}
			if x.kind == document.String || x.kind == document.Number {
				in.text = c.b.Text(int(x.start), int(x.end))
			}
		}
	default: // nobody knows more of it, see resolve
		in = input{kind: document.Array}
	}
	if in.textual = at(c.texts, f.in.other()); !in.textual {
		return in
	}
	switch in.kind {
	case document.True:
		in.kind, in.text = document.String, []byte("true")
	case document.False:
		in.kind, in.text = document.String, []byte("false")
	case document.Number:
		in.kind = document.String
	}
	return in
}

// follow is Path.Follow in what [document.Builder.Copy] makes of v, where several members of one name are an
// array.
func follow(v document.Value, path document.Path) input {
	for i, step := range path {
		if step.Name == "" {
			v = v.Index(step.Index)
			continue
		}
		n := 0
		if v.Repeats() {
			for range v.Named(step.Name) {
				n++
			}
		}
		if n > 1 {
			return followMany(v, step.Name, path[i+1:])
		}
		v = v.Get(step.Name)
	}
	return read(v)
}

// followMany is follow in the array of the members of one name.
func followMany(parent document.Value, name string, path document.Path) input {
	if len(path) == 0 {
		return input{kind: document.Array}
	}
	if path[0].Name == "" {
		i := 0
		for member := range parent.Named(name) {
			if i == path[0].Index {
				return follow(member, path[1:])
			}
			i++
		}
	}
	return input{}
}
