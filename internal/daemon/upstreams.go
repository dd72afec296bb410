package daemon

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// copiesPerHost bounds the connections that shadow copies may hold to one endpoint.
const copiesPerHost = 64

// pool is the endpoints of one side and the connections to them: those of clients' requests,
// and others for copies.
type pool struct {
	clients, copies *upstream.Transport
}

func (p *pool) close() {
	p.clients.Close()
	p.copies.Close()
}

// guarded is a pool and what stands around it.
type guarded struct {
	*pool
	key    string // what defines the pool
	policy upstream.Policy
	guard  *upstream.Guard
}

// upstreams are the ways to both sides as one configuration has them. Pools outlive a reload that
// doesn't change what defines them, and so do breakers and bulkheads whose settings stay.
type upstreams struct {
	legacy   guarded
	services map[string]guarded
	routes   map[string]guarded // of routes with a policy of their own
}

// legacyName is how the legacy application is called beside the names of services, which it is
// none of.
const legacyName = "legacy"

// open returns the ways to both sides for a configuration, over what is there already in u
// where the definition is the same. Those in u that are not among them may be closed after a
// swap.
func (u *upstreams) open(cfg *config.Config) (_ *upstreams, err error) {
	next := &upstreams{services: map[string]guarded{}, routes: map[string]guarded{}}
	if !cfg.NoLegacy {
		if next.legacy, err = u.legacy.next(cfg.Legacy); err != nil {
			return nil, fmt.Errorf("legacy: %w", err)
		}
	}
	for name, service := range cfg.Services {
		if next.services[name], err = u.services[name].next(service); err != nil {
			next.closeUnused(u)
			return nil, fmt.Errorf("services.%s: %w", name, err)
		}
	}
	for _, route := range cfg.Routes {
		if route.Policy != nil {
			next.routes[route.Name] = u.routes[route.Name].of(next.services[route.Service], *route.Policy)
		}
	}
	return next, nil
}

// next returns the way to a side that is defined as u, over g's pool if it is the same.
func (g guarded) next(u config.Upstream) (guarded, error) {
	side := guarded{pool: g.pool, key: poolKey(u)}
	if g.pool == nil || g.key != side.key {
		fresh, err := newPool(u)
		if err != nil {
			return guarded{}, err
		}
		side.pool, g = fresh, guarded{}
	}
	return g.of(side, u.Policy), nil
}

// of returns a way to a side under a policy. What g has of it already goes on; what is the
// side's is shared with it.
func (g guarded) of(side guarded, policy upstream.Policy) guarded {
	var like []*upstream.Guard
	for _, one := range []guarded{side, g} {
		if one.guard != nil && one.pool == side.pool {
			like = append(like, one.guard)
		}
	}
	return guarded{pool: side.pool, key: side.key, policy: policy, guard: side.clients.With(policy, like...)}
}

// closeUnused closes the pools that are not in used. What is under way on them ends as it would.
func (u *upstreams) closeUnused(used *upstreams) {
	if u == nil {
		return
	}
	inUse := map[*pool]bool{}
	for _, one := range used.all() {
		inUse[one.pool] = true
	}
	for _, one := range u.all() {
		if one.pool != nil && !inUse[one.pool] {
			one.close()
		}
	}
}

// all returns the ways to legacy and to each service.
func (u *upstreams) all() []guarded {
	if u == nil {
		return nil
	}
	all := []guarded{u.legacy}
	for _, one := range u.services {
		all = append(all, one)
	}
	return all
}

// table returns both kinds of upstream as a routing table wants them.
func (u *upstreams) table(cfg *config.Config) (legacy strangler.Upstream, services map[string]strangler.Upstream) {
	services = map[string]strangler.Upstream{}
	for name, service := range cfg.Services {
		services[name] = u.services[name].upstream(service)
	}
	if !cfg.NoLegacy {
		legacy = u.legacy.upstream(cfg.Legacy)
	}
	return legacy, services
}

func (g guarded) upstream(u config.Upstream) strangler.Upstream {
	return strangler.Upstream{URL: plainURL(u.URLs[0]), Host: u.Host, Transport: g.guard, Copies: g.copies, ByKey: u.Balance == upstream.BalanceHash}
}

// own returns what carries a route's requests to its service where it has a policy of its own.
func (u *upstreams) own(route strangler.Route) http.RoundTripper {
	if one, ok := u.routes[route.Name]; ok {
		return one.guard
	}
	return nil
}

// plainURL returns a URL as the proxy, which doesn't look names up, wants it.
func plainURL(u *url.URL) *url.URL {
	_, scheme, srv := strings.Cut(u.Scheme, "srv")
	if !srv {
		return u
	}
	plain := *u
	plain.Scheme = "http"
	if scheme != "" {
		plain.Scheme = strings.TrimPrefix(scheme, "+")
	}
	return &plain
}

func newPool(u config.Upstream) (*pool, error) {
	cfg := upstream.Config{
		URLs: u.URLs, Resolve: u.Resolve, Balance: u.Balance, SlowStart: u.SlowStart, Health: u.Health,
		Standard: u.Standard, DialTimeout: u.Dial, IdleTimeout: u.Connections.IdleTimeout,
		MaxIdlePerHost: u.Connections.Idle, MaxPerHost: u.Connections.Max,
	}
	if u.TLS != nil {
		cfg.TLS = u.TLS.Config()
	}
	clients, err := upstream.New(cfg)
	if err != nil {
		return nil, err
	}
	// Copies share nothing with clients' requests. Endpoints that fail them are put out of their
	// turn; how endpoints are is only asked once.
	cfg.MaxPerHost = copiesPerHost
	if u.Connections.Max > 0 {
		cfg.MaxPerHost = min(copiesPerHost, u.Connections.Max)
	}
	cfg.MaxIdlePerHost = min(copiesPerHost, u.Connections.Idle)
	cfg.Health.Path = ""
	cfg.SlowStart = 0
	copies, err := upstream.New(cfg)
	if err != nil {
		clients.Close()
		return nil, err
	}
	return &pool{clients, copies}, nil
}

// poolKey says all that defines a pool; the policy doesn't.
func poolKey(u config.Upstream) string {
	var b strings.Builder
	for _, one := range u.URLs {
		b.WriteString(one.String())
		b.WriteByte(0)
	}
	fmt.Fprintf(&b, "%t %d %s %s %+v %+v %s", u.Standard, u.Balance, u.Resolve, u.SlowStart, u.Connections, u.Health, u.Dial)
	if u.TLS != nil {
		fmt.Fprintf(&b, "\x00%s\x00%s", u.TLS.Content(), u.TLS.ServerName)
	}
	return b.String()
}
