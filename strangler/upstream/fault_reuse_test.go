package upstream_test

import (
	"fmt"
	"strings"
	"testing"
)

// evil is a whole answer that nobody asked for.
const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Evil: 1\r\n\r\nevil"

// TestLeftoverIsNobodysAnswer has more come than the answer to a request: whatever it is, no
// other request gets it.
func TestLeftoverIsNobodysAnswer(t *testing.T) {
	leavesNothing(t)
	ok := plain("ok")
	for name, c := range map[string]struct {
		method string // empty: GET
		answer string // with what is too much
		want   heard
	}{
		"more than the length":               {answer: ok + "more", want: heard{Status: 200, Body: "ok"}},
		"an answer after the length":         {answer: ok + evil, want: heard{Status: 200, Body: "ok"}},
		"an empty line after the length":     {answer: ok + "\r\n", want: heard{Status: 200, Body: "ok"}},
		"an answer after no length":          {answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + evil, want: heard{Status: 200}},
		"an answer after the chunks":         {answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + evil, want: heard{Status: 200, Body: "ok"}},
		"an answer after trailers":           {answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-A: 1\r\n\r\n" + evil, want: heard{Status: 200, Body: "ok"}},
		"the body of HEAD":                   {method: "HEAD", answer: plain(evil), want: heard{Status: 200}},
		"the chunks of HEAD":                 {method: "HEAD", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", want: heard{Status: 200}},
		"an answer after that to HEAD":       {method: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + evil, want: heard{Status: 200}},
		"the body of 204":                    {answer: "HTTP/1.1 204 No Content\r\n\r\n" + evil, want: heard{Status: 204}},
		"the body of 204 with a length":      {answer: "HTTP/1.1 204 No Content\r\nContent-Length: 55\r\n\r\n" + evil, want: heard{Status: 204}},
		"the chunks of 204":                  {answer: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", want: heard{Status: 204}},
		"the body of 304":                    {answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 55\r\n\r\n" + evil, want: heard{Status: 304}},
		"the chunks of 304":                  {answer: "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n", want: heard{Status: 304}},
		"a second answer in one write":       {answer: ok + ok + evil, want: heard{Status: 200, Body: "ok"}},
		"a hint after the answer":            {answer: ok + "HTTP/1.1 103 Early Hints\r\nX-Evil: 1\r\n\r\n", want: heard{Status: 200, Body: "ok"}},
		"100 after the answer":               {answer: ok + "HTTP/1.1 100 Continue\r\n\r\n", want: heard{Status: 200, Body: "ok"}},
		"close, and more":                    {answer: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok" + evil, want: heard{Status: 200, Body: "ok"}},
		"HTTP/1.0 that keeps, and more":      {answer: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok" + evil, want: heard{Status: 200, Body: "ok"}},
		"HTTP/1.0, and more":                 {answer: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok" + evil, want: heard{Status: 200, Body: "ok"}},
		"an answer after a long one":         {answer: plain(long) + evil, want: heard{Status: 200, Body: long}},
		"more than the buffer of any reader": {answer: ok + strings.Repeat(evil, 2000), want: heard{Status: 200, Body: "ok"}},
	} {
		t.Run(name, func(t *testing.T) { leftover(t, c.method, c.answer, "", c.want) })
	}
}

// leftover sends a request that is answered with more than an answer, at once or later, and then
// others, which have to get their own answers.
func leftover(t *testing.T, first, answer, later string, want heard) {
	t.Helper()
	if first == "" {
		first = "GET"
	}
	answered, late := make(chan struct{}), make(chan struct{})
	p := startPeer(t, func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok {
				return
			}
			if path(head) != "/first" {
				c.send(plain(path(head)))
				continue
			}
			c.send(answer)
			if later != "" {
				<-answered
				c.send(later)
			}
			close(late)
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	got := ask(t, g.Addr, first+" /first HTTP/1.1\r\nHost: h\r\n\r\n")
	if got.Status != want.Status || got.Body != want.Body || got.Cut {
		t.Errorf("the answer itself: %v; want %v", got, want)
	}
	if seen := g.observed(t); seen.Decision.Failure != "" { // so that the connection is back
		t.Errorf("observed failure %q", seen.Decision.Failure)
	}
	close(answered)
	within(t, late, "the upstream never answered")
	for _, method := range []string{"POST", "GET", "HEAD"} {
		got := ask(t, g.Addr, method+" /"+method+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
		want := "/" + method
		if method == "HEAD" {
			want = ""
		}
		if got.Status != 200 || got.Body != want || got.Cut || got.Header["X-Evil"] != nil {
			t.Errorf("%s after it: %v; want its own answer", method, got)
		}
		if seen := g.observed(t); seen.Decision.Failure != "" {
			t.Errorf("%s after it: observed failure %q", method, seen.Decision.Failure)
		}
	}
	if n := p.Accepted.Load(); n < 2 {
		t.Errorf("%d connections: the one with something left over was used again", n)
	}
}

// TestConnectionIsKept makes sure that the tests beside it see connections that would be used
// again: those with nothing wrong are.
func TestConnectionIsKept(t *testing.T) {
	leavesNothing(t)
	for name, c := range map[string]struct {
		method, answer string
		conns          int64
	}{
		"a length":                        {"GET", plain("ok"), 1},
		"no body":                         {"GET", plain(""), 1},
		"chunks":                          {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1},
		"chunks and a trailer":            {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n2\r\nok\r\n0\r\nX-A: 1\r\n\r\n", 1},
		"HEAD":                            {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 1},
		"HEAD of chunks":                  {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 1},
		"204":                             {"GET", "HTTP/1.1 204 No Content\r\n\r\n", 1},
		"304 with a length":               {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 1},
		"a hint":                          {"GET", "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + plain("ok"), 1},
		"HTTP/1.0 that keeps":             {"GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 1},
		"HTTP/1.0":                        {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 3},
		"close":                           {"GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 3},
		"close among others, in any case": {"GET", "HTTP/1.1 200 OK\r\nConnection: foo, CLOSE\r\nContent-Length: 2\r\n\r\nok", 3},
		"close in chunks":                 {"GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 3},
		"close of HEAD":                   {"HEAD", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n", 3},
		"close of 204":                    {"GET", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", 3},
	} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, func(conn *peerConn) {
				for {
					if _, _, ok := conn.request(); !ok || !conn.send(c.answer) {
						return
					}
				}
			})
			g := startGateway(t, p.URL, gatewayConfig{})
			for range 3 {
				if got := ask(t, g.Addr, c.method+" / HTTP/1.1\r\nHost: h\r\n\r\n"); got.Cut || got.Status >= 500 {
					t.Errorf("%v", got)
				}
				g.observed(t) // so that the connection is back
			}
			if n := p.Accepted.Load(); n != c.conns {
				t.Errorf("%d connections for three requests, want %d", n, c.conns)
			}
			// An upstream that says it closes and doesn't must not keep the connection open.
			open := int64(1)
			if c.conns > 1 {
				open = 0
			}
			eventually(t, "connections", func() error {
				if n := p.Open.Load(); n != open {
					return fmt.Errorf("%d are open, want %d", n, open)
				}
				return nil
			})
		})
	}
}
