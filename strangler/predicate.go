package strangler

import (
	"cmp"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// candidate is a route whose path holds. Where there are several they stand in order of
// precedence. Most ask for no more than that and some methods, which is told without looking elsewhere.
type candidate struct {
	route   int32
	methods methodSet
	asks    *predicates // for what else; nil: nothing
}

// predicates are what a route asks for beside path, host and methods that everybody knows.
type predicates struct {
	methods []string // that methodSet doesn't know
	headers []headerPredicate
	query   []queryPredicate
}

type headerPredicate struct {
	name string // canonical
	want string // "*": any value
}

type queryPredicate struct{ name, want string }

// methodSet has a bit for each of knownMethods.
type methodSet uint8

var knownMethods = [8]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

// setOf returns the set of one method; empty: it isn't known.
func setOf(method string) methodSet {
	for i := range knownMethods {
		if method == knownMethods[i] {
			return 1 << i
		}
	}
	return 0
}

func newCandidate(route int, match *Match) candidate {
	c := candidate{route: int32(route)}
	var asks predicates
	for _, method := range match.Methods {
		if known := setOf(method); known != 0 {
			c.methods |= known
		} else {
			asks.methods = append(asks.methods, method)
		}
	}
	for name, want := range match.Headers {
		asks.headers = append(asks.headers, headerPredicate{http.CanonicalHeaderKey(name), want})
	}
	for name, want := range match.Query {
		asks.query = append(asks.query, queryPredicate{name, want})
	}
	// A map has no order; the reasons that explain gives should.
	slices.SortFunc(asks.headers, func(a, b headerPredicate) int { return cmp.Compare(a.name, b.name) })
	slices.SortFunc(asks.query, func(a, b queryPredicate) int { return cmp.Compare(a.name, b.name) })
	if len(asks.methods)+asks.count() > 0 {
		c.asks = &asks
	}
	return c
}

// predicates returns what the route asks for beside its methods; never nil.
func (c *candidate) predicates() *predicates {
	if c.asks == nil {
		return new(predicates)
	}
	return c.asks
}

// count returns how many predicates precedence counts.
func (p *predicates) count() int { return len(p.headers) + len(p.query) }

// lists reports whether the route is for some methods only.
func (c *candidate) lists() bool { return c.methods != 0 || len(c.predicates().methods) > 0 }

// takes reports whether the methods hold: exactly as listed, HEAD isn't implied by GET.
func (c *candidate) takes(method string) bool {
	if c.methods&setOf(method) != 0 {
		return true
	}
	return !c.lists() || slices.Contains(c.predicates().methods, method)
}

func (c *candidate) predicatesHold(r *http.Request) bool {
	if c.asks == nil {
		return true
	}
	for i := range c.asks.headers {
		if !c.asks.headers[i].holds(r.Header) {
			return false
		}
	}
	return c.queryHolds(r.URL.RawQuery)
}

func (c *candidate) queryHolds(rawQuery string) bool {
	for i := range c.predicates().query {
		if !c.asks.query[i].holds(rawQuery) {
			return false
		}
	}
	return true
}

// holds reports whether any of the header's values, should it be repeated, is the one wanted.
func (p *headerPredicate) holds(h http.Header) bool {
	values := h[p.name]
	if p.want == "*" {
		return len(values) > 0
	}
	return slices.Contains(values, p.want)
}

// holds reports whether any of the parameter's values is the one wanted.
func (p *queryPredicate) holds(rawQuery string) bool {
	for {
		raw, rest, ok := queryValue(rawQuery, p.name)
		if !ok {
			return false
		}
		if p.want == "*" || queryEqual(raw, p.want) {
			return true
		}
		rawQuery = rest
	}
}

// queryValue returns the first raw value of a query parameter and the query after it. Only &
// separates (as the WHATWG URL standard has it); nothing is ever an error.
func queryValue(rawQuery, name string) (value, rest string, ok bool) {
	for rawQuery != "" {
		var pair string
		pair, rawQuery, _ = strings.Cut(rawQuery, "&")
		key, value, _ := strings.Cut(pair, "=")
		if pair != "" && queryEqual(key, name) {
			return value, rawQuery, true
		}
	}
	return "", "", false
}

// queryEqual reports whether raw, decoded, is want, without decoding it into memory.
func queryEqual(raw, want string) bool {
	for raw != "" && want != "" {
		c, n := queryByte(raw)
		if c != want[0] {
			return false
		}
		raw, want = raw[n:], want[1:]
	}
	return raw == want // both are empty
}

// queryDecode decodes a raw key or value.
func queryDecode(raw string) string {
	if strings.IndexByte(raw, '%') < 0 && strings.IndexByte(raw, '+') < 0 {
		return raw
	}
	decoded := make([]byte, 0, len(raw))
	for raw != "" {
		c, n := queryByte(raw)
		decoded, raw = append(decoded, c), raw[n:]
	}
	return string(decoded)
}

// queryByte decodes the first byte of a raw key or value, which is not empty, and says how many
// bytes it takes. An invalid escape stands for itself.
func queryByte(raw string) (c byte, n int) {
	switch {
	case raw[0] == '+':
		return ' ', 1
	case raw[0] == '%' && len(raw) >= 3:
		if high, ok := unhex(raw[1]); ok {
			if low, ok := unhex(raw[2]); ok {
				return high<<4 | low, 3
			}
		}
	}
	return raw[0], 1
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// normalHost returns a host in the form in which hosts are compared: without port and trailing
// dot, in lower case, an IPv6 address without brackets and in its shortest form.
func normalHost(host string) string {
	if strings.HasPrefix(host, "[") {
		host, _, _ = strings.Cut(host[1:], "]")
		if addr, err := netip.ParseAddr(host); err == nil {
			return addr.String()
		}
	} else if i := strings.IndexByte(host, ':'); i >= 0 && i == strings.LastIndexByte(host, ':') {
		host = host[:i]
	} else if i >= 0 {
		if addr, err := netip.ParseAddr(host); err == nil {
			return addr.String()
		}
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
