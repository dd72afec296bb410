package journal

import (
	"encoding/json"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// Kind is what an entry says of its route; package doc tells what each means.
type Kind string

// The kinds of entry.
const (
	Seen    Kind = "seen"
	Changed Kind = "changed"
	Moved   Kind = "moved"
	Ruled   Kind = "ruled"
	Steered Kind = "steered"
	Removed Kind = "removed"
	Frozen  Kind = "frozen"
	Thawed  Kind = "thawed"
)

// How is the way in which a move came about. Others than those named here may follow.
type How string

// The ways in which a move comes about.
const (
	HowShift    How = "shift"
	HowUndo     How = "undo" // Change.Undoes says of what
	HowRollback How = "rollback"
	HowPromote  How = "promote" // to its next step
	HowImport   How = "import"  // to where it stands elsewhere
)

// Author is who makes a change, and why.
type Author struct {
	Actor    string // empty becomes "unknown", not verified
	Verified bool   // the actor is a token's name rather than what the client says of itself
	Reason   string
}

// Entry is one line of the journal: one thing that happened to one route.
type Entry struct {
	Seq     int64     // 1, 2, 3 …
	Change  int64     // the Seq of the first entry made in the same transaction
	At      time.Time // UTC, in microseconds; the same within a change, later in each that follows
	Kind    Kind
	How     How    // empty unless Kind is Moved
	Route   string // empty: of all, where Frozen or Thawed
	Unit    string // at that time; empty: none
	Version int64  // of the route, from this entry on

	Before *strangler.Position // nil where Seen, Frozen or Thawed
	After  *strangler.Position // nil where Removed, Frozen or Thawed

	Author
	Definition json.RawMessage // canonical; nil unless Seen or Changed
	Rules      json.RawMessage // canonical; nil unless Ruled
	Steering   json.RawMessage // canonical; nil unless Steered or Frozen
	Undoes     int64           // the Change that this move takes back; 0: none
	Hash       Hash            // over all of it and the hash of the entry before it
}

// Standing is where a route stands, and who put it there.
type Standing struct {
	Route    string
	Unit     string // empty: none
	Position strangler.Position
	Version  int64 // grows with every entry of the route
	First    int64 // the Seq of the entry by which it came, or came back
	// Since, Actor, Verified and Reason are those of the entry that put the route where it
	// stands: its last move or, before any, its first sight. A changed definition is not one.
	Since      time.Time
	Actor      string
	Verified   bool
	Reason     string
	Definition json.RawMessage // canonical: keys sorted, no spaces; read only
	Rules      json.RawMessage // those of its last ruling, canonical; nil: none yet; read only
	Steering   json.RawMessage // as it was steered the last time, canonical; nil: never; read only
}
