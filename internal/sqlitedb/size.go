package sqlitedb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Size returns what the database takes on the disk, in bytes: file, write-ahead log and shared
// memory.
func (db *DB) Size() (int64, error) {
	var sum int64
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(db.path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return 0, err
		}
		sum += info.Size()
	}
	return sum, nil
}

// Shrink gives up to pages free pages back to the file system. It holds the write lock
// meanwhile: a few hundred pages at a time keep that short.
func (db *DB) Shrink(ctx context.Context, pages int) error {
	// The pragma frees one page each time it is stepped, so that it is read as a query.
	rows, err := db.writer.QueryContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", pages))
	if err != nil {
		return fmt.Errorf("shrink %s: %w", db.path, err)
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// Free returns how many pages of the file are free: what Shrink can give back.
func (db *DB) Free(ctx context.Context) (pages int64, err error) {
	// Not asked of a reader: those may all be at work for long.
	if err := db.writer.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&pages); err != nil {
		return 0, fmt.Errorf("count the free pages of %s: %w", db.path, err)
	}
	return pages, nil
}

// truncateTimeout is how long Truncate waits for readers, in milliseconds: a short query's time.
const truncateTimeout = 50

// Truncate moves the write-ahead log into the file and empties it. A reader that is still at
// an older state keeps it from being emptied: that is no error, and a later call does it.
func (db *DB) Truncate(ctx context.Context) (emptied bool, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("truncate the write-ahead log of %s: %w", db.path, err)
		}
	}()
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", truncateTimeout)); err != nil {
		return false, err
	}
	defer func() {
		_, restored := conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA busy_timeout = %d", db.busyTimeout.Milliseconds()))
		err = errors.Join(err, restored)
	}()
	var busy, pages, moved int
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	return err == nil && busy == 0, err
}
