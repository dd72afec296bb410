package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/strangler-fig/toolkit/web/api"
)

// watchEvery is how often --watch looks again; tests have less time.
var watchEvery = time.Second

// repeat shows something every second until it says that there is no more to come, the process is told
// to stop, or it can't be had. A proxy that was reached and can't be any more may be starting again: it
// is tried until it can, and said once on stderr.
func repeat(ctx context.Context, stderr io.Writer, show func(context.Context) (more bool, err error)) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	reached, lost := false, false
	for {
		more, err := show(ctx)
		away, unreachable := errors.AsType[*api.UnreachableError](err)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case unreachable && reached:
			if !lost {
				fmt.Fprintf(stderr, "strangler: can't reach the admin API at %s any more: %s; trying again\n", printable(away.URL), printable(away.Err.Error()))
			}
			lost = true
		case err != nil || !more:
			return err
		default:
			reached, lost = true, false
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// clearScreen puts the cursor home and clears the screen.
const clearScreen = "\x1b[H\x1b[2J"
