package ledger

import (
	"context"
	"fmt"
	"time"
)

const (
	keptDays       = 400                    // counts by day, of a group
	keptRecent     = 48 * time.Hour         // counts by ten minutes, of a group
	tidyInterval   = time.Minute            // between looks for what is too old, and at a ledger at rest
	seriesInterval = 10 * time.Minute       // between looks for series that are too old
	pruneRows      = 500                    // divergences that go in one step
	pruneSteps     = 20                     // after one batch, so that the next doesn't wait long
	boundSteps     = 100                    // likewise; most of them only give pages back
	boundTime      = 250 * time.Millisecond // likewise, unless the ledger is full
	shrinkPages    = 250                    // given back in one step, about 1 MiB, which the log grows by meanwhile
)

// Of Config.MaxSize: above high the ledger is pruned down to low, and above full only counts
// are written. What is between full and 1 is room for a batch.
func (w *writer) high() int64 { return w.cfg.MaxSize / 10 * 8 }
func (w *writer) low() int64  { return w.cfg.MaxSize / 10 * 7 }
func (w *writer) full() int64 { return w.cfg.MaxSize / 10 * 9 }

// overfull reports whether only counts may be written.
func (w *writer) overfull() bool {
	size, err := w.db.Size()
	return err == nil && size > w.full()
}

// tidy keeps the ledger within its bounds; what is left to do is done after the next batch.
func (w *writer) tidy(ctx context.Context) {
	err := w.expire(ctx)
	if err == nil {
		err = w.bound(ctx)
	}
	w.measure()
	if err != nil && ctx.Err() == nil {
		w.cfg.Logger.Error("the ledger could not be pruned", "error", err)
	}
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.stats.Err = err
	}
}

// expire removes what is older than Config.MaxAge, examples included.
func (w *writer) expire(ctx context.Context) error {
	now := w.cfg.Now()
	if now.Before(w.nextExpiry) {
		return nil
	}
	for range pruneSteps {
		// Ids sort by time, so that the old ones are the first.
		n, err := w.remove(ctx, `SELECT id FROM (SELECT id, at FROM divergences ORDER BY id LIMIT ?) WHERE at < ?`,
			pruneRows, now.Add(-w.cfg.MaxAge).UnixMicro())
		if err != nil {
			return err
		}
		if n < pruneRows {
			w.nextExpiry = now.Add(tidyInterval)
			return w.expireOthers(ctx, now)
		}
	}
	return nil
}

// expireOthers removes old exchanges that are no divergences, and the counts of days, and of tens of minutes,
// that nobody looks at any more.
func (w *writer) expireOthers(ctx context.Context, now time.Time) error {
	_, err := w.db.Writer().ExecContext(ctx, `DELETE FROM kept WHERE at < ? AND NOT imported`, now.Add(-w.cfg.MaxAge).UnixMicro())
	if err == nil {
		_, err = w.db.Writer().ExecContext(ctx, `DELETE FROM days WHERE day < ?`, now.Unix()/secondsOfDay-keptDays)
	}
	if err == nil {
		_, err = w.db.Writer().ExecContext(ctx, `DELETE FROM recent WHERE ten < ?`, now.Add(-keptRecent).Unix()/secondsOfRecent)
	}
	if err == nil {
		err = w.expireUntranslated(ctx, now.Add(-w.cfg.MaxAge))
	}
	if err == nil && !now.Before(w.nextSeries) {
		w.nextSeries = now.Add(seriesInterval)
		err = w.expireSeries(ctx, now)
	}
	if err != nil {
		return fmt.Errorf("prune the ledger: %w", err)
	}
	return nil
}

// bound removes the oldest divergences, examples last, until the ledger is small enough.
func (w *writer) bound(ctx context.Context) error {
	size, err := w.db.Size()
	if err != nil || size <= w.high() {
		return err
	}
	began := time.Now()
	for range boundSteps {
		// The log and free pages are size too: nothing has to go while they do.
		emptied, err := w.db.Truncate(ctx)
		if err != nil {
			return err
		}
		if size, err = w.db.Size(); err != nil || size <= w.low() {
			return err
		}
		if !emptied {
			return nil // somebody reads an older state: until then, whatever goes makes the log longer
		}
		if size <= w.full() && time.Since(began) > boundTime {
			return nil
		}
		free, err := w.db.Free(ctx)
		if err != nil {
			return err
		}
		if free > 0 {
			if err := w.db.Shrink(ctx, shrinkPages); err != nil {
				return err
			}
			continue
		}
		n, err := w.boundSeries(ctx)
		if err == nil && n == 0 {
			n, err = w.remove(ctx, `SELECT id FROM divergences d
			WHERE NOT EXISTS (SELECT 1 FROM examples WHERE divergence = d.id) ORDER BY id LIMIT ?`, pruneRows)
		}
		// Those that are pinned go last. Ordered by both, all examples would be read for each step.
		for _, which := range []string{"pinned = 0", "pinned > 0"} {
			if err == nil && n == 0 {
				n, err = w.remove(ctx, `SELECT divergence FROM examples WHERE `+which+` ORDER BY divergence LIMIT ?`, pruneRows/10)
			}
		}
		if err == nil && n == 0 {
			n, err = w.removeKept(ctx)
		}
		if err == nil && n == 0 {
			n, err = w.removeUntranslated(ctx)
		}
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}

// removeKept deletes the oldest exchanges that are no divergences.
func (w *writer) removeKept(ctx context.Context) (int64, error) {
	result, err := w.db.Writer().ExecContext(ctx, `DELETE FROM kept WHERE id IN (SELECT id FROM kept ORDER BY id LIMIT ?)`, pruneRows/10)
	if err != nil {
		return 0, fmt.Errorf("prune the ledger: %w", err)
	}
	return result.RowsAffected()
}

// remove deletes the divergences that a query selects, and says how many there were.
func (w *writer) remove(ctx context.Context, selection string, args ...any) (int64, error) {
	result, err := w.db.Writer().ExecContext(ctx, `DELETE FROM divergences WHERE id IN (`+selection+`)`, args...)
	if err != nil {
		return 0, fmt.Errorf("prune the ledger: %w", err)
	}
	return result.RowsAffected()
}
