package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// MaxCallers is how many callers of legacy are kept of a route by name: those that called last.
// Further ones are counted together, as OtherCallers.
const MaxCallers = 50

// OtherCallers is the Addr of callers that are counted together.
const OtherCallers = "others"

// LegacyCall is how often legacy answered clients' requests of a route, for one reason and one caller.
// Shadowing is not among it.
type LegacyCall struct {
	Route string
	Why   string // "legacy", "shadow" or "canary": the phase that the route was in; "fallback"; "override"; "facade" or "session", of the proxy's own
	Addr  string // the caller's; empty: callers are not told apart
	Agent string // what it calls itself; empty: nothing
	First time.Time
	Last  time.Time
	Count int64
}

// add takes another count of the same kind in.
func (c *LegacyCall) add(o LegacyCall) {
	if o.First.Before(c.First) {
		c.First = o.First
	}
	if o.Last.After(c.Last) {
		c.Last = o.Last
	}
	c.Count += o.Count
}

// Watch says which routes calls to legacy are recorded of from now on, each with what says which
// requests are its own. Of a route that is new, or whose requests are others now, the record begins
// now; what is on record of routes that are not among them goes.
func (l *Ledger) Watch(ctx context.Context, routes map[string]string) error {
	return l.inTransaction(ctx, "watch calls to legacy", func(tx *sql.Tx) error {
		had, err := watched(ctx, tx)
		if err != nil {
			return err
		}
		for route := range had {
			if _, stays := routes[route]; stays {
				continue
			}
			for _, statement := range []string{`DELETE FROM watched WHERE route = ?`, `DELETE FROM legacy_calls WHERE route = ?`} {
				if _, err := tx.ExecContext(ctx, statement, route); err != nil {
					return err
				}
			}
		}
		for route, match := range routes {
			if was, known := had[route]; known && was.match == match {
				continue
			}
			if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO watched (route, match, since) VALUES (?, ?, ?)`,
				route, match, l.cfg.Now().UnixMicro()); err != nil {
				return err
			}
		}
		return nil
	})
}

// AddLegacyCalls adds to what is on record of calls to legacy. Either all is added or nothing.
func (l *Ledger) AddLegacyCalls(ctx context.Context, more []LegacyCall) error {
	byRoute := map[string][]LegacyCall{}
	for _, c := range more {
		byRoute[c.Route] = append(byRoute[c.Route], c)
	}
	return l.inTransaction(ctx, "record calls to legacy", func(tx *sql.Tx) error {
		put, err := tx.PrepareContext(ctx, `INSERT INTO legacy_calls (route, why, addr, agent, first, last, count) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last), count = count + excluded.count`)
		if err != nil {
			return err
		}
		defer put.Close()
		for route, calls := range byRoute {
			if slices.ContainsFunc(calls, func(c LegacyCall) bool { return c.Addr != "" }) { // of whom only so many are kept
				had, err := legacyCalls(ctx, tx, route)
				if err != nil {
					return err
				}
				if _, err := tx.ExecContext(ctx, `DELETE FROM legacy_calls WHERE route = ?`, route); err != nil {
					return err
				}
				calls = FoldCalls(append(had, calls...))
			}
			for _, c := range calls {
				if _, err := put.ExecContext(ctx, c.Route, c.Why, c.Addr, c.Agent, c.First.UnixMicro(), c.Last.UnixMicro(), c.Count); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// FoldCalls returns calls of one route, the last one first, with each reason and caller once, and of
// callers by name the MaxCallers that called last.
func FoldCalls(calls []LegacyCall) []LegacyCall {
	type who struct{ why, addr, agent string }
	place := make(map[who]int, len(calls))
	var folded []LegacyCall
	take := func(c LegacyCall) {
		key := who{c.Why, c.Addr, c.Agent}
		if i, known := place[key]; known {
			folded[i].add(c)
			return
		}
		place[key] = len(folded)
		folded = append(folded, c)
	}
	for _, c := range calls {
		take(c)
	}
	newestFirst(folded)
	all := folded
	folded, place = nil, make(map[who]int, len(all))
	named := 0
	for _, c := range all {
		if c.Addr != "" && c.Addr != OtherCallers {
			if named++; named > MaxCallers {
				c.Addr, c.Agent = OtherCallers, ""
			}
		}
		take(c)
	}
	newestFirst(folded)
	return folded
}

func newestFirst(calls []LegacyCall) {
	slices.SortStableFunc(calls, func(a, b LegacyCall) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Why, b.Why), cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.Agent, b.Agent))
	})
}

// LegacyCalls returns what is on record of calls to legacy for a route, the last one first, and since
// when; the zero time: nothing is.
func (l *Ledger) LegacyCalls(ctx context.Context, route string) (since time.Time, calls []LegacyCall, err error) {
	routes, err := watched(ctx, l.db.Reader())
	if err != nil {
		return time.Time{}, nil, fmt.Errorf("read calls to legacy: %w", err)
	}
	calls, err = legacyCalls(ctx, l.db.Reader(), route)
	return routes[route].since, calls, err
}

func legacyCalls(ctx context.Context, in queryer, route string) ([]LegacyCall, error) {
	rows, err := in.QueryContext(ctx, `SELECT route, why, addr, agent, first, last, count FROM legacy_calls
		WHERE route = ? ORDER BY last DESC, why, addr, agent`, route)
	return collect(rows, err, "read calls to legacy", func(row scanner) (c LegacyCall, err error) {
		var first, last int64
		err = row.Scan(&c.Route, &c.Why, &c.Addr, &c.Agent, &first, &last, &c.Count)
		c.First, c.Last = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
		return c, err
	})
}

type watch struct {
	route, match string
	since        time.Time
}

func watched(ctx context.Context, in queryer) (map[string]watch, error) {
	rows, err := in.QueryContext(ctx, `SELECT route, match, since FROM watched`)
	all, err := collect(rows, err, "read which routes are watched", func(row scanner) (w watch, err error) {
		var since int64
		err = row.Scan(&w.route, &w.match, &since)
		w.since = time.UnixMicro(since).UTC()
		return w, err
	})
	byRoute := make(map[string]watch, len(all))
	for _, w := range all {
		byRoute[w.route] = w
	}
	return byRoute, err
}
