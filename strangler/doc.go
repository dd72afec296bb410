// Package strangler is the routing proxy of a strangler-fig migration: it fronts a legacy
// application and shifts its endpoints, one route at a time, to new services.
//
// # The path of a request
//
// Each station is a file of its name, unless another is given.
//
//	 1 listener   time-outs and limits of what clients send (limits.go), and what of it is refused
//	              because it could be read in two ways (strict.go); no time-out on answers (streams);
//	              frugal.go has net/http's server do the same for less, and plain.go answers without
//	              it what can be read at a glance
//	 2 identity   request id and trace context in; a panic becomes a 500
//	 3 proxy      one atomic load pins the routing Table for this request: table.go
//	 4 match      the most specific route that holds; else the legacy catch-all
//	 5 split      phase, override, cohort bucket: a Decision, which side and why
//	 6 shadow     the middleware of Config.Shadow, where the route's position has one: compile.go; its copies
//	              go by copier.go, with the very head of their request where that may be (head.go)
//	 7 rewrite    hop-by-hop headers out, forwarding headers right, path and query as they came
//	 8 translate  the transport of Config.Translate, only towards a service: compile.go
//	 9 forward    the upstream's transport; what it may do besides is package upstream's
//	10 fallback   the service failed before its first byte, the request may be repeated or was never sent: legacy
//	11 answer     streamed, flushed as it comes, trailers; 1xx before it (inform.go), upgrades
//	              (upgrade.go), how gRPC is told of one that breaks off (grpc.go)
//	12 observe    what happened, to the log and to what Config.Observe returned
//
// Stations 6 to 11 are one chain of handlers for each route and side. Chains are made when a
// table is (compile.go), so that choosing a side is choosing a chain, and a table that can't be
// made never replaces one that serves. The Decision travels as one pointer in the request's
// context, and the fallback completes it.
//
// # What a route is, and where it stands
//
// A Route (route.go) is a definition: which requests, which service, what may be done with
// them. Its Position (position.go, phase.go) is where it stands between legacy and retired. A
// [Table] is both, checked (validate.go, tie.go) and compiled; it never changes, and
// [Table.With] makes the next one.
//
// # Matching
//
// A path is matched as the client sent it: split at each literal slash, each segment decoded
// once, nothing cleaned. Two slashes have an empty segment between them, %2F is a slash within
// a segment, and a path with a dot segment ("..", also as %2e%2e) only ever reaches the
// catch-all, since upstreams disagree about what it means.
//
//	/orders/new           literally these segments, written as in a URL
//	/orders/{id}          one segment, not empty
//	/orders/{id:[0-9]+}   one segment, not empty, that the regexp (RE2) matches whole
//	/orders/*             the rest: /orders/ and all below it, but not /orders
//
// Methods match exactly as listed: HEAD isn't implied by GET. Hosts match without regard to
// case, port and a final dot; *.example.com is any subdomain, however deep, but not example.com.
// A header or query predicate holds if any of the values does, should the name be repeated; "*"
// is any value. In a query only & separates, and an escape that is none stands for itself.
//
// Where several routes hold, the first difference decides: segment by segment from the left
// (literal, regexp, parameter, rest); then the host (exact, wildcard with the longer domain
// first, none); then the methods (listed, none); then the number of header and query
// predicates. If the most specific route's host, methods or predicates don't hold, the next
// less specific one is tried. Two routes that could hold together without one being more
// specific are a configuration error, see [Ties]. predicate.go has what holds, match.go how the
// most specific is found without trying all.
//
// # The split
//
// Before canary legacy serves, after it the service. In canary the cohort key, from the first
// of the route's sources that is present (cohort.go), else the client's address (address.go),
// is hashed together with the unit's or route's name into one of 10,000 buckets, and the
// service serves the buckets below the weight. So the same key always gets the same side at a
// given weight; raising the weight moves nobody from service to legacy, lowering it nobody from
// legacy to service; and the routes of one unit split alike. Nothing is stored. A request that
// knows the route's secret may choose its side itself (override.go).
//
// [Table.Explain] tells all of this about one request without sending it.
package strangler
