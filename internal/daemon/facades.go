package daemon

import (
	"net/http"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
)

// facade returns the handler of a facade. It is a proxy of its own: the legacy application is the one
// service in its table, which serves all of its routes, and what stands around it translates the other way
// round. So a facade bounds, rewrites and forwards as the proxy does.
func (d *Daemon) facade(i *config.Interpreter, cfg *config.Config, f config.Facade, used *upstreams, all bridges) (http.Handler, error) {
	legacy := used.legacy.upstream(cfg.Legacy)
	if legacy.Host == "" || legacy.Host == "preserve" {
		legacy.Host = "upstream" // what a service calls is the facade, and legacy has never heard of that
	}
	routes := make([]strangler.Route, len(f.Routes))
	positions := map[string]strangler.Position{}
	translations, refuse := map[string]around{}, map[string]acl.Refuser{}
	for at, r := range f.Routes {
		routes[at] = r.Route
		positions[r.Name] = strangler.At(strangler.PhaseRetired)
		reverse, err := d.reverse(i, cfg, r.Translation)
		if err != nil {
			return nil, err
		}
		translations[r.Name] = d.aroundLegacy(f.Name, reverse, all[r.Translation.Session])
		refuse[r.Name], _ = reverse.(acl.Refuser)
	}
	table, err := strangler.NewTable(strangler.Config{
		NoLegacy:  true,
		Services:  map[string]strangler.Upstream{legacyName: legacy},
		Routes:    routes,
		Positions: positions,
		Translate: func(route strangler.Route) func(http.RoundTripper) http.RoundTripper {
			return translations[route.Name]
		},
		Unanswered: func(route strangler.Route) func(*http.Request, int, []byte) *http.Response {
			if refuser := refuse[route.Name]; refuser != nil {
				return refuser.Refusal
			}
			return func(*http.Request, int, []byte) *http.Response { return nil } // programs call it, which read documents
		},
		TrustedProxies: cfg.TrustedProxies,
		Forwarded:      cfg.Forwarded,
		Limits:         limits(cfg),
		AllowTrace:     cfg.Trace,
		Logger:         d.log,
		Observe:        func(route string) func(strangler.Observation) { return d.traffic.observingFacade(f.Name, route) },
	})
	if err != nil {
		return nil, err
	}
	proxy := new(strangler.Proxy)
	proxy.Swap(table)
	return &ownNames{f.Hosts, proxy}, nil
}

// facadeTraffic is the name under which a facade's requests are counted; no route has such a name.
func facadeTraffic(facade string) string { return facadePrefix + facade }

const facadePrefix = "facade:"

func isFacadeTraffic(name string) bool { return strings.HasPrefix(name, facadePrefix) }

// reverse returns what translates a facade's exchanges; nil: nothing does.
func (d *Daemon) reverse(i *config.Interpreter, cfg *config.Config, t *config.Translation) (acl.Facade, error) {
	switch {
	case len(t.Go) > 0:
		plugged, err := d.plugged(t.Go)
		if err != nil {
			return nil, err
		}
		return acl.Reversed(plugged), nil
	case t.Declared():
		x, err := i.Compile(t, plainURL(cfg.Legacy.URLs[0]))
		if err != nil {
			return nil, err
		}
		return x.Facade(), nil
	}
	return nil, nil
}

// aroundLegacy returns what stands around legacy for a facade's route: the translator on the service's
// side, so that a session is put into, and its end seen in, what legacy itself says.
func (d *Daemon) aroundLegacy(facade string, reverse acl.Facade, session *bridge) around {
	return func(next http.RoundTripper) http.RoundTripper {
		next = &facadeCalls{d, "facade " + facade, next}
		if session != nil {
			next = session.Reverse(next)
		}
		if reverse != nil {
			to := next
			next = d.counting(talk{facadeTraffic(facade), acl.ToLegacy, shadow.CaptureNone, nil}, func(o acl.Options) http.RoundTripper { return acl.FacadeTransport(reverse, to, o) })
		}
		return next
	}
}

// observingFacade returns what counts a facade's requests on one of its routes, when their answers are done. What no
// route holds has not reached legacy, and is none of its requests.
func (t *traffic) observingFacade(facade, route string) func(strangler.Observation) {
	if route == "" {
		return nil
	}
	name := facadeTraffic(facade)
	return func(o strangler.Observation) { t.of(name).sides[strangler.SideLegacy].observe(o, time.Now(), false) }
}
