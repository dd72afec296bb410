package upstream_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestClientVanishes has clients leave at every point of a request. The upstream's connection
// goes or is fit for the next request, nothing runs on, and no upload seems whole that isn't.
func TestClientVanishes(t *testing.T) {
	leavesNothing(t)
	type seen struct {
		body string
		err  error
	}
	large := strings.Repeat("x", 8<<20)
	arrived, bodies, gone := make(chan string, 100), make(chan seen, 100), make(chan struct{}, 100)
	p := startPeer(t, func(c *peerConn) {
		defer func() { gone <- struct{}{} }()
		for {
			head, ok := c.head()
			if !ok {
				return
			}
			if path(head) == "/own" {
				c.send(plain("/own"))
				continue
			}
			arrived <- path(head)
			body, err := c.body(head)
			bodies <- seen{body, err}
			if err != nil {
				return
			}
			switch path(head) {
			case "/hang":
				c.untilGone()
			case "/large":
				c.send(plain(large))
			case "/stream":
				c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
				c.untilGone()
			default:
				c.send(plain("ok"))
			}
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	leave := map[string]func(*rawClient){
		"closing":   func(c *rawClient) { c.Close() },
		"resetting": func(c *rawClient) { _ = c.SetLinger(0); c.Close() },
	}
	for name, c := range map[string]struct {
		send    string
		arrives bool // at the upstream, before the client leaves
		unsent  bool // nor is it sent there, but there was a request
		partial bool // the upload doesn't come whole
		read    int  // bytes of the answer before the client leaves
		ends    bool // the upstream's connection does
		aborted bool // observed for sure; false: either, it is a race
	}{
		"without a word":              {},
		"in the request line":         {send: "GET /x HT"},
		"in the head":                 {send: "GET /x HTTP/1.1\r\nHost: h\r\nX-A"},
		"in a small upload":           {send: "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc", unsent: true},
		"in an upload":                {send: "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nabc", arrives: true, partial: true, ends: true, aborted: true},
		"in a large upload":           {send: "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n" + large, arrives: true, partial: true, ends: true, aborted: true},
		"in a chunk":                  {send: "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", arrives: true, partial: true, ends: true, aborted: true},
		"between chunks":              {send: "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", arrives: true, partial: true, ends: true, aborted: true},
		"before the last empty line":  {send: "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", arrives: true, partial: true, ends: true, aborted: true},
		"waiting for an answer":       {send: "GET /hang HTTP/1.1\r\nHost: h\r\n\r\n", arrives: true, ends: true, aborted: true},
		"waiting, with an upload":     {send: postRequest("/hang", "abc"), arrives: true, ends: true, aborted: true},
		"in a stream":                 {send: getRequest("/stream"), arrives: true, read: 40, ends: true, aborted: true},
		"in a large answer":           {send: getRequest("/large"), arrives: true, read: 1000, ends: true, aborted: true},
		"at the end of a large one":   {send: getRequest("/large"), arrives: true, read: len(large)},
		"after the answer":            {send: getRequest("/x"), arrives: true, read: len(plain("ok"))},
		"with another request behind": {send: getRequest("/x") + "GET /y", arrives: true, read: len(plain("ok"))},
	} {
		for how, leave := range leave {
			t.Run(name+", "+how, func(t *testing.T) {
				conn := connect(t, g.Addr)
				if _, err := io.WriteString(conn, c.send); err != nil {
					t.Fatal(err)
				}
				if c.arrives {
					within(t, arrived, "the request did not arrive")
				}
				if _, err := io.CopyN(io.Discard, conn, int64(c.read)); err != nil {
					t.Error(err)
				}
				leave(conn)
				if c.unsent {
					if observed := g.observed(t); !observed.Aborted && observed.Status != 400 {
						t.Errorf("observed status %d, not aborted", observed.Status)
					}
				}
				if c.arrives {
					if got := within(t, bodies, "the upload never ends"); (got.err != nil) != c.partial {
						t.Errorf("the upstream got %d bytes of an upload, %v; want partial %v", len(got.body), got.err, c.partial)
					}
					observed := g.observed(t)
					// Whether the client is gone for good, or only has no more to send, is seen later.
					if c.aborted && !observed.Aborted && !(c.partial && observed.Status == 400) {
						t.Errorf("observed status %d, not aborted", observed.Status)
					}
					if observed.Decision.Failure != "" && !c.partial {
						t.Errorf("failure %q: a client that leaves is nobody's failure", observed.Decision.Failure)
					}
				}
				if c.ends {
					within(t, gone, "the upstream's connection outlives the client")
				}
				if got := ask(t, g.Addr, getRequest("/own")); got.Status != 200 || got.Body != "/own" {
					t.Errorf("the next client: %v", got)
				}
				g.observed(t)
				for len(gone) > 0 {
					<-gone
				}
			})
		}
	}
}

// TestClientVanishesAtTheEnd has clients leave just as their answers end, which is when a
// connection goes back to be used again: nothing of the leaving may stick to it.
func TestClientVanishesAtTheEnd(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, named)
	g := startGateway(t, p.URL, gatewayConfig{})
	for i := range 600 {
		c := connect(t, g.Addr)
		if i%3 == 0 {
			_, _ = io.WriteString(c, postRequest("/leaving", "abc"))
		} else {
			_, _ = io.WriteString(c, getRequest("/leaving"))
		}
		if i%2 == 0 { // at about the time that an answer takes
			for start := time.Now(); time.Since(start) < time.Duration(i%60)*5*time.Microsecond; {
			}
		} else {
			_, _ = c.r.Peek(i % 40)
		}
		if i%5 == 0 {
			_ = c.SetLinger(0)
		}
		c.Close()
		own := fmt.Sprintf("/own-%d", i)
		if got := ask(t, g.Addr, postRequest(own, "!")); got.Status != 200 || got.Body != own+"!" {
			t.Fatalf("after client %d left: %v; want %s", i, got, own)
		}
	}
}
