package daemon

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"
)

// watchInterval is how often the configuration's files are looked at.
const watchInterval = 500 * time.Millisecond

// watch reloads when one of the configuration's files changes, until ctx ends.
func (d *Daemon) watch(ctx context.Context) {
	if d.options.Load == nil {
		return
	}
	var before fingerprint // what the last look saw
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		read := d.lastRead()
		now := look(read.names())
		// An editor writes in several steps: a change counts when it has come to rest.
		if !maps.Equal(now, read) && maps.Equal(now, before) {
			_ = d.Reload(ctx) // it is logged and shown
		}
		before = now
	}
}

// lastRead returns the files as the last reload found them.
func (d *Daemon) lastRead() fingerprint {
	d.changing.Lock()
	defer d.changing.Unlock()
	return d.files
}

// fingerprint tells whether files changed: their sizes and times, by name. It is never changed
// once made.
type fingerprint map[string]string

func look(files []string) fingerprint { return fingerprint(nil).of(files) }

// of returns the fingerprint of those files: as f has it, else as they are now.
func (f fingerprint) of(files []string) fingerprint {
	found := make(fingerprint, len(files))
	for _, file := range files {
		known, ok := f[file]
		if !ok {
			known = "gone"
			if info, err := os.Stat(file); err == nil {
				known = fmt.Sprint(info.Size(), info.ModTime().UnixNano())
			}
		}
		found[file] = known
	}
	return found
}

func (f fingerprint) names() []string { return slices.Collect(maps.Keys(f)) }
