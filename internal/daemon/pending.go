package daemon

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/web"
)

// pending is a rollback that is in effect while the journal doesn't have it yet. What can change of
// it is guarded by pendings.mu.
type pending struct {
	rollback  rolledBack
	journaled chan struct{} // closed when the journal has it, or nothing of it is left
	refused   chan struct{} // closed when the journal refused it for the first time
	marked    chan struct{} // closed when it was first tried to put it into the marker

	journalProblem, markProblem string // empty: none that is known
	inMarker                    bool
}

// rolledBack is what a rollback did, in the form in which the marker remembers it.
type rolledBack struct {
	At       time.Time   `json:"at"`
	Actor    string      `json:"actor"`
	Verified bool        `json:"verified,omitempty"`
	Reason   string      `json:"reason,omitempty"`
	Moves    []movedBack `json:"moves"`
}

type movedBack struct {
	Route string          `json:"route"`
	To    strangler.Phase `json:"to"` // legacy or shadow
	// Version is the route's as the journal had it: if the journal has a later rollback of the
	// route, it has this one.
	Version int64 `json:"version"`
	// Steering is how the route is steered from then on; nil: as before.
	Steering json.RawMessage `json:"steering,omitempty"`
}

func newPending(r rolledBack) *pending {
	return &pending{rollback: r, journaled: make(chan struct{}), refused: make(chan struct{}), marked: make(chan struct{})}
}

// pendings are the rollbacks that are in effect while the journal doesn't have them, oldest first.
// They lie over the journal: where they say that a route stands, there it stands.
//
// Its lock is never held while anything waits for a disk, so that a rollback never does. Who
// commits to the journal holds Daemon.changing, and takes what became durable off the list before
// letting go; so what is on the list is always newer than what the journal has.
type pendings struct {
	mu   sync.Mutex // also held while a table is put in force
	list []*pending
	// underway is where a change that waits for the disk is about to put routes.
	underway map[string]strangler.Position
	trouble  string // with the marker; empty: none
}

// holds reports whether a rollback of a route is pending.
func (ps *pendings) holds(route string) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return slices.ContainsFunc(ps.list, func(p *pending) bool {
		return slices.ContainsFunc(p.rollback.Moves, func(m movedBack) bool { return m.Route == route })
	})
}

// over returns where routes stand: what is pending laid over a table of the journal's, which is
// left as it is. The caller holds the lock.
func (ps *pendings) over(table map[string]journal.Standing) map[string]journal.Standing {
	if len(ps.list) == 0 {
		return table
	}
	table = maps.Clone(table)
	for _, p := range ps.list {
		for _, m := range p.rollback.Moves {
			if s, known := table[m.Route]; known {
				s.Position, s.Since = strangler.At(m.To), p.rollback.At
				s.Actor, s.Verified, s.Reason = p.rollback.Actor, p.rollback.Verified, p.rollback.Reason
				if m.Steering != nil {
					s.Steering = m.Steering
				}
				table[m.Route] = s
			}
		}
	}
	return table
}

// positions returns where what is pending puts those of routes that it concerns. A route that
// came into the unit of one of them meanwhile goes where that one is, as a unit stands together;
// it becomes part of the rollback. The caller holds the lock.
func (ps *pendings) positions(routes []strangler.Route) map[string]strangler.Position {
	if len(ps.list) == 0 {
		return nil
	}
	type last struct {
		of *pending
		to strangler.Phase
	}
	moved, units := map[string]last{}, map[string]last{}
	for _, p := range ps.list {
		for _, m := range p.rollback.Moves {
			moved[m.Route] = last{p, m.To}
		}
	}
	for _, r := range routes {
		if l, ok := moved[r.Name]; ok && r.Unit != "" {
			units[r.Unit] = l
		}
	}
	at := map[string]strangler.Position{}
	for _, r := range routes {
		l, ok := moved[r.Name]
		if mate, joined := units[r.Unit]; !ok && joined {
			mate.of.rollback.Moves = append(mate.of.rollback.Moves, movedBack{Route: r.Name, To: mate.to})
			l, ok = mate, true
		}
		if ok {
			at[r.Name] = strangler.At(l.to)
		}
	}
	return at
}

// concerns reports whether a route is pending. The caller holds the lock.
func (ps *pendings) concerns(route string) bool {
	for _, p := range ps.list {
		for _, m := range p.rollback.Moves {
			if m.Route == route {
				return true
			}
		}
	}
	return false
}

// begin says that a change is about to put routes elsewhere; end, that it did or didn't.
func (ps *pendings) begin(moves []journal.Move) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.underway = make(map[string]strangler.Position, len(moves))
	for _, m := range moves {
		ps.underway[m.Route] = m.To
	}
}

func (ps *pendings) end() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.underway = nil
}

// outcome says whether the journal has a rollback and, where it hasn't, why and what follows.
func (ps *pendings) outcome(p *pending) (durable bool, problem string) {
	select {
	case <-p.journaled:
		return true, ""
	default:
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return false, p.problem()
}

// problem says why it isn't durable and what follows. The caller holds the lock.
func (p *pending) problem() string {
	why := p.journalProblem
	if why == "" {
		why = "the journal hasn't answered yet"
	}
	switch {
	case p.inMarker:
		return why + "; the marker in the data folder has it, so a restart honours it"
	case p.markProblem != "":
		return why + "; nor could it be put into the marker, so a restart would lose it: " + p.markProblem
	}
	return why + "; nor is it in the marker yet"
}

// names returns the names of the routes that moved.
func names(moves []movedBack) []string {
	all := make([]string, len(moves))
	for i, m := range moves {
		all[i] = m.Route
	}
	return all
}

// routesOf is names for a log line.
func routesOf(moves []movedBack) string { return strings.Join(names(moves), ", ") }

// view returns what is pending in the shape of the admin API.
func (ps *pendings) view() web.RollbackStats {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	stats := web.RollbackStats{Pending: []web.PendingRollback{}, MarkerProblem: ps.trouble}
	for _, p := range ps.list {
		stats.Pending = append(stats.Pending, web.PendingRollback{At: p.rollback.At, Actor: p.rollback.Actor, Verified: p.rollback.Verified,
			Reason: p.rollback.Reason, Routes: names(p.rollback.Moves), Marked: p.inMarker, Problem: p.problem()})
	}
	return stats
}

// summary says in one line that something is pending; empty: nothing is. It names no routes, as
// probes are read by everybody.
func (ps *pendings) summary() string {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if len(ps.list) == 0 {
		return ""
	}
	routes := map[string]bool{}
	for _, p := range ps.list {
		for _, m := range p.rollback.Moves {
			routes[m.Route] = true
		}
	}
	newest := ps.list[len(ps.list)-1]
	of := "a route"
	if n := len(routes); n > 1 {
		of = fmt.Sprintf("%d routes", n)
	}
	return fmt.Sprintf("a rollback of %s is in effect, but not in the journal: %s", of, newest.problem())
}

// because returns the reason that the journal is given: where the entry comes later than the
// rollback, it tells when that was.
func (r rolledBack) because(now time.Time) string {
	if now.Sub(r.At) < journalPatience {
		return r.Reason
	}
	return strings.TrimSpace(fmt.Sprintf("%s (in effect since %s)", r.Reason, r.At.UTC().Format(time.RFC3339)))
}
