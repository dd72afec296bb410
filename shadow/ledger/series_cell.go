package ledger

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/DataDog/sketches-go/ddsketch/store"

	"github.com/strangler-fig/toolkit/shadow"
)

// Cell is what happened on a route in one step of time. The zero value is one in which nothing did.
type Cell struct {
	Legacy    CellSide
	Service   CellSide
	Fallbacks int64    // requests that the service failed and legacy answered
	Verdicts  [6]int64 // comparisons that ended, by shadow.Verdict
}

// CellSide is what one side did for clients. Copies are not in it.
type CellSide struct {
	Requests int64
	Failures map[string]int64 // of them, by class: "status" is a status of 500 or more; at most MaxClasses
	Latency  Latency
}

// MaxClasses is how many classes of failures a side has; what is of further ones counts as OtherClass.
const MaxClasses = 16

// OtherClass is the class of failures that are counted together.
const OtherClass = "other"

// Failed returns how many requests failed.
func (s CellSide) Failed() (n int64) {
	for _, some := range s.Failures {
		n += some
	}
	return n
}

// Fail counts n failures of a class in.
func (s *CellSide) Fail(class string, n int64) {
	if s.Failures == nil {
		s.Failures = map[string]int64{}
	}
	if _, known := s.Failures[class]; !known && len(s.Failures) >= MaxClasses-1 {
		class = OtherClass
	}
	s.Failures[class] += n
}

// Empty reports whether nothing happened.
func (c *Cell) Empty() bool {
	return c.Legacy.empty() && c.Service.empty() && c.Fallbacks == 0 && c.Verdicts == [6]int64{}
}

func (s *CellSide) empty() bool {
	return s.Requests == 0 && len(s.Failures) == 0 && s.Latency.Count() == 0
}

// Merge adds what happened in another cell.
func (c *Cell) Merge(other *Cell) {
	c.Legacy.merge(&other.Legacy)
	c.Service.merge(&other.Service)
	c.Fallbacks += other.Fallbacks
	for i, n := range other.Verdicts {
		c.Verdicts[i] += n
	}
}

func (s *CellSide) merge(other *CellSide) {
	s.Requests += other.Requests
	for class, n := range other.Failures {
		s.Fail(class, n)
	}
	s.Latency.Merge(&other.Latency)
}

// Latency is how long answers took: a DDSketch (Masson, Rim, Lee: DDSketch, VLDB 2019), whose
// quantiles are within 4 % of the true ones, and which can be merged without losing that. The zero
// value is empty. It is not safe for concurrent use; a copy shares its counts with the original.
type Latency struct{ sketch *ddsketch.DDSketch }

const latencyAccuracy = 0.04

func (l *Latency) make() error {
	if l.sketch != nil {
		return nil
	}
	even, err := mapping.NewLogarithmicMapping(latencyAccuracy)
	if err == nil {
		l.sketch = ddsketch.NewDDSketch(even, store.NewSparseStore(), store.NewSparseStore())
	}
	return err
}

// Add counts n answers that took d. What is shorter than a microsecond counts as one.
func (l *Latency) Add(d time.Duration, n int64) {
	if n > 0 && l.make() == nil {
		l.sketch.AddWithCount(max(d, time.Microsecond).Seconds(), float64(n)) // which refuses only what can't be indexed
	}
}

// Merge adds what other counted.
func (l *Latency) Merge(other *Latency) {
	if other.sketch != nil && l.make() == nil {
		l.sketch.MergeWith(other.sketch) // which refuses only another accuracy
	}
}

// Count returns how many answers were counted.
func (l Latency) Count() int64 {
	if l.sketch == nil {
		return 0
	}
	return int64(math.Round(l.sketch.GetCount()))
}

// Quantile returns what a share of p of all answers didn't exceed; 0 where there are none.
func (l Latency) Quantile(p float64) time.Duration {
	if l.sketch == nil {
		return 0
	}
	seconds, err := l.sketch.GetValueAtQuantile(p)
	if err != nil {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// cellFormat begins each blob: it changes whenever what follows does.
const cellFormat = 1

var errCell = errors.New("unpack a cell of a series: the blob is damaged")

// encode packs the cell: numbers as varints, each side with its failures by class and its sketch, both
// with their lengths.
func (c *Cell) encode() []byte {
	b := []byte{cellFormat}
	for _, s := range []*CellSide{&c.Legacy, &c.Service} {
		b = binary.AppendUvarint(b, uint64(s.Requests))
		b = binary.AppendUvarint(b, uint64(len(s.Failures)))
		for _, class := range slices.Sorted(maps.Keys(s.Failures)) {
			b = binary.AppendUvarint(b, uint64(len(class)))
			b = append(b, class...)
			b = binary.AppendUvarint(b, uint64(s.Failures[class]))
		}
		var sketch []byte
		if s.Latency.sketch != nil {
			s.Latency.sketch.Encode(&sketch, true)
		}
		b = binary.AppendUvarint(b, uint64(len(sketch)))
		b = append(b, sketch...)
	}
	b = binary.AppendUvarint(b, uint64(c.Fallbacks))
	for _, n := range c.Verdicts {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// decodeCell unpacks what encode packed.
func decodeCell(blob []byte) (*Cell, error) {
	r := cellReader{rest: blob}
	if format := r.take(1); r.bad || format[0] != cellFormat {
		return nil, errCell
	}
	c := &Cell{}
	for _, s := range []*CellSide{&c.Legacy, &c.Service} {
		s.Requests = r.number()
		for range min(r.number(), MaxClasses+1) { // one more would be refused as what follows
			class := string(r.take(r.number()))
			if n := r.number(); !r.bad {
				s.Fail(class, n)
			}
		}
		if sketch := r.take(r.number()); len(sketch) > 0 {
			if err := s.Latency.decode(sketch); err != nil {
				return nil, err
			}
		}
	}
	c.Fallbacks = r.number()
	for i := range shadow.Verdicts() {
		c.Verdicts[i] = r.number()
	}
	if r.bad || len(r.rest) > 0 {
		return nil, errCell
	}
	return c, nil
}

func (l *Latency) decode(blob []byte) (err error) {
	defer func() { // the library trusts its own bytes
		if recover() != nil {
			err = errCell
		}
	}()
	if err := l.make(); err != nil {
		return err
	}
	if err := l.sketch.DecodeAndMergeWith(blob); err != nil {
		return errCell
	}
	if n := l.sketch.GetCount(); !(n >= 0 && n < 1<<53) {
		return errCell
	}
	return nil
}

// cellReader takes a blob apart; bad says that it ended too early.
type cellReader struct {
	rest []byte
	bad  bool
}

func (r *cellReader) take(n int64) []byte {
	if n > int64(len(r.rest)) || r.bad {
		r.bad = true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *cellReader) number() int64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > math.MaxInt64 || r.bad {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return int64(v)
}
