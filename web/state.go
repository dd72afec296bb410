package web

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// StateFormat is the form that a State has; it grows when an older proxy couldn't read it any more.
const StateFormat = 1

// Mover takes where routes stand from one machine to another.
type Mover interface {
	ExportState() (State, error)
	// ImportState is one change of the journal, or none. Errors: those of Switchboard, *InvalidError
	// and *UnknownRoutesError.
	ImportState(context.Context, StateImport) (StateChange, error)
}

// State is what people decided about routes and the journal keeps: where they stand, the rules made
// for them, how their rollouts are steered, and a freeze. What was recorded isn't in it, nor what
// was thought of groups, nor the configuration, nor the history.
type State struct {
	Format int          `json:"strangler_state"` // StateFormat
	At     time.Time    `json:"at"`              // when it was taken
	Freeze *StateFreeze `json:"freeze,omitempty"`
	Routes []RouteState `json:"routes"`
}

// StateFreeze says that nothing is promoted.
type StateFreeze struct {
	Until  time.Time `json:"until,omitzero"` // absent: until somebody thaws it
	Reason string    `json:"reason,omitempty"`
}

// RouteState is what is kept of one route.
type RouteState struct {
	Name   string           `json:"name"`
	Unit   string           `json:"unit,omitempty"` // for people: the configuration says which
	Phase  strangler.Phase  `json:"phase"`
	Weight strangler.Weight `json:"weight"`
	// Rules are all that the journal gives the route. Absent from what is imported: they stay as they are.
	Rules []StateRule `json:"rules,omitzero"`
	// Rollout is how its rollout is steered, where it has one. Absent from what is imported: it stays
	// as it is, or stops where the route moves.
	Rollout *StateRollout `json:"rollout,omitempty"`
}

// StateRule is a rule that people made. Who and when are for people: imported, it is the importer's.
type StateRule struct {
	Kind    string    `json:"kind"` // as in Rule
	Pointer string    `json:"pointer"`
	Value   string    `json:"value,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Actor   string    `json:"actor,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// StateRollout says how a rollout is steered.
type StateRollout struct {
	State   string    `json:"state"` // running, paused, stopped, resting
	Why     string    `json:"why,omitempty"`
	Until   time.Time `json:"until,omitzero"`            // of resting
	Failed  string    `json:"failed_version,omitempty"`  // of resting: the service's version that a gate broke with
	Version string    `json:"service_version,omitempty"` // in a person's word
}

// StateImport asks for routes to stand as they do elsewhere.
type StateImport struct {
	State       State
	Reason      string
	Force       bool // get past guards that allow it
	SkipUnknown bool // leave out routes that there are not here
	DryRun      bool // say what would change, and change nothing
	Actor       Actor
}

// StateChange is what an import changed, or would change.
type StateChange struct {
	DryRun bool         `json:"dry_run"`
	Routes []RouteMoved `json:"routes"`           // those that change, in the configuration's order
	Freeze *StateFreeze `json:"freeze,omitempty"` // absent: it stays as it is
	// StillFrozen is a freeze that is in force here and that the state doesn't have: to thaw is said by hand.
	StillFrozen *StateFreeze `json:"still_frozen,omitempty"`
	Same        int          `json:"same"`    // how many routes of the state stand here as they do there
	Unknown     []string     `json:"unknown"` // routes of the state that there are not here, left out
	Left        []string     `json:"left"`    // routes that the state doesn't have, left as they are
	Reports     []Report     `json:"reports"` // of the routes that retired by it, as a retirement's
}

// RouteMoved is what an import does to a route.
type RouteMoved struct {
	Name    string             `json:"name"`
	Unit    string             `json:"unit,omitempty"`
	Before  strangler.Position `json:"before"`
	After   strangler.Position `json:"after"`             // the same as before: it doesn't move
	Added   int                `json:"rules_added"`       // rules
	Dropped int                `json:"rules_dropped"`     // rules
	Rollout string             `json:"rollout,omitempty"` // the state of its rollout, where that is another
}

// UnknownRoutesError says that a state has routes which there are not here.
type UnknownRoutesError struct{ Names []string }

// Error implements error.
func (e *UnknownRoutesError) Error() string {
	names, more := e.Names, ""
	if n := len(names) - 10; n > 0 {
		names, more = names[:10], fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("the state has routes that there are not here: %s%s; put them into the configuration, or leave them out (skip_unknown)", strings.Join(names, ", "), more)
}
