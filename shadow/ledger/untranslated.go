package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// MaxUntranslated is how many kinds of what could not be translated are kept of a route: those that
// occurred last. What is of further kinds is counted together, as OtherKinds.
const MaxUntranslated = 20

// OtherKinds is the Kind of what is counted together.
const OtherKinds = "others"

// Untranslated is what could not be translated of a route's messages, for one reason at one place.
type Untranslated struct {
	Route     string
	Direction string // "to service" or "to legacy"
	Pointer   string // RFC 6901 with * for indexes, into the body that was read; empty: the message as a whole
	Kind      string // what is wrong, without values
	Count     int64
	First     time.Time
	Last      time.Time
	Example   *UntranslatedExample // the last one; nil: none is kept
}

// UntranslatedExample is one message that could not be translated. It is redacted before it comes here.
type UntranslatedExample struct {
	At          time.Time
	Method      string
	Path        string
	Pointer     string // with its indexes
	Reason      string
	Status      int    `json:",omitempty"` // of an answer
	ContentType string `json:",omitempty"`
	Body        []byte `json:"-"` // the beginning of it; nil: it isn't kept
	Size        int64  // of the whole, bytes; -1: not known
}

// AddUntranslated adds to what is on record of what could not be translated. Either all is added or
// nothing. An example replaces the one that there is; a nil one leaves it.
func (l *Ledger) AddUntranslated(ctx context.Context, more []Untranslated) error {
	return l.inTransaction(ctx, "record what could not be translated", func(tx *sql.Tx) error {
		touched := map[string]bool{}
		for _, u := range more {
			if l.isHushed(u.Route) {
				u.Example = nil
			}
			if err := l.addUntranslated(ctx, tx, u); err != nil {
				return err
			}
			touched[u.Route] = true
		}
		for route := range touched {
			if err := foldUntranslated(ctx, tx, route); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *Ledger) addUntranslated(ctx context.Context, tx *sql.Tx, u Untranslated) error {
	var blob []byte
	if e := u.Example; e != nil {
		head := *e
		head.Body = nil
		var err error
		if blob, err = l.codec.encode(head, e.Body); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO untranslated (route, direction, pointer, kind, count, first, last, example)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count,
		first = min(first, excluded.first), last = max(last, excluded.last), example = coalesce(excluded.example, example)`,
		u.Route, u.Direction, u.Pointer, u.Kind, u.Count, u.First.UnixMicro(), u.Last.UnixMicro(), blob)
	return err
}

// foldUntranslated counts together what is beyond MaxUntranslated kinds of a route.
func foldUntranslated(ctx context.Context, tx *sql.Tx, route string) error {
	const beyond = ` FROM untranslated WHERE rowid IN (SELECT rowid FROM untranslated
		WHERE route = ? AND kind <> ? ORDER BY last DESC, direction, pointer, kind LIMIT -1 OFFSET ?)`
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*)`+beyond, route, OtherKinds, MaxUntranslated).Scan(&n); err != nil || n == 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO untranslated (route, direction, pointer, kind, count, first, last)
		SELECT route, direction, '', ?, sum(count), min(first), max(last)`+beyond+` GROUP BY route, direction
		ON CONFLICT DO UPDATE SET count = count + excluded.count, first = min(first, excluded.first), last = max(last, excluded.last)`,
		OtherKinds, route, OtherKinds, MaxUntranslated); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE`+beyond, route, OtherKinds, MaxUntranslated)
	return err
}

// Untranslated returns what could not be translated of a route, the last one first.
func (l *Ledger) Untranslated(ctx context.Context, route string) ([]Untranslated, error) {
	rows, err := l.db.Reader().QueryContext(ctx, `SELECT route, direction, pointer, kind, count, first, last, example
		FROM untranslated WHERE route = ? ORDER BY last DESC, direction, pointer, kind`, route)
	return collect(rows, err, "read what could not be translated", func(row scanner) (u Untranslated, err error) {
		var first, last int64
		var blob []byte
		if err := row.Scan(&u.Route, &u.Direction, &u.Pointer, &u.Kind, &u.Count, &first, &last, &blob); err != nil {
			return u, err
		}
		u.First, u.Last = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
		if blob != nil {
			u.Example = &UntranslatedExample{}
			u.Example.Body, err = l.codec.decode(blob, u.Example)
		}
		return u, err
	})
}

// expireUntranslated removes what has not occurred since.
func (l *Ledger) expireUntranslated(ctx context.Context, before time.Time) error {
	_, err := l.db.Writer().ExecContext(ctx, `DELETE FROM untranslated WHERE last < ?`, before.UnixMicro())
	return err
}

// removeUntranslated deletes the example that is the oldest, and says how many there were.
func (w *writer) removeUntranslated(ctx context.Context) (int64, error) {
	result, err := w.db.Writer().ExecContext(ctx, `UPDATE untranslated SET example = NULL
		WHERE rowid IN (SELECT rowid FROM untranslated WHERE example IS NOT NULL ORDER BY last LIMIT ?)`, pruneRows/10)
	if err != nil {
		return 0, fmt.Errorf("prune the ledger: %w", err)
	}
	return result.RowsAffected()
}
