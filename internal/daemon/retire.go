package daemon

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// Retire implements web.Undertaker.
func (d *Daemon) Retire(ctx context.Context, r web.Retire) (web.Retired, error) {
	asked, err := toRetire(d.standings(), r)
	if err != nil {
		return web.Retired{}, err
	}
	// What is on record is read before anything is locked: a ledger that hangs must keep nobody from
	// rolling back.
	facts := make([]rollout.Retirement, len(asked))
	for i, route := range asked {
		facts[i], err = d.facts(ctx, route, r.RetireEvidence)
		switch {
		case err != nil && !r.Force:
			return web.Retired{}, fmt.Errorf("look at what is on record of route %q: %w", route.Route.Name, err)
		case err != nil:
			d.log.Warn("a route is retired by force, and not all that is on record of it can be read", keyRoute, route.Route.Name, keyError, err)
		}
	}
	before := d.journal.Present()
	moved, err := d.retire(ctx, facts, r)
	if err != nil {
		return web.Retired{}, err
	}
	result := web.Retired{Moved: moved, Reports: []web.Report{}}
	for _, fact := range facts {
		if before[fact.Route.Name].Position.Phase != strangler.PhaseRetired {
			result.Reports = append(result.Reports, d.reportRetired(ctx, fact, r))
		}
	}
	return result, nil
}

// retire moves the routes whose facts allow it.
func (d *Daemon) retire(ctx context.Context, facts []rollout.Retirement, r web.Retire) ([]web.Route, error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.settle(ctx); err != nil { // a rollback comes first in the journal as it did in effect
		return nil, err
	}
	standing := map[string]rollout.Standing{}
	for _, s := range d.standings() {
		standing[s.Route.Name] = s
	}
	for i := range facts { // as they stand now
		s, still := standing[facts[i].Route.Name]
		if !still {
			return nil, d.unknownRoute(facts[i].Route.Name)
		}
		facts[i].Route, facts[i].Position = s.Route, s.Position
	}
	steps, err := rollout.Retire(facts, r.Force)
	if err != nil {
		return nil, err
	}
	moves := journalMoves(steps)
	for i := range moves {
		if len(r.Routes) == 1 && moves[i].Route == r.Routes[0] {
			moves[i].IfVersion = r.IfVersion
		}
	}
	return d.commit(ctx, journal.Change{Moves: moves, Author: author(r.Actor, r.Reason)})
}

// toRetire returns the routes that are asked for, and their units.
func toRetire(all []rollout.Standing, r web.Retire) ([]rollout.Standing, error) {
	given := 0
	for _, is := range []bool{len(r.Routes) > 0, r.Unit != "", r.Service != ""} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, &rollout.InvalidError{Why: "what retires is routes, one unit or one service: name exactly one of the three"}
	case len(r.Routes) == 0:
		return rollout.Target{Unit: r.Unit, Service: r.Service}.Routes(all)
	}
	return rollout.WithUnits(all, r.Routes)
}

// facts are what says whether a route may retire. With an error they are what could be read.
func (d *Daemon) facts(ctx context.Context, s rollout.Standing, e web.RetireEvidence) (rollout.Retirement, error) {
	route, err := d.configured(s.Route.Name)
	if err != nil {
		return rollout.Retirement{Route: s.Route}, err // it is gone since
	}
	fact := rollout.Retirement{Route: s.Route, Position: s.Position, Now: time.Now(), After: route.RetireAfter,
		ProxyOnly: e.ProxyOnly, Log: logOf(e.AccessLog, s.Route.Name)}
	if err := d.recordCalls(ctx); err != nil {
		return fact, err
	}
	since, calls, err := d.ledger.LegacyCalls(ctx, s.Route.Name)
	if err != nil {
		return fact, err
	}
	fact.Since = since
	for _, c := range calls {
		fact.Calls = append(fact.Calls, rollout.Call{Who: whoOf(c), How: c.Why, Count: c.Count, Last: c.Last})
	}
	groups, err := d.ledger.Groups(ctx, s.Route.Name, string(ledger.StateOpen))
	if err != nil {
		return fact, err
	}
	for _, g := range groups {
		fact.Groups = append(fact.Groups, rollout.OpenGroup{ID: g.ID, Title: g.Title()})
	}
	return fact, nil
}

