package daemon

import (
	"net/http"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
)

// compiled is a routing table and what it stands on.
type compiled struct {
	table     *strangler.Table
	upstreams *upstreams
	comparers map[string]*compare.Comparer
	made      *interpreted
	doors     []wantedDoor
	fresh     map[string]*door // of doors: those that aren't in force yet
}

// discard closes what nothing else uses, where the table comes to nothing. A nil one has nothing but,
// perhaps, opened tables of identifiers.
func (c *compiled) discard(d *Daemon) {
	d.identifiers.abandon()
	if c != nil {
		c.upstreams.closeUnused(d.upstreams)
		closeDoors(c.fresh)
	}
}

// use puts it in force for a configuration that was loaded then, and closes what it doesn't use any
// more. The caller holds d.changing.
func (d *Daemon) use(c *compiled, cfg *config.Config, loadedAt time.Time) {
	if d.proxy == nil {
		d.proxy = new(strangler.Proxy)
	}
	d.replaced = d.replaced.add(d.bridges(), c.made.bridges)
	d.pending.mu.Lock() // a rollback sees both, or neither
	d.putLocked(c.table)
	d.current.Store(&inForce{config: cfg, upstreams: c.upstreams, comparers: c.comparers, bridges: c.made.bridges, loadedAt: loadedAt})
	d.pending.mu.Unlock()
	d.upstreams.closeUnused(c.upstreams)
	d.upstreams = c.upstreams
	d.identifiers.settle(c.made.tables)
	d.useDoors(c.doors, c.fresh, cfg.Shutdown.Grace)
}

// compile makes a routing table of a configuration and of where its routes stand. The upstreams
// that it opened or took over are those of the table.
func (d *Daemon) compile(cfg *config.Config, standings map[string]journal.Standing) (_ *compiled, err error) {
	comparers, left, err := comparers(cfg, standings)
	if err != nil {
		return nil, err
	}
	for _, r := range left {
		d.log.Warn("a rule in the journal doesn't go together with the file's, and is left out: drop one of the two",
			keyRoute, r.Route, keyRule, r.ID, keyKind, r.Kind, keyPointer, r.Pointer)
	}
	used, err := d.upstreams.open(cfg)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			used.closeUnused(d.upstreams)
		}
	}()
	routes := make([]strangler.Route, len(cfg.Routes))
	for i, route := range cfg.Routes {
		routes[i] = route.Route
	}
	made, err := d.interpret(cfg, used)
	if err != nil {
		return nil, err
	}
	legacy, services := used.table(cfg)
	if legacy.Transport != nil {
		legacy.Transport = made.bridges.watching(legacy.Transport)
	}
	for name, service := range services {
		where := cfg.Services[name].Version
		service.Transport, service.Copies = d.versions.watch(name, where, service.Transport), d.versions.watch(name, where, service.Copies)
		services[name] = service
	}
	table, err := strangler.NewTable(strangler.Config{
		Legacy:    legacy,
		NoLegacy:  cfg.NoLegacy,
		Services:  services,
		Routes:    routes,
		Positions: d.positionsFor(routes, standings),
		Shadow:    d.shadowing(cfg, comparers),
		Verbatim:  true,
		Upstream: func(route strangler.Route) http.RoundTripper {
			return d.versions.watch(route.Service, cfg.Services[route.Service].Version, used.own(route))
		},
		Translate:      made.translate,
		Buffer:         made.buffer,
		Unanswered:     made.refusal,
		TrustedProxies: cfg.TrustedProxies,
		Forwarded:      cfg.Forwarded,
		Limits:         limits(cfg),
		DebugHeader:    cfg.DebugHeader,
		AllowTrace:     cfg.Trace,
		Logger:         d.log,
		Observe:        d.traffic.observing,
	})
	if err != nil {
		return nil, err
	}
	doors := doorsOf(cfg, made)
	fresh, err := d.openDoors(cfg, doors)
	if err != nil {
		return nil, err
	}
	return &compiled{table, used, comparers, made, doors, fresh}, nil
}

func positions(standings map[string]journal.Standing) map[string]strangler.Position {
	at := make(map[string]strangler.Position, len(standings))
	for name, standing := range standings {
		at[name] = standing.Position
	}
	return at
}

// definitions are what the journal keeps of the routes of a configuration. A route that joins
// others of its unit, which have moved meanwhile, starts where they stand: they split alike.
func definitions(cfg *config.Config, present map[string]journal.Standing) []journal.Definition {
	units := map[string]strangler.Position{}
	for _, route := range cfg.Routes {
		if standing, known := present[route.Name]; known && route.Unit != "" {
			units[route.Unit] = standing.Position
		}
	}
	texts := cfg.Definitions()
	list := make([]journal.Definition, len(cfg.Routes))
	for i, route := range cfg.Routes {
		start := route.Start
		if stands, moved := units[route.Unit]; moved {
			start = stands
		}
		list[i] = journal.Definition{Route: route.Name, Unit: route.Unit, Start: start, JSON: texts[route.Name]}
	}
	return list
}
