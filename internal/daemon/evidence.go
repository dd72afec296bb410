package daemon

import (
	"context"
	"errors"

	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/web"
)

// Divergences implements web.Evidence.
func (d *Daemon) Divergences(ctx context.Context, q web.DivergenceQuery) ([]web.Divergence, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	found, err := d.ledger.Divergences(ctx, ledger.Query{Route: q.Route, Group: q.Group, After: q.After, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	views := make([]web.Divergence, len(found))
	for i, one := range found {
		views[i] = divergenceView(one)
	}
	return views, nil
}

// Divergence implements web.Evidence.
func (d *Daemon) Divergence(ctx context.Context, id string) (web.Divergence, error) {
	found, err := d.ledger.Divergence(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return web.Divergence{}, &web.NotFoundError{What: "divergence", Name: id}
	}
	return divergenceView(found), err
}

// Groups implements web.Evidence.
func (d *Daemon) Groups(ctx context.Context, route, state string) ([]web.Group, error) {
	found, err := d.ledger.Groups(ctx, route, state)
	if err != nil {
		return nil, err
	}
	views := make([]web.Group, len(found))
	for i, one := range found {
		views[i] = groupView(one)
	}
	return views, nil
}

// Group implements web.Evidence.
func (d *Daemon) Group(ctx context.Context, id string) (web.Group, error) {
	found, err := d.ledger.Group(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return web.Group{}, &web.NotFoundError{What: "group", Name: id}
	}
	return groupView(found), err
}
