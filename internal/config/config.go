package config

import (
	"net/netip"
	"net/url"
	"time"

	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// Config is a configuration that holds: defaults are filled in, names refer to what exists,
// patterns compile. It is not changed after Load.
type Config struct {
	File           string // empty: none, see Default
	Listen         string
	TLS            *TLS // nil: plain HTTP
	Limits         Limits
	ProxyProtocol  bool // trusted proxies, and only they, send the PROXY protocol
	Forwarded      bool // upstreams get Forwarded (RFC 7239) too
	TrustedProxies []netip.Prefix
	Data           string // the data folder
	Admin          Admin
	Ops            string // listen address; empty: no such listener
	Shutdown       Shutdown
	DebugHeader    bool
	Trace          bool     // TRACE is passed on
	Legacy         Upstream // without URLs where NoLegacy is set
	NoLegacy       bool     `json:",omitzero"` // legacy: none
	Services       map[string]Upstream
	ServiceNames   []string // in the files' order
	Shadow         Shadow
	Ledger         Ledger
	Rollout        Rollout
	Routes         []Route // in the files' order

	Translators     map[string]*Translator `json:",omitempty"`
	TranslatorNames []string               `json:",omitempty"` // in the files' order
	IDs             map[string]ids.Config  `json:",omitempty"` // tables of identifiers
	Sessions        map[string]Session     `json:"-"`
	SessionNames    []string               `json:",omitempty"` // in the files' order
	Facades         []Facade               `json:",omitempty"` // in the files' order

	// RetireAfter is how long legacy must not have been called for a route before it retires, where
	// the route doesn't say otherwise.
	RetireAfter time.Duration

	// Files are all that was read, for whoever watches: the files, and the folders that include
	// looks into, whose times change when a file comes or goes.
	Files    []string
	Warnings []Problem

	noLegacy  Problem            // where legacy: none is written, without a message
	addresses map[string]Problem // where listen, admin.listen and ops.listen are written, without a message
	written   written            // where values stand
}

// AddressProblem returns a Problem with one of the addresses that are listened on ("listen",
// "admin.listen", "ops.listen"), at its place in the file where it has one.
func (c *Config) AddressProblem(setting, message string) Problem {
	p, written := c.addresses[setting]
	if !written {
		p = Problem{Path: setting}
	}
	p.Message = message
	return p
}

// Admin is the listener of the API and the dashboard.
type Admin struct {
	Listen string
	Hosts  []string // accepted Host names besides the address itself, in lower case
	Tokens []Token  // none: only on loopback
}

// Token lets its bearer in.
type Token struct {
	Name  string // who acts, in the journal
	Role  string // view, evidence or operate
	Token string // the secret
}

// Shutdown says how the proxy ends.
type Shutdown struct {
	DrainDelay time.Duration // how long /readyz fails before the listener closes
	Grace      time.Duration // how long requests in flight may take after that
}

// Shadow bounds the shadowing of all routes together.
type Shadow struct {
	MaxBody int64          // bytes of a body that are held
	Redact  []string       // header:NAME, query:NAME, pattern:REGEXP and pointers that never reach the disk
	Scrub   []string       // what never does wherever it stands; nil: all that is known
	Capture shadow.Capture // of routes that don't say otherwise
	Workers int
	Queue   int
}

// Ledger bounds the store of comparisons.
type Ledger struct {
	MaxSize  int64 // bytes
	MaxAge   time.Duration
	Examples int // bodies kept for each group
}

// Route is a route's definition, and what the other rooms do with its requests.
type Route struct {
	strangler.Route
	Sample      float64 // the share of its requests that is shadowed, 0 to 1
	SecondCall  bool    // legacy may be asked again with the client's session
	LegacyExtra LegacyExtra
	Control     float64        // the share of shadowed requests for which legacy is asked twice, 0 to 1
	Recheck     time.Duration  // after which both sides are asked again about a difference; 0: they aren't
	InOrder     bool           // copies of a cohort key's requests go one after another
	KeepMatches int            // exchanges that are kept though nothing in them differs
	Capture     shadow.Capture // how much is kept of its exchanges
	Rules       compare.Rules
	Translate   *Translation     // nil: it isn't translated
	RetireAfter time.Duration    // how long legacy must not have been called before it retires; 0: that isn't asked
	Policy      *upstream.Policy // towards the service, where it is not the service's own; nil: it is
	Rollout     *rollout.Plan    // how it is to walk by itself; nil: it isn't
	Pos         Position

	said           said // what it says of its policy
	ownWindow      bool // its plan's window isn't that of all rollouts
	ownRetireAfter bool // it says its own
}

// LegacyExtra bounds how much more legacy is asked than clients ask it. Zero values are the
// shadow's defaults.
type LegacyExtra struct {
	Share     float64 `json:"share,omitempty"`      // of the route's own requests, 0 to 1
	PerSecond float64 `json:"per_second,omitempty"` // requests
}

// What is done about noise and lag where a route says nothing.
const (
	defaultControl = 0.10
	defaultRecheck = 500 * time.Millisecond
)

// Default returns the configuration of a proxy in front of legacy that has no file: everything
// goes there.
func Default(legacy *url.URL) *Config {
	c := defaults()
	c.Legacy.URLs = []*url.URL{legacy}
	return c
}

// defaults returns what holds where a file says nothing.
func defaults() *Config {
	return &Config{
		Listen:      ":8080",
		Limits:      defaultLimits(),
		Data:        "strangler.data",
		Admin:       Admin{Listen: "127.0.0.1:9900"},
		Shutdown:    Shutdown{Grace: 30 * time.Second},
		Legacy:      newUpstream(upstream.Policy{}),
		Services:    map[string]Upstream{},
		Shadow:      Shadow{MaxBody: 1 << 20, Workers: 16, Queue: 1024, Capture: shadow.CaptureFull},
		RetireAfter: DefaultRetireAfter,
		Ledger:      Ledger{MaxSize: 2 << 30, MaxAge: 30 * 24 * time.Hour, Examples: 20},
		Rollout:     Rollout{Policy: rollout.Policy{Alpha: rollout.DefaultAlpha, RunLength: rollout.DefaultRunLength}},
	}
}
