package strangler

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// line reads a route from a line: "[METHOD,… ]PATH[ host=H][ h:NAME=V][ q:NAME=V]…".
func line(t testing.TB, name, text string) Route {
	rt := Route{Name: name}
	for _, word := range strings.Fields(text) {
		key, value, _ := strings.Cut(word, "=")
		switch {
		case word[0] == '/':
			rt.Match.Path = word
		case key == "host":
			rt.Match.Host = value
		case strings.HasPrefix(key, "h:"):
			if rt.Match.Headers == nil {
				rt.Match.Headers = map[string]string{}
			}
			rt.Match.Headers[key[2:]] = value
		case strings.HasPrefix(key, "q:"):
			if rt.Match.Query == nil {
				rt.Match.Query = map[string]string{}
			}
			rt.Match.Query[key[2:]] = value
		default:
			rt.Match.Methods = strings.Split(word, ",")
		}
	}
	if rt.Match.Path == "" {
		t.Fatalf("route %q has no path", text)
	}
	return rt
}

func lines(t testing.TB, texts ...string) []Route {
	var routes []Route
	for _, text := range texts {
		routes = append(routes, line(t, fmt.Sprintf("r%d", len(routes)), text))
	}
	return routes
}

func newTestMatcher(t testing.TB, routes []Route) *matcher {
	patterns := make([]pattern, len(routes))
	for i, rt := range routes {
		var err error
		if patterns[i], err = parsePattern(rt.Match.Path); err != nil {
			t.Fatal(err)
		}
	}
	return newMatcher(routes, patterns)
}

