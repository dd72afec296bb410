package upstream_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"golang.org/x/sync/errgroup"
)

// TestIdleConnectionClosesAsRequestIsWritten has an upstream close its connections a moment
// after each answer, which is when the next request goes out on them. What may be repeated is,
// and nobody notices; what may not be is sent once at most.
func TestIdleConnectionClosesAsRequestIsWritten(t *testing.T) {
	leavesNothing(t)
	for name, end := range map[string]func(*peerConn){
		"closing":   func(c *peerConn) { c.Close() },
		"resetting": func(c *peerConn) { c.reset() },
		// Data that nobody reads makes a RST of the closing, as it does with most servers.
		"after the request came": func(c *peerConn) { _, _ = c.r.Peek(1) },
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			times := make(map[string]int) // a request came, by path
			p := startPeer(t, func(c *peerConn) {
				for i := range 3 {
					head, _, ok := c.request()
					if !ok {
						return
					}
					mu.Lock()
					times[path(head)]++
					mu.Unlock()
					c.send(plain(path(head)))
					if i == 2 || c.nth%4 == 0 {
						break
					}
				}
				time.Sleep(time.Duration(c.nth%7) * 20 * time.Microsecond)
				end(c)
			})
			g := startGateway(t, p.URL, gatewayConfig{})
			var lost, repeated atomic.Int64
			var clients errgroup.Group
			for client := range 8 {
				c := connect(t, g.Addr)
				_ = c.SetDeadline(time.Now().Add(4 * patience))
				clients.Go(func() error {
					for i := range 120 {
						method, body := []string{"GET", "POST", "PUT", "HEAD", "DELETE"}[i%5], ""
						path := fmt.Sprintf("/%s-%d-%d", method, client, i)
						if method == "POST" || method == "PUT" {
							body = "abc"
						}
						got := c.ask(t, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", method, path, len(body), body))
						if got.Cut {
							return fmt.Errorf("%s: %v", path, got)
						}
						whole := got.Status == 200 && (got.Body == path || method == "HEAD")
						mu.Lock()
						n := times[path]
						mu.Unlock()
						switch {
						case method == "GET" || method == "HEAD":
							if !whole {
								return fmt.Errorf("%s: %v; want it repeated until it is answered", path, got)
							}
						case n > 1 && method == "POST":
							return fmt.Errorf("%s came %d times", path, n)
						case n > 1:
							repeated.Add(1)
						case !whole && got.Status == 502:
							lost.Add(1)
						case !whole:
							return fmt.Errorf("%s: %v", path, got)
						}
						if got.Close { // an upload that was not read to its end
							c.Close()
							c = connect(t, g.Addr)
						}
					}
					return nil
				})
			}
			if err := clients.Wait(); err != nil {
				t.Error(err)
			}
			t.Logf("%d connections for 960 requests; %d unsafe ones were lost, %d idempotent ones came twice", p.Accepted.Load(), lost.Load(), repeated.Load())
		})
	}
}

// TestStaleIsRepeatedOnlyIfNothingWasAnswered has the second request on a connection meet each
// kind of end, at each of the first bytes of its answer.
func TestStaleIsRepeatedOnlyIfNothingWasAnswered(t *testing.T) {
	leavesNothing(t)
	never := func(cfg *strangler.Config) {
		cfg.Services = map[string]strangler.Upstream{"s": cfg.Legacy}
		cfg.Routes = []strangler.Route{{Name: "never", Match: strangler.Match{Path: "/never"}, Service: "s", Repeat: strangler.RepeatNever}}
	}
	for name, c := range map[string]struct {
		request  string
		repeated bool
	}{
		"GET":                        {getRequest("/"), true},
		"HEAD":                       {"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", true},
		"OPTIONS":                    {"OPTIONS / HTTP/1.1\r\nHost: h\r\n\r\n", true},
		"POST":                       {postRequest("/", "abc"), false},
		"POST without a body":        {postRequest("/", ""), false},
		"PATCH":                      {"PATCH / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", false},
		"a method nobody knows":      {"FROB / HTTP/1.1\r\nHost: h\r\n\r\n", false},
		"GET that is never repeated": {getRequest("/never"), false},
	} {
		for end, finish := range map[string]func(*peerConn){
			"closing": func(c *peerConn) { c.Close() }, "resetting": func(c *peerConn) { c.reset() },
			"half-closing": func(c *peerConn) { _ = c.CloseWrite(); c.untilGone() },
		} {
			t.Run(name+", "+end, func(t *testing.T) {
				for answered, part := range []string{"", "H", "HTTP/1.1 2"} {
					if answered > 0 && end == "resetting" {
						break
					}
					var times atomic.Int64
					p := startPeer(t, func(conn *peerConn) {
						for i := 0; ; i++ {
							head, _, ok := conn.request()
							if !ok {
								return
							}
							if path(head) == "/warm" {
								conn.send(plain("warm"))
								continue
							}
							times.Add(1)
							if conn.nth > 1 {
								conn.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
								continue
							}
							conn.send(part)
							finish(conn)
							return
						}
					})
					g := startGateway(t, p.URL, gatewayConfig{Edit: never})
					if got := ask(t, g.Addr, getRequest("/warm")); got.Body != "warm" {
						t.Fatal(got)
					}
					g.observed(t)
					got := ask(t, g.Addr, c.request)
					want, calls := 502, int64(1)
					if c.repeated && answered == 0 {
						want, calls = 200, 2
					}
					if got.Status != want || got.Cut {
						t.Errorf("after %q: %v; want %d", part, got, want)
					}
					if n := times.Load(); n != calls {
						t.Errorf("after %q: it came %d times, want %d", part, n, calls)
					}
					if seen := g.observed(t); (seen.Decision.Failure != "") != (want == 502) {
						t.Errorf("after %q: observed failure %q", part, seen.Decision.Failure)
					}
				}
			})
		}
	}
}

