package compare

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"slices"
	"strconv"

	"github.com/strangler-fig/toolkit/shadow"
)

// MaxDifferences is how many differences a comparison lists; it ends at the last of them.
const MaxDifferences = 1000

// maxWork bounds a comparison's steps, each some tens of nanoseconds: about 0.2 s in all.
const maxWork = 4 << 20

// walk compares two documents. Its rules are those of one Comparer.
type walk struct {
	legacy, service tree
	seed            maphash.Seed
	shape           shape

	path   []step
	rules  []*rule // of the places between the root and here, one after another
	diffs  []shadow.Difference
	probes int  // over 0: only whether something differs is asked, and nothing is listed
	differ bool // the answer to that
	work   int
	err    error
}

// step is one token of the path to where the walk stands.
type step struct {
	key   []byte // nil: an index
	index int
	entry bool // the key is a map's: a pattern has * for it
}

// done reports whether there is nothing more to find out.
func (w *walk) done() bool {
	return w.err != nil || w.probes > 0 && w.differ || len(w.diffs) >= MaxDifferences
}

// spend accounts for n steps and reports whether they may be taken.
func (w *walk) spend(n int) bool {
	if w.work += n; w.work > maxWork && w.err == nil {
		w.err = tooComplex("over %d steps", maxWork)
	}
	return w.err == nil
}

// run compares the documents from their roots.
func (w *walk) run(root place) ([]shadow.Difference, error) {
	w.reset()
	w.compare(0, 0, root)
	return w.diffs, w.err
}

func (w *walk) reset() {
	w.path, w.rules, w.diffs, w.probes, w.work, w.err = w.path[:0], w.rules[:0], nil, 0, 0, nil
}

// compare compares value l of legacy with value s of the service.
func (w *walk) compare(l, s uint32, p place) {
	raw, other := w.legacy.raw(l), w.service.raw(s)
	if w.done() || !w.spend(1+min(len(raw), len(other))>>6) || bytes.Equal(raw, other) {
		return
	}
	if w.shape.lists {
		w.shaped(l, s, p)
		return
	}
	kind := w.legacy.nodes[l].kind
	switch {
	case kind != w.service.nodes[s].kind:
		if w.selects(&w.legacy, l, p) || w.selects(&w.service, s, p) {
			w.report(shadow.KindType, raw, other)
		}
	case kind == object:
		w.objects(l, s, p)
	case kind == array:
		w.arrays(l, s, p)
	case p.inside && !w.sameScalar(l, s, p):
		w.report(shadow.KindValue, raw, other)
	}
}

func (w *walk) sameScalar(l, s uint32, p place) bool {
	raw, other := w.legacy.raw(l), w.service.raw(s)
	switch w.legacy.nodes[l].kind {
	case text:
		if !w.legacy.nodes[l].escaped && !w.service.nodes[s].escaped {
			return false // since they differ as written
		}
		return w.spend((len(raw)+len(other))>>4) && bytes.Equal(w.legacy.text(l), w.service.text(s))
	case number:
		a, b := parseDecimal(raw), parseDecimal(other)
		if !w.spend((len(raw)+len(other))>>4) || a.equal(&b) {
			return true
		}
		return p.tolerant() && w.spend(64+(len(raw)+len(other))<<2) && p.tolerates(raw, other)
	}
	return false
}

// same reports whether nothing that counts differs between two values.
func (w *walk) same(l, s uint32, p place) bool {
	outer := w.differ
	w.probes, w.differ = w.probes+1, false
	w.compare(l, s, p)
	same := !w.differ
	w.probes, w.differ = w.probes-1, outer
	return same
}

// objects compares members by name, in legacy's order and then in the service's.
func (w *walk) objects(l, s uint32, p place) {
	left, right := int(w.legacy.nodes[l].size), int(w.service.nodes[s].size)
	keys := w.mapping(l, s)
	member := func(name []byte) step { return step{key: name, entry: keys.covers(name)} }
	lc, sc := l+1, s+1
	for left > 0 && right > 0 && bytes.Equal(w.legacy.name(lc), w.service.name(sc)) {
		w.pair(lc, sc, member(w.legacy.name(lc)), anyIndex, p)
		if w.done() {
			return
		}
		lc, sc = w.legacy.nodes[lc].next, w.service.nodes[sc].next
		left, right = left-1, right-1
	}
	if left == 0 && right == 0 {
		return
	}
	find := w.finder(sc, right)
	for range left {
		name := w.legacy.name(lc)
		if at, ok := find.take(name); ok {
			w.pair(lc, at, member(name), anyIndex, p)
		} else {
			w.lone(shadow.KindMissing, lc, member(name), anyIndex, p)
		}
		if w.done() {
			return
		}
		lc = w.legacy.nodes[lc].next
	}
	for _, at := range find.rest() {
		w.lone(shadow.KindExtra, at, member(w.service.name(at)), anyIndex, p)
	}
}

// finder finds members of a service's object by name, each once.
type finder struct {
	tree   *tree
	order  []uint32 // 0: taken
	sorted []int    // indices of order by name; nil: there are few
}

