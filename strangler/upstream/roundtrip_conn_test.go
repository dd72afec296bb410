package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// TestConnectionsAreBounded has more requests than there may be connections: they wait, each
// has its turn, and there are never more.
func TestConnectionsAreBounded(t *testing.T) {
	leavesNothing(t)
	const most = 3
	p := startPeer(t, func(c *peerConn) {
		for range 1 + c.nth%4 { // then it is gone, and its place free
			head, _, ok := c.request()
			if !ok {
				return
			}
			switch {
			case strings.HasSuffix(path(head), "5"):
				return
			case strings.HasSuffix(path(head), "7"):
				c.send("garbage\r\n\r\n")
				return
			}
			c.send(plain(path(head)))
		}
	})
	var open, peak atomic.Int64
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		for n := open.Add(1); ; {
			if was := peak.Load(); n <= was || peak.CompareAndSwap(was, n) {
				break
			}
		}
		return &countedConn{conn.(*net.TCPConn), sync.OnceFunc(func() { open.Add(-1) })}, nil
	}
	own := upstream.NewHTTP1(dial, most)
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if i%10 == 9 { // leaves at some time
				ctx, cancel = context.WithTimeout(ctx, time.Duration(i)*50*time.Microsecond)
				defer cancel()
			}
			path := fmt.Sprintf("/%d", i)
			r := request(t, "GET", path, nil, 0).WithContext(ctx)
			r.URL.Host = p.URL.Host
			resp, err := own.RoundTrip(r)
			fails := i%10 == 5 || i%10 == 7
			if err != nil {
				if !fails && i%10 != 9 || errors.Is(err, context.DeadlineExceeded) && i%10 != 9 {
					t.Errorf("request %d: %v", i, err)
				}
				return
			}
			if i%10 == 3 {
				resp.Body.Close() // unread
				return
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil && i%10 != 9 || err == nil && string(body) != path {
				t.Errorf("request %d: %q, %v", i, body, err)
			}
		})
	}
	all.Wait()
	if n := peak.Load(); n > most {
		t.Errorf("%d connections at once, want at most %d", n, most)
	}
	// All places are free: as many requests as there are connections can be under way at once.
	together := make(chan struct{})
	var arrived atomic.Int64
	q := startPeer(t, func(c *peerConn) {
		if _, _, ok := c.request(); ok {
			if arrived.Add(1) == most {
				close(together)
			}
			<-together
			c.send(plain(""))
		}
	})
	tr := startTransport(t, q, upstream.Config{MaxPerHost: most})
	for range most {
		all.Go(func() { roundTrip(t, tr, request(t, "GET", "/", nil, 0)) })
	}
	all.Wait()
}

// countedConn is counted from its opening to its end.
type countedConn struct {
	*net.TCPConn
	closed func()
}

func (c *countedConn) Close() error {
	c.closed()
	return c.TCPConn.Close()
}

// TestPlacesComeBack loses a connection in every way there is and still has its only place.
func TestPlacesComeBack(t *testing.T) {
	leavesNothing(t)
	play := func(c *peerConn) {
		for {
			head, ok := c.head()
			if !ok {
				return
			}
			switch path(head) {
			case "/killed":
				return
			case "/reset":
				c.reset()
				return
			case "/garbage":
				c.send("garbage\r\n\r\n")
			case "/hang":
				c.untilGone()
				return
			case "/cut":
				c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
				return
			case "/endless":
				c.send("HTTP/1.1 200 OK\r\n\r\n")
				c.flood("x", 1<<40)
				return
			case "/closed":
				c.send(plain("closed"))
				return
			case "/early":
				c.send(plain("early"))
				c.untilGone()
				return
			case "/switch":
				c.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
				c.untilGone()
				return
			default:
				if _, err := c.body(head); err != nil {
					return
				}
				c.send(plain(path(head)))
			}
		}
	}
	for _, bad := range []string{"/killed", "/reset", "/garbage", "/hang", "/cut", "/endless", "/closed", "/early", "/switch", "/unread", "/over", "/idle"} {
		t.Run(bad[1:], func(t *testing.T) {
			p := startPeer(t, play)
			tr := startTransport(t, p, upstream.Config{MaxPerHost: 1, IdleTimeout: 30 * time.Millisecond})
			for i := range 3 {
				ctx, cancel := context.WithCancel(t.Context())
				if bad == "/hang" || bad == "/over" {
					ctx, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
				}
				if bad == "/over" {
					cancel()
				}
				var body io.Reader
				length := int64(0)
				if bad == "/early" {
					body, length = strings.NewReader(strings.Repeat("x", 16<<20)), -1
				}
				resp, err := tr.RoundTrip(request(t, "POST", bad, body, length).WithContext(ctx))
				if err == nil {
					if bad != "/unread" && bad != "/switch" {
						_, _ = io.CopyN(io.Discard, resp.Body, 1000)
					}
					resp.Body.Close()
				}
				cancel()
				if bad == "/idle" {
					eventually(t, "unused connections", func() error { return moreThan(p.Open.Load(), 0) })
				}
				within, cancel := context.WithTimeout(t.Context(), patience)
				if _, got := roundTrip(t, tr, request(t, "GET", "/next", nil, 0).WithContext(within)); got != "/next" {
					t.Fatalf("round %d: the next request got %q", i, got)
				}
				cancel()
			}
		})
	}
}

