package web

import (
	"encoding/json"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
)

// The shapes below are the contract of the JSON API; the dashboard shows the same ones.

// Route is a route and where it stands.
type Route struct {
	Name    string           `json:"name"`
	Match   strangler.Match  `json:"match"`
	Service string           `json:"service"`
	Unit    string           `json:"unit"`
	Owner   string           `json:"owner"` // a team or a person; empty: nobody is named
	Phase   strangler.Phase  `json:"phase"`
	Weight  strangler.Weight `json:"weight"`  // percent
	Version int64            `json:"version"` // grows with every change of this route
	Since   time.Time        `json:"since"`   // when it came to stand here
	Actor   string           `json:"actor"`   // who put it here
	Reason  string           `json:"reason"`
}

// Actor is who asks for a change.
type Actor struct {
	Name     string `json:"name"`
	Verified bool   `json:"verified"` // a token's name; false: what the client said of itself
}

// Move asks for a route (and with it its unit) to stand elsewhere.
type Move struct {
	Route     string
	To        strangler.Position
	Reason    string
	Actor     Actor
	IfVersion int64 // the version that the caller has seen; 0: any
	Force     bool

	RetireEvidence // of a move to retired only
}

// MoveMany asks for several routes, and with them their units, to stand elsewhere: all of them, or none.
type MoveMany struct {
	Routes []RouteSeen // at least one, each once
	To     strangler.Position
	Reason string
	Actor  Actor
	Force  bool
}

// RouteSeen is a route as the caller has seen it.
type RouteSeen struct {
	Name    string `json:"name"`
	Version int64  `json:"version,omitempty"` // it is to be at this version still; 0: any
}

// Undo asks for one step back in the journal.
type Undo struct {
	Route     string
	Reason    string
	Actor     Actor
	IfVersion int64 // the version that the caller has seen; 0: any
	Force     bool
}

// UndoStep is what an undo would do.
type UndoStep struct {
	Change int64      // of the journal, which it takes back
	Moves  []UndoMove // the route that was asked for first, then those of its unit that move with it
}

// UndoMove is where an undo would put a route.
type UndoMove struct {
	Route string
	To    strangler.Position
}

// Rollback asks for the routes of exactly one of Route, Routes, Unit, Service or All to go back.
type Rollback struct {
	Route   string          `json:"route,omitempty"`
	Routes  []string        `json:"routes,omitempty"` // several, which go back together
	Unit    string          `json:"unit,omitempty"`
	Service string          `json:"service,omitempty"`
	All     bool            `json:"all,omitempty"`
	To      strangler.Phase `json:"to"` // legacy or shadow
	Reason  string          `json:"reason,omitempty"`
	Force   bool            `json:"force,omitempty"`
	DryRun  bool            `json:"dry_run,omitempty"` // say what it would do, and do nothing
	Actor   Actor           `json:"-"`
}

// RollbackResult says what a rollback did.
type RollbackResult struct {
	Moved   []Route   `json:"moved"` // where they stand then; of a dry run where they stand now
	Skipped []Skipped `json:"skipped"`
	// LegacyGains is the load that legacy takes over, in requests per second as measured over
	// the last minute.
	LegacyGains float64 `json:"legacy_gains_per_second"`
	// Durable says that all that stands now is in the journal; if it isn't, it is in effect all the
	// same, and Problem says why not and whether a restart would lose it.
	Durable bool   `json:"durable"`
	Problem string `json:"problem,omitempty"`
}

// Skipped is a route that a rollback left alone.
type Skipped struct {
	Route string `json:"route"`
	Why   string `json:"why"`
}

