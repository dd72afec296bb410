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
// routes' paths, hosts or methods keep them apart: order of declaration never decides. Two
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
	var found []*TieError
	for i := range routes {
		for j := i + 1; j < len(routes); j++ {
			if tie(&routes[i].Match, &routes[j].Match, &patterns[i], &patterns[j]) {
				found = append(found, &TieError{routes[i].Name, routes[j].Name})
			}
		}
	}
	return found
}

func tie(a, b *Match, pa, pb *pattern) bool {
	order := comparePaths(pa, pb)
	switch {
	case order == pathsDiffer || order == pathsRanked:
		return false
	case !methodsMeet(a.Methods, b.Methods):
		return false
	case order == pathsCross:
		return hostsMeet(a.Host, b.Host)
	}
	return normalHost(a.Host) == normalHost(b.Host) &&
		(len(a.Methods) == 0) == (len(b.Methods) == 0) &&
		len(a.Headers)+len(a.Query) == len(b.Headers)+len(b.Query) &&
		!valuesDiffer(a.Headers, b.Headers, http.CanonicalHeaderKey) &&
		!valuesDiffer(a.Query, b.Query, func(name string) string { return name })
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
func comparePaths(a, b *pattern) pathOrder {
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

// segmentsMeet reports whether some text is one that both segments stand for.
func segmentsMeet(a, b *segment) bool {
	if a.kind > b.kind {
		a, b = b, a
	}
	if a.kind == literal {
		return b.holds(a.text)
	}
	return b.kind != matched || regexpsMeet(a.text, b.text)
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
func valuesDiffer(a, b map[string]string, canonical func(string) string) bool {
	for nameA, valueA := range a {
		for nameB, valueB := range b {
			if canonical(nameA) == canonical(nameB) && valueA != valueB && valueA != "*" && valueB != "*" {
				return true
			}
		}
	}
	return false
}
