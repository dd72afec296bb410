package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/acl/lens"
	"github.com/strangler-fig/toolkit/internal/config"
)

// identifiers are the tables of identifiers in the data folder. Their file is open while a configuration
// has some. A request that began under a former one may still want a table: then it is opened for as long
// as that takes. The methods are safe for concurrent use, but for draft, settle and abandon, which are for
// whoever changes a configuration.
type identifiers struct {
	mu      sync.Mutex // not held while anybody looks something up
	log     *slog.Logger
	path    string
	store   *ids.Store                  // nil: the file is closed
	known   map[string]*identifierTable // of the configuration in force
	draft   bool                        // a configuration with tables is about to be in force
	users   int                         // that are in the file
	ended   bool
	drained chan struct{} // is closed when ended, and nobody is in the file; nil: nobody waits

	importing chan struct{} // has something while somebody imports
}

// identifierTable is a table of a configuration, and a lens.Table.
type identifierTable struct {
	in     *identifiers
	config ids.Config
	table  *ids.Table // with what it remembers; guarded by in.mu
	of     *ids.Store // the table's; another one, or none, has been closed
}

var errIdentifiersEnded = errors.New("the tables of identifiers are closed: the proxy ends")

// tables returns the tables of a configuration that may come to be in force, those that are there already
// with what they remember. settle or abandon has to follow.
func (i *identifiers) tables(cfg *config.Config) (map[string]*identifierTable, error) {
	if len(cfg.IDs) == 0 {
		return nil, nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.open(); err != nil {
		return nil, err
	}
	i.draft = true
	all := map[string]*identifierTable{}
	for name, c := range cfg.IDs {
		one := i.known[name]
		if one == nil || one.config != c {
			one = &identifierTable{in: i, config: c}
			if err := one.attach(); err != nil {
				return nil, fmt.Errorf("ids.%s: %w", name, err)
			}
		}
		all[name] = one
	}
	return all, nil
}

// settle says that the configuration with these tables is in force: others are forgotten.
func (i *identifiers) settle(all map[string]*identifierTable) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.known, i.draft = all, false
	i.closeUnused()
}

// abandon says that a configuration didn't come to be in force.
func (i *identifiers) abandon() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.draft = false
	i.closeUnused()
}

// open opens the file unless it is open. The caller holds i.mu.
func (i *identifiers) open() error {
	if i.store != nil {
		return nil
	}
	if i.ended {
		return errIdentifiersEnded
	}
	store, err := ids.Open(i.path)
	if err != nil {
		return fmt.Errorf("open the tables of identifiers: %w", err)
	}
	i.store = store
	return nil
}

// closeUnused closes the file where nobody is in it and no configuration has a table. The caller holds i.mu.
func (i *identifiers) closeUnused() {
	if i.users > 0 {
		return
	}
	if i.drained != nil {
		close(i.drained)
		i.drained = nil
	}
	if i.store == nil || i.draft || len(i.known) > 0 || i.ended {
		return
	}
	if err := i.store.Close(); err != nil {
		i.log.Warn("the tables of identifiers, which no configuration has any more, didn't close well", keyFile, i.path, keyError, err)
	}
	i.store = nil
}

// enter opens the file unless it is open, and keeps it so until leave. The caller holds i.mu.
func (i *identifiers) enter() error {
	if i.ended {
		return errIdentifiersEnded
	}
	if err := i.open(); err != nil {
		return err
	}
	i.users++
	return nil
}

func (i *identifiers) leave() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.users--
	i.closeUnused()
}

// close closes the file when nobody is in it, or after a while.
func (i *identifiers) close() error {
	i.mu.Lock()
	i.ended = true
	drained := make(chan struct{})
	i.drained = drained
	i.closeUnused()
	i.mu.Unlock()
	select {
	case <-drained:
	case <-time.After(closeTimeout): // what is cut has been told to end
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	store := i.store
	i.store, i.known = nil, nil
	if store == nil {
		return nil
	}
	return store.Close()
}

// attach sees to it that the table is one of the open file's. The caller holds in.mu.
func (t *identifierTable) attach() (err error) {
	if t.of != t.in.store {
		t.table, err = t.in.store.Table(t.config)
		t.of = t.in.store
	}
	return err
}

// enter returns the table in the open file, until in.leave.
func (t *identifierTable) enter() (*ids.Table, error) {
	t.in.mu.Lock()
	defer t.in.mu.Unlock()
	if err := t.in.enter(); err != nil {
		return nil, err
	}
	if err := t.attach(); err != nil { // never: its configuration was good when the table was made
		t.in.users--
		return nil, err
	}
	return t.table, nil
}

// ToService implements lens.Table.
func (t *identifierTable) ToService(ctx context.Context, id string) (string, error) {
	table, err := t.enter()
	if err != nil {
		return "", err
	}
	defer t.in.leave()
	return table.ToService(ctx, id)
}

// ToLegacy implements lens.Table.
func (t *identifierTable) ToLegacy(ctx context.Context, id string) (string, error) {
	table, err := t.enter()
	if err != nil {
		return "", err
	}
	defer t.in.leave()
	return table.ToLegacy(ctx, id)
}

// lensTables are tables as a lens wants them.
func lensTables(all map[string]*identifierTable) map[string]lens.Table {
	if all == nil {
		return nil
	}
	as := make(map[string]lens.Table, len(all))
	for name, t := range all {
		as[name] = t
	}
	return as
}

// newIdentifiers returns those of a data folder.
func newIdentifiers(folder string, log *slog.Logger) *identifiers {
	return &identifiers{path: filepath.Join(folder, "ids.db"), log: log, importing: make(chan struct{}, 1)}
}
