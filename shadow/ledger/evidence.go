package ledger

import (
	"context"
	"encoding/json"
	"fmt"
)

// SaveEvidence keeps what was seen of each route beside its comparisons, by whoever judges it, in the
// place of what was kept of it before. What it says is not the ledger's business.
func (l *Ledger) SaveEvidence(ctx context.Context, seen map[string]json.RawMessage) error {
	tx, err := l.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("keep what was seen of routes: %w", err)
	}
	defer tx.Rollback()
	for route, text := range seen {
		if _, err := tx.ExecContext(ctx, `INSERT INTO evidence (route, seen) VALUES (?, ?)
			ON CONFLICT DO UPDATE SET seen = excluded.seen`, route, string(text)); err != nil {
			return fmt.Errorf("keep what was seen of route %s: %w", route, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("keep what was seen of routes: %w", err)
	}
	return nil
}

// Evidence returns what was kept, by route.
func (l *Ledger) Evidence(ctx context.Context) (map[string]json.RawMessage, error) {
	type kept struct{ route, text string }
	rows, err := l.db.Reader().QueryContext(ctx, `SELECT route, seen FROM evidence`)
	all, err := collect(rows, err, "read what was seen of routes", func(row scanner) (k kept, err error) {
		return k, row.Scan(&k.route, &k.text)
	})
	seen := make(map[string]json.RawMessage, len(all))
	for _, k := range all {
		seen[k.route] = json.RawMessage(k.text)
	}
	return seen, err
}
