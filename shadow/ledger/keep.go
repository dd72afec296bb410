package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// renewal is how often an exchange is kept in the place of another, once a route has enough.
const renewal = time.Second

// keeps is how many exchanges of a route are kept, and when the last one was.
type keeps struct {
	n    int
	last time.Time
}

// Wants implements shadow.Keeper: it takes the first ones, and then one a second.
func (l *Ledger) Wants(route string, most int) bool {
	now := l.cfg.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.kept[route]
	return !l.closed && (k.n < most || now.Sub(k.last) >= renewal)
}

// Keep implements shadow.Keeper. Like Record it never waits, and what finds no room is dropped; that
// isn't counted, since nothing is missing then but one of many.
func (l *Ledger) Keep(c shadow.Comparison, most int) {
	it := &item{comparison: c, bytes: 256 + weight(c), keep: most}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.bytes+it.bytes > l.cfg.QueueBytes {
		return
	}
	select {
	case l.queue <- it:
		l.bytes += it.bytes
		k := l.kept[c.Route]
		k.n, k.last = k.n+1, l.cfg.Now()
		l.kept[c.Route] = k
	default:
	}
}

// keep writes one into the file, in the place of another where there are enough: see displace.
func (b *batchTx) keep(ctx context.Context, c shadow.Comparison, most int) error {
	like := likeness(c)
	kept, err := b.kept(ctx, `SELECT id, likeness, at FROM kept WHERE route = ? AND NOT imported ORDER BY id`, c.Route)
	if err != nil {
		return err
	}
	_, gone := displace(kept, specimen{c.ID, like, c.At.UnixMicro()}, most)
	for _, s := range gone {
		if err := b.exec(ctx, `DELETE FROM kept WHERE id = ?`, s.id); err != nil {
			return err
		}
	}
	return b.w.insertKept(ctx, b.tx, c, like, false)
}

func (l *Ledger) insertKept(ctx context.Context, tx *sql.Tx, c shadow.Comparison, like int64, imported bool) error {
	packed, err := l.pack(c)
	if err != nil {
		return err
	}
	header, err := json.Marshal(c.Request.Header)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT OR IGNORE INTO kept (id, route, at, method, path, host, header, served, request, legacy, service, likeness, imported)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.Route, c.At.UnixMicro(), c.Request.Method, c.Request.Path, c.Request.Host, string(header), string(c.Served),
		packed[0], packed[1], packed[2], like, imported)
	return err
}

// pack returns a request's body and both answers as blobs.
func (l *Ledger) pack(c shadow.Comparison) (blobs [3][]byte, err error) {
	if blobs[0], err = l.codec.encode(struct{}{}, c.Request.Body); err != nil {
		return blobs, err
	}
	for i, a := range []*shadow.Answer{c.Legacy, c.Service} {
		if blobs[1+i], err = l.packed(a); err != nil {
			return blobs, err
		}
	}
	return blobs, nil
}

// Exchange is a request with the answers that there were to it, as far as they are kept.
type Exchange struct {
	ID              string
	Route           string
	Group           string // of a divergence; else empty
	At              time.Time
	Request         shadow.Request
	Served          shadow.Side
	Legacy, Service *shadow.Answer // nil: that side gave none
	Differences     []shadow.Difference
}

// Kept returns the exchanges of a route that are kept without being divergences, newest first, at most
// so many.
func (l *Ledger) Kept(ctx context.Context, route string, limit int) ([]Exchange, error) {
	rows, err := l.db.Reader().QueryContext(ctx, `SELECT id, route, at, method, path, host, header, served, request, legacy, service
		FROM kept WHERE route = ? ORDER BY id DESC LIMIT ?`, route, limit)
	return collect(rows, err, "read kept exchanges of route "+route, func(row scanner) (x Exchange, err error) {
		var at int64
		var header, request, legacy, service []byte
		err = row.Scan(&x.ID, &x.Route, &at, &x.Request.Method, &x.Request.Path, &x.Request.Host, &header, &x.Served, &request, &legacy, &service)
		if err != nil {
			return x, err
		}
		x.At = time.UnixMicro(at).UTC()
		if err = json.Unmarshal(header, &x.Request.Header); err != nil {
			return x, err
		}
		if x.Request.Body, err = l.codec.decode(request, &struct{}{}); err != nil {
			return x, err
		}
		if x.Legacy, err = l.answer(legacy); err == nil {
			x.Service, err = l.answer(service)
		}
		return x, err
	})
}

// countKept learns how many exchanges of each route are kept already.
func (l *Ledger) countKept(ctx context.Context) error {
	rows, err := l.db.Reader().QueryContext(ctx, `SELECT route, count(*) FROM kept WHERE NOT imported GROUP BY route`)
	if err != nil {
		return fmt.Errorf("count kept exchanges: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var route string
		var k keeps
		if err := rows.Scan(&route, &k.n); err != nil {
			return err
		}
		l.kept[route] = k
	}
	return rows.Err()
}

var _ interface {
	shadow.Recorder
	shadow.Counter
	shadow.Keeper
} = (*Ledger)(nil)
