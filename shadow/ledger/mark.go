package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Tally is what is on record of a route's comparisons since its mark; without one, since the ledger
// was made. Repeats (shadow.Point.Distinct) aren't in it.
type Tally struct {
	Key      string    // as it was marked; empty: never
	Since    time.Time // zero: never
	Compared int64     // both answers were there: match, noise, lag or diverged
	Diverged int64     // of those, without what is in groups that are expected at present
}

// Mark begins a route's tally anew. The key says what the evidence from now on is about.
func (l *Ledger) Mark(ctx context.Context, route, key string) error {
	tx, err := l.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin the evidence of route %s anew: %w", route, err)
	}
	defer tx.Rollback()
	for _, s := range []struct {
		text string
		args []any
	}{
		{`INSERT INTO marks (route, key, at, compared, diverged) SELECT ?1, ?2, ?3,
			(SELECT coalesce(sum(count - repeats), 0) FROM totals WHERE route = ?1 AND verdict IN ('match', 'noise', 'lag', 'diverged')),
			(SELECT coalesce(sum(count - repeats), 0) FROM totals WHERE route = ?1 AND verdict = 'diverged')
			ON CONFLICT DO UPDATE SET key = excluded.key, at = excluded.at, compared = excluded.compared, diverged = excluded.diverged`,
			[]any{route, key, l.cfg.Now().UnixMicro()}},
		{`UPDATE groups SET marked = count - repeats WHERE route = ?`, []any{route}},
	} {
		if _, err := tx.ExecContext(ctx, s.text, s.args...); err != nil {
			return fmt.Errorf("begin the evidence of route %s anew: %w", route, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("begin the evidence of route %s anew: %w", route, err)
	}
	return nil
}

// Tallies returns those of all routes that have been compared or marked.
func (l *Ledger) Tallies(ctx context.Context) (map[string]Tally, error) {
	type of struct {
		route string
		Tally
	}
	rows, err := l.db.Reader().QueryContext(ctx, `
		WITH seen AS (SELECT route,
				sum(iif(verdict IN ('match', 'noise', 'lag', 'diverged'), count - repeats, 0)) AS compared,
				sum(iif(verdict = 'diverged', count - repeats, 0)) AS diverged
			FROM totals GROUP BY route),
		pardoned AS (SELECT route, sum(max(0, count - repeats - marked)) AS count FROM groups WHERE state = 'expected' GROUP BY route)
		SELECT route, coalesce(marks.key, ''), coalesce(marks.at, 0),
			max(0, coalesce(seen.compared, 0) - coalesce(marks.compared, 0)),
			max(0, coalesce(seen.diverged, 0) - coalesce(marks.diverged, 0) - coalesce(pardoned.count, 0))
		FROM (SELECT route FROM seen UNION SELECT route FROM marks)
			LEFT JOIN seen USING (route) LEFT JOIN marks USING (route) LEFT JOIN pardoned USING (route)`)
	all, err := collect(rows, err, "read what is on record of routes", func(row scanner) (t of, err error) {
		var at int64
		err = row.Scan(&t.route, &t.Key, &at, &t.Compared, &t.Diverged)
		if at != 0 {
			t.Since = time.UnixMicro(at)
		}
		return t, err
	})
	if err != nil {
		return nil, err
	}
	tallies := make(map[string]Tally, len(all))
	for _, t := range all {
		tallies[t.route] = t.Tally
	}
	return tallies, nil
}

// beforeMarks takes out of tallies what was on its way when they began: divergences that are recorded
// late, as those are that both sides were asked about again, are evidence of before.
func (b *batchTx) beforeMarks(ctx context.Context) error {
	marks := map[string]int64{}
	for id, g := range b.groups {
		mark, known := marks[g.Route]
		if !known {
			err := b.tx.QueryRowContext(ctx, `SELECT at FROM marks WHERE route = ?`, g.Route).Scan(&mark)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			marks[g.Route] = mark
		}
		early := 0
		for _, at := range b.at[id] {
			if at.UnixMicro() < mark {
				early++
			}
		}
		if early == 0 {
			continue
		}
		if err := b.exec(ctx, `UPDATE marks SET compared = compared + ?2, diverged = diverged + ?2 WHERE route = ?1`, g.Route, early); err != nil {
			return err
		}
		if err := b.exec(ctx, `UPDATE groups SET marked = marked + ? WHERE id = ?`, early, id); err != nil {
			return err
		}
	}
	return nil
}
