package daemon

import (
	"context"
	"errors"

	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/web"
)

// Triage implements web.Desk.
func (d *Daemon) Triage(ctx context.Context, t web.Triage) (web.Group, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	g, err := d.ledger.Triage(ctx, t.Group, ledger.Triage{State: ledger.State(t.State), Reason: t.Reason, Actor: t.Actor.Name, Verified: t.Actor.Verified})
	if err != nil {
		return web.Group{}, d.deskError(ctx, err, t.Group)
	}
	d.log.Info("group triaged", keyGroup, g.ID, keyRoute, g.Route, keyState, g.State, keyActor, g.Actor, keyReason, g.Reason)
	d.events.publish(web.Event{Type: eventGroups, Data: []string{g.Route}})
	return d.groupView(g), nil
}

// Pin implements web.Desk.
func (d *Daemon) Pin(ctx context.Context, divergence string, by web.Actor) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	err := d.ledger.Pin(ctx, divergence)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return &web.NotFoundError{What: "kept answers of divergence", Name: divergence}
	case err != nil:
		return &web.UnwritableError{Err: err}
	}
	d.log.Info("divergence pinned", keyDivergence, divergence, keyActor, by.Name)
	return nil
}

// deskError says what an error of the ledger's means to who wants a group changed.
func (d *Daemon) deskError(ctx context.Context, err error, group string) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return d.noGroup(ctx, group)
	}
	if e, ok := errors.AsType[*ledger.TriageError](err); ok {
		return &web.InvalidError{Why: e.Why}
	}
	return &web.UnwritableError{Err: err}
}
