package lens

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/strangler-fig/toolkit/acl/document"
)

// reading is a place of the side that is read: a tree of the paths that fields read, through which
// each object is gone once, whatever the number of fields.
type reading struct {
	slot   int // where what stands here is kept, see slot
	path   document.Path
	name   string // the last of the path
	whole  bool   // a field takes what stands here, with all that is in it
	always bool   // a field without a condition does, or one that does nothing with it

	names   map[string]*reading
	order   []*reading // the same, in the order of the fields, and of most documents
	indexes map[int]*reading
	nth     int // in the order of its parent

	mirror *writing // where kept members are written; nil: nowhere
}

// down returns the place at the end of a path, which it makes where there is none.
func (r *reading) down(path document.Path, slots *int) *reading {
	for i, step := range path {
		next := r.names[step.Name]
		if step.Name == "" {
			next = r.indexes[step.Index]
		}
		if next == nil {
			next = &reading{slot: *slots, path: path[: i+1 : i+1], name: step.Name}
			*slots++
			r.add(step, next)
		}
		r = next
	}
	return r
}

func (r *reading) add(step document.Step, next *reading) {
	if step.Name == "" {
		if r.indexes == nil {
			r.indexes = map[int]*reading{}
		}
		r.indexes[step.Index] = next
		return
	}
	if r.names == nil {
		r.names = map[string]*reading{}
	}
	r.names[step.Name] = next
	next.nth = len(r.order)
	r.order = append(r.order, next)
}

// each goes through the places below, and through those below them.
func (r *reading) each(do func(*reading)) {
	for _, next := range r.order {
		do(next)
		next.each(do)
	}
	for _, next := range r.indexes {
		do(next)
		next.each(do)
	}
}

// slot is what was found at a place.
type slot struct {
	first, parent document.Ref
	n             int32 // how many members of the name there are
	kept          bool  // members of it that no field reads are to be written
	used          bool  // a field with a condition that holds reads it
}

// visit notes v, which stands at a place, and what is below it.
func (c *call) visit(f frame, r *reading, parent, v document.Value) error {
	s := &c.slots[f.slots+r.slot]
	nth := s.n
	if s.n++; nth == 0 {
		s.first, s.parent = v.Ref(), parent.Ref()
	}
	if r.indexes != nil {
		return c.visitElements(f, r, v, nth)
	}
	if r.names == nil {
		return nil
	}
	if nth > 0 {
		return several(v, r.name)
	}
	switch kind := v.Kind(); {
	case kind == document.Object:
		return c.visitMembers(f, r, v)
	case kind == document.Null || r.whole || empty(v):
		return nil
	default:
		return errAt(v, "%s where an object is wanted", a(kind))
	}
}

// empty reports whether v is what an element without anything in it becomes in a format in which
// all values are texts.
func empty(v document.Value) bool {
	return v.Repeats() && v.Kind() == document.String && len(bytes.TrimSpace(v.Bytes())) == 0
}

func (c *call) visitMembers(f frame, r *reading, v document.Value) error {
	next := 0
	for name, member := range v.Members() {
		var below *reading
		if next < len(r.order) && r.order[next].name == string(name) {
			below = r.order[next]
		} else {
			below = r.names[string(name)]
		}
		if below == nil {
			if err := c.unknown(f, r, name, member); err != nil {
				return err
			}
			continue
		}
		next = below.nth + 1
		if err := c.visit(f, below, v, member); err != nil {
			return err
		}
	}
	return nil
}

// visitElements notes the elements of v, or v as one of the elements, where names are repeated
// instead.
func (c *call) visitElements(f frame, r *reading, v document.Value, nth int32) error {
	switch kind := v.Kind(); {
	case kind == document.Array:
		i := 0
		for e := range v.Elements() {
			if err := c.visitElement(f, r, v, e, i); err != nil {
				return err
			}
			i++
		}
	case kind == document.Null:
	case v.Repeats():
		return c.visitElement(f, r, v, v, int(nth))
	case !r.whole:
		return errAt(v, "%s where an array is wanted", a(kind))
	}
	return nil
}

func (c *call) visitElement(f frame, r *reading, parent, e document.Value, i int) error {
	if below := r.indexes[i]; below != nil {
		return c.visit(f, below, parent, e)
	}
	if r.whole || f.p.unknown == Drop || e.Kind() == document.Null { // as writeArray fills gaps
		return nil
	}
	if f.p.unknown == Keep {
		return errAt(e, "no field names this element, and where others are named one by one it can't be kept")
	}
	return errAt(e, "no field names this element")
}

// ErrUnnamed is what is wrong with a member that no field names, and that the definition doesn't keep or drop.
var ErrUnnamed = errors.New("no field names this member")

// unknown does what the definition says about a member that no field reads.
func (c *call) unknown(f frame, r *reading, name []byte, member document.Value) error {
	switch {
	case r.whole || f.p.unknown == Drop:
		return nil
	case f.p.unknown != Keep:
		return errAt(member, "%w", ErrUnnamed)
	case r.mirror == nil || r.mirror.target >= 0 || r.mirror.indexes != nil:
		return errAt(member, "%w, and it can't be kept, since a field writes something else at %s", ErrUnnamed, r.path)
	case r.mirror.names[string(name)] != nil:
		return errAt(member, "%w, and it can't be kept, since a field writes a member of that name", ErrUnnamed)
	}
	c.slots[f.slots+r.slot].kept = true
	return nil
}

// where returns the pointer to a place: of what stands there or, where nothing does, of where it
// would stand.
func (c *call) where(f *frame, r *reading) string {
	root := c.root.At(c.slots[f.slots].first)
	v := root
	for i := range r.path {
		next := r.path[i : i+1].Follow(v)
		if i > 0 && r.path[i].Name == "" {
			next = r.path[:i+1].Follow(root)
		}
		if !next.Exists() {
			return v.Pointer() + r.path[i:].Pointer()
		}
		v = next
	}
	return v.Pointer()
}

// errAt is an error about one value.
func errAt(v document.Value, format string, args ...any) error {
	return &document.Error{Pointer: v.Pointer(), Err: fmt.Errorf(format, args...)}
}

func several(v document.Value, name string) error {
	return errAt(v, "there is more than one %s where one is wanted", name)
}

// located gives err a place unless it has one.
func located(pointer string, err error) error {
	var known *document.Error
	if errors.As(err, &known) {
		return known
	}
	return &document.Error{Pointer: pointer, Err: err}
}
