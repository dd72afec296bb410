package strangler

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestTies(t *testing.T) {
	tests := []struct {
		name string
		a, b string
		want bool
	}{
		{"the same", "/a", "/a", true},
		{"names of parameters mean nothing", "/{x}", "/{y}", true},
		{"different literals", "/a", "/b", false},
		{"the more specific", "/a", "/{x}", false},
		{"methods apart", "GET /a", "POST /a", false},
		{"methods in common", "GET,HEAD /a", "GET /a", true},
		{"listed methods are more specific", "GET /a", "/a", false},
		{"hosts apart", "/a host=a.example", "/a host=b.example", false},
		{"host in another case", "/a host=A.example", "/a host=a.example.", true},
		{"exact host is more specific", "/a host=a.example", "/a host=*.example", false},
		{"different values", "/a h:X=1", "/a h:x=2", false},
		{"different values of a parameter", "/a q:v=1", "/a q:v=2", false},
		{"any value and one", "/a h:X=1", "/a h:X=*", true},
		{"different headers", "/a h:X=1", "/a h:Y=1", true},
		{"more predicates", "/a h:X=1", "/a h:X=1 h:Y=1", false},
		{"rest and segment", "/a/*", "/a/{x}", false},
		{"rests", "/a/*", "/a/*", true},
		{"rest and end", "/a/*", "/a", false},
		{"regexps with nothing in common", "/{x:[0-9]+}", "/{x:[a-z]+}", false},
		{"regexps with one text in common", "/{x:[0-9]+}", "/{x:[a-z]+|7}", true},
		{"regexps that meet in the empty text", "/{x:[0-9]*}", "/{x:[a-z]*}", false},
		{"regexps of different lengths", "/{x:[0-9]{3}}", "/{x:[0-9]{4}}", false},
		{"regexps that ignore case", "/{x:(?i)k}", "/{x:K}", true},
		{"any character", "/{x:.}", "/{x:é}", true},
		{"regexps with later segments that differ", "/{x:[0-9]+}/a", "/{x:.+}/b", false},
		{"regexps with a later segment that would decide", "/{x:[0-9]+}/a", "/{x:.+}/{y}", true},
		{"regexps and predicates", "/{x:[0-9]+} h:X=1", "/{x:.+}", true},
		{"regexps and hosts", "/{x:[0-9]+} host=a.example", "/{x:.+} host=*.b.example", false},
		{"long regexps with nothing in common", "/{x:[a-z]{999}x}", "/{x:[a-z]{999}y}", false},
		{"regexps that would take for ever", "/{x:(a?){500}x}", "/{x:(a?){500}y}", true},
		{"an earlier segment decides", "/a/{x:[0-9]+}", "/{y}/{x:.+}", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, routes := range [][]Route{lines(t, tt.a, tt.b), lines(t, tt.b, tt.a)} {
				ties := Ties(routes)
				if got := len(ties) > 0; got != tt.want {
					t.Errorf("%v tie: %v, want %v", routes, got, tt.want)
				}
			}
		})
	}
}

