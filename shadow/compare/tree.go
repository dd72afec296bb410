package compare

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// Limits of what is compared by structure. Beyond them a comparison is skipped, too complex.
const (
	maxText  = 16 << 20 // bytes of a body, decoded
	maxNodes = 1 << 18  // values in a body
	maxDepth = 1000
)

// kind is a JSON type.
type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	array
	object
)

// node is one value of a document. Nodes lie in the order of the text: a container's first
// child is the node after it, a child's next sibling the node at next.
type node struct {
	start, end uint32 // its text
	next       uint32 // the node after it and all below it
	size       uint32 // of an array or object
	key        uint32 // a member's name, without quotes: in the text, or unescaped in names
	keyEnd     uint32
	kind       kind
	escaped    bool // a string with escapes
	keyEscaped bool // the name lies in names
}

// tree is a JSON document: one allocation for all its values, which refer to its text.
type tree struct {
	src   []byte
	nodes []node
	names []byte
	depth int

	open    []uint32 // containers that are open while parsing
	members []uint32
}

func (t *tree) raw(i uint32) []byte { return t.src[t.nodes[i].start:t.nodes[i].end] }

// name returns the name of the member whose value is node i.
func (t *tree) name(i uint32) []byte {
	n := &t.nodes[i]
	if n.keyEscaped {
		return t.names[n.key:n.keyEnd]
	}
	return t.src[n.key:n.keyEnd]
}

// text returns the string that node i is, without quotes and escapes.
func (t *tree) text(i uint32) []byte {
	raw := t.raw(i)
	raw = raw[1 : len(raw)-1]
	if t.nodes[i].escaped {
		return unescape(make([]byte, 0, len(raw)), raw)
	}
	return raw
}

// children appends the children of node i to dst.
func (t *tree) children(dst []uint32, i uint32) []uint32 {
	child := i + 1
	for range t.nodes[i].size {
		dst = append(dst, child)
		child = t.nodes[child].next
	}
	return dst
}

// member returns the member of object i by that name.
func (t *tree) member(i uint32, name string) (uint32, bool) {
	child := i + 1
	for range t.nodes[i].size {
		if string(t.name(child)) == name {
			return child, true
		}
		child = t.nodes[child].next
	}
	return 0, false
}

// element returns the element of array i at an index in the form of a pointer's token.
func (t *tree) element(i uint32, index string) (uint32, bool) {
	n, err := strconv.ParseUint(index, 10, 32)
	if err != nil || n >= uint64(t.nodes[i].size) {
		return 0, false
	}
	child := i + 1
	for range n {
		child = t.nodes[child].next
	}
	return child, true
}

// sortByName sorts members by name.
func (t *tree) sortByName(members []uint32) {
	slices.SortFunc(members, func(a, b uint32) int { return bytes.Compare(t.name(a), t.name(b)) })
}

// fewMembers is up to where looking at all of them is faster than sorting.
const fewMembers = 12

// duplicate returns a name that object i has twice.
func (t *tree) duplicate(i uint32) ([]byte, bool) {
	n := t.nodes[i].size
	if n < 2 || n <= fewMembers && t.distinct(i) {
		return nil, false
	}
	t.members = t.children(t.members[:0], i)
	if n <= fewMembers {
		for j, a := range t.members {
			for _, b := range t.members[:j] {
				if bytes.Equal(t.name(a), t.name(b)) {
					return t.name(a), true
				}
			}
		}
		return nil, false
	}
	t.sortByName(t.members)
	for j, a := range t.members[1:] {
		if bytes.Equal(t.name(a), t.name(t.members[j])) {
			return t.name(a), true
		}
	}
	return nil, false
}

// distinct reports whether names differ for sure: in their lengths, or the characters that they
// begin and end with. Those of most objects do.
func (t *tree) distinct(i uint32) bool {
	var seen uint64
	child := i + 1
	for range t.nodes[i].size {
		name := t.name(child)
		if len(name) == 0 {
			return false
		}
		mark := uint32(len(name)) | uint32(name[0])<<8 | uint32(name[len(name)-1])<<16
		bit := uint64(1) << (mark * 0x9e3779b1 >> 26) // Fibonacci hashing: six bits
		if seen&bit != 0 {
			return false
		}
		seen |= bit
		child = t.nodes[child].next
	}
	return true
}

// syntaxError says why a text is not JSON that everybody reads alike.
type syntaxError struct {
	at      int
	problem string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.problem, e.at) }

// parse reads one document. The error is a *syntaxError where it isn't valid, or a
// *shadow.SkipError where it is beyond the limits.
//
// It is as strict as RFC 8259 allows a parser to be: names that appear twice, lone surrogates
// and invalid UTF-8 are errors, since two readers of such a text may see different things
// (sections 4, 8.1 and 8.2). It uses no recursion, so that deep nesting of what turns out to be
// invalid costs nothing but its text.
func (t *tree) parse(src []byte) error {
	*t = tree{src: src, nodes: t.nodes[:0], names: t.names[:0], open: t.open[:0], members: t.members[:0]}
	if len(src) > maxText {
		return tooComplex("JSON of %d bytes; the limit is %d", len(src), maxText)
	}
	p := parser{tree: t, src: src}
	if err := p.document(); err != nil {
		return err
	}
	if t.depth > maxDepth {
		return tooComplex("JSON nested %d deep; the limit is %d", t.depth, maxDepth)
	}
	return nil
}
