package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
)

// check looks at what holds between the parts, when all files have been read.
func (l *loader) check() {
	l.checkListeners()
	l.settleTranslators()
	l.settleSessions()
	l.settleFacades()
	l.settlePolicies()
	l.checkProxyProtocol()
	l.cfg.Limits.MaxBody = l.defaults.maxBody
	for _, d := range l.drafts {
		l.settle(d)
	}
	l.checkNoLegacy()
	l.dropUnbounded()
	l.settleRollouts()
	l.checkRoutes()
	l.checkTies()
	l.advise()
	l.link()
	l.keyTranslations()
	for _, d := range l.drafts {
		l.cfg.Routes = append(l.cfg.Routes, d.Route)
	}
}

func (l *loader) checkListeners() {
	c := l.cfg
	if at := l.listen.admin; at.given() && len(c.Admin.Tokens) == 0 && !isLoopback(c.Admin.Listen) {
		at.fail("%q is reached from other machines, which wants admin.tokens; set them, or listen on 127.0.0.1", c.Admin.Listen)
	}
	type listener struct {
		name, address string
		at            value
	}
	all := []listener{{"listen", c.Listen, l.listen.main}, {"admin.listen", c.Admin.Listen, l.listen.admin}, {"ops.listen", c.Ops, l.listen.ops}}
	for _, f := range l.facades {
		all = append(all, listener{f.listen.path, f.Listen, f.listen})
	}
	for _, name := range l.sessionNames {
		s := l.sessions[name]
		all = append(all, listener{s.listen.path, s.Keys, s.listen})
	}
	for i, a := range all {
		for _, b := range all[i+1:] {
			if !collide(a.address, b.address) {
				continue
			}
			first, second := a, b
			if !second.at.given() {
				first, second = b, a
			}
			if second.at.given() {
				second.at.fail("%s is taken by %s (%s); use another port", second.address, first.name, first.address)
			}
		}
	}
}

// settle fills in what a route takes from elsewhere.
func (l *loader) settle(d *draft) {
	if _, own := d.parts["cohort"]; !own {
		d.Cohort = l.defaults.cohort
		d.mark("cohort", l.defaults.cohortAt)
	}
	if _, own := d.parts["max_body"]; !own {
		d.MaxBody = l.defaults.maxBody
	}
	if d.Capture == "" {
		d.Capture = l.cfg.Shadow.Capture
	}
	d.Discreet = d.Capture == shadow.CaptureNone
	_, own := d.parts["fallback"]
	if d.Fallback = d.fallback; !own {
		d.Fallback = l.defaults.fallback
	}
	if d.Return == strangler.ReturnNever {
		if own && d.fallback {
			d.parts["fallback"].warn("return: never keeps requests from legacy, so there is no fallback; remove this, or write fallback: none")
		}
		d.Fallback = false
	}
	if d.Service == "" {
		for _, field := range []string{"sandbox", "translate", "override", "fallback", "timeouts", "retry", "breaker", "bulkhead", "rollout"} {
			if v, ok := d.parts[field]; ok && !d.bad["service"] {
				v.fail("the route has no service, so this means nothing; name one, or remove this")
				d.bad[field] = true
			}
		}
		d.Fallback = false
	}
	l.settlePolicy(d)
	l.settleRetire(d)
	switch d.Sandbox {
	case "service":
		d.Sandbox = d.Service
	case "legacy":
		d.parts["sandbox"].fail("writes are never copied to legacy; name a service whose data doesn't matter, or service for the route's own")
		d.bad["sandbox"] = true
	}
	if d.translation != nil && d.Service != "" {
		l.settleTranslation(d.translation)
		d.translation.checkReach(d.Match, "legacy")
	}
}

// required are fields that are reported where they are read, should they be missing.
var required = []string{"name", "match.path", "override.secret"}

// checkRoutes has the proxy look at the definitions, and shows where what it finds stands.
func (l *loader) checkRoutes() {
	routes, names := l.definitions(), map[string]*draft{}
	for _, d := range l.drafts {
		if first, taken := names[d.Name]; taken && d.Name != "" {
			d.place("name").fail("there is another route %q at %s; a name is a route's for ever, so give this one its own", d.Name, first.place("name").pos())
			d.bad["name"] = true
			continue
		}
		names[d.Name] = d
	}
	for _, problem := range strangler.Validate(routes, l.cfg.ServiceNames) {
		d := l.drafts[problem.Index]
		field := problem.Field
		if d.bad[field] || slices.Contains(required, field) && !d.parts[field].given() {
			continue // reported already
		}
		v := d.place(field)
		if list, index, ok := strings.Cut(field, "."); ok && list == "cohort" {
			if _, own := d.parts["cohort"]; !own {
				// It stands under defaults, once for all routes.
				i, _ := strconv.Atoi(index)
				if l.defaults.reported[i] {
					continue
				}
				l.defaults.reported[i] = true
			}
		}
		if bad, ok := errors.AsType[*strangler.PatternError](problem.Err); ok {
			offset := bad.Offset
			if v.node.Value != bad.Pattern {
				offset = 0 // a variable stands in it
			}
			v.failAt(offset, "bad path pattern %q: %s", bad.Pattern, bad.Problem)
			continue
		}
		hint := ""
		if (field == "service" || field == "sandbox") && !strings.Contains(problem.Problem, "did you mean") {
			hint = l.servicesThere()
		}
		v.fail("%s%s", problem.Problem, hint)
	}
}

// servicesThere says which services there are, to put behind a message.
func (l *loader) servicesThere() string {
	if len(l.cfg.ServiceNames) == 0 {
		return "; there is none under services"
	}
	return "; there is " + strings.Join(l.cfg.ServiceNames, ", ")
}

func (l *loader) definitions() []strangler.Route {
	routes := make([]strangler.Route, len(l.drafts))
	for i, d := range l.drafts {
		routes[i] = d.Route.Route
	}
	return routes
}

// checkTies reports routes that could both match one request, at the later of the two.
func (l *loader) checkTies() {
	routes := l.definitions()
	for i := range routes {
		routes[i].Name = strconv.Itoa(i) // two routes of one name are still two
	}
	for _, tie := range strangler.Ties(routes) {
		a, _ := strconv.Atoi(tie.A)
		b, _ := strconv.Atoi(tie.B)
		first, second := l.drafts[a], l.drafts[b]
		if second.bad["match"] || first.bad["match"] {
			continue
		}
		second.place("match").fail("route %q at %s could match the same request, and neither is more specific; make their paths, hosts, methods or predicates differ",
			first.Name, first.Pos)
	}
}

func element(list string, i int) string { return list + "." + strconv.Itoa(i) }
