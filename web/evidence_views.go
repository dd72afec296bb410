package web

import (
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

// The shapes of what was recorded, and of what people make of it.

// Divergence is a comparison whose answers differ, as recorded: redacted and bounded.
type Divergence struct {
	ID          string              `json:"id"`
	Group       string              `json:"group"`
	Route       string              `json:"route"`
	Method      string              `json:"method"`
	Path        string              `json:"path"`
	At          time.Time           `json:"at"`
	Verdict     shadow.Verdict      `json:"verdict"`
	Served      shadow.Side         `json:"served"`
	Differences []shadow.Difference `json:"differences"`
	More        int                 `json:"more,omitempty"` // differences beyond those listed
	// Legacy and Service are nil where the bodies are no longer kept, or where the caller may
	// not read them.
	Legacy  *Answer `json:"legacy,omitempty"`
	Service *Answer `json:"service,omitempty"`
}

// Answer is one side's recorded answer.
type Answer struct {
	Status    int                 `json:"status"`
	Headers   map[string][]string `json:"headers"`
	Body      string              `json:"body"`             // decoded text; Base64 where Binary
	Binary    bool                `json:"binary,omitempty"` // Body is Base64
	Size      int64               `json:"size"`             // bytes on the wire
	LatencyMS float64             `json:"latency_ms"`
	// Untranslated is the service's answer before it was translated.
	Untranslated *Answer `json:"untranslated,omitempty"`
}

// Group is all divergences of a route with the same cause.
type Group struct {
	ID    string    `json:"id"`
	Route string    `json:"route"`
	Title string    `json:"title"`
	Count int64     `json:"count"`           // exact, for ever
	Share float64   `json:"share"`           // of the route's comparisons on record, 0 to 1
	Guess string    `json:"guess,omitempty"` // what may be the reason, in a few words
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Noise says what is known of its places: "unknown" while legacy was asked twice too seldom.
	Noise shadow.Known `json:"noise"`

	State    string    `json:"state"`            // open, expected, fixed
	Since    time.Time `json:"since"`            // of the state
	Actor    string    `json:"actor"`            // who gave it; empty: nobody yet
	Verified bool      `json:"verified"`         // the actor is a token's name
	Origin   string    `json:"origin,omitempty"` // what gave it, where not a person: noise, rule
	Reason   string    `json:"reason"`
	// Reopened is when it was seen again although fixed: actor and reason are those of the fix.
	Reopened time.Time `json:"reopened,omitzero"`

	Causes   []GroupCause `json:"causes"`
	Statuses [2]int       `json:"statuses"` // legacy's, service's
	// Suggested are rules under which its arrays would be paired as they belong together; only of a
	// single group.
	Suggested []Suggestion `json:"suggested,omitempty"`
	Days      []GroupDay   `json:"days,omitempty"` // the last 90 on which it was seen, oldest first; only of a single group
	// Recent is of a group younger than two days all of it, by ten minutes, oldest first; only of a single group.
	Recent   []GroupRecent `json:"recent,omitempty"`
	Examples []string      `json:"examples"`         // ids of divergences whose bodies are kept
	Pinned   []string      `json:"pinned,omitempty"` // of them, those that are kept for who took the link to them
}

// MaxPinned is how many examples of a group are kept for who took the link to them.
const MaxPinned = ledger.MaxPinned

// Suggestion is a rule that a group suggests.
type Suggestion struct {
	Kind    string `json:"kind"` // one of the Rule constants
	Pointer string `json:"pointer"`
	Value   string `json:"value,omitempty"` // of keyed the member
}

// GroupDay is how many divergences of a group there were on a day.
type GroupDay struct {
	Day   time.Time `json:"day"` // its begin, UTC
	Count int64     `json:"count"`
}

// GroupRecent is how many divergences of a group there were within ten minutes.
type GroupRecent struct {
	At    time.Time `json:"at"` // their begin, UTC
	Count int64     `json:"count"`
}

// Triage asks for a group to be in another state.
type Triage struct {
	Group  string
	State  string // open, expected, fixed
	Reason string // needed for expected
	Actor  Actor
}

// Rule says what counts as a difference on a route.
type Rule struct {
	ID      string `json:"id,omitempty"` // of one in the journal
	Route   string `json:"route"`
	Kind    string `json:"kind"` // ignore, unordered, keyed, tolerance; of the configuration also only, headers
	Pointer string `json:"pointer"`
	Value   string `json:"value,omitempty"` // of keyed the member, of tolerance a number or a percentage
	Origin  string `json:"origin"`          // configuration or journal
	// Actor and so on are of one in the journal.
	Actor    string    `json:"actor,omitempty"`
	Verified bool      `json:"verified,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	At       time.Time `json:"at,omitzero"`
}

// NewRules asks for rules that a route shall have besides.
type NewRules struct {
	Route  string
	Rules  []Rule // kind, pointer and value of each
	Reason string
	Actor  Actor
}

// DroppedRule asks for a rule of the journal to be no more.
type DroppedRule struct {
	ID     string
	Reason string
	Actor  Actor
}

// RuleEffect is what rules make of the past, or would have made of it.
type RuleEffect struct {
	Rules []Rule `json:"rules"`
	// Estimate says that it was told from the examples: what becomes of arrays can't be known without
	// both answers. Else it is exact as far as divergences are on record, or count in groups.
	Estimate bool          `json:"estimate"`
	Gone     int64         `json:"gone"`    // divergences that would be none
	Changed  int64         `json:"changed"` // that would differ in fewer places, and so in another group
	Groups   []GroupEffect `json:"groups"`  // those with any of both, most first
}

// GroupEffect is what rules make of a group.
type GroupEffect struct {
	Group   string `json:"group"`
	Title   string `json:"title"`
	State   string `json:"state"`
	Count   int64  `json:"count"`
	Looked  int64  `json:"looked_at"` // divergences that are still on record, or all where that isn't needed
	Gone    int64  `json:"gone"`
	Changed int64  `json:"changed"`
}

// Exchange is a stored request with the answers to it, redacted.
type Exchange struct {
	ID      string              `json:"id"`
	Route   string              `json:"route"`
	Group   string              `json:"group,omitempty"` // of a divergence
	At      time.Time           `json:"at"`
	Method  string              `json:"method"`
	Path    string              `json:"path"` // with the query
	Host    string              `json:"host"`
	Headers map[string][]string `json:"headers"`
	Body    string              `json:"body,omitempty"`   // text; Base64 where Binary
	Binary  bool                `json:"binary,omitempty"` // Body is Base64
	Served  shadow.Side         `json:"served"`
	Legacy  *Answer             `json:"legacy,omitempty"` // absent: it gave none
	Service *Answer             `json:"service,omitempty"`
	// Differences are those that were found.
	Differences []shadow.Difference `json:"differences,omitempty"`
}

// ExchangeQuery selects stored exchanges.
type ExchangeQuery struct {
	Route string // all that is stored of it; or
	Group string // a group's examples
	Limit int    // at most so many, the newest; 0: 200
}

// Replay asks for stored requests to be sent again to both sides, and their answers to be compared.
type Replay struct {
	Route   string              `json:"route,omitempty"`   // all that is stored of it; or
	Group   string              `json:"group,omitempty"`   // a group's examples
	Against string              `json:"against,omitempty"` // the URL of an instance to ask instead of the service
	Rate    float64             `json:"rate,omitempty"`    // requests a second; 0: 5
	Limit   int                 `json:"limit,omitempty"`   // at most so many, the newest; 0: 200
	Header  map[string][]string `json:"headers,omitempty"` // put into each request: credentials were not stored
	Actor   Actor               `json:"-"`
}

// Replayed is what became of one request that was sent again.
type Replayed struct {
	ID     string `json:"id"`              // of the divergence or exchange
	Group  string `json:"group,omitempty"` // it was in, if it diverged
	Method string `json:"method"`
	Path   string `json:"path"`
	// Outcome is fixed (it differed and doesn't), remains (it differs as it did), new (it differs, and
	// didn't so), same (it matched, or was only recorded, and matches), skipped or failed (why says
	// why).
	Outcome     string              `json:"outcome"`
	Why         string              `json:"why,omitempty"`
	Differences []shadow.Difference `json:"differences,omitempty"` // those that count
}

// ReplaySummary is how many requests came out how.
type ReplaySummary struct {
	Of      int `json:"of"` // requests there are
	Done    int `json:"done"`
	Fixed   int `json:"fixed"`
	Remains int `json:"remains"`
	New     int `json:"new"`
	Same    int `json:"same"`
	Skipped int `json:"skipped"`
	Failed  int `json:"failed"`
}

// ReplayStep is what is told of a replay as it goes on: one request, and how many there were until
// then. The first step has no request.
type ReplayStep struct {
	ReplaySummary
	Replayed *Replayed `json:"replayed,omitempty"`
}

// RouteEvidence is what is known of a route's comparisons.
type RouteEvidence struct {
	Route string `json:"route"`
	// Compared, Diverged and Expected are on record, since the ledger was made. Expected are the
	// divergences of groups that are expected at present.
	Compared int64 `json:"compared"`
	Diverged int64 `json:"diverged"`
	Expected int64 `json:"expected"`
	shadow.Evidence
}

// GroupCause is one generalised place and kind that a group's divergences share.
type GroupCause struct {
	Pointer string      `json:"pointer"`
	Kind    shadow.Kind `json:"kind"`
}
