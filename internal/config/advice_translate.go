package config

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/lens"
	"github.com/strangler-fig/toolkit/strangler"
)

// checkReach refuses what no exchange of the requests in question could come through, and warns of a path
// that none of them seems to have. read is the side whose requests those are.
func (d *translationDraft) checkReach(m strangler.Match, read string) {
	if d.compiled == nil || d.vague("request") || d.slips.any("method", "path") {
		return
	}
	x, way, other := &d.to.Exchange, body.ToService, "service"
	if read == "service" {
		way, other = body.ToLegacy, "legacy"
	}
	pick := func(of lens.Sides[string], side string) string {
		if side == "legacy" {
			return of.Legacy
		}
		return of.Service
	}
	if method := pick(x.Method, read); method != "" && len(m.Methods) > 0 && !slices.Contains(m.Methods, method) {
		d.parts["method"].fail("requests with %s don't come, as the route is for %s", method, strings.Join(m.Methods, ", "))
		return
	}
	methods := m.Methods
	if method := pick(x.Method, read); method != "" {
		methods = []string{method}
	}
	if names := d.compiled.NeedsBody(way); len(names) > 0 && len(methods) > 0 && !slices.ContainsFunc(methods, hasBody) {
		for _, name := range names {
			d.parts["path"].fail("{%s} of path.%s is in neither path.%s nor params, and requests with %s have no body that it could be taken from", name, other, read, strings.Join(methods, " or "))
		}
		return
	}
	written := methods
	if method := pick(x.Method, other); method != "" {
		written = []string{method}
	}
	if !d.checkStrays(way, read, other, methods, written) {
		return
	}
	if path := pick(x.Path, read); path != "" && !mayMatch(m.Path, path) {
		d.parts["path"].warn("no request has this path, as the route is for %s: all of them are answered as untranslatable, by legacy where there is a fallback", m.Path)
	}
}

// checkStrays looks for names of the path that is read with which nothing happens on the other side: an error
// where that is so of all requests, and a loss where it is of some. It reports whether there is no error.
func (d *translationDraft) checkStrays(way body.Direction, read, other string, methods, written []string) bool {
	names, never := d.compiled.WantsBody(way)
	if len(names) == 0 {
		return true
	}
	const drop = "name it there, or say that nobody needs it, with params: [{%s: %s, drop: true}]"
	bodiless := len(methods) > 0 && !slices.ContainsFunc(methods, hasBody) && !slices.ContainsFunc(written, hasBody)
	switch {
	case never:
		for _, name := range names {
			d.parts["path"].fail("{%s} of path.%s is in neither path.%s nor params, and no translator of the request's body has a place for it; "+drop, name, read, other, read, name)
		}
		return false
	case bodiless && !d.compiled.TakesFromBody(way):
		for _, name := range names {
			d.parts["path"].fail("{%s} of path.%s is in neither path.%s nor params, and requests with %s have no body that it could become a part of; "+drop,
				name, read, other, strings.Join(methods, " or "), read, name)
		}
		return false
	}
	refused := d.compiled.Refuses(way)
	none := len(methods) > 0 && (allHaveBodies(methods) || d.compiled.TakesFromBody(way) || !slices.Equal(methods, written))
	for _, name := range refused {
		what := fmt.Sprintf("{%s} of path.%s is in neither path.%s nor params, and no field of %s names it, which says unknown: error", name, read, other, d.to.Request)
		if none {
			d.parts["path"].fail("%s: no request could be translated; "+drop, what, read, name)
		} else {
			d.parts["path"].warn("%s: all requests with a body are answered as untranslatable, by legacy where there is a fallback; "+drop, what, read, name)
		}
	}
	if none && len(refused) > 0 {
		return false
	}
	if bodiless || len(written) == 0 || !allHaveBodies(written) {
		d.addLoss(exchange.Loss{Option: "path", Index: -1, Direction: direction(way), What: "{" + strings.Join(names, "} and {") + "} of the path is lost on requests without a body, unless a field brings it into path." + other})
	}
	return true
}

func allHaveBodies(methods []string) bool {
	return !slices.ContainsFunc(methods, func(m string) bool { return !hasBody(m) })
}

func hasBody(method string) bool {
	return !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions, http.MethodTrace}, method)
}

// mayMatch reports whether a path that a template reads can be one of a route's, as far as their segments
// without names tell.
func mayMatch(pattern, template string) bool {
	path, _, _ := strings.Cut(template, "?")
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	open := want[len(want)-1] == "*"
	if open {
		want = want[:len(want)-1]
	}
	if slices.ContainsFunc(have, func(s string) bool { return strings.Contains(s, "*") }) || strings.Contains(pattern, ":") && strings.Count(pattern, "{") != strings.Count(pattern, "}") {
		return true // what stands for several segments, or a regular expression with braces of its own
	}
	if len(have) < len(want) || len(have) > len(want) && !open {
		return false
	}
	for i, segment := range want {
		if !strings.ContainsAny(segment, "{}") && !strings.ContainsAny(have[i], "{}") && segment != have[i] {
			return false
		}
	}
	return true
}

// checkDirections refuses a translator that says nothing of a direction in which it is needed.
func (l *loader) checkDirections(d *translationDraft) {
	asks, answers := body.ToService, body.ToLegacy
	if d.facade {
		asks, answers = answers, asks
	}
	check := func(name string, way body.Direction) {
		if t, ok := l.translators[name]; ok && t.compiled != nil && !t.compiled.Says(way) {
			d.at.fail("translator %q has a jq program for the other direction only, so bodies would pass as they are; give it jq.%s (. if that is meant), or name it under request or answer alone",
				name, way)
			d.slip(d.at)
		}
	}
	check(d.to.Request, asks)
	for _, name := range append([]string{d.to.Answer}, d.to.With...) {
		check(name, answers)
	}
}