// Entry is one entry of the journal.
type Entry struct {
	Seq      int64               `json:"seq"`
	Change   int64               `json:"change"` // entries made in one transaction share it
	At       time.Time           `json:"at"`
	Kind     string              `json:"kind"`             // seen, changed, moved, ruled, steered, removed, frozen, thawed
	How      string              `json:"how,omitempty"`    // of moved: shift, undo, rollback, promote, import
	Undoes   int64               `json:"undoes,omitempty"` // the change that an undo takes back
	Route    string              `json:"route"`            // empty of frozen and thawed, which are of all
	Unit     string              `json:"unit,omitempty"`
	Version  int64               `json:"version"`
	Before   *strangler.Position `json:"before,omitempty"`
	After    *strangler.Position `json:"after,omitempty"`
	Actor    string              `json:"actor"`
	Verified bool                `json:"verified"` // the actor is a token's name
	Reason   string              `json:"reason"`
	Rules    []Rule              `json:"rules,omitempty"` // of ruled: all that the journal gives the route from then on
	Hash     string              `json:"hash"`            // over all of it and the hash of the entry before it, in hexadecimal
	// Steering is, of steered, whether the route moves by itself from then on, as a rollout.Steering:
	// its state is empty where it does. Of frozen it is {"until"}, empty where somebody has to thaw.
	Steering json.RawMessage `json:"steering,omitempty"`
}

// JournalProof is what a look at the chain of hashes found that the journal's entries carry.
type JournalProof struct {
	Entries int64 `json:"entries"` // that follow from one another, from the first on
	// The last of them: its hash, to be kept elsewhere, its seq, and when it was made. Absent: there is none.
	Head string    `json:"head,omitempty"`
	Seq  int64     `json:"seq,omitempty"`
	At   time.Time `json:"at,omitzero"`

	Broken *JournalBreak `json:"broken,omitempty"` // the first entry that doesn't fit; absent: all do
	Known  *KnownHead    `json:"known,omitempty"`  // what became of the head that was asked for; absent: none was
}

// Whole reports whether nothing is wrong with the journal.
func (p JournalProof) Whole() bool { return p.Broken == nil && (p.Known == nil || p.Known.Seq != 0) }

// JournalBreak is the first entry that doesn't fit those before it.
type JournalBreak struct {
	Seq  int64  `json:"seq"`
	What string `json:"what"` // changed, missing, inserted, unreadable: as far as it can be told
	Why  string `json:"why"`
}

// KnownHead is a hash that somebody kept.
type KnownHead struct {
	Hash string `json:"hash"`
	Seq  int64  `json:"seq"` // of the entry that has it; 0: none, so the journal was cut before it or written anew
}

// Stats are the figures since the proxy started.
type Stats struct {
	Started time.Time    `json:"started"`
	At      time.Time    `json:"at"`
	Routes  []RouteStats `json:"routes"` // the one without name is the catch-all
	Shadow  ShadowStats  `json:"shadow"`
	Ledger  LedgerStats  `json:"ledger"`

	Rollbacks RollbackStats `json:"rollbacks"`
}

// RollbackStats say which rollbacks are in effect that the journal doesn't have.
type RollbackStats struct {
	Pending       []PendingRollback `json:"pending"`                  // oldest first
	MarkerProblem string            `json:"marker_problem,omitempty"` // why the marker can't be written, while it lasts
}

// PendingRollback is a rollback that is in effect while the journal doesn't have it yet.
type PendingRollback struct {
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"`
	Verified bool      `json:"verified"`
	Reason   string    `json:"reason"`
	Routes   []string  `json:"routes"`
	Marked   bool      `json:"marked"`  // the marker has it, so that a restart honours it
	Problem  string    `json:"problem"` // why the journal doesn't have it, and what follows
}

// RouteStats are one route's figures since the proxy started.
type RouteStats struct {
	Route       string        `json:"route"`
	Legacy      SideStats     `json:"legacy"`
	Service     SideStats     `json:"service"`
	Fallbacks   int64         `json:"fallbacks"`
	Comparisons shadow.Counts `json:"comparisons"`
}

// SideStats are one side's figures for clients' requests.
type SideStats struct {
	Requests  int64   `json:"requests"`
	Failures  int64   `json:"failures"` // 5xx, and answers that failed or were cut short by the upstream
	P50MS     float64 `json:"p50_ms"`
	P99MS     float64 `json:"p99_ms"`
	PerSecond float64 `json:"per_second"` // over the last minute
	// RecentRequests and RecentFailures are those of the last ten minutes.
	RecentRequests int64 `json:"recent_requests"`
	RecentFailures int64 `json:"recent_failures"`
}

