package compare

import (
	"cmp"
	"slices"

	"github.com/strangler-fig/toolkit/shadow"
)

// arrays compares two arrays as the rules have it, by default element by element.
func (w *walk) arrays(l, s uint32, p place) {
	ls := w.legacy.children(make([]uint32, 0, w.legacy.nodes[l].size), l)
	ss := w.service.children(make([]uint32, 0, w.service.nodes[s].size), s)
	if !w.spend((len(ls) + len(ss)) >> 2) {
		return
	}
	if member, ok := p.keyed(); ok {
		w.keyed(ls, ss, member, p)
		return
	}
	if p.unordered() {
		w.multisets(ls, ss, p)
		return
	}
	if len(ls) != len(ss) {
		w.lengths(l, s, ls, ss, p)
		return
	}
	var moved []int // indices at which the elements differ
	for i := range ls {
		if w.probes > 0 || len(ls) == 1 { // there is no order to find
			w.pair(ls[i], ss[i], step{index: i}, i, p)
		} else if !w.sameAt(ls[i], ss[i], i, p) {
			moved = append(moved, i)
		}
		if w.done() {
			return
		}
	}
	if p.inside && len(moved) > 1 && w.reordered(ls, ss, moved, p) {
		w.report(shadow.KindOrder, w.legacy.raw(l), w.service.raw(s))
		return
	}
	for _, i := range moved {
		w.pair(ls[i], ss[i], step{index: i}, i, p)
	}
}

// sameAt reports whether two elements are the same under the rules for that index.
func (w *walk) sameAt(l, s uint32, index int, p place) bool {
	below, mark, ok := w.enter(p, nil, index)
	defer w.leave(mark)
	return !ok || w.same(l, s, below)
}

// lengths compares arrays of different length. What they begin and end with in common is left
// out, so that one element more in front isn't a difference in all that follow.
func (w *walk) lengths(l, s uint32, ls, ss []uint32, p place) {
	if p.inside {
		w.reportLength(l, s)
	}
	shorter := min(len(ls), len(ss))
	begin := 0
	for begin < shorter && !w.done() && w.sameAt(ls[begin], ss[begin], begin, p) {
		begin++
	}
	end := 0
	for end < shorter-begin && !w.done() && w.sameAt(ls[len(ls)-1-end], ss[len(ss)-1-end], anyIndex, p) {
		end++
	}
	for i := begin; i < max(len(ls), len(ss))-end && !w.done(); i++ {
		switch {
		case i >= len(ss)-end:
			w.lone(shadow.KindMissing, ls[i], step{index: i}, i, p)
		case i >= len(ls)-end:
			w.lone(shadow.KindExtra, ss[i], step{index: i}, i, p)
		default:
			w.pair(ls[i], ss[i], step{index: i}, i, p)
		}
	}
}

// reordered reports whether the elements at those indices are the same in another order.
func (w *walk) reordered(ls, ss []uint32, at []int, p place) bool {
	a, b := make([]uint32, len(at)), make([]uint32, len(at))
	for i, index := range at {
		a[i], b[i] = ls[index], ss[index]
	}
	lone, extra := w.match(a, b, p)
	return w.err == nil && len(lone) == 0 && len(extra) == 0
}

// multisets compares arrays whose order doesn't matter.
func (w *walk) multisets(ls, ss []uint32, p place) {
	lone, extra := w.match(ls, ss, p)
	for _, i := range lone {
		w.lone(shadow.KindMissing, ls[i], step{index: i}, anyIndex, p)
	}
	for _, i := range extra {
		w.lone(shadow.KindExtra, ss[i], step{index: i}, anyIndex, p)
	}
}

// element is an element's place in its array and what it is looked up by.
type element struct {
	sum   uint64
	index int
}

// match pairs equal elements, each once, and returns the indices of those that remain, in
// order. Sums find the candidates, a comparison confirms them. With a tolerance several elements
// may fit one; the first is taken.
func (w *walk) match(ls, ss []uint32, p place) (lone, extra []int) {
	a, b := w.elements(&w.legacy, ls, p), w.elements(&w.service, ss, p)
	if w.err != nil {
		return nil, nil
	}
	taken := make([]bool, len(ss))
	from := 0
	for _, e := range a {
		for from < len(b) && (b[from].sum < e.sum || taken[b[from].index]) {
			from++
		}
		found := false
		for i := from; i < len(b) && b[i].sum == e.sum && !found; i++ {
			if at := b[i].index; !taken[at] && w.spend(1) && w.sameAt(ls[e.index], ss[at], anyIndex, p) {
				taken[at], found = true, true
			}
		}
		if !found {
			lone = append(lone, e.index)
		}
		if w.err != nil {
			return nil, nil
		}
	}
	for i := range ss {
		if !taken[i] {
			extra = append(extra, i)
		}
	}
	slices.Sort(lone)
	return lone, extra
}

func bySum(a, b element) int {
	return cmp.Or(cmp.Compare(a.sum, b.sum), cmp.Compare(a.index, b.index))
}

func (w *walk) elements(t *tree, nodes []uint32, p place) []element {
	all := make([]element, len(nodes))
	below, mark, ok := w.enter(p, nil, anyIndex)
	defer w.leave(mark)
	for i, at := range nodes {
		all[i].index = i
		if ok {
			all[i].sum = w.sum(t, at, below)
		}
	}
	slices.SortFunc(all, bySum)
	return all
}

// keyed compares arrays whose elements are paired by a member. Of several with the same key the
// first is paired with the first. Elements without it, the first with the first again.
func (w *walk) keyed(ls, ss []uint32, member string, p place) {
	a, plainA := w.keys(&w.legacy, ls, member)
	b, plainB := w.keys(&w.service, ss, member)
	partner := make([]int, len(ls)) // by index of ls, the index of ss and one; 0: none
	taken := make([]bool, len(ss))
	marry := func(i, j int) { partner[i], taken[j] = j+1, true }
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch c := cmp.Compare(a[i].sum, b[j].sum); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			marry(a[i].index, b[j].index)
			i, j = i+1, j+1
		}
	}
	for i := range min(len(plainA), len(plainB)) {
		marry(plainA[i], plainB[i])
	}
	for i, j := range partner {
		if w.done() {
			return
		}
		if j > 0 {
			w.pair(ls[i], ss[j-1], step{index: i}, anyIndex, p)
		} else {
			w.lone(shadow.KindMissing, ls[i], step{index: i}, anyIndex, p)
		}
	}
	for j := range ss {
		if !taken[j] {
			w.lone(shadow.KindExtra, ss[j], step{index: j}, anyIndex, p)
		}
	}
}

// keys returns the elements that have the member, sorted by its value, and the indices of those
// that don't.
func (w *walk) keys(t *tree, nodes []uint32, member string) (with []element, without []int) {
	for i, at := range nodes {
		if t.nodes[at].kind == object && w.spend(1+int(t.nodes[at].size)>>2) {
			if key, ok := t.member(at, member); ok {
				with = append(with, element{w.sum(t, key, place{inside: true}), i})
				continue
			}
		}
		without = append(without, i)
	}
	slices.SortFunc(with, bySum)
	return with, without
}
