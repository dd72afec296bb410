package compare

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// keyNames are what people call the member that tells elements apart, the best first.
var keyNames = []string{"id", "_id", "uuid", "guid", "key", "code", "sku", "isbn", "ean", "slug", "name"}

// keyEnding is what names of such members end in: order_id, orderId, BOOK_NO, itemKey.
var keyEnding = regexp.MustCompile(`(?i:[_-](id|uuid|guid|no|nr|num|number|key|code))$|([a-z]Id|ID|[Uu]uid|UUID|[a-z](No|Nr|Number|Key|Code))$`)

// candidate is a member that may tell the elements of two arrays apart.
type candidate struct {
	name  string
	rank  int      // by its name and type; less is better
	pairs [][2]int // indices of elements that have it in common
}

// identity finds the member that all elements of both arrays have, with another value each, and
// with mostly the same values on both sides.
func (w *walk) identity(ls, ss []uint32) (name string, pairs [][2]int, ok bool) {
	if len(ls) == 0 || len(ss) == 0 || max(len(ls), len(ss)) < 2 || w.legacy.nodes[ls[0]].kind != object {
		return "", nil, false
	}
	var best *candidate
	for _, member := range w.legacy.children(nil, ls[0]) {
		c := candidate{name: string(w.legacy.name(member))}
		c.rank = rankKey(c.name, w.legacy.nodes[member].kind)
		if best != nil && best.rank < c.rank {
			continue
		}
		var enough bool
		if c.pairs, enough = w.common(ls, ss, c.name); !enough || c.rank > len(keyNames) && len(c.pairs) < 2 {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(c.rank, best.rank), cmp.Compare(len(best.pairs), len(c.pairs))) < 0 {
			best = &c
		}
	}
	if best == nil || w.err != nil {
		return "", nil, false
	}
	return best.name, best.pairs, true
}

// rankKey says how likely a member is a key: by its name, and else texts before numbers, since
// these may be a position or a count. Up to len(keyNames) it is likely.
func rankKey(name string, of kind) int {
	lower := strings.ToLower(name)
	if i := slices.Index(keyNames, lower); i >= 0 {
		return i
	}
	if keyEnding.MatchString(name) {
		return len(keyNames)
	}
	if of == text {
		return len(keyNames) + 1
	}
	return len(keyNames) + 2
}

// common pairs elements that have the same value in a member. It is not enough if an element lacks
// it or two of one side share a value, or if no more than half of the shorter array find a partner.
func (w *walk) common(ls, ss []uint32, member string) (pairs [][2]int, enough bool) {
	index := make(map[uint64]int, len(ls))
	for i, at := range ls {
		key, ok := w.keyOf(&w.legacy, at, member)
		if _, twice := index[key]; !ok || twice {
			return nil, false
		}
		index[key] = i
	}
	seen := make(map[uint64]bool, len(ss))
	for j, at := range ss {
		key, ok := w.keyOf(&w.service, at, member)
		if !ok || seen[key] {
			return nil, false
		}
		seen[key] = true
		if i, ok := index[key]; ok {
			pairs = append(pairs, [2]int{i, j})
		}
	}
	return pairs, 2*len(pairs) > min(len(ls), len(ss))
}

// keyOf returns the sum of an element's member, if that is a text or a number.
func (w *walk) keyOf(t *tree, element uint32, member string) (uint64, bool) {
	if t.nodes[element].kind != object || !w.spend(1+int(t.nodes[element].size)>>2) {
		return 0, false
	}
	at, ok := t.member(element, member)
	if !ok || t.nodes[at].kind != text && t.nodes[at].kind != number {
		return 0, false
	}
	return w.sum(t, at, place{inside: true}), w.err == nil
}

// shuffled reports whether two arrays have the same elements in another order, or mostly the same:
// then those count that each has once, and more than half of the shorter must be such.
func (w *walk) shuffled(ls, ss []uint32) bool {
	whole := place{inside: true}
	a, b := w.elements(&w.legacy, ls, whole), w.elements(&w.service, ss, whole)
	if w.err != nil || len(a) == 0 || len(b) == 0 {
		return false
	}
	same := slices.EqualFunc(a, b, func(x, y element) bool { return x.sum == y.sum })
	if same {
		return slices.ContainsFunc(a, func(e element) bool { return w.moved(ls[e.index], ss[e.index]) })
	}
	var pairs [][2]int
	for len(a) > 0 && len(b) > 0 {
		n, m := alike(a), alike(b)
		switch c := cmp.Compare(a[0].sum, b[0].sum); {
		case c < 0:
			a = a[n:]
		case c > 0:
			b = b[m:]
		default:
			if n == 1 && m == 1 {
				pairs = append(pairs, [2]int{a[0].index, b[0].index})
			}
			a, b = a[n:], b[m:]
		}
	}
	slices.SortFunc(pairs, func(x, y [2]int) int { return x[0] - y[0] })
	inOrder := slices.IsSortedFunc(pairs, func(x, y [2]int) int { return x[1] - y[1] })
	return !inOrder && 2*len(pairs) > min(len(ls), len(ss))
}

// moved reports whether the elements at one index differ.
func (w *walk) moved(l, s uint32) bool { return !w.same(l, s, place{inside: true}) }

// alike returns how many elements at the beginning have the same sum.
func alike(all []element) int {
	n := 1
	for n < len(all) && all[n].sum == all[0].sum {
		n++
	}
	return n
}
