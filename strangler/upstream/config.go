package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"time"
)

// DefaultFirstByteTimeout is how long a service usually has until the head of its answer; the
// legacy application has as long as it takes.
const DefaultFirstByteTimeout = 30 * time.Second

// Config says where requests go and over which connections. URLs is required; the rest has
// useful zero values.
type Config struct {
	// URLs are the endpoints. They differ in their hosts only. Their scheme is http, https, or
	// h2c for HTTP/2 without TLS; or srv+http (also written srv), srv+https, srv+h2c for hosts
	// and ports that the SRV records of that name say, as in srv://_http._tcp.orders.internal.
	URLs []*url.URL
	// Discover finds the endpoints in place of DNS; nil: names are looked up.
	Discover Discoverer
	// Resolve is how often names are looked up anew; 0: 10 s. Go's resolver shows no TTL.
	Resolve  time.Duration
	Resolver *net.Resolver // looks names up; nil: net.DefaultResolver

	Balance   Balance
	SlowStart time.Duration // an endpoint that is new or came back gets its full share only after this; 0: at once
	Health    Health

	Standard    bool          // net/http's transport carries HTTP/1.1 as well
	DialTimeout time.Duration // for a connection, and then for its TLS handshake; 0: 5 s
	// IdleTimeout is how long an unused connection is kept at most, less where the endpoint says so
	// (Keep-Alive: timeout=, of which three quarters are taken). 0: 3 s, or what the endpoint says,
	// up to 90 s. net/http's transport doesn't heed what an endpoint says.
	IdleTimeout    time.Duration
	MaxIdlePerHost int         // connections that are kept for later; 0: 256
	MaxPerHost     int         // connections in all, above which requests wait; 0: no limit
	TLS            *tls.Config // for https; nil: Go's defaults

	Policy Policy // of requests that have none of their own, see Transport.With
}

// Balance says how requests are spread over endpoints.
type Balance uint8

// The ways to balance. BalanceHash sends what has the same cohort key to the same endpoint, as
// long as that is there (rendezvous hashing), and what has none in turns.
const (
	BalanceRoundRobin    Balance = iota // in turns
	BalanceLeastRequests                // of two at random the one with fewer in flight (Mitzenmacher 2001)
	BalanceHash
)

// Health says when an endpoint is out of the turn. Where all are out, all are used: an endpoint
// that may fail is better than none. The zero value ejects after five failures in a row and
// asks nothing.
type Health struct {
	EjectAfter int           // failures in a row (no connection, broken, time-out, 502 to 504); 0: 5; below 0: never
	EjectFor   time.Duration // the first time; doubled each further time, to ten times that at most; 0: 1 s

	// Path is asked for on each endpoint every Interval; empty: nothing is. Status names the
	// answers that are healthy, of those from 100 to 599: "200", "2xx", "200-399"; empty: 2xx and
	// 3xx. It takes Fall bad answers to put an endpoint out and Rise good ones to bring it back.
	Path              string
	Host              string        // the Host header; empty: the endpoint's
	Status            string        // empty: 200-399
	Interval, Timeout time.Duration // 0: 5 s and 2 s
	Rise, Fall        int           // 0: 2 and 3
}

// Policy is what stands around the endpoints, from outside in: bulkhead, breaker, time-outs,
// retry. The zero value has none of them.
type Policy struct {
	Bulkhead Bulkhead
	Breaker  Breaker
	Timeouts Timeouts
	Retry    Retry
}

// Bulkhead bounds what is in flight, so that one slow side can't take the others' capacity.
type Bulkhead struct {
	InFlight int           // requests, each until its answer's end; 0: no limit
	Wait     time.Duration // how long a request may wait for room; 0: not at all
	Queue    int           // how many may wait; 0: as many as InFlight
	Adaptive bool          // InFlight is the upper bound of a limit that follows latency
	Own      bool          // not shared with one that has the same settings but for this, see Transport.With
}

// Breaker lets nothing through for a while where too much fails: no answer in time, none at
// all, or a status of 500 and above. A call counts when its answer ended, however long it took.
type Breaker struct {
	Failures float64       // the share, above 0 to 1, that opens it; 0: no breaker
	Requests int           // fewer than these within Window prove nothing; 0: 20
	Window   time.Duration // 0: 10 s
	Open     time.Duration // until it lets some through to see (half-open), and more while these are not answered; 0: 5 s
	Probes   int           // that many must succeed to close it; 0: 3
	Own      bool          // as a Bulkhead's
}

// Timeouts bound a call; 0: no bound. Each that runs out is counted by itself.
type Timeouts struct {
	FirstByte time.Duration // from the request's end to the head of its answer
	Request   time.Duration // the whole call, upgraded connections excepted
	Idle      time.Duration // without a byte of the answer's body
}

// Retry sends again what failed, where strangler's Decision says that the request may be
// repeated, and its body is at hand. Another attempt goes to another endpoint where one is in the
// turn.
type Retry struct {
	Attempts int           // in all, the first included; below 2: no retry
	Backoff  time.Duration // the mean before the second attempt, doubled each time, with full jitter; 0: 25 ms
	Budget   float64       // retries may be this share of the last 10 s' requests; 0: 0.2
}

// Discoverer knows which endpoints there are now. It is asked every Config.Resolve; on an error
// those that were found before stay.
type Discoverer interface {
	Discover(context.Context) ([]Endpoint, error)
}

// Endpoint is one address of a side.
type Endpoint struct {
	Addr       string // host:port to connect to
	ServerName string // for TLS; empty: Addr's host
	Host       string // the Host header of requests that name none; empty: ServerName and Addr's port
	Weight     int    // its share of requests beside the others; 0: 1
}
