// Package daemon is the only assembler: a configuration in, a running system out. It plugs the
// routing proxy, the shadow, the translators, the journal, the ledger and the admin listener
// together; each of these knows nothing of the others.
//
//   - daemon.go    what there is, and in which order it starts and stops
//   - compile.go   a configuration and positions in, a routing table out
//   - upstreams.go connections to both sides and what stands around them, which outlive a reload
//   - services.go  how both sides' upstreams do
//   - shadowing.go where the shadow meets the proxy and the ledger
//   - changes.go   shift, undo, rollback: check, compile, commit, swap, acknowledge
//   - reload.go    another configuration, put in force
//   - removed.go   what a configuration may not leave out
//   - watch.go     when a configuration file changes
//   - traffic.go   what clients' requests did, per route and side
//   - metrics.go   the same and more for Prometheus
//   - events.go    who watches, and what they are told
//   - stats.go, evidence.go, explain.go, views.go   the running system in the shapes of the admin API
//   - listen.go    the three listeners
//   - certificates.go   what clients are shown over TLS
package daemon
