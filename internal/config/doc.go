// Package config reads strangler.yaml: definitions for the proxy, the shadow and the admin side
// come out, or every problem there is, each with its file, line and column and with what to do
// about it.
//
//   - config.go      what a configuration is
//   - load.go        files in, a Config out: the main file and those that it includes
//   - source.go      one file: bytes to a tree of YAML nodes, and what may go wrong on the way
//   - expand.go      ${NAME} from the environment
//   - value.go       a node that knows its place: objects, lists, texts
//   - units.go       numbers, durations, sizes, percentages
//   - settings.go    the sections beside the routes
//   - upstream.go    a side: its endpoints, connections, health
//   - client_tls.go  by which certificates it is known, and the proxy to it
//   - policy.go      time-outs, retry, breaker, bulkhead: of a service, and a route's own
//   - listener.go    what clients may send, TLS, and who issues certificates
//   - address.go     listeners, URLs, hosts
//   - route.go       a route
//   - rollout.go     how it walks by itself, as one place says
//   - rollout_unit.go  and as all that its unit and defaults say
//   - rollout_text.go  and that in words
//   - rules.go       how its answers are compared
//   - translators.go what corresponds between legacy and services: a translator and its formats
//   - translators_field.go, translators_when.go, literal.go  a field of it
//   - translators_compile.go  names looked up, all compiled, problems put where they stand
//   - slips.go       what is wrong with a part, so that what follows from it isn't told as well
//   - translate.go   what a route translates
//   - translate_compile.go  compiled without the parts with which something is wrong, so that all is told at once
//   - facade.go      what services call legacy through
//   - session.go     who is logged in, as services are told
//   - ids.go         tables of identifiers
//   - interpreter.go all of these, compiled for use
//   - translate_text.go  and what is kept and shown of them
//   - check.go       what holds between the parts: names, units, ties, listeners
//   - advice.go      what is allowed and yet likely a mistake: warnings
//   - definition.go  what is kept of a route, and how two sets of definitions differ
//   - template.go    the file that a newcomer begins with
//   - schema.go      what editors know of it; schema_test.go holds it to the readers
package config
