package sqlitedb_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/strangler-fig/toolkit/internal/sqlitedb"
)

var (
	first  = fstest.MapFS{"00001_first.sql": {Data: []byte("-- +goose Up\nCREATE TABLE t (x INTEGER PRIMARY KEY, y TEXT);\n")}}
	second = fstest.MapFS{"00001_first.sql": first["00001_first.sql"], "00002_second.sql": {Data: []byte("-- +goose Up\nALTER TABLE t ADD COLUMN z TEXT;\n")}}
)

func open(t *testing.T, path string, o sqlitedb.Options) *sqlitedb.DB {
	t.Helper()
	if o.ApplicationID == 0 {
		o.ApplicationID = 7
	}
	if o.Migrations == nil {
		o.Migrations = first
	}
	db, err := sqlitedb.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a ?#%20 b.db")
	db := open(t, path, sqlitedb.Options{Full: true})
	if _, err := db.Writer().Exec("INSERT INTO t VALUES (1, 'one')"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Reader().Exec("INSERT INTO t VALUES (2, 'two')"); err == nil {
		t.Error("a reader could write")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatalf("the file has another name than it was given: %v", err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := db.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), backup); err == nil {
		t.Error("a backup overwrote another")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, backup} {
		var y string
		again := open(t, file, sqlitedb.Options{Full: true, Migrations: second})
		if err := again.Reader().QueryRow("SELECT y FROM t WHERE z IS NULL").Scan(&y); err != nil || y != "one" {
			t.Errorf("%s: %q, %v", file, y, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name string
		make func(path string)
		want string
		as   any
	}{
		{"another application's", func(path string) { open(t, path, sqlitedb.Options{ApplicationID: 8}).Close() }, "application id is 0x8, not 0x7", new(*sqlitedb.ForeignError)},
		{"a newer one", func(path string) { open(t, path, sqlitedb.Options{Migrations: second}).Close() }, "version 2 and this program knows versions up to 1", new(*sqlitedb.NewerError)},
		{"not a database", func(path string) { os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600) }, "not an SQLite database", nil},
		{"too short", func(path string) { os.WriteFile(path, []byte("SQLite"), 0o600) }, "only 6 bytes", nil},
		{"truncated", func(path string) {
			open(t, path, sqlitedb.Options{}).Close()
			os.Truncate(path, 4096)
		}, "restore it from a backup", nil},
		{"a folder", func(path string) { os.Mkdir(path, 0o700) }, "directory", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.db")
			test.make(path)
			before, _ := os.ReadFile(path)
			db, err := sqlitedb.Open(context.Background(), path, sqlitedb.Options{ApplicationID: 7, Migrations: first, Full: true})
			if err == nil {
				db.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %q, want %q and the path", err, test.want)
			}
			if test.as != nil && !errors.As(err, test.as) {
				t.Errorf("error is a %T", err)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestShrink(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), sqlitedb.Options{IncrementalVacuum: true})
	for range 200 {
		if _, err := db.Writer().Exec("INSERT INTO t (y) VALUES (?)", strings.Repeat("y", 8000)); err != nil {
			t.Fatal(err)
		}
	}
	if emptied, err := db.Truncate(t.Context()); err != nil || !emptied {
		t.Fatal(emptied, err)
	}
	full, err := db.Size()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Writer().Exec("DELETE FROM t"); err != nil {
		t.Fatal(err)
	}
	if err := db.Shrink(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	if emptied, err := db.Truncate(t.Context()); err != nil || !emptied {
		t.Fatal(emptied, err)
	}
	if shrunk, _ := db.Size(); shrunk > full/4 {
		t.Errorf("%d bytes of %d are left", shrunk, full)
	}
}

// TestTruncateWithReader says that a reader keeps the log, and that nobody waits for it for long.
func TestTruncateWithReader(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), sqlitedb.Options{Readers: 1})
	if _, err := db.Writer().Exec("INSERT INTO t VALUES (1, 'one')"); err != nil {
		t.Fatal(err)
	}
	reader, err := db.Reader().Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	var y string
	if err := reader.QueryRow("SELECT y FROM t").Scan(&y); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Writer().Exec("INSERT INTO t VALUES (2, 'two')"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if emptied, err := db.Truncate(t.Context()); err != nil || emptied {
		t.Errorf("with a reader: emptied %t, %v", emptied, err)
	}
	if _, err := db.Free(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	var timeout int
	if err := db.Writer().QueryRow("PRAGMA busy_timeout").Scan(&timeout); err != nil || timeout != 5000 {
		t.Errorf("the writer's time-out is now %d ms, %v", timeout, err)
	}
	reader.Rollback()
	if emptied, err := db.Truncate(t.Context()); err != nil || !emptied {
		t.Errorf("without a reader: emptied %t, %v", emptied, err)
	}
}

// TestBackupIsPrivate says that nobody else may read a backup, even while it is being written.
func TestBackupIsPrivate(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), sqlitedb.Options{})
	folder := t.TempDir()
	seen := make(chan os.FileMode, 1)
	done := make(chan struct{})
	go func() {
		defer close(seen)
		var mode os.FileMode
		for {
			if info, err := os.Stat(filepath.Join(folder, "backup.db")); err == nil {
				mode |= info.Mode().Perm()
			}
			select {
			case <-done:
				seen <- mode
				return
			default:
			}
		}
	}()
	err := db.Backup(t.Context(), filepath.Join(folder, "backup.db"))
	close(done)
	if err != nil {
		t.Fatal(err)
	}
	if mode := <-seen; mode&0o077 != 0 {
		t.Errorf("the backup could be read by others: %v", mode)
	}
	if err := db.Backup(t.Context(), filepath.Join(folder, "none", "backup.db")); err == nil {
		t.Error("a backup went into a folder that isn't there")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	broken := filepath.Join(folder, "broken.db")
	if err := db.Backup(ctx, broken); err == nil {
		t.Error("a backup was made that nobody wants any more")
	}
	if _, err := os.Stat(broken); err == nil {
		t.Error("a backup that failed left a file")
	}
}

func TestLockFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new")
	unlock, err := sqlitedb.LockFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlitedb.LockFolder(folder); err == nil || !strings.Contains(err.Error(), "in use by process") {
		t.Errorf("a second lock: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	unlock, err = sqlitedb.LockFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

// TestStep says that a migration in Go is part of the order, and takes place as a whole or not at all.
func TestStep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	open(t, path, sqlitedb.Options{}).Close()
	broken := errors.New("broken")
	step := func(fail error) map[int64]sqlitedb.Step {
		return map[int64]sqlitedb.Step{2: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO t VALUES (1, 'one'); ALTER TABLE t ADD COLUMN z TEXT DEFAULT 'zed'")
			return errors.Join(err, fail)
		}}
	}
	if _, err := sqlitedb.Open(t.Context(), path, sqlitedb.Options{ApplicationID: 7, Migrations: first, Steps: step(broken)}); !errors.Is(err, broken) {
		t.Fatalf("a step that failed: %v", err)
	}
	var n int
	before := open(t, path, sqlitedb.Options{})
	if err := before.Reader().QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil || n != 0 {
		t.Errorf("it left %d rows, %v", n, err)
	}
	before.Close()
	for range 2 {
		var z string
		db := open(t, path, sqlitedb.Options{Steps: step(nil)})
		if err := db.Reader().QueryRow("SELECT z FROM t").Scan(&z); err != nil || z != "zed" {
			t.Errorf("%q, %v", z, err)
		}
		db.Close()
	}
	if _, err := sqlitedb.Open(t.Context(), path, sqlitedb.Options{ApplicationID: 7, Migrations: first}); !errors.As(err, new(*sqlitedb.NewerError)) {
		t.Errorf("a program without the step: %v", err)
	}
}

// TestBare tells a database without a table from one that has some, wherever they are.
func TestBare(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bare.db")
	bare := func(want bool) {
		t.Helper()
		if got, err := sqlitedb.Bare(path); err != nil || got != want {
			t.Errorf("bare is %t, %v", got, err)
		}
	}
	if _, err := sqlitedb.Bare(path); err == nil {
		t.Error("what isn't there is no error")
	}
	if err := os.WriteFile(path, []byte("SQLite format 3\x00, or not"), 0o600); err != nil {
		t.Fatal(err)
	}
	bare(false)
	db, err := sql.Open("sqlite3", path+"?_journal_mode=WAL")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		statement string
		want      bool
	}{{"PRAGMA application_id = 7", false}, {"PRAGMA wal_checkpoint(TRUNCATE)", true}, {"CREATE TABLE a (b)", false}, {"PRAGMA wal_checkpoint(TRUNCATE)", false}} {
		if _, err := db.Exec(step.statement); err != nil {
			t.Fatal(err)
		}
		bare(step.want)
	}
}
