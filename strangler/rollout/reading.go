package rollout

import (
	"math"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// Reading is what the evidence says about one gate of one route.
type Reading struct {
	Route    string
	Gate     string // divergence, errors, latency or skipped
	State    State
	Limit    float64
	Estimate float64 // what was seen; 0 where nothing was
	// Lower and Upper bound what it is, and are valid at every look: it is broken when Lower is above
	// Limit, unless the detector says so before, and holds when Upper is below it. Divergence is
	// bounded by 0 and 1 from the start, errors by −1 and 1, latency by 0 and nothing: its Upper is 0
	// as long as there is none. What is skipped is counted, so that both are the share.
	Lower    float64
	Upper    float64
	Count    int64         // observations that it stands on
	Need     int64         // at least so many more good ones until it holds; 0: none, or nobody can say
	Forecast time.Duration // how long these take at the present rate; 0: none are missing, or nobody can say
	Why      string        // in words, with numbers
}

// State is what is known about a gate.
type State string

// The states of a gate.
const (
	StateOpen   State = "open"   // not known yet
	StateHolds  State = "holds"  // shown to hold
	StateBroken State = "broken" // shown to be broken
	StateOff    State = "off"    // nothing is asked
)

// The names of the gates, as configuration and readings have them.
const (
	GateDivergence = "divergence"
	GateErrors     = "errors"
	GateLatency    = "latency"
	GateSkipped    = "skipped"
)

// read returns what is known about each gate of a route that stands at a position.
func (s Subject) read(plan Plan, at strangler.Position) []Reading {
	readings := []Reading{s.readDivergence(), s.readErrors(plan, at), s.readLatency(plan, at), s.readSkipped()}
	for i := range readings {
		readings[i].Route = s.Route.Name
	}
	return readings
}

// share returns the part of the budget of wrong rollbacks that a gate has at one time: gates that
// ask for something have equal parts, and those whose evidence begins anew at each step divide
// theirs by the number of steps.
func (s Subject) share(gate string, plan Plan) float64 {
	on := 0
	for _, g := range []Gate{s.Gates.Divergence, s.Gates.Errors, s.Gates.Latency} {
		if !g.Off {
			on++
		}
	}
	share := s.Budget.Rollback / float64(max(on, 1))
	if gate != GateDivergence {
		share /= float64(max(len(plan.Steps), 1))
	}
	return share
}

// clientsCount tells whether what each side did for clients is evidence about errors and latency at
// a position, beside what both did with the same requests, and into how many parts levels then fall.
// Only in canary do both sides serve clients. As that is known beforehand, elsewhere the one source
// that there is has the whole level.
func clientsCount(at strangler.Position) (count bool, parts float64) {
	if at.Phase == strangler.PhaseCanary {
		return true, 2
	}
	return false, 1
}

// finding is what one source says about a gate.
type finding struct {
	estimate, lower, upper float64
	count                  int64
	broken, holds          bool
	spoilt                 bool    // it would be broken if failures that are spared were no less than others
	need                   int64   // never: no number is enough
	rate                   float64 // of what is needed, per second
	seen                   string  // what was seen, in words
	one, many              string  // what is needed, in words
}

// wait is how long what is needed takes at least; 0 where nobody can say.
func (f finding) wait() time.Duration {
	if f.need == never || f.rate <= 0 {
		return 0
	}
	return seconds(float64(f.need) / f.rate)
}

// settle makes a reading of what the sources say: one that shows the gate to be broken is enough;
// else, unless one is spoilt, one that shows it to hold.
func (r *Reading) settle(findings []finding) finding {
	tell := findings[0]
	for _, f := range findings[1:] {
		if better(f, tell) {
			tell = f
		}
	}
	r.Estimate, r.Count = tell.estimate, tell.count
	r.Lower, r.Upper = findings[0].lower, findings[0].upper
	for _, f := range findings[1:] { // valid together, as each has its part of the budget
		r.Lower, r.Upper = max(r.Lower, f.lower), min(r.Upper, f.upper)
	}
	if math.IsInf(r.Upper, 1) {
		r.Upper = 0
	}
	if tell.spoilt {
		r.Upper = tell.upper // whatever the others show
	}
	switch {
	case tell.broken:
		r.State = StateBroken
	case tell.holds && !tell.spoilt:
		r.State = StateHolds
	default:
		r.State = StateOpen
		if tell.need != never {
			r.Need, r.Forecast = tell.need, tell.wait()
		}
	}
	return tell
}

// better tells whether a says more than b: broken before spoilt before holding before open, and of two
// that are open the one that will be there first.
func better(a, b finding) bool {
	switch {
	case a.broken != b.broken:
		return a.broken
	case a.spoilt != b.spoilt:
		return a.spoilt
	case a.holds != b.holds:
		return a.holds
	case a.holds || a.broken:
		return a.count > b.count
	case (a.wait() > 0) != (b.wait() > 0):
		return a.wait() > 0
	case a.wait() != b.wait():
		return a.wait() < b.wait()
	}
	return a.need < b.need
}
