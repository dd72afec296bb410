package web

import (
	"context"
	"encoding/json"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// Automation walks routes through their steps, as far as the evidence allows.
type Automation interface {
	// Rollouts returns those of all routes that have one, in the configuration's order; the routes of
	// a unit have one together.
	Rollouts() []Rollout
	// Steer tells one what to do. Errors: *strangler.UnknownRouteError, *journal.ConflictError,
	// *journal.WriteError, *rollout.RefusedError, *rollout.InvalidError.
	Steer(context.Context, Steering) (Rollout, error)
	// Freeze returns what keeps all promotions from being made; nil: nothing does.
	Freeze() *Freeze
	// SetFreeze freezes promotions, and Thaw ends that. Errors: *journal.WriteError, *InvalidError.
	SetFreeze(context.Context, Freeze) (Freeze, error)
	Thaw(ctx context.Context, by Actor, reason string) error
}

// The states of a Rollout.
const (
	RolloutRunning  = "running"  // it moves by itself
	RolloutAdvising = "advising" // it says what it would do, and moves nothing
	RolloutPaused   = "paused"   // somebody said so
	RolloutStopped  = "stopped"  // somebody moved the route by hand, or it wants a person
	RolloutResting  = "resting"  // it went back, or a gate broke where there was no way back
	RolloutDone     = "done"     // it stands at its last step, or beyond
)

// RolloutStates lists them.
func RolloutStates() []string {
	return []string{RolloutRunning, RolloutAdvising, RolloutPaused, RolloutStopped, RolloutResting, RolloutDone}
}

// RolloutActions lists what evidence can ask for.
func RolloutActions() []string {
	return []string{string(rollout.ActionHold), string(rollout.ActionPromote), string(rollout.ActionRollback), string(rollout.ActionStop), string(rollout.ActionDone)}
}

// Gates lists the names of gates.
func Gates() []string { return []string{"divergence", "errors", "latency", "skipped"} }

// GateStates lists the states of a GateReading.
func GateStates() []string {
	return []string{string(rollout.StateOpen), string(rollout.StateHolds), string(rollout.StateBroken), string(rollout.StateOff)}
}

// Rollout is how a route, or those of a unit together, is walked through its steps.
type Rollout struct {
	Name     string               `json:"name"` // the unit's, where it has one, else the route's
	Unit     string               `json:"unit,omitempty"`
	Routes   []string             `json:"routes"` // in the configuration's order
	Auto     bool                 `json:"auto"`   // moves are made; else they are only advised
	Steps    []strangler.Position `json:"steps"`
	Position strangler.Position   `json:"position"`
	Since    time.Time            `json:"since"` // when it came to stand there

	State      string    `json:"state"`
	StateWhy   string    `json:"state_why,omitempty"` // of paused, stopped and resting
	StateActor string    `json:"state_actor,omitempty"`
	StateSince time.Time `json:"state_since,omitzero"`
	RestsUntil time.Time `json:"rests_until,omitzero"` // of resting: before that not even another version of the service goes on

	Action     string              `json:"action"` // hold, promote, rollback, stop or done: what the evidence asks for
	To         *strangler.Position `json:"to,omitempty"`
	Why        string              `json:"why"`
	Person     bool                `json:"person"` // it wants a person
	HoldsUntil time.Time           `json:"holds_until,omitzero"`
	PersonAt   time.Time           `json:"person_at,omitzero"`        // when it will want one, if nothing is shown until then
	Forecast   float64             `json:"forecast_seconds,omitzero"` // at least until every gate can be shown to hold; 0: now, or nobody can say
	Frozen     string              `json:"frozen,omitempty"`          // why nothing is promoted at present

	// Undurable is why what was told is in effect, but not in the journal yet; only where that is so.
	Undurable string `json:"undurable,omitempty"`

	Gates    []GateReading     `json:"gates"`
	Evidence []RolloutEvidence `json:"evidence"`
}

// Advice reports that nobody is going to make the move that the evidence asks for, as it only advises,
// is paused, stopped or rests.
func (r Rollout) Advice() bool {
	moves := r.Action == string(rollout.ActionPromote) || r.Action == string(rollout.ActionRollback)
	return moves && r.State != RolloutRunning
}

// GateReading is what the evidence says about one gate of one route. Shares are from 0 to 1, latency
// is a multiple of legacy's.
type GateReading struct {
	Route    string   `json:"route"`
	Gate     string   `json:"gate"`  // divergence, errors, latency, skipped
	State    string   `json:"state"` // open: not known yet, holds, broken, off
	Limit    float64  `json:"limit"`
	Estimate *float64 `json:"estimate,omitempty"` // what was seen
	Lower    *float64 `json:"lower,omitempty"`    // bounds of what it is, valid whenever one looks; absent: none yet
	Upper    *float64 `json:"upper,omitempty"`
	Count    int64    `json:"count"`          // observations
	Need     int64    `json:"need,omitempty"` // at least so many more good ones until it holds
	Why      string   `json:"why"`
}

// RolloutEvidence says what a route's evidence is about.
type RolloutEvidence struct {
	Route    string    `json:"route"`
	Since    time.Time `json:"since,omitzero"`            // of its comparisons
	Version  string    `json:"service_version,omitempty"` // empty: not known
	Trial    int       `json:"trial"`                     // how often it has begun
	Compared int64     `json:"compared"`
	Diverged int64     `json:"diverged"` // of those, without what is expected
}

// The things that a Rollout can be told.
const (
	SteerPause   = "pause"
	SteerResume  = "resume"
	SteerPromote = "promote" // to the next step now, whatever the evidence
	SteerAbort   = "abort"   // back, and stop
)

// Steers lists them.
func Steers() []string { return []string{SteerPause, SteerResume, SteerPromote, SteerAbort} }

// Steering tells a Rollout what to do.
type Steering struct {
	Route   string // any of its routes
	What    string // one of Steers
	Version string // of the service, in a person's word; with resume. Empty: as before
	Reason  string
	Force   bool
	Actor   Actor

	IfVersion int64 // of the route; 0: any
}

// Freeze keeps all promotions from being made; rollbacks are.
type Freeze struct {
	Until    time.Time `json:"until,omitzero"` // zero: until it is thawed
	At       time.Time `json:"at"`
	Reason   string    `json:"reason"`
	Actor    string    `json:"actor"`
	Verified bool      `json:"verified"` // the actor is a token's name
}

// Steered is what an entry of the journal says of how a route moves from then on, or until when all are
// frozen. Its JSON is Entry.Steering.
type Steered struct {
	State   string    `json:"state"` // paused, stopped or resting; empty: it moves by itself
	Why     string    `json:"why"`
	Until   time.Time `json:"until"`           // of resting, and of frozen
	Version string    `json:"service_version"` // in somebody's word; empty: nobody's
}

// Steered reads it leniently: what a newer proxy says beside it is not for people.
func (e Entry) Steered() (s Steered) {
	if json.Unmarshal(e.Steering, &s) != nil {
		return Steered{}
	}
	return s
}

// Told says in a word or a few what a steered entry tells.
func (s Steered) Told() string {
	switch {
	case s.State == "" && s.Version != "":
		return "resumed with " + s.Version
	case s.State == "":
		return "resumed"
	}
	return s.State
}
