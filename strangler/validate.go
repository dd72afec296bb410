package strangler

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// RouteError says what is wrong with one field of one route's definition.
type RouteError struct {
	Route   string
	Index   int    // of the route in the list that was validated; 0 for a route by itself
	Field   string // as in configuration: "match.path", "match.methods.0", "match.headers.X-Beta", "cohort.1"
	Problem string
	Err     error // the cause where it is typed, a *PatternError for example; or nil
}

// Error implements error.
func (e *RouteError) Error() string {
	return fmt.Sprintf("route %q: %s: %s", e.Route, e.Field, e.Problem)
}

// Unwrap returns the cause.
func (e *RouteError) Unwrap() error { return e.Err }

// Validate returns all problems of the definitions: those that each route has by itself, names
// that are taken, services that are not in services, and routes of one unit that don't start
// together. Ties are not among them.
func Validate(routes []Route, services []string) []*RouteError {
	var all []*RouteError
	byName, units := map[string]int{}, map[string]int{}
	for i := range routes {
		rt := &routes[i]
		v := &validation{route: rt, index: i}
		v.all()
		if first, taken := byName[rt.Name]; taken && rt.Name != "" {
			v.problem("name", "there is another route of that name (number %d of %d)", first+1, len(routes))
		} else {
			byName[rt.Name] = i
		}
		v.known("service", rt.Service, services)
		v.known("sandbox", rt.Sandbox, services)
		if rt.Unit != "" {
			first, seen := units[rt.Unit]
			if !seen {
				units[rt.Unit] = i
			} else if start := routes[first].Start; start != rt.Start {
				v.problem("start", "%s, but unit %q moves together and its route %q starts at %s", rt.Start, rt.Unit, routes[first].Name, start)
			}
		}
		all = append(all, v.found...)
	}
	return all
}

// validation collects the problems of one route.
type validation struct {
	route *Route
	index int
	found []*RouteError
}

func (v *validation) problem(field, format string, args ...any) {
	v.found = append(v.found, &RouteError{Route: v.route.Name, Index: v.index, Field: field, Problem: fmt.Sprintf(format, args...)})
}

func (v *validation) cause(field string, err error) {
	v.found = append(v.found, &RouteError{Route: v.route.Name, Index: v.index, Field: field, Problem: err.Error(), Err: err})
}

func (v *validation) known(field, service string, services []string) {
	if service == "" || slices.Contains(services, service) {
		return
	}
	if near := Nearest(service, services); near != "" {
		v.problem(field, "no service %q; did you mean %q?", service, near)
		return
	}
	v.problem(field, "no service %q", service)
}

func (v *validation) all() {
	rt := v.route
	if !isName(rt.Name) {
		v.problem("name", "a name is letters, digits, '.', '_' and '-', and begins with a letter or a digit; not %q", rt.Name)
	}
	if rt.Unit != "" && !isName(rt.Unit) {
		v.problem("unit", "a unit is named like a route: letters, digits, '.', '_' and '-'; not %q", rt.Unit)
	}
	if rt.Owner != "" && !isWords(rt.Owner) {
		v.problem("owner", "an owner is one line of at most %d bytes, without characters that can't be seen; not %q", maxOwner, rt.Owner)
	}
	v.match()
	if err := rt.Start.Validate(); err != nil {
		v.cause("start", err)
	} else if err := standable(rt, rt.Start); err != nil {
		v.cause("start", err)
	}
	v.cohort()
	v.override()
	v.gone()
	if int(rt.Repeat) >= len(repeatNames) {
		v.problem("repeat", "no %s", rt.Repeat)
	}
	if int(rt.Return) >= len(returnNames) {
		v.problem("return", "no %s", rt.Return)
	}
}

// standable reports a position that a route can't be at.
func standable(rt *Route, pos Position) error {
	switch {
	case rt.Service != "" || pos.Phase == PhaseLegacy:
		return nil
	case pos.Phase == PhaseRetired && rt.Gone != "":
		return nil
	case pos.Phase == PhaseRetired:
		return fmt.Errorf("phase %s needs a service, or what to answer (gone), and the route names neither", pos.Phase)
	}
	return fmt.Errorf("phase %s needs a service, and the route names none", pos.Phase)
}

