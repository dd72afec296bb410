package strangler_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// counted is an upstream that answers each head with the same bytes, and counts its connections.
// It closes after an answer where last says so.
func counted(t *testing.T, b backKind, answer string, last bool) (_ func(*testing.T, frontKind) *gateway, conns *atomic.Int32) {
	t.Helper()
	conns = new(atomic.Int32)
	up := rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
		conns.Add(1)
		for {
			if _, err := headOf(r); err != nil {
				return
			}
			_, _ = io.WriteString(conn, answer)
			if last {
				return
			}
		}
	})
	return func(t *testing.T, f frontKind) *gateway { return gatewayOf(t, f, up) }, conns
}

// TestPeerFraming has answers whose end is known in each of the ways that there are, or that have
// none where one might be expected, and compares the bytes that clients of HTTP/1.1 and HTTP/1.0
// get. Two requests on one connection show that nothing is out of step.
func TestPeerFraming(t *testing.T) {
	for name, c := range map[string]struct {
		method string // empty: GET
		answer string
		closes bool // the upstream does, after it
		head   []string
		body   string // for HTTP/1.1, as it is on the wire
		old    string // for HTTP/1.0, where it differs
	}{
		"a length": {
			answer: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
			head:   []string{"200 OK", "Content-Length: 4"}, body: "body",
		},
		"no body": {
			answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
			head:   []string{"200 OK", "Content-Length: 0"},
		},
		"chunks": {
			answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nbody\r\n0\r\n\r\n",
			head:   []string{"200 OK", "Transfer-Encoding: chunked"}, body: "4\r\nbody\r\n0\r\n\r\n", old: "body",
		},
		"until the end": {
			answer: "HTTP/1.1 200 OK\r\n\r\nbody", closes: true,
			head: []string{"200 OK", "Transfer-Encoding: chunked"}, body: "4\r\nbody\r\n0\r\n\r\n", old: "body",
		},
		"HTTP/1.0 until the end": {
			answer: "HTTP/1.0 200 OK\r\nContent-Type: x/y\r\n\r\nbody", closes: true,
			head: []string{"200 OK", "Content-Type: x/y", "Transfer-Encoding: chunked"}, body: "4\r\nbody\r\n0\r\n\r\n", old: "body",
		},
		"HTTP/1.0 with a length": {
			answer: "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody", closes: true,
			head: []string{"200 OK", "Content-Length: 4"}, body: "body",
		},
		"HTTP/1.0 that stays": {
			answer: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nbody",
			head:   []string{"200 OK", "Content-Length: 4"}, body: "body",
		},
		"the connection's end announced": {
			answer: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody", closes: true,
			head: []string{"200 OK", "Content-Length: 4"}, body: "body",
		},
		"204": {
			answer: "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
			head:   []string{"204 No Content", "X-A: 1"},
		},
		"304": {
			answer: "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
			head:   []string{"304 Not Modified", `Etag: "x"`},
		},
		"304 with the length that 200 would have": { // net/http's server leaves it out
			answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n",
			head:   []string{"304 Not Modified"},
		},
		"205 with a length": {
			answer: "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
			head:   []string{"205 Reset Content", "Content-Length: 0"},
		},
		"205 in chunks": {
			answer: "HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			head:   []string{"205 Reset Content", "Transfer-Encoding: chunked"}, body: "0\r\n\r\n", old: "",
		},
		"HEAD with a length": {
			method: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n",
			head: []string{"200 OK", "Content-Length: 1234"},
		},
		"HEAD without": {
			method: "HEAD", answer: "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n",
			head: []string{"200 OK", "X-A: 1"},
		},
		"HEAD of nothing": {
			method: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
			head: []string{"200 OK", "Content-Length: 0"},
		},
	} {
		for _, b := range rawBacks {
			t.Run(name+", "+b.name, func(t *testing.T) {
				start, conns := counted(t, b, c.answer, c.closes)
				g := start(t, front1)
				method := c.method
				if method == "" {
					method = "GET"
				}
				conn, r := g.dial(t)
				for range 2 {
					say(t, conn, method+" / HTTP/1.1\r\nHost: h\r\n\r\n")
					head, err := headOf(r)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(append([]string{"HTTP/1.1 " + c.head[0]}, c.head[1:]...), linesOf(head)); diff != "" {
						t.Errorf("head (-want +got):\n%s", diff)
					}
					body := make([]byte, len(c.body))
					if _, err := io.ReadFull(r, body); err != nil || string(body) != c.body {
						t.Errorf("body %q, %v; want %q", body, err, c.body)
					}
				}
				want := int32(1)
				if c.closes {
					want = 2
				}
				if n := conns.Load(); n != want {
					t.Errorf("%d connections to the upstream, want %d", n, want)
				}

				answer := g.ask(t, method+" / HTTP/1.0\r\nHost: h\r\n\r\n")
				head, body, _ := strings.Cut(answer, "\r\n\r\n")
				wantBody := c.body
				if strings.Contains(strings.Join(c.head, "\n"), "chunked") {
					wantBody = c.old
				}
				if body != wantBody || strings.Contains(head, "Transfer-Encoding") {
					t.Errorf("HTTP/1.0 is answered %q with %q, want %q", head, body, wantBody)
				}
			})
		}
	}
}

