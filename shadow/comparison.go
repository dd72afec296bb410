package shadow

import (
	"encoding/json"
	"net/http"
	"time"
)

// Side says which of the two gave an answer.
type Side string

// The two sides.
const (
	Legacy  Side = "legacy"
	Service Side = "service"
)

func (s Side) other() Side {
	if s == Legacy {
		return Service
	}
	return Legacy
}

// Comparison is one shadowed exchange: both answers and the verdict. It is immutable once
// recorded.
//
// What is kept follows what it is evidence for: headers and bodies if diverged, headers if
// failed, and otherwise neither.
type Comparison struct {
	ID      string // unique, sorts by time
	Route   string
	At      time.Time // when the client's request arrived
	Request Request
	Served  Side    // the side that the client was answered from
	Legacy  *Answer // nil: that side gave none
	Service *Answer
	Verdict Verdict
	Reason  string // why it was skipped or failed, from a small fixed set; else empty
	Detail  string // more about the reason for a person, bounded; may be empty

	// Differences are those that count, then those that are noise, each in order of appearance,
	// bounded; only if diverged, noise or lag.
	Differences []Difference
	More        int // differences beyond the bound

	// Repeat says that the same was asked for within Point.Distinct before, and compared or missed an
	// answer: it is no news. What came of either doesn't matter.
	Repeat bool
}

// Request is what a comparison keeps of a request.
type Request struct {
	Method string
	Path   string // as it came, with the query, redacted
	Host   string
	Header http.Header
	Body   []byte // nil where there was none
}

// Answer is one side's answer.
type Answer struct {
	Status  int
	Header  http.Header
	Trailer http.Header
	// Hosts are what the side may call itself in the address that it redirects to, as HOST or
	// HOST:PORT; for a Comparer only, and nil where the answer has no Location.
	Hosts   []string
	Body    []byte        // as on the wire, content coding included; nil where it was over the bound or is not kept
	Size    int64         // of the whole body, bytes
	Hash    uint64        // xxHash64 of the whole body; a Comparer is given none
	Latency time.Duration // until the head

	// Untranslated is the service's answer before it was translated, as evidence; nil: it wasn't, or
	// it isn't kept.
	Untranslated *Answer `json:",omitempty"`
}

// TooLarge reports whether there was a body of which only the size and hash are known.
func (a *Answer) TooLarge() bool { return a.Body == nil && a.Size > 0 }

// Difference is one place where two answers differ; an outcome, not an error.
type Difference struct {
	Pointer string `json:"pointer"` // RFC 6901 into the body, or "status", "header:Name" and the like, "" for the whole body
	// Pattern is Pointer with array indices (and ids of keyed arrays), and the keys of objects that
	// are maps, as *, by which divergences are grouped.
	Pattern string `json:"pattern"`
	Kind    Kind   `json:"kind"`
	// Legacy and Service are the two values as JSON, each bounded; nil where that side has none.
	Legacy  json.RawMessage `json:"legacy,omitempty"`
	Service json.RawMessage `json:"service,omitempty"`
	// Noise says why the difference doesn't count (see the Noise constants); empty: it does.
	Noise string `json:"noise,omitempty"`
}

// Comparer decides where two answers differ. It is pure, safe for concurrent use, and keeps
// nothing of the answers but strings of their headers: the rest is written over when they match. An
// error of type *SkipError says that they can't be compared; package compare has the implementation.
type Comparer interface {
	Compare(legacy, service *Answer) ([]Difference, error)
}

// Reorderer is what a Comparer may be besides: it returns one that takes no notice of the order of the
// arrays at pointers (generalised, as patterns are), where legacy itself has none. It is safe for
// concurrent use.
type Reorderer interface {
	Reordered(pointers []string) Comparer
}

// Reflexive is what a Comparer may be besides: where Reflexive returns true it finds nothing in two
// answers that are the same to the byte and don't redirect, and need not be asked about those.
type Reflexive interface{ Reflexive() bool }

// Recorder remembers comparisons. Record is called for each that ended, whatever its verdict,
// must not block, and counts what it has to drop; package ledger has the implementation.
type Recorder interface {
	Record(Comparison)
}

// Counter is what a Recorder may be besides, so as not to be told of a comparison what it doesn't
// keep. Count is called before Record, under the same terms; repeat is Comparison.Repeat. It returns
// true where the verdict was counted and nothing more is to be remembered: then there is no
// Comparison, and no Record.
type Counter interface {
	Count(route string, v Verdict, reason string, repeat bool) bool
}

// SkipError says why two answers can't be compared.
type SkipError struct {
	Reason string // one of the Skip constants
	Detail string
}

// Error implements error.
func (e *SkipError) Error() string {
	if e.Detail == "" {
		return "comparison skipped: " + e.Reason
	}
	return "comparison skipped: " + e.Reason + ": " + e.Detail
}