// request makes a request as net/http's server does.
func request(t testing.TB, method, target string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Method = method
	var err error
	if r.URL, err = url.ParseRequestURI(target); err != nil {
		t.Fatal(err)
	}
	if r.URL.Host != "" {
		r.Host = r.URL.Host
	}
	return r
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name   string
		routes []string
		method string // default GET
		target string
		header http.Header
		want   int // -1: the catch-all
	}{
		{"a literal", []string{"/a/b"}, "", "/a/b", nil, 0},
		{"a longer path is another", []string{"/a"}, "", "/a/b", nil, -1},
		{"a final slash is an empty segment", []string{"/a", "/a/"}, "", "/a/", nil, 1},
		{"two slashes have an empty segment between them", []string{"/a/b", "/a//b"}, "", "/a//b", nil, 1},
		{"nothing is cleaned", []string{"/a/b"}, "", "/a//b", nil, -1},
		{"the root", []string{"/"}, "", "/", nil, 0},
		{"OPTIONS *", []string{"/*"}, "OPTIONS", "*", nil, -1},
		{"a parameter", []string{"/a/{x}"}, "", "/a/b", nil, 0},
		{"a parameter is never empty", []string{"/a/{x}"}, "", "/a/", nil, -1},
		{"nor is one with a regexp", []string{"/a/{x:.*}"}, "", "/a/", nil, -1},
		{"a parameter is one segment", []string{"/a/{x}"}, "", "/a/b/c", nil, -1},
		{"an encoded slash is no separator", []string{"/a/{x}", "/a/b/c"}, "", "/a/b%2Fc", nil, 0},
		{"nor beside a character that should have been encoded", []string{"/a/{x}", "/a/b/c|"}, "", "/a/b%2Fc|", nil, 0},
		{"nor as the rest's slash", []string{"/a/*"}, "", "/a%2Fb|", nil, -1},
		{"a literal is decoded once", []string{"/a/b%20c"}, "", "/a/b%20c", nil, 0},
		{"only once", []string{"/a/%2541"}, "", "/a/%41", nil, -1},
		{"needless escapes are decoded", []string{"/abc"}, "", "/%61bc", nil, 0},
		{"needless escapes beside necessary ones", []string{"/abc/{x}"}, "", "/%61bc/%2f", nil, 0},
		{"a literal with an encoded slash", []string{"/a%2Fb"}, "", "/a%2fb", nil, 0},
		{"a regexp with braces", []string{"/{y:[0-9]{4}}/x"}, "", "/2024/x", nil, 0},
		{"a regexp matches whole", []string{"/{y:[0-9]{4}}"}, "", "/20245", nil, -1},
		{"an alternation matches whole", []string{"/{y:a|b}"}, "", "/ab", nil, -1},
		{"the rest", []string{"/a/*"}, "", "/a/b/c", nil, 0},
		{"the rest may be empty", []string{"/a/*"}, "", "/a/", nil, 0},
		{"the rest has its slash", []string{"/a/*"}, "", "/a", nil, -1},
		{"the rest deeper than any pattern", []string{"/a/*"}, "", "/a" + strings.Repeat("/x", 40), nil, 0},
		{"a dot segment", []string{"/*"}, "", "/a/../b", nil, -1},
		{"an encoded dot segment", []string{"/*"}, "", "/a/%2e%2E/b", nil, -1},
		{"one dot", []string{"/*"}, "", "/a/.", nil, -1},
		{"a dot segment far down", []string{"/*"}, "", "/a" + strings.Repeat("/x", 40) + "/..", nil, -1},
		{"three dots are a name", []string{"/*"}, "", "/...", nil, 0},
		{"literal before regexp", []string{"/{x:[a-z]+}", "/new"}, "", "/new", nil, 1},
		{"regexp before parameter", []string{"/{x}", "/{x:[a-z]+}"}, "", "/new", nil, 1},
		{"parameter before rest", []string{"/*", "/{x}"}, "", "/new", nil, 1},
		{"the left segment decides", []string{"/{x}/b", "/a/{x}"}, "", "/a/b", nil, 1},
		{"path before host", []string{"/{x} host=a.example", "/a"}, "", "http://a.example/a", nil, 1},
		{"back to the less specific path", []string{"/{x}/c", "/a/b"}, "", "/a/c", nil, 0},
		{"back from a method", []string{"/{x}", "POST /a"}, "", "/a", nil, 0},
		{"HEAD isn't implied", []string{"GET /a"}, "HEAD", "/a", nil, -1},
		{"a method nobody heard of", []string{"FROB /a"}, "FROB", "/a", nil, 0},
		{"methods are case-sensitive", []string{"GET /a"}, "get", "/a", nil, -1},
		{"host without port and case", []string{"/a host=shop.example"}, "", "http://SHOP.example:81/a", nil, 0},
		{"host with final dot", []string{"/a host=shop.example"}, "", "http://shop.example./a", nil, 0},
		{"IPv6 host", []string{"/a host=::1"}, "", "http://[0:0::1]:80/a", nil, 0},
		{"IPv6 host in brackets", []string{"/a host=[::1]"}, "", "http://[::1]/a", nil, 0},
		{"exact host before wildcard", []string{"/a", "/a host=*.b.example", "/a host=a.b.example"}, "", "http://a.b.example/a", nil, 2},
		{"longer wildcard first", []string{"/a host=*.example", "/a host=*.b.example"}, "", "http://a.b.example/a", nil, 1},
		{"a wildcard is any depth", []string{"/a host=*.example"}, "", "http://a.b.example/a", nil, 0},
		{"a wildcard isn't the domain itself", []string{"/a host=*.example"}, "", "http://example/a", nil, -1},
		{"host before methods", []string{"GET /a", "/a host=b.example"}, "", "http://b.example/a", nil, 1},
		{"methods before predicates", []string{"/a q:v=1 q:w=2", "GET /a"}, "", "/a?v=1&w=2", nil, 1},
		{"more predicates first", []string{"/a q:v=1", "/a q:v=1 q:w=2"}, "", "/a?w=2&v=1", nil, 1},
		{"back from a predicate", []string{"/a", "/a q:v=1 q:w=2"}, "", "/a?v=1", nil, 0},
		{"any of repeated headers", []string{"/a h:x-beta=1"}, "", "/a", http.Header{"X-Beta": {"0", "1"}}, 0},
		{"any header value", []string{"/a h:X-Beta=*"}, "", "/a", http.Header{"X-Beta": {""}}, 0},
		{"absent header", []string{"/a h:X-Beta=*"}, "", "/a", nil, -1},
		{"any of repeated parameters", []string{"/a q:v=2"}, "", "/a?v=1&v=2", nil, 0},
		{"a parameter without value", []string{"/a q:v=*"}, "", "/a?v", nil, 0},
		{"an empty query", []string{"/a q:v=*"}, "", "/a?", nil, -1},
		{"a semicolon is no separator", []string{"/a q:v=2"}, "", "/a?u=1;v=2", nil, -1},
		{"a bad escape stands for itself", []string{"/a q:v=%zz"}, "", "/a?v=%zz", nil, 0},
		{"parameters are decoded", []string{"/a q:v=a+b"}, "", "/a?%76=a%2bb", nil, 0},
		{"a plus is a space", []string{"/a q:v=a+b"}, "", "/a?v=a+b", nil, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			routes := lines(t, tt.routes...)
			if ties := Ties(routes); len(ties) > 0 {
				t.Fatal(ties[0])
			}
			r := request(t, cmp.Or(tt.method, "GET"), tt.target)
			if tt.header != nil {
				r.Header = tt.header
			}
			if got := newTestMatcher(t, routes).match(r); got != tt.want {
				t.Errorf("match = %d, want %d", got, tt.want)
			}
		})
	}
}

