package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/strangler-fig/toolkit/strangler"
)

const insert = `INSERT INTO entries (seq, change, at, kind, how, route, unit, version,
	before_phase, before_weight, after_phase, after_weight,
	actor, verified, reason, definition, undoes, rules, steering)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// write appends entries, which follow the entry last, in one transaction.
func (j *Journal) write(ctx context.Context, last int64, entries []Entry) error {
	tx, err := j.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after the commit it does nothing
	if err := follows(ctx, tx, last); err != nil {
		return err
	}
	for _, e := range entries {
		if _, err := tx.ExecContext(ctx, insert, values(e)...); err != nil {
			return fmt.Errorf("entry %d: %w", e.Seq, err)
		}
	}
	if err := tx.Commit(); err != nil {
		// An error here may come after the point where SQLite had made it so.
		return j.settle(ctx, entries[len(entries)-1].Seq, err)
	}
	return nil
}

// settle finds out whether a commit that reported an error took place.
func (j *Journal) settle(ctx context.Context, seq int64, cause error) error {
	err := follows(ctx, j.db.Writer(), seq)
	if stranger, ok := errors.AsType[*strangerError](err); ok && stranger.have < seq {
		return cause
	}
	if err != nil {
		return fmt.Errorf("%w; whether the change is on the disk can't be told: %w", cause, err)
	}
	return nil
}

// follows reports a file whose last entry is not the one that this process knows as the last.
func follows(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, last int64) error {
	var have int64
	if err := db.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM entries").Scan(&have); err != nil {
		return err
	}
	if have != last {
		return &strangerError{have, last}
	}
	return nil
}

// strangerError says that somebody else wrote into the file.
type strangerError struct{ have, want int64 }

func (e *strangerError) Error() string {
	return fmt.Sprintf("its last entry is %d, not %d: another process wrote into it; restart to read it anew", e.have, e.want)
}

// values returns an entry's columns in the order of insert.
func values(e Entry) []any {
	var definition, undoes, rules, steering any
	if e.Definition != nil {
		definition = string(e.Definition)
	}
	if e.Undoes != 0 {
		undoes = e.Undoes
	}
	if e.Rules != nil {
		rules = string(e.Rules)
	}
	if e.Steering != nil {
		steering = string(e.Steering)
	}
	all := []any{e.Seq, e.Change, e.At.UnixMicro(), string(e.Kind), string(e.How), e.Route, e.Unit, e.Version}
	for _, p := range []*strangler.Position{e.Before, e.After} {
		if p == nil {
			all = append(all, nil, nil)
		} else {
			all = append(all, p.Phase.String(), int64(p.Weight))
		}
	}
	return append(all, e.Actor, e.Verified, e.Reason, definition, undoes, rules, steering)
}