// TestAllIdleConnectionsAreStale has many connections in the pool and the upstream restart: all
// of them are dead when the next requests come.
func TestAllIdleConnectionsAreStale(t *testing.T) {
	leavesNothing(t)
	const conns = 50
	together := make(chan struct{})
	var waiting atomic.Int64
	restart := make(chan struct{})
	p := startPeer(t, func(c *peerConn) {
		for {
			head, body, ok := c.request()
			if !ok {
				return
			}
			if path(head) == "/together" {
				if waiting.Add(1) == conns {
					close(together)
				}
				<-together
				c.send(plain("together"))
				select {
				case <-restart:
				case <-c.peer.done:
				}
				return
			}
			c.send(plain(path(head) + body))
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	var clients errgroup.Group
	for range conns {
		clients.Go(func() error {
			c := connect(t, g.Addr)
			defer c.Close()
			if got := c.ask(t, getRequest("/together")); got.Body != "together" {
				return fmt.Errorf("%v", got)
			}
			return nil
		})
	}
	if err := clients.Wait(); err != nil {
		t.Fatal(err)
	}
	for range conns {
		g.observed(t)
	}
	close(restart)
	eventually(t, "connections", func() error { return moreThan(p.Open.Load(), 0) })
	for i := range 20 { // the closing has arrived: an unsafe request doesn't meet it either
		request, want := postRequest("/own", "!"), "/own!"
		if i%2 == 1 {
			request, want = getRequest("/own"), "/own"
		}
		if got := ask(t, g.Addr, request); got.Status != 200 || got.Body != want {
			t.Errorf("request %d: %v; want %s", i, got, want)
		}
	}
}

// TestUploadOnStaleConnection has a stale connection take a part of an upload that nobody could
// send again: the client is told, and nothing of it is sent twice.
func TestUploadOnStaleConnection(t *testing.T) {
	leavesNothing(t)
	for _, method := range []string{"POST", "PUT"} {
		var times atomic.Int64
		p := startPeer(t, func(c *peerConn) {
			for {
				head, ok := c.head()
				if !ok {
					return
				}
				if path(head) == "/warm" {
					c.send(plain("warm"))
					continue
				}
				times.Add(1)
				_, _ = io.CopyN(io.Discard, c.r, 1000)
				return // resets: much is unread
			}
		})
		g := startGateway(t, p.URL, gatewayConfig{})
		if got := ask(t, g.Addr, getRequest("/warm")); got.Body != "warm" {
			t.Fatal(got)
		}
		g.observed(t)
		upload := strings.Repeat("x", 4<<20)
		c := connect(t, g.Addr)
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			_, _ = fmt.Fprintf(c, "%s / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", method, len(upload), upload)
		}()
		got := c.hear(method)
		if got.Status != http.StatusBadGateway {
			t.Errorf("%s: %v; want 502", method, got)
		}
		c.Close()
		<-sent
		if n := times.Load(); n != 1 {
			t.Errorf("%s came %d times", method, n)
		}
	}
}
