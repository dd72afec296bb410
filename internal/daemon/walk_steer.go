package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// steers has routes steered in the same way.
func steers(routes []string, of rollout.Steering) ([]journal.Steer, error) {
	text, err := json.Marshal(of)
	if err != nil {
		return nil, fmt.Errorf("write how routes are steered: %w", err)
	}
	all := make([]journal.Steer, len(routes))
	for i, route := range routes {
		all[i] = journal.Steer{Route: route, Steering: text}
	}
	return all, nil
}

// byHand returns what a person's moves make of routes that move by themselves: they stop, also where
// they stand already, as nothing is to take back what a person has said.
func (d *Daemon) byHand(present map[string]journal.Standing, moves []journal.Move, by journal.Author) (all []journal.Steer) {
	to := map[string]strangler.Position{}
	for _, m := range moves {
		if m.To.Phase != strangler.PhaseRetired { // which is the end of it anyway
			to[m.Route] = m.To
		}
	}
	for _, w := range walkers(d.current.Load().config) {
		for _, r := range w.routes {
			at, moved := to[r.Name]
			of, err := steering(present[r.Name])
			if !moved || !w.plan.Auto || err != nil || of.State == rollout.ModePaused {
				continue
			}
			why := "moved by hand to " + at.String()
			if by.Reason != "" {
				why += ": " + by.Reason
			}
			stopped, err := steers([]string{r.Name}, of.Stopped(rollout.Author{Name: by.Actor, Verified: by.Verified, Why: why}, now()))
			if err == nil {
				all = append(all, stopped...)
			}
		}
	}
	return all
}

// now is when something is steered, as precise as the journal.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Steer implements web.Automation.
func (d *Daemon) Steer(ctx context.Context, s web.Steering) (web.Rollout, error) {
	w, err := d.walkerOf(s.Route)
	if err != nil {
		return web.Rollout{}, err
	}
	by := rollout.Author{Name: s.Actor.Name, Verified: s.Actor.Verified, Why: s.Reason}
	o := order{walker: w, route: s.Route, ifVersion: s.IfVersion, by: by}
	undurable, before := "", d.present()[s.Route].Position
	switch s.What {
	case web.SteerPause:
		o.to = func(of rollout.Steering) rollout.Steering { return of.Paused(by, now()) }
		err = d.steer(ctx, o)
	case web.SteerResume:
		broken := (*d.walks.known.Load())[w.key].broken()
		o.to = func(of rollout.Steering) rollout.Steering { return of.Resumed(by, now(), s.Version, broken) }
		err = d.steer(ctx, o)
	case web.SteerPromote:
		err = d.promoteByHand(ctx, w, s, by)
	case web.SteerAbort:
		undurable, err = d.abort(ctx, s, o)
	default:
		err = &rollout.InvalidError{Route: s.Route, Why: fmt.Sprintf("a rollout can be told to pause, resume, promote or abort, not %q", s.What)}
	}
	if err != nil {
		return web.Rollout{}, err
	}
	d.walks.hurry()
	d.look(context.WithoutCancel(ctx), false)
	d.tellSteered(w, s, before)
	view := d.rolloutOf(w.key)
	view.Undurable = undurable
	return view, nil
}

// promoteByHand moves a walker to its next step, whatever the evidence; its automation goes on.
func (d *Daemon) promoteByHand(ctx context.Context, w walker, s web.Steering, by rollout.Author) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.settle(ctx); err != nil {
		return err
	}
	at := d.present()[s.Route].Position
	to, is := w.plan.Next(at)
	if !is {
		return &rollout.InvalidError{Route: s.Route, Why: fmt.Sprintf("it stands at %s, its last step; a person retires it: strangler shift %s retired", at, s.Route)}
	}
	steps, err := rollout.Shift(d.standings(), s.Route, to, s.Force)
	if err != nil {
		return err
	}
	moves := journalMoves(steps)
	for i := range moves {
		if moves[i].Route == s.Route {
			moves[i].IfVersion = s.IfVersion
		}
	}
	_, err = d.commit(ctx, journal.Change{Moves: moves, How: journal.HowPromote, Author: journal.Author{Actor: by.Name, Verified: by.Verified, Reason: by.Why}})
	return err
}

// abort sends a walker back and leaves it to people. It is in effect when it returns; where the journal
// doesn't have it by then it says why.
func (d *Daemon) abort(ctx context.Context, s web.Steering, o order) (undurable string, err error) {
	why := "aborted"
	if o.by.Why != "" {
		why += ": " + o.by.Why
	}
	o.by.Why = why
	o.to = func(of rollout.Steering) rollout.Steering { return of.Stopped(o.by, now()) }
	to := o.walker.plan.Back().Phase
	if d.present()[s.Route].Position.Phase <= to {
		return "", d.steer(ctx, o)
	}
	r := web.Rollback{Route: s.Route, To: to, Reason: why, Force: s.Force, Actor: s.Actor}
	_, moves, latest, err := d.sendBack(r, func(present map[string]journal.Standing, _ []journal.Move) ([]journal.Steer, error) {
		return o.apply(present)
	})
	if err != nil {
		return "", err
	}
	d.log.Info("rolled back, and in effect", keyRoutes, routesOf(moves), keyActor, o.by.Name, keyReason, why)
	if latest != nil {
		if durable, problem := d.await(latest); !durable {
			return problem, nil
		}
	}
	return "", nil
}

// walkerOf returns the walker of a route. Errors: *strangler.UnknownRouteError, and *rollout.InvalidError
// where the route has no rollout.
func (d *Daemon) walkerOf(route string) (walker, error) {
	if _, err := d.configured(route); err != nil {
		return walker{}, err
	}
	for _, w := range walkers(d.current.Load().config) {
		for _, r := range w.routes {
			if r.Name == route {
				return w, nil
			}
		}
	}
	return walker{}, &rollout.InvalidError{Route: route, Why: "it has no rollout; give it one in the configuration: rollout: on"}
}
