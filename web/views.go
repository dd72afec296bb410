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
}

// Undo asks for one step back in the journal.
type Undo struct {
	Route     string
	Reason    string
	Actor     Actor
	IfVersion int64 // the version that the caller has seen; 0: any
	Force     bool
}

// Rollback asks for the routes of exactly one of Route, Unit, Service or All to go back.
type Rollback struct {
	Route   string          `json:"route,omitempty"`
	Unit    string          `json:"unit,omitempty"`
	Service string          `json:"service,omitempty"`
	All     bool            `json:"all,omitempty"`
	To      strangler.Phase `json:"to"` // legacy or shadow
	Reason  string          `json:"reason,omitempty"`
	Force   bool            `json:"force,omitempty"`
	Actor   Actor           `json:"-"`
}

// RollbackResult says what a rollback did.
type RollbackResult struct {
	Moved   []Route   `json:"moved"`
	Skipped []Skipped `json:"skipped"`
	// LegacyGains is the load that legacy takes over, in requests per second as measured over
	// the last minute.
	LegacyGains float64 `json:"legacy_gains_per_second"`
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
	Kind     string              `json:"kind"`             // seen, changed, moved, ruled, removed
	How      string              `json:"how,omitempty"`    // of moved: shift, undo, rollback
	Undoes   int64               `json:"undoes,omitempty"` // the change that an undo takes back
	Route    string              `json:"route"`
	Unit     string              `json:"unit,omitempty"`
	Version  int64               `json:"version"`
	Before   *strangler.Position `json:"before,omitempty"`
	After    *strangler.Position `json:"after,omitempty"`
	Actor    string              `json:"actor"`
	Verified bool                `json:"verified"` // the actor is a token's name
	Reason   string              `json:"reason"`
	Rules    []Rule              `json:"rules,omitempty"` // of ruled: all that the journal gives the route from then on
}

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
	Examples  []string     `json:"examples"`       // ids of divergences whose bodies are kept
}

// Suggestion is a rule that the examples suggest.
type Suggestion struct {
	Kind    string `json:"kind"` // unordered, keyed
	Pointer string `json:"pointer"`
	Value   string `json:"value,omitempty"` // of keyed the member
}

// GroupDay is how many divergences of a group there were on a day.
type GroupDay struct {
	Day   time.Time `json:"day"` // its begin, UTC
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

// Stats are the figures since the proxy started.
type Stats struct {
	Started time.Time    `json:"started"`
	At      time.Time    `json:"at"`
	Routes  []RouteStats `json:"routes"` // the one without name is the catch-all
	Shadow  ShadowStats  `json:"shadow"`
	Ledger  LedgerStats  `json:"ledger"`
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
}

// ShadowStats say how the shadow keeps up.
type ShadowStats struct {
	Queue    int `json:"queue"`
	QueueCap int `json:"queue_cap"`
	Workers  int `json:"workers"`
}

// LedgerStats say how the ledger keeps up.
type LedgerStats struct {
	Bytes    int64  `json:"bytes"` // db, wal and shm
	MaxBytes int64  `json:"max_bytes"`
	Written  int64  `json:"written"`
	Pending  int64  `json:"pending"`
	Dropped  int64  `json:"dropped"`         // comparisons counted but not recorded
	Error    string `json:"error,omitempty"` // the last write's, while it lasts
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
	// Definitions are the routes as the file defines them, by name, and what else a reload can
	// change, by its pointer in the file; secrets are left out.
	Definitions map[string]json.RawMessage `json:"definitions"`
}

// Event tells those who watch that something changed.
type Event struct {
	Type string `json:"type"` // route, stats, groups, config
	Data any    `json:"data"`
}
