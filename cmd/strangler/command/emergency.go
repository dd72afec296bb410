package command

import (
	"context"
	"os"
	"os/signal"

	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// emergency is the last resort: a signal that rolls everything back, for when the API can't be
// reached, and as good when the disk is full or the journal locked.
type emergency struct {
	signals chan os.Signal
	stop    chan struct{}
	ended   chan struct{}
}

// newEmergency takes the signal from here on, so that it doesn't end the process; it waits until
// there is a daemon.
func newEmergency() *emergency {
	e := &emergency{signals: make(chan os.Signal, 1), stop: make(chan struct{}), ended: make(chan struct{})}
	if emergencySignal != nil {
		signal.Notify(e.signals, emergencySignal)
	}
	return e
}

// serve rolls everything back at each signal and tells what came of it, until end.
func (e *emergency) serve(ctx context.Context, d *daemon.Daemon, tell func(web.RollbackResult, error)) {
	go func() {
		defer close(e.ended)
		for {
			select {
			case <-e.stop:
				return
			case s := <-e.signals:
				name := signalName(s)
				// The kernel says that it was sent: nobody claims to be it.
				tell(d.Rollback(ctx, web.Rollback{All: true, To: strangler.PhaseLegacy, Reason: name, Actor: web.Actor{Name: name, Verified: true}}))
			}
		}
	}()
}

// end waits for a rollback that is under way.
func (e *emergency) end() {
	close(e.stop)
	<-e.ended
	e.ignore()
}

// ignore gives the signal back.
func (e *emergency) ignore() { signal.Stop(e.signals) }
