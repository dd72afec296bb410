package upstream

import "time"

// State is what there is to know about a transport at one moment, for people and metrics.
type State struct {
	Endpoints []EndpointState
	Lookup    string      // why names could not be looked up the last time; empty: they could
	Policy    PolicyState // of requests that have no policy of their own
}

// EndpointState is how one endpoint does. The counts began when it was found.
type EndpointState struct {
	Addr    string    // host:port
	Healthy bool      // whether it is in the turn
	Why     string    // why not: "5 failures in a row", "check: status 503"; empty: it is
	Since   time.Time // when it went out or came back; where it never did, when it was found

	InFlight  int64 // requests whose answers have not ended
	Requests  int64 // health checks not among them
	Failures  int64 // no connection, broken, time-outs, and status 502 to 504
	Full      int64 // those that got none of as many connections as there may be
	Ejections int64 // how often it was put out
	Idle      int   // connections that are kept and not in use
}

// PolicyState is how one policy's layers do. The counts began with the process.
type PolicyState struct {
	Breaker      string    // "closed", "open", "half-open"; empty: there is none
	BreakerUntil time.Time // when an open breaker lets some through
	Opened       int64     // how often the breaker opened

	InFlight int64 // requests in the bulkhead, each until its answer's end; 0 without one
	Waiting  int64 // for room in it
	Limit    int64 // of the bulkhead, as it is at present where it follows latency; 0: none
	Full     int64 // requests that it turned away

	Timeouts TimeoutCounts

	Retries       int64 // requests that were sent again
	RetriesDenied int64 // those that would have been, but for the budget
}

// TimeoutCounts are how many calls ran into each time-out.
type TimeoutCounts struct {
	Dial, FirstByte, Request, Idle int64
}
