package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// transact writes a batch and counts in one transaction. It changes neither.
func (w *writer) transact(ctx context.Context, batch []*item, counts map[total]int64, countsOnly bool) error {
	tx, err := w.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write to the ledger: %w", err)
	}
	defer tx.Rollback()
	w.forget()
	b := batchTx{w: w, tx: tx, made: map[string]*sql.Stmt{}, totals: make(map[total]int64, len(counts)), groups: map[string]*Group{}, days: map[string]map[int64]int64{}, recent: map[string]map[int64]int64{}, at: map[string][]time.Time{}, repeats: map[string]int64{},
		guesses: map[string]guesses{}, latest: map[string][]shadow.Comparison{}}
	maps.Copy(b.totals, counts)
	for _, it := range batch {
		c := it.comparison
		if hushed := w.isHushed(c.Route); hushed && it.keep > 0 {
			continue
		} else if hushed {
			c = hush(c)
		}
		if it.keep > 0 {
			if countsOnly {
				continue
			}
			if err := b.keep(ctx, c, it.keep); err != nil {
				return fmt.Errorf("write to the ledger: %w", err)
			}
			continue
		}
		if err := b.add(ctx, c, countsOnly); err != nil {
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

const (
	secondsOfDay    = 24 * 60 * 60
	secondsOfRecent = int64(RecentStep / time.Second)
)

// total is a row of totals, or of what counts there of repeats.
type total struct {
	route   string
	verdict shadow.Verdict
	reason  string
	repeat  bool
}

// batchTx is one batch on its way into the file. Counts are summed up first, so that a row is
// touched once a batch.
type batchTx struct {
	w       *writer
	tx      *sql.Tx
	made    map[string]*sql.Stmt // by text
	totals  map[total]int64
	groups  map[string]*Group
	days    map[string]map[int64]int64 // of each group, its divergences by day
	recent  map[string]map[int64]int64 // and by ten minutes
	at      map[string][]time.Time     // of each group, when its divergences were, but for repeats
	repeats map[string]int64           // of each group
	guesses map[string]guesses
	latest  map[string][]shadow.Comparison // of each group, the last few in the batch: they become examples
}

// exec does what a statement says, which is made once for all of the batch.
func (b *batchTx) exec(ctx context.Context, statement string, args ...any) error {
	made, ok := b.made[statement]
	if !ok {
		var err error
		if made, err = b.tx.PrepareContext(ctx, statement); err != nil {
			return err
		}
		b.made[statement] = made
	}
	_, err := made.ExecContext(ctx, args...)
	return err
}

func (b *batchTx) add(ctx context.Context, c shadow.Comparison, countsOnly bool) error {
	b.totals[total{c.Route, c.Verdict, c.Reason, c.Repeat}]++
	g := b.group(c)
	g.Count++
	if g.First.IsZero() || c.At.Before(g.First) {
		g.First = c.At
	}
	if c.At.After(g.Last) {
		g.Last = c.At
	}
	if c.Repeat {
		b.repeats[g.ID]++
	} else {
		b.at[g.ID] = append(b.at[g.ID], c.At)
	}
	if b.days[g.ID] == nil {
		b.days[g.ID], b.recent[g.ID] = map[int64]int64{}, map[int64]int64{}
	}
	b.days[g.ID][c.At.Unix()/secondsOfDay]++
	b.recent[g.ID][c.At.Unix()/secondsOfRecent]++
	if b.w.cfg.Guess != nil && len(g.Causes) > 0 {
		if b.guesses[g.ID] == nil {
			b.guesses[g.ID] = guesses{}
		}
		b.guesses[g.ID].add(c.Differences, b.w.cfg.Guess)
	}
	if countsOnly {
		return nil
	}
	differences, err := marshal(c.Differences)
	if err != nil {
		return err
	}
	header, err := json.Marshal(c.Request.Header)
	if err != nil {
		return err
	}
	if err := b.exec(ctx, `INSERT OR IGNORE INTO divergences
		(id, grp, route, at, method, path, host, header, served, differences, more) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.ID, g.ID, c.Route, c.At.UnixMicro(), c.Request.Method, c.Request.Path,
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
		if err := b.exec(ctx, `INSERT INTO totals (route, verdict, reason, count, repeats) VALUES (?1, ?2, ?3, ?4, iif(?5, ?4, 0))
			ON CONFLICT DO UPDATE SET count = count + excluded.count, repeats = repeats + excluded.repeats`,
			t.route, t.verdict.String(), t.reason, n, t.repeat); err != nil {
			return err
		}
	}
	for id, g := range b.groups {
		if err := addGroup(ctx, b.tx, g, b.guesses[id]); err != nil {
			return err
		}
		for day, n := range b.days[id] {
			if err := b.exec(ctx, `INSERT INTO days (grp, day, count) VALUES (?, ?, ?)
				ON CONFLICT DO UPDATE SET count = count + excluded.count`, id, day, n); err != nil {
				return err
			}
		}
		for ten, n := range b.recent[id] {
			if err := b.exec(ctx, `INSERT INTO recent (grp, ten, count) VALUES (?, ?, ?)
				ON CONFLICT DO UPDATE SET count = count + excluded.count`, id, ten, n); err != nil {
				return err
			}
		}
	}
	for id, n := range b.repeats {
		if err := b.exec(ctx, `UPDATE groups SET repeats = repeats + ? WHERE id = ?`, n, id); err != nil {
			return err
		}
	}
	if err := b.beforeMarks(ctx); err != nil {
		return err
	}
	for id, latest := range b.latest {
		if err := b.examples(ctx, id, latest); err != nil {
			return err
		}
	}
	return nil
}

// marshal returns differences as JSON. A value that is none, from a Comparer of somebody else's,
// becomes a string, so as not to keep the whole batch from being written.
func marshal(differences []shadow.Difference) ([]byte, error) {
	if text, err := json.Marshal(differences); err == nil {
		return text, nil
	}
	differences = slices.Clone(differences)
	for i := range differences {
		for _, value := range []*json.RawMessage{&differences[i].Legacy, &differences[i].Service} {
			if len(*value) > 0 && !json.Valid(*value) {
				*value, _ = json.Marshal(string(*value)) // a string always has one
			}
		}
	}
	return json.Marshal(differences)
}
