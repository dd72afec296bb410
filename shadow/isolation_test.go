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

// TestIsolation measures the p99 that clients see with a shadow around the handler while the
// service is of no use, against the bare handler in the same run: rounds of both and of bare
// against bare interleave, so that what else the machine does hits all alike.
//
// Normally it is short and only catches a shadow that makes clients wait (50 ms beyond a
// factor of three); -soak takes the ten rounds of the promise and allows a tenth.
func TestIsolation(t *testing.T) {
	rounds, length, allowed, slack := 3, 120*time.Millisecond, 3.0, 50.0
	if *soak {
		rounds, length, allowed, slack = 10, 2*time.Second, 1.1, 0.0
	} else if testing.Short() {
		t.Skip("measures for seconds")
	}
	never := make(chan struct{})
	defer close(never)
	hanging := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-never:
		case <-r.Context().Done():
		}
	}))
	refusing := httptest.NewServer(nil)
	refusing.Close()

	for _, service := range []struct {
		name  string
		other http.RoundTripper
	}{
		{"hanging", to(t, hanging)},
		{"refusing", to(t, refusing)},
		{"garbage", to(t, garbage(t))},
	} {
		t.Run(service.name, func(t *testing.T) {
			s := start(t, shadow.Config{Timeout: time.Minute, Logger: quiet})
			legacy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				time.Sleep(2 * time.Millisecond) // what an application needs, so that a p99 means something
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `{"id":7,"lines":%q}`, make([]byte, 1000))
			})
			kinds := map[string]*httptest.Server{
				"bare":     serve(t, legacy),
				"again":    serve(t, legacy),
				"shadowed": serve(t, s.Around(point(service.other))(legacy)),
			}
			goroutines, heap := baseline()
			p99 := make(map[string][]float64)
			for round := range rounds {
				order := []string{"bare", "shadowed", "again"}
				if round%2 == 1 {
					slices.Reverse(order)
				}
				for _, kind := range order {
					p99[kind] = append(p99[kind], quantile(t, kinds[kind], length))
				}
			}
			bare := median(p99["bare"])
			noise := max(median(p99["again"])/bare, bare/median(p99["again"]))
			ratio := median(p99["shadowed"]) / bare
			t.Logf("p99: bare %.2f ms, shadowed %.2f ms: ratio %.3f, bare against bare %.3f", bare, median(p99["shadowed"]), ratio, noise)
			if limit := max(allowed, noise); ratio > limit && median(p99["shadowed"])-bare > slack {
				t.Errorf("clients see %.2f times the p99 with a shadow, at most %.2f is allowed", ratio, limit)
			}

			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
			defer cancel()
			s.Close(ctx) // gives up what hangs; the account is checked on cleanup
			for _, server := range kinds {
				server.Client().CloseIdleConnections()
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

func baseline() (goroutines int, heap uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}

// quantile sends 500 requests a second, each when it is due whether or not earlier ones are
// answered, and returns the p99 in milliseconds from the due time on.
func quantile(t *testing.T, server *httptest.Server, length time.Duration) float64 {
	t.Helper()
	client := server.Client()
	client.Transport.(*http.Transport).MaxIdleConnsPerHost = 100
	var mu sync.Mutex
	var took []float64
	var clients sync.WaitGroup
	began := time.Now()
	for n := range int(length / (2 * time.Millisecond)) {
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
	slices.Sort(took)
	return took[len(took)*99/100]
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
