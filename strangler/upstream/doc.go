// Package upstream carries requests to the endpoints of one side: station 9 of a request's
// path.
//
// A [Transport] is a http.RoundTripper to the endpoints of one [Config]. A [Guard] is a way to
// the same endpoints, over the same connections, under another [Policy]: a route's own
// ([Transport.With]). Guards also go around any other http.RoundTripper, with all layers
// ([NewGuard]) or one of them ([NewBulkhead], [NewBreaker], [NewTimeouts], [NewRetry]).
//
// # The path of a call
//
// Each layer is a http.RoundTripper around the next, in the file of its name, and is there only
// where the policy has it.
//
//	bulkhead   at most so many in flight, each until its answer's end; a short queue; the limit
//	           may follow latency (adaptive.go)
//	breaker    lets nothing through for a while where too much fails
//	timeouts   to the first byte, for the whole call, between two bytes of the answer
//	retry      sends again what may be sent again, within a budget (budget.go), to an endpoint
//	           that has not failed the request before where there is one in the turn
//	dispatch   chooses an endpoint (balance.go), and the next where one takes no connection
//	endpoint   counts, and notes how it went (health.go); its own connections
//
// Around these stand, on goroutines that [Transport.Close] ends and waits for: discover.go, which
// looks for endpoints, and check.go, which asks them how they are. [Transport.Ask] asks them whatever
// else somebody wants to know of each. An endpoint's connections are
// http1.go's, or net/http's where that can't (TLS, HTTP/2) or isn't wanted: standard.go.
//
// # What layers know of a call
//
// An answer is over when its body is. The bodies are wrapped once a call, whichever layers want
// to know of their end: body.go has that for answers, sending.go for requests. What went wrong is
// an *[Error] with its kind and what the client is told; errors.go says what is the upstream's
// fault at all. A client that went away, a body that it didn't send to its end, and a request
// that can't be sent count for nothing: neither the breaker nor an endpoint's health may be
// moved by a client.
//
// # Endpoints
//
// A URL with an IP address is an endpoint for good. A name's endpoints are its IPv4 addresses, or
// where there are none its IPv6 ones, looked up anew every Config.Resolve; a name with one of
// each is one endpoint, and both are tried when connecting (RFC 8305). srv+http and the like have
// the targets and ports of the SRV records of the lowest priority value, by their weight. Until
// a name was looked up the first time the dialer does it; where there is nothing to dial,
// requests wait for the lookup, as long as a connection may take. Where a lookup fails, what was
// found before stays, also of one SRV record's target among others. TLS and the Host header, where
// a request has none, go by the name.
//
// An endpoint that is gone gets no new requests. Its unused connections are closed (net/http's
// within Config.IdleTimeout), and what is under way ends as it would.
//
// An endpoint that refuses a connection, or that fails [Health].EjectAfter times in a row, is put
// out for Health.EjectFor. When it comes back its first failure puts it out for twice as long, to
// ten times that at most. Where all are out, all are used. What this machine lacks (ports,
// descriptors) is held against nobody.
package upstream
