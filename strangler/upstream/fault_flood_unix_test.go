//go:build unix

package upstream_test

import (
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// TestFlood has 5,000 clients connect, ask all at once, and again: each gets its own answer,
// and when they have left everything is as before.
func TestFlood(t *testing.T) {
	leavesNothing(t)
	const most = 256 // connections towards the upstream
	clients := 5000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if raised := (syscall.Rlimit{Cur: limit.Max, Max: limit.Max}); syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
		defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) }()
		limit = raised
	}
	if room := (int(limit.Cur) - 2*most - 200) / 2; room < clients { // both ends are ours
		clients = room
		t.Logf("scaled to %d clients: there may be %d open files", clients, limit.Cur)
	}
	p := startPeer(t, named)
	g := startGateway(t, p.URL, gatewayConfig{
		Upstream: upstream.Config{MaxPerHost: most, DialTimeout: time.Minute}, // with as much time for a connection to come free
		Server:   strangler.ServerConfig{HeaderTimeout: 4 * patience},         // the first has connected long before it asks
	})
	conns := make([]*rawClient, clients)
	for i := range conns {
		conns[i] = connect(t, g.Addr)
		_ = conns[i].SetDeadline(time.Now().Add(4 * patience))
	}
	for round := range 2 {
		start := make(chan struct{})
		var asking sync.WaitGroup
		for i, c := range conns {
			asking.Go(func() {
				<-start
				path, body := fmt.Sprintf("/%d-%d", round, i), ""
				request := getRequest(path)
				if i%3 == 0 {
					body = "!"
					request = postRequest(path, body)
				}
				if got := c.ask(t, request); got.Status != 200 || got.Body != path+body {
					t.Errorf("client %d: %v; want %s", i, got, path)
				}
			})
		}
		close(start)
		asking.Wait()
	}
	if n := p.Open.Load(); n > most {
		t.Errorf("%d connections towards the upstream, want at most %d", n, most)
	}
	if n := p.Requests.Load(); n != int64(2*clients) {
		t.Errorf("the upstream got %d requests, want %d", n, 2*clients)
	}
	for _, c := range conns {
		c.Close()
	}
	// Connections that never ask for anything, and leave.
	for range 500 {
		c, err := net.Dial("tcp", g.Addr)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	if got := ask(t, g.Addr, getRequest("/after")); got.Body != "/after" {
		t.Errorf("after it: %v", got)
	}
}

// TestAllAtOnce has as many requests in flight as there are clients, each on a connection to the
// upstream of its own; fewer are kept.
func TestAllAtOnce(t *testing.T) {
	leavesNothing(t)
	const clients, kept = 1000, 10
	var arrived sync.WaitGroup
	arrived.Add(clients)
	p := startPeer(t, func(c *peerConn) {
		if head, _, ok := c.request(); ok {
			arrived.Done()
			arrived.Wait()
			c.send(plain(path(head)))
			c.untilGone()
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{Upstream: upstream.Config{MaxIdlePerHost: kept, IdleTimeout: time.Minute}})
	var asking sync.WaitGroup
	for i := range clients {
		c := connect(t, g.Addr)
		asking.Go(func() {
			path := fmt.Sprintf("/%d", i)
			if got := c.ask(t, getRequest(path)); got.Status != 200 || got.Body != path {
				t.Errorf("client %d: %v", i, got)
			}
		})
	}
	asking.Wait()
	eventually(t, "connections towards the upstream", func() error { return moreThan(p.Open.Load(), kept) })
}