// ShadowStats say how the shadow keeps up.
type ShadowStats struct {
	Queue    int `json:"queue"`
	QueueCap int `json:"queue_cap"`
	Workers  int `json:"workers"`
}

// LedgerStats say how the ledger keeps up.
type LedgerStats struct {
	Bytes    int64 `json:"bytes"` // db, wal and shm
	MaxBytes int64 `json:"max_bytes"`
	Written  int64 `json:"written"`
	Pending  int64 `json:"pending"`
	Dropped  int64 `json:"dropped"` // comparisons counted but not recorded
	// SamplesDropped is how many samples of series found no room while nothing could be written.
	SamplesDropped int64  `json:"samples_dropped"`
	Error          string `json:"error,omitempty"` // the last write's, while it lasts
}

// Explain asks what would happen to a request.
type Explain struct {
	Method  string              `json:"method"`
	URL     string              `json:"url"` // path and query, or absolute
	Header  map[string][]string `json:"headers,omitempty"`
	Address string              `json:"address,omitempty"` // the client's; default 127.0.0.1
}

// Explanation is what would happen to a request. Nothing is sent.
type Explanation struct {
	Route    string           `json:"route"` // empty: the legacy catch-all
	Side     strangler.Side   `json:"side"`
	Why      string           `json:"why"`
	Note     string           `json:"note,omitempty"` // why the side is only the likelier one, or why no route could hold
	Phase    strangler.Phase  `json:"phase"`
	Weight   strangler.Weight `json:"weight"`
	Bucket   int              `json:"bucket"` // -1: nothing was hashed
	Cohort   string           `json:"cohort,omitempty"`
	Upstream string           `json:"upstream"`
	Shadow   string           `json:"shadow"` // whether a copy goes to the other side, and if not why
	Repeat   string           `json:"repeat"`
	Fallback string           `json:"fallback"`
	// Translate says what is translated on the way to the service; empty: nothing is.
	Translate string `json:"translate,omitempty"`
	// What the request meets on its way to the side: how many endpoints there are and which are out
	// of the turn, how one is chosen, how many connections each may have, how new ones begin and what
	// they are asked (each empty where there is no such thing), what carries the request, how long it
	// may take, whether it may be sent again, and how breaker and bulkhead stand at present.
	Endpoints   string `json:"endpoints"`
	Balance     string `json:"balance"` // as in Service
	Connections string `json:"connections,omitempty"`
	SlowStart   string `json:"slow_start,omitempty"`
	HealthCheck string `json:"health_check,omitempty"`
	Transport   string `json:"transport"` // as in Service
	Timeouts    string `json:"timeouts"`
	Retry       string `json:"retry"`
	Breaker     string `json:"breaker"`
	Bulkhead    string `json:"bulkhead"`
	// Others are routes that were considered and did not hold, most specific first.
	Others []Considered `json:"others"`
}

// Considered is a route whose path held but which was not chosen.
type Considered struct {
	Route string `json:"route"`
	Why   string `json:"why"`
}

// ConfigState says which configuration is in force.
type ConfigState struct {
	File      string    `json:"file"` // empty: flags only
	LoadedAt  time.Time `json:"loaded_at"`
	Problem   string    `json:"problem,omitempty"` // why the last reload was refused; empty: it wasn't
	ProblemAt time.Time `json:"problem_at,omitzero"`
	// Files are all that was read: the file, those that it includes, and the folders that are looked into.
	Files    []string `json:"files"`
	Warnings []string `json:"warnings"` // what is likely a mistake, each with its place
	// NeedRestart are the settings that were changed since the start and are in effect after a restart.
	NeedRestart []string `json:"need_restart"`
	// Definitions are the routes as the file defines them, by name, and what else a reload can
	// change, by its pointer in the file; secrets are left out.
	Definitions map[string]json.RawMessage `json:"definitions"`
}

// Event tells those who watch that something changed.
type Event struct {
	Type string `json:"type"` // route, rollout, stats, groups, config
	Data any    `json:"data"`
}
