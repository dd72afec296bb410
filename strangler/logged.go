package strangler

import (
	"errors"
	"net/http"
)

// LogMatcher says which routes requests belonged to of which only a log tells: method, path, query and
// perhaps the host, but no headers. It matches as a Table does, and is immutable and safe for
// concurrent use.
type LogMatcher struct {
	matcher    *matcher
	names      []string
	hosts      []string // of the routes; empty: any
	candidates []candidate
}

// NewLogMatcher makes a matcher of routes' definitions, of which only names and matches count. The error
// joins all patterns that are bad.
func NewLogMatcher(routes []Route) (*LogMatcher, error) {
	m := &LogMatcher{}
	patterns := make([]pattern, len(routes))
	var errs []error
	for i := range routes {
		var err error
		if patterns[i], err = parsePattern(routes[i].Match.Path); err != nil {
			errs = append(errs, &RouteError{Route: routes[i].Name, Index: i, Field: "match.path", Problem: err.Error(), Err: err})
		}
		m.names = append(m.names, routes[i].Name)
		m.hosts = append(m.hosts, routes[i].Match.Host)
		m.candidates = append(m.candidates, newCandidate(i, &routes[i].Match))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	m.matcher = newMatcher(routes, patterns)
	return m, nil
}

// Match returns the routes that a request may have belonged to, the most specific first; none: it
// reached the catch-all. It belonged to the first one if sure; else what a log doesn't tell decides,
// headers, and the host where r.Host is empty, and perhaps it belonged to none of them.
func (m *LogMatcher) Match(r *http.Request) (routes []string, sure bool) {
	sure = true
	for _, i := range m.matcher.considered(r) {
		c := &m.candidates[i]
		switch {
		case !c.takes(r.Method), !c.queryHolds(r.URL.RawQuery):
			continue
		case m.hosts[i] != "" && r.Host != "" && !hostsMeet(m.hosts[i], r.Host):
			continue
		}
		routes = append(routes, m.names[i])
		if len(c.predicates().headers) == 0 && (m.hosts[i] == "" || r.Host != "") {
			return routes, sure
		}
		sure = false
	}
	return routes, sure
}
