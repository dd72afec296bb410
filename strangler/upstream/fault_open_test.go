package upstream_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// TestPartlyAnsweredIsNotRepeated has a connection that was used before end when a part of an
// answer, or an informational one, was there: the request is not sent again.
func TestPartlyAnsweredIsNotRepeated(t *testing.T) {
	leavesNothing(t)
	for end, finish := range map[string]func(*peerConn){
		"closing": func(c *peerConn) { c.Close() }, "resetting": func(c *peerConn) { c.reset() },
		"half-closing": func(c *peerConn) { _ = c.CloseWrite(); c.untilGone() },
	} {
		for _, part := range []string{"H", "HTTP/1.1 200 OK\r\nX-A: b\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"} {
			t.Run(end+" "+part[:1], func(t *testing.T) {
				var times atomic.Int64
				p := startPeer(t, func(c *peerConn) {
					for {
						head, _, ok := c.request()
						if !ok {
							return
						}
						if path(head) == "/warm" || c.nth > 1 {
							c.send(plain("ok"))
						}
						if path(head) != "/warm" {
							if times.Add(1); c.nth == 1 {
								c.send(part)
								finish(c)
								return
							}
						}
					}
				})
				g := startGateway(t, p.URL, gatewayConfig{})
				if got := ask(t, g.Addr, getRequest("/warm")); got.Body != "ok" {
					t.Fatal(got)
				}
				g.observed(t)
				if got := ask(t, g.Addr, getRequest("/")); got.Status != 502 {
					t.Errorf("after %q: %v; want 502", part, got)
				}
				if n := times.Load(); n != 1 {
					t.Errorf("after %q it came %d times", part, n)
				}
			})
		}
	}
}

