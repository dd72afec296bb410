package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/strangler-fig/toolkit/shadow"
)

// SaveLearnt keeps what was learnt of each route, in the place of what was kept of it before.
func (l *Ledger) SaveLearnt(ctx context.Context, learnt map[string]shadow.Learnt) error {
	tx, err := l.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("keep what was learnt of noise: %w", err)
	}
	defer tx.Rollback()
	for route, of := range learnt {
		text, err := json.Marshal(of)
		if err != nil {
			return fmt.Errorf("keep what was learnt of noise: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO learnt (route, noise) VALUES (?, ?)
			ON CONFLICT DO UPDATE SET noise = excluded.noise`, route, string(text)); err != nil {
			return fmt.Errorf("keep what was learnt of noise: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("keep what was learnt of noise: %w", err)
	}
	return nil
}

// Learnt returns what was kept, by route.
func (l *Ledger) Learnt(ctx context.Context) (map[string]shadow.Learnt, error) {
	type kept struct {
		route string
		of    shadow.Learnt
	}
	rows, err := l.db.Reader().QueryContext(ctx, `SELECT route, noise FROM learnt`)
	all, err := collect(rows, err, "read what was learnt of noise", func(row scanner) (k kept, err error) {
		var text []byte
		if err = row.Scan(&k.route, &text); err == nil {
			err = json.Unmarshal(text, &k.of)
		}
		return k, err
	})
	learnt := make(map[string]shadow.Learnt, len(all))
	for _, k := range all {
		learnt[k.route] = k.of
	}
	return learnt, err
}
