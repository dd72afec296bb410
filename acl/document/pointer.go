package document

import (
	"slices"
	"strconv"
	"strings"
)

// Pointer returns where the value is in its document, as a JSON pointer (RFC 6901); that of the
// root, and of a missing value, is empty. Where a name stands more than once in an object, its
// number among those of that name is a step of its own, as if they were an array. It takes time in
// proportion to the document.
func (v Value) Pointer() string {
	if v.doc == nil {
		return ""
	}
	var b strings.Builder
	for at := (Value{v.doc, 0}); at.i != v.i; {
		at = at.toward(v.i, &b)
	}
	return b.String()
}

// toward returns the child in which node i stands and writes the steps to it.
func (v Value) toward(i int, b *strings.Builder) Value {
	if v.Kind() == Array {
		n := 0
		for e := range v.Elements() {
			if i < v.doc.end(e.i) {
				b.WriteByte('/')
				b.WriteString(strconv.Itoa(n))
				return e
			}
			n++
		}
	}
	for name, member := range v.Members() {
		if i >= v.doc.end(member.i) {
			continue
		}
		b.WriteByte('/')
		b.WriteString(pointerEscape.Replace(string(name)))
		same := slices.Collect(v.Named(string(name)))
		if len(same) > 1 {
			b.WriteByte('/')
			b.WriteString(strconv.Itoa(slices.Index(same, member)))
		}
		return member
	}
	panic("document: a value that isn't in its document")
}
