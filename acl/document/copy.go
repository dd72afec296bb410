package document

import (
	"bytes"
	"cmp"
	"slices"
)

// Copy writes v with all that is in it. Missing values aren't written.
//
// Where v's document repeats names and this one doesn't, members of one name become an array, in
// the place of the first.
func (b *Builder) Copy(v Value) {
	if b.err != nil || !v.Exists() {
		return
	}
	n := v.node()
	switch n.kind() {
	case Object:
		b.Object()
		b.CopyMembers(v, nil)
		b.End()
	case Array:
		b.Array()
		for e := range v.Elements() {
			b.Copy(e)
		}
		b.End()
	case String, Number:
		if b.shares(v.doc) {
			b.Span(n.kind(), n.start(), n.start()+n.length())
			return
		}
		b.Bytes(n.kind(), v.Bytes())
	default:
		b.value(newNode(n.kind(), 0, 0))
	}
}

// CopyMembers writes the members of an object into the one that is open, but for those whose name
// skip, if not nil, reports true of. Repeated names are treated as in [Builder.Copy].
func (b *Builder) CopyMembers(v Value, skip func(name []byte) bool) {
	if v.Repeats() && !b.doc.Repeats {
		b.copyGrouped(v, skip)
		return
	}
	for name, member := range v.Members() {
		if skip == nil || !skip(name) {
			b.copyName(v.doc, name, member)
			b.Copy(member)
		}
	}
}

// copyGrouped finds the members of one name by sorting, since a table of names takes a multiple of
// a body that has little else in it.
func (b *Builder) copyGrouped(v Value, skip func(name []byte) bool) {
	type member struct {
		at   int32 // the node of its value
		next int32 // the next one of the same name; 0: none
	}
	members := make([]member, 0, v.Len())
	for name, m := range v.Members() {
		if skip == nil || !skip(name) {
			members = append(members, member{at: int32(m.i)})
		}
	}
	order := make([]int32, len(members))
	for i := range order {
		order[i] = int32(i)
	}
	name := func(i int32) []byte { return Value{v.doc, int(members[i].at) - 1}.Bytes() }
	slices.SortFunc(order, func(i, j int32) int {
		return cmp.Or(bytes.Compare(name(i), name(j)), cmp.Compare(i, j))
	})
	later := make([]bool, len(members)) // there is one of the same name before
	for k := 1; k < len(order); k++ {
		if i, j := order[k-1], order[k]; bytes.Equal(name(i), name(j)) {
			members[i].next, later[j] = j, true
		}
	}
	for i, m := range members {
		if later[i] {
			continue // written with the first
		}
		b.copyName(v.doc, name(int32(i)), Value{v.doc, int(m.at)})
		if m.next == 0 {
			b.Copy(Value{v.doc, int(m.at)})
			continue
		}
		b.Array()
		for b.Copy(Value{v.doc, int(m.at)}); m.next != 0; {
			m = members[m.next]
			b.Copy(Value{v.doc, int(m.at)})
		}
		b.End()
	}
}

func (b *Builder) copyName(d *Document, name []byte, member Value) {
	if b.shares(d) {
		n := d.nodes[member.i-1]
		b.NameSpan(n.start(), n.start()+n.length())
		return
	}
	if b.expectName() {
		start, end := b.Put(name)
		b.named(start, end-start)
	}
}

// Shared returns where the text of a text or number is, for [Builder.Span], if the Builder shares
// its document's.
func (b *Builder) Shared(v Value) (start, end int, ok bool) {
	n := v.node()
	if !b.shares(v.doc) || n.kind() != String && n.kind() != Number {
		return 0, 0, false
	}
	return n.start(), n.start() + n.length(), true
}

// shares reports whether spans of d's text are good here.
func (b *Builder) shares(d *Document) bool { return b.base != nil && b.base == d }
