package strangler

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// matcher finds the most specific route for a request. It knows routes by their index and is
// immutable. What it costs depends on the request's path, hardly on the number of routes.
type matcher struct {
	root  *node
	depth int  // segments of the longest pattern
	hosts bool // some route asks for a host
}

// newMatcher makes the matcher for routes whose patterns have been read.
func newMatcher(routes []Route, patterns []pattern) *matcher {
	b := builder{texts: together(patterns)}
	m := &matcher{root: b.node()}
	for i := range routes {
		m.depth = max(m.depth, len(patterns[i].segments))
		m.hosts = m.hosts || routes[i].Match.Host != ""
		b.add(m.root, i, &routes[i].Match, &patterns[i])
	}
	return m
}

// match returns the index of the most specific route that a request belongs to, or -1.
func (m *matcher) match(r *http.Request) int {
	var room [16]string
	path, ok := m.split(r.URL, room[:0])
	if !ok {
		return -1
	}
	s := search{r: r}
	if m.hosts {
		s.host = normalHost(r.Host)
	}
	return s.below(m.root, path)
}

// considered returns the indices of all routes whose path pattern holds, the most specific
// first, whatever their hosts, methods and predicates say.
func (m *matcher) considered(r *http.Request) []int {
	path, ok := m.split(r.URL, nil)
	if !ok {
		return nil
	}
	s := search{r: r, host: normalHost(r.Host), all: true}
	s.below(m.root, path)
	return s.seen
}

// split returns a path's segments, each decoded once, as far as any pattern looks and one more.
// Its result is false where no route may have the path: it doesn't begin with a slash ("*") or
// has a dot segment, about whose meaning upstreams disagree.
func (m *matcher) split(u *url.URL, segments []string) (_ []string, ok bool) {
	// Without RawPath, Path's default encoding is what the client sent. That encoding never
	// writes a slash as %2F, so Path has no slash but the separators, and is decoded already.
	path, encoded := u.Path, false
	if u.RawPath != "" {
		path, encoded = rawPath(u), true
	}
	path, ok = strings.CutPrefix(path, "/")
	for more := ok; more; {
		var text string
		text, path, more = strings.Cut(path, "/")
		if encoded && strings.IndexByte(text, '%') >= 0 {
			decoded, err := url.PathUnescape(text)
			if err != nil {
				return nil, false
			}
			text = decoded
		}
		if isDots(text) {
			return nil, false
		}
		if len(segments) <= m.depth {
			segments = append(segments, text)
		}
	}
	return segments, ok
}

// search is one request on its way through the tree. Its path isn't part of it, so that the
// segments stay on the stack.
type search struct {
	r    *http.Request
	host string
	all  bool // go through all that the path allows, into seen
	seen []int
}

// below returns the route at or below n for the segments left, or -1. No node is visited twice,
// since each has one path from the root.
func (s *search) below(n *node, path []string) int {
	if len(path) == 0 {
		return s.at(n.here)
	}
	text, path := path[0], path[1:]
	if c := n.literals.of(text); c != nil {
		if route := s.below(c, path); route >= 0 {
			return route
		}
	}
	if text != "" {
		for c := n.regexps; c != nil; c = c.next {
			if c.holds(text) {
				if route := s.below(c.node, path); route >= 0 {
					return route
				}
			}
		}
		if n.any != nil {
			if route := s.below(n.any, path); route >= 0 {
				return route
			}
		}
	}
	return s.at(n.rest)
}

// at returns the leaf's first route that holds, or -1.
func (s *search) at(l *leaf) int {
	if l == nil {
		return -1
	}
	if s.all {
		s.seen = append(s.seen, l.routes()...)
		return -1
	}
	if hosts := l.hosts; hosts != nil && s.host != "" {
		if route := s.first(hosts.exact[s.host]); route >= 0 {
			return route
		}
		if len(hosts.wild) > 0 {
			// The longer domain is the more specific: from the left, dot by dot.
			for i := 1; i < len(s.host); i++ {
				if s.host[i] != '.' {
					continue
				}
				if route := s.first(hosts.wild[s.host[i:]]); route >= 0 {
					return route
				}
			}
		}
	}
	return s.first(l.none)
}

func (s *search) first(cs []candidate) int {
	for i := range cs {
		if c := &cs[i]; c.takes(s.r.Method) && c.predicatesHold(s.r) {
			return int(c.route)
		}
	}
	return -1
}

// routes returns all routes of a leaf in order of precedence; hosts of one rank by name.
func (l *leaf) routes() []int {
	var routes []int
	add := func(cs []candidate) {
		for i := range cs {
			routes = append(routes, int(cs[i].route))
		}
	}
	byName := func(hosts map[string][]candidate, order func(a, b string) int) {
		names := make([]string, 0, len(hosts))
		for name := range hosts {
			names = append(names, name)
		}
		slices.SortFunc(names, order)
		for _, name := range names {
			add(hosts[name])
		}
	}
	if l.hosts != nil {
		byName(l.hosts.exact, strings.Compare)
		byName(l.hosts.wild, func(a, b string) int {
			return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
		})
	}
	add(l.none)
	return routes
}
