package ids

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/strangler-fig/toolkit/internal/sqlitedb"
)

// applicationID marks the file as tables of identifiers ("SFid", https://sqlite.org/pragma.html#pragma_application_id).
const applicationID = 0x53466964

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a file of tables. Its methods are safe for concurrent use, and several processes may have
// the file open.
type Store struct{ db *sqlitedb.DB }

// Open opens the file at path, and makes it if there is none. A file that is another program's, is
// newer or is broken is an error and stays as it was.
func Open(path string) (*Store, error) { return open(path, 0) }

// open is Open with the time that a statement waits for another process' lock; 0: the default.
func open(path string, busy time.Duration) (*Store, error) {
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open identifiers: %w", err)
	}
	db, err := sqlitedb.Open(context.Background(), path, sqlitedb.Options{
		ApplicationID: applicationID,
		Migrations:    scripts,
		Full:          true, // who was told of a pair may have written it down
		BusyTimeout:   busy,
	})
	if err != nil {
		return nil, fmt.Errorf("open identifiers: %w", err)
	}
	return &Store{db}, nil
}

// Close closes the file. Nothing else may be called after it.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close identifiers: %w", err)
	}
	return nil
}

// Backup writes a copy of the file, as of one moment, into one that must not exist yet.
func (s *Store) Backup(ctx context.Context, to string) error { return s.db.Backup(ctx, to) }

// Count is a table in the file and how many pairs it holds.
type Count struct {
	Name  string `json:"name"`
	Pairs int64  `json:"pairs"`
}

// Counts returns all tables in the file that hold pairs, by name, whether or not anybody uses them.
func (s *Store) Counts(ctx context.Context) (_ []Count, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read identifiers from %s: %w", s.db.Path(), err)
		}
	}()
	rows, err := s.db.Reader().QueryContext(ctx, "SELECT name, pairs FROM tables WHERE pairs > 0 ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var all []Count
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Name, &c.Pairs); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}
