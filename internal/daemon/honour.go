package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
)

// honour opens the data folder's marker and makes what it says pending, but for what the journal has
// already: then the last process ended before it had emptied the marker. A marker that can't be read
// never keeps the daemon from starting, as nobody would be served then; it is said loudly. That
// all routes were to go to legacy then could be as wrong as that they stand where the journal has
// them, so the latter holds.
//
// A definition that says return: never by now changes nothing: that legacy serves the route is how
// the last process left it, and nothing is sent back.
func (d *Daemon) honour(ctx context.Context, cfg *config.Config) {
	d.markerPath = filepath.Join(cfg.Data, markerName)
	d.markerRoom.Store(roomFor(cfg))
	var all []rolledBack
	var err error
	d.marker, err = openMarker(d.markerPath)
	if err == nil && len(d.marker.content) > 0 {
		all, err = readRolledBack(d.marker.content)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		err = errors.Join(err, d.marker.close(), setAside(d.markerPath))
		d.marker = nil
		d.log.Error("whether a rollback was in effect that the journal doesn't have is not known, and routes stand where the journal has them: look at each, and roll back again if in doubt; the marker is kept to be looked at",
			keyError, err, keyFile, d.markerPath+".bad")
	case d.marker.torn:
		d.log.Warn("one of the marker's two records can't be read, as after a write that was cut short: if it told of a rollback, nobody was answered yet that it was kept; the other record counts", keyFile, d.markerPath)
	}
	for _, r := range all {
		r.Moves = slices.DeleteFunc(r.Moves, func(m movedBack) bool { return d.inJournal(ctx, m) })
		if len(r.Moves) == 0 {
			continue
		}
		p := newPending(r)
		p.inMarker = true
		close(p.marked)
		d.pending.list = append(d.pending.list, p)
		d.log.Warn("a rollback was in effect that the journal doesn't have: it is honoured",
			keyRoutes, routesOf(r.Moves), keyActor, r.Actor, keyReason, r.Reason, keyAt, r.At)
	}
}

// readRolledBack reads a marker's content.
func readRolledBack(content []byte) ([]rolledBack, error) {
	var all []rolledBack
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, &markerError{err.Error()}
	}
	for _, r := range all {
		for _, m := range r.Moves {
			if m.To > strangler.PhaseShadow {
				return nil, &markerError{fmt.Sprintf("a rollback of route %q to %s", m.Route, m.To)}
			}
		}
	}
	return all, nil
}

// inJournal reports whether the journal has a rollback: it or a later one, as they are journaled in
// order. Where that can't be found out it counts as not.
func (d *Daemon) inJournal(ctx context.Context, m movedBack) bool {
	for before := int64(0); ; {
		page, err := d.journal.Entries(ctx, journal.Query{Route: m.Route, Before: before})
		if err != nil || len(page) == 0 {
			return false // a route that the journal doesn't know is seen afresh, or dropped
		}
		for _, e := range page {
			if e.Version <= m.Version {
				return false
			}
			if e.How == journal.HowRollback && e.After.Phase <= m.To {
				return true
			}
		}
		before = page[len(page)-1].Seq
	}
}
