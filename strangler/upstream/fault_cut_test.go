package upstream_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// long is longer than what is copied through this process.
var long = strings.Repeat("0123456789abcdef", 10_000)

// wholeAnswers are answers that tests break at each of their bytes.
var wholeAnswers = []struct {
	name, answer, body string
	untilEnd           bool // the body ends when the connection does
}{
	{name: "with a length", answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX-A: b\r\n\r\n0123456789", body: "0123456789"},
	{name: "in chunks", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5;a=b\r\n56789\r\n0\r\n\r\n", body: "0123456789"},
	{name: "in chunks with a trailer", answer: "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\nX-Sum: 7\r\n\r\n", body: "0123456789"},
	{name: "until the end", answer: "HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n0123456789", body: "0123456789", untilEnd: true},
	{name: "of HTTP/1.0", answer: "HTTP/1.0 200 OK\r\n\r\n0123456789", body: "0123456789", untilEnd: true},
	{name: "long", answer: plain(long), body: long},
	{name: "long, in chunks", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strconv.FormatInt(int64(len(long)), 16) + "\r\n" + long + "\r\n0\r\n\r\n", body: long},
	{name: "after a hint", answer: "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", body: "ok"},
}

// TestAnswerCutAnywhere breaks answers off at each of their bytes, by closing the connection,
// closing half of it or resetting it. The client never takes a part for the whole.
func TestAnswerCutAnywhere(t *testing.T) {
	leavesNothing(t)
	ends := map[string]func(*peerConn){
		"closing":      func(c *peerConn) { c.Close() },
		"half-closing": func(c *peerConn) { _ = c.CloseWrite(); c.untilGone() },
		"resetting":    func(c *peerConn) { c.reset() },
	}
	for _, whole := range wholeAnswers {
		body := strings.Index(whole.answer, "\r\n\r\n") + 4
		if strings.HasPrefix(whole.answer, "HTTP/1.1 103") {
			body += strings.Index(whole.answer[body:], "\r\n\r\n") + 4
		}
		for end, finish := range ends {
			t.Run(whole.name+", "+end, func(t *testing.T) {
				var at atomic.Int64
				p := startPeer(t, func(c *peerConn) {
					if _, _, ok := c.request(); ok && c.send(whole.answer[:at.Load()]) {
						finish(c)
					}
				})
				g := startGateway(t, p.URL, gatewayConfig{})
				for _, n := range cutsOf(len(whole.answer)) {
					at.Store(int64(n))
					got := ask(t, g.Addr, getRequest("/"))
					seen := g.observed(t)
					log := g.Log.take()
					complete := n == len(whole.answer)
					if whole.untilEnd {
						complete = n >= body && end != "resetting"
					}
					if complete && end == "resetting" && n > 64<<10 {
						continue // what the kernel had not sent yet is lost
					}
					failure := "broken"
					switch {
					case n < body: // also when that head is of a hint
						if got.Status != 502 || got.Cut {
							t.Errorf("after %d bytes: %v; want a whole 502", n, got)
						}
						if !strings.Contains(got.Body, "the legacy application broke the connection or gave no valid answer") {
							t.Errorf("after %d bytes the client is told %q", n, got.Body)
						}
						if seen.Status != 502 || seen.Aborted {
							t.Errorf("after %d bytes: observed status %d, aborted %v", n, seen.Status, seen.Aborted)
						}
						if !strings.Contains(log, "request not answered") {
							t.Errorf("after %d bytes logged: %q", n, log)
						}
					case complete && whole.untilEnd:
						failure = ""
						if got.Status != 200 || got.Cut || got.Body != whole.answer[body:n] {
							t.Errorf("after %d bytes: %v; want what came", n, got)
						}
					case complete:
						failure = ""
						if got.Status != 200 || got.Cut || got.Body != whole.body {
							t.Errorf("after all: %v; want it whole", got)
						}
					default:
						if !got.Cut || got.Status != 0 && (got.Status != 200 || !strings.HasPrefix(whole.body, got.Body)) {
							t.Errorf("after %d bytes: %v; want it cut", n, got)
						}
						if !seen.Aborted {
							t.Errorf("after %d bytes: not observed as aborted", n)
						}
						if !strings.Contains(log, "answer cut short") {
							t.Errorf("after %d bytes logged: %q", n, log)
						}
					}
					if seen.Decision.Failure != failure {
						t.Errorf("after %d bytes: failure %q, want %q", n, seen.Decision.Failure, failure)
					}
				}
			})
		}
	}
}

// cutsOf returns where an answer is broken off: everywhere, or where its length and the sizes of
// buffers make a difference.
func cutsOf(length int) []int {
	var cuts []int
	for n := range length + 1 {
		if length < 1000 || n%16384 < 2 || n%8192 == 8191 || n > length-8 || n < 60 && n%3 == 0 {
			cuts = append(cuts, n)
		}
	}
	return cuts
}

// TestAnswerByteByByte has answers come one byte at a time.
func TestAnswerByteByByte(t *testing.T) {
	leavesNothing(t)
	for _, whole := range wholeAnswers {
		if len(whole.answer) > 1000 {
			continue
		}
		t.Run(whole.name, func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, func(c *peerConn) {
				if _, _, ok := c.request(); ok {
					c.drip(whole.answer, 500*time.Microsecond)
				}
			})
			g := startGateway(t, p.URL, gatewayConfig{})
			if got := ask(t, g.Addr, getRequest("/")); got.Status != 200 || got.Cut || got.Body != whole.body {
				t.Errorf("%v; want it whole", got)
			}
			if seen := g.observed(t); seen.Decision.Failure != "" || seen.Aborted {
				t.Errorf("observed failure %q, aborted %v", seen.Decision.Failure, seen.Aborted)
			}
		})
	}
}

