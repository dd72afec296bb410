package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

const (
	batchSize = 1000                   // comparisons in one transaction, at most
	batchWait = 100 * time.Millisecond // how long the first of a batch waits for others
	tries     = 4                      // of a batch, before it is dropped
	firstWait = 50 * time.Millisecond  // before the second try; then twice as long each time
)

// writer is the one goroutine that writes.
type writer struct {
	*Ledger
	groups     map[string]map[string]bool // route → ids of the groups it has
	nextExpiry time.Time                  // when to look for what is too old
}

func newWriter(ctx context.Context, l *Ledger) (*writer, error) {
	w := &writer{Ledger: l, groups: map[string]map[string]bool{}}
	rows, err := l.db.Reader().QueryContext(ctx, `SELECT route, id FROM groups`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var route, id string
		if err := rows.Scan(&route, &id); err != nil {
			return nil, err
		}
		w.remember(route, id)
	}
	return w, rows.Err()
}

func (w *writer) remember(route, id string) {
	if w.groups[route] == nil {
		w.groups[route] = map[string]bool{}
	}
	w.groups[route][id] = true
}

// run writes batches until the queue is closed and empty; when ctx ends it drops what is left.
func (w *writer) run(ctx context.Context) {
	defer close(w.done)
	tidy := time.NewTicker(tidyInterval)
	defer tidy.Stop()
	batch := make([]item, 0, batchSize)
	for open := true; open; {
		var flushed chan struct{}
		batch, flushed, open = w.collect(batch[:0], tidy.C)
		if len(batch) > 0 {
			w.settle(batch, w.write(ctx, batch))
		}
		w.tidy(ctx)
		if flushed != nil {
			for pending := len(w.queue); pending > 0; {
				batch, open = w.drain(batch[:0], min(pending, batchSize))
				pending -= len(batch)
				w.settle(batch, w.write(ctx, batch))
				w.tidy(ctx)
				if !open {
					break
				}
			}
			close(flushed)
		}
		clear(batch[:cap(batch)]) // don't hold on to bodies
	}
}

// collect waits for a batch: it is full, or its first item has waited long enough, or somebody
// wants a flush. It comes back empty when it is time to tidy up.
func (w *writer) collect(batch []item, tidy <-chan time.Time) (_ []item, flushed chan struct{}, open bool) {
	select {
	case it, ok := <-w.queue:
		if !ok {
			return batch, nil, false
		}
		batch = append(batch, it)
	case flushed = <-w.flushes:
		return batch, flushed, true
	case <-tidy:
		return batch, nil, true
	}
	wait := time.NewTimer(batchWait)
	defer wait.Stop()
	for len(batch) < batchSize {
		select {
		case it, ok := <-w.queue:
			if !ok {
				return batch, nil, false
			}
			batch = append(batch, it)
		case flushed = <-w.flushes:
			return batch, flushed, true
		case <-wait.C:
			return batch, nil, true
		}
	}
	return batch, nil, true
}

// drain takes n items that are there.
func (w *writer) drain(batch []item, n int) (_ []item, open bool) {
	for range n {
		it, ok := <-w.queue
		if !ok {
			return batch, false
		}
		batch = append(batch, it)
	}
	return batch, true
}

