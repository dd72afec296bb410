package journal

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"strings"
)

// chainVersion is the version of the schema from which on entries carry hashes.
const chainVersion = 4

var (
	//go:embed migrations/00004_chain/create.sql
	createChained string
	//go:embed migrations/00004_chain/finish.sql
	finishChained string
)

// chain puts the entries that a journal already has into a chain. It is the migration to
// chainVersion: in one transaction, and with one entry in memory at a time.
func chain(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, createChained); err != nil {
		return err
	}
	write, err := tx.PrepareContext(ctx, "INSERT INTO entries_chained ("+hashed+", hash) VALUES (?"+strings.Repeat(", ?", hashedColumns)+")")
	if err != nil {
		return err
	}
	err = errors.Join(copyChained(ctx, tx, write), write.Close())
	if err != nil {
		return fmt.Errorf("chain entries: %w", err)
	}
	_, err = tx.ExecContext(ctx, finishChained)
	return err
}

func copyChained(ctx context.Context, tx *sql.Tx, write *sql.Stmt) error {
	rows, err := tx.QueryContext(ctx, "SELECT "+hashed+" FROM entries ORDER BY seq")
	if err != nil {
		return err
	}
	defer rows.Close()
	var last Hash
	for rows.Next() {
		values, err := raw(rows, hashedColumns)
		if err != nil {
			return err
		}
		last = last.then(values)
		if _, err := write.ExecContext(ctx, append(values, last[:])...); err != nil {
			return err
		}
	}
	return rows.Err()
}