func (v *validation) match() {
	m := &v.route.Match
	if m.Path == "" {
		v.problem("match.path", "a route needs a path; /* matches all")
	} else if _, err := parsePattern(m.Path); err != nil {
		v.cause("match.path", err)
	}
	for i, method := range m.Methods {
		field := "match.methods." + strconv.Itoa(i)
		switch {
		case !isToken(method):
			v.problem(field, "%q is no method", method)
		case method == http.MethodConnect:
			v.problem(field, "CONNECT is never passed on")
		case method != strings.ToUpper(method) && setOf(strings.ToUpper(method)) != 0:
			v.problem(field, "methods are case-sensitive: %s, not %s", strings.ToUpper(method), method)
		case slices.Index(m.Methods, method) < i:
			v.problem(field, "%s is listed twice", method)
		}
	}
	if err := checkHost(m.Host); err != nil {
		v.cause("match.host", err)
	}
	canonical := map[string]bool{}
	for _, name := range sortedKeys(m.Headers) {
		field, key := "match.headers."+name, http.CanonicalHeaderKey(name)
		switch {
		case !isToken(name):
			v.problem(field, "%q is no header name", name)
		case key == "Host":
			v.problem(field, "the host is matched by match.host")
		case canonical[key]:
			v.problem(field, "%s is there twice", key)
		case strings.TrimSpace(m.Headers[name]) != m.Headers[name]:
			v.problem(field, "no header value begins or ends with a space")
		}
		canonical[key] = true
	}
	if _, ok := m.Query[""]; ok {
		v.problem("match.query", "a query parameter needs a name")
	}
}

// checkHost reports a host that no request could have.
func checkHost(host string) error {
	domain, wild := strings.CutPrefix(host, "*.")
	switch {
	case host == "":
		return nil
	case strings.Contains(host, "/"):
		return fmt.Errorf("%q is a URL, not a host; write shop.example.com", host)
	case strings.Contains(domain, "*"):
		return fmt.Errorf("%q: a * stands only for any subdomain, at the beginning: *.example.com", host)
	}
	if addr, err := netip.ParseAddr(strings.Trim(domain, "[]")); err == nil && !wild && (addr.Is4() || addr.Zone() == "") {
		return nil
	}
	if strings.Contains(domain, ":") {
		return fmt.Errorf("%q: a host is matched without its port", host)
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(domain, "."), ".") {
		if !isName(label) && !isName(strings.TrimLeft(label, "_")) {
			return fmt.Errorf("%q is no host name", host)
		}
	}
	return nil
}

func (v *validation) cohort() {
	always := "" // the source that is always present
	for i, src := range v.route.Cohort {
		field := "cohort." + strconv.Itoa(i)
		if _, err := ParseCohortSource(src.String()); err != nil {
			v.cause(field, err)
			continue
		}
		if always != "" {
			v.problem(field, "%s is never asked: %s before it is always present", src, always)
		}
		switch src.Kind {
		case CohortAddress, CohortIssued, CohortRequest:
			always = src.String()
		case CohortHeader, CohortCookie:
			if !isToken(src.Name) {
				v.problem(field, "%q is no %s name", src.Name, src.Kind)
			}
		}
	}
}

func (v *validation) override() {
	o := v.route.Override
	if o == nil {
		return
	}
	switch key := http.CanonicalHeaderKey(o.Header); {
	case !isToken(o.Header):
		v.problem("override.header", "%q is no header name", o.Header)
	case slices.Contains(needed, key):
		v.problem("override.header", "%s has another meaning, and the override's header is removed; take one of your own, such as X-Strangler-Side", key)
	}
	if strings.TrimSpace(o.Secret) == "" {
		v.problem("override.secret", "without a secret any client could choose its side")
	} else if strings.TrimSpace(o.Secret) != o.Secret || strings.ContainsFunc(o.Secret, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		v.problem("override.secret", "a secret that stands in a header has no control characters, and no space at its ends")
	}
}

// needed are headers that a request can't do without, or that we read or set ourselves.
var needed = append([]string{
	"Accept", "Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Cookie", "Expect",
	"Forwarded", "Host", "Origin", "Range", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	headerRequestID, headerTraceparent,
}, forwardingHeaders[:]...)

// isName reports whether s may name a route or unit: it stands in URLs, flags and headers.
func isName(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	for i, c := range []byte(s) {
		alphanumeric := '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if !alphanumeric && (i == 0 || !strings.ContainsRune("._-", rune(c))) {
			return false
		}
	}
	return true
}

// isToken reports whether s is a token (RFC 9110 section 5.6.2), as methods and names of
// headers and cookies are.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		alphanumeric := '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if !alphanumeric && c != '-' && !strings.ContainsRune("!#$%&'*+.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// join returns all errors of two kinds as one.
func join[A, B error](as []A, bs []B) error {
	var all []error
	for _, a := range as {
		all = append(all, a)
	}
	for _, b := range bs {
		all = append(all, b)
	}
	return errors.Join(all...)
}

// maxOwner is how long the name of an owner may be, bytes.
const maxOwner = 100

// isWords reports whether a text is fit to be shown in a line beside others.
func isWords(s string) bool {
	return len(s) <= maxOwner && utf8.ValidString(s) && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
