package strangler

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
)

// Table says for each request which route it belongs to and which side answers it. It is
// immutable and safe for concurrent use: a change is another table.
type Table struct {
	cfg     Config
	index   *index
	entries []*entry // one a route, in the order of the configuration
	trust   trust
	unmatch http.Handler      // the catch-all's chain
	seen    func(Observation) // as entry's, of what no route has
}

// index is what tables that differ only in positions share.
type index struct {
	compiler  *compiler
	matcher   *matcher
	names     map[string]int   // route name → its place in entries
	units     map[string][]int // unit → its routes' places
	overrides []string         // headers by which requests choose their sides
}

// entry is a route in a table: where it stands and the chain towards each side. What all requests want of it is
// repeated here and lies together, in two lines of a processor's cache: with hundreds of routes each of them
// finds its own cold.
type entry struct {
	name     string
	unit     string
	position Position
	seen     func(Observation) // Config.Observe's; nil: nobody is told
	legacy   http.Handler
	service  http.Handler // nil where the route has none
	override *Override
	maxBody  int64
	keyed    [2]bool // by side: its transport wants Decision.Key
	repeat   Repeat
	discreet bool

	route *Route  // its definition
	tells telling // how its clients are told what no side answers; nil: as all are
}

func newEntry(rt *Route, seen func(Observation)) *entry {
	return &entry{name: rt.Name, unit: rt.Unit, position: rt.Start, seen: seen, override: rt.Override, maxBody: rt.MaxBody,
		repeat: rt.Repeat, discreet: rt.Discreet, route: rt}
}

// NewTable makes a table. Routes, services and their maps belong to the table from then on and
// may not be changed. The error joins all problems there are; among them are *RouteError,
// *TieError and, for a position that names no route, *UnknownRouteError.
func NewTable(cfg Config) (*Table, error) {
	// Sorted, so that of two equally near names always the same one is suggested.
	services := slices.Sorted(maps.Keys(cfg.Services))
	patterns := make([]pattern, len(cfg.Routes))
	for i := range cfg.Routes {
		patterns[i], _ = parsePattern(cfg.Routes[i].Match.Path) // Validate reports the error
	}
	t := &Table{cfg: cfg, trust: newTrust(cfg.TrustedProxies)}
	t.cfg.Routes = slices.Clone(cfg.Routes)
	t.cfg.Positions = nil // entries have them
	compiler, err := newCompiler(&t.cfg)
	err = errors.Join(err, join(Validate(t.cfg.Routes, services), ties(t.cfg.Routes, patterns)))
	if err != nil {
		return nil, err
	}
	t.index = &index{compiler: compiler, matcher: newMatcher(t.cfg.Routes, patterns), names: map[string]int{}, units: map[string][]int{}}
	for i := range t.cfg.Routes {
		rt := &t.cfg.Routes[i]
		t.index.names[rt.Name] = i
		if rt.Unit != "" {
			t.index.units[rt.Unit] = append(t.index.units[rt.Unit], i)
		}
		if rt.Override != nil {
			if name := http.CanonicalHeaderKey(rt.Override.Header); !slices.Contains(t.index.overrides, name) {
				t.index.overrides = append(t.index.overrides, name)
			}
		}
		t.entries = append(t.entries, newEntry(rt, t.observing(rt.Name)))
	}
	t.unmatch, t.seen = t.index.compiler.catchAll(t.index.matcher), t.observing("")
	all := make([]int, len(t.entries))
	for i := range all {
		all[i] = i
	}
	if err := t.move(cfg.Positions, all); err != nil {
		return nil, err
	}
	return t, nil
}

// With returns a table with other positions for the routes named; the others stay. It costs a
// copy of the list of routes and the compilation of those that move. The error joins all
// problems there are; t is unchanged in any case.
func (t *Table) With(positions map[string]Position) (*Table, error) {
	next := *t
	next.entries = slices.Clone(t.entries)
	var moving []int
	for name, pos := range positions {
		if i, ok := t.index.names[name]; ok && t.entries[i].position != pos {
			moving = append(moving, i)
		}
	}
	slices.Sort(moving)
	if err := next.move(positions, moving); err != nil {
		return nil, err
	}
	return &next, nil
}