// whoOf names a caller.
func whoOf(c ledger.LegacyCall) string {
	if c.Agent != "" {
		return c.Addr + " (" + c.Agent + ")"
	}
	return c.Addr
}

// logOf is what a log says about one route; nil where nobody looked for it.
func logOf(log *web.AccessLog, route string) *rollout.AccessLog {
	if log == nil || !slices.Contains(log.Routes, route) {
		return nil
	}
	of := &rollout.AccessLog{From: log.From, Until: log.Until, GapFrom: log.GapFrom, GapUntil: log.GapUntil, Lines: log.Lines, Unread: log.Unread}
	for _, c := range log.Callers {
		if c.Route == route {
			of.Calls = append(of.Calls, rollout.Call{Who: c.Who, Maybe: c.Maybe, Count: c.Count, Last: c.Last})
		}
	}
	return of
}

// Retirement implements web.Undertaker.
func (d *Daemon) Retirement(ctx context.Context, name string) (web.Retirement, error) {
	route, err := d.configured(name)
	if err != nil {
		return web.Retirement{}, err
	}
	at := rollout.Standing{Route: route.Route, Position: d.journal.Present()[name].Position}
	fact, err := d.facts(ctx, at, web.RetireEvidence{})
	if err != nil {
		return web.Retirement{}, err
	}
	_, calls, err := d.ledger.LegacyCalls(ctx, name)
	if err != nil {
		return web.Retirement{}, err
	}
	view := web.Retirement{Route: name, Phase: at.Position.Phase, Obstacles: []string{}, RetireAfter: rollout.Days(fact.After),
		From: fact.Now.Add(-fact.After), Since: fact.Since, Calls: []web.LegacyCall{}, OpenGroups: []web.OpenGroup{}, Legacy: d.legacyTraits(ctx)}
	for _, c := range calls {
		view.Calls = append(view.Calls, web.LegacyCall{Who: whoOf(c), How: c.Why, Count: c.Count, First: c.First, Last: c.Last})
	}
	for _, g := range fact.Groups {
		view.OpenGroups = append(view.OpenGroups, web.OpenGroup(g))
	}
	obstacles, err := fact.Obstacles()
	if err != nil {
		view.Invalid = err.Error()
	}
	view.Obstacles = append(view.Obstacles, obstacles...)
	view.Ready = err == nil && len(obstacles) == 0
	return view, nil
}

// lookTimeout bounds how long it may take to find out from where the proxy's requests come.
const lookTimeout = 2 * time.Second

// legacyTraits are what helps to read the legacy server's log.
func (d *Daemon) legacyTraits(ctx context.Context) web.LegacyTraits {
	now := d.current.Load()
	legacy := now.config.Legacy
	traits := web.LegacyTraits{Hosts: []string{}, ProxyAddresses: []string{}}
	add := func(list *[]string, text string) {
		if text != "" && !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	for _, one := range legacy.URLs {
		traits.Path = strings.TrimSuffix(one.EscapedPath(), "/")
		add(&traits.Hosts, one.Hostname())
	}
	if legacy.Host != "preserve" && legacy.Host != "upstream" {
		host, _, err := net.SplitHostPort(legacy.Host)
		if err != nil {
			host = legacy.Host
		}
		add(&traits.Hosts, host)
	}
	if now.upstreams.legacy.pool == nil {
		return traits
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	for _, endpoint := range now.upstreams.legacy.clients.State().Endpoints {
		add(&traits.ProxyAddresses, addressTowards(ctx, endpoint.Addr))
	}
	return traits
}

// addressTowards returns the address that this machine speaks to another from; empty: it can't be
// told. Nothing is sent: a connected UDP socket has its address from the routing table.
func addressTowards(ctx context.Context, endpoint string) string {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", endpoint)
	if err != nil {
		return ""
	}
	defer conn.Close()
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return ""
	}
	return local.Addr().Unmap().WithZone("").String()
}

// retireNow is Retire for one move of one route.
func (d *Daemon) retireNow(ctx context.Context, m web.Move) (web.Route, error) {
	_, err := d.Retire(ctx, web.Retire{Routes: []string{m.Route}, Reason: m.Reason, Force: m.Force, RetireEvidence: m.RetireEvidence,
		Actor: m.Actor, IfVersion: m.IfVersion})
	if err != nil {
		return web.Route{}, err
	}
	return d.route(m.Route), nil
}
