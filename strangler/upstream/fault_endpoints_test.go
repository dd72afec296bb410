package upstream_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// moving are endpoints that change.
type moving struct {
	mu  sync.Mutex
	now []upstream.Endpoint
}

// Discover implements upstream.Discoverer.
func (m *moving) Discover(context.Context) ([]upstream.Endpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.now), nil
}

func (m *moving) to(peers ...*peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = nil
	for _, p := range peers {
		m.now = append(m.now, upstream.Endpoint{Addr: p.URL.Host})
	}
}

// TestEndpointsMove has the endpoints be others again and again while clients ask: none of them
// notices, and those that are no more keep no connection.
func TestEndpointsMove(t *testing.T) {
	leavesNothing(t)
	peers := []*peer{startPeer(t, named), startPeer(t, named), startPeer(t, named)}
	where := new(moving)
	where.to(peers[0])
	g := startGateway(t, peers[0].URL, gatewayConfig{Upstream: upstream.Config{Discover: where, Resolve: 5 * time.Millisecond}})
	var over atomic.Bool
	var clients sync.WaitGroup
	for i := range 4 {
		c := connect(t, g.Addr)
		clients.Go(func() {
			for j := 0; !over.Load(); j++ {
				own := fmt.Sprintf("/%d-%d", i, j)
				request, want := getRequest(own), own
				if j%2 == 0 {
					request, want = postRequest(own, "!"), own+"!"
				}
				if got := c.ask(t, request); got.Status != 200 || got.Body != want {
					t.Errorf("%v; want %s", got, want)
					return
				}
			}
		})
	}
	for i := range 30 {
		time.Sleep(10 * time.Millisecond)
		where.to(peers[i%3], peers[(i+1)%3])
	}
	where.to(peers[1])
	eventually(t, "connections to endpoints that are no more", func() error {
		return moreThan(peers[0].Open.Load()+peers[2].Open.Load(), 0)
	})
	over.Store(true)
	clients.Wait()
	for i, p := range peers {
		if p.Requests.Load() == 0 {
			t.Errorf("endpoint %d was never asked", i)
		}
	}
}

// TestAllEndpointsAreOut has every endpoint fail until all are out, and be well again: they are
// asked all the same, and answer as soon as they can.
func TestAllEndpointsAreOut(t *testing.T) {
	leavesNothing(t)
	var ill atomic.Bool
	play := func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok || ill.Load() {
				return
			}
			c.send(plain(path(head)))
		}
	}
	a, b := startPeer(t, play), startPeer(t, play)
	where := new(moving)
	where.to(a, b)
	var transport atomic.Pointer[upstream.Transport]
	g := startGateway(t, a.URL, gatewayConfig{Upstream: upstream.Config{
		Discover: where, Resolve: time.Minute,
		Health: upstream.Health{EjectAfter: 2, EjectFor: time.Hour},
	}, Edit: func(cfg *strangler.Config) { transport.Store(cfg.Legacy.Transport.(*upstream.Transport)) }})
	if got := ask(t, g.Addr, getRequest("/well")); got.Body != "/well" {
		t.Fatal(got)
	}
	g.observed(t)
	ill.Store(true)
	for range 10 {
		if got := ask(t, g.Addr, postRequest("/ill", "")); got.Status != 502 {
			t.Errorf("%v; want 502", got)
		}
		if seen := g.observed(t); seen.Decision.Failure != "broken" {
			t.Errorf("failure %q", seen.Decision.Failure)
		}
	}
	for _, ep := range transport.Load().State().Endpoints {
		if ep.Healthy {
			t.Errorf("%+v; want it out", ep)
		}
	}
	ill.Store(false)
	for i := range 10 {
		if got := ask(t, g.Addr, getRequest("/again")); got.Status != 200 || got.Body != "/again" {
			t.Errorf("request %d: %v", i, got)
		}
	}
}
