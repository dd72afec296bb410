package daemon_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/web"
)

// unbalanced says where the accounts of a snapshot don't add up.
func unbalanced(stats web.Stats) string {
	for _, route := range stats.Routes {
		c := route.Comparisons
		var reasons int64
		for _, n := range c.Reasons {
			reasons += n
		}
		if c.Sampled != c.Match+c.Noise+c.Lag+c.Diverged+c.Failed+c.Skipped+c.Pending || reasons != c.Failed+c.Skipped {
			return fmt.Sprintf("%s: %+v", route.Route, c)
		}
	}
	return ""
}

// TestAccounts shadows services that fail in every way, in both directions, while routes move,
// and holds every snapshot against its sum; in the end the ledger has the same counts.
func TestAccounts(t *testing.T) {
	t.Parallel()
	length := 2 * time.Second
	if *soak {
		length = time.Minute
	}
	legacy := backend(t, "legacy", nil)
	release := make(chan struct{})
	hang := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	services := map[string]string{
		"good": legacy.URL, "diverges": backend(t, "service", nil).URL, "s503": status(t, 503), "refused": refusing(t),
		"cut": speaking(t, ""), "hangs": hang.URL,
		"mixed": backend(t, "", func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
			switch rand.IntN(4) {
			case 0:
				w.WriteHeader(http.StatusNotModified)
			case 1:
				panic(http.ErrAbortHandler)
			case 2:
				fmt.Fprint(w, strings.Repeat("x", 4<<10)) // over max_body
			default:
				fmt.Fprintf(w, "legacy %s %s", r.Method, r.RequestURI)
			}
		}).URL,
	}
	var names []string
	text := fmt.Sprintf("legacy: {url: %q}\nshadow: {max_body: 2KiB, queue: 50, workers: 8}\ndefaults: {timeouts: {first_byte: 100ms}}\nservices:\n", legacy.URL)
	for name, url := range services {
		text += fmt.Sprintf("  %s: {urls: [%q]}\n", name, url)
		names = append(names, name)
	}
	text += "routes:\n"
	for _, name := range names {
		text += fmt.Sprintf("  - {name: %[1]s, match: {path: /%[1]s}, service: %[1]s, start: shadow, cohort: [request], shadow: {sample: 90%%}}\n", name)
	}
	folder := t.TempDir()
	s := startIn(t, folder, text)

	until := time.Now().Add(length)
	var clients, watchers sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for time.Now().Before(until) {
				method, name := []string{"GET", "GET", "GET", "HEAD", "POST", "OPTIONS"}[rand.IntN(6)], names[rand.IntN(len(names))]
				r, _ := http.NewRequest(method, s.URL+"/"+name, strings.NewReader(""))
				if rand.IntN(5) == 0 {
					r.Header.Set("Cookie", "sid=1")
				}
				if resp, err := s.Client.Do(r); err == nil { // what a client gets is another test's matter
					resp.Body.Close()
				}
			}
		})
	}
	watchers.Go(func() {
		for time.Now().Before(until) {
			for _, name := range names {
				s.shift(t, name, []string{"shadow", "50%", "live", "legacy"}[rand.IntN(4)])
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	snapshots := 0
	for range 2 {
		watchers.Go(func() {
			for n := 0; time.Now().Before(until); n++ {
				if wrong := unbalanced(s.Stats()); wrong != "" {
					t.Errorf("snapshot %d doesn't add up: %s", n, wrong)
					return
				}
			}
		})
	}
	for ; time.Now().Before(until); snapshots++ {
		stats, err := s.API.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if wrong := unbalanced(stats); wrong != "" {
			t.Fatalf("snapshot %d of the API doesn't add up: %s", snapshots, wrong)
		}
	}
	clients.Wait()
	watchers.Wait()
	close(release)
	eventually(t, "nothing is pending", func() bool {
		stats := s.Stats()
		pending := stats.Ledger.Pending
		for _, route := range stats.Routes {
			pending += route.Comparisons.Pending
		}
		return pending == 0
	})
	stats := s.Stats()
	s.Client.CloseIdleConnections() // those that were never used would be waited for
	if err := s.end(); err != nil {
		t.Error(err)
	}

	var want, got []ledger.Total
	seen := map[shadow.Verdict]bool{}
	for _, route := range stats.Routes {
		c := route.Comparisons
		seen[shadow.Match] = seen[shadow.Match] || c.Match > 0
		seen[shadow.Diverged] = seen[shadow.Diverged] || c.Diverged > 0
		seen[shadow.Failed] = seen[shadow.Failed] || c.Failed > 0
		seen[shadow.Skipped] = seen[shadow.Skipped] || c.Skipped > 0
		for reason, n := range c.Reasons {
			want = append(want, ledger.Total{Route: route.Route, Reason: reason, Count: n})
		}
		if n := c.Match + c.Diverged; n > 0 {
			want = append(want, ledger.Total{Route: route.Route, Count: n})
		}
	}
	if len(seen) != 4 || snapshots == 0 {
		t.Errorf("the load didn't come to all verdicts: %v, or there were no snapshots: %d", seen, snapshots)
	}
	kept, err := ledger.Open(t.Context(), filepath.Join(folder, "data", "ledger.db"), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close(t.Context())
	totals, err := kept.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sums := map[ledger.Total]int64{}
	for _, total := range totals {
		sums[ledger.Total{Route: total.Route, Reason: total.Reason}] += total.Count
	}
	for key, n := range sums {
		key.Count = n
		got = append(got, key)
	}
	sorted := cmp.Transformer("sorted", func(list []ledger.Total) map[string]int64 {
		m := map[string]int64{}
		for _, total := range list {
			m[total.Route+": "+total.Reason] += total.Count
		}
		return m
	})
	if diff := cmp.Diff(want, got, sorted); diff != "" || stats.Ledger.Dropped != 0 {
		t.Errorf("the ledger's totals (-counted +ledger), %d dropped:\n%s", stats.Ledger.Dropped, diff)
	}
}