func (w *walk) finder(first uint32, n int) finder {
	f := finder{tree: &w.service, order: make([]uint32, n)}
	for i := range f.order {
		f.order[i] = first
		first = w.service.nodes[first].next
	}
	if n > fewMembers && w.spend(n) {
		f.sorted = make([]int, n)
		for i := range f.sorted {
			f.sorted[i] = i
		}
		slices.SortFunc(f.sorted, func(a, b int) int {
			return bytes.Compare(f.tree.name(f.order[a]), f.tree.name(f.order[b]))
		})
		// What is taken can't be named by order any more, so the search needs its own copy.
		f.order = append(f.order, f.order...)
	}
	return f
}

func (f *finder) take(name []byte) (uint32, bool) {
	if f.sorted == nil {
		for i, at := range f.order {
			if at != 0 && bytes.Equal(f.tree.name(at), name) {
				f.order[i] = 0
				return at, true
			}
		}
		return 0, false
	}
	all := f.order[len(f.sorted):]
	i, ok := slices.BinarySearchFunc(f.sorted, name, func(i int, name []byte) int {
		return bytes.Compare(f.tree.name(all[i]), name)
	})
	if !ok {
		return 0, false
	}
	f.order[f.sorted[i]] = 0
	return all[f.sorted[i]], true
}

// rest returns the members that were not taken, in their order.
func (f *finder) rest() []uint32 {
	order := f.order
	if f.sorted != nil {
		order = order[:len(f.sorted)]
	}
	return slices.DeleteFunc(order, func(at uint32) bool { return at == 0 })
}

// pair compares two children that belong together. An element's rules are those of ruleIndex,
// which is its own index unless its position means nothing.
func (w *walk) pair(l, s uint32, at step, ruleIndex int, p place) {
	below, mark, ok := w.enter(p, at.key, ruleIndex)
	if ok {
		w.path = append(w.path, at)
		w.compare(l, s, below)
		w.path = w.path[:len(w.path)-1]
	}
	w.leave(mark)
}

// lone reports a child that only one side has.
func (w *walk) lone(kind shadow.Kind, child uint32, at step, ruleIndex int, p place) {
	if w.done() || !w.spend(1) {
		return
	}
	t := &w.legacy
	if kind == shadow.KindExtra {
		t = &w.service
	}
	below, mark, ok := w.enter(p, at.key, ruleIndex)
	if ok && w.selects(t, child, below) {
		w.path = append(w.path, at)
		if kind == shadow.KindExtra {
			w.report(kind, nil, t.raw(child))
		} else {
			w.report(kind, t.raw(child), nil)
		}
		w.path = w.path[:len(w.path)-1]
	}
	w.leave(mark)
}

// selects reports whether anything in the value is to be compared: all of it, unless p is only
// on the way there.
func (w *walk) selects(t *tree, i uint32, p place) bool {
	if p.inside || w.err != nil {
		return p.inside
	}
	n := t.nodes[i]
	child := i + 1
	for index := range int(n.size) {
		if !w.spend(1) {
			return false
		}
		var key []byte
		if n.kind == object {
			key = t.name(child)
		}
		below, mark, ok := w.enter(p, key, index)
		found := ok && w.selects(t, child, below)
		w.leave(mark)
		if found {
			return true
		}
		child = t.nodes[child].next
	}
	return false
}

// report lists a difference where the walk stands.
func (w *walk) report(kind shadow.Kind, legacy, service []byte) {
	if w.probes > 0 {
		w.differ = true
		return
	}
	d := shadow.Difference{Kind: kind, Legacy: w.shape.excerpt(legacy), Service: w.shape.excerpt(service)}
	d.Pointer, d.Pattern = w.pointers()
	w.spend(len(w.path) + (len(d.Pointer)+len(d.Legacy)+len(d.Service))>>4)
	w.diffs = append(w.diffs, d)
}

func (w *walk) reportLength(l, s uint32) {
	hidden := uint32(0)
	if l == 0 {
		hidden = w.shape.hidden
	}
	w.report(shadow.KindLength,
		strconv.AppendUint(nil, uint64(w.legacy.nodes[l].size-hidden), 10),
		strconv.AppendUint(nil, uint64(w.service.nodes[s].size-hidden), 10))
}

// maxPointer bounds a pointer, bytes; one that is longer is cut and ends in an ellipsis.
const maxPointer = 2 << 10

// pointers returns where the walk stands, and the same with indices and maps' keys as *.
func (w *walk) pointers() (pointer, pattern string) {
	var p, g []byte
	for _, at := range w.path {
		if len(p) > maxPointer {
			break
		}
		if at.key == nil {
			p = strconv.AppendInt(append(p, '/'), int64(at.index), 10)
			g = append(g, '/', '*')
			continue
		}
		if w.placeless(at.key) {
			continue
		}
		key := at.key[:min(len(at.key), maxPointer+1)]
		p = appendToken(p, key)
		if at.entry {
			g = append(g, '/', '*')
		} else {
			g = appendToken(g, key)
		}
	}
	return cutPointer(p), cutPointer(g)
}

func cutPointer(p []byte) string {
	if len(p) <= maxPointer {
		return string(p)
	}
	return string(cutUTF8(p, maxPointer)) + "…"
}

// excerptJSON returns a copy of a value, or of its beginning as a JSON string if it is large.
func excerptJSON(raw []byte) json.RawMessage {
	switch {
	case raw == nil:
		return nil
	case len(raw) <= maxValue:
		return slices.Clone(raw)
	}
	return quote(string(cutUTF8(raw, maxValue/4)) + "… (" + strconv.Itoa(len(raw)) + " bytes)")
}
