package upstream

import (
	"fmt"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
)

// places makes endpoints a, b, c… of the given weights.
func places(weights ...int) []place {
	var all []place
	for i, w := range weights {
		all = append(all, place{Endpoint: Endpoint{Addr: fmt.Sprintf("10.0.0.%d:80", i), Weight: w}})
	}
	return all
}

// balanced returns a transport to such endpoints, all of which answer at once.
func balanced(t *testing.T, cfg Config, weights ...int) *Transport {
	t.Helper()
	cfg.URLs = append(cfg.URLs, parse(t, "http://127.0.0.1"))
	tr := transport(t, cfg)
	tr.use(places(weights...))
	for _, ep := range tr.endpoints.Load().all {
		ep.conns = always(200)
	}
	return tr
}

// shares sends n requests and returns how many each endpoint got.
func shares(t *testing.T, tr *Transport, n int) []int {
	t.Helper()
	all := tr.endpoints.Load().all
	before := make([]int64, len(all))
	for i, ep := range all {
		before[i] = ep.requests.Load()
	}
	for range n {
		resp, err := tr.RoundTrip(get(t.Context()))
		finish(t, resp, err)
	}
	got := make([]int, len(all))
	for i, ep := range all {
		got[i] = int(ep.requests.Load() - before[i])
	}
	return got
}

func out(ep *endpoint) { ep.outUntil.Store(math.MaxInt64) }

func TestShares(t *testing.T) {
	for name, c := range map[string]struct {
		balance Balance
		weights []int
		out     []int
		want    []int
		within  int
	}{
		"in turns":                          {BalanceRoundRobin, []int{1, 1, 1}, nil, []int{200, 200, 200}, 0},
		"in turns, by weight":               {BalanceRoundRobin, []int{1, 2, 3}, nil, []int{100, 200, 300}, 3},
		"in turns, weights far apart":       {BalanceRoundRobin, []int{1, 99}, nil, []int{6, 594}, 2},
		"in turns, one out":                 {BalanceRoundRobin, []int{1, 1, 1}, []int{1}, []int{300, 0, 300}, 0},
		"in turns, by weight, one out":      {BalanceRoundRobin, []int{1, 5, 3}, []int{1}, []int{150, 0, 450}, 3},
		"in turns, all out":                 {BalanceRoundRobin, []int{1, 1, 1}, []int{0, 1, 2}, []int{200, 200, 200}, 0},
		"least requests, nothing in flight": {BalanceLeastRequests, []int{1, 1, 1}, nil, []int{200, 200, 200}, 60},
		"least requests, by weight":         {BalanceLeastRequests, []int{1, 5}, nil, []int{100, 500}, 50},
		"least requests, one out":           {BalanceLeastRequests, []int{1, 1, 1}, []int{0}, []int{0, 300, 300}, 60},
		"least requests, all but one out":   {BalanceLeastRequests, []int{1, 1, 1}, []int{0, 1}, []int{0, 0, 600}, 0},
		"hash without a key":                {BalanceHash, []int{1, 1, 1}, nil, []int{200, 200, 200}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tr := balanced(t, Config{Balance: c.balance}, c.weights...)
			for _, i := range c.out {
				out(tr.endpoints.Load().all[i])
			}
			got := shares(t, tr, 600)
			for i, want := range c.want {
				if d := got[i] - want; d > c.within || -d > c.within {
					t.Errorf("shares %v, want %v within %d", got, c.want, c.within)
				}
			}
		})
	}
}

// TestWeightedTurnsAlternate has no endpoint get its share in one go.
func TestWeightedTurnsAlternate(t *testing.T) {
	tr := balanced(t, Config{}, 1, 1, 2)
	for range 50 {
		if got := shares(t, tr, 8); got[2] < 3 || got[2] > 5 || got[0] == 0 || got[1] == 0 {
			t.Errorf("of eight in a row %v, want about 2, 2, 4", got)
		}
	}
}

// TestLeastRequestsAvoidsTheBusy has an endpoint hold what it got.
func TestLeastRequestsAvoidsTheBusy(t *testing.T) {
	tr := balanced(t, Config{Balance: BalanceLeastRequests}, 1, 1, 1, 1)
	tr.endpoints.Load().all[0].inFlight.Store(100)
	if got := shares(t, tr, 400); got[0] != 0 {
		t.Errorf("the busy one got %d of 400", got[0])
	}
}

