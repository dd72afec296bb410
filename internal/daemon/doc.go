// Package daemon is the only assembler: a configuration in, a running system out. It plugs the
// routing proxy, the shadow, the translators, the journal, the ledger and the admin listener
// together; each of these knows nothing of the others.
//
//   - daemon.go    what there is, and in which order it starts and stops
//   - compile.go   a configuration and positions in, a routing table out
//   - upstreams.go connections to both sides and what stands around them, which outlive a reload
//   - interpret.go what a configuration translates, compiled; identifiers.go has its tables,
//     identifiers_api.go what people do with them, bridges.go its sessions
//   - translations.go  how translations went; translation_view.go what they do, in words
//   - facades.go   services call legacy; doors.go has the listeners of these and of public keys, which come and go
//   - legacyclients.go  the proxy's own calls to legacy, counted
//   - services.go  how both sides' upstreams do
//   - shadowing.go where the shadow meets the proxy and the ledger
//   - changes.go   shift, undo: check, compile, commit, swap, acknowledge
//   - rollback.go  rollback: check, compile, swap, and only then commit
//   - pending.go   rollbacks that are in effect while the journal doesn't have them
//   - settle.go, mark.go, honour.go   how they come into the journal, into the marker, and out of it at the next start
//   - marker.go    the marker's file
//   - reload.go    another configuration, put in force
//   - versions.go  which version of a service answers; versions_poll.go asks for it
//   - walk.go      routes with a rollout, looked at every second; walk_seen.go keeps what was seen of them, walk_step.go
//     is all that a decision depends on, walk_move.go moves, walk_ask.go asks webhooks before, walk_freeze.go
//     keeps all from going on, walk_steer.go is what people tell them, walk_view.go and walk_notify.go what they are told
//   - notice.go    what is told of a rollout; notify.go delivers it, notify_send.go carries it
//   - removed.go   what a configuration may not leave out
//   - watch.go     when a configuration file changes
//   - traffic.go   what clients' requests did, per route and side
//   - legacycalls.go   who legacy still answers; retire.go, retirereport.go, nolegacy.go   the end of routes
//   - metrics.go   the same and more for Prometheus
//   - events.go    who watches, and what they are told
//   - stats.go, evidence.go, explain.go, views.go   the running system in the shapes of the admin API
//   - listen.go    the three listeners
//   - certificates.go   what clients are shown over TLS
package daemon
