package shadow_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

var legacyBody = fmt.Appendf(nil, `{"id":7,"lines":%q}`, make([]byte, 1000))

// answerLikeLegacy takes the time that an application needs, so that a p99 means something.
var answerLikeLegacy = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	time.Sleep(2 * time.Millisecond)
	w.Header().Set("Content-Type", "application/json")
	w.Write(legacyBody)
})

// TestIsolation measures the p99 that clients see with a shadow around the handler while the
// service is of no use, against the bare handler in the same run. A round measures the handler
// bare, shadowed, and bare again, in turns of 200 ms whose order changes, so that what else the
// machine does hits all alike; what bare differs from bare again by is noise.
//
// Normally it is short, looks at the median instead of the p99, which a busy machine makes
// anything, and only catches a shadow that makes clients wait (100 ms beyond a factor of three);
// -soak takes the ten rounds of the promise, of 2 s for each, and allows a tenth, or what
// bare differs from bare again by. What else the machine does can make that fail by chance, so
// that it may try three times; a shadow that costs clients something costs it each time.
func TestIsolation(t *testing.T) {
	rounds, turns, requests, percentile, allowed, slack := 3, 1, 50, 50, 3.0, 100.0
	if *soak {
		rounds, turns, requests, percentile, allowed, slack = 10, 10, 100, 99, 1.1, 0.0
	} else if testing.Short() {
		t.Skip("measures for seconds")
	}
	for _, service := range []string{"hanging", "refusing", "garbage"} {
		t.Run(service, func(t *testing.T) {
			other := to(t, &httptest.Server{URL: serviceApart(t, service)})
			goroutines, heap := baseline()
			s := start(t, shadow.Config{Timeout: time.Minute, Logger: quiet})
			kinds := map[string]*httptest.Server{
				"bare":     serve(t, answerLikeLegacy),
				"shadowed": serve(t, s.Around(point(other))(answerLikeLegacy)),
				"again":    serve(t, answerLikeLegacy),
			}
			for _, server := range kinds {
				load(t, server, requests/2) // opens connections
			}
			for try := 1; ; try++ {
				measured := make(map[string][]float64)
				for round := range rounds {
					took := make(map[string][]float64)
					for turn := range turns {
						for _, kind := range orders[(round*turns+turn)%len(orders)] {
							took[kind] = append(took[kind], load(t, kinds[kind], requests)...)
						}
					}
					for kind := range kinds {
						slices.Sort(took[kind])
						measured[kind] = append(measured[kind], took[kind][len(took[kind])*percentile/100])
					}
				}
				bare, shadowed, again := median(measured["bare"]), median(measured["shadowed"]), median(measured["again"])
				noise, ratio := max(again/bare, bare/again), shadowed/bare
				t.Logf("p%d: bare %.2f ms, shadowed %.2f ms: ratio %.3f, bare against bare %.3f; rounds: bare %.1f, shadowed %.1f, again %.1f",
					percentile, bare, shadowed, ratio, noise, measured["bare"], measured["shadowed"], measured["again"])
				t.Logf("account: %+v", s.Counts()["orders"])
				limit := max(allowed, noise)
				if ratio <= limit || shadowed-bare <= slack {
					break
				}
				if try == 3 {
					t.Errorf("clients see %.2f times the p%d with a shadow, at most %.2f is allowed", ratio, percentile, limit)
					break
				}
			}

			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
			defer cancel()
			s.Close(ctx) // gives up what hangs; the account is checked on cleanup
			for _, server := range kinds {
				server.Close()
			}
			after, heapAfter := baseline()
			for deadline := time.Now().Add(5 * time.Second); after > goroutines && time.Now().Before(deadline); {
				time.Sleep(10 * time.Millisecond)
				after, heapAfter = baseline()
			}
			if after > goroutines {
				t.Errorf("%d goroutines are left of %d", after, goroutines)
			}
			if heapAfter > heap+8<<20 {
				t.Errorf("the heap grew from %d to %d KiB", heap>>10, heapAfter>>10)
			}
		})
	}
}

// orders are all in which three can take turns. Which comes first or after which matters.
var orders = [][]string{
	{"bare", "shadowed", "again"}, {"again", "bare", "shadowed"}, {"shadowed", "again", "bare"},
	{"again", "shadowed", "bare"}, {"shadowed", "bare", "again"}, {"bare", "again", "shadowed"},
}

func baseline() (goroutines int, heap uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}

// load sends 500 requests a second, each when it is due whether or not earlier ones are
// answered, and returns how many milliseconds after it was due each was answered.
func load(t *testing.T, server *httptest.Server, requests int) (took []float64) {
	t.Helper()
	client := server.Client()
	client.Transport.(*http.Transport).MaxIdleConnsPerHost = 100
	var mu sync.Mutex
	var clients sync.WaitGroup
	began := time.Now()
	for n := range requests {
		due := began.Add(time.Duration(n) * 2 * time.Millisecond)
		time.Sleep(time.Until(due))
		clients.Go(func() {
			resp, err := client.Get(server.URL)
			if err != nil {
				t.Error(err)
				return
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			took = append(took, float64(time.Since(due))/float64(time.Millisecond))
		})
	}
	clients.Wait()
	return took
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[half-1] + sorted[half]) / 2
	}
	return sorted[half]
}
