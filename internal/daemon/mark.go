package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
)

// markInterval is how often a marker that could not be made or written is tried again.
const markInterval = 10 * time.Second

// keepingMarker keeps the marker as what is pending wants it, until ctx ends.
func (d *Daemon) keepingMarker(ctx context.Context) {
	tick := time.NewTicker(markInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.unmarked:
		case <-tick.C:
		}
		d.mark()
	}
}

// mark writes what is pending into the marker, until that is so: more may come, or less be left,
// meanwhile. Only one goroutine at a time calls it.
func (d *Daemon) mark() {
	for {
		list, content := d.toMark()
		err := d.writeMarker(content)
		d.pending.mu.Lock()
		trouble := ""
		if err != nil {
			trouble = err.Error()
		}
		for _, p := range list {
			p.inMarker = p.inMarker || err == nil // what it had it still has
			p.markProblem = trouble
			select {
			case <-p.marked:
			default:
				close(p.marked)
			}
		}
		changed := trouble != d.pending.trouble
		d.pending.trouble = trouble
		d.pending.mu.Unlock()
		if err != nil {
			if changed {
				d.log.Warn("the marker can't be written: a rollback that the journal can't take would be lost with this process; it is tried again",
					keyFile, d.markerPath, keyError, err)
			}
			return
		}
		if _, now := d.toMark(); string(now) == string(content) {
			return
		}
	}
}

// toMark returns what is pending, and how the marker says it: as nothing where nothing is.
func (d *Daemon) toMark() ([]*pending, []byte) {
	d.pending.mu.Lock()
	defer d.pending.mu.Unlock()
	list := slices.Clone(d.pending.list)
	if len(list) == 0 {
		return nil, nil
	}
	all := make([]rolledBack, len(list))
	for i, p := range list {
		all[i] = p.rollback
	}
	content, err := json.Marshal(all)
	if err != nil {
		panic(fmt.Sprintf("daemon: encode the marker: %v", err)) // it is text, times and numbers
	}
	return list, content
}

// writeMarker makes content what the marker says, and the marker itself where it isn't there or
// is too small.
func (d *Daemon) writeMarker(content []byte) error {
	want := max(d.markerRoom.Load(), markerSlot)
	if d.marker != nil && d.marker.gone(d.markerPath) { // somebody made room on a full disk
		if err := d.marker.close(); err != nil {
			return err
		}
		d.marker = nil
	}
	if d.marker != nil && d.marker.fits(content) && (d.marker.slot >= want || len(content) > 0) {
		if string(content) == string(d.marker.content) && !d.marker.torn {
			return nil
		}
		return d.marker.write(content)
	}
	for want < int64(markerHeader+len(content)) {
		want *= 2
	}
	var seq uint64
	if d.marker != nil {
		seq = d.marker.seq
	}
	made, err := makeMarker(d.markerPath, want, seq, content)
	if made != nil {
		err = errors.Join(err, d.marker.close())
		d.marker = made
	}
	return err
}

// maxSteering is how long what a rollback says of how a route is steered may be, about: bytes.
const maxSteering = 1024

// roomFor returns the size of a slot in which each of a configuration's routes has room for two
// rollbacks of its own, to shadow and to legacy.
func roomFor(cfg *config.Config) int64 {
	size := int64(markerHeader)
	for _, route := range cfg.Routes {
		size += 2 * int64(len(route.Name)+512+maxSteering)
	}
	return (size + 4095) &^ 4095
}
