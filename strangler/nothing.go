package strangler

import (
	"net/http"
	"slices"
	"strings"
)

// nothing answers for what no route holds where there is no legacy application.
type nothing struct {
	matcher *matcher
	methods []string // that routes have, each once, in order
}

func newNothing(routes []Route, m *matcher) nothing {
	n := nothing{matcher: m}
	for i := range routes {
		n.methods = append(n.methods, routes[i].Match.Methods...)
	}
	slices.Sort(n.methods)
	n.methods = slices.Compact(n.methods)
	return n
}

// ServeHTTP answers with a problem document: 405 where a route holds the same with another method, else 404
// (RFC 9110 section 15.5).
func (n nothing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	allowed := n.allowed(r)
	if len(allowed) == 0 {
		document(w, r, http.StatusNotFound, "there is nothing here")
		return
	}
	all := strings.Join(allowed, ", ")
	w.Header().Set("Allow", all)
	document(w, r, http.StatusMethodNotAllowed, "there is no "+r.Method+" here, but "+all)
}

// allowed returns the methods with which a route would hold a request.
func (n nothing) allowed(r *http.Request) (methods []string) {
	other := *r
	for _, method := range n.methods {
		other.Method = method
		if n.matcher.match(&other) >= 0 {
			methods = append(methods, method)
		}
	}
	return methods
}
