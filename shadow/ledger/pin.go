package ledger

import (
	"context"
	"fmt"
)

// MaxPinned is how many examples of a group are kept because somebody took the link to them.
const MaxPinned = 10

// Pin keeps an example although there are newer ones, until MaxAge, or until MaxPinned others of its group were
// pinned after it. It returns ErrNotFound where the answers of such a divergence are not kept, or no longer.
func (l *Ledger) Pin(ctx context.Context, id string) error {
	tx, err := l.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("pin divergence %s: %w", id, err)
	}
	defer tx.Rollback()
	var group string
	err = tx.QueryRowContext(ctx, `UPDATE examples SET pinned = ? WHERE divergence = ? RETURNING grp`, l.cfg.Now().UnixMicro(), id).Scan(&group)
	if err != nil {
		return failed("pin divergence "+id, err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE examples SET pinned = 0 WHERE grp = ?1 AND pinned > 0 AND divergence NOT IN
		(SELECT divergence FROM examples WHERE grp = ?1 AND pinned > 0 ORDER BY divergence = ?2 DESC, pinned DESC, divergence DESC LIMIT ?3)`, group, id, MaxPinned); err != nil {
		return fmt.Errorf("pin divergence %s: %w", id, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("pin divergence %s: %w", id, err)
	}
	return nil
}
