package strangler

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLogMatcher(t *testing.T) {
	m, err := NewLogMatcher([]Route{
		{Name: "order", Match: Match{Path: "/orders/{id}", Methods: []string{"GET"}}},
		{Name: "beta", Match: Match{Path: "/orders/{id}", Methods: []string{"GET"}, Headers: map[string]string{"x-beta": "1"}}},
		{Name: "new", Match: Match{Path: "/orders/new"}},
		{Name: "v2", Match: Match{Path: "/orders/{id}", Methods: []string{"GET"}, Query: map[string]string{"v": "2", "w": "*"}}},
		{Name: "shop", Match: Match{Path: "/shop", Host: "*.example.com"}},
		{Name: "anyshop", Match: Match{Path: "/shop"}},
		{Name: "only", Match: Match{Path: "/only", Host: "a.example.com"}},
		{Name: "rest", Match: Match{Path: "/orders/*"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, method, host, target string
		want                       string
		sure                       bool
	}{
		{"headers are not in a log, so that it may be either", "GET", "", "/orders/7", "beta order", false},
		{"one that is more specific by its path is sure", "GET", "", "/orders/new", "new", true},
		{"a query is in a log", "GET", "", "/orders/7?v=2&w=", "v2", true},
		{"another method", "POST", "", "/orders/7", "rest", true},
		{"the host isn't told", "GET", "", "/shop", "shop anyshop", false},
		{"the host is told, and is the route's", "GET", "www.example.com", "/shop", "shop", true},
		{"the host is told, and isn't", "GET", "example.org:80", "/shop", "anyshop", true},
		{"the host isn't told, and nothing else could be meant", "GET", "", "/only", "only", false},
		{"no route", "GET", "", "/else", "", true},
		{"dot segments reach the catch-all only", "GET", "", "/orders/../orders/7", "", true},
		{"a slash within a segment is none between two", "GET", "", "/orders/7%2F8?v=1", "beta order", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, tt.target, nil)
			r.Host = tt.host
			routes, sure := m.Match(r)
			if diff := cmp.Diff(tt.want, strings.Join(routes, " ")); diff != "" || sure != tt.sure {
				t.Errorf("sure is %v, want %v; routes (-want +got):\n%s", sure, tt.sure, diff)
			}
		})
	}
	if _, err := NewLogMatcher([]Route{{Name: "bad", Match: Match{Path: "orders"}}}); err == nil || !strings.Contains(err.Error(), `route "bad": match.path`) {
		t.Errorf("a bad pattern: %v", err)
	}
}

// What a log matcher is sure of is what the proxy does, with any headers.
func TestLogMatcherAgreesWithTable(t *testing.T) {
	routes := []Route{
		{Name: "a", Match: Match{Path: "/{x}/b", Host: "h"}}, {Name: "b", Match: Match{Path: "/a/{y:[0-9]+}"}}, {Name: "c", Match: Match{Path: "/a/*", Methods: []string{"GET"}}},
		{Name: "d", Match: Match{Path: "/a/b", Headers: map[string]string{"H": "*"}}}, {Name: "e", Match: Match{Path: "/*", Query: map[string]string{"q": "1"}}},
	}
	m, err := NewLogMatcher(routes)
	if err != nil {
		t.Fatal(err)
	}
	table, err := NewTable(Config{Legacy: upstreamOf(t, says(200, "")), Routes: routes})
	if err != nil {
		t.Fatal(err)
	}
	certain := 0
	for _, target := range []string{"/a/b", "/a/7", "/a/", "/a", "/c/b", "/x?q=1", "/x?q=2", "/a/b?q=1", "/a/7/8"} {
		for _, method := range []string{"GET", "POST"} {
			for _, host := range []string{"h", "g"} {
				for _, header := range []string{"", "1"} {
					r := httptest.NewRequest(method, target, nil)
					r.Host = host
					routes, sure := m.Match(r)
					if header != "" {
						r.Header.Set("H", header)
					}
					really := table.Explain(r).Decision.Route
					if sure && strings.Join(routes, " ") != really {
						t.Errorf("%s %s on %s: sure of %q, and it is %q", method, target, host, routes, really)
					}
					if !sure && really != "" && !strings.Contains(" "+strings.Join(routes, " ")+" ", " "+really+" ") {
						t.Errorf("%s %s on %s: one of %q, and it is %q", method, target, host, routes, really)
					}
					if sure {
						certain++
					}
				}
			}
		}
	}
	if certain < 20 {
		t.Errorf("it was sure only %d times", certain)
	}
}
