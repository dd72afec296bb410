package compare

import (
	"hash/maphash"
	"math/bits"
)

// sum hashes a value so that values which are the same under the rules have the same sum. The
// seed is random: nobody can prepare values that collide.
func (w *walk) sum(t *tree, i uint32, p place) uint64 {
	n := t.nodes[i]
	if !w.spend(1 + int(n.end-n.start)>>8) {
		return 0
	}
	switch n.kind {
	case object, array:
		return w.sumContainer(t, i, p)
	case text:
		if w.shape.lists && p.tolerant() {
			return uint64(text)
		}
		return maphash.Bytes(w.seed, t.text(i)) + uint64(text)
	case number:
		if p.tolerant() {
			return uint64(number)
		}
		var h maphash.Hash
		h.SetSeed(w.seed)
		d := parseDecimal(t.raw(i))
		d.sum(&h)
		return h.Sum64() + uint64(number)
	case boolean:
		return uint64(boolean) + uint64(t.raw(i)[0])<<8
	}
	return uint64(null)
}

func (w *walk) sumContainer(t *tree, i uint32, p place) uint64 {
	n := t.nodes[i]
	_, keyed := p.keyed()
	loose := n.kind == array && (keyed || p.unordered())
	sum := uint64(n.kind)
	child := i + 1
	for index := range int(n.size) {
		var key []byte
		ruleIndex := index
		if n.kind == object {
			key = t.name(child)
		} else if loose {
			ruleIndex = anyIndex
		}
		below, mark, ok := w.enter(p, key, ruleIndex)
		switch {
		case ok && w.selects(t, child, below):
			own := w.sum(t, child, below)
			switch {
			case n.kind == object:
				sum += mix(maphash.Bytes(w.seed, key), own)
			case loose || !p.inside: // where little of an array is compared, its length isn't
				sum += mix(1, own)
			default:
				sum = mix(sum, own)
			}
		case n.kind == array && !loose && p.inside:
			sum = mix(sum, 0) // what isn't compared still has its place
		}
		w.leave(mark)
		if w.err != nil {
			return 0
		}
		child = t.nodes[child].next
	}
	return sum
}

// mix is wyhash's: two words into one, in which order matters.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0xa0761d6478bd642f, b^0xe7037ed1a0b428db)
	return hi ^ lo
}
