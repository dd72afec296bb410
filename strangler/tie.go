package strangler

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// TieError says that two routes could both match one request, neither being more specific.
type TieError struct{ A, B string }

// Error implements error.
func (e *TieError) Error() string {
	return fmt.Sprintf("routes %q and %q could both match the same request and neither is more specific; "+
		"make their paths, hosts, methods or predicates differ", e.A, e.B)
}

// Ties returns the pairs of routes that tie, in order of declaration. Routes whose path pattern
// can't be read tie with none.
//
// Two different regexps in the same place tie unless no text matches both, or the rest of the
// routes' paths, hosts or methods keep them apart: order of declaration never decides. Where
// that would take too long to find out ((a?){500} against its like), they tie. Two
// routes that want different values of the same header or query parameter don't tie; a request
// that repeats it with both values belongs to the one declared first.
func Ties(routes []Route) []*TieError {
	patterns := make([]pattern, len(routes))
	for i := range routes {
		// The zero pattern of an unreadable one has no segment, which no path has.
		patterns[i], _ = parsePattern(routes[i].Match.Path)
	}
	return ties(routes, patterns)
}

func ties(routes []Route, patterns []pattern) []*TieError {
	machines := map[string]*machine{}
	rivals := make([]rival, len(routes))
	for i := range routes {
		rivals[i] = newRival(&routes[i].Match, &patterns[i], machines)
	}
	var found []*TieError
	for i := range rivals {
		for j := i + 1; j < len(rivals); j++ {
			if tie(&rivals[i], &rivals[j]) {
				found = append(found, &TieError{routes[i].Name, routes[j].Name})
			}
		}
	}
	return found
}

// rival is a route as it is compared with all others, which are many.
type rival struct {
	*pattern
	machines []*machine // of the segments that are regexps; nil for the others
	host     string     // in normal form
	methods  []string
	headers  map[string]string // by canonical name
	query    map[string]string
}

// newRival makes a rival. Equal regexps have one machine, among those in known.
func newRival(m *Match, p *pattern, known map[string]*machine) rival {
	r := rival{
		pattern: p, machines: make([]*machine, len(p.segments)),
		host: normalHost(m.Host), methods: m.Methods, headers: make(map[string]string, len(m.Headers)), query: m.Query,
	}
	for name, want := range m.Headers {
		r.headers[http.CanonicalHeaderKey(name)] = want
	}
	for i := range p.segments {
		if s := &p.segments[i]; s.kind == matched {
			if known[s.text] == nil {
				known[s.text] = newMachine(s.text)
			}
			r.machines[i] = known[s.text]
		}
	}
	return r
}

func tie(a, b *rival) bool {
	order := comparePaths(a, b)
	switch {
	case order == pathsDiffer || order == pathsRanked:
		return false
	case !methodsMeet(a.methods, b.methods):
		return false
	case order == pathsCross:
		return hostsMeet(a.host, b.host)
	}
	return a.host == b.host &&
		(len(a.methods) == 0) == (len(b.methods) == 0) &&
		len(a.headers)+len(a.query) == len(b.headers)+len(b.query) &&
		!valuesDiffer(a.headers, b.headers) &&
		!valuesDiffer(a.query, b.query)
}

// pathOrder is how two path patterns stand to each other.
type pathOrder uint8

const (
	pathsDiffer pathOrder = iota // no path matches both
	pathsRanked                  // one is more specific
	pathsEqual                   // the same but for the parameters' names
	pathsCross                   // some path matches both; the first difference is between two regexps
)

// comparePaths goes through two patterns from the left: the first difference ranks them, if any
// path matches both.
func comparePaths(a, b *rival) pathOrder {
	if len(a.segments) > len(b.segments) {
		a, b = b, a
	}
	if len(a.segments) == 0 && !a.rest {
		return pathsDiffer
	}
	order := pathsEqual
	for i := range a.segments {
		sa, sb := &a.segments[i], &b.segments[i]
		if sa.kind == sb.kind && sa.text == sb.text {
			continue
		}
		if !segmentsMeet(sa, sb) {
			return pathsDiffer
		}
		if sa.kind == matched && sb.kind == matched && !machinesMeet(a.machines[i], b.machines[i]) {
			return pathsDiffer
		}
		if order == pathsEqual {
			order = pathsRanked
			if sa.kind == sb.kind {
				order = pathsCross
			}
		}
	}
	more := len(b.segments) > len(a.segments)
	switch {
	case more && !a.rest, !more && a.rest != b.rest:
		return pathsDiffer
	case more && order == pathsEqual:
		return pathsRanked // a segment of any kind is more specific than the rest
	}
	return order
}

// segmentsMeet reports whether some text is one that both segments stand for, as far as that can
// be told without asking two regexps.
func segmentsMeet(a, b *segment) bool {
	if a.kind > b.kind {
		a, b = b, a
	}
	return a.kind != literal || b.holds(a.text)
}

func methodsMeet(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 ||
		slices.ContainsFunc(a, func(method string) bool { return slices.Contains(b, method) })
}

func hostsMeet(a, b string) bool {
	if a == "" || b == "" {
		return true
	}
	a, b = normalHost(a), normalHost(b)
	domainA, wildA := strings.CutPrefix(a, "*")
	domainB, wildB := strings.CutPrefix(b, "*")
	switch {
	case wildA && wildB:
		return strings.HasSuffix(domainA, domainB) || strings.HasSuffix(domainB, domainA)
	case wildA:
		return strings.HasSuffix(b, domainA)
	case wildB:
		return strings.HasSuffix(a, domainB)
	}
	return a == b
}

// valuesDiffer reports whether both want the same name to have a value, but not the same one.
func valuesDiffer(a, b map[string]string) bool {
	for name, want := range a {
		if other, both := b[name]; both && other != want && other != "*" && want != "*" {
			return true
		}
	}
	return false
}