// TestHangingBeforeHead has an upstream that takes requests and says nothing, or half a head.
func TestHangingBeforeHead(t *testing.T) {
	leavesNothing(t)
	for name, answer := range map[string]string{
		"nothing":       "",
		"half a head":   "HTTP/1.1 200 OK\r\nContent-Le",
		"a hint":        "HTTP/1.1 103 Early Hints\r\n\r\n",
		"half a status": "HTT",
	} {
		t.Run(name, func(t *testing.T) {
			gone := make(chan struct{}, 10)
			p := startPeer(t, func(c *peerConn) {
				if _, _, ok := c.request(); ok {
					c.send(answer)
					c.untilGone()
					gone <- struct{}{}
				}
			})
			g := startGateway(t, p.URL, gatewayConfig{Upstream: upstream.Config{
				Policy: upstream.Policy{Timeouts: upstream.Timeouts{FirstByte: 50 * time.Millisecond}},
			}})
			for _, request := range []string{getRequest("/"), postRequest("/", "abc")} {
				got := ask(t, g.Addr, request)
				if got.Status != 504 || got.Cut {
					t.Errorf("%v; want 504", got)
				}
				if seen := g.observed(t); seen.Decision.Failure != "timeout" {
					t.Errorf("failure %q, want timeout", seen.Decision.Failure)
				}
				within(t, gone, "the connection that hangs is not closed")
			}
			if n := p.Requests.Load(); n != 2 {
				t.Errorf("the upstream got %d requests, want each once", n)
			}
		})
	}
}

// TestFirstByteTimeoutIsOfTheHeadOnly has the body, and the next request on the same connection,
// come long after the time that the head had.
func TestFirstByteTimeoutIsOfTheHeadOnly(t *testing.T) {
	leavesNothing(t)
	const timeout = 100 * time.Millisecond
	p := startPeer(t, func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok {
				return
			}
			time.Sleep(timeout / 4)
			c.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
			if path(head) == "/slow" {
				time.Sleep(2 * timeout)
			}
			c.send("body")
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{Upstream: upstream.Config{
		Policy: upstream.Policy{Timeouts: upstream.Timeouts{FirstByte: timeout}},
	}})
	for i, path := range []string{"/slow", "/", "/", "/slow"} {
		if i == 2 {
			time.Sleep(2 * timeout) // unused for longer than a head may take
		}
		if got := ask(t, g.Addr, getRequest(path)); got.Status != 200 || got.Cut || got.Body != "body" {
			t.Errorf("request %d: %v", i, got)
		}
	}
	if n := p.Accepted.Load(); n != 1 {
		t.Errorf("%d connections, want one for all", n)
	}
}

// TestHangingMidBody has an upstream that stops in the middle: the client has what came, and
// when it leaves, the upstream's connection goes too.
func TestHangingMidBody(t *testing.T) {
	leavesNothing(t)
	for name, answer := range map[string]string{
		"with a length": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
		"in chunks":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"in a size":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n1",
		"until the end": "HTTP/1.1 200 OK\r\n\r\nhalf",
		"long":          "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("x", 50_000) + "half",
	} {
		t.Run(name, func(t *testing.T) {
			gone := make(chan struct{}, 1)
			p := startPeer(t, func(c *peerConn) {
				if _, _, ok := c.request(); ok {
					c.send(answer)
					c.untilGone()
					gone <- struct{}{}
				}
			})
			g := startGateway(t, p.URL, gatewayConfig{})
			c := connect(t, g.Addr)
			fmt.Fprint(c, getRequest("/"))
			got := ""
			for !strings.Contains(got, "half") {
				line := make([]byte, 60_000)
				n, err := c.Read(line)
				if err != nil {
					t.Fatalf("after %q: %v", got, err)
				}
				got += string(line[:n])
			}
			c.Close()
			within(t, gone, "the upstream's connection outlives the client")
			if seen := g.observed(t); !seen.Aborted || seen.Decision.Failure != "" {
				t.Errorf("observed aborted %v, failure %q; want the client's leaving to be no failure", seen.Aborted, seen.Decision.Failure)
			}
		})
	}
}

// within waits for something to come.
func within[T any](t testing.TB, from <-chan T, otherwise string) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Error(otherwise)
	}
	return v
}
