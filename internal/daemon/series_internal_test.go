package daemon

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/strangler-fig/toolkit/web"
)

// TestSeriesOutliveNobody has looking for series panic, whose request may be over: that is an error for those who
// wait, and no end of the program. Whoever doesn't wait any more is not waited for, and what still looks is the daemon's.
func TestSeriesOutliveNobody(t *testing.T) {
	d := &Daemon{log: slog.New(slog.DiscardHandler)} // without a ledger, which panics
	d.serving, d.cut = context.WithCancel(t.Context())
	defer d.cut()
	if _, err := d.lookFor("", 0, web.SeriesQuery{}); err == nil {
		t.Error("there is no error")
	}
	var c seriesCache
	began, end := make(chan struct{}), make(chan struct{})
	gone, leave := context.WithCancel(t.Context())
	go func() { <-began; leave() }()
	_, err := c.look(gone, "", func() (web.Series, error) { close(began); <-end; return web.Series{}, nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("who left has %v", err)
	}
	close(end)
	c.running.Wait()
}
