package daemon

import (
	"context"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/web"
)

// settleLongest is the longest pause between two tries to put a rollback into the journal.
const settleLongest = 15 * time.Second

// carePending gives the journal what the marker had, makes the marker where there is none, and starts
// what cares for both from then on. Where the journal can't be written the start goes on.
func (d *Daemon) carePending(ctx context.Context) {
	d.changing.Lock()
	if err := d.settle(ctx); err != nil {
		d.log.Error("the journal can't take a rollback that is in effect; it is tried again until it does", keyError, err)
	}
	d.changing.Unlock()
	d.mark()
	ctx, d.stopPending = context.WithCancel(context.WithoutCancel(ctx))
	d.pendingCared.Go(func() { d.settling(ctx) })
	d.pendingCared.Go(func() { d.keepingMarker(ctx) })
}

// settling gives the journal what is pending, until ctx ends: at once when something comes, and
// again and again while the journal can't take it.
func (d *Daemon) settling(ctx context.Context) {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = 250*time.Millisecond, settleLongest
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.unsettled:
			pauses.Reset()
		case <-again.C:
		}
		d.changing.Lock()
		err := d.settle(ctx)
		d.changing.Unlock()
		if err == nil {
			again.Stop()
			continue
		}
		pause := pauses.NextBackOff()
		d.log.Warn("the journal can't take a rollback that is in effect", keyError, err, keyAgain, pause)
		again.Reset(pause)
	}
}

// settle gives the journal what is pending, in order. The caller holds d.changing, and nothing else
// may change where a route stands before it has succeeded.
func (d *Daemon) settle(ctx context.Context) error {
	for {
		before := d.journal.Present()
		p, change, gone := d.pending.oldest(before)
		if p == nil {
			return nil
		}
		for _, route := range gone {
			d.log.Warn("a route that was rolled back is no more: nothing of it is left for the journal", keyRoute, route)
		}
		var moved []journal.Standing
		var err error
		if len(change.Moves) > 0 {
			bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
			moved, err = d.journal.Move(bounded, change)
			cancel()
		}
		d.settled(p, err)
		if err != nil {
			return err
		}
		d.tellMoved(before, moved[:min(len(change.Moves), len(moved))])
	}
}

// oldest returns what the journal, which has those routes, gets next; nil: nothing is pending. Routes
// that are no more are taken out of it, and named.
func (ps *pendings) oldest(present map[string]journal.Standing) (p *pending, change journal.Change, gone []string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if len(ps.list) == 0 {
		return nil, journal.Change{}, nil
	}
	p = ps.list[0]
	r := &p.rollback
	change = journal.Change{How: journal.HowRollback, Author: journal.Author{Actor: r.Actor, Verified: r.Verified, Reason: r.because(time.Now())}}
	left := make([]movedBack, 0, len(r.Moves))
	for _, m := range r.Moves {
		if _, known := present[m.Route]; !known {
			gone = append(gone, m.Route)
			continue
		}
		left = append(left, m)
		change.Moves = append(change.Moves, journal.Move{Route: m.Route, To: strangler.At(m.To)})
		if m.Steering != nil {
			change.Steers = append(change.Steers, journal.Steer{Route: m.Route, Steering: m.Steering})
		}
	}
	r.Moves = left
	return p, change, gone
}

// settled takes the oldest off the list, or says why it stays.
func (d *Daemon) settled(p *pending, err error) {
	d.pending.mu.Lock()
	defer d.pending.mu.Unlock()
	if err != nil {
		if p.journalProblem == "" {
			close(p.refused)
		}
		p.journalProblem = err.Error()
		wake(d.unmarked) // where nobody waits for it any more, as after a start
		return
	}
	d.pending.list = slices.Delete(d.pending.list, 0, 1) // another can't have come before it
	close(p.journaled)
	wake(d.unmarked)
}

// tellMoved logs the moves that the journal has and tells those who watch.
func (d *Daemon) tellMoved(before map[string]journal.Standing, moved []journal.Standing) {
	for _, standing := range moved {
		if standing.Version == before[standing.Route].Version {
			continue // it stood there already
		}
		d.log.Info("route moved", keyRoute, standing.Route, keyPosition, standing.Position.String(),
			keyVersion, standing.Version, keyActor, standing.Actor, keyReason, standing.Reason)
		d.events.publish(web.Event{Type: eventRoute, Data: d.route(standing.Route)})
	}
}
