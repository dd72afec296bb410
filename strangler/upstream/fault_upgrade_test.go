package upstream_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

const upgradeRequest = "GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n"

// TestUpgradedConnectionEnds ends an upgraded connection from either side and in each way: what
// was sent before arrives, and nothing is left over.
func TestUpgradedConnectionEnds(t *testing.T) {
	leavesNothing(t)
	const switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n"
	for name, c := range map[string]struct {
		upstream func(*peerConn)
		client   func(*rawClient)
	}{
		"the upstream closes":      {func(c *peerConn) { c.Close() }, func(*rawClient) {}},
		"the upstream resets":      {func(c *peerConn) { c.reset() }, func(*rawClient) {}},
		"the upstream half-closes": {func(c *peerConn) { _ = c.CloseWrite(); c.untilGone() }, func(c *rawClient) { _, _ = io.Copy(io.Discard, c.r); c.Close() }},
		"the client closes":        {func(c *peerConn) { c.untilGone() }, func(c *rawClient) { c.Close() }},
		"the client resets":        {func(c *peerConn) { c.untilGone() }, func(c *rawClient) { _ = c.SetLinger(0); c.Close() }},
		"the client half-closes":   {func(c *peerConn) { c.untilGone() }, func(c *rawClient) { _ = c.CloseWrite() }},
		"both close":               {func(c *peerConn) { c.Close() }, func(c *rawClient) { c.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan struct{})
			p := startPeer(t, func(conn *peerConn) {
				defer close(ended)
				if head, ok := conn.head(); !ok || headerOf(head, "Upgrade") != "raw" {
					return
				}
				conn.send(switched + "hello")
				b := make([]byte, 5)
				if _, err := io.ReadFull(conn.r, b); err == nil && string(b) == "there" {
					conn.send("!")
				}
				c.upstream(conn)
			})
			g := startGateway(t, p.URL, gatewayConfig{})
			conn := connect(t, g.Addr)
			_, _ = io.WriteString(conn, upgradeRequest+"there") // together
			resp, err := http.ReadResponse(conn.r, nil)
			if err != nil || resp.StatusCode != 101 {
				t.Fatal(resp, err)
			}
			b := make([]byte, 6)
			if _, err := io.ReadFull(conn.r, b); err != nil || string(b) != "hello!" {
				t.Errorf("%q, %v", b, err)
			}
			c.client(conn)
			within(t, ended, "the upstream's side goes on")
			conn.Close()
			if seen := g.observed(t); seen.Status != 101 {
				t.Errorf("observed status %d", seen.Status)
			}
		})
	}
}

// TestUpgradeFails has an upstream take a request for an upgrade and fail in each way; none may
// become a tunnel.
func TestUpgradeFails(t *testing.T) {
	leavesNothing(t)
	for name, c := range map[string]struct {
		answer string
		status int
	}{
		"nothing":                    {"", 502},
		"half a head":                {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgr", 502},
		"another protocol":           {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n", 502},
		"no protocol":                {"HTTP/1.1 101 Switching Protocols\r\n\r\n", 502},
		"no Connection":              {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\n\r\n", 502},
		"a refusal":                  {"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403},
		"200 that says it upgrades":  {"HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: raw\r\nContent-Length: 2\r\n\r\nno", 200},
		"426":                        {"HTTP/1.1 426 Upgrade Required\r\nUpgrade: other\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n", 426},
		"a hint, then the end":       {"HTTP/1.1 103 Early Hints\r\n\r\n", 502},
		"a refusal with no more":     {"HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nno", 0},
		"a refusal until the end":    {"HTTP/1.1 403 Forbidden\r\n\r\nno", 403},
		"a refusal and more than it": {"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno" + evil, 403},
	} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, func(conn *peerConn) {
				for {
					head, ok := conn.head()
					if !ok {
						return
					}
					if path(head) != "/up" {
						conn.send(plain(path(head)))
						continue
					}
					conn.send(c.answer)
					if !strings.Contains(c.answer, evil) {
						return
					}
				}
			})
			g := startGateway(t, p.URL, gatewayConfig{})
			conn := connect(t, g.Addr)
			got := conn.ask(t, upgradeRequest)
			if got.Status != c.status && c.status != 0 || got.Cut != (c.status == 0) {
				t.Errorf("%v; want %d", got, c.status)
			}
			conn.Close()
			if got := ask(t, g.Addr, getRequest("/own")); got.Status != 200 || got.Body != "/own" {
				t.Errorf("the next request: %v", got)
			}
		})
	}
}