// TestMatchPathSetByMiddleware pins that a RawPath that no longer belongs to Path is ignored,
// as URL.EscapedPath, which goes upstream, ignores it.
func TestMatchPathSetByMiddleware(t *testing.T) {
	m := newTestMatcher(t, lines(t, "/new", "/a/*"))
	r := request(t, "GET", "/a/x%2Fy")
	r.URL.Path = "/new"
	if got := m.match(r); got != 0 {
		t.Errorf("match = %d, want 0", got)
	}
}

// naive is what match is by definition: all routes that hold, the first by precedence.
func naive(t testing.TB, routes []Route, r *http.Request) int {
	best := -1
	var bestRank []int
	for i, rt := range routes {
		p, err := parsePattern(rt.Match.Path)
		if err != nil {
			t.Fatal(err)
		}
		if !naivePath(p, rawPath(r.URL)) || !naiveHolds(rt.Match, r) {
			continue
		}
		if rank := naiveRank(p, rt.Match); best < 0 || slices.Compare(rank, bestRank) < 0 {
			best, bestRank = i, rank
		}
	}
	return best
}

func naivePath(p pattern, path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	parts := strings.Split(path[1:], "/")
	for i, part := range parts {
		parts[i], _ = url.PathUnescape(part)
		if parts[i] == "." || parts[i] == ".." {
			return false
		}
	}
	if len(parts) < len(p.segments) || !p.rest && len(parts) > len(p.segments) || p.rest && len(parts) == len(p.segments) {
		return false
	}
	for i, s := range p.segments {
		if s.kind == literal && s.text != parts[i] || s.kind != literal && parts[i] == "" ||
			s.kind == matched && !s.regexp.MatchString(parts[i]) {
			return false
		}
	}
	return true
}

func naiveHolds(m Match, r *http.Request) bool {
	host := strings.ToLower(strings.TrimSuffix(strings.Split(r.Host, ":")[0], "."))
	switch domain, wild := strings.CutPrefix(m.Host, "*"); {
	case wild && (!strings.HasSuffix(host, domain) || host == domain), !wild && m.Host != "" && m.Host != host:
		return false
	case len(m.Methods) > 0 && !slices.Contains(m.Methods, r.Method):
		return false
	}
	for name, want := range m.Headers {
		if values := r.Header.Values(name); len(values) == 0 || want != "*" && !slices.Contains(values, want) {
			return false
		}
	}
	for name, want := range m.Query {
		found := false
		for _, pair := range strings.Split(r.URL.RawQuery, "&") {
			key, value, _ := strings.Cut(pair, "=")
			found = found || pair != "" && key == name && (want == "*" || value == want)
		}
		if !found {
			return false
		}
	}
	return true
}

func naiveRank(p pattern, m Match) []int {
	var rank []int
	for _, s := range p.segments {
		rank = append(rank, int(s.kind))
	}
	for len(rank) < 50 { // the end and the rest are never compared with one another
		rank = append(rank, int(rest))
	}
	switch {
	case strings.HasPrefix(m.Host, "*"):
		rank = append(rank, 1000-len(m.Host))
	case m.Host == "":
		rank = append(rank, 1000)
	default:
		rank = append(rank, 0)
	}
	rank = append(rank, 0)
	if len(m.Methods) == 0 {
		rank[len(rank)-1] = 1
	}
	return append(rank, -len(m.Headers)-len(m.Query))
}

