package compare

import (
	"bytes"

	"github.com/strangler-fig/toolkit/shadow"
)

// shape says how documents that are no JSON lie in the trees that JSON is parsed into. The zero
// value is JSON.
type shape struct {
	// hidden is how many elements the outermost array begins with that no document has.
	hidden uint32
	// lists says that every member of an object is an array, since it may be there several times.
	// Where it is there once on both sides pointers have no index; rules need none anywhere.
	// Scalars are texts, which a tolerance takes for numbers if they look like numbers.
	lists bool
	// markup says that objects are elements of XML or HTML.
	markup bool
	// unnamed says that members whose names begin with a blank have no place of their own.
	unnamed bool
}

// shaped compares two values of documents that have lists.
func (w *walk) shaped(l, s uint32, p place) {
	kind, other := w.legacy.nodes[l], w.service.nodes[s]
	switch {
	case kind.kind != other.kind:
		if w.selects(&w.legacy, l, p) || w.selects(&w.service, s, p) {
			w.report(shadow.KindType, w.legacy.raw(l), w.service.raw(s))
		}
	case kind.kind == array && kind.size == 1 && other.size == 1:
		below, mark, ok := w.enter(p, nil, 0)
		if ok {
			w.compare(l+1, s+1, below)
		}
		w.leave(mark)
	case kind.kind == array:
		w.arrays(l, s, p)
	case kind.kind == object:
		w.objects(l, s, p)
		if w.shape.markup && p.inside && !w.done() && !p.unordered() {
			w.sequence(l, s, p)
		}
	case p.inside && !w.sameScalar(l, s, p) && !w.nearTexts(l, s, p):
		kind := shadow.KindValue
		if last := len(w.path) - 1; w.shape.markup && last >= 0 && string(w.path[last].key) == memberTag {
			kind = shadow.KindType
		}
		w.report(kind, w.legacy.raw(l), w.service.raw(s))
	}
}

// nearTexts reports whether two texts are numbers within the tolerance that holds there.
func (w *walk) nearTexts(l, s uint32, p place) bool {
	if w.legacy.nodes[l].kind != text || !p.tolerant() {
		return false
	}
	a, b := bytes.TrimSpace(w.legacy.text(l)), bytes.TrimSpace(w.service.text(s))
	return isNumber(a) && isNumber(b) && w.spend(64+(len(a)+len(b))<<2) && p.tolerates(a, b)
}

// isNumber reports whether a text is a number as JSON writes it.
func isNumber(s []byte) bool {
	p := parser{src: s}
	return len(s) > 0 && (s[0] == '-' || '0' <= s[0] && s[0] <= '9') && p.number() == nil && p.pos == len(s)
}

// placeless reports whether a member has no place of its own: what holds for the object holds for it.
func (w *walk) placeless(key []byte) bool {
	return w.shape.unnamed && len(key) > 0 && key[0] == ' '
}
