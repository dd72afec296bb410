package ledger

import "context"

// Balance is what is on record of a route's comparisons, since the ledger was made.
type Balance struct {
	Compared int64 // both answers were there: match, noise, lag or diverged
	Diverged int64 // of those
	Expected int64 // of those: in groups that are expected at present
}

// Balance returns a route's.
func (l *Ledger) Balance(ctx context.Context, route string) (b Balance, err error) {
	err = l.db.Reader().QueryRowContext(ctx, `SELECT
		(SELECT coalesce(sum(count), 0) FROM totals WHERE route = ?1 AND verdict IN ('match', 'noise', 'lag', 'diverged')),
		(SELECT coalesce(sum(count), 0) FROM totals WHERE route = ?1 AND verdict = 'diverged'),
		(SELECT coalesce(sum(count), 0) FROM groups WHERE route = ?1 AND state = 'expected')`, route).
		Scan(&b.Compared, &b.Diverged, &b.Expected)
	if err != nil {
		return Balance{}, failed("read what is on record of route "+route, err)
	}
	return b, nil
}