// write writes a batch, with a few tries. An error means that nothing of it is in the file.
func (w *writer) write(ctx context.Context, batch []item) error {
	countsOnly := w.overfull()
	wait := firstWait
	for try := 1; ; try++ {
		err := w.transact(ctx, batch, countsOnly)
		if err == nil {
			return nil
		}
		if try == tries {
			w.cfg.Logger.Error("comparisons could not be recorded and are dropped", "count", len(batch), "error", err)
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
		wait *= 2
	}
}

// transact writes a batch in one transaction.
func (w *writer) transact(ctx context.Context, batch []item, countsOnly bool) error {
	tx, err := w.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write to the ledger: %w", err)
	}
	defer tx.Rollback()
	b := batchTx{w: w, tx: tx, totals: map[total]int64{}, groups: map[string]*Group{}, latest: map[string][]shadow.Comparison{}}
	for _, it := range batch {
		if err := b.add(ctx, it.comparison, countsOnly); err != nil {
			return fmt.Errorf("write to the ledger: %w", err)
		}
	}
	if err := b.finish(ctx); err != nil {
		return fmt.Errorf("write to the ledger: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("write to the ledger: %w", err)
	}
	for id, g := range b.groups {
		w.remember(g.Route, id)
	}
	return nil
}

// total is a row of totals.
type total struct {
	route, verdict, reason string
}

// batchTx is one batch on its way into the file. Counts are summed up first, so that a row is
// touched once a batch.
type batchTx struct {
	w      *writer
	tx     *sql.Tx
	insert *sql.Stmt
	totals map[total]int64
	groups map[string]*Group
	latest map[string][]shadow.Comparison // of each group, the last few in the batch: they become examples
}

func (b *batchTx) add(ctx context.Context, c shadow.Comparison, countsOnly bool) error {
	b.totals[total{c.Route, c.Verdict.String(), c.Reason}]++
	if c.Verdict != shadow.Diverged {
		return nil
	}
	g := b.group(c)
	g.Count++
	if g.First.IsZero() || c.At.Before(g.First) {
		g.First = c.At
	}
	if c.At.After(g.Last) {
		g.Last = c.At
	}
	if countsOnly {
		return nil
	}
	if b.insert == nil {
		var err error
		b.insert, err = b.tx.PrepareContext(ctx, `INSERT OR IGNORE INTO divergences
			(id, grp, route, at, method, path, host, header, served, differences, more) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
	}
	differences, err := json.Marshal(c.Differences)
	if err != nil {
		return err
	}
	header, err := json.Marshal(c.Request.Header)
	if err != nil {
		return err
	}
	if _, err := b.insert.ExecContext(ctx, c.ID, g.ID, c.Route, c.At.UnixMicro(), c.Request.Method, c.Request.Path,
		c.Request.Host, string(header), string(c.Served), string(differences), c.More); err != nil {
		return err
	}
	b.latest[g.ID] = append(b.latest[g.ID], c)
	if some := 1 + b.w.cfg.Examples/4; len(b.latest[g.ID]) > some {
		b.latest[g.ID] = b.latest[g.ID][1:]
	}
	return nil
}

// group returns the group that c counts in: its own, or the rest's where the route has too many.
func (b *batchTx) group(c shadow.Comparison) *Group {
	g := groupOf(c)
	if known, ok := b.groups[g.ID]; ok {
		return known
	}
	if !b.w.groups[c.Route][g.ID] {
		have := len(b.w.groups[c.Route])
		for id, fresh := range b.groups {
			if fresh.Route == c.Route && !b.w.groups[c.Route][id] {
				have++
			}
		}
		if have >= maxGroups {
			g = rest(c.Route)
			if known, ok := b.groups[g.ID]; ok {
				return known
			}
		}
	}
	b.groups[g.ID] = &g
	return &g
}

func (b *batchTx) finish(ctx context.Context) error {
	for t, n := range b.totals {
		if _, err := b.tx.ExecContext(ctx, `INSERT INTO totals (route, verdict, reason, count) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET count = count + excluded.count`, t.route, t.verdict, t.reason, n); err != nil {
			return err
		}
	}
	for _, g := range b.groups {
		causes, err := json.Marshal(g.Causes)
		if err != nil {
			return err
		}
		if _, err := b.tx.ExecContext(ctx, `INSERT INTO groups (id, route, legacy_status, service_status, causes, count, first, last)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET count = count + excluded.count, first = min(first, excluded.first), last = max(last, excluded.last)`,
			g.ID, g.Route, g.LegacyStatus, g.ServiceStatus, string(causes), g.Count, g.First.UnixMicro(), g.Last.UnixMicro()); err != nil {
			return err
		}
	}
	for id, latest := range b.latest {
		for _, c := range latest {
			if err := b.example(ctx, id, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// example keeps both answers of a divergence, in the place of an older one where there are
// enough: the first quarter stay, the oldest of the others goes.
func (b *batchTx) example(ctx context.Context, group string, c shadow.Comparison) error {
	if _, err := b.tx.ExecContext(ctx, `DELETE FROM examples WHERE divergence = (
			SELECT divergence FROM examples WHERE grp = ?1 ORDER BY divergence LIMIT 1 OFFSET ?2)
		AND (SELECT count(*) FROM examples WHERE grp = ?1) >= ?3`,
		group, b.w.cfg.Examples/4, b.w.cfg.Examples); err != nil {
		return err
	}
	request, err := b.w.codec.encode(struct{}{}, c.Request.Body)
	if err != nil {
		return err
	}
	legacy, err := b.w.packed(c.Legacy)
	if err != nil {
		return err
	}
	service, err := b.w.packed(c.Service)
	if err != nil {
		return err
	}
	_, err = b.tx.ExecContext(ctx, `INSERT OR IGNORE INTO examples (divergence, grp, request, legacy, service) VALUES (?, ?, ?, ?, ?)`,
		c.ID, group, request, legacy, service)
	return err
}

// packed returns an answer as examples keep it; nil for none.
func (l *Ledger) packed(a *shadow.Answer) ([]byte, error) {
	if a == nil {
		return nil, nil
	}
	head := *a
	head.Body = nil
	return l.codec.encode(head, a.Body)
}
