package journal

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/strangler-fig/toolkit/strangler"
)

const insert = `INSERT INTO entries (` + hashed + `, hash)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// write appends entries, which follow those of last, in one transaction.
func (j *Journal) write(ctx context.Context, last *fold, entries []Entry) error {
	tx, err := j.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after the commit it does nothing
	if err := follows(ctx, tx, last.seq, last.head); err != nil {
		return err
	}
	for _, e := range entries {
		if _, err := tx.ExecContext(ctx, insert, append(values(e), e.Hash[:])...); err != nil {
			return fmt.Errorf("entry %d: %w", e.Seq, err)
		}
	}
	if err := tx.Commit(); err != nil {
		// An error here may come after the point where SQLite had made it so.
		return j.settle(ctx, entries[len(entries)-1], err)
	}
	return nil
}

// settle finds out whether a commit that reported an error took place.
func (j *Journal) settle(ctx context.Context, last Entry, cause error) error {
	err := follows(ctx, j.db.Writer(), last.Seq, last.Hash)
	if stranger, ok := errors.AsType[*strangerError](err); ok && stranger.have < last.Seq {
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
}, last int64, head Hash) error {
	var have int64
	var hash []byte
	if err := db.QueryRowContext(ctx, "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").Scan(&have, &hash); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if have != last || last != 0 && !bytes.Equal(hash, head[:]) {
		return &strangerError{have, last}
	}
	return nil
}

// strangerError says that somebody else wrote into the file.
type strangerError struct{ have, want int64 }

func (e *strangerError) Error() string {
	if e.have == e.want {
		return fmt.Sprintf("its last entry, %d, is another than was written: another process wrote into it; restart to read it anew", e.have)
	}
	return fmt.Sprintf("its last entry is %d, not %d: another process wrote into it; restart to read it anew", e.have, e.want)
}

// values returns the columns that an entry's hash is over.
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
