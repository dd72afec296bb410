package rollout

import (
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// Situation is all that a decision depends on: of a route, or of the routes of a unit.
type Situation struct {
	Plan     Plan // its Gates are those of no route: each has its own
	Position strangler.Position
	Since    time.Time // when it came there or, later than that, was resumed
	Now      time.Time
	Frozen   string // why nothing is promoted at present, whatever the evidence; empty: nothing is in the way
	Routes   []Subject
}

// Subject is one route, what was seen of it, and what it may be wrong about.
type Subject struct {
	Route    strangler.Route
	Gates    Gates
	Evidence Evidence
	Budget   Budget
	// Rates are of late, per second, for forecasts.
	Compared float64 // comparisons
	Served   float64 // clients' requests that the service served
}

// Budget is how likely a route may be judged wrongly.
type Budget struct {
	Rollback  float64 // a rollback without need, over the whole rollout; each test gets its part of it
	Promotion float64 // a promotion against a broken gate, over the whole rollout
	RunLength float64 // comparisons between two false alarms of the detector, on average, at least
}

// Action is what is to be done.
type Action string

// The actions.
const (
	ActionHold     Action = "hold"     // stay
	ActionPromote  Action = "promote"  // go to the next step
	ActionRollback Action = "rollback" // go back
	ActionStop     Action = "stop"     // stay where it is, until a person says otherwise
	ActionDone     Action = "done"     // it stands at its last step, or beyond
)

// Decision is what is to be done, and why.
type Decision struct {
	Action   Action
	To       strangler.Position // of promote and rollback
	Why      string             // in words, with numbers
	Person   bool               // it holds, and a person has to look
	Readings []Reading          // of each route, gate by gate
	// Forecast is how long it takes at least until every gate can be shown to hold, at the present
	// rate and if all goes well; 0: nothing is missing, or it can't be said.
	Forecast time.Duration
}
