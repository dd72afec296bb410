package strangler

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// Ask returns what asks each side about one of a route's requests, as copies are sent by a shadow: see
// ShadowPoint.Other. Legacy is nil where the route is retired, service where it has none. The error is
// an *UnknownRouteError.
func (t *Table) Ask(route string) (legacy, service http.RoundTripper, err error) {
	e, err := t.named(route)
	if err != nil {
		return nil, nil, err
	}
	c := t.index.compiler
	if e.position.Phase != PhaseRetired {
		legacy = c.legacyCopier()
	}
	if to, ok := c.services[e.route.Service]; ok {
		service = c.copier(*e.route, to)
	}
	return legacy, service, nil
}

// AskAt returns what asks another upstream than the route's service, with all that the route does on
// the way to it.
func (t *Table) AskAt(route string, at *url.URL) (http.RoundTripper, error) {
	e, err := t.named(route)
	if err != nil {
		return nil, err
	}
	to, err := newTarget("the service at "+at.Redacted(), &Upstream{URL: at}, t.trust)
	if err != nil {
		return nil, fmt.Errorf("ask another upstream: %w", err)
	}
	return t.index.compiler.copier(*e.route, to), nil
}

func (t *Table) named(route string) (*entry, error) {
	i, ok := t.index.names[route]
	if !ok {
		return nil, &UnknownRouteError{route, Nearest(route, slices.Sorted(maps.Keys(t.index.names)))}
	}
	return t.entries[i], nil
}
