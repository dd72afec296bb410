package daemon

import (
	"context"
	"time"
)

// recordInterval is the time between writes of what is counted on requests' path and put on record.
const recordInterval = 3 * time.Second

// keepingRecords writes down who called legacy and what could not be translated, every few seconds until
// ctx ends.
func (d *Daemon) keepingRecords(ctx context.Context) {
	tick := time.NewTicker(recordInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.keepRecords(ctx)
		}
	}
}

// keepRecords writes it down now.
func (d *Daemon) keepRecords(ctx context.Context) {
	d.keepCalls(ctx)
	d.keepUntranslated(ctx)
}
