package document

import "iter"

// MaxText is the most bytes that the texts of one document have together, and a single text of
// it has.
const MaxText = 1<<28 - 1

// node is a value, or the name of the value behind it: the kind in the lowest 4 bits, then 28
// bits of length, then 32 of position. Of a text, a number or a name these are the bytes of
// Document.text; of an array or object the number of its children and the node behind its last.
type node uint64

func newNode(k Kind, start, length int) node {
	return node(k) | node(length)<<4 | node(start)<<32
}

func (n node) kind() Kind  { return Kind(n & 15) }
func (n node) length() int { return int(n >> 4 & MaxText) }
func (n node) start() int  { return int(n >> 32) }

// Document is a tree; the zero value is an empty one, whose root is missing.
type Document struct {
	// Repeats says that the format this was read from repeats a name instead of having arrays,
	// and that all its values are texts: a single value may be a list of one.
	Repeats bool

	text  []byte
	nodes []node
}

// Root returns the value of the whole.
func (d *Document) Root() Value { return d.at(0) }

func (d *Document) at(i int) Value {
	if i >= len(d.nodes) {
		return Value{}
	}
	return Value{d, i}
}

// Value is one value of a document. The zero value is missing.
type Value struct {
	doc *Document
	i   int
}

// Ref is a value without its document, for whoever keeps many values of one. The zero Ref is that
// of a missing value.
type Ref int32

// Ref returns the value's place in its document.
func (v Value) Ref() Ref {
	if v.doc == nil {
		return 0
	}
	return Ref(v.i + 1)
}

// At returns the value of v's document with that Ref.
func (v Value) At(r Ref) Value {
	if r == 0 || v.doc == nil {
		return Value{}
	}
	return Value{v.doc, int(r) - 1}
}

func (v Value) node() node {
	if v.doc == nil {
		return 0
	}
	return v.doc.nodes[v.i]
}

// Kind returns what the value is.
func (v Value) Kind() Kind { return v.node().kind() }

// Exists reports whether there is a value; a null is one.
func (v Value) Exists() bool { return v.doc != nil }

// Is reports whether v and w are the same place of the same document.
func (v Value) Is(w Value) bool { return v == w }

// Repeats reports what [Document.Repeats] says of the value's document.
func (v Value) Repeats() bool { return v.doc != nil && v.doc.Repeats }

// Bytes returns the UTF-8 text of a text, or the literal of a number, true, false or null; nil of
// anything else. It is for reading only.
func (v Value) Bytes() []byte {
	switch n := v.node(); n.kind() {
	case String, Number, name:
		return v.doc.text[n.start() : n.start()+n.length() : n.start()+n.length()]
	case True, False, Null:
		return words[n.kind()]
	}
	return nil
}

// words are the literals of what has no text of its own. They are for reading only.
var words = [...][]byte{Null: []byte("null"), False: []byte("false"), True: []byte("true")}

// Text returns Bytes as a string.
func (v Value) Text() string { return string(v.Bytes()) }

// Scalar reports whether the value is a text, a number, a boolean or null.
func (v Value) Scalar() bool { return v.Exists() && v.Kind() != Array && v.Kind() != Object }

// Len returns the number of elements of an array or members of an object; 0 of anything else.
func (v Value) Len() int {
	if k := v.Kind(); k == Array || k == Object {
		return v.node().length()
	}
	return 0
}

// Size returns how many values and names stand in the value, itself included; 0 of a missing one.
func (v Value) Size() int {
	if v.doc == nil {
		return 0
	}
	return v.doc.end(v.i) - v.i
}

// end returns the node behind the value.
func (d *Document) end(i int) int {
	if n := d.nodes[i]; n.kind() == Array || n.kind() == Object {
		return n.start()
	}
	return i + 1
}

// Elements goes through the elements of an array, in order; of anything else through none.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Array {
			return
		}
		for i, end := v.i+1, v.doc.end(v.i); i < end; i = v.doc.end(i) {
			if !yield(Value{v.doc, i}) {
				return
			}
		}
	}
}

// Members goes through the members of an object, in order; of anything else through none. A name
// is valid as long as the document, and for reading only.
func (v Value) Members() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for i, end := v.i+1, v.doc.end(v.i); i < end; i = v.doc.end(i + 1) {
			if !yield(Value{v.doc, i}.Bytes(), Value{v.doc, i + 1}) {
				return
			}
		}
	}
}

// Named goes through the members of that name, in order.
func (v Value) Named(name string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for n, member := range v.Members() {
			if string(n) == name && !yield(member) {
				return
			}
		}
	}
}

// Get returns the first member of that name, or a missing value.
func (v Value) Get(name string) Value {
	for n, member := range v.Members() {
		if string(n) == name {
			return member
		}
	}
	return Value{}
}

// Index returns an element of an array, or a missing value.
func (v Value) Index(i int) Value {
	for e := range v.Elements() {
		if i == 0 {
			return e
		}
		i--
	}
	return Value{}
}
