package daemon

import (
	"context"
	"fmt"
	"sync"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/web"
)

// maxGuests is how many names beside the routes' comparisons may come under: the ledger keeps each
// for ever.
const maxGuests = 200

// guests are the names that comparisons came under without there being such a route.
type guests struct {
	mu      sync.Mutex
	names   map[string]bool // nil: not yet looked up
	compare shadow.Comparer
}

// Judge implements web.Bench.
func (d *Daemon) Judge(ctx context.Context, list []web.Given) ([]web.Judgement, error) {
	now := d.current.Load()
	routes := make(map[string]config.Route, len(now.config.Routes))
	for _, r := range now.config.Routes {
		routes[r.Name] = r
	}
	if err := d.admitGuests(ctx, list, routes); err != nil {
		return nil, err
	}
	judged := make([]web.Judgement, 0, len(list))
	for _, g := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p := shadow.Point{Route: g.Route, Compare: d.guests.compare}
		route, known := routes[g.Route]
		if known {
			p.Compare, p.Capture, p.Pattern = now.comparers[g.Route], route.Capture, route.Match.Path
			if route.Rollout != nil {
				p.Distinct = route.Rollout.Distinct
			}
		}
		c := d.shadow.Judge(p, shadow.Given{Request: shadow.Request{Method: g.Method, Path: g.Path}, Legacy: g.Legacy, Service: g.Service})
		j := web.Judgement{Route: g.Route, Known: known, Verdict: c.Verdict, Reason: c.Reason, Detail: c.Detail, Differences: c.Differences, More: c.More}
		if c.Verdict == shadow.Diverged {
			j.Divergence = c.ID
		}
		judged = append(judged, j)
	}
	return judged, nil
}

// admitGuests reports names that can't be a route's, or of which there are too many.
func (d *Daemon) admitGuests(ctx context.Context, list []web.Given, routes map[string]config.Route) error {
	d.guests.mu.Lock()
	defer d.guests.mu.Unlock()
	if d.guests.names == nil {
		totals, err := d.ledger.Totals(ctx)
		if err != nil {
			return err
		}
		if d.guests.compare, err = compare.New(compare.Rules{}); err != nil {
			return err
		}
		d.guests.names = map[string]bool{}
		for _, t := range totals {
			d.guests.names[t.Route] = true
		}
	}
	fresh, guests := map[string]bool{}, 0
	for i, g := range list {
		if _, known := routes[g.Route]; known || d.guests.names[g.Route] {
			continue
		}
		if err := shadow.CheckName(g.Route); err != nil {
			return &web.InvalidError{Why: fmt.Sprintf("/comparisons/%d/route: %v", i, err)}
		}
		fresh[g.Route] = true
	}
	for name := range d.guests.names {
		if _, known := routes[name]; !known {
			guests++
		}
	}
	if len(fresh) > 0 && guests+len(fresh) > maxGuests {
		return &web.InvalidError{Why: fmt.Sprintf("comparisons came under %d names that no route has, and there may be %d: use fewer names, or add routes of those names to the configuration", guests+len(fresh), maxGuests)}
	}
	for name := range fresh {
		d.guests.names[name] = true
	}
	return nil
}
