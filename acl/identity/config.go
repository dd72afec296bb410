package identity

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Defaults of a Config and what is in it.
const (
	DefaultCache    = 30 * time.Second
	DefaultNegative = 5 * time.Second
	DefaultSessions = 10_000
	DefaultTimeout  = 2 * time.Second // of a lookup, and of a login
	DefaultLookups  = 64              // at a time
	DefaultExpires  = time.Minute
	DefaultLeeway   = 30 * time.Second
	DefaultRotate   = 30 * 24 * time.Hour
)

// Bounds that nobody may change.
const (
	MaxAnswer = 64 << 10 // of a lookup's body, in bytes
	MaxCookie = 4 << 10  // of a session cookie's value: browsers have none that is longer (RFC 6265bis section 5.6)
	MaxToken  = 8 << 10  // of a token, in bytes: servers don't take longer headers
	MinRotate = 10 * time.Minute

	MaxExpires = 24 * time.Hour  // of a token
	MaxLeeway  = 5 * time.Minute // by which clocks may differ

	failedFor = time.Second // how long a lookup that failed isn't repeated
	// unknownSessions is how many sessions are remembered that nobody is logged in with. They hold an answer each.
	unknownSessions = 1000
)

// Config says how sessions of the legacy application become identities. Cookie and Legacy are needed,
// and a Lookup, a Login, or both.
type Config struct {
	Name   string            // of these sessions, for errors; empty: the cookie's name
	Cookie string            // the name of legacy's session cookie
	Legacy http.RoundTripper // to legacy
	Base   *url.URL          // legacy's: http://127.0.0.1:8000, or with a path before all others
	// Host is the Host that legacy is asked with: empty or "preserve" is the client's (X-Forwarded-Host
	// before Host), "upstream" is Base's, anything else is it.
	Host string

	Lookup   Lookup
	Cache    time.Duration // how long who is logged in is remembered; 0: DefaultCache, below 0: not at all
	Negative time.Duration // how long it is that nobody is; 0: DefaultNegative, below 0: not at all
	Sessions int           // how many are remembered; 0: DefaultSessions
	// Required says that a visitor who isn't logged in is given legacy's answer to the lookup (its
	// redirect to the login page, its 401) instead of the service's; but for CORS preflights, which have no
	// cookies.
	Required bool
	Issue    *JWT  // nil: the service is given no token
	CSRF     *CSRF // nil: none is brought over

	Login *Login // the account that services share; nil: each call needs a visitor's token

	// Repeatable reports whether a request that a service sends may be sent to legacy twice; nil: those that
	// are idempotent (RFC 9110 section 9.2.2) may. By then the method is legacy's, which may have a POST for what
	// only reads, so whoever translates knows better.
	Repeatable func(*http.Request) bool
	// Passive reports whether a request may only use what is known already, as a shadow's copy; nil: none.
	Passive func(*http.Request) bool
	Logger  *slog.Logger // for what no request is told: keys that can't be kept; nil: slog.Default()
}

// Lookup is the request that asks legacy who a session's visitor is.
type Lookup struct {
	URL     string        // below Base: /whoami
	Method  string        // empty: GET
	Timeout time.Duration // 0: DefaultTimeout
	// Headers are those of the client's request that go along, as legacy may bind a session to them; with
	// Cookie among them, all cookies do, else only the session's. nil: DefaultHeaders.
	Headers []string
	// Anonymous are the statuses that say that nobody is logged in; nil: 401, 403, 302, 303.
	Anonymous []int
	// AtATime is how many are on their way, of all sessions together; 0: DefaultLookups. 16 times as many wait
	// within their time-outs, and further ones fail at once.
	AtATime int
}

// DefaultHeaders returns the headers that go along with a lookup.
func DefaultHeaders() []string {
	return []string{"User-Agent", "Accept-Language", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
		"X-Forwarded-Port", "Forwarded", "X-Real-Ip", "X-Request-Id", "Traceparent", "Tracestate"}
}

// JWT says what token a service is given.
type JWT struct {
	Issuer    string
	Audience  []string
	Expires   time.Duration // whole seconds; 0: DefaultExpires. A token is used while half of it is left
	Leeway    time.Duration // by how much clocks may differ where Reverse takes one back; 0: DefaultLeeway
	Algorithm Algorithm     // empty: EdDSA, or what the key in Key is for
	// Header carries the token, after "Bearer " where it is Authorization, which it is where this is empty.
	// What clients send under that name is taken off.
	Header string
	// Key is a PEM file with private keys: the first signs, and all are published, so that a key can be
	// published before it signs and after. Rotation is up to whoever writes it.
	Key string
	// Store is where keys are kept that are made here, where there is no Key. It may be shared by
	// several processes.
	Store  string
	Rotate time.Duration // how long each of those signs; 0: DefaultRotate, at least MinRotate
	// Claims are the token's, by name; sub is needed. The names that the bridge fills itself are
	// not free: iss, aud, exp, iat, nbf, jti, sid.
	Claims map[string]Claim
	// Session puts the session cookie into the token, encrypted (claim sid), so that Reverse can go back
	// from it.
	Session bool
}

// Claim says where a claim comes from: one of From and Const.
type Claim struct {
	// From is a place in the lookup's answer: a pointer into its JSON (RFC 6901; empty is no pointer here),
	// or header:NAME.
	From     string
	Const    string
	Optional bool // left out where it is missing; otherwise that is an error
}

// CSRF says how a token against forged requests is brought over. Names are those of headers.
type CSRF struct {
	From string // in the lookup's answer, as Claim.From
	// Service is the header that tells the service which token it has to find in what the client sends. It
	// is on every request of a visitor who is logged in, so it must not be where clients send theirs, or
	// forged requests would bear the right one.
	Service string
	// Answer gives the token to the client: the name of a header, or cookie:NAME, which scripts
	// may read.
	Answer string
}

// Login is an account that services share. The bridge logs it in when it is needed, and again
// where legacy says that it isn't.
type Login struct {
	URL     string            // below Base: /login
	Method  string            // empty: POST
	Form    map[string]string // sent as application/x-www-form-urlencoded
	Timeout time.Duration     // 0: DefaultTimeout
	// Page is where legacy redirects who isn't logged in: a path and, where front controllers need it, the
	// parameters that tell (/index.php?page=login; others may be beside them). Empty: URL.
	Page string
	// Sessions is how many are logged in, which take turns, as legacy answers one request of a session after
	// the other; 0: 1. Not every application lets one account have several.
	Sessions int
}
