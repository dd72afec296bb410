package daemon

import (
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler/upstream"
	"github.com/strangler-fig/toolkit/web"
)

// Services implements web.Registry.
func (d *Daemon) Services() []web.Service {
	now := d.current.Load()
	services := make([]web.Service, 0, len(now.config.ServiceNames))
	for _, name := range now.config.ServiceNames {
		s := serviceView(name, now.config.Services[name], now.upstreams.services[name])
		for _, route := range now.config.Routes {
			if route.Service != name {
				continue
			}
			s.Routes = append(s.Routes, route.Name)
			if own, ok := now.upstreams.routes[route.Name]; ok {
				s.RouteGuards = append(s.RouteGuards, web.RouteGuard{Route: route.Name, Guard: own.apart(now.upstreams.services[name])})
			}
		}
		services = append(services, s)
	}
	return services
}

// versionChanged is called when another version of a service answers.
func (d *Daemon) versionChanged(service, version string) {
	d.log.Info("another version of a service answers", keyService, service, keyVersion, version)
	d.walks.hurry()
}

// askedForVersions returns the services that tell their version at a path, as they are at present.
func (d *Daemon) askedForVersions() []asked {
	now := d.current.Load()
	return now.upstreams.asked(now.config)
}

// Legacy implements web.Registry.
func (d *Daemon) Legacy() web.Service {
	now := d.current.Load()
	if now.config.NoLegacy {
		return web.Service{Name: legacyName, Absent: true, URLs: []string{}, Routes: []string{}, Transport: transportName(now.config.Legacy),
			Balance: config.BalanceName(now.config.Legacy.Balance), Endpoints: []web.Endpoint{}, RouteGuards: []web.RouteGuard{}}
	}
	return serviceView(legacyName, now.config.Legacy, now.upstreams.legacy)
}

func serviceView(name string, u config.Upstream, g guarded) web.Service {
	s := web.Service{Name: name, URLs: []string{}, Routes: []string{}, Transport: transportName(u), Balance: config.BalanceName(u.Balance),
		Connections: web.Connections{Max: u.Connections.Max, Idle: u.Connections.Idle, IdleTimeout: u.IdleTimeout()},
		Guard:       guardView(g.guard.State()), Endpoints: []web.Endpoint{}, RouteGuards: []web.RouteGuard{}}
	for _, one := range u.URLs {
		s.URLs = append(s.URLs, one.Redacted())
	}
	if u.SlowStart > 0 {
		s.SlowStart = u.SlowStart.String()
	}
	if h := u.Health; h.Path != "" {
		s.HealthCheck = &web.HealthCheck{Path: h.Path, Host: h.Host, Status: h.Status, Interval: h.Interval.String(), Timeout: h.Timeout.String(), Rise: h.Rise, Fall: h.Fall}
	}
	state := g.clients.State()
	s.LookupError = state.Lookup
	for _, e := range state.Endpoints {
		s.Endpoints = append(s.Endpoints, web.Endpoint(e))
	}
	if g.policy.Retry.Attempts < 2 {
		s.Guard.Retry = nil
	}
	return s
}

func transportName(u config.Upstream) string {
	if u.Own() {
		return "own"
	}
	return "standard"
}

func guardView(s upstream.PolicyState) web.Guard {
	g := web.Guard{
		Timeouts: &web.Timeouts{Dial: s.Timeouts.Dial, FirstByte: s.Timeouts.FirstByte, Request: s.Timeouts.Request, Idle: s.Timeouts.Idle},
		Retry:    &web.Retry{Retries: s.Retries, Denied: s.RetriesDenied},
	}
	if s.Limit > 0 {
		g.Bulkhead = &web.Bulkhead{InFlight: s.InFlight, Waiting: s.Waiting, Limit: s.Limit, Full: s.Full}
	}
	if s.Breaker != "" {
		g.Breaker = &web.Breaker{State: s.Breaker, Until: s.BreakerUntil, Opened: s.Opened}
	}
	return g
}

// apart returns how a route's guard does: the parts that it doesn't share with its service's.
func (g guarded) apart(service guarded) web.Guard {
	own := guardView(g.guard.State())
	if g.policy.Bulkhead == service.policy.Bulkhead {
		own.Bulkhead = nil
	}
	if g.policy.Breaker == service.policy.Breaker {
		own.Breaker = nil
	}
	if g.policy.Timeouts == service.policy.Timeouts {
		own.Timeouts = nil
	}
	if g.policy.Retry == service.policy.Retry || g.policy.Retry.Attempts < 2 {
		own.Retry = nil
	}
	return own
}
