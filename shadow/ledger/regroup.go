package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
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
// Errors: ErrNotFound.
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
		result, err := l.db.Writer().ExecContext(ctx, `UPDATE divergences SET grp = ?
			WHERE id IN (SELECT id FROM divergences WHERE grp = ? LIMIT ?)`, to.ID, id, regroupRows)
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
	for _, statement := range []string{
		`UPDATE divergences SET grp = ?1 WHERE grp = ?2`, // those recorded since
		`UPDATE examples SET grp = ?1 WHERE grp = ?2`,
		`INSERT INTO days SELECT ?1, day, count FROM days WHERE grp = ?2 ON CONFLICT DO UPDATE SET count = count + excluded.count`,
		`DELETE FROM days WHERE grp = ?2 AND ?1 <> ''`,
		`DELETE FROM groups WHERE id = ?2 AND ?1 <> ''`,
	} {
		if _, err := tx.ExecContext(ctx, statement, to.ID, id); err != nil {
			return err
		}
	}
	return nil
}

// seenAgain is the condition under which a group opens again: it was fixed, or a rule covers it, and
// there is another divergence. What was on its way when a rule came is still compared without it.
const seenAgain = `(state = 'fixed' AND excluded.last > since OR state = 'expected' AND origin = '` + OriginRule + `' AND excluded.last > since + 10000000)`

// addGroup adds to a group's counts and guesses. One that is seen again may be open then.
func addGroup(ctx context.Context, tx *sql.Tx, g *Group, guessed guesses) error {
	causes, err := json.Marshal(g.Causes)
	if err != nil {
		return err
	}
	if len(guessed) == 0 {
		guessed = guesses{} // not null
	} else if guessed, err = withKept(ctx, tx, g.ID, guessed); err != nil {
		return err
	}
	guesses, err := json.Marshal(guessed)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO groups (id, route, legacy_status, service_status, causes, count, first, last, guesses)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET count = count + excluded.count, first = min(first, excluded.first), last = max(last, excluded.last),
			guesses = iif(excluded.guesses = '{}', guesses, excluded.guesses),
			reopened = iif(`+seenAgain+`, excluded.last, reopened),
			since = iif(`+seenAgain+`, excluded.last, since),
			state = iif(`+seenAgain+`, 'open', state)`,
		g.ID, g.Route, g.LegacyStatus, g.ServiceStatus, string(causes), g.Count, g.First.UnixMicro(), g.Last.UnixMicro(), string(guesses))
	return err
}

// withKept returns what was guessed of a group together with what the file has.
func withKept(ctx context.Context, tx *sql.Tx, id string, more guesses) (guesses, error) {
	var kept []byte
	switch err := tx.QueryRowContext(ctx, `SELECT guesses FROM groups WHERE id = ?`, id).Scan(&kept); {
	case errors.Is(err, sql.ErrNoRows):
		return more, nil
	case err != nil:
		return nil, err
	}
	all, err := parseGuesses(kept)
	if err != nil {
		return nil, err
	}
	all.merge(more)
	return all, nil
}
