package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

const (
	moveAgain     = 2 * time.Second // after the journal failed; twice as long each time
	moveLongest   = time.Minute     // at most
	decisionHolds = 5 * time.Second // what was decided longer ago is decided anew
	versionDoubt  = (versionRounds + 1) * versionInterval
)

// act does what was decided about those that were looked at. What goes back waits for nothing and
// nobody; what goes on, stops or is resumed waits for the journal, beside the looks. The caller holds
// walks.mu.
func (d *Daemon) act(ctx context.Context, looked []string, known map[string]walked) {
	var due []walked
	for _, key := range looked {
		k := known[key]
		switch {
		case k.Plan.Auto && !k.unfit && k.steering.Refreshed(k.another(), k.Now):
			due = append(due, k)
		case !k.moves():
		case k.decision.Action == rollout.ActionRollback:
			if err := d.goBack(k); err != nil && !errors.Is(err, errOvertaken) {
				d.cannot(key, k.walker.name, err)
				k.refused = d.walks.refused[key]
				known[key] = k
			}
		case k.decision.Action == rollout.ActionStop:
			due = append(due, k)
		case k.decision.Action == rollout.ActionPromote:
			if k.refused, k.refusal = d.ask(ctx, k); k.refused == "" {
				due = append(due, k)
			}
			known[key] = k
		}
	}
	if len(due) > 0 && !d.walks.moving && !time.Now().Before(d.walks.retryAt) {
		d.walks.moving = true
		d.walks.aside.Go(func() { d.moveOn(ctx, due) })
	}
	for _, k := range due { // what went wrong the last time does so until it goes well
		if k.refused = d.walks.refused[k.walker.key]; k.refused != "" {
			known[k.walker.key] = k
		}
	}
}

// moveOn moves walkers, one after another, until the journal fails.
func (d *Daemon) moveOn(ctx context.Context, due []walked) {
	var failed error
	for _, k := range due {
		if ctx.Err() != nil {
			break
		}
		err := d.move(ctx, k)
		if errors.Is(err, errOvertaken) {
			err = nil // the next look tells
		}
		d.walks.mu.Lock()
		if err == nil {
			delete(d.walks.refused, k.walker.key)
			delete(d.walks.asked, k.walker.key)
		} else {
			d.cannot(k.walker.key, k.walker.name, err)
		}
		d.walks.mu.Unlock()
		if _, unwritable := errors.AsType[*journal.WriteError](err); unwritable {
			failed = err
			break
		}
	}
	d.walks.mu.Lock()
	defer d.walks.mu.Unlock()
	d.walks.moving = false
	if failed == nil {
		d.walks.retryAt, d.walks.pause = time.Time{}, 0
		return
	}
	d.walks.pause = min(max(moveAgain, 2*d.walks.pause), moveLongest)
	d.walks.retryAt = time.Now().Add(d.walks.pause)
}

// cannot notes why what was decided isn't done. The caller holds walks.mu.
func (d *Daemon) cannot(key, name string, err error) {
	text := "it can't be moved: " + err.Error()
	if d.walks.refused[key] != text {
		d.log.Warn("a route can't be moved by itself", keyRoute, name, keyError, err)
	}
	d.walks.refused[key] = text
}

// move does what was decided about one walker.
func (d *Daemon) move(ctx context.Context, k walked) error {
	by := rollout.Author{Name: automation, Verified: true, Why: k.decision.Why}
	o := order{walker: k.walker, seen: k.versions, by: by}
	switch {
	case k.steering.State == rollout.ModeResting:
		o.by.Why = "goes on: version " + k.version + " of the service answers"
		o.to = func(of rollout.Steering) rollout.Steering { return of.Resumed(o.by, now(), "", true) }
		return d.steer(ctx, o)
	case k.decision.Action == rollout.ActionStop:
		o.to = func(of rollout.Steering) rollout.Steering { return of.Rested(by, now(), k.Plan.Cooldown, k.latest) }
		err := d.steer(ctx, o)
		if err == nil {
			d.notify(k, noticeStopped)
		}
		return err
	}
	return d.promote(ctx, k, by)
}