// TestHashSticks compares where keys go before and after an endpoint goes.
func TestHashSticks(t *testing.T) {
	const keys = 3000
	tr := balanced(t, Config{Balance: BalanceHash}, 1, 1, 2)
	all := tr.endpoints.Load().all
	ctx := decided(t, strangler.RepeatByMethod)
	where := func(key uint64) int {
		strangler.DecisionFrom(ctx).Key = key
		ep := tr.choose(tr.endpoints.Load(), get(ctx), nil, nil)
		for i := range all {
			if all[i] == ep {
				return i
			}
		}
		return -1
	}
	var before [keys]int
	count := [3]int{}
	for k := range before {
		before[k] = where(uint64(k) + 1)
		count[before[k]]++
		if where(uint64(k)+1) != before[k] {
			t.Fatalf("key %d goes here and there", k)
		}
	}
	for i, want := range []int{keys / 4, keys / 4, keys / 2} {
		if d := count[i] - want; d > keys/20 || -d > keys/20 {
			t.Errorf("keys of each: %v, want a quarter, a quarter and a half", count)
		}
	}
	out(all[1])
	moved := [3]int{}
	for k := range before {
		if now := where(uint64(k) + 1); now != before[k] {
			if before[k] != 1 {
				t.Fatalf("key %d moved from %d, which is still there, to %d", k, before[k], now)
			}
			moved[now]++
		}
	}
	if moved[0] == 0 || moved[2] == 0 || moved[1] != 0 {
		t.Errorf("the keys of the one that is out went to %v, want them spread", moved)
	}
}

// TestHashRetriesElsewhere has a key's endpoint fail: another attempt there would be in vain.
func TestHashRetriesElsewhere(t *testing.T) {
	ctx := decided(t, strangler.RepeatByMethod)
	tr := balanced(t, Config{Balance: BalanceHash, Policy: Policy{Retry: Retry{Attempts: 3, Backoff: 1, Budget: 1}}}, 1, 1, 1)
	for key := range uint64(30) {
		strangler.DecisionFrom(ctx).Key = key + 1
		var tried []string
		for _, ep := range tr.endpoints.Load().all {
			ep.conns = answers(func(r *http.Request) (*http.Response, error) {
				tried = append(tried, ep.Addr)
				return status(r, 200+303*min(1, 3-len(tried))), nil // the third is good
			})
			ep.inRow.Store(0)
			ep.outUntil.Store(0)
		}
		resp, err := tr.RoundTrip(get(ctx))
		finish(t, resp, err)
		seen := map[string]bool{}
		for _, addr := range tried {
			seen[addr] = true
		}
		if len(seen) != len(tried) {
			t.Errorf("key %d: tried %v", key+1, tried)
		}
	}
}

// TestSlowStart has a new endpoint join two that are warm.
func TestSlowStart(t *testing.T) {
	for name, balance := range map[string]Balance{"in turns": BalanceRoundRobin, "least requests": BalanceLeastRequests} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := balanced(t, Config{SlowStart: 10 * time.Second, Balance: balance}, 1, 1)
				time.Sleep(20 * time.Second)
				tr.use(places(1, 1, 1))
				tr.endpoints.Load().all[2].conns = always(200)
				var got []int
				for range 5 {
					got = append(got, shares(t, tr, 2000)[2])
					time.Sleep(2500 * time.Millisecond)
				}
				// A tenth, a quarter, a half, three quarters of the others' share, then as much.
				want := []float64{0.1 / 2.1, 0.25 / 2.25, 0.5 / 2.5, 0.75 / 2.75, 1. / 3}
				for i, w := range want {
					if d := float64(got[i]) - 2000*w; math.Abs(d) > 80 {
						t.Errorf("after %.1f s it got %d of 2000, want %.0f", 2.5*float64(i), got[i], 2000*w)
					}
				}
			})
		})
	}
}

// TestChoiceWhileHealthChanges never comes to nothing, whatever becomes of the endpoints meanwhile.
func TestChoiceWhileHealthChanges(t *testing.T) {
	for _, balance := range []Balance{BalanceRoundRobin, BalanceLeastRequests, BalanceHash} {
		tr := balanced(t, Config{Balance: balance}, 1, 2, 3)
		all := tr.endpoints.Load().all
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					all[i%3].down.Store(i/3%2 == 0)
				}
			}
		}()
		for range 20000 {
			if tr.choose(tr.endpoints.Load(), get(t.Context()), nil, nil) == nil {
				t.Fatal("no endpoint was chosen")
			}
		}
		close(stop)
		<-stopped
		if ep := tr.choose(tr.endpoints.Load(), get(t.Context()), all, nil); ep != nil {
			t.Error("an endpoint was chosen though all were tried")
		}
	}
}

func TestWeightsChange(t *testing.T) {
	tr := balanced(t, Config{}, 1, 1)
	before := tr.endpoints.Load().all
	tr.use(places(3, 1))
	if diff := cmp.Diff([]int{300, 100}, shares(t, tr, 400)); diff != "" && math.Abs(float64(before[0].requests.Load()-300)) > 3 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if after := tr.endpoints.Load().all; before[0] != after[0] || before[1] != after[1] {
		t.Error("a changed weight made other endpoints of them")
	}
}