// TestLargeHints has an upstream send large informational answers without end.
func TestLargeHints(t *testing.T) {
	leavesNothing(t)
	sent := make(chan int, 1)
	p := startPeer(t, func(c *peerConn) {
		if _, _, ok := c.request(); ok {
			sent <- c.flood("HTTP/1.1 103 Early Hints\r\nLink: "+strings.Repeat("x", 500_000)+"\r\n\r\n", 1<<30)
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	if got := ask(t, g.Addr, getRequest("/")); got.Status != 502 && !got.Cut {
		t.Errorf("%v; want 502, or it cut", got)
	}
	if n := within(t, sent, "the upstream still sends"); n > 32<<20 {
		t.Errorf("the upstream could send %d MiB", n>>20)
	}
}

// TestConnectionHeaderCloses has a request say in its header that its connection is to be closed.
func TestConnectionHeaderCloses(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, named)
	tr := startTransport(t, p, upstream.Config{})
	for range 2 {
		r := request(t, "GET", "/", nil, 0)
		r.Header.Set("Connection", "close")
		roundTrip(t, tr, r)
	}
	if n := p.Accepted.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// TestAnswerBegunBeforeTheUploadEnded has an upstream begin to answer when half of the upload is
// there, and take the other half, which comes before the answer's end, for requests.
func TestAnswerBegunBeforeTheUploadEnded(t *testing.T) {
	leavesNothing(t)
	upload := strings.Repeat("GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n", 6000)
	half, sent := make(chan struct{}), make(chan struct{})
	p := startPeer(t, func(c *peerConn) {
		for {
			head, ok := c.head()
			if !ok {
				return
			}
			switch path(head) {
			case "/upload":
				_, _ = io.CopyN(io.Discard, c.r, int64(len(upload)/2))
				c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
				close(half)
				<-sent
				for c.r.Buffered() < c.r.Size() { // the rest has arrived
					if _, err := c.r.Peek(c.r.Buffered() + 1); err != nil {
						return
					}
				}
				time.Sleep(20 * time.Millisecond)
				c.send("56789")
				time.Sleep(5 * time.Millisecond) // a busy upstream
			case "/smuggled":
				c.send(evil)
			default:
				c.send(plain(path(head)))
			}
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	c := connect(t, g.Addr)
	request := postRequest("/upload", upload)
	at := len(request) - len(upload)/2
	_, _ = io.WriteString(c, request[:at])
	<-half
	_, _ = io.WriteString(c, request[at:])
	close(sent)
	if got := c.hear("POST"); got.Body != "0123456789" || got.Cut {
		t.Errorf("%v", got)
	}
	for range 3 {
		if got := ask(t, g.Addr, getRequest("/own")); got.Body != "/own" {
			t.Errorf("%v; want its own answer", got)
		}
	}
}

// TestClosingIsFinal closes answers in odd ways: what was closed isn't read from, and a
// connection whose answer was not read to its end is nobody's any more.
func TestClosingIsFinal(t *testing.T) {
	leavesNothing(t)
	large := strings.Repeat("0123456789abcdef", 1<<16)
	p := startPeer(t, func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok {
				return
			}
			if path(head) == "/large" {
				c.send(plain(large))
			} else {
				c.send(plain(path(head)))
			}
		}
	})
	tr := startTransport(t, p, upstream.Config{})
	for i := range 200 {
		resp, err := tr.RoundTrip(request(t, "GET", "/large", nil, 0))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.CopyN(io.Discard, resp.Body, int64(i)*97)
		var closing sync.WaitGroup
		if i%2 == 0 { // also while it is read
			closing.Go(func() { _, _ = io.Copy(io.Discard, resp.Body) })
			closing.Go(func() { resp.Body.Close() })
		}
		resp.Body.Close()
		closing.Wait()
		resp.Body.Close()
		own := fmt.Sprintf("/%d", i)
		got, err := tr.RoundTrip(request(t, "GET", own, nil, 0))
		if err != nil {
			t.Fatal(err)
		}
		// The old body has no hold of what may now be the new one's connection.
		resp.Body.Close()
		if n, err := resp.Body.Read(make([]byte, 100)); n > 0 || err == nil {
			t.Fatalf("a closed body gave %d bytes, %v", n, err)
		}
		body, err := io.ReadAll(got.Body)
		resp.Body.Close()
		got.Body.Close()
		if err != nil || string(body) != own {
			t.Fatalf("%q, %v; want %s", body, err, own)
		}
	}
}

// TestPartOfAChunkIsPassedOn has an upstream send a part of a chunk and pause: the client has it.
func TestPartOfAChunkIsPassedOn(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, func(c *peerConn) {
		if _, _, ok := c.request(); ok {
			c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf")
			c.untilGone()
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	c := connect(t, g.Addr)
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, getRequest("/"))
	got := ""
	for len(got) < 4 || got[len(got)-6:] != "half\r\n" {
		b := make([]byte, 1000)
		n, err := c.Read(b)
		if got += string(b[:n]); err != nil {
			t.Fatalf("the client has %q, %v; want what came of the chunk", got, err)
		}
	}
}

// TestSlowUploadMeetsImpatientUpstream has a client take its time for a small upload, and an
// upstream close connections on which no request comes: some say 408 before. Nothing was sent,
// so that the request goes over another connection, whether the first one was new or kept.
func TestSlowUploadMeetsImpatientUpstream(t *testing.T) {
	leavesNothing(t)
	const patient = 50 * time.Millisecond
	for name, last := range map[string]string{
		"closing": "", "408": "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	} {
		for _, warm := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				p := startPeer(t, func(c *peerConn) {
					for {
						_ = c.SetReadDeadline(time.Now().Add(patient))
						if _, err := c.r.Peek(1); err != nil {
							c.send(last)
							return
						}
						_ = c.SetReadDeadline(time.Time{})
						head, body, ok := c.request()
						if !ok {
							return
						}
						c.send(plain(path(head) + body))
					}
				})
				g := startGateway(t, p.URL, gatewayConfig{})
				if warm {
					if got := ask(t, g.Addr, getRequest("/warm")); got.Body != "/warm" {
						t.Fatal(got)
					}
				}
				c := connect(t, g.Addr)
				request := postRequest("/slow", "0123456789")
				_, _ = io.WriteString(c, request[:len(request)-5])
				time.Sleep(3 * patient)
				if got := c.ask(t, request[len(request)-5:]); got.Status != 200 || got.Body != "/slow0123456789" {
					t.Errorf("after a request before %v: %v", warm, got)
				}
			})
		}
	}
}

// TestLeavingClientsEjectNobody has clients leave long answers: that is no failure of the
// endpoint, however often it happens.
func TestLeavingClientsEjectNobody(t *testing.T) {
	leavesNothing(t)
	large := strings.Repeat("x", 8<<20)
	p := startPeer(t, func(c *peerConn) {
		if _, _, ok := c.request(); ok {
			c.send(plain(large))
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	blamed := 0
	for i := range 60 {
		c := connect(t, g.Addr)
		_, _ = io.WriteString(c, getRequest("/"))
		_, _ = io.CopyN(io.Discard, c, 1000)
		if i%2 == 0 {
			_ = c.SetLinger(0)
		}
		c.Close()
		if seen := g.observed(t); seen.Decision.Failure != "" {
			blamed++
		}
	}
	state := g.Transport.State().Endpoints[0]
	if blamed > 0 || state.Failures > 0 || !state.Healthy {
		t.Errorf("%d of 60 decisions blame the side; the endpoint: %+v", blamed, state)
	}
	if log := g.Log.take(); strings.Contains(log, "answer cut short") {
		t.Errorf("logged: %.300s", log)
	}
}

// TestEachConnectionGoesInItsOwnTime has two connections of which the second is to be kept for
// less time than the first.
func TestEachConnectionGoesInItsOwnTime(t *testing.T) {
	leavesNothing(t)
	var both sync.WaitGroup
	both.Add(2)
	first := make(chan struct{})
	p := startPeer(t, func(c *peerConn) {
		head, _, ok := c.request()
		if !ok {
			return
		}
		both.Done()
		both.Wait()
		if path(head) == "/long" {
			c.send("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=60\r\nContent-Length: 0\r\n\r\n")
		} else {
			<-first
			c.send("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n")
		}
		c.untilGone()
	})
	tr := startTransport(t, p, upstream.Config{})
	both2 := make(chan struct{})
	go func() {
		defer close(both2)
		roundTrip(t, tr, request(t, "GET", "/short", nil, 0))
	}()
	roundTrip(t, tr, request(t, "GET", "/long", nil, 0))
	close(first)
	<-both2
	end := time.Now().Add(3 * time.Second)
	for p.Open.Load() > 1 {
		if time.Now().After(end) {
			t.Fatal("a connection that was to be kept for less than a second is still open after 3 s")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestOldClientSeesTheCut has a client of HTTP/1.0 get an answer that ends with its connection,
// and that the upstream cuts: it has no other way to see that than a reset.
func TestOldClientSeesTheCut(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, func(c *peerConn) {
		if _, _, ok := c.request(); ok {
			c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	if got := ask(t, g.Addr, "GET / HTTP/1.0\r\nHost: h\r\n\r\n"); !got.Cut {
		t.Errorf("%v; want it cut", got)
	}
}
