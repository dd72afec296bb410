package daemon_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	costPairs = 12
	costRound = 1500 * time.Millisecond
	// costSettles is how long dashboards are open before they are measured.
	costSettles = time.Second
	// With 12 pairs the median lies between the third smallest and the third largest ratio, whatever
	// their distribution, with 96 %: 1 − 2·P(X ≤ 2), X of Bin(12, ½).
	costRank = 2
)

// cost is what requests took in a round, and what the process worked for each.
type cost struct{ p50, p95, cpu time.Duration }

// TestSoakOpenDashboards measures what 50 open dashboards cost those who are served: nothing that can be
// told from noise. Other programs work on the machine meanwhile, so rounds with and without dashboards
// alternate, in either order, each pair gives a ratio of its own, and the median of these counts.
func TestSoakOpenDashboards(t *testing.T) {
	if !*soak {
		t.Skip("measures for a minute; run it with -soak")
	}
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	s := start(t, manyRoutes(500, legacy.URL, service.URL))
	measure := func() cost {
		began := processorTime(t)
		var took []time.Duration
		for until := time.Now().Add(costRound); time.Now().Before(until); time.Sleep(time.Millisecond) {
			began := time.Now()
			s.get(t, fmt.Sprintf("/api/r%d", len(took)%500))
			took = append(took, time.Since(began))
		}
		worked := processorTime(t) - began
		slices.Sort(took)
		return cost{took[len(took)/2], took[len(took)*95/100], worked / time.Duration(len(took))}
	}
	measure() // connections, caches
	var ratios [3][]float64
	var without, with []cost
	for pair := range costPairs {
		var open, none cost
		rounds := []func(){
			func() { none = measure() },
			func() {
				leave := openDashboards(t, s, 50)
				time.Sleep(costSettles) // to open them is another matter
				open = measure()
				leave()
				time.Sleep(costSettles / 2)
			},
		}
		if pair%2 == 1 {
			slices.Reverse(rounds)
		}
		for _, round := range rounds {
			round()
		}
		without, with = append(without, none), append(with, open)
		for i, ratio := range []float64{float64(open.p50) / float64(none.p50), float64(open.p95) / float64(none.p95), float64(open.cpu) / float64(none.cpu)} {
			ratios[i] = append(ratios[i], ratio)
		}
	}
	middle := func(all []cost, of func(cost) time.Duration) time.Duration {
		sorted := slices.SortedFunc(slices.Values(all), func(a, b cost) int { return int(of(a) - of(b)) })
		return of(sorted[len(sorted)/2]).Round(time.Microsecond)
	}
	for i, one := range []struct {
		name  string
		of    func(cost) time.Duration
		limit float64 // of what the ratio certainly is at least; 0: it is told only
	}{
		{"median of requests", func(c cost) time.Duration { return c.p50 }, 1.05},
		{"95 of 100 requests", func(c cost) time.Duration { return c.p95 }, 1.25}, // which other programs move, too
		{"CPU for a request, dashboards included", func(c cost) time.Duration { return c.cpu }, 0},
	} {
		slices.Sort(ratios[i])
		low, high := ratios[i][costRank], ratios[i][costPairs-1-costRank]
		t.Logf("%s: %s, with 50 dashboards %s; ratio %.3f, with 96 %% between %.3f and %.3f (%d pairs of %s, %d CPUs)", one.name,
			middle(without, one.of), middle(with, one.of), (ratios[i][costPairs/2-1]+ratios[i][costPairs/2])/2, low, high, costPairs, costRound, runtime.NumCPU())
		if one.limit > 0 && low > one.limit {
			t.Errorf("50 open dashboards slow down %s by a factor of %.3f at least", one.name, low)
		}
	}
}

// openDashboards opens so many, of several pages, and returns when each has its first message. Leave
// closes them.
func openDashboards(t *testing.T, s *system, n int) (leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	client := &http.Client{Transport: &http.Transport{}}
	pages := []string{"/live/", "/live/", "/live/routes", "/live/routes/route-3", "/live/routes/route-7"}
	done, ready := make(chan error, n), make(chan struct{}, n)
	for i := range n {
		path := pages[i%len(pages)]
		go func() {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.AdminURL()+path, nil)
			if err != nil {
				done <- err
				return
			}
			resp, err := client.Do(req)
			if err != nil {
				done <- err
				return
			}
			defer resp.Body.Close()
			lines := bufio.NewReader(resp.Body)
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					done <- fmt.Errorf("%s, status %d: %w", path, resp.StatusCode, err)
					return
				}
				if strings.HasPrefix(line, "event: ") {
					break
				}
			}
			ready <- struct{}{}
			_, _ = io.Copy(io.Discard, lines) // it ends with ctx
			done <- nil
		}()
	}
	for range n {
		select {
		case <-ready:
		case err := <-done:
			cancel()
			t.Fatal(err)
		case <-time.After(10 * time.Second):
			cancel()
			t.Fatal("a dashboard has nothing to show")
		}
	}
	return func() {
		cancel()
		for range n {
			<-done
		}
		client.CloseIdleConnections()
	}
}

// processorTime is how long this process has worked.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