// move puts routes where positions say and compiles anew those whose places are in moving. It
// replaces entries and never changes one, since another table may hold it.
func (t *Table) move(positions map[string]Position, moving []int) error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(positions)) {
		if _, ok := t.index.names[name]; !ok {
			problems = append(problems, &UnknownRouteError{name, Nearest(name, slices.Sorted(maps.Keys(t.index.names)))})
		}
	}
	for _, i := range moving {
		moved := *t.entries[i]
		if pos, ok := positions[moved.name]; ok {
			moved.position = pos
		}
		t.entries[i] = &moved
		if err := errors.Join(moved.position.Validate(), standable(moved.route, moved.position), t.withoutLegacy(moved.position)); err != nil {
			problems = append(problems, &RouteError{Route: moved.name, Index: i, Field: "position", Problem: err.Error(), Err: err})
		}
	}
	problems = append(problems, t.apart(moving)...)
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	for _, i := range moving {
		e := t.entries[i]
		legacy, service, err := t.index.compiler.chains(*e.route, e.position)
		if err != nil {
			problems = append(problems, fmt.Errorf("compile route %q: %w", e.name, err))
			continue
		}
		e.legacy, e.service, e.tells = legacy, service, t.index.compiler.tells(*e.route)
		for _, side := range []Side{SideLegacy, SideService} {
			e.keyed[side] = t.index.compiler.keyed(e.route, e.position, side)
		}
	}
	return errors.Join(problems...)
}

// withoutLegacy reports a position at which legacy is wanted where there is none.
func (t *Table) withoutLegacy(pos Position) error {
	if t.cfg.NoLegacy && pos.Phase != PhaseRetired {
		return fmt.Errorf("phase %s wants the legacy application, and there is none", pos.Phase)
	}
	return nil
}

// apart returns an error for each unit of the routes in moving that doesn't stand together.
func (t *Table) apart(moving []int) []error {
	var problems []error
	seen := map[string]bool{}
	for _, i := range moving {
		unit := t.entries[i].unit
		if unit == "" || seen[unit] {
			continue
		}
		seen[unit] = true
		first := t.entries[t.index.units[unit][0]]
		for _, j := range t.index.units[unit][1:] {
			if other := t.entries[j]; other.position != first.position {
				problems = append(problems, &RouteError{
					Route: other.name, Index: j, Field: "position",
					Problem: fmt.Sprintf("it would stand at %s and route %q at %s, but both are of unit %q, which moves together",
						other.position, first.name, first.position, unit),
				})
			}
		}
	}
	return problems
}

// Routes returns the definitions, in the order of the configuration.
func (t *Table) Routes() []Route { return slices.Clone(t.cfg.Routes) }

// Trusts reports whether an address is one of Config.TrustedProxies.
func (t *Table) Trusts(addr netip.Addr) bool { return t.trust.contains(addr.Unmap().WithZone("")) }

// Client returns the address of a request's client: its peer's or, where that is a trusted proxy, the
// one that forwarding headers tell. The zero Addr says that there is none, as on a Unix socket.
func (t *Table) Client(r *http.Request) netip.Addr { return t.trust.client(r) }

// Position returns where a route stands, and whether there is such a route.
func (t *Table) Position(name string) (Position, bool) {
	i, ok := t.index.names[name]
	if !ok {
		return Position{}, false
	}
	return t.entries[i].position, true
}

// observing returns what is told of a route's requests; nil: nobody is.
func (t *Table) observing(route string) func(Observation) {
	if t.cfg.Observe == nil {
		return nil
	}
	return t.cfg.Observe(route)
}

// match returns the entry of the route that a request belongs to; nil: the catch-all's.
func (t *Table) match(r *http.Request) *entry {
	if i := t.index.matcher.match(r); i >= 0 {
		return t.entries[i]
	}
	return nil
}

// Match returns the name of the route that a request belongs to; empty: it is the catch-all's.
func (t *Table) Match(r *http.Request) string {
	if e := t.match(r); e != nil {
		return e.name
	}
	return ""
}

// catchAll is the chain of what no route holds: legacy or, where there is none, 404 and 405.
func (t *Table) catchAll() http.Handler { return t.unmatch }
