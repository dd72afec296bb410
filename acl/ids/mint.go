package ids

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// passedOver is how many taken numbers one transaction passes over, so that it doesn't hold the write
// lock for long where a block of them was imported.
const passedOver = 5000

// make makes a counterpart of an identifier of side's, unless somebody else has meanwhile.
func (t *Table) make(ctx context.Context, side Side, id string) (string, error) {
	for {
		made, again, err := t.tryMake(ctx, side, id)
		if err != nil || !again {
			return made, err
		}
	}
}

// tryMake is one transaction of make. again says that it only passed over taken numbers.
func (t *Table) tryMake(ctx context.Context, side Side, id string) (made string, again bool, err error) {
	tx, err := t.store.db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return "", false, err
	}
	defer tx.Rollback() // after the commit it does nothing
	found, err := lookup(ctx, tx, t.c.Name, side, id)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return found, false, err
	}
	table, have, err := t.row(ctx, tx)
	if err != nil {
		return "", false, err
	}
	if have >= t.c.Max {
		t.full.Store(true)
		return "", false, &FullError{Table: t.c.Name, Max: t.c.Max}
	}
	if t.mint(side.other()).Kind == UUID {
		made, err = t.free(ctx, tx, side.other())
	} else {
		made, err = t.next(ctx, tx, table, side.other())
	}
	if err != nil {
		return "", false, err
	}
	if made == "" {
		return "", true, tx.Commit()
	}
	p := Pair{Legacy: id, Service: made}
	if side == Service {
		p = Pair{Legacy: made, Service: id}
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO pairs (tbl, legacy, service) VALUES (?, ?, ?)", table, p.Legacy, p.Service); err != nil {
		return "", false, err
	}
	return made, false, tx.Commit()
}

// row returns the table's number in the file, which it is given where it has none, and how many
// pairs it holds.
func (t *Table) row(ctx context.Context, tx *sql.Tx) (table, pairs int64, err error) {
	if _, err := tx.ExecContext(ctx, "INSERT INTO tables (name) VALUES (?) ON CONFLICT DO NOTHING", t.c.Name); err != nil {
		return 0, 0, err
	}
	err = tx.QueryRowContext(ctx, "SELECT id, pairs FROM tables WHERE name = ?", t.c.Name).Scan(&table, &pairs)
	return table, pairs, err
}

// free returns a UUID that no pair has: one that has is next to impossible, unless somebody imported it.
func (t *Table) free(ctx context.Context, tx *sql.Tx, side Side) (string, error) {
	for range 3 {
		made := newUUID(time.Now())
		if _, err := lookup(ctx, tx, t.c.Name, side, made); errors.Is(err, sql.ErrNoRows) {
			return made, nil
		} else if err != nil {
			return "", err
		}
	}
	return "", errTaken
}

// next returns the next number of side's that no pair has, and sees to it that it isn't used again;
// empty: so many are taken that it takes another transaction.
func (t *Table) next(ctx context.Context, tx *sql.Tx, table int64, side Side) (made string, err error) {
	column := "next_" + side.column()
	var number int64
	if err := tx.QueryRowContext(ctx, "SELECT "+column+" FROM tables WHERE id = ?", table).Scan(&number); err != nil {
		return "", err
	}
	number = max(number, t.mint(side).From)
	taken, err := tx.PrepareContext(ctx, "SELECT EXISTS (SELECT 1 FROM pairs WHERE tbl = ? AND "+side.column()+" = ?)")
	if err != nil {
		return "", err
	}
	defer taken.Close()
	for range passedOver {
		if number == math.MaxInt64 {
			return "", fmt.Errorf("there are no numbers left for %s", side)
		}
		id := strconv.FormatInt(number, 10)
		number++
		var is bool
		if err := taken.QueryRowContext(ctx, table, id).Scan(&is); err != nil {
			return "", err
		}
		if !is {
			made = id
			break
		}
	}
	_, err = tx.ExecContext(ctx, "UPDATE tables SET "+column+" = ? WHERE id = ?", number, table)
	return made, err
}

// newUUID returns a UUID of version 7: 48 bits of milliseconds since 1970 and 74 random ones (RFC 9562
// section 5.7), so that those that are made together lie together in an index.
func newUUID(now time.Time) string {
	var b [16]byte
	rand.Read(b[6:]) // it never fails
	binary.BigEndian.PutUint16(b[0:], uint16(now.UnixMilli()>>32))
	binary.BigEndian.PutUint32(b[2:], uint32(now.UnixMilli()))
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
