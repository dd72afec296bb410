package roundtrip

import (
	"cmp"
	"slices"
)

// Report is what a test has found so far.
type Report struct {
	Bodies     int `json:"bodies"`
	Same       int `json:"same"`       // came back as they went
	Lossy      int `json:"lossy"`      // but for what the definition says
	Surprising int `json:"surprising"` // as something else
	Failed     int `json:"failed"`     // couldn't be translated, there or back
	// Untested can't be translated for want of what was taken out of them; they are not among Bodies.
	Untested int `json:"untested,omitempty"`

	Places   []Place       `json:"places"`   // surprises first, then by how many bodies
	Failures []Failure     `json:"failures"` // by how many bodies
	Hidden   []HiddenPlace `json:"hidden,omitempty"`
	More     int           `json:"more,omitempty"` // differences at places beyond the first 1,000
}

// Surprised reports whether there is anything that the definition doesn't say.
func (r Report) Surprised() bool { return r.Surprising+r.Failed > 0 }

// Kind says what became of a value.
type Kind string

// The kinds.
const (
	Lost     Kind = "lost"     // it didn't come back
	Added    Kind = "added"    // it came back and never went
	Changed  Kind = "value"    // another value came back
	Retyped  Kind = "type"     // a number came back as a text, say
	Spelling Kind = "spelling" // the same number came back, written in another way
)

// Place is one place of bodies, generalised, with what became of it.
type Place struct {
	Pointer  string    `json:"pointer"` // RFC 6901, with * for any index of a list
	Kind     Kind      `json:"kind"`
	Known    bool      `json:"known"`         // the definition says so
	Why      string    `json:"why,omitempty"` // what it says
	Bodies   int       `json:"bodies"`        // in how many
	Share    float64   `json:"share"`         // of all by weight, 0 to 1
	Times    int       `json:"times"`         // how often: a list may have it in each element
	Examples []Example `json:"examples"`

	weight float64
}

// Example is a difference in one body.
type Example struct {
	Body    string `json:"body"` // its name
	Pointer string `json:"pointer,omitempty"`
	Before  string `json:"before,omitempty"` // as JSON; empty: nothing was there
	After   string `json:"after,omitempty"`
}

// Step is where a body failed.
type Step string

// The steps.
const (
	StepRead  Step = "read"  // it isn't of its side's format
	StepThere Step = "there" // to the other side
	StepBack  Step = "back"  // from it
)

// Failure is a reason why bodies can't be translated.
type Failure struct {
	Pointer  string    `json:"pointer"` // into the body that was read then, generalised
	Step     Step      `json:"step"`
	Reason   string    `json:"reason"` // of the first
	Bodies   int       `json:"bodies"`
	Share    float64   `json:"share"`
	Examples []Example `json:"examples"`

	weight float64
}

// HiddenPlace is where values had been taken out before bodies were recorded.
type HiddenPlace struct {
	Pointer string `json:"pointer"`
	Bodies  int    `json:"bodies"`
}

type placeKey struct {
	pointer string // generalised
	kind    Kind
	why     string
}

type failureKey struct {
	step            Step
	pointer, reason string
}

func (r *Report) sort() {
	slices.SortFunc(r.Places, func(a, b Place) int {
		if a.Known != b.Known {
			if a.Known {
				return 1
			}
			return -1
		}
		return cmp.Or(b.Bodies-a.Bodies, cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Why, b.Why))
	})
	slices.SortFunc(r.Failures, func(a, b Failure) int {
		return cmp.Or(b.Bodies-a.Bodies, cmp.Compare(a.Step, b.Step), cmp.Compare(a.Pointer, b.Pointer))
	})
	slices.SortFunc(r.Hidden, func(a, b HiddenPlace) int { return cmp.Compare(a.Pointer, b.Pointer) })
}
