package daemon

import (
	"net/http"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/strangler"
)

// served tells the shadow who really answered a request, as station 5 decided and the fallback
// completed it.
func served(r *http.Request) (side shadow.Side, failure string, overridden bool) {
	d := strangler.DecisionFrom(r.Context())
	if d == nil {
		return shadow.Legacy, "", false
	}
	return sides[d.Served()], d.Failure, d.Why == strangler.WhyOverride
}

var sides = [...]shadow.Side{strangler.SideLegacy: shadow.Legacy, strangler.SideService: shadow.Service}

// shadowing returns what a routing table asks for the shadow around a chain.
func (d *Daemon) shadowing(cfg *config.Config, comparers map[string]*compare.Comparer) func(strangler.ShadowPoint) func(http.Handler) http.Handler {
	plans := map[string]config.Route{}
	for _, route := range cfg.Routes {
		plans[route.Name] = route
	}
	return func(at strangler.ShadowPoint) func(http.Handler) http.Handler {
		p := plans[at.Route.Name]
		if p.Sample <= 0 || at.Route.Repeat == strangler.RepeatNever || outdated(at) || at.Other == nil && p.KeepMatches == 0 {
			return nil
		}
		point := shadow.Point{
			Route:              at.Route.Name,
			Serves:             sides[at.Serves],
			Other:              at.Other,
			Sandbox:            at.Sandbox,
			Compare:            comparers[at.Route.Name],
			LegacyHosts:        hostsOf(cfg.Legacy),
			ServiceHosts:       hostsOf(cfg.Services[at.Route.Service], cfg.Services[at.Route.Sandbox]),
			Sample:             p.Sample,
			WithSession:        p.SecondCall,
			LegacyExtra:        shadow.Extra(p.LegacyExtra),
			Self:               at.Self,
			Control:            p.Control,
			Recheck:            p.Recheck,
			Capture:            p.Capture,
			Pattern:            at.Route.Match.Path,
			Keep:               p.KeepMatches,
			Translated:         p.Translate.Translates(),
			RedactUntranslated: cfg.RedactedInService(p.Translate),
			Repeatable:         func(method string) bool { return repeatable(at.Route.Repeat, method) },
		}
		if p.Rollout != nil {
			point.Distinct = p.Rollout.Distinct
		}
		if p.InOrder {
			point.InOrder = at.Key
		}
		return d.shadow.Around(point)
	}
}

// hostsOf returns what upstreams may call themselves where they redirect: the hosts of their
// addresses, and the ones that they are asked for.
func hostsOf(upstreams ...config.Upstream) (hosts []string) {
	for _, u := range upstreams {
		for _, address := range u.URLs {
			hosts = append(hosts, address.Host)
		}
		if u.Host != "" && u.Host != "preserve" && u.Host != "upstream" {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

// outdated reports whether the other side's answers prove nothing any more: where the service
// serves all and owns the data, legacy knows less with every write.
func outdated(at strangler.ShadowPoint) bool {
	return at.Serves == strangler.SideService && at.Route.Return == strangler.ReturnNever && at.Position.Phase == strangler.PhaseLive
}

// repeatable reports whether a copy of such a request may be sent to a service without asking
// for a sandbox: only what is safe by its method, and not said to be otherwise.
func repeatable(repeat strangler.Repeat, method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return repeat.For(method) == strangler.RepeatSafe
	}
	return false
}
