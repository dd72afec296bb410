package upstream_test

import (
	"strings"
	"testing"
)

// TestEndlessHints has an upstream say again and again that it will answer.
func TestEndlessHints(t *testing.T) {
	leavesNothing(t)
	for name, hint := range map[string]string{
		"hints":      "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n",
		"processing": "HTTP/1.1 102 Processing\r\n\r\n",
		"continue":   "HTTP/1.1 100 Continue\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			sent := make(chan int, 1)
			p := startPeer(t, func(conn *peerConn) {
				if _, _, ok := conn.request(); ok {
					sent <- conn.flood(hint, 1<<30)
				}
			})
			g := startGateway(t, p.URL, gatewayConfig{})
			if got := ask(t, g.Addr, getRequest("/")); got.Status != 502 && !(got.Status == 0 && got.Cut) {
				t.Errorf("%v; want 502, or it cut", got)
			}
			if n := within(t, sent, "the upstream still sends"); n > 32<<20 {
				t.Errorf("the upstream could send %d MiB", n>>20)
			}
			if seen := g.observed(t); seen.Decision.Failure != "broken" {
				t.Errorf("observed failure %q", seen.Decision.Failure)
			}
		})
	}
}

// TestSomeHints makes sure that the bound is not so low that it is met in life.
func TestSomeHints(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, func(c *peerConn) {
		if _, _, ok := c.request(); ok {
			c.send(strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 20) + plain("done"))
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	if got := ask(t, g.Addr, getRequest("/")); got.Status != 200 || got.Body != "done" {
		t.Errorf("%v; want the answer after 20 informational ones", got)
	}
}
