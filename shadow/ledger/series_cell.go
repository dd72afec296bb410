package ledger

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"

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
	return s.Requests == 0 && len(s.Failures) == 0 && s.Latency.empty()
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

// cellFormat begins each blob: it changes whenever what follows does.
const cellFormat = 2

var errCell = errors.New("unpack a cell of a series: the blob is damaged")

// encode packs the cell: numbers as varints, each side with its failures by class and its latencies, both
// with how many they are.
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
		b = s.Latency.pack(b)
	}
	b = binary.AppendUvarint(b, uint64(c.Fallbacks))
	for _, n := range c.Verdicts {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// decodeCell unpacks what encode packed. The cell doesn't share the blob.
func decodeCell(blob []byte) (*Cell, error) {
	c := &Cell{}
	return c, c.decode(append([]byte(nil), blob...), map[string]string{})
}

// decode unpacks what encode packed, into an empty cell that goes on using the blob; classes are the
// names of classes that were seen already, so that each takes room once.
func (c *Cell) decode(blob []byte, classes map[string]string) error {
	r := cellReader{rest: blob}
	if format := r.take(1); r.bad || format[0] != cellFormat {
		return errCell
	}
	for _, s := range []*CellSide{&c.Legacy, &c.Service} {
		s.Requests = r.number()
		for range min(r.number(), MaxClasses+1) { // one more would be refused as what follows
			name := r.take(r.number())
			class, known := classes[string(name)]
			if !known {
				class = string(name)
				classes[class] = class
			}
			if n := r.number(); !r.bad {
				s.Fail(class, n)
			}
		}
		s.Latency.unpack(&r)
	}
	c.Fallbacks = r.number()
	for i := range shadow.Verdicts() {
		c.Verdicts[i] = r.number()
	}
	if r.bad || len(r.rest) > 0 {
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
	if len(r.rest) > 0 && r.rest[0] < 0x80 && !r.bad { // as most are
		v := r.rest[0]
		r.rest = r.rest[1:]
		return int64(v)
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > math.MaxInt64 || r.bad {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return int64(v)
}