// TestTiesOfManyRoutes holds that the effort grows with the pairs of routes and no faster.
func TestTiesOfManyRoutes(t *testing.T) {
	const many = 2000
	for name, pattern := range map[string]string{
		"literals":   "/api/things%d/{id:[0-9]+}",
		"far down":   "/{language:[a-z]{2}}/{id}/things%d",
		"regexps":    "/{id:%dx[0-9]+}",
		"predicates": "/a h:X=%d",
	} {
		t.Run(name, func(t *testing.T) {
			routes := make([]Route, many)
			for i := range routes {
				routes[i] = line(t, fmt.Sprint("r", i), fmt.Sprintf(pattern, i))
			}
			started := time.Now()
			if found := Ties(routes); len(found) > 0 {
				t.Errorf("%d ties, such as: %v", len(found), found[0])
			}
			took := time.Since(started)
			t.Log(took)
			if took > 20*time.Second { // a second at most where nothing else runs
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestPatternErrors(t *testing.T) {
	tests := []struct {
		pattern string
		want    string // the whole message behind the pattern; empty: it can be read
	}{
		{"/a/{id:[0-9]{3}}", ""},
		{"/a/{id:[^}/]+}/b", ""},
		{"/a/{id:[]}]+}", ""},
		{`/a/{id:\}}`, ""},
		{"/a/{id:[[:alpha:]{}]}", ""},
		{"//", ""},
		{"a", "at 0: a pattern begins with /"},
		{"/" + strings.Repeat("a", 1000), "at 1000: a pattern has at most 1000 bytes"},
		{"/a/{id", "at 3: this { has no }"},
		{"/a/{id/b}", "at 3: this { has no }"},
		{"/a/{}", `at 4: a parameter's name is a letter and then letters, digits, _ or -, not ""`},
		{"/a/{1}", `at 4: a parameter's name is a letter and then letters, digits, _ or -, not "1"`},
		{"/{x}/{x}", `at 6: there is another parameter "x"`},
		{"/a/{id}.json", "at 7: a parameter is a whole segment: / or the end must follow its }"},
		{"/a/v{id}", "at 4: a parameter is a whole segment: / must stand before its { (a literal { is written %7B)"},
		{"/a}", "at 2: this } has no { (a literal } is written %7D)"},
		{"/a/*/b", "at 3: * stands only for the rest, as the last segment (a literal * is written %2A)"},
		{"/a?b=1", "at 2: the query is no part of the path: it belongs under match.query (a literal ? is written %3F)"},
		{"/a/{id:}", "at 7: the regexp is empty; without the colon, any segment matches"},
		{"/a/{id:[0-9}", "at 7: regexp [0-9: missing closing ]"},
		{"/a/{id:a)(b}", "at 7: regexp a)(b: unexpected )"},
		{"/a/b%zz", `at 4: invalid URL escape "%zz"; a literal % is written %25`},
		{"/a/%2e./b", `at 3: no route gets a path with the segment "..": such paths only reach the catch-all`},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			_, err := parsePattern(tt.pattern)
			got := ""
			if err != nil {
				got = strings.TrimPrefix(err.Error(), fmt.Sprintf("read path pattern %q: ", tt.pattern))
			}
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParsePattern(f *testing.F) {
	for _, s := range []string{"/a/{x:[0-9]{3}}/*", "/{x:[[:alpha:]}]}", `/{x:\}}`, "/%2F/{y}", "/a/{x:[}", "/*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePattern(s)
		var bad *PatternError
		if errors.As(err, &bad) && (bad.Offset < 0 || bad.Offset > len(s)) {
			t.Fatalf("%v: the offset is outside", bad)
		}
		if err == nil && len(p.segments) == 0 && !p.rest {
			t.Fatalf("%q has no segment", s)
		}
		r := newRival(new(Match), &p, map[string]*machine{})
		if err == nil && comparePaths(&r, &r) != pathsEqual {
			t.Fatalf("%q is not equal to itself", s)
		}
	})
}

func TestNewTableReportsAll(t *testing.T) {
	_, err := NewTable(Config{
		Legacy:   Upstream{URL: testURL("http://legacy.example")},
		Services: map[string]Upstream{"orders": {URL: testURL("http://service.example")}},
		Routes: []Route{
			{Name: "a", Match: Match{Path: "/a/v{x}", Methods: []string{"get", "CONNECT", "A B"}}, Service: "ordres"},
			{Name: "a", Match: Match{Path: "/b", Host: "http://x/"}, Start: At(PhaseRetired)},
			{Name: "b", Match: Match{Path: "/b", Host: "x:80", Headers: map[string]string{"Host": "x"}}, Cohort: []CohortSource{{Kind: CohortAddress}, {Kind: CohortCookie, Name: "sid"}}},
			{Name: "", Match: Match{}, Service: "orders", Override: &Override{"Cookie", ""}, Start: Position{PhaseCanary, 0}},
			{Name: "c", Match: Match{Path: "/c"}, Service: "orders", Unit: "u"},
			{Name: "d", Match: Match{Path: "/c"}, Service: "orders", Unit: "u", Start: At(PhaseShadow), Sandbox: "none"},
		},
	})
	want := `route "a": match.path: read path pattern "/a/v{x}": at 4: a parameter is a whole segment: / must stand before its { (a literal { is written %7B)
route "a": match.methods.0: methods are case-sensitive: GET, not get
route "a": match.methods.1: CONNECT is never passed on
route "a": match.methods.2: "A B" is no method
route "a": service: no service "ordres"; did you mean "orders"?
route "a": match.host: "http://x/" is a URL, not a host; write shop.example.com
route "a": start: phase retired needs a service, or what to answer (gone), and the route names neither
route "a": name: there is another route of that name (number 1 of 6)
route "b": match.host: "x:80": a host is matched without its port
route "b": match.headers.Host: the host is matched by match.host
route "b": cohort.1: cookie:sid is never asked: address before it is always present
route "": name: a name is letters, digits, '.', '_' and '-', and begins with a letter or a digit; not ""
route "": match.path: a route needs a path; /* matches all
route "": start: a canary's weight is 0.01% to 99.99%, not 0%; for none use shadow or legacy
route "": override.header: Cookie has another meaning, and the override's header is removed; take one of your own, such as X-Strangler-Side
route "": override.secret: without a secret any client could choose its side
route "d": sandbox: no service "none"
route "d": start: shadow, but unit "u" moves together and its route "c" starts at legacy
routes "c" and "d" could both match the same request and neither is more specific; make their paths, hosts, methods or predicates differ`
	if diff := gocmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	var bad *PatternError
	if !errors.As(err, &bad) || bad.Offset != 4 {
		t.Errorf("no *PatternError at 4 in %v", err)
	}
}

func TestTableWith(t *testing.T) {
	table := newTestTable(t, Route{Name: "a"}, Route{Name: "b", Unit: "u"}, Route{Name: "c", Unit: "u"})
	tests := []struct {
		name  string
		moves map[string]Position
		want  string // error
	}{
		{"nothing", nil, ""},
		{"one", map[string]Position{"a": Canary(100)}, ""},
		{"a unit", map[string]Position{"b": At(PhaseLive), "c": At(PhaseLive)}, ""},
		{"half a unit", map[string]Position{"c": At(PhaseLive)}, `route "c": position: it would stand at live and route "b" at legacy, but both are of unit "u", which moves together`},
		{"nobody", map[string]Position{"zzz": At(PhaseLive)}, `no route "zzz"`},
		{"no position", map[string]Position{"a": Canary(0)}, `route "a": position: a canary's weight is 0.01% to 99.99%, not 0%; for none use shadow or legacy`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			moved, err := table.With(tt.moves)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			for name, want := range tt.moves {
				if err == nil {
					if pos, _ := moved.Position(name); pos != want {
						t.Errorf("%s stands at %s, want %s", name, pos, want)
					}
				}
			}
			for _, name := range []string{"a", "b", "c"} {
				if pos, ok := table.Position(name); !ok || pos != (Position{}) {
					t.Errorf("the table before it has %s at %s, want legacy", name, pos)
				}
			}
		})
	}
}

func TestExplain(t *testing.T) {
	table := newTestTable(t,
		Route{Name: "drawn", Match: Match{Path: "/drawn"}, Cohort: []CohortSource{{Kind: CohortRequest}}, Start: Canary(2500)},
		Route{Name: "issued", Match: Match{Path: "/issued"}, Cohort: []CohortSource{{Kind: CohortIssued}}, Start: Canary(7500), Fallback: true},
		Route{Name: "post", Match: Match{Path: "/x/y", Methods: []string{"POST"}}},
		Route{Name: "beta", Match: Match{Path: "/x/y", Headers: map[string]string{"X-Beta": "1"}}},
		Route{Name: "host", Match: Match{Path: "/x/y", Host: "other.example"}},
		Route{Name: "all", Match: Match{Path: "/x/*"}, Start: At(PhaseLive), Fallback: true})
	tests := []struct {
		target string
		want   Explanation
	}{
		{"/drawn", Explanation{
			Decision: Decision{Route: "drawn", Position: Canary(2500), Why: WhyWeight, Bucket: -1, Repeat: RepeatSafe, Cohort: "request"},
			Note:     "each request is drawn by itself: 25% go to the service",
			Upstream: "http://legacy.example", Repeat: RepeatSafe, FallbackWhy: "legacy is asked already",
		}},
		{"/issued", Explanation{
			Decision: Decision{Route: "issued", Position: Canary(7500), Side: SideService, Why: WhyWeight, Bucket: -1, Repeat: RepeatSafe, Cohort: "issued"},
			Note:     "a random id would be issued in the cookie strangler_id: with 75% of them the service answers",
			Upstream: "http://service.example", Repeat: RepeatSafe, Fallback: true,
			FallbackWhy: "if the service fails before its answer's first byte, and the request's body is at most 64 KiB",
		}},
		{"/x/y", Explanation{
			Decision: Decision{Route: "all", Position: At(PhaseLive), Side: SideService, Why: WhyPhase, Bucket: -1, Repeat: RepeatSafe},
			Upstream: "http://service.example", Repeat: RepeatSafe, Fallback: true,
			FallbackWhy: "if the service fails before its answer's first byte, and the request's body is at most 64 KiB",
			Others: []Considered{
				{"host", "host: it is for other.example"}, {"post", "method: it is for [POST]"}, {"beta", `header: X-Beta is not "1"`},
			},
		}},
		{"/x/%2e%2e/y", Explanation{
			Decision: Decision{Bucket: -1, Repeat: RepeatSafe},
			Note:     "a path with a dot segment, or without a slash at its beginning, only reaches the catch-all",
			Upstream: "http://legacy.example", Repeat: RepeatSafe, FallbackWhy: "legacy is asked already",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.target, func(t *testing.T) {
			if diff := gocmp.Diff(tt.want, table.Explain(httptest.NewRequest("GET", tt.target, nil))); diff != "" {
				t.Errorf("explanation (-want +got):\n%s", diff)
			}
		})
	}
}

func BenchmarkTableWith(b *testing.B) {
	var routes []Route
	for i := range 2000 {
		routes = append(routes, Route{Name: fmt.Sprintf("r%d", i)})
	}
	table := newTestTable(b, routes...)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := table.With(map[string]Position{"r1000": Canary(Weight(1 + i%9999))}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestOverrideTakesNoHeaderAway has it that no override names a header that something else needs.
func TestOverrideTakesNoHeaderAway(t *testing.T) {
	for _, name := range []string{"cookie", "X-Forwarded-For", "X-Request-ID", "traceparent", "Expect"} {
		problems := Validate([]Route{{Name: "r", Match: Match{Path: "/"}, Override: &Override{Header: name, Secret: "s"}}}, nil)
		if len(problems) != 1 || problems[0].Field != "override.header" {
			t.Errorf("%s: %v, want one problem of override.header", name, problems)
		}
	}
}

// TestDefaultTransport has it that nobody's http.DefaultTransport matters.
func TestDefaultTransport(t *testing.T) {
	before := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = before })
	http.DefaultTransport = roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("not this one")
	})
	address, _ := front(t, Config{Legacy: Upstream{URL: upstreamOf(t, says(200, "legacy")).URL}})
	if resp, body := get(t, client(t), address); resp.StatusCode != 200 || body != "legacy" {
		t.Errorf("answer %d %q, want 200 legacy", resp.StatusCode, body)
	}
}
