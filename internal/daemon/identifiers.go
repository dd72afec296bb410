package daemon

import (
	"fmt"
	"path/filepath"

	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/acl/lens"
	"github.com/strangler-fig/toolkit/internal/config"
)

// identifiers are the tables of identifiers in the data folder, which are opened when a configuration
// first has some. Whoever changes a configuration holds d.changing.
type identifiers struct {
	store *ids.Store // nil: there was no need yet
	known map[string]identifierTable
}

type identifierTable struct {
	config ids.Config
	table  *ids.Table
}

// tables returns the tables of a configuration, those that are there already with what they remember.
func (i *identifiers) tables(folder string, cfg *config.Config) (map[string]lens.Table, error) {
	if len(cfg.IDs) == 0 {
		return nil, nil
	}
	if i.store == nil {
		store, err := ids.Open(filepath.Join(folder, "ids.db"))
		if err != nil {
			return nil, fmt.Errorf("open the tables of identifiers: %w", err)
		}
		i.store, i.known = store, map[string]identifierTable{}
	}
	all := map[string]lens.Table{}
	for name, c := range cfg.IDs {
		known, ok := i.known[name]
		if !ok || known.config != c {
			t, err := i.store.Table(c)
			if err != nil {
				return nil, fmt.Errorf("ids.%s: %w", name, err)
			}
			known = identifierTable{c, t}
			i.known[name] = known
		}
		all[name] = known.table
	}
	return all, nil
}

func (i *identifiers) close() error {
	if i.store == nil {
		return nil
	}
	return i.store.Close()
}
