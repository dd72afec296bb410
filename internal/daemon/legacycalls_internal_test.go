package daemon

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/strangler"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// called is a request that legacy answered.
func called(position strangler.Position, agent string) strangler.Observation {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("User-Agent", agent)
	return strangler.Observation{Request: r, Decision: strangler.Decision{Route: "r", Position: position, Repeat: strangler.RepeatSafe}}
}

func from(address string) func(*http.Request) netip.Addr {
	return func(*http.Request) netip.Addr { return netip.MustParseAddr(address) }
}

func TestLegacyCallsObserve(t *testing.T) {
	fellBack, discreet := called(strangler.At(strangler.PhaseLive), "curl/8"), called(strangler.At(strangler.PhaseLive), "curl/8")
	fellBack.Decision.FellBack, fellBack.Decision.Side = true, strangler.SideService
	discreet.Decision.Discreet = true
	tests := []struct {
		name  string
		named bool
		seen  strangler.Observation
		want  ledger.LegacyCall
	}{
		{"in canary clients are not told apart", false, called(strangler.Canary(5000), "curl/8"), ledger.LegacyCall{Why: "canary"}},
		{"at legacy neither", false, called(strangler.Position{}, "curl/8"), ledger.LegacyCall{Why: "legacy"}},
		{"unless the route is to be gone", true, called(strangler.Position{}, "curl/8"), ledger.LegacyCall{Why: "legacy", Addr: "10.0.0.1", Agent: "curl/8"}},
		{"a service that failed", false, fellBack, ledger.LegacyCall{Why: "fallback", Addr: "10.0.0.1", Agent: "curl/8"}},
		{"who chose legacy", false, called(strangler.At(strangler.PhaseLive), "a/1 (b)"), ledger.LegacyCall{Why: "override", Addr: "10.0.0.1", Agent: "a/1"}},
		{"no agent", false, called(strangler.At(strangler.PhaseLive), ""), ledger.LegacyCall{Why: "override", Addr: "10.0.0.1"}},
		{"of a route that keeps nothing nobody is named", false, discreet, ledger.LegacyCall{Why: "override", Addr: "unknown"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l legacyCalls
			l.named.Store(tt.named)
			for i := range 3 {
				l.observe(tt.seen, noon.Add(time.Duration(i)*time.Second), from("10.0.0.1"))
			}
			tt.want.Route, tt.want.Count, tt.want.First, tt.want.Last = "r", 3, noon, noon.Add(2*time.Second)
			taken := l.take("r")
			for i := range taken {
				taken[i].First, taken[i].Last = taken[i].First.UTC(), taken[i].Last.UTC()
			}
			if diff := cmp.Diff([]ledger.LegacyCall{tt.want}, taken); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if again := l.take("r"); len(again) > 0 {
				t.Errorf("taken twice: %+v", again)
			}
		})
	}
}

// TestLegacyCallsAreBoundedAndAllCounted has many callers at once, while what was counted is taken.
func TestLegacyCallsAreBoundedAndAllCounted(t *testing.T) {
	var l legacyCalls
	const callers, each = 8, 500
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			live, canary := called(strangler.At(strangler.PhaseLive), ""), called(strangler.Canary(1), "")
			for i := range each {
				live.Request.Header.Set("User-Agent", fmt.Sprintf("a%d-%d/1", c, i))
				l.observe(live, noon, from("10.0.0.1"))
				l.observe(canary, noon.Add(time.Duration(i)), from("10.0.0.1"))
			}
		})
	}
	sum := map[string]int64{}
	count := func() {
		taken := l.take("r")
		if len(taken) > ledger.MaxCallers+2 {
			t.Errorf("%d are held", len(taken))
		}
		for _, one := range taken {
			sum[one.Why] += one.Count
			if one.First.IsZero() || one.Last.Before(one.First) || one.First.Before(noon) {
				t.Errorf("from %s to %s: %+v", one.First, one.Last, one)
			}
		}
	}
	for range 20 {
		count()
	}
	all.Wait()
	count()
	if diff := cmp.Diff(map[string]int64{"override": callers * each, "canary": callers * each}, sum); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
}

// Nothing of it may cost a request that legacy answers by design, and next to nothing one that it doesn't.
func TestLegacyCallsAllocateNothing(t *testing.T) {
	var l legacyCalls
	canary, live := called(strangler.Canary(1), "curl/8 (x)"), called(strangler.At(strangler.PhaseLive), "curl/8 (x)")
	address := netip.MustParseAddr("10.0.0.1")
	client := func(*http.Request) netip.Addr { return address }
	l.observe(live, noon, client)
	for name, seen := range map[string]strangler.Observation{"in canary": canary, "a caller that is known": live} {
		if n := testing.AllocsPerRun(100, func() { l.observe(seen, noon, client) }); n > 0 {
			t.Errorf("%s: %g allocations", name, n)
		}
	}
}

func TestProduct(t *testing.T) {
	long := make([]byte, 100)
	for i := range long {
		long[i] = 'x'
	}
	for agent, want := range map[string]string{"": "", "curl/8.5": "curl/8.5", "Mozilla/5.0 (X11)": "Mozilla/5.0", "a\x1b[2J": "a", "Ä/1": "", " x": "", string(long): string(long[:maxAgent])} {
		if got := product(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}
