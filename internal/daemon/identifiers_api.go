package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// inForce returns the tables of the configuration in force.
func (i *identifiers) inForce() map[string]*identifierTable {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.known // which is replaced, never changed
}

// idTable returns a table of the configuration in force.
func (d *Daemon) idTable(name string) (*identifierTable, error) {
	all := d.identifiers.inForce()
	if t := all[name]; t != nil {
		return t, nil
	}
	shown := fmt.Sprintf("%q under ids in the configuration", name)
	if near := strangler.Nearest(name, slices.Sorted(maps.Keys(all))); near != "" {
		shown += fmt.Sprintf("; did you mean %q?", near)
	}
	return nil, &web.NotFoundError{What: "table of identifiers", Name: shown}
}

// IDTables implements web.Registrar.
func (d *Daemon) IDTables(ctx context.Context) ([]web.IDTable, error) {
	all, cfg := d.identifiers.inForce(), d.current.Load().config
	views := []web.IDTable{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t := all[name]
		view := web.IDTable{Name: name, File: d.identifiers.path, Max: cmp.Or(t.config.Max, ids.DefaultMax), MakesService: string(t.config.Service.Kind),
			MakesLegacy: string(t.config.Legacy.Kind), UsedBy: cfg.TableUsers(name)}
		table, err := t.enter()
		if err != nil {
			return nil, err
		}
		view.Pairs, err = table.Count(ctx)
		d.identifiers.leave()
		if err != nil {
			return nil, err
		}
		views = append(views, view)
	}
	return views, nil
}

// FindID implements web.Registrar.
func (d *Daemon) FindID(ctx context.Context, name string, side ids.Side, id string) (ids.Pair, error) {
	t, err := d.idTable(name)
	if err != nil {
		return ids.Pair{}, err
	}
	table, err := t.enter()
	if err != nil {
		return ids.Pair{}, err
	}
	defer d.identifiers.leave()
	return table.Find(ctx, side, id)
}

// ExportIDs implements web.Registrar.
func (d *Daemon) ExportIDs(ctx context.Context, name string) (iter.Seq2[ids.Pair, error], error) {
	t, err := d.idTable(name)
	if err != nil {
		return nil, err
	}
	return func(yield func(ids.Pair, error) bool) {
		table, err := t.enter()
		if err != nil {
			yield(ids.Pair{}, err)
			return
		}
		defer d.identifiers.leave()
		for p, err := range table.Export(ctx) {
			if !yield(p, err) {
				return
			}
		}
	}, nil
}

// What the files are called that imports are put into until they are whole.
const (
	spoolPrefix = "ids-import-"
	spoolSuffix = ".csv"
)

// removeSpools removes what a process that died has left of imports in the data folder.
func removeSpools(folder string) error {
	files, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range files {
		if name := file.Name(); strings.HasPrefix(name, spoolPrefix) && strings.HasSuffix(name, spoolSuffix) {
			errs = append(errs, os.Remove(filepath.Join(folder, name)))
		}
	}
	return errors.Join(errs...)
}

// ImportIDs implements web.Registrar. The table's file is locked only when all of the CSV is there and is
// well-formed, so that neither a slow client nor a slip of the pen keeps requests from their identifiers.
func (d *Daemon) ImportIDs(ctx context.Context, name string, csv io.Reader) (ids.Imported, error) {
	t, err := d.idTable(name)
	if err != nil {
		return ids.Imported{}, err
	}
	select {
	case d.identifiers.importing <- struct{}{}:
		defer func() { <-d.identifiers.importing }()
	default:
		return ids.Imported{}, &web.BusyError{Why: "another import is under way; wait for it to end, then repeat"}
	}
	spool, err := os.CreateTemp(filepath.Dir(d.identifiers.path), spoolPrefix+"*"+spoolSuffix)
	if err != nil {
		return ids.Imported{}, &web.UnwritableError{Err: err}
	}
	defer func() {
		if err := errors.Join(spool.Close(), os.Remove(spool.Name())); err != nil {
			d.log.Warn("what was imported from is still there", keyFile, spool.Name(), keyError, err)
		}
	}()
	written := &noting{to: spool}
	_, err = ids.CheckCSV(io.TeeReader(csv, written))
	if err == nil {
		_, err = spool.Seek(0, io.SeekStart)
		written.err = err
	}
	switch {
	case written.err != nil:
		return ids.Imported{}, &web.UnwritableError{Err: written.err}
	case err != nil:
		return ids.Imported{}, err
	}
	table, err := t.enter()
	if err != nil {
		return ids.Imported{}, err
	}
	defer d.identifiers.leave()
	done, err := table.ImportCSV(ctx, spool)
	var conflict *ids.ConflictError
	var full *ids.FullError
	switch {
	case err == nil, errors.As(err, &conflict), errors.As(err, &full), ctx.Err() != nil:
		return done, err
	}
	return done, &web.UnwritableError{Err: err}
}

// noting is a writer that remembers what went wrong.
type noting struct {
	to  io.Writer
	err error
}

// Write implements io.Writer.
func (n *noting) Write(p []byte) (int, error) {
	written, err := n.to.Write(p)
	n.err = err
	return written, err
}
