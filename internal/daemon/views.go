package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/web"
)

var _ web.System = (*Daemon)(nil)

// Routes implements web.Registry. While a reload is under way it has the routes that journal and
// configuration both know: one without a standing would seem to stand at legacy.
func (d *Daemon) Routes() []web.Route {
	present := d.present()
	cfg := d.current.Load().config
	routes := make([]web.Route, 0, len(cfg.Routes))
	for _, route := range cfg.Routes {
		if standing, known := present[route.Name]; known {
			routes = append(routes, routeView(route.Route, standing))
		}
	}
	return routes
}

// route returns one route that is known to exist.
func (d *Daemon) route(name string) web.Route {
	standing := d.present()[name]
	for _, route := range d.current.Load().config.Routes {
		if route.Name == name {
			return routeView(route.Route, standing)
		}
	}
	return web.Route{Name: name}
}

func routeView(route strangler.Route, s journal.Standing) web.Route {
	return web.Route{Name: route.Name, Match: route.Match, Service: route.Service, Unit: route.Unit, Owner: route.Owner,
		Phase: s.Position.Phase, Weight: s.Position.Weight, Version: s.Version, Since: s.Since, Actor: s.Actor, Reason: s.Reason}
}

// Entries implements web.History.
func (d *Daemon) Entries(ctx context.Context, q web.EntryQuery) ([]web.Entry, error) {
	found, err := d.journal.Entries(ctx, journal.Query{Route: q.Route, Before: q.Before, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 && q.Route != "" && q.Before == 0 {
		return nil, d.unknownRoute(q.Route)
	}
	entries := make([]web.Entry, len(found))
	for i, e := range found {
		entries[i] = web.Entry{Seq: e.Seq, Change: e.Change, At: e.At, Kind: string(e.Kind), How: string(e.How), Undoes: e.Undoes,
			Route: e.Route, Unit: e.Unit, Version: e.Version, Before: e.Before, After: e.After,
			Actor: e.Author.Actor, Verified: e.Author.Verified, Reason: e.Author.Reason, Steering: e.Steering, Hash: e.Hash.String()}
		if entries[i].Rules, err = kept(journal.Standing{Route: e.Route, Rules: e.Rules}); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// VerifyJournal implements web.History.
func (d *Daemon) VerifyJournal(ctx context.Context, known string) (web.JournalProof, error) {
	var want journal.Hash
	if known != "" {
		var err error
		if want, err = journal.ParseHash(known); err != nil {
			return web.JournalProof{}, &web.InvalidError{Why: err.Error()}
		}
	}
	if !d.verifying.TryLock() { // it reads the whole file
		return web.JournalProof{}, &web.BusyError{Why: "the journal is being verified already; try again when that has ended"}
	}
	defer d.verifying.Unlock()
	proof, err := d.journal.Verify(ctx, want)
	if err != nil {
		return web.JournalProof{}, err
	}
	view := web.JournalProof{Entries: proof.Entries, Seq: proof.Seq, At: proof.At}
	if proof.Entries > 0 {
		view.Head = proof.Head.String()
	}
	if b := proof.Break; b != nil {
		view.Broken = &web.JournalBreak{Seq: b.Seq, What: b.What, Why: b.Why}
		d.log.Error("the journal's chain of hashes is broken", keyEntry, b.Seq, keyReason, b.Why)
	}
	if known != "" {
		view.Known = &web.KnownHead{Hash: want.String(), Seq: proof.Known}
	}
	return view, nil
}

// configured returns a route of the configuration in force, or *strangler.UnknownRouteError.
func (d *Daemon) configured(name string) (config.Route, error) {
	for _, route := range d.current.Load().config.Routes {
		if route.Name == name {
			return route, nil
		}
	}
	return config.Route{}, d.unknownRoute(name)
}

// standsIn reports whether legacy answers for a route's service where that fails.
func (d *Daemon) standsIn(name string) bool {
	route, err := d.configured(name)
	return err == nil && route.Fallback && route.Return != strangler.ReturnNever
}

func (d *Daemon) unknownRoute(name string) error {
	var names []string
	for _, route := range d.current.Load().config.Routes {
		names = append(names, route.Name)
	}
	return &strangler.UnknownRouteError{Name: name, Near: strangler.Nearest(name, names)}
}

// RoutesAt implements web.History: each route as it was defined then.
func (d *Daemon) RoutesAt(ctx context.Context, at time.Time) ([]web.Route, error) {
	standings, err := d.journal.At(ctx, at)
	if err != nil {
		return nil, err
	}
	routes := make([]web.Route, 0, len(standings))
	for name, s := range standings {
		definition, err := config.ParseDefinition(s.Definition)
		if err != nil {
			return nil, fmt.Errorf("read the definition of route %q in the journal: %w", name, err)
		}
		routes = append(routes, routeView(definition, s))
	}
	slices.SortFunc(routes, func(a, b web.Route) int { return strings.Compare(a.Name, b.Name) })
	return routes, nil
}

// Config implements web.Monitor.
func (d *Daemon) Config() web.ConfigState {
	now := d.current.Load()
	state := web.ConfigState{File: now.config.File, LoadedAt: now.loadedAt, Definitions: now.config.InForce(),
		Files: now.config.Files, Warnings: []string{}, NeedRestart: needRestart(d.options.Config, now.config)}
	for _, warning := range now.config.Warnings {
		state.Warnings = append(state.Warnings, warning.String())
	}
	if state.NeedRestart == nil {
		state.NeedRestart = []string{}
	}
	if state.Files == nil {
		state.Files = []string{}
	}
	if r := d.refused(); r != nil {
		state.Problem, state.ProblemAt = r.problem, r.at
	}
	return state
}

// Settings implements web.Monitor.
func (d *Daemon) Settings(route string) ([]web.Setting, error) {
	if _, err := d.configured(route); err != nil {
		return nil, err
	}
	var all []web.Setting
	for _, s := range d.current.Load().config.Settings(route) {
		all = append(all, web.Setting{Name: s.Name, Value: s.Value, From: s.From, File: s.Pos.File, Line: s.Pos.Line})
	}
	return all, nil
}

// Subscribe implements web.Monitor.
func (d *Daemon) Subscribe(ctx context.Context) <-chan web.Event { return d.events.subscribe(ctx) }

// ready says whether the daemon wants requests, and what a person should know.
func (d *Daemon) ready() (bool, any) {
	detail := struct {
		Draining bool   `json:"draining,omitempty"`
		Problem  string `json:"config_problem,omitempty"` // why the last reload was refused
		Ledger   string `json:"ledger_problem,omitempty"`
		Rollback string `json:"rollback_problem,omitempty"` // what is in effect but not in the journal
	}{Draining: d.draining.Load(), Rollback: d.pending.summary()}
	if r := d.refused(); r != nil {
		detail.Problem = r.problem
	}
	if err := d.ledger.Stats().Err; err != nil {
		detail.Ledger = err.Error()
	}
	return !detail.Draining, detail
}
