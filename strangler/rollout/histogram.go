package rollout

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"sort"
	"time"
)

// Histogram counts durations in buckets that are 1.94 % wide: 36 to each doubling, from 9.93 µs to
// 1 h 28 s, and one each for what is shorter and longer. The zero value is empty and takes no room;
// the first duration allocates 8 KiB. A copy shares its counts with the original: Clone, Sub and
// AtomicHistogram.Snapshot make ones of their own. It is not safe for concurrent use.
type Histogram struct {
	counts []int64 // nil or buckets of them
	total  int64
}

const (
	perOctave = 36
	firstEdge = 478  // 2^(478/36) ns
	lastEdge  = 1502 // 2^(1502/36) ns
	buckets   = lastEdge - firstEdge + 2
	formatOne = 1 // of the JSON: changes whenever the edges do
)

// edges holds the smallest duration of each bucket but the first, whose is 0. Bucket i is from
// edges[i−1] to just below edges[i].
var edges = func() (e [buckets - 1]time.Duration) {
	for i := range e {
		e[i] = time.Duration(math.Ceil(math.Exp2(float64(firstEdge+i) / perOctave)))
	}
	return e
}()

// guess holds, by a duration's octave and the seven bits after its first, a bucket that is the
// right one or the one before: a slot is narrower than any bucket.
var guess = func() (g [43][128]uint16) {
	for octave := range g {
		for slot := range g[octave] {
			least := time.Duration(math.Ceil(math.Ldexp(1+float64(slot)/128, octave)))
			g[octave][slot] = uint16(sort.Search(len(edges), func(i int) bool { return edges[i] > least }))
		}
	}
	return g
}()

// bucket returns the number of d's bucket.
func bucket(d time.Duration) int {
	if d < edges[0] {
		return 0
	}
	octave := bits.Len64(uint64(d)) - 1
	if octave >= len(guess) {
		return buckets - 1
	}
	i := int(guess[octave][d<<7>>octave&127])
	if i < len(edges) && d >= edges[i] {
		i++
	}
	return i
}

// Add counts one duration.
func (h *Histogram) Add(d time.Duration) {
	if h.counts == nil {
		h.counts = make([]int64, buckets)
	}
	h.counts[bucket(d)]++
	h.total++
}

// Count returns how many durations were counted.
func (h Histogram) Count() int64 { return h.total }

// Merge adds what other counted.
func (h *Histogram) Merge(other Histogram) {
	if other.total == 0 {
		return
	}
	if h.counts == nil {
		h.counts = make([]int64, buckets)
	}
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
}

// Sub returns what h counted since it was earlier.
func (h Histogram) Sub(earlier Histogram) Histogram {
	since := h.Clone()
	if earlier.total == 0 {
		return since
	}
	since.total = 0
	for i := range since.counts {
		since.counts[i] = max(since.counts[i]-earlier.counts[i], 0)
		since.total += since.counts[i]
	}
	return since
}

// Clone returns a histogram of its own with the same counts.
func (h Histogram) Clone() Histogram {
	if h.total == 0 {
		return Histogram{}
	}
	return Histogram{append([]int64(nil), h.counts...), h.total}
}

// Quantile returns the duration that a share of p of all don't exceed, to half a bucket; 0 where
// there are none. It is an estimate for people: gates look at bounds.
func (h Histogram) Quantile(p float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank := h.total - int64(math.Ceil(p*float64(h.total))) + 1
	low, high := h.largest(rank)
	if high == longest {
		return low
	}
	return low + (high-low)/2
}

// longest stands for no upper end.
const longest = time.Duration(math.MaxInt64)

// largest returns the bucket that the k-th largest duration is in: it is low at least and below
// high. k is 1 to Count.
func (h Histogram) largest(k int64) (low, high time.Duration) {
	for i := len(h.counts) - 1; i >= 0; i-- {
		if k -= h.counts[i]; k <= 0 {
			return span(i)
		}
	}
	return 0, longest
}

// exceeding returns how many durations were x or longer, counting all that may have been.
func (h Histogram) exceeding(x time.Duration) int64 {
	var n int64
	for i := len(h.counts) - 1; i >= 0; i-- {
		if _, high := span(i); high <= x {
			break
		}
		n += h.counts[i]
	}
	return n
}

// span returns a bucket's ends.
func span(i int) (low, high time.Duration) {
	high = longest
	if i > 0 {
		low = edges[i-1]
	}
	if i < len(edges) {
		high = edges[i]
	}
	return low, high
}

// Equal tells whether both counted the same.
func (h Histogram) Equal(other Histogram) bool {
	if h.total != other.total {
		return false
	}
	for i, n := range h.counts {
		if other.total == 0 {
			break
		}
		if n != other.counts[i] {
			return false
		}
	}
	return true
}

type histogramJSON struct {
	Format int     `json:"format,omitempty"`
	Counts []int64 `json:"counts,omitempty"` // bucket, count, bucket, count, …
}

// MarshalJSON writes the buckets that hold anything.
func (h Histogram) MarshalJSON() ([]byte, error) {
	var out histogramJSON
	for i, n := range h.counts {
		if n > 0 {
			out.Format = formatOne
			out.Counts = append(out.Counts, int64(i), n)
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads them. Counts that no histogram can have are an error.
func (h *Histogram) UnmarshalJSON(text []byte) error {
	var in histogramJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	*h = Histogram{}
	if len(in.Counts) == 0 {
		return nil
	}
	if in.Format != formatOne || len(in.Counts)%2 != 0 {
		return fmt.Errorf("read histogram: %d numbers in format %d, want pairs in format %d", len(in.Counts), in.Format, formatOne)
	}
	read := Histogram{counts: make([]int64, buckets)}
	before := int64(-1)
	for i := 0; i < len(in.Counts); i += 2 {
		at, n := in.Counts[i], in.Counts[i+1]
		if at <= before || at >= buckets {
			return fmt.Errorf("read histogram: bucket %d after %d, want growing numbers below %d", at, before, buckets)
		}
		if n <= 0 || n > never-read.total {
			return errors.New("read histogram: a count is 1 at least, and their sum 2^52 at most")
		}
		read.counts[at] = n
		read.total += n
		before = at
	}
	*h = read
	return nil
}
