package strangler

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Config is everything a routing table is made of. Legacy.URL is required unless NoLegacy is set; the
// rest has useful zero values.
type Config struct {
	Legacy Upstream
	// NoLegacy says that there is no legacy application any more: Legacy is ignored, every route has to
	// be retired, and what no route holds is answered 404, or 405 where
	// one holds it with another method.
	NoLegacy  bool
	Services  map[string]Upstream
	Routes    []Route
	Positions map[string]Position // where each route stands; a route without one stands where it starts

	// Shadow, if not nil, is asked for the middleware around a route's chain (station 6), once
	// for each route and side that its position lets be shadowed, when a table is made.
	Shadow func(ShadowPoint) func(http.Handler) http.Handler
	// Verbatim says that what Shadow returns hands requests to the chain with the header that they came with, nothing
	// added, taken off or changed. Then a copy is sent with the very head that its request was sent with,
	// where both sides are sent the same, which costs less.
	Verbatim bool
	// Translate, if not nil, is asked for what stands around a route's service (station 8): a
	// transport that takes the request as the client sent it and answers as legacy would. Nil
	// for a route without translation.
	//
	// An error of it that has a method Unsent() bool which returns true says that the request was not
	// sent: where legacy may stand in for the service it then does so whatever the request's method.
	Translate func(Route) func(http.RoundTripper) http.RoundTripper
	// Buffer, if not nil, is asked for how many bytes of a request's body a route's translation reads at
	// most before it sends anything: as many are kept until then for legacy. Nil, or less: 64 KiB.
	Buffer func(Route) int64

	// Unanswered, if not nil, is asked for how a route's clients are told that no side answers, a panic
	// included, in a form that they know: of a status, and of the problem document (RFC 9457) that says why,
	// it makes an answer. Nil for an answer: by that document; for a route: by a text, or by that document
	// where it is a translation that failed. What is refused before its route is known, such as a head that
	// can be read in two ways, is always answered by a text.
	Unanswered func(Route) func(client *http.Request, status int, problem []byte) *http.Response

	// Upstream, if not nil, is asked for what carries a route's requests to its service in place of
	// the service's Transport, such as one with time-outs of the route's own; nil: nothing does.
	Upstream func(Route) http.RoundTripper

	TrustedProxies []netip.Prefix // peers whose forwarding headers count
	Forwarded      bool           // upstreams get Forwarded (RFC 7239) beside X-Forwarded-*
	DebugHeader    bool           // answers carry X-Strangler
	AllowTrace     bool           // TRACE is passed on, else 405
	Limits         Limits         // of what clients send
	Logger         *slog.Logger   // nil: slog.Default()
	// Observe returns what is told of each request of a route when its answer is done, by the goroutine that
	// served it: of many at once. It is asked once for every route of a table, which may still be refused, and
	// with "" for what no route has. nil, and what returns nil: nobody is told.
	Observe func(route string) func(Observation)
}

// Upstream is one side as something to send requests to.
type Upstream struct {
	URL  *url.URL // its path, if any, is put before the request's
	Host string   // the Host header: "preserve" (also ""), "upstream", or a literal name

	// Transport carries clients' requests; nil is one that asks for no compression, uses no
	// proxy and waits 5 s for a connection, but as long as it takes for an answer. Package
	// upstream makes others, which have requests and answers used again for others: what stands
	// around one and says that it informs keeps nothing of either once the answer was read to its
	// end and closed, but what its header has. It may choose another host than URL's.
	Transport http.RoundTripper
	// Copies carries shadow copies, so that they share no connections and no limits with
	// clients' requests; nil is like Transport's nil, one of its own. What is said of Transport
	// holds for it, but that of an answer's header nothing but strings may be kept.
	Copies http.RoundTripper
	// ByKey says that Transport wants Decision.Key, to choose an endpoint by it. It costs a look
	// at the cohort's sources where no canary does that anyway.
	ByKey bool
}

// ShadowPoint is where a shadow may stand: around the chain of one route and side.
type ShadowPoint struct {
	Route    Route
	Position Position
	Serves   Side // the side that the wrapped chain answers from
	// Other sends a copy to the other side. It takes the request as the client sent it (Host,
	// RemoteAddr, TLS included), does stations 7 to 9 for that side, through its Copies
	// transport, and answers in the form that a client would see. It never falls back. It may be a
	// shadow.Lender.
	// Nil in phase legacy, where there is nothing to compare but something to record.
	Other http.RoundTripper
	// Self sends a copy to the side that serves, in the same way.
	Self http.RoundTripper
	// Key returns a request's cohort key: what the route's requests of one client have in common;
	// empty: nothing.
	Key func(*http.Request) string
	// Sandbox sends a copy to the route's sandbox in the same way; nil where it names none.
	Sandbox http.RoundTripper
}

// Observation is what station 12 says of one request when its answer is done.
type Observation struct {
	Request  *http.Request // read only, and only during the call
	Decision Decision
	Status   int           // as sent to the client; 0: nothing was
	Bytes    int64         // of the answer's body
	Duration time.Duration // until the answer's end
	Header   time.Duration // until the answer's head; 0: none came
	Aborted  bool          // the answer was cut short
}
