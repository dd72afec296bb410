package daemon

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// Explain implements web.Registry. Nothing is sent.
func (d *Daemon) Explain(e web.Explain) (web.Explanation, error) {
	r, err := explained(e)
	if err != nil {
		return web.Explanation{}, err
	}
	x := d.proxy.Table().Explain(r)
	answer := web.Explanation{
		Route:    x.Decision.Route,
		Side:     x.Decision.Side,
		Why:      x.Decision.Why.String(),
		Note:     x.Note,
		Phase:    x.Decision.Position.Phase,
		Weight:   x.Decision.Position.Weight,
		Bucket:   x.Decision.Bucket,
		Cohort:   x.Decision.Cohort,
		Upstream: x.Upstream,
		Repeat:   x.Repeat.String(),
		Fallback: "no: " + x.FallbackWhy,
		Shadow:   d.explainShadow(x.Decision, r),
		Others:   []web.Considered{},
	}
	if x.Fallback {
		answer.Fallback = "yes, " + x.FallbackWhy
	}
	if route, err := d.configured(x.Decision.Route); err == nil {
		answer.Translate = explainTranslation(route.Translate)
	}
	d.explainUpstream(&answer, x)
	for _, other := range x.Others {
		answer.Others = append(answer.Others, web.Considered(other))
	}
	return answer, nil
}

// explained makes the request that is asked about, as the listener would have handed it on.
func explained(e web.Explain) (*http.Request, error) {
	u, err := url.Parse(e.URL)
	if err != nil || u.Host == "" && !strings.HasPrefix(u.Path, "/") && u.Path != "*" {
		return nil, &web.InvalidError{Why: fmt.Sprintf("%q is neither a path such as /api/orders/17 nor a URL", e.URL)}
	}
	if e.Method == "" {
		e.Method = http.MethodGet
	}
	address := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if e.Address != "" {
		if address, err = netip.ParseAddr(e.Address); err != nil {
			return nil, &web.InvalidError{Why: fmt.Sprintf("%q is no address", e.Address)}
		}
	}
	if u.Path == "" {
		u.Path = "/"
	}
	r, err := http.NewRequest(e.Method, u.RequestURI(), nil)
	if err != nil {
		return nil, &web.InvalidError{Why: err.Error()}
	}
	r.Host = u.Host
	for name, values := range e.Header {
		for _, value := range values {
			r.Header.Add(name, value)
		}
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
		r.Header.Del("Host")
	}
	r.RemoteAddr = netip.AddrPortFrom(address, 1).String()
	return r, nil
}

// explainShadow says whether a copy would go to the other side, and if not why.
func (d *Daemon) explainShadow(decision strangler.Decision, r *http.Request) string {
	var route config.Route
	for _, one := range d.current.Load().config.Routes {
		if one.Name == decision.Route {
			route = one
		}
	}
	phase := decision.Position.Phase
	switch {
	case decision.Route == "":
		return "no: no route"
	case phase == strangler.PhaseLegacy || phase == strangler.PhaseRetired:
		return "no: the route is in phase " + phase.String()
	case r.Header.Get("Upgrade") != "":
		return "no: an upgraded connection is never shadowed"
	case decision.Why == strangler.WhyOverride:
		return "no: the request chose its side itself"
	case route.Sample <= 0:
		return "no: shadow.sample is 0"
	case route.Repeat == strangler.RepeatNever:
		return "no: the route says repeat: never"
	case outdated(strangler.ShadowPoint{Route: route.Route, Position: decision.Position, Serves: decision.Side}):
		return "no: the service owns the data (return: never), so that legacy's answers prove nothing any more"
	}
	share := fmt.Sprintf("%g %% of them", route.Sample*100)
	if decision.Side == strangler.SideService {
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead || !repeatable(route.Repeat, r.Method):
			return "no: legacy is asked again for GET and HEAD only, and where the route says no other than repeat: safe"
		case !route.SecondCall && hasSession(r):
			return "no: legacy is not asked again with a client's session, unless the route says second_call: with_session"
		}
		return "yes, to legacy: " + share + ", within the route's legacy_extra" + askedAgain(route, r)
	}
	if !repeatable(route.Repeat, r.Method) {
		if route.Sandbox == "" {
			return "no: a copied " + r.Method + " is a second write; name a service that may be written to in shadow.sandbox"
		}
		return "yes, to the sandbox " + route.Sandbox + ": " + share
	}
	return "yes, to the service: " + share + askedAgain(route, r)
}

// askedAgain says whether legacy is asked for more than that, so as to tell noise and lag.
func askedAgain(route config.Route, r *http.Request) string {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || !route.SecondCall && hasSession(r) || route.Capture == shadow.CaptureNone {
		return ""
	}
	text := ""
	if route.Control > 0 {
		text += fmt.Sprintf("; legacy twice for %g %%", route.Control*100)
	}
	if route.Recheck > 0 {
		text += fmt.Sprintf("; both again after %s where they differ", route.Recheck)
	}
	return text
}

// hasSession reports whether a request may act for somebody: with any cookie but ours, or with
// credentials.
func hasSession(r *http.Request) bool {
	return r.Header.Get("Authorization") != "" ||
		slices.ContainsFunc(r.Cookies(), func(c *http.Cookie) bool { return !strangler.OurCookie(c.Name) })
}
