package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// Check looks at the whole table as a change would leave it, before the change is on the disk;
// its error prevents the change and is returned as it is. It is called once, while other changes
// wait, also where nothing would change; it reads the map only, and makes no change itself.
type Check func(table map[string]Standing) error

// Change is one or several moves that are made together, or not at all.
type Change struct {
	Moves  []Move
	Steers []Steer // made with them
	Rules  []RouteRules
	Freeze *time.Time // until when all are frozen from then on, zero: until Thaw; nil: it stays as it is
	How    How        // default HowShift; HowUndo where Undoes is set
	// Undoes is the change that this one takes back, as UndoOf has it; 0: none.
	Undoes int64
	Author Author
	Check  Check // nil: none
}

// Move is one route's way to another position.
type Move struct {
	Route     string
	To        strangler.Position
	IfVersion int64 // the version that the caller has seen; 0: any
}

// Steer says how a route's moves are to be made from then on: what it says is not the journal's
// business.
type Steer struct {
	Route    string
	Steering json.RawMessage // any JSON, without secrets
}

// Move moves routes, steers them, gives them rules, freezes all, and returns where they stand then, in the order of the moves and then of the steers. A route that
// stands where it shall is left as it is, version included, and without an entry; its IfVersion
// is looked at all the same. The same steering as before makes no entry either. Whether a move is wise is not the journal's business: package
// rollout knows.
//
// Errors: *strangler.UnknownRouteError, *ConflictError, and what the check says; then nothing is
// written. Once writing began it ends, ctx or not, so that an error never leaves open what is
// on the disk.
func (j *Journal) Move(ctx context.Context, c Change) ([]Standing, error) {
	switch {
	case c.Undoes != 0:
		c.How = HowUndo
	case c.How == HowUndo:
		return nil, errors.New("move routes: an undo has to say which change it undoes")
	case c.How == "":
		c.How = HowShift
	}
	after, err := j.change(ctx, c.Author, c.Check, func(d *draft) error { return d.move(c) })
	if err != nil {
		return nil, err
	}
	standings := make([]Standing, 0, len(c.Moves)+len(c.Steers))
	for _, m := range c.Moves {
		standings = append(standings, after[m.Route])
	}
	for _, s := range c.Steers {
		standings = append(standings, after[s.Route])
	}
	return standings, nil
}

func (d *draft) move(c Change) error {
	moved := make(map[string]bool, len(c.Moves))
	for _, m := range c.Moves {
		s, err := d.fold.route(m.Route)
		switch {
		case err != nil:
			return err
		case moved[m.Route]:
			return fmt.Errorf("move routes: route %q is named twice", m.Route)
		case m.IfVersion != 0 && m.IfVersion != s.Version:
			return &ConflictError{Route: m.Route, Have: s.Version, Want: m.IfVersion}
		}
		moved[m.Route] = true
		if err := m.To.Validate(); err != nil {
			return fmt.Errorf("move route %q: %w", m.Route, err)
		}
		if m.To == s.Position {
			continue
		}
		before, after := s.Position, m.To
		err = d.add(Entry{Kind: Moved, How: c.How, Route: m.Route, Unit: s.Unit, Before: &before, After: &after, Undoes: c.Undoes})
		if err != nil {
			return fmt.Errorf("move route %q: %w", m.Route, err)
		}
	}
	for _, s := range c.Steers {
		if err := d.steer(s); err != nil {
			return err
		}
	}
	for _, r := range c.Rules {
		if err := d.rule(r); err != nil {
			return err
		}
	}
	if c.Freeze != nil {
		return d.freeze(*c.Freeze)
	}
	return nil
}

func (d *draft) steer(s Steer) error {
	route, err := d.fold.route(s.Route)
	if err != nil {
		return err
	}
	steering, err := canonical(s.Steering)
	if err != nil {
		return fmt.Errorf("steer route %q: %w", s.Route, err)
	}
	if bytes.Equal(steering, route.Steering) {
		return nil
	}
	at := route.Position
	return d.add(Entry{Kind: Steered, Route: s.Route, Unit: route.Unit, Before: &at, After: &at, Steering: steering})
}

// draft is a change in the making: the fold as it will be and the entries that lead there.
type draft struct {
	fold    *fold
	entries []Entry
	at      time.Time
	author  Author
}

// add makes e, of which only what is particular to it is given, the next entry.
func (d *draft) add(e Entry) error {
	e.Seq = d.fold.seq + 1
	e.Change = e.Seq - int64(len(d.entries))
	e.At, e.Author = d.at, d.author
	e.Version = d.fold.routes[e.Route].Version + 1
	e.Hash = d.fold.head.then(values(e))
	d.entries = append(d.entries, e)
	return d.fold.apply(e)
}

// change makes one change: edit drafts it, check looks at it, the disk takes it, and only then is
// it the present, whose table it returns.
func (j *Journal) change(ctx context.Context, by Author, check Check, edit func(*draft) error) (map[string]Standing, error) {
	select {
	case j.turn <- struct{}{}:
		defer func() { <-j.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the journal: %w", context.Cause(ctx))
	}
	if by.Actor == "" {
		by.Actor, by.Verified = "unknown", false
	}
	by.Actor, by.Reason = strings.ToValidUTF8(by.Actor, "\uFFFD"), strings.ToValidUTF8(by.Reason, "\uFFFD")

	before := j.now.Load()
	d := &draft{fold: before.fold.clone(), at: j.time(before.fold.at), author: by}
	if err := edit(d); err != nil {
		return nil, err
	}
	after := &present{d.fold, d.fold.table()}
	if check != nil {
		if err := check(after.table); err != nil {
			return nil, err
		}
	}
	if len(d.entries) == 0 {
		return before.table, nil
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("write journal: %w", err)
	}
	if err := j.write(context.WithoutCancel(ctx), before.fold, d.entries); err != nil {
		return nil, &WriteError{err}
	}
	j.now.Store(after)
	return after.table, nil
}

// time returns the time of the next change: the clock's, but later than that of the last one.
func (j *Journal) time(last time.Time) time.Time {
	at := j.clock().UTC().Truncate(time.Microsecond)
	if at.After(last) {
		return at
	}
	if behind := last.Sub(at); behind > time.Second {
		j.log.Warn("the clock is behind the journal's last entry; entries get that one's time until it has caught up",
			"behind", behind, "last", last)
	}
	return last.Add(time.Microsecond)
}
