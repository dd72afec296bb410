package strangler

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	gocmp "github.com/google/go-cmp/cmp"
)

func testURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

// newTestTable makes a table of routes of a service s, where they start.
func newTestTable(t testing.TB, routes ...Route) *Table {
	t.Helper()
	for i := range routes {
		if routes[i].Match.Path == "" {
			routes[i].Match.Path = fmt.Sprintf("/r%d/*", i)
		}
		routes[i].Service = "s"
	}
	table, err := NewTable(Config{
		Legacy:         Upstream{URL: testURL("http://legacy.example")},
		Services:       map[string]Upstream{"s": {URL: testURL("http://service.example")}},
		Routes:         routes,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func withCookie(name, value string) *http.Request {
	r := httptest.NewRequest("GET", "/r0/", nil)
	r.AddCookie(&http.Cookie{Name: name, Value: value})
	return r
}

func sid() []CohortSource { return []CohortSource{{Kind: CohortCookie, Name: "sid"}} }

func TestSplitIsStickyMonotoneAndFair(t *testing.T) {
	table := newTestTable(t, Route{Name: "a", Cohort: sid(), Start: Canary(1000)})
	weights := []Weight{1, 500, 1000, 1001, 5000, 9999}
	var tables []*Table
	for _, w := range weights {
		moved, err := table.With(map[string]Position{"a": Canary(w)})
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, moved)
	}
	served := 0
	for i := range 10_000 {
		r := withCookie("sid", fmt.Sprintf("key-%d", i))
		before := SideLegacy
		for j, at := range tables {
			d := at.split(at.match(r), r)
			if again := at.split(at.match(r), r); *d != *again {
				t.Fatalf("key %d: first %v, then %v", i, d, again)
			}
			// What holds upwards holds downwards: it is the same comparison.
			if before == SideService && d.Side == SideLegacy {
				t.Fatalf("key %d: raising the weight to %s moved it back to legacy", i, weights[j])
			}
			before = d.Side
			if weights[j] == 1000 && d.Side == SideService {
				served++
			}
		}
	}
	if served < 900 || served > 1100 {
		t.Errorf("at 10%% the service has %d of 10,000 keys, want 900 to 1,100", served)
	}
}

func TestSplitOfUnits(t *testing.T) {
	table := newTestTable(t,
		Route{Name: "a", Unit: "u", Cohort: sid(), Start: Canary(5000)},
		Route{Name: "b", Unit: "u", Cohort: sid(), Start: Canary(5000)},
		Route{Name: "c", Cohort: sid(), Start: Canary(5000)})
	differ := 0
	for i := range 1000 {
		r := withCookie("sid", fmt.Sprint(i))
		a, b, c := table.split(table.entries[0], r), table.split(table.entries[1], r), table.split(table.entries[2], r)
		if a.Side != b.Side || a.Bucket != b.Bucket {
			t.Fatalf("key %d: %v and %v of one unit", i, a, b)
		}
		if a.Side != c.Side {
			differ++
		}
	}
	if differ < 400 || differ > 600 {
		t.Errorf("routes of no common unit differ for %d of 1000 keys, want about half", differ)
	}
}

// TestSplitBucketsStay pins buckets: other ones would move clients of every running canary.
func TestSplitBucketsStay(t *testing.T) {
	got := []int{
		bucket(&Route{Name: "orders-read"}, "abc"),
		bucket(&Route{Name: "x", Unit: "orders"}, "abc"),
		bucket(&Route{Name: "orders-read"}, ""),
	}
	if diff := gocmp.Diff([]int{8522, 262, 7211}, got); diff != "" {
		t.Errorf("buckets (-want +got):\n%s", diff)
	}
}

func TestSplitCohort(t *testing.T) {
	token := func(claims string) string {
		return "Bearer e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	issued := strings.Repeat("A", 22)
	tests := []struct {
		name    string
		sources string
		header  http.Header
		target  string
		want    string // source
		key     string
	}{
		{"cookie", "cookie:sid address", http.Header{"Cookie": {"sid=7"}}, "/", "cookie:sid", "7"},
		{"empty cookie", "cookie:sid address", http.Header{"Cookie": {"sid="}}, "/", "address", "192.0.2.1"},
		{"none present", "cookie:sid", nil, "/", "address", "192.0.2.1"},
		{"no sources", "", nil, "/", "address", "192.0.2.1"},
		{"first present", "header:X-A query:u", nil, "/?u=a%20b", "query:u", "a b"},
		{"second of a repeated parameter", "query:u", nil, "/?u=&u=2", "query:u", "2"},
		{"header", "header:x-a query:u", http.Header{"X-A": {"1"}}, "/?u=2", "header:x-a", "1"},
		{"claim", "jwt:sub", http.Header{"Authorization": {token(`{"sub":"anna"}`)}}, "/", "jwt:sub", "anna"},
		{"number as claim", "jwt:sub", http.Header{"Authorization": {token(`{"sub":9007199254740993}`)}}, "/", "jwt:sub", "9007199254740993"},
		{"no such claim", "jwt:sub", http.Header{"Authorization": {token(`{}`)}}, "/", "address", "192.0.2.1"},
		{"claim is an object", "jwt:sub", http.Header{"Authorization": {token(`{"sub":{}}`)}}, "/", "address", "192.0.2.1"},
		{"no token", "jwt:sub", http.Header{"Authorization": {"Basic e30.e30.e30"}}, "/", "address", "192.0.2.1"},
		{"broken token", "jwt:sub", http.Header{"Authorization": {"Bearer a.!.c"}}, "/", "address", "192.0.2.1"},
		{"issued", "issued", http.Header{"Cookie": {"strangler_id=" + issued}}, "/", "issued", issued},
		{"issued, not by us", "issued", http.Header{"Cookie": {"strangler_id=service"}}, "/", "issued", ""},
		{"issued, oversized", "issued", http.Header{"Cookie": {"strangler_id=" + strings.Repeat("A", 4000)}}, "/", "issued", ""},
		{"issued, the proper one of two", "issued", http.Header{"Cookie": {"strangler_id=x; strangler_id=" + issued}}, "/", "issued", issued},
		{"each by itself", "request", nil, "/", "request", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var sources []CohortSource
			for _, text := range strings.Fields(tt.sources) {
				source, err := ParseCohortSource(text)
				if err != nil {
					t.Fatal(err)
				}
				sources = append(sources, source)
			}
			table := newTestTable(t, Route{Name: "a", Cohort: sources, Start: Canary(5000)})
			r := httptest.NewRequest("GET", tt.target, nil)
			if tt.header != nil {
				r.Header = tt.header
			}
			key, source := table.trust.cohortKey(&table.cfg.Routes[0], r)
			if diff := gocmp.Diff([]string{tt.want, tt.key}, []string{source.String(), key}); diff != "" {
				t.Errorf("cohort (-want +got):\n%s", diff)
			}
			d := table.split(table.entries[0], r)
			if d.Cohort != tt.want || d.Bucket < 0 || d.Why != WhyWeight {
				t.Errorf("decision %+v, want by %s", d, tt.want)
			}
			if wantIssued := tt.want == "issued" && tt.key == ""; (d.Issued != "") != wantIssued {
				t.Errorf("issued %q, want one: %v", d.Issued, wantIssued)
			}
		})
	}
}

func TestSplitIssuedIsTakenBack(t *testing.T) {
	table := newTestTable(t, Route{Name: "a", Cohort: []CohortSource{{Kind: CohortIssued}}, Start: Canary(5000)})
	for range 100 {
		first := table.split(table.entries[0], httptest.NewRequest("GET", "/", nil))
		then := table.split(table.entries[0], withCookie(IssuedCookie, first.Issued))
		if then.Issued != "" || then.Bucket != first.Bucket {
			t.Fatalf("issued %q with bucket %d, then %q with %d", first.Issued, first.Bucket, then.Issued, then.Bucket)
		}
	}
}

func TestSplitTable(t *testing.T) {
	const secret = "s3cret"
	positions := []Position{At(PhaseLegacy), At(PhaseShadow), Canary(5000), At(PhaseLive), At(PhaseRetired)}
	tests := []struct {
		name   string
		header []string
		ret    Return
		want   string // by phase
	}{
		{"nothing said", nil, ReturnFree, "legacy/phase legacy/phase */weight service/phase service/phase"},
		{"service", []string{"service; s3cret"}, ReturnFree, "service/override service/override service/override service/override service/override"},
		{"service, never to return", []string{"service; s3cret"}, ReturnNever, "service/override service/override service/override service/override service/override"},
		{"legacy", []string{"legacy;s3cret"}, ReturnFree, "legacy/override legacy/override legacy/override legacy/override service/phase"},
		{"legacy, with confirmation", []string{"legacy; s3cret"}, ReturnConfirm, "legacy/override legacy/override legacy/override legacy/override service/phase"},
		{"legacy, never to return", []string{"legacy; s3cret"}, ReturnNever, "legacy/override legacy/override legacy/override service/phase service/phase"},
		{"wrong secret", []string{"service; wrong"}, ReturnFree, "legacy/phase legacy/phase */weight service/phase service/phase"},
		{"no secret", []string{"service"}, ReturnFree, "legacy/phase legacy/phase */weight service/phase service/phase"},
		{"no side", []string{"both; s3cret"}, ReturnFree, "legacy/phase legacy/phase */weight service/phase service/phase"},
		{"said twice", []string{"service; s3cret", "legacy; s3cret"}, ReturnFree, "legacy/phase legacy/phase */weight service/phase service/phase"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, pos := range positions {
				table := newTestTable(t, Route{Name: "a", Start: pos, Return: tt.ret, Override: &Override{"X-Side", secret}})
				r := httptest.NewRequest("GET", "/r0/", nil)
				r.Header["X-Side"] = tt.header
				d := table.split(table.match(r), r)
				side := d.Side.String()
				if hashed := d.Why == WhyWeight; hashed {
					side = "*"
				} else if d.Bucket != -1 || d.Cohort != "" {
					t.Errorf("at %s: bucket %d by %q, want none", pos, d.Bucket, d.Cohort)
				}
				got = append(got, side+"/"+d.Why.String())
			}
			if diff := gocmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("legacy, shadow, canary, live, retired (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSplitUnmatched(t *testing.T) {
	table := newTestTable(t)
	want := &Decision{Bucket: -1, Repeat: RepeatSafe}
	if diff := gocmp.Diff(want, table.split(nil, httptest.NewRequest("GET", "/", nil))); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}

// TestEndpointKey says whose requests have a key to choose an endpoint by, and that nobody
// looks for one where nobody wants it.
func TestEndpointKey(t *testing.T) {
	request := func(edit func(*http.Request)) *http.Request {
		r := httptest.NewRequest("GET", "/r", nil) // from 192.0.2.1
		r.AddCookie(&http.Cookie{Name: "sid", Value: "anna"})
		if edit != nil {
			edit(r)
		}
		return r
	}
	hash := func(key string) uint64 { return max(1, xxhash.Sum64String(key)) }
	issued := []CohortSource{{Kind: CohortIssued}}
	for name, c := range map[string]struct {
		route           Route
		legacy, service bool // ByKey
		edit            func(*http.Request)
		want            uint64
	}{
		"nobody wants it":             {route: Route{Start: At(PhaseLive), Cohort: sid()}},
		"nobody wants it in canary":   {route: Route{Start: Canary(9999), Cohort: sid()}},
		"live":                        {route: Route{Start: At(PhaseLive), Cohort: sid()}, service: true, want: hash("anna")},
		"live, only legacy wants it":  {route: Route{Start: At(PhaseLive), Cohort: sid()}, legacy: true},
		"live, and legacy stands in":  {route: Route{Start: At(PhaseLive), Cohort: sid(), Fallback: true}, legacy: true, want: hash("anna")},
		"retired, legacy never does":  {route: Route{Start: At(PhaseRetired), Cohort: sid(), Fallback: true}, legacy: true},
		"legacy":                      {route: Route{Start: At(PhaseShadow), Cohort: sid()}, legacy: true, want: hash("anna")},
		"legacy, the service's alone": {route: Route{Start: At(PhaseShadow), Cohort: sid()}, service: true},
		"canary":                      {route: Route{Start: Canary(9999), Cohort: sid()}, service: true, legacy: true, want: hash("anna")},
		"by the address":              {route: Route{Start: At(PhaseLive)}, service: true, want: hash("192.0.2.1")},
		"each by itself":              {route: Route{Start: At(PhaseLive), Cohort: []CohortSource{{Kind: CohortRequest}}}, service: true},
		"no id was issued":            {route: Route{Start: At(PhaseLive), Cohort: issued}, service: true},
		"by override": {route: Route{Start: At(PhaseLegacy), Cohort: sid(), Override: &Override{"X-Side", "s"}}, service: true, want: hash("anna"),
			edit: func(r *http.Request) { r.Header.Set("X-Side", "service; s") }},
		"unmatched": {route: Route{Start: At(PhaseLive)}, legacy: true, want: hash("192.0.2.1"),
			edit: func(r *http.Request) { r.URL.Path = "/elsewhere" }},
		"unmatched, nobody wants it": {route: Route{Start: At(PhaseLive)}, service: true,
			edit: func(r *http.Request) { r.URL.Path = "/elsewhere" }},
	} {
		t.Run(name, func(t *testing.T) {
			c.route.Name, c.route.Match.Path, c.route.Service = "r", "/r", "s"
			table, err := NewTable(Config{
				Legacy:   Upstream{URL: testURL("http://legacy.example"), ByKey: c.legacy},
				Services: map[string]Upstream{"s": {URL: testURL("http://service.example"), ByKey: c.service}},
				Routes:   []Route{c.route},
			})
			if err != nil {
				t.Fatal(err)
			}
			r := request(c.edit)
			if got := table.split(table.match(r), r).Key; got != c.want {
				t.Errorf("key %d, want %d", got, c.want)
			}
		})
	}

	table, err := NewTable(Config{
		Legacy:   Upstream{URL: testURL("http://legacy.example"), ByKey: true},
		Services: map[string]Upstream{"s": {URL: testURL("http://service.example"), ByKey: true}},
		Routes:   []Route{{Name: "r", Match: Match{Path: "/r"}, Service: "s", Start: Canary(5000), Cohort: issued}},
	})
	if err != nil {
		t.Fatal(err)
	}
	first := request(nil)
	d := table.split(table.match(first), first)
	if d.Issued == "" || d.Key != hash(d.Issued) {
		t.Errorf("with the id %q issued the key is %d, want %d, as it will be next time", d.Issued, d.Key, hash(d.Issued))
	}
}

func TestOverrideNeedsAService(t *testing.T) {
	table, err := NewTable(Config{
		Legacy: Upstream{URL: testURL("http://legacy.example")},
		Routes: []Route{{Name: "a", Match: Match{Path: "/*"}, Override: &Override{"X-Side", "s"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Side", "service; s")
	if d := table.split(table.match(r), r); d.Side != SideLegacy || d.Why != WhyPhase {
		t.Errorf("decision %v, want legacy by phase", d)
	}
}

func BenchmarkSplit(b *testing.B) {
	table := newTestTable(b, Route{Name: "a", Cohort: sid(), Start: Canary(2500)})
	r := withCookie("sid", "0123456789abcdef")
	b.ReportAllocs()
	for b.Loop() {
		table.split(table.entries[0], r)
	}
}
