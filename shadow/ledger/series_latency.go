package ledger

import (
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// Latency is how long answers took: a DDSketch (Masson, Rim, Lee: DDSketch, VLDB 2019), whose quantiles
// are within 4 % of the true ones, and which can be merged without losing that. The zero value is empty.
// It is not safe for concurrent use; a copy shares its counts with the original.
//
// It is our own since most of what reads series reads tens of thousands of them, of which each is looked
// at once: that takes no memory here, and no more than a walk through a few dozen bytes.
type Latency struct {
	bins   []latencyBin // by index
	packed []byte       // instead of bins: what unpack took over, which is never written to
}

// latencyBin counts durations in (γ^(index−1), γ^index] seconds.
type latencyBin struct {
	index int32
	count int64
}

const latencyAccuracy = 0.04

// logGamma is ln γ, where γ = (1+accuracy)/(1−accuracy).
var logGamma = math.Log((1 + latencyAccuracy) / (1 - latencyAccuracy))

// maxIndex bounds indexes on both sides of 0, far beyond what a time.Duration has.
const maxIndex = 1000

// Add counts n answers that took d. What is shorter than a microsecond counts as one.
func (l *Latency) Add(d time.Duration, n int64) {
	if n <= 0 {
		return
	}
	l.own()
	l.add(0, latencyBin{int32(math.Ceil(math.Log(max(d, time.Microsecond).Seconds()) / logGamma)), n})
}

// add counts into a bin, which is at from or behind it, and returns where that is.
func (l *Latency) add(from int, b latencyBin) int {
	at, found := slices.BinarySearchFunc(l.bins[from:], b.index, func(one latencyBin, index int32) int { return int(one.index - index) })
	if at += from; found {
		l.bins[at].count += b.count
	} else {
		l.bins = slices.Insert(l.bins, at, b)
	}
	return at
}

// own takes the counts out of what is packed.
func (l *Latency) own() {
	if l.packed == nil {
		return
	}
	r := l.read()
	l.bins = make([]latencyBin, 0, r.left)
	for b, ok := r.next(); ok; b, ok = r.next() {
		l.bins = append(l.bins, b)
	}
	l.packed = nil
}

// Merge adds what other counted.
func (l *Latency) Merge(other *Latency) {
	r := other.read()
	switch {
	case r.left == 0:
		return
	case l.packed == nil && len(l.bins) == 0 && other.packed != nil:
		l.packed = other.packed
		return
	}
	l.own()
	at := 0
	for b, ok := r.next(); ok; b, ok = r.next() {
		at = l.add(at, b)
	}
}

// Count returns how many answers were counted.
func (l Latency) Count() (n int64) {
	r := l.read()
	for b, ok := r.next(); ok; b, ok = r.next() {
		n += b.count
	}
	return n
}

// Quantile returns what a share of p of all answers didn't exceed; 0 where there are none.
func (l Latency) Quantile(p float64) time.Duration {
	var q [1]time.Duration
	l.Quantiles([]float64{p}, q[:])
	return q[0]
}

// Quantiles puts the quantiles of several shares, which grow, into as many places.
func (l Latency) Quantiles(shares []float64, into []time.Duration) {
	clear(into)
	total := l.Count()
	if total == 0 {
		return
	}
	r := l.read()
	var below int64
	for b, ok := r.next(); ok && len(shares) > 0; b, ok = r.next() {
		below += b.count
		for len(shares) > 0 && shares[0]*float64(total-1) < float64(below) {
			into[0] = b.middle()
			shares, into = shares[1:], into[1:]
		}
	}
}

// middle is the duration that is as far, in relation, from both ends of the bin.
func (b latencyBin) middle() time.Duration {
	seconds := math.Exp(float64(b.index)*logGamma) * (1 - latencyAccuracy)
	return time.Duration(min(seconds*float64(time.Second), math.MaxInt64/2))
}

// pack appends how many bins there are, and of each how far its index is from the one before, the first
// from −maxIndex, and its count.
func (l *Latency) pack(to []byte) []byte {
	r := l.read()
	to = binary.AppendUvarint(to, uint64(r.left))
	before := int32(-maxIndex)
	for b, ok := r.next(); ok; b, ok = r.next() {
		to = binary.AppendUvarint(to, uint64(b.index-before))
		to = binary.AppendUvarint(to, uint64(b.count))
		before = b.index
	}
	return to
}

// unpack takes over what pack wrote, if that is sound.
func (l *Latency) unpack(r *cellReader) {
	begin := r.rest
	index, total := int64(-maxIndex), int64(0)
	n := r.number()
	for i := range n {
		var step, count int64
		if b := r.rest; len(b) > 1 && b[0]|b[1] < 0x80 { // both are short, as most are, and read here at a third of the cost
			step, count, r.rest = int64(b[0]), int64(b[1]), b[2:]
		} else {
			step, count = r.number(), r.number()
		}
		if r.bad || step == 0 && i > 0 || step > maxIndex-index || count <= 0 || count > 1<<53-total {
			r.bad = true
			return
		}
		index, total = index+step, total+count
	}
	if n > 0 {
		l.packed = begin[:len(begin)-len(r.rest)]
	}
}

// binReader reads the bins, by index.
type binReader struct {
	left  int64 // bins
	bins  []latencyBin
	from  cellReader // where there are no bins
	index int32
}

func (l *Latency) read() binReader {
	if l.packed == nil {
		return binReader{left: int64(len(l.bins)), bins: l.bins}
	}
	r := binReader{from: cellReader{rest: l.packed}, index: -maxIndex}
	r.left = r.from.number()
	return r
}

func (r *binReader) next() (b latencyBin, ok bool) {
	if r.left == 0 {
		return b, false
	}
	r.left--
	if r.bins != nil {
		b, r.bins = r.bins[0], r.bins[1:]
		return b, true
	}
	r.index += int32(r.from.number())
	return latencyBin{r.index, r.from.number()}, true
}

func (l *Latency) empty() bool { return l.packed == nil && len(l.bins) == 0 }
