package daemon

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/web"
)

const (
	siftInterval  = 5 * time.Second  // between looks at groups that may have turned out to be noise
	siftAnyway    = time.Minute      // the same, while nothing diverges
	learnInterval = time.Minute      // between writes of what was learnt
	learnTimeout  = 10 * time.Second // of the last one
)

// tend keeps what was learnt of noise, and sorts groups by it and by rules, until ctx ends.
func (d *Daemon) tend(ctx context.Context) {
	tick := time.NewTicker(siftInterval)
	defer tick.Stop()
	var diverged int64
	sifted, kept := time.Now(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.ruled:
			d.sift(ctx)
			continue
		case <-tick.C:
		}
		var sum int64
		for _, c := range d.shadow.Counts() {
			sum += c.Diverged
		}
		if sum != diverged || time.Since(sifted) >= siftAnyway {
			diverged, sifted = sum, time.Now()
			d.sift(ctx)
		}
		if time.Since(kept) >= learnInterval {
			kept = time.Now()
			d.keepLearnt(ctx)
		}
	}
}

// keepLearnt writes what was learnt of noise, for the next start.
func (d *Daemon) keepLearnt(ctx context.Context) {
	if err := d.ledger.SaveLearnt(ctx, d.shadow.Learnt()); err != nil && ctx.Err() == nil {
		d.log.Warn("what was learnt of noise is kept in memory only", keyError, err)
	}
}

// sift looks for groups that were opened before it was known that some of their places are noise,
// or before a rule said so. Where all are, the group is expected; where some are, its divergences
// join those that differ in the others alone. What people said of a group stays.
func (d *Daemon) sift(ctx context.Context) {
	changed := false
	for _, state := range []ledger.State{ledger.StateOpen, ledger.StateExpected} {
		groups, err := d.ledger.Groups(ctx, "", string(state))
		if err != nil {
			if ctx.Err() == nil {
				d.log.Warn("groups can't be read, so that noise among them stays open", keyError, err)
			}
			return
		}
		for _, g := range groups {
			did, err := d.siftGroup(ctx, g)
			if err != nil && ctx.Err() == nil {
				d.log.Warn("noise in a group can't be sifted out", keyGroup, g.ID, keyRoute, g.Route, keyError, err)
				return
			}
			changed = changed || did
		}
	}
	if changed {
		d.events.publish(web.Event{Type: eventGroups, Data: struct{}{}})
	}
}

// siftGroup does that for one group, and reports whether there was anything to do.
func (d *Daemon) siftGroup(ctx context.Context, g ledger.Group) (bool, error) {
	if len(g.Causes) == 0 || len(g.Causes) >= ledger.MaxCauses || decided(g) || g.Origin == ledger.OriginRule && g.State == ledger.StateExpected {
		return false, nil
	}
	remain, ruled := g.Causes, false
	if c := d.current.Load().comparers[g.Route]; c != nil {
		remain = left(c, remain)
		ruled = len(remain) < len(g.Causes)
	}
	remain = slices.DeleteFunc(slices.Clone(remain), func(c ledger.Cause) bool {
		return d.shadow.Known(g.Route, c.Pointer, c.Kind) == shadow.KnownNoise
	})
	said := covered()
	switch {
	case g.State == ledger.StateExpected && d.known(g) == shadow.KnownCounts:
		said.State, said.Origin, said.Reason = ledger.StateOpen, ledger.OriginNoise, "it is noise no longer: legacy, asked twice, says the same there"
	case g.State != ledger.StateOpen:
		return false, nil
	case len(remain) == 0 && !ruled:
		said.Origin, said.Reason = ledger.OriginNoise, "noise: legacy differs from itself there about as often as the service does"
	case len(remain) == 0:
	case len(remain) < len(g.Causes):
		_, err := d.ledger.Regroup(ctx, g.ID, remain)
		if errors.Is(err, ledger.ErrNotFound) {
			return false, nil // somebody decided about it meanwhile
		}
		return err == nil, err
	default:
		return false, nil
	}
	return d.ledger.TriageIf(ctx, g, said)
}

// decided reports whether a person said what a group is.
func decided(g ledger.Group) bool { return g.Origin == "" && g.Actor != "" && g.Reopened.IsZero() }