// TestPeerConnectionClose has either side end its connection: the other side's goes on.
func TestPeerConnectionClose(t *testing.T) {
	for _, b := range rawBacks {
		t.Run("the client, "+b.name, func(t *testing.T) {
			var heads atomic.Int32
			var conns atomic.Int32
			g := gatewayOf(t, front1, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
				conns.Add(1)
				for {
					head, err := headOf(r)
					if err != nil {
						return
					}
					heads.Add(1)
					if strings.Contains(strings.ToLower(head), "connection") {
						t.Errorf("the upstream got %q", head)
					}
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			}))
			for _, request := range []string{
				"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
				"GET / HTTP/1.1\r\nHost: h\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\r\n",
				"GET / HTTP/1.0\r\nHost: h\r\n\r\n",
			} {
				if answer := g.ask(t, request); !strings.HasSuffix(answer, "\r\n\r\nok") {
					t.Errorf("answer %q", answer)
				}
			}
			if heads.Load() != 3 || conns.Load() != 1 {
				t.Errorf("%d requests on %d connections, want 3 on 1", heads.Load(), conns.Load())
			}
		})
	}
}

// TestPeerSurplus has upstreams send more than an answer has: a body where none may be (RFC 9110
// section 6.4.1), or bytes after its end. They are nobody's, least of all the next client's.
func TestPeerSurplus(t *testing.T) {
	const stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"
	for name, c := range map[string]struct{ method, answer string }{
		"204 with a body":               {"GET", "HTTP/1.1 204 No Content\r\n\r\n" + stray},
		"204 with a length and a body":  {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nstray"},
		"304 with a body":               {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n" + stray},
		"HEAD with a body":              {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 48\r\n\r\n" + stray},
		"HEAD with chunks":              {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nstray\r\n0\r\n\r\n"},
		"more than the length":          {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + stray},
		"more than the chunks":          {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + stray},
		"more than nothing":             {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + stray},
		"an empty line after the chunk": {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n"},
	} {
		for _, b := range rawBacks {
			t.Run(name+", "+b.name, func(t *testing.T) {
				var n atomic.Int32
				g := gatewayOf(t, front1, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
					for {
						req, err := http.ReadRequest(r)
						if err != nil {
							return
						}
						if req.URL.Path != "/surplus" {
							answer := fmt.Sprint("right ", n.Add(1))
							fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
							continue
						}
						_, _ = io.WriteString(conn, c.answer)
					}
				}))
				client := g.client(t)
				for i := range 5 {
					req, _ := http.NewRequest(c.method, g.url+"/surplus", nil)
					resp, err := client.Do(req)
					if err != nil {
						t.Fatal(err)
					}
					if body := textOf(t, resp); strings.Contains(body, "stray") {
						t.Errorf("answer %d %q", resp.StatusCode, body)
					}
					if b.standard {
						break // net/http's goroutine may notice too late, for any request that comes: transport: standard says so
					}
					resp, err = client.Get(g.url + "/next")
					if err != nil {
						t.Fatal(err)
					}
					if body := textOf(t, resp); body != fmt.Sprint("right ", i+1) {
						t.Errorf("the next request is answered %d %q", resp.StatusCode, body)
					}
				}
			})
		}
	}
}