// promote moves a walker's routes on, unless one of them has moved since it was looked at.
func (d *Daemon) promote(ctx context.Context, k walked, by rollout.Author) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.settle(ctx); err != nil {
		return err
	}
	if now := time.Now(); overtaken(d.present(), k.versions) || d.frozen(&k.Plan, now) != "" || now.Sub(k.Now) > decisionHolds {
		return errOvertaken
	}
	to := k.decision.To
	steps, err := rollout.Shift(d.standings(), k.walker.routes[0].Name, to, false)
	if err != nil {
		return err
	}
	_, err = d.commit(ctx, journal.Change{Moves: journalMoves(steps), How: journal.HowPromote, Author: journal.Author{Actor: by.Name, Verified: by.Verified, Reason: by.Why}})
	if err == nil && d.present()[k.walker.routes[0].Name].Position == to { // else a rollback came meanwhile, and is in effect
		d.notifyMoved(k, to, by)
	}
	return err
}

// goBack sends a walker's routes back, and has them rest. It is in effect when it returns, and in the
// journal, or in the marker, soon after, whatever the disk does.
func (d *Daemon) goBack(k walked) error {
	by := rollout.Author{Name: automation, Verified: true, Why: k.decision.Why}
	all, err := steers(k.walker.names(), k.steering.Rested(by, now(), k.Plan.Cooldown, k.latest))
	if err != nil {
		return err
	}
	r := web.Rollback{Route: k.walker.routes[0].Name, To: k.decision.To.Phase, Reason: by.Why, Actor: web.Actor{Name: by.Name, Verified: true}}
	_, moves, _, err := d.sendBack(r, func(present map[string]journal.Standing, _ []journal.Move) ([]journal.Steer, error) {
		if overtaken(present, k.versions) || present[r.Route].Position != k.Position {
			return nil, errOvertaken
		}
		return all, nil
	})
	if err != nil {
		return err
	}
	d.log.Info("rolled back, and in effect", keyRoutes, routesOf(moves), keyActor, by.Name, keyReason, by.Why)
	delete(d.walks.refused, k.walker.key)
	d.notify(k, noticeRolledBack)
	return nil
}

// errOvertaken says that somebody, or something, came before what was decided.
var errOvertaken = errors.New("it has been moved or steered meanwhile")

// overtaken reports whether routes have other versions by now than they were seen with; nil: nobody
// looked.
func overtaken(present map[string]journal.Standing, seen map[string]int64) bool {
	for route, version := range seen {
		if present[route].Version != version {
			return true
		}
	}
	return false
}

// order says how the routes of a walker are to be steered.
type order struct {
	walker    walker
	route     string // whose version ifVersion is
	ifVersion int64  // 0: any
	seen      map[string]int64
	by        rollout.Author
	to        func(rollout.Steering) rollout.Steering
}

// apply returns how routes are steered then, unless somebody came before.
func (o order) apply(present map[string]journal.Standing) ([]journal.Steer, error) {
	if have := present[o.route].Version; o.ifVersion != 0 && o.ifVersion != have {
		return nil, &journal.ConflictError{Route: o.route, Have: have, Want: o.ifVersion}
	}
	if overtaken(present, o.seen) {
		return nil, errOvertaken
	}
	of, err := steeringOf(o.walker, present)
	if err != nil {
		return nil, err
	}
	return steers(o.walker.names(), o.to(of))
}

// steer has the routes of a walker steered, where they stand.
func (d *Daemon) steer(ctx context.Context, o order) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.settle(ctx); err != nil { // a rollback comes first in the journal as it did in effect
		return err
	}
	all, err := o.apply(d.present())
	if err != nil {
		return err
	}
	_, err = d.commit(ctx, journal.Change{Steers: all, Author: journal.Author{Actor: o.by.Name, Verified: o.by.Verified, Reason: o.by.Why}})
	if err != nil {
		return fmt.Errorf("steer %s: %w", o.walker.name, err)
	}
	return nil
}
