package ledger

import (
	"context"
	"fmt"

	"github.com/strangler-fig/toolkit/shadow"
)

// MaxImported is how many exchanges that somebody else recorded a route may have.
const MaxImported = 10_000

// FullError says that a route has all the imported exchanges that it may have.
type FullError struct{ Route string }

// Error implements error.
func (e *FullError) Error() string {
	return fmt.Sprintf("route %q would have more than %d imported exchanges", e.Route, MaxImported)
}

// Import stores exchanges of a route that somebody else recorded, all or none, apart from those that
// Keep keeps. Errors: *FullError.
func (l *Ledger) Import(ctx context.Context, route string, all []shadow.Comparison) error {
	tx, err := l.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("import into the ledger: %w", err)
	}
	defer tx.Rollback()
	var have int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM kept WHERE route = ? AND imported`, route).Scan(&have); err != nil {
		return fmt.Errorf("import into the ledger: %w", err)
	}
	if have+len(all) > MaxImported {
		return &FullError{route}
	}
	for _, c := range all {
		if err := l.insertKept(ctx, tx, c, likeness(c), true); err != nil {
			return fmt.Errorf("import into the ledger: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("import into the ledger: %w", err)
	}
	return nil
}
