package journal

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/internal/sqlitedb"
)

// applicationID marks the file as a journal of ours ("SFjl", https://sqlite.org/pragma.html#pragma_application_id).
const applicationID = 0x53466a6c

//go:embed migrations/*.sql
var migrations embed.FS

// Config is what a journal needs besides its file; the zero value will do.
type Config struct {
	Logger *slog.Logger     // nil: slog.Default()
	Now    func() time.Time // nil: time.Now
	// Lived says that the folder was in use before, so that a journal which is there and has nothing in it
	// has lost it.
	Lived bool
}

// Journal is the history of routes in one file. Its methods are safe for concurrent use;
// changes take turns.
type Journal struct {
	db    *sqlitedb.DB
	log   *slog.Logger
	clock func() time.Time
	fresh bool

	turn chan struct{} // holds one value while a change is made
	now  atomic.Pointer[present]
}

// present is the fold of all entries, and the table it amounts to.
type present struct {
	fold  *fold
	table map[string]Standing
}

// Open opens the journal in the file at path, and makes the file if there is none. A file that is
// not a journal, is newer than this program, is empty, or whose entries don't follow from one another
// is an error: routes would start over otherwise, which sends traffic where nobody wants it.
func Open(ctx context.Context, path string, c Config) (*Journal, error) {
	j := &Journal{log: c.Logger, clock: c.Now, turn: make(chan struct{}, 1)}
	if j.log == nil {
		j.log = slog.Default()
	}
	if j.clock == nil {
		j.clock = time.Now
	}

	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		j.fresh = true
	case err != nil:
		return nil, fmt.Errorf("open journal: %w", err)
	case info.Mode().IsRegular() && info.Size() == 0:
		// SQLite would take it for a new database.
		return nil, fmt.Errorf("open journal %s: the file is empty, and a journal never is; restore it from a backup, "+
			"or delete it to let all routes begin where the configuration starts them", path)
	}

	if c.Lived && !j.fresh {
		switch bare, err := sqlitedb.Bare(path); {
		case err != nil:
			return nil, fmt.Errorf("open journal: %w", err)
		case bare:
			return nil, fmt.Errorf("open journal %s: there is nothing in it, and a journal that was in use never is empty: was it copied without journal.db-wal? "+
				"restore it from a backup, or delete it to let all routes begin where the configuration starts them", path)
		}
	}

	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j.db, err = sqlitedb.Open(ctx, path, sqlitedb.Options{
		ApplicationID: applicationID,
		Migrations:    scripts,
		Steps:         map[int64]sqlitedb.Step{chainVersion: chain},
		Full:          true,
	})
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	f, err := j.fold(ctx, math.MaxInt64)
	if err != nil {
		err = fmt.Errorf("read journal %s: %w; restore it from a backup", path, err)
		return nil, errors.Join(err, j.db.Close())
	}
	j.fresh = j.fresh || f.seq == 0
	j.publish(f)
	return j, nil
}

// Close closes the file. Nothing else may be called after it.
func (j *Journal) Close() error {
	if err := j.db.Close(); err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}

// Fresh says that Open found no journal, or one without an entry: all routes begin where the
// configuration starts them. Where that is no surprise nobody lost anything; else the daemon
// says it loudly.
func (j *Journal) Fresh() bool { return j.fresh }

// Present returns where every route stands now, by name. The map is shared and never changes: a
// later change makes another. Read it only.
func (j *Journal) Present() map[string]Standing { return j.now.Load().table }

func (j *Journal) publish(f *fold) {
	j.now.Store(&present{f, f.table()})
}
