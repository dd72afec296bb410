package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// regroupRows is how many divergences change their group in one transaction.
const regroupRows = 2000

// Regroup moves all divergences of a group to the one that they would be in if only those of its
// causes counted, counts, days and examples included, and returns that. The group itself is gone
// then. If a process ends half way, some divergences have moved and no count has: repeat it.
// Errors: ErrNotFound, of a group that isn't open too, from which nothing is taken.
func (l *Ledger) Regroup(ctx context.Context, id string, causes []Cause) (Group, error) {
	from, err := l.Group(ctx, id)
	if err != nil {
		return Group{}, err
	}
	to := groupOf(shadow.Comparison{Route: from.Route})
	to.LegacyStatus, to.ServiceStatus, to.Causes = from.LegacyStatus, from.ServiceStatus, causes
	if to.ID = to.hash(); to.ID == id || len(causes) == 0 {
		return from, nil
	}
	for moved := int64(regroupRows); moved == regroupRows; {
		result, err := l.db.Writer().ExecContext(ctx, `UPDATE divergences SET grp = ?1
			WHERE id IN (SELECT id FROM divergences WHERE grp = ?2 LIMIT ?3)
			AND EXISTS (SELECT 1 FROM groups WHERE id = ?2 AND state = 'open')`, to.ID, id, regroupRows)
		if err != nil {
			return Group{}, fmt.Errorf("regroup divergences: %w", err)
		}
		if moved, err = result.RowsAffected(); err != nil {
			return Group{}, fmt.Errorf("regroup divergences: %w", err)
		}
	}
	tx, err := l.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return Group{}, fmt.Errorf("regroup divergences: %w", err)
	}
	defer tx.Rollback()
	if err := regroup(ctx, tx, id, to); err != nil {
		return Group{}, fmt.Errorf("regroup divergences: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return Group{}, fmt.Errorf("regroup divergences: %w", err)
	}
	l.mu.Lock()
	l.gone = append(l.gone, from)
	l.mu.Unlock()
	return l.Group(ctx, to.ID)
}

// regroup moves what is left to move once the divergences have.
func regroup(ctx context.Context, tx *sql.Tx, id string, to Group) error {
	var guessed []byte
	var first, last int64
	err := tx.QueryRowContext(ctx, `SELECT guesses, count, first, last FROM groups WHERE id = ? AND state = 'open'`, id).Scan(&guessed, &to.Count, &first, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	all, err := parseGuesses(guessed)
	if err != nil {
		return err
	}
	maps.DeleteFunc(all, func(place string, _ map[string]int64) bool {
		return !slices.ContainsFunc(to.Causes, func(c Cause) bool { return c.Pointer == place })
	})
	to.First, to.Last = time.UnixMicro(first), time.UnixMicro(last)
	if err := addGroup(ctx, tx, &to, all); err != nil {
		return err
	}
	for _, s := range []struct {
		text string
		args []any
	}{
		{`UPDATE divergences SET grp = ? WHERE grp = ?`, []any{to.ID, id}}, // those recorded since
		{`UPDATE examples SET grp = ? WHERE grp = ?`, []any{to.ID, id}},
		{`INSERT INTO days SELECT ?, day, count FROM days WHERE grp = ? ON CONFLICT DO UPDATE SET count = count + excluded.count`, []any{to.ID, id}},
		{`DELETE FROM days WHERE grp = ?`, []any{id}},
		{`INSERT INTO recent SELECT ?, ten, count FROM recent WHERE grp = ? ON CONFLICT DO UPDATE SET count = count + excluded.count`, []any{to.ID, id}},
		{`DELETE FROM recent WHERE grp = ?`, []any{id}},
		{`UPDATE groups SET marked = groups.marked + had.marked, repeats = groups.repeats + had.repeats
			FROM (SELECT marked, repeats FROM groups WHERE id = ?2) AS had WHERE id = ?1`, []any{to.ID, id}},
		{`DELETE FROM groups WHERE id = ?`, []any{id}},
	} {
		if _, err := tx.ExecContext(ctx, s.text, s.args...); err != nil {
			return err
		}
	}
	return nil
}
