package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
)

// Facade is a listener through which services call the legacy application as if it had a clean API.
type Facade struct {
	Name   string
	Listen string
	Hosts  []string      // names that it answers to, besides those of this machine; none: see the daemon
	Routes []FacadeRoute // one at least
	Pos    Position
}

// FacadeRoute is one set of a facade's requests: those with the method and the path that the
// service's side of its Translation has. Without a path it is every request. Of its Route, Name and
// Match say something.
type FacadeRoute struct {
	strangler.Route
	Translation *Translation
	Pos         Position
}

// facadeDraft is a facade as far as it has been read.
type facadeDraft struct {
	Facade
	key, listen value
	routes      []*translationDraft
}

func (l *loader) readFacades(v value) {
	for key, child := range v.entries() {
		d := &facadeDraft{key: key}
		d.Name, d.Pos = key.node.Value, key.pos()
		if !key.isName(d.Name) {
			continue
		}
		taken := false
		for _, other := range l.facades {
			if taken = other.Name == d.Name; taken {
				if other.key.src != key.src {
					key.fail("there is another facade %q at %s", d.Name, other.key.pos())
				}
				break
			}
		}
		if d.read(child); !taken {
			l.facades = append(l.facades, d)
		}
	}
}

func (d *facadeDraft) read(v value) {
	one := &Translation{}
	var routes value
	extra := fields{
		"listen":   func(v value) { d.listen = v; v.address(&d.Listen) },
		"hosts":    func(v value) { v.hostNames(&d.Hosts) },
		"upstream": func(v value) { v.choice("legacy") },
		"routes":   func(v value) { routes = v },
	}
	whole := v.readTranslation(one, extra)
	if v.isMapping() && !v.has("listen") || isNull(v.node) {
		v.fail("listen is missing: where services call it, such as 127.0.0.1:9101")
		whole.bad = true
	}
	if !routes.given() {
		d.add(whole, v)
		return
	}
	for key, at := range whole.parts {
		if !strings.Contains(key, ".") {
			at.fail("routes say each how it is translated; move this there")
		}
	}
	items := routes.items()
	if len(items) == 0 && (isNull(routes.node) || len(routes.node.Content) == 0) {
		routes.fail("the list is empty; write a route such as {path: {legacy: \"/cgi/cust.pl?id={id}\", service: \"/customers/{id}\"}, with: customer}")
	}
	for _, item := range items {
		d.add(item.readTranslation(&Translation{}, fields{}), item)
	}
}

// add adds a route of what was read.
func (d *facadeDraft) add(t *translationDraft, at value) {
	d.routes = append(d.routes, t)
	d.Routes = append(d.Routes, FacadeRoute{Translation: t.to, Pos: at.pos()})
}

// settleFacades looks at what holds between the facades and the rest.
func (l *loader) settleFacades() {
	for _, d := range l.facades {
		if l.cfg.NoLegacy {
			d.key.fail("there is no legacy application (legacy: none) that it would stand in front of; remove it")
		}
		if d.listen.given() && d.Listen != "" && !isLoopback(d.Listen) {
			d.listen.warn("%q is reached from other machines, and whoever reaches it calls legacy through it; let only the services' network do so, or listen on 127.0.0.1", d.Listen)
		}
		for i, t := range d.routes {
			l.settleTranslation(t)
			d.Routes[i].Route = t.facadeRoute(d.Name, i)
			d.Routes[i].MaxBody = l.defaults.maxBody
			t.checkReach(d.Routes[i].Match, "service")
		}
		d.checkRoutes()
		l.cfg.Facades = append(l.cfg.Facades, d.Facade)
	}
}

// facadeRoute returns which requests a route of a facade is for.
func (t *translationDraft) facadeRoute(facade string, i int) strangler.Route {
	r := strangler.Route{Name: facade, Match: strangler.Match{Path: pathPattern(t.to.Exchange.Path.Service)}, Service: facadeUpstream}
	if i > 0 {
		r.Name += "." + strconv.Itoa(i+1)
	}
	if method := t.to.Exchange.Method.Service; method != "" {
		r.Match.Methods = []string{method}
	}
	return r
}

// facadeUpstream is what a facade's routing table calls the legacy application, which is the one
// service in it.
const facadeUpstream = "legacy"

// checkRoutes looks for routes of which none is more specific. What is wrong with a path template by
// itself has been said.
func (d *facadeDraft) checkRoutes() {
	var routes []strangler.Route
	var drafts []*translationDraft
	for i, t := range d.routes {
		if !t.bad {
			routes, drafts = append(routes, d.Routes[i].Route), append(drafts, t)
		}
	}
	if wrong := strangler.Validate(routes, []string{facadeUpstream}); len(wrong) > 0 {
		p := wrong[0]
		at, ok := drafts[p.Index].parts["path"]
		if !ok {
			at = drafts[p.Index].at
		}
		at.fail("%s", p.Problem)
		return
	}
	for _, tie := range strangler.Ties(routes) {
		named := func(name string) *translationDraft {
			return drafts[slices.IndexFunc(routes, func(r strangler.Route) bool { return r.Name == name })]
		}
		named(tie.B).at.fail("the route at %s could be for the same request, and neither is more specific; make their paths or methods on the service's side differ",
			named(tie.A).at.pos())
	}
}

// pathPattern returns the pattern of the paths that a template reads; of none it is every path.
func pathPattern(template string) string {
	path, _, _ := strings.Cut(template, "?")
	if path == "" {
		return "/*"
	}
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		before, rest, named := strings.Cut(s, "{")
		name, after, closed := strings.Cut(rest, "}")
		switch {
		case !named || !closed:
			segments[i] = strings.ReplaceAll(s, "*", "%2A")
		case strings.HasSuffix(name, "..."):
			segments[i] = "*"
		case before == "" && after == "":
			segments[i] = fmt.Sprintf("{p%d}", i)
		default:
			segments[i] = fmt.Sprintf("{p%d:%s.+%s}", i, quoted(before), quoted(after))
		}
	}
	return "/" + strings.Join(segments, "/")
}

// quoted returns a regexp for a text of a path as it is written.
func quoted(raw string) string {
	text, err := url.PathUnescape(raw)
	if err != nil {
		text = raw // which the template's reader refuses
	}
	return regexp.QuoteMeta(text)
}
