package sqlitedb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// defaultBusyTimeout is how long a statement waits for another process' lock.
const defaultBusyTimeout = 5 * time.Second

// Options say what kind of database a file holds.
type Options struct {
	// ApplicationID marks the file as ours (PRAGMA application_id); not 0. A file that bears
	// another mark, or none, is a *ForeignError.
	ApplicationID int32
	Migrations    fs.FS // *.sql in goose's format, at the root; each runs once, in order
	// Steps are migrations that SQL can't do, by their version, which no file of Migrations has.
	Steps map[int64]Step
	// IncrementalVacuum lets Shrink give space back. It only counts when the file is created.
	IncrementalVacuum bool
	// Full makes a commit wait until it is on the disk (synchronous=FULL), and checks the whole
	// file when it is opened: for what is small and precious. Otherwise a power cut may lose the last
	// commits, but nothing else.
	Full    bool
	Readers int // connections that read; 0: 4
	// BusyTimeout is how long a statement waits for another process' lock, whatever its context
	// says meanwhile; in whole milliseconds, 0: 5 s.
	BusyTimeout time.Duration
}

// Step is a migration in Go, in a transaction of its own.
type Step func(ctx context.Context, tx *sql.Tx) error

// DB is an open database. Its methods are safe for concurrent use.
type DB struct {
	path           string
	busyTimeout    time.Duration
	writer, reader *sql.DB
}

// Open opens the database in the file at path, makes it if there is none, and brings its schema
// up to date. A file that it refuses stays as it was: *ForeignError, *NewerError, or one that
// says what is wrong with it.
func Open(ctx context.Context, path string, o Options) (_ *DB, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("open database %s: %w", path, err)
		}
	}()
	if o.ApplicationID == 0 {
		return nil, errors.New("its options have no application id")
	}
	fresh, err := inspect(path, o.ApplicationID)
	if err != nil {
		return nil, err
	}
	if fresh {
		if err := create(ctx, path, o); err != nil {
			return nil, err
		}
	}
	db := &DB{path: path, busyTimeout: cmp.Or(o.BusyTimeout, defaultBusyTimeout)}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	synchronous := "NORMAL"
	if o.Full {
		synchronous = "FULL"
	}
	if db.writer, err = sql.Open("sqlite3", dsn(path, db.busyTimeout, "_journal_mode", "WAL", "_foreign_keys", "on", "_txlock", "immediate", "_synchronous", synchronous)); err != nil {
		return nil, err
	}
	db.writer.SetMaxOpenConns(1)
	if err := db.verify(ctx, o); err != nil {
		return nil, err
	}
	if err := migrate(ctx, db.writer, o); err != nil {
		return nil, err
	}
	if db.reader, err = sql.Open("sqlite3", dsn(path, db.busyTimeout, "_query_only", "on", "_foreign_keys", "on")); err != nil {
		return nil, err
	}
	readers := o.Readers
	if readers <= 0 {
		readers = 4
	}
	db.reader.SetMaxOpenConns(readers)
	db.reader.SetMaxIdleConns(readers)
	return db, nil
}

// dsn returns the data source name of a file, the busy time-out first; name and value pairs
// follow. The path is escaped, so that a question mark in it stays in it.
func dsn(path string, busyTimeout time.Duration, pairs ...string) string {
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_busy_timeout=" + strconv.FormatInt(busyTimeout.Milliseconds(), 10)
	for i := 0; i+1 < len(pairs); i += 2 {
		name += "&" + pairs[i] + "=" + pairs[i+1]
	}
	return name
}

// create makes a file that bears our mark, before anything else is in it: what is decided here
// can't be decided later, and a crash leaves either no mark and no content, or both.
func create(ctx context.Context, path string, o Options) (err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	vacuum := "none"
	if o.IncrementalVacuum {
		vacuum = "incremental"
	}
	db, err := sql.Open("sqlite3", dsn(path, defaultBusyTimeout, "_auto_vacuum", vacuum, "_synchronous", "FULL"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, "PRAGMA application_id = "+strconv.Itoa(int(o.ApplicationID)))
	return err
}

// verify checks what the pragmas came to, and the file's structure where it is precious.
func (db *DB) verify(ctx context.Context, o Options) error {
	var mode, checked string
	var synchronous int
	if err := db.writer.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return unreadable(err)
	}
	if mode != "wal" {
		return fmt.Errorf("it can't have a write-ahead log (journal_mode is %s): the folder must be on a local disk", mode)
	}
	if err := db.writer.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return unreadable(err)
	}
	if want := map[bool]int{true: 2, false: 1}[o.Full]; synchronous != want {
		return fmt.Errorf("synchronous is %d, not %d: the SQLite that this program is built with overrides it", synchronous, want)
	}
	if o.Full {
		if err := db.writer.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&checked); err != nil {
			return unreadable(err)
		}
		if checked != "ok" {
			return unreadable(errors.New(checked))
		}
	}
	return nil
}

// migrate brings the schema up to date.
func migrate(ctx context.Context, db *sql.DB, o Options) error {
	var steps []*goose.Migration
	for version, step := range o.Steps {
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{RunTx: step}, nil))
	}
	provider, err := goose.NewProvider(database.DialectSQLite3, db, o.Migrations, goose.WithGoMigrations(steps...))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, err := provider.GetDBVersion(ctx)
	if err != nil {
		return unreadable(err)
	}
	var known int64
	for _, source := range provider.ListSources() {
		known = max(known, source.Version)
	}
	if have > known {
		return &NewerError{Have: have, Known: known}
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate from version %d to %d: %w", have, known, err)
	}
	return nil
}

// Writer returns the one connection that writes. A transaction on it has the write lock from
// its beginning.
func (db *DB) Writer() *sql.DB { return db.writer }

// Reader returns the connections that read. They can't write.
func (db *DB) Reader() *sql.DB { return db.reader }

// Path returns the file's path.
func (db *DB) Path() string { return db.path }

// Close closes all connections.
func (db *DB) Close() error {
	var errs []error
	for _, pool := range []*sql.DB{db.reader, db.writer} { // the last one to close cleans up the write-ahead log
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// Backup writes a compact copy of the database into a file that must not exist yet. Writers go
// on meanwhile. Where it fails there is no file.
func (db *DB) Backup(ctx context.Context, to string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("back up %s to %s: %w", db.path, to, err)
		}
	}()
	// Made here, so that nobody else may read it at any moment: SQLite writes into an empty file.
	file, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(to))
		}
	}()
	if err := file.Close(); err != nil {
		return err
	}
	// A connection of its own: the readers are query_only, and the writer has its work.
	source, err := sql.Open("sqlite3", dsn(db.path, db.busyTimeout))
	if err != nil {
		return err
	}
	_, err = source.ExecContext(ctx, "VACUUM INTO ?", to)
	return errors.Join(err, source.Close())
}
