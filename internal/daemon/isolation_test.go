package daemon_test

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestIsolation holds what the promise rests on, whatever the machine does: with a service that
// is of no use every client gets legacy's answer, none waits for the copy, and what the copies
// take is bounded.
func TestIsolation(t *testing.T) {
	services, release := uselessServices(t)
	for _, name := range []string{"refusing", "garbage", "hanging"} {
		t.Run(name, func(t *testing.T) {
			s := isolated(t, services[name])
			if name == "hanging" {
				defer release() // what hangs would hold the end up
			}
			s.rate(t, "legacy", 20*time.Millisecond) // connections that are there anyway
			before := runtime.NumGoroutine()
			took := s.rate(t, "shadowed", 400*time.Millisecond)
			if slowest := took[len(took)-1]; slowest > 5000 {
				t.Errorf("a client waited %.0f ms", slowest)
			}
			c := s.comparisons("shadowed")
			if c.Sampled != int64(len(took)) || c.Match+c.Diverged > 0 {
				t.Errorf("%d requests, accounts %+v", len(took), c)
			}
			if after := runtime.NumGoroutine(); after > before+1000 {
				t.Errorf("%d goroutines became %d", before, after)
			}
		})
	}
}

// TestSoakIsolation measures the promise: the p99 of a shadowed route against the same route in
// phase legacy, at 500 requests a second in ten rounds that interleave; the ratio of the medians
// is at most 1.1, or what legacy against legacy comes to in the same run. What else the machine
// does can only make it larger by chance, so that it may try six times; a shadow that costs
// clients something costs it each time.
func TestSoakIsolation(t *testing.T) {
	if !*soak {
		t.Skip("measures for minutes; run it with -soak")
	}
	services, release := uselessServices(t)
	for _, name := range []string{"refusing", "garbage", "hanging"} {
		t.Run(name, func(t *testing.T) {
			s := isolated(t, services[name])
			if name == "hanging" {
				defer release() // what hangs would hold the end up
			}
			s.rate(t, "legacy", time.Second) // to warm up
			for try := 1; ; try++ {
				legacy, shadowed, again := s.p99s(t)
				noise := max(again/legacy, legacy/again)
				t.Logf("p99: legacy %.2f ms, shadowed %.2f ms, ratio %.3f; legacy against legacy %.3f", legacy, shadowed, shadowed/legacy, noise)
				if shadowed/legacy <= max(1.1, noise) {
					return
				}
				if try == 6 {
					t.Fatalf("the shadow costs clients a factor of %.3f", shadowed/legacy)
				}
			}
		})
	}
}

// p99s returns the medians over ten interleaved rounds of what clients of each kind of route see.
func (s *system) p99s(t *testing.T) (legacy, shadowed, again float64) {
	t.Helper()
	const rounds, length = 10, time.Second
	p99 := map[string][]float64{}
	for round := range rounds {
		kinds := []string{"legacy", "shadowed", "again"}
		if round%2 == 1 {
			slices.Reverse(kinds)
		}
		for _, kind := range kinds {
			took := s.rate(t, kind, length)
			p99[kind] = append(p99[kind], took[len(took)*99/100])
		}
	}
	return median(p99["legacy"]), median(p99["shadowed"]), median(p99["again"])
}

// uselessServices returns services by what is wrong with them. Those that hang do so until the
// release.
func uselessServices(t *testing.T) (services map[string]string, release func()) {
	over := make(chan struct{})
	hanging := backend(t, "", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-over:
		case <-r.Context().Done():
		}
	})
	return map[string]string{"hanging": hanging.URL, "refusing": refusing(t), "garbage": speaking(t, "\x00\x01SSH-2.0-nobody\r\n\r\n")}, sync.OnceFunc(func() { close(over) })
}

// isolated starts a daemon with the same route three times, one of them shadowed.
func isolated(t *testing.T, service string) *system {
	legacy := backend(t, "", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(2 * time.Millisecond) // what an application needs, so that a p99 means something
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id": 7, "lines": %q}`, make([]byte, 1000))
	})
	text := fmt.Sprintf("legacy: {url: %q}\nservices: {useless: {urls: [%q]}}\nroutes:\n", legacy.URL, service)
	for name, at := range map[string]string{"legacy": "legacy", "again": "legacy", "shadowed": "shadow"} {
		text += fmt.Sprintf("  - {name: %[1]s, match: {path: \"/%[1]s/{id}\"}, service: useless, start: %[2]s}\n", name, at)
	}
	return start(t, text)
}

// rate sends 500 requests a second to one of the routes, each when it is due whether or not
// earlier ones are answered, and returns how long they took from then on, sorted, in milliseconds.
func (s *system) rate(t *testing.T, route string, length time.Duration) []float64 {
	t.Helper()
	const every = 2 * time.Millisecond
	var mu sync.Mutex
	var took []float64
	var clients sync.WaitGroup
	began := time.Now()
	for n := range int(length / every) {
		due := began.Add(time.Duration(n) * every)
		time.Sleep(time.Until(due))
		clients.Go(func() {
			resp, err := s.Client.Get(fmt.Sprintf("%s/%s/%d", s.URL, route, n))
			text, err := body(resp, err)
			if err != nil || resp.StatusCode != http.StatusOK || len(text) < 1000 {
				t.Errorf("request %d: %.50q, %v", n, text, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, float64(time.Since(due))/float64(time.Millisecond))
		})
	}
	clients.Wait()
	slices.Sort(took)
	return took
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// comparisons returns the accounts of one route.
func (s *system) comparisons(route string) shadow.Counts {
	for _, one := range s.Stats().Routes {
		if one.Route == route {
			return one.Comparisons
		}
	}
	return shadow.Counts{}
}
