package upstream_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

var soak = flag.Bool("soak", false, "send a million requests with faults where 20,000 are usual, for minutes")

var seeded = flag.Uint64("seed", 0, "of what is random; 0: another one each time, but for answers that are not -soak")

// TestTokens sends requests whose answers carry the request's token in a header, throughout the
// body and in a trailer, while upstream and clients do everything wrong that they can, at random:
// no answer, nor a part of one, ever reaches another client, none seems whole that isn't, and no
// upload either; nothing unsafe is sent twice.
func TestTokens(t *testing.T) {
	leavesNothing(t)
	requests, clients := int64(20_000), 32
	if *soak {
		requests = 1_000_000
	}
	seed := *seeded
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", seed)
	wrong := make(chan string, 10)
	upstreamSide := &soakPeer{wrong: wrong, last: make([]atomic.Int64, clients)}
	p := startPeer(t, upstreamSide.play)
	g := startGateway(t, p.URL, gatewayConfig{})
	var sent atomic.Int64
	left := func() bool { return len(wrong) == 0 && sent.Add(1) <= requests }
	var running errgroup.Group
	all := make([]*soakClient, clients)
	start := time.Now()
	for i := range all {
		all[i] = &soakClient{addr: g.Addr, id: i, rand: rand.New(rand.NewPCG(seed, uint64(i))), count: make(map[string]int)}
		running.Go(func() error {
			err := all[i].run(left)
			if err != nil {
				sent.Store(requests) // the others need not go on
			}
			return err
		})
	}
	if err := running.Wait(); err != nil {
		t.Error(err)
	}
	for len(wrong) > 0 {
		t.Error(<-wrong)
	}
	took := time.Since(start)
	count, total := make(map[string]int), 0
	for _, c := range all {
		for what, n := range c.count {
			count[what] += n
			total += n
		}
	}
	var table strings.Builder
	for _, what := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(&table, "%9d %s\n", count[what], what)
	}
	t.Logf("%d requests in %v, %.0f/s; %d requests and %d connections at the upstream, %d uploads cut\n%s", total, took,
		float64(total)/took.Seconds(), p.Requests.Load(), p.Accepted.Load(), upstreamSide.cut.Load(), &table)
	for _, f := range soakFaults {
		if !t.Failed() && count[f.name+" "+f.want[0]] == 0 {
			t.Errorf("%s never led to %q: the test doesn't test it", f.name, f.want[0])
		}
	}
	// POSTs may meet a connection that is just closing, which is rare.
	if lost := count["none "+outcomeFailed]; lost > total/20 {
		t.Errorf("%d requests without a fault failed", lost)
	}
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
