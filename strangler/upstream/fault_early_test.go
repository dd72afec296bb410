package upstream_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestEarlyAnswerNeverDesynchronises has an upstream answer when half of the upload is there, and
// take the rest, which the client sends when it has its answer, for requests: the classic way to
// mix up answers.
func TestEarlyAnswerNeverDesynchronises(t *testing.T) {
	leavesNothing(t)
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
	upload := strings.Repeat(smuggled, 6000)
	for name, c := range map[string]struct {
		answer string
		then   func(*peerConn) // after the answer
	}{
		"goes on with requests": {plain("early"), nil},
		"answers in chunks":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n0\r\n\r\n", nil},
		"closes":                {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nearly", func(c *peerConn) { c.Close() }},
		"closes unannounced":    {plain("early"), func(c *peerConn) { c.Close() }},
		"resets":                {plain("early"), func(c *peerConn) { c.reset() }},
		"half-closes":           {plain("early"), func(c *peerConn) { _ = c.CloseWrite() }},
		"until the end":         {"HTTP/1.1 200 OK\r\n\r\nearly", func(c *peerConn) { _ = c.CloseWrite() }},
		"hangs":                 {plain("early"), func(c *peerConn) { <-c.peer.done }},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, chunked %v", name, chunked), func(t *testing.T) {
				p := startPeer(t, func(conn *peerConn) {
					for {
						head, ok := conn.head()
						if !ok {
							return
						}
						switch path(head) {
						case "/upload":
							conn.send(c.answer)
							if c.then != nil {
								c.then(conn)
							}
						case "/smuggled":
							conn.send(evil)
						default:
							conn.send(plain(path(head)))
						}
					}
				})
				g := startGateway(t, p.URL, gatewayConfig{})
				for i := range 2 {
					c := connect(t, g.Addr)
					request := postRequest("/upload", upload)
					if chunked {
						request = chunkedRequest("/upload", upload)
					}
					got := c.ask(t, request[:len(request)/2])
					_, _ = io.WriteString(c, request[len(request)/2:])
					if got.Status != 200 || got.Body != "early" || got.Cut {
						t.Errorf("early answer: %v", got)
					}
					for j := range 3 {
						own := fmt.Sprintf("/own-%d-%d", i, j)
						if got := ask(t, g.Addr, getRequest(own)); got.Status != 200 || got.Body != own {
							t.Errorf("after it: %v; want %s", got, own)
						}
					}
					c.Close()
				}
			})
		}
	}
}

// TestEarlyAnswerAtFullSpeed has an upstream answer and go while the client sends as fast as it
// can: it has the answer, although writing to the upstream fails.
func TestEarlyAnswerAtFullSpeed(t *testing.T) {
	leavesNothing(t)
	upload := strings.Repeat("x", 4<<20)
	for name, end := range map[string]func(*peerConn){
		"closes":      func(c *peerConn) { c.Close() },
		"half-closes": func(c *peerConn) { _ = c.CloseWrite(); c.untilGone() },
		"reads some":  func(c *peerConn) { _, _ = io.CopyN(io.Discard, c.r, 1<<20) },
		"resets":      func(c *peerConn) { c.reset() },
	} {
		for _, answer := range []string{plain("early"), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nearly"} {
			t.Run(name, func(t *testing.T) {
				p := startPeer(t, func(c *peerConn) {
					if _, ok := c.head(); ok && c.send(answer) {
						end(c)
					}
				})
				g := startGateway(t, p.URL, gatewayConfig{})
				for range 5 {
					c := connect(t, g.Addr)
					sent := make(chan struct{})
					go func() { defer close(sent); _, _ = io.WriteString(c, postRequest("/upload", upload)) }()
					got := c.hear("POST")
					lost := name == "resets" && got.Status == 502 // a reset may take back what its sender hasn't sent yet
					if !lost && (got.Status != 200 || got.Body != "early" || got.Cut) {
						t.Errorf("early answer: %v", got)
					}
					c.Close()
					<-sent
				}
			})
		}
	}
}

// TestEarlyAnswerThenWholeUpload has an upstream answer first and read the upload then; the next
// request may use the connection, after the whole of it.
func TestEarlyAnswerThenWholeUpload(t *testing.T) {
	leavesNothing(t)
	upload := strings.Repeat("x", 1<<20)
	short := make(chan string, 100)
	p := startPeer(t, func(c *peerConn) {
		for {
			head, ok := c.head()
			if !ok {
				return
			}
			c.send(plain(path(head)))
			if body, err := c.body(head); err == nil && len(body) != 0 && len(body) != len(upload) {
				short <- head
			}
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	for i := range 10 {
		c := connect(t, g.Addr)
		sent := make(chan struct{})
		go func() { defer close(sent); _, _ = io.WriteString(c, postRequest("/upload", upload)) }()
		if got := c.hear("POST"); got.Status != 200 || got.Body != "/upload" || got.Cut {
			t.Errorf("early answer: %v", got)
		}
		own := fmt.Sprintf("/own-%d", i)
		if got := ask(t, g.Addr, getRequest(own)); got.Status != 200 || got.Body != own {
			t.Errorf("after it: %v; want %s", got, own)
		}
		c.Close()
		<-sent
	}
	if len(short) > 0 {
		t.Errorf("an upload ended before its end:\n%s", <-short)
	}
}

// TestAnswerWhileNothingIsRead has an upstream write a large answer and read none of a large
// upload meanwhile: whoever writes all before reading any waits forever.
func TestAnswerWhileNothingIsRead(t *testing.T) {
	leavesNothing(t)
	large := strings.Repeat("0123456789abcdef", 1<<20)
	p := startPeer(t, func(c *peerConn) {
		head, ok := c.head()
		if !ok || !c.send(plain(large)) {
			return
		}
		if _, err := c.body(head); err == nil {
			c.untilGone()
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	c := connect(t, g.Addr)
	sent := make(chan struct{})
	go func() { defer close(sent); _, _ = io.WriteString(c, postRequest("/", large)) }()
	start := time.Now()
	if got := c.hear("POST"); got.Status != 200 || got.Body != large {
		t.Errorf("%v", got)
	}
	if took := time.Since(start); took > patience/2 {
		t.Errorf("it took %v", took)
	}
	c.Close()
	<-sent
}
