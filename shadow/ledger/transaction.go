package ledger

import (
	"context"
	"database/sql"
	"fmt"
)

// queryer is what reads: the file as it is, or as a transaction would leave it.
type queryer interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

// inTransaction makes one transaction: either all of it is in the file, or nothing.
func (l *Ledger) inTransaction(ctx context.Context, what string, do func(*sql.Tx) error) error {
	tx, err := l.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
