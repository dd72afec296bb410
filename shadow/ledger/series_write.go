package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// cellOverhead is about what a cell takes beside its blob and its route's name, in bytes.
const cellOverhead = 24

// writeSeries writes the samples that there are. What can't be written now stays.
func (w *writer) writeSeries(ctx context.Context) {
	if w.overfull() {
		return
	}
	w.mu.Lock()
	samples := w.samples
	w.samples = make(map[cellKey]*Cell, len(samples))
	w.mu.Unlock()
	if len(samples) == 0 {
		return
	}
	err := w.inTransaction(ctx, "write series", func(tx *sql.Tx) error { return w.addCells(ctx, tx, samples) })
	if err != nil && ctx.Err() == nil {
		w.cfg.Logger.Warn("series could not be written now", "error", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failing[1] = err; err == nil {
		w.stats.SeriesWrites++
		return
	}
	for key, c := range samples {
		w.addSamples([]Sample{{Route: key.route, At: time.Unix(key.minute*60, 0), Cell: *c}})
	}
}

// addCells adds samples to the cells of all steps, each of which is touched once.
func (w *writer) addCells(ctx context.Context, tx *sql.Tx, samples map[cellKey]*Cell) error {
	read, err := tx.PrepareContext(ctx, `SELECT cell FROM series WHERE step = ? AND route = ? AND at = ?`)
	if err != nil {
		return err
	}
	defer read.Close()
	write, err := tx.PrepareContext(ctx, `INSERT OR REPLACE INTO series (step, route, at, cell) VALUES (?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer write.Close()
	for _, step := range Steps {
		length := int64(step.Length / time.Second)
		cells := map[cellKey]*Cell{} // by their begin, in steps
		for key, c := range samples {
			key.minute = key.minute * 60 / length
			if cells[key] == nil {
				cells[key] = &Cell{}
			}
			cells[key].Merge(c)
		}
		var grown int64
		for key, c := range cells {
			var had []byte
			switch err := read.QueryRowContext(ctx, length, key.route, key.minute*length).Scan(&had); {
			case errors.Is(err, sql.ErrNoRows):
				grown += cellOverhead + int64(len(key.route))
			case err != nil:
				return err
			default:
				if before, err := decodeCell(had); err == nil {
					c.Merge(before)
				} // a damaged one is begun anew: there is nothing in it for anybody
			}
			blob := c.encode()
			if _, err := write.ExecContext(ctx, length, key.route, key.minute*length, blob); err != nil {
				return err
			}
			grown += int64(len(blob) - len(had))
		}
		if err := resize(ctx, tx, length, grown); err != nil {
			return err
		}
	}
	return nil
}

// resize takes note of what the cells of a step take more, or less, than before.
func resize(ctx context.Context, tx *sql.Tx, length, by int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO series_size (step, bytes) VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = max(bytes + excluded.bytes, 0)`, length, by)
	return err
}

// expireSeries removes the cells that are older than their step is kept.
func (w *writer) expireSeries(ctx context.Context, now time.Time) error {
	for _, step := range Steps {
		if step.Keep > 0 {
			if _, err := w.dropCells(ctx, step, now.Add(-step.Keep)); err != nil {
				return err
			}
		}
	}
	return nil
}

// seriesShare is the part of Config.MaxSize that series may take where the ledger has no room.
const seriesShare = 4

// boundSeries removes the oldest cells, of the finest step first, if they take more than their part. It
// returns how many went.
func (w *writer) boundSeries(ctx context.Context) (int64, error) {
	var bytes int64
	if err := w.db.Reader().QueryRowContext(ctx, `SELECT coalesce(sum(bytes), 0) FROM series_size`).Scan(&bytes); err != nil {
		return 0, fmt.Errorf("prune series: %w", err)
	}
	if bytes <= w.cfg.MaxSize/seriesShare {
		return 0, nil
	}
	for _, step := range Steps {
		routes, err := seriesRoutes(ctx, w.db.Reader(), step)
		if err != nil {
			return 0, fmt.Errorf("prune series: %w", err)
		}
		oldest := time.Time{}
		for _, route := range routes {
			var at int64
			if err := w.db.Reader().QueryRowContext(ctx, `SELECT min(at) FROM series WHERE step = ? AND route = ?`, int64(step.Length/time.Second), route).Scan(&at); err != nil {
				return 0, fmt.Errorf("prune series: %w", err)
			}
			if first := time.Unix(at, 0); oldest.IsZero() || first.Before(oldest) {
				oldest = first
			}
		}
		if oldest.IsZero() {
			continue
		}
		if n, err := w.dropCells(ctx, step, oldest.Add(30*step.Length)); err != nil || n > 0 {
			return n, err
		}
	}
	return 0, nil
}

// dropCells removes the cells of a step that began before a moment.
func (w *writer) dropCells(ctx context.Context, step Step, before time.Time) (n int64, err error) {
	length := int64(step.Length / time.Second)
	routes, err := seriesRoutes(ctx, w.db.Reader(), step)
	if err != nil {
		return 0, fmt.Errorf("prune series: %w", err)
	}
	err = w.inTransaction(ctx, "prune series", func(tx *sql.Tx) error {
		var shrunk int64
		for _, route := range routes {
			var some, bytes int64
			if err := tx.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(length(cell) + length(CAST(route AS BLOB)) + ?), 0) FROM series WHERE step = ? AND route = ? AND at < ?`,
				cellOverhead, length, route, before.Unix()).Scan(&some, &bytes); err != nil {
				return err
			}
			if some == 0 {
				continue
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM series WHERE step = ? AND route = ? AND at < ?`, length, route, before.Unix()); err != nil {
				return err
			}
			n, shrunk = n+some, shrunk+bytes
		}
		if n == 0 {
			return nil
		}
		return resize(ctx, tx, length, -shrunk)
	})
	if n > 0 {
		w.mu.Lock()
		w.stats.SeriesWrites++
		w.mu.Unlock()
	}
	return n, err
}
