package lens

import (
	"slices"

	"github.com/strangler-fig/toolkit/acl/document"
)

// writing is a place of the side that is written: a tree of the paths that fields write, in the
// order of the fields.
type writing struct {
	target int // the cell that is written here; -1: what is below
	path   document.Path
	name   span // the last of the path

	names   map[string]*writing
	order   []*writing
	indexes map[int]*writing
	last    int // the highest of the indexes

	keeps int // the slot of the object whose unknown members are written here as well; -1: none
}

func newWriting(path document.Path) *writing {
	return &writing{target: -1, keeps: -1, path: path}
}

// down returns the place at the end of a path, which it makes where there is none; or nil and what
// is in the way: a place that is written as a whole, or that is an array here and an object there.
func (w *writing) down(path document.Path) (at, inTheWay *writing) {
	for i, step := range path {
		if w.target >= 0 || step.Name == "" && w.names != nil || step.Name != "" && w.indexes != nil {
			return nil, w
		}
		next := w.names[step.Name]
		if step.Name == "" {
			next = w.indexes[step.Index]
		}
		if next == nil {
			next = newWriting(path[: i+1 : i+1])
			w.add(step, next)
		}
		w = next
	}
	return w, nil
}

func (w *writing) add(step document.Step, next *writing) {
	if step.Name == "" {
		if w.indexes == nil {
			w.indexes = map[int]*writing{}
		}
		w.indexes[step.Index] = next
		w.last = max(w.last, step.Index)
		return
	}
	if w.names == nil {
		w.names = map[string]*writing{}
	}
	w.names[step.Name] = next
	w.order = append(w.order, next)
}

// each goes through a place and those below it.
func (w *writing) each(do func(*writing)) {
	do(w)
	for _, below := range w.order {
		below.each(do)
	}
	for _, below := range w.indexes {
		below.each(do)
	}
}

func (w *writing) leaf() bool { return w.names == nil && w.indexes == nil }

// anything reports whether there is something to write at a place.
func (c *call) anything(f frame, w *writing) bool {
	if w.target >= 0 {
		return c.cells[f.cells+w.target].form != nothing
	}
	if w.keeps >= 0 && c.slots[f.slots+w.keeps].kept {
		return true
	}
	if slices.ContainsFunc(w.order, func(below *writing) bool { return c.anything(f, below) }) {
		return true
	}
	for _, below := range w.indexes {
		if c.anything(f, below) {
			return true
		}
	}
	return false
}

// write writes a place at which there is something.
func (c *call) write(f frame, w *writing) error {
	switch {
	case w.target >= 0:
		x := c.cells[f.cells+w.target]
		return c.writeCell(f, &x)
	case w.indexes != nil:
		return c.writeArray(f, w)
	}
	c.b.Object()
	for _, below := range w.order {
		if !c.anything(f, below) {
			continue
		}
		c.b.NameSpan(int(c.stock+below.name.start), int(c.stock+below.name.end))
		if err := c.write(f, below); err != nil {
			return err
		}
	}
	if w.keeps >= 0 {
		if s := c.slots[f.slots+w.keeps]; s.kept {
			r := f.p.places[w.keeps]
			c.b.CopyMembers(c.root.At(s.first), func(name []byte) bool { return r.names[string(name)] != nil })
		}
	}
	c.b.End()
	return nil
}

// writeArray writes elements up to the last that there is, with nulls for those between that there
// aren't.
func (c *call) writeArray(f frame, w *writing) error {
	last := -1
	for i := w.last; i >= 0 && last < 0; i-- {
		if below := w.indexes[i]; below != nil && c.anything(f, below) {
			last = i
		}
	}
	c.b.Array()
	for i := range last + 1 {
		below := w.indexes[i]
		if below == nil || !c.anything(f, below) {
			c.b.Null()
			continue
		}
		if err := c.write(f, below); err != nil {
			return err
		}
	}
	c.b.End()
	return nil
}

func (c *call) writeCell(f frame, x *cell) error {
	switch x.form {
	case scalar:
		switch x.kind {
		case document.String, document.Number:
			c.b.Span(x.kind, int(x.start), int(x.end))
		case document.Null:
			c.b.Null()
		default:
			c.b.Bool(x.kind == document.True)
		}
	case copied:
		c.b.Copy(c.root.At(x.value))
	case list:
		c.b.Array()
		for _, item := range c.items[x.start:x.end] {
			c.b.Span(item.kind, int(item.start), int(item.end))
		}
		c.b.End()
	case through:
		return c.run(f.p.nested[x.lens], f.in, c.root.At(x.value))
	case collected:
		return c.writeAll(f, nil, int(x.slot))
	case eachThrough:
		return c.writeAll(f, f.p.nested[x.lens], int(x.slot))
	}
	return nil
}

// writeAll writes all that is in a slot as an array, through a lens if there is one: the elements of
// an array, or the members of one name.
func (c *call) writeAll(f frame, l *Lens, slot int) error {
	write := func(v document.Value) error {
		if l != nil {
			return c.run(l, f.in, v)
		}
		c.b.Copy(v)
		return nil
	}
	c.b.Array()
	s := c.slots[f.slots+slot]
	first := c.root.At(s.first)
	switch {
	case s.n > 1:
		for v := range c.root.At(s.parent).Named(f.p.places[slot].name) {
			if err := write(v); err != nil {
				return err
			}
		}
	case first.Kind() == document.Array:
		for v := range first.Elements() {
			if err := write(v); err != nil {
				return err
			}
		}
	default:
		if err := write(first); err != nil {
			return err
		}
	}
	c.b.End()
	return nil
}