// TestIdleConnectionsGo has connections that nobody uses closed in time, with no request to
// notice it, and no more kept than may be.
func TestIdleConnectionsGo(t *testing.T) {
	leavesNothing(t)
	const kept = 4
	var arrived sync.WaitGroup
	arrived.Add(10)
	p := startPeer(t, func(c *peerConn) {
		if _, _, ok := c.request(); ok {
			arrived.Done()
			arrived.Wait()
			c.send(plain("ok"))
			c.untilGone()
		}
	})
	tr := startTransport(t, p, upstream.Config{MaxIdlePerHost: kept, IdleTimeout: 300 * time.Millisecond})
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { roundTrip(t, tr, request(t, "GET", "/", nil, 0)) })
	}
	all.Wait()
	eventually(t, "kept connections", func() error { return moreThan(p.Open.Load(), kept) })
	if p.Open.Load() == 0 {
		t.Error("none is kept")
	}
	eventually(t, "unused connections", func() error { return moreThan(p.Open.Load(), 0) })
}

// TestCloseWhileInUse closes a transport while answers are read: they come whole, their
// connections aren't kept, and the transport goes on to work.
func TestCloseWhileInUse(t *testing.T) {
	leavesNothing(t)
	release := make(chan struct{})
	p := startPeer(t, func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok {
				return
			}
			c.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
			if path(head) == "/slow" {
				<-release
			}
			c.send("lf")
		}
	})
	tr := startTransport(t, p, upstream.Config{IdleTimeout: 100 * time.Millisecond})
	resp, err := tr.RoundTrip(request(t, "GET", "/slow", nil, 0))
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, tr, request(t, "GET", "/", nil, 0)) // one that is not in use
	tr.Close()
	eventually(t, "connections", func() error { return moreThan(p.Open.Load(), 1) })
	close(release)
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "half" {
		t.Errorf("%q, %v", body, err)
	}
	resp.Body.Close()
	eventually(t, "connections", func() error { return moreThan(p.Open.Load(), 0) })
	if _, got := roundTrip(t, tr, request(t, "GET", "/", nil, 0)); got != "half" {
		t.Errorf("after Close: %q", got)
	}
}

// TestReadToTheEndIsEnough has connections come back when an answer was read to its end, whether
// it is closed or not, and also when one without a body is only closed.
func TestReadToTheEndIsEnough(t *testing.T) {
	leavesNothing(t)
	for name, answer := range map[string]string{
		"length": plain("0123456789"), "chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n",
		"none": plain(""), "no content": "HTTP/1.1 204 No Content\r\n\r\n",
	} {
		p := startPeer(t, func(c *peerConn) {
			for {
				if _, _, ok := c.request(); !ok || !c.send(answer) {
					return
				}
			}
		})
		tr := startTransport(t, p, upstream.Config{})
		for range 3 {
			resp, err := tr.RoundTrip(request(t, "GET", "/", nil, 0))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || name != "none" && name != "no content" && string(body) != "0123456789" {
				t.Errorf("%s: %q, %v", name, body, err)
			}
			if n, err := resp.Body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("%s: after the end: %d, %v", name, n, err)
			}
			if name == "none" || name == "no content" {
				resp.Body.Close()
			}
		}
		if n := p.Accepted.Load(); n != 1 {
			t.Errorf("%s: %d connections, want 1", name, n)
		}
	}
}

// TestAnswerReadToItsEndAndClosedLate has somebody close an answer again when its connection is
// already another's.
func TestAnswerReadToItsEndAndClosedLate(t *testing.T) {
	leavesNothing(t)
	half := make(chan struct{})
	p := startPeer(t, func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok {
				return
			}
			if path(head) == "/second" {
				c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
				<-half
				c.send("56789")
				continue
			}
			c.send(plain("first"))
		}
	})
	tr := startTransport(t, p, upstream.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	first, err := tr.RoundTrip(request(t, "GET", "/first", nil, 0).WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(first.Body)
	second, err := tr.RoundTrip(request(t, "GET", "/second", nil, 0))
	if err != nil {
		t.Fatal(err)
	}
	first.Body.Close()
	cancel() // of the first request
	if n, err := first.Body.Read(make([]byte, 5)); n > 0 || err == nil {
		t.Errorf("the first answer still reads: %d, %v", n, err)
	}
	close(half)
	if body, err := io.ReadAll(second.Body); err != nil || string(body) != "0123456789" {
		t.Errorf("the second answer: %q, %v", body, err)
	}
	second.Body.Close()
	if n := p.Accepted.Load(); n != 1 {
		t.Errorf("%d connections: the test is about one", n)
	}
}

// TestRequestThatCloses sends requests that ask for their connection to be closed after them.
func TestRequestThatCloses(t *testing.T) {
	leavesNothing(t)
	said := make(chan string, 10)
	p := startPeer(t, func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok {
				return
			}
			said <- headerOf(head, "Connection")
			c.send(plain("ok")) // and it doesn't close
		}
	})
	tr := startTransport(t, p, upstream.Config{})
	for name, edit := range map[string]func(*http.Request){
		"Close": func(r *http.Request) { r.Close = true },
	} {
		before := p.Accepted.Load()
		for range 2 {
			r := request(t, "GET", "/", nil, 0)
			edit(r)
			roundTrip(t, tr, r)
			if got := <-said; !strings.EqualFold(got, "close") {
				t.Errorf("%s: the upstream is told %q", name, got)
			}
		}
		eventually(t, "connections", func() error { return moreThan(p.Open.Load(), 0) })
		if n := p.Accepted.Load() - before; n != 2 {
			t.Errorf("%s: %d connections, want 2", name, n)
		}
	}
}

// TestManyAtOnce has many goroutines use few connections.
func TestManyAtOnce(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, named)
	tr := startTransport(t, p, upstream.Config{MaxPerHost: 8})
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			for j := range 50 {
				own := fmt.Sprintf("/%d-%d", i, j)
				if _, got := roundTrip(t, tr, request(t, "POST", own, strings.NewReader("!"), 1)); got != own+"!" {
					t.Errorf("%q, want %s", got, own)
				}
			}
		})
	}
	all.Wait()
}
