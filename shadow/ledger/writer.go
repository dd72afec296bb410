package ledger

import (
	"context"
	"time"
)

const (
	batchSize = 1000                   // divergences in one transaction, at most
	batchWait = 100 * time.Millisecond // how long the first of a batch waits for others
	tries     = 6                      // of a batch, before it is dropped
	firstWait = 50 * time.Millisecond  // before the second try; then twice as long each time
)

// writer is the one goroutine that writes.
type writer struct {
	*Ledger
	groups     map[string]map[string]bool // route → ids of the groups it has
	nextExpiry time.Time                  // when to look for what is too old
	nextSeries time.Time                  // likewise, among series
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

// forget takes note of the groups that were merged into others.
func (w *writer) forget() {
	w.mu.Lock()
	gone := w.gone
	w.gone = nil
	w.mu.Unlock()
	for _, g := range gone {
		delete(w.groups[g.Route], g.ID)
	}
}

// run writes batches until the queue is closed and empty; when ctx ends it drops what is left.
func (w *writer) run(ctx context.Context) {
	defer close(w.done)
	tidy := time.NewTicker(tidyInterval)
	defer tidy.Stop()
	batch := make([]*item, 0, batchSize)
	for open := true; open; {
		var flushed chan struct{}
		batch, flushed, open = w.collect(batch[:0], tidy.C)
		w.write(ctx, batch)
		w.writeSeries(ctx)
		w.tidy(ctx)
		if flushed != nil {
			for pending := len(w.queue); pending > 0 && open; {
				batch, open = w.drain(batch[:0], min(pending, batchSize))
				pending -= len(batch)
				w.write(ctx, batch)
				w.tidy(ctx)
			}
			close(flushed)
		}
		clear(batch[:cap(batch)]) // don't hold on to bodies
	}
}

// collect waits for a batch: it is full, or its first item or count has waited long enough, or
// somebody wants a flush. It comes back empty when it is time to tidy up.
func (w *writer) collect(batch []*item, tidy <-chan time.Time) (_ []*item, flushed chan struct{}, open bool) {
	select {
	case it, ok := <-w.queue:
		if !ok {
			return batch, nil, false
		}
		batch = append(batch, it)
	case <-w.counted:
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
func (w *writer) drain(batch []*item, n int) (_ []*item, open bool) {
	for range n {
		it, ok := <-w.queue
		if !ok {
			return batch, false
		}
		batch = append(batch, it)
	}
	return batch, true
}

// write writes a batch and what was counted until now, and accounts for both.
func (w *writer) write(ctx context.Context, batch []*item) {
	counts, n := w.takeCounts()
	if len(batch)+len(counts) > 0 {
		w.settle(batch, n, w.try(ctx, batch, counts, n))
	}
}

// lost is how many divergences of a batch are missing if it isn't written.
func lost(batch []*item) (n int64) {
	for _, it := range batch {
		if it.keep == 0 {
			n++
		}
	}
	return n
}

// try writes with a few tries. An error means that nothing of it is in the file.
func (w *writer) try(ctx context.Context, batch []*item, counts map[total]int64, counted int64) error {
	countsOnly := w.overfull()
	wait := firstWait
	for try := 1; ; try++ {
		err := w.transact(ctx, batch, counts, countsOnly)
		if err == nil {
			return nil
		}
		if try == tries {
			w.cfg.Logger.Error("comparisons could not be recorded and are dropped", "count", lost(batch)+counted, "error", err)
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
