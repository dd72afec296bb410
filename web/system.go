package web

import (
	"context"
	"time"
)

// The running system as the admin side sees it; the daemon implements all of these.

// Registry tells which routes and upstreams there are, and how these do.
type Registry interface {
	Routes() []Route // in the configuration's order
	Services() []Service
	Legacy() Service
	Explain(Explain) (Explanation, error) // *InvalidError
}

// Switchboard moves routes. Each call is on disk and in effect when it returns, but for a rollback
// whose result says that it isn't durable: it is in effect, and will be on disk. While there is one,
// Shift and Undo put it into the journal first, and fail where that fails.
// Errors: *strangler.UnknownRouteError, *rollout.UnknownError, *journal.ConflictError,
// *journal.NothingToUndoError, *journal.WriteError, *rollout.RefusedError, *rollout.InvalidError.
type Switchboard interface {
	Shift(context.Context, Move) (Route, error)
	// ShiftMany returns where all routes that it moved stand, those of their units too. What stands in
	// the way of any is a *RefusedMovesError.
	ShiftMany(context.Context, MoveMany) ([]Route, error)
	Undo(context.Context, Undo) ([]Route, error)
	Rollback(context.Context, Rollback) (RollbackResult, error)
}

// History reads the journal.
type History interface {
	// Entries returns the newest entries first, of one route or of all.
	Entries(ctx context.Context, q EntryQuery) ([]Entry, error)
	// RoutesAt returns the table as it was.
	RoutesAt(ctx context.Context, at time.Time) ([]Route, error)
	// UndoOf returns what Undo of a route would do now, if nothing comes in between. Errors:
	// *strangler.UnknownRouteError, *journal.NothingToUndoError; and, with the step where that is known,
	// *rollout.RefusedError and *rollout.InvalidError, which say what stands in its way.
	UndoOf(route string) (UndoStep, error)
	// VerifyJournal computes the entries' chain of hashes anew, and looks for a known hash in it;
	// empty: none. One does so at a time: else *BusyError. *InvalidError: that is no hash.
	VerifyJournal(ctx context.Context, known string) (JournalProof, error)
}

// EntryQuery selects journal entries.
type EntryQuery struct {
	Route  string // empty: all
	Before int64  // only entries with a smaller Seq; 0: all
	Limit  int    // 0: 100
}

// Evidence reads the ledger.
type Evidence interface {
	Divergences(context.Context, DivergenceQuery) ([]Divergence, error) // *InvalidError
	Divergence(ctx context.Context, id string) (Divergence, error)      // *NotFoundError
	Groups(ctx context.Context, route, state string) ([]Group, error)
	Group(ctx context.Context, id string) (Group, error) // *NotFoundError
	// Exchanges returns stored requests with both answers, each request once, newest first.
	Exchanges(context.Context, ExchangeQuery) ([]Exchange, error)           // *NotFoundError, *InvalidError, *strangler.UnknownRouteError
	RouteEvidence(ctx context.Context, route string) (RouteEvidence, error) // *strangler.UnknownRouteError
}

// Desk is where people say what they think of what was recorded. What it answers is on disk.
// Errors: *NotFoundError, *InvalidError, *UnwritableError, *strangler.UnknownRouteError,
// *journal.WriteError.
type Desk interface {
	Triage(context.Context, Triage) (Group, error)
	// Pin keeps a divergence's answers beyond the usual, for whoever took the link to it. *NotFoundError: they
	// aren't kept any more.
	Pin(ctx context.Context, divergence string, by Actor) error
	// Rules lists what counts on a route, or on all: the configuration's rules, then the journal's.
	Rules(route string) ([]Rule, error)
	// PreviewRules says what rules would make of the past, AddRules puts them in force and says the same.
	PreviewRules(context.Context, NewRules) (RuleEffect, error)
	AddRules(context.Context, NewRules) (RuleEffect, error)
	DropRule(context.Context, DroppedRule) error
	// Keep stores exchanges that somebody else recorded as a route's.
	Keep(ctx context.Context, route string, exchanges []Exchange) error
	// Replay sends stored requests again and tells each step; an error of tell's ends it. One replay
	// runs at a time: else *BusyError.
	Replay(ctx context.Context, r Replay, tell func(ReplayStep) error) error
}

// DivergenceQuery selects divergences, newest first. Answers are left out of listings.
type DivergenceQuery struct {
	Route string // empty: all
	Group string // empty: all
	Limit int    // 0: 100
	After string // only those older than this id
}

// Monitor tells how the system does.
type Monitor interface {
	Stats() Stats
	Config() ConfigState
	// Settings returns what is in force on a route and where each value comes from.
	Settings(route string) ([]Setting, error) // *strangler.UnknownRouteError
	// Subscribe returns a channel of events until ctx ends; a subscriber that is slow misses
	// events rather than holding anybody up.
	Subscribe(ctx context.Context) <-chan Event
}

// System is the whole of it.
type System interface {
	Registry
	Switchboard
	Undertaker
	History
	Chronicle
	Evidence
	Interpreter
	Registrar
	Desk
	Mover
	Bench
	Automation
	Monitor
}

// NotFoundError says that there is no such thing.
type NotFoundError struct {
	What string // "group", "divergence"
	Name string
	Near string // what was most likely meant; empty: nothing is near
}

// Error implements error.
func (e *NotFoundError) Error() string {
	text := "no " + e.What + " " + e.Name
	if e.Near != "" {
		text += "; did you mean " + e.Near + "?"
	}
	return text
}

// UnwritableError says that a change could not be put on the disk. Nothing of it is in effect.
type UnwritableError struct{ Err error }

// Error implements error.
func (e *UnwritableError) Error() string { return e.Err.Error() }

// Unwrap returns what stood in the way.
func (e *UnwritableError) Unwrap() error { return e.Err }

// BusyError says that something can't be done now since it is being done already.
type BusyError struct{ Why string }

// Error implements error.
func (e *BusyError) Error() string { return e.Why }

// InvalidError says that a question makes no sense.
type InvalidError struct{ Why string }

// Error implements error.
func (e *InvalidError) Error() string { return e.Why }