// FuzzMatch builds a table out of seed, and asks both it and the definition.
func FuzzMatch(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, "/a/b", uint8(0))
	f.Add([]byte("a table of some routes with all there is"), "/a/7//b?v=1&w=2", uint8(7))
	f.Add([]byte{250, 3, 77, 12, 9, 200, 31, 44, 81, 6, 5, 4, 190}, "/b/a/%2e", uint8(99))
	f.Add([]byte("zyxwvutsrqponmlkjihgfedcba0123456789"), "/7/a%2Fb/?v=2", uint8(250))
	f.Fuzz(func(t *testing.T, seed []byte, target string, more uint8) {
		next := func(n int) int {
			if len(seed) == 0 {
				return 0
			}
			b := seed[0]
			seed = seed[1:]
			return int(b) % n
		}
		var routes []Route
		for len(seed) > 0 && len(routes) < 24 {
			text := ""
			for range 1 + next(4) {
				text += "/" + []string{"a", "b", "", "a%2Fb", "7", "{x}", "{x:[0-9]+}", "{x:[a-m]+}", "{x:a|b.*}"}[next(9)]
			}
			// The name of a parameter is unique in a pattern, and means nothing.
			for i := 0; strings.Contains(text, "{x"); i++ {
				text = strings.Replace(text, "{x", fmt.Sprintf("{p%d", i), 1)
			}
			text += []string{"", "", "/*"}[next(3)]
			text += []string{"", "", " GET", " GET,POST", " HEAD"}[next(5)]
			text += []string{"", "", " host=a.example", " host=*.example", " host=*.b.example"}[next(5)]
			text += []string{"", "", " h:X-A=1", " h:X-A=2", " h:X-A=*", " h:X-A=1 h:X-B=1"}[next(6)]
			text += []string{"", "", " q:v=1", " q:v=2", " q:v=1 q:w=*"}[next(5)]
			candidate := append(routes, line(t, fmt.Sprint(len(routes)), text))
			if len(Ties(candidate)) == 0 {
				routes = candidate
			}
		}
		if _, err := url.ParseRequestURI(target); err != nil {
			return // net/http answers it 400
		}
		r := request(t, []string{"GET", "POST", "HEAD"}[more%3], target)
		r.Host = []string{"a.example", "A.b.example.:80", "other"}[more/3%3]
		for i, v := range []string{"1", "2", "1"} {
			if more>>(5+i)&1 == 1 {
				r.Header.Add([]string{"X-A", "X-A", "X-B"}[i], v)
			}
		}
		if strings.ContainsAny(r.URL.RawQuery, "%+") {
			return // the naive one doesn't decode queries
		}
		if got, want := newTestMatcher(t, routes).match(r), naive(t, routes, r); got != want {
			t.Errorf("%s %s at %s: match = %d, want %d of %v", r.Method, target, r.Host, got, want, routes)
		}
	})
}

func TestConsideredInOrder(t *testing.T) {
	m := newTestMatcher(t, lines(t, "/*", "/{x}", "POST /a", "/a host=z.example", "/a host=b.example", "/a host=*.example", "/b"))
	if diff := gocmp.Diff([]int{4, 3, 5, 2, 1, 0}, m.considered(request(t, "GET", "/a"))); diff != "" {
		t.Errorf("considered (-want +got):\n%s", diff)
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{1, 200, 2000} {
		var texts []string
		for i := range n {
			texts = append(texts, fmt.Sprintf("GET,HEAD /api/v1/resource%d/{id}", i))
		}
		m := newTestMatcher(b, lines(b, texts...))
		for _, path := range []string{"/api/v1/resource0/17", "/api/v1/resource0/a%2Fb", "/static/none/of/ours"} {
			r := request(b, "GET", path)
			b.Run(fmt.Sprintf("routes=%d%s", n, path), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					m.match(r)
				}
			})
		}
	}
}

// TestMatchAllocatesNothing holds for paths without escapes.
func TestMatchAllocatesNothing(t *testing.T) {
	m := newTestMatcher(t, lines(t, "/api/{id:[0-9]+}/x host=*.example h:X-A=1 q:v=2", "/api/{id}/y", "/*"))
	r := request(t, "GET", "http://shop.example/api/17/x?u=1&v=%32")
	r.Header.Set("X-A", "1")
	if m.match(r) != 0 {
		t.Fatal("the route doesn't hold")
	}
	if n := testing.AllocsPerRun(1000, func() { m.match(r) }); n != 0 {
		t.Errorf("match allocates %v times, want none", n)
	}
}
