package ids

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/mattn/go-sqlite3"
)

// Import takes over pairs that exist already, all or none, and returns how many are new. Pairs that
// the table has are no conflict, so that an import may be repeated. An error of the iterator ends
// it. Errors: *ConflictError, *FullError, *InvalidError.
//
// The whole of it is one transaction: nobody else can make identifiers meanwhile, in any table of the
// file, and whoever wants to waits; what is known is found as ever. So give it pairs that are at hand,
// from nothing that makes identifiers in this file itself, and many before there is traffic. A million takes ten seconds to a minute.
func (t *Table) Import(ctx context.Context, pairs iter.Seq2[Pair, error]) (added int64, err error) {
	return t.importFrom(ctx, pairs, nil)
}

// importFrom is Import of pairs that stand on lines, where line says on which the last of them does.
func (t *Table) importFrom(ctx context.Context, pairs iter.Seq2[Pair, error], line func() int) (added int64, err error) {
	added, err = t.importAll(ctx, pairs, line)
	if err == nil {
		// What went through the log needn't stay there. Where it can't be emptied now it is used again.
		_, _ = t.store.db.Truncate(context.WithoutCancel(ctx))
		return added, nil
	}
	var conflicts *ConflictError
	var atLine *LineError
	switch {
	case errors.As(err, &conflicts):
		return 0, conflicts
	case errors.As(err, &atLine):
		return 0, atLine
	}
	return 0, t.explain("import", err)
}

// importCache is how much memory the file's pages may take while an import is under way, in KiB: where indexes
// don't fit, most pairs cost a page that is written and read again.
const importCache = 64 << 10

// importing returns the connection that writes with a large cache, and what gives it back.
func (t *Table) importing(ctx context.Context) (*sql.Conn, func(), error) {
	conn, err := t.store.db.Writer().Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	var usual int
	if err = conn.QueryRowContext(ctx, "PRAGMA cache_size").Scan(&usual); err == nil {
		_, err = conn.ExecContext(ctx, fmt.Sprintf("PRAGMA cache_size = -%d", importCache))
	}
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	return conn, func() {
		// Where this fails the connection keeps more memory, and nothing else.
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA cache_size = %d; PRAGMA shrink_memory", usual))
		conn.Close()
	}, nil
}

func (t *Table) importAll(ctx context.Context, pairs iter.Seq2[Pair, error], line func() int) (added int64, err error) {
	conn, giveBack, err := t.importing(ctx)
	if err != nil {
		return 0, err
	}
	defer giveBack()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() // after the commit it does nothing
	table, have, err := t.row(ctx, tx)
	if err != nil {
		return 0, err
	}
	conflicts := &ConflictError{Table: t.c.Name}
	in, err := newImporter(ctx, tx, table)
	if err != nil {
		return 0, err
	}
	defer in.close()
	index := -1
	for p, err := range pairs {
		index++
		if err == nil {
			err = errors.Join(check(p.Legacy), check(p.Service))
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return 0, fmt.Errorf("pair %d: %w", index+1, err)
		}
		isNew, inTheWay, err := in.add(p)
		if err != nil {
			return 0, fmt.Errorf("pair %d: %w", index+1, err)
		}
		if inTheWay != nil {
			if conflicts.Total++; len(conflicts.First) < MaxConflicts {
				c := Conflict{Index: index, Pair: p, Have: *inTheWay}
				if line != nil {
					c.Line = line()
				}
				conflicts.First = append(conflicts.First, c)
			}
		}
		if isNew {
			if added++; have+added > t.c.Max {
				return 0, &FullError{Table: t.c.Name, Max: t.c.Max, Import: true}
			}
		}
	}
	if conflicts.Total > 0 {
		return 0, conflicts
	}
	return added, tx.Commit()
}

// importer is what an import asks and does for each pair.
type importer struct {
	table        int64
	find, insert *sql.Stmt
}

func newImporter(ctx context.Context, tx *sql.Tx, table int64) (*importer, error) {
	find, err := tx.PrepareContext(ctx, `SELECT legacy, service FROM pairs WHERE tbl = ?1 AND legacy = ?2
		UNION SELECT legacy, service FROM pairs WHERE tbl = ?1 AND service = ?3`)
	if err != nil {
		return nil, err
	}
	// What is there already is the usual case where an import is repeated, and costs less than a refusal.
	insert, err := tx.PrepareContext(ctx, `INSERT INTO pairs (tbl, legacy, service) SELECT ?1, ?2, ?3
		WHERE NOT EXISTS (SELECT 1 FROM pairs WHERE tbl = ?1 AND legacy = ?2)`)
	if err != nil {
		return nil, errors.Join(err, find.Close())
	}
	return &importer{table, find, insert}, nil
}

func (i *importer) close() {
	i.find.Close()
	i.insert.Close()
}

// add adds a pair, or says which one is in its way; neither: it is there already. The statements have no
// context, since each would cost a goroutine: the transaction has one, which ends them.
func (i *importer) add(p Pair) (isNew bool, inTheWay *Pair, err error) {
	result, err := i.insert.Exec(i.table, p.Legacy, p.Service)
	if err == nil {
		n, err := result.RowsAffected()
		if err != nil || n > 0 {
			return n > 0, nil, err
		}
	} else if refused, ok := errors.AsType[sqlite3.Error](err); !ok || refused.Code != sqlite3.ErrConstraint {
		return false, nil, err
	}
	rows, err := i.find.Query(i.table, p.Legacy, p.Service)
	if err != nil {
		return false, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var have Pair
		if err := rows.Scan(&have.Legacy, &have.Service); err != nil {
			return false, nil, err
		}
		if have == p {
			return false, nil, rows.Err()
		}
		if inTheWay == nil {
			inTheWay = &have
		}
	}
	if err := rows.Err(); err != nil || inTheWay == nil {
		return false, nil, errors.Join(err, errors.New("it was refused"))
	}
	return false, inTheWay, nil
}

// exported is how many pairs Export reads at a time.
const exported = 1000

// Export yields all pairs in the order of legacy's identifiers, byte by byte. It holds nothing open
// while the caller works. What is added meanwhile may be among them; what was there when it began is,
// once. An error is the last that is yielded.
func (t *Table) Export(ctx context.Context) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		for last := ""; ; {
			page, err := t.page(ctx, last)
			if err != nil {
				yield(Pair{}, t.explain("export", err))
				return
			}
			for _, p := range page {
				if !yield(p, nil) {
					return
				}
			}
			if len(page) < exported {
				return
			}
			last = page[len(page)-1].Legacy
		}
	}
}

// page returns the pairs that follow one of legacy's identifiers.
func (t *Table) page(ctx context.Context, after string) (page []Pair, err error) {
	rows, err := t.store.db.Reader().QueryContext(ctx, `SELECT legacy, service FROM pairs
		WHERE tbl = (SELECT id FROM tables WHERE name = ?) AND legacy > ? ORDER BY legacy LIMIT ?`, t.c.Name, after, exported)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p Pair
		if err := rows.Scan(&p.Legacy, &p.Service); err != nil {
			return nil, err
		}
		page = append(page, p)
	}
	return page, rows.Err()
}
