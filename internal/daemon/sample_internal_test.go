package daemon

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/strangler"
)

func TestEachInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute + 47*time.Second + 300*time.Millisecond)))
		minute := time.Now().Truncate(time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		var at []time.Duration
		done := make(chan struct{})
		go func() {
			defer close(done)
			eachInterval(ctx, 10*time.Second, func() {
				at = append(at, time.Since(minute))
				if len(at) == 2 {
					time.Sleep(13 * time.Second) // it hangs
				}
			})
		}()
		time.Sleep(45 * time.Second)
		cancel()
		<-done
		want := []time.Duration{50 * time.Second, time.Minute, 80 * time.Second, 90 * time.Second}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("called at (-want +got):\n%s", diff)
		}
	})
}

// TestSampleMinutes looks at requests on both sides of a minute's end.
func TestSampleMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		traffic := newTraffic(func(*http.Request) netip.Addr { return netip.Addr{} })
		observe := func(route string, d strangler.Decision, status int) {
			d.Route = route
			traffic.observing(route)(strangler.Observation{Request: httptest.NewRequest("GET", "/", nil), Decision: d, Status: status, Duration: 20 * time.Millisecond})
		}
		s := sampler{since: time.Now()}
		var mu sync.Mutex // guards counts
		counts := map[string]shadow.Counts{}
		count := func(route string, c shadow.Counts) {
			mu.Lock()
			defer mu.Unlock()
			counts[route] = c
		}
		var all []ledger.Sample
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			eachInterval(ctx, seriesInterval, func() {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, s.take(*traffic.routes.Load(), counts, time.Now())...)
			})
		}()
		minute := time.Now().Truncate(time.Minute)
		until := func(d time.Duration) { time.Sleep(time.Until(minute.Add(d))) }
		until(59*time.Second + 999*time.Millisecond)
		observe("a", strangler.Decision{}, 200)
		observe("", strangler.Decision{}, 503)
		until(time.Minute + time.Millisecond)
		observe("a", strangler.Decision{Side: strangler.SideService}, 200)
		observe("a", strangler.Decision{Side: strangler.SideService, FellBack: true, Failure: "open"}, 200)
		count("a", shadow.Counts{Match: 3, Skipped: 1})
		count("elsewhere", shadow.Counts{Diverged: 1})
		until(2*time.Minute + 30*time.Second)
		count("a", shadow.Counts{Match: 5, Skipped: 1})
		until(4 * time.Minute)
		cancel()
		<-done

		type row struct {
			Route                                string
			Minute                               int
			Legacy, Service, Timed, Failed, Back int64
			Verdicts                             [6]int64
		}
		var got []row
		var sum, together ledger.Cell
		all = slices.DeleteFunc(all, func(s ledger.Sample) bool {
			if s.Route != allRoutes {
				sum.Merge(&s.Cell)
				return false
			}
			together.Merge(&s.Cell)
			return true
		})
		if diff := cmp.Diff(sum, together, cmp.Comparer(func(a, b ledger.Latency) bool {
			return a.Count() == b.Count() && a.Quantile(0.9) == b.Quantile(0.9)
		})); diff != "" {
			t.Errorf("all routes together (-summed up +sampled):\n%s", diff)
		}
		for _, one := range all {
			got = append(got, row{one.Route, int(one.At.Sub(minute) / time.Minute), one.Cell.Legacy.Requests, one.Cell.Service.Requests,
				one.Cell.Legacy.Latency.Count() + one.Cell.Service.Latency.Count(), one.Cell.Legacy.Failed() + one.Cell.Service.Failed(), one.Cell.Fallbacks, one.Cell.Verdicts})
		}
		slices.SortStableFunc(got, func(a, b row) int {
			if a.Route < b.Route {
				return -1
			} else if a.Route > b.Route {
				return 1
			}
			return a.Minute - b.Minute
		})
		want := []row{
			{Route: "", Minute: 0, Legacy: 1, Timed: 1, Failed: 1},
			{Route: "a", Minute: 0, Legacy: 1, Timed: 1},
			{Route: "a", Minute: 1, Legacy: 1, Service: 2, Timed: 2, Failed: 1, Back: 1, Verdicts: [6]int64{shadow.Match: 3, shadow.Skipped: 1}},
			{Route: "a", Minute: 2, Verdicts: [6]int64{shadow.Match: 2}},
			{Route: "elsewhere", Minute: 1, Verdicts: [6]int64{shadow.Diverged: 1}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestFailureClasses(t *testing.T) {
	if len(failureClasses) != classes {
		t.Fatalf("there are %d classes, and room for %d", len(failureClasses), classes)
	}
	for _, test := range []struct {
		name string
		o    strangler.Observation
		want string // class of the side that answered; empty: it didn't fail
	}{
		{"an answer", strangler.Observation{Status: 200}, ""},
		{"not found", strangler.Observation{Status: 404}, ""},
		{"an answer of 500", strangler.Observation{Status: 500}, "status"},
		{"a status that would fall back", strangler.Observation{Status: 503, Decision: strangler.Decision{Failure: "status 503"}}, "status"},
		{"no connection", strangler.Observation{Status: 502, Decision: strangler.Decision{Failure: "connect"}}, "connect"},
		{"cut short", strangler.Observation{Status: 200, Decision: strangler.Decision{Failure: "broken"}}, "broken"},
		{"fell back", strangler.Observation{Status: 200, Decision: strangler.Decision{Failure: "connect", FellBack: true}}, ""},
		{"fell back on what fails too", strangler.Observation{Status: 500, Decision: strangler.Decision{Failure: "connect", FellBack: true}}, "status"},
		{"nobody has heard of it", strangler.Observation{Status: 502, Decision: strangler.Decision{Failure: "gremlins"}}, "other"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var f failures
			if failure := ofAnswer(test.o); failure != "" {
				f.add(failure)
			}
			got := ""
			for class, name := range failureClasses {
				if f[class].Load() > 0 {
					got += name
				}
			}
			if got != test.want {
				t.Errorf("it counts as %q, want %q", got, test.want)
			}
		})
	}
}

// observations are of a request that is answered, and of one that the service fails.
func observations() map[string]strangler.Observation {
	r := httptest.NewRequest("GET", "/", nil)
	return map[string]strangler.Observation{
		"answered":  {Request: r, Decision: strangler.Decision{Route: "a", Side: strangler.SideService}, Status: 200, Duration: 3 * time.Millisecond},
		"failed":    {Request: r, Decision: strangler.Decision{Route: "a", Side: strangler.SideService, Failure: "status 503"}, Status: 503, Duration: 3 * time.Millisecond},
		"fell back": {Request: r, Decision: strangler.Decision{Route: "a", Side: strangler.SideService, FellBack: true, Failure: "timeout", Position: strangler.Canary(1)}, Status: 200, Duration: time.Second},
	}
}

func TestObserveAllocatesNothing(t *testing.T) {
	traffic := newTraffic(func(*http.Request) netip.Addr { return netip.Addr{} })
	for name, o := range observations() {
		observe := traffic.observing(o.Decision.Route)
		observe(o)
		if n := testing.AllocsPerRun(100, func() { observe(o) }); n > 0 {
			t.Errorf("%s: %g allocations", name, n)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	for name, o := range observations() {
		b.Run(name, func(b *testing.B) {
			traffic := newTraffic(func(*http.Request) netip.Addr { return netip.Addr{} })
			observe := traffic.observing(o.Decision.Route)
			b.ReportAllocs()
			for b.Loop() {
				observe(o)
			}
		})
	}
}

// BenchmarkSample looks at 500 routes, each of which had requests on both sides.
func BenchmarkSample(b *testing.B) {
	traffic := newTraffic(func(*http.Request) netip.Addr { return netip.Addr{} })
	var s sampler
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for route := range 500 {
			name := "route-" + string(rune('a'+route%26)) + string(rune('a'+route/26))
			for i := range 20 {
				for _, side := range []strangler.Side{strangler.SideLegacy, strangler.SideService} {
					traffic.observing(name)(strangler.Observation{Decision: strangler.Decision{Route: name, Side: side}, Status: 200,
						Duration: time.Duration(i) * time.Millisecond})
				}
			}
		}
		b.StartTimer()
		s.take(*traffic.routes.Load(), nil, time.Now())
	}
}
