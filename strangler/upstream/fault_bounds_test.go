package upstream_test

import (
	"io"
	"runtime"
	"strings"
	"testing"
)

// TestEndlessAnswers has upstreams send without end what a client never sees. It ends soon, and
// little of it is remembered.
func TestEndlessAnswers(t *testing.T) {
	leavesNothing(t)
	const ok = "HTTP/1.1 200 OK\r\n"
	const limit = 1 << 30 // bytes that nobody takes
	for name, c := range map[string]struct {
		begin, again string
		status       int // 0: the answer is cut
	}{
		"a status line":              {"HTTP/1.1 200 ", "x", 502},
		"a header":                   {ok + "X-A: ", "x", 502},
		"a header's name":            {ok, "x", 502},
		"headers":                    {ok, "X-A: b\r\n", 502},
		"different headers":          {ok + "X-A: " + strings.Repeat("x", 200_000) + "\r\n", "X-B: b\r\nX-C: c\r\n", 502},
		"a folded header":            {ok + "X-A: b\r\n", " c\r\n", 502},
		"empty lines":                {"", "\r\n", 502},
		"bytes":                      {"", "x", 502},
		"a chunk size":               {ok + "Transfer-Encoding: chunked\r\n\r\n", "0", 0},
		"a chunk extension":          {ok + "Transfer-Encoding: chunked\r\n\r\n2;", "x", 0},
		"chunks and much in between": {ok + "Transfer-Encoding: chunked\r\n\r\n", "1;" + strings.Repeat("x", 2000) + "\r\na\r\n", 0},
		"a trailer":                  {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-A: ", "x", 0},
		"trailers":                   {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n", "X-A: b\r\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			sent := make(chan int, 1)
			p := startPeer(t, func(conn *peerConn) {
				if _, _, ok := conn.request(); ok && conn.send(c.begin) {
					sent <- conn.flood(c.again, limit)
				}
			})
			g := startGateway(t, p.URL, gatewayConfig{})
			grown := heapGrowth(func() {
				got := ask(t, g.Addr, getRequest("/"))
				if got.Status != c.status && c.status != 0 || got.Cut != (c.status == 0) {
					t.Errorf("%v; want status %d, or it cut", got, c.status)
				}
			})
			if seen := g.observed(t); seen.Decision.Failure != "broken" {
				t.Errorf("observed failure %q", seen.Decision.Failure)
			}
			if n := within(t, sent, "the upstream still sends"); n > 16<<20 {
				t.Errorf("the upstream could send %d MiB", n>>20)
			}
			if grown > 32<<20 {
				t.Errorf("the heap grew by %d MiB", grown>>20)
			}
		})
	}
}

// TestEndlessBodiesOfNone has an upstream send a body without end where there is none: the
// client has its answer at once and the connection goes.
func TestEndlessBodiesOfNone(t *testing.T) {
	leavesNothing(t)
	for name, c := range map[string]struct{ method, head string }{
		"HEAD":             {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"},
		"HEAD without any": {"HEAD", "HTTP/1.1 200 OK\r\n\r\n"},
		"204":              {"GET", "HTTP/1.1 204 No Content\r\n\r\n"},
		"304":              {"GET", "HTTP/1.1 304 Not Modified\r\n\r\n"},
		"length 0":         {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		"length 2":         {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"},
		"after the chunks": {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			sent := make(chan int, 1)
			p := startPeer(t, func(conn *peerConn) {
				if _, _, ok := conn.request(); ok {
					conn.send(c.head + "xxxx")
					sent <- conn.flood("x", 1<<30)
				}
			})
			g := startGateway(t, p.URL, gatewayConfig{})
			if got := ask(t, g.Addr, c.method+" / HTTP/1.1\r\nHost: h\r\n\r\n"); got.Cut || got.Status >= 400 {
				t.Errorf("%v; want the answer", got)
			}
			if n := within(t, sent, "the connection that answers too much is kept"); n > 16<<20 {
				t.Errorf("the upstream could send %d MiB", n>>20)
			}
		})
	}
}

// TestVanishingFromEndlessBody has the client leave a body that has no end.
func TestVanishingFromEndlessBody(t *testing.T) {
	leavesNothing(t)
	sent := make(chan int, 1)
	p := startPeer(t, func(c *peerConn) {
		if _, _, ok := c.request(); ok {
			c.send("HTTP/1.1 200 OK\r\n\r\n")
			sent <- c.flood("x", 1<<40)
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	grown := heapGrowth(func() {
		c := connect(t, g.Addr)
		_, _ = io.WriteString(c, getRequest("/"))
		if _, err := io.CopyN(io.Discard, c, 64<<20); err != nil {
			t.Error(err)
		}
		c.Close()
		within(t, sent, "the upstream still sends")
	})
	if grown > 32<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

// heapGrowth returns by how many bytes the heap is larger after f, before anything is collected
// that f left.
func heapGrowth(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.HeapInuse) - int64(before.HeapInuse)
}
