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
		x := c.cells[f.cells+one.target]
		switch x.form {
		case nothing:
		case copied:
			in = read(one.path.Follow(c.root.At(x.value)))
		case scalar:
			if len(one.path) == 0 {
				in = input{kind: x.kind}
				if x.kind == document.String || x.kind == document.Number {
					in.text = c.b.Text(int(x.start), int(x.end))
				}
			}
		default:
			in = input{kind: document.Array}
		}
	}
	if len(one.is) == 0 {
		return in.kind != document.Missing && in.kind != document.Null
	}
	return slices.ContainsFunc(one.is, func(l Literal) bool { return l.is(&in) })
}

func read(v document.Value) input {
	return input{kind: v.Kind(), text: v.Bytes(), textual: v.Repeats(), value: v}
}
