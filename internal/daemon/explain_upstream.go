package daemon

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
	"github.com/strangler-fig/toolkit/web"
)

// explainUpstream says what the request would meet at station 9, as it stands at present.
func (d *Daemon) explainUpstream(answer *web.Explanation, x strangler.Explanation) {
	now := d.current.Load()
	u, g := now.config.Legacy, now.upstreams.legacy
	of := "legacy"
	if x.Decision.Side == strangler.SideService {
		for _, route := range now.config.Routes {
			if route.Name != x.Decision.Route {
				continue
			}
			u, g = now.config.Services[route.Service], now.upstreams.services[route.Service]
			of = "the service"
			if own, ok := now.upstreams.routes[route.Name]; ok {
				g = own
				of = "the route"
			}
		}
	}
	if g.guard == nil {
		return // a reload is under way, and the route is gone already
	}
	state := g.guard.State()
	answer.Upstream = u.URLs[0].Redacted()
	explainEndpoints(answer, u, g.clients.State().Endpoints)
	answer.Transport = transportName(u)
	answer.Timeouts = explainTimeouts(g.policy.Timeouts, u.Dial)
	answer.Retry = explainRetry(g.policy.Retry, x.Repeat, of)
	answer.Breaker = explainBreaker(state, x.Fallback)
	answer.Bulkhead = explainBulkhead(g.policy.Bulkhead, state)
}

// explainEndpoints says between which endpoints the request would be sent, and how they are kept.
func explainEndpoints(answer *web.Explanation, u config.Upstream, all []upstream.EndpointState) {
	var out []string
	for _, e := range all {
		if !e.Healthy {
			out = append(out, e.Addr+" ("+e.Why+")")
		}
	}
	answer.Endpoints = strconv.Itoa(len(all))
	switch len(out) {
	case 0:
	case len(all):
		answer.Endpoints += ", all out of the turn, so all are used"
	default:
		answer.Endpoints += fmt.Sprintf(", %d out of the turn: %s", len(out), strings.Join(out[:min(3, len(out))], ", "))
		if len(out) > 3 {
			answer.Endpoints += ", …"
		}
	}
	answer.Balance = config.BalanceName(u.Balance)
	if most := u.Connections.Max; most > 0 {
		answer.Connections = fmt.Sprintf("at most %d to an endpoint", most)
	}
	if u.SlowStart > 0 {
		answer.SlowStart = u.SlowStart.String() + " until an endpoint that is new or came back gets its full share"
	}
	if h := u.Health; h.Path != "" {
		answer.HealthCheck = fmt.Sprintf("%s every %s, good with status %s", h.Path, h.Interval, h.Status)
	}
}

func explainTimeouts(t upstream.Timeouts, dial time.Duration) string {
	all := []string{"connection " + dial.String()}
	for _, one := range []struct {
		name  string
		after time.Duration
	}{{"first byte", t.FirstByte}, {"whole request", t.Request}, {"silence", t.Idle}} {
		if one.after > 0 {
			all = append(all, one.name+" "+one.after.String())
		}
	}
	return strings.Join(all, ", ")
}

func explainRetry(r upstream.Retry, repeat strangler.Repeat, of string) string {
	switch {
	case r.Attempts < 2:
		return "no: " + of + " has no retry"
	case repeat == strangler.RepeatNever:
		return "no: the request may not be sent a second time"
	}
	return fmt.Sprintf("yes, up to %d attempts in all, if the request's body is at hand, within %g %% of all requests", r.Attempts, r.Budget*100)
}

func explainBreaker(s upstream.PolicyState, fallback bool) string {
	switch {
	case s.Breaker == "":
		return "none"
	case s.Breaker == "closed":
		return "closed"
	}
	instead := "503"
	if fallback {
		instead = "legacy answers"
	}
	if s.Breaker == "open" && !s.BreakerUntil.IsZero() {
		return fmt.Sprintf("open until %s: %s", s.BreakerUntil.Local().Format(time.TimeOnly), instead)
	}
	return s.Breaker + ": a few requests are let through to see; for the others " + instead
}

func explainBulkhead(b upstream.Bulkhead, s upstream.PolicyState) string {
	if b.InFlight == 0 {
		return "none"
	}
	text := fmt.Sprintf("%d of %d in flight", s.InFlight, s.Limit)
	if b.Adaptive {
		text += fmt.Sprintf(" (at most %d)", b.InFlight)
	}
	if b.Wait > 0 {
		text += fmt.Sprintf(", %d waiting up to %s", s.Waiting, b.Wait)
	}
	return text
}
