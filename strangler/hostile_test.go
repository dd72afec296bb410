package strangler_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// withPolicy is an upstream that is nothing but a socket, behind layers of package upstream.
func withPolicy(t *testing.T, p upstream.Policy, serve func(conn *net.TCPConn, r *bufio.Reader)) strangler.Upstream {
	t.Helper()
	u := &url.URL{Scheme: "http", Host: listening(t, serve)}
	tr, err := upstream.New(upstream.Config{URLs: []*url.URL{u}, Policy: p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return strangler.Upstream{URL: u, Transport: tr, Copies: tr}
}

// answersAll answers each request that is whole.
func answersAll(conn *net.TCPConn, r *bufio.Reader) {
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
}

// TestUpgradeWithBody has clients ask for an upgrade and send a body, and an upstream agree at once,
// whether it was asked or not. Nobody may be piped bytes of which another still reads.
func TestUpgradeWithBody(t *testing.T) {
	for _, b := range rawBacks {
		t.Run(b.name, func(t *testing.T) {
			asked := make(chan string, 100)
			g := gatewayOf(t, front1, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
				head, _ := headOf(r)
				asked <- head
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
				_, _ = io.Copy(io.Discard, r)
			}))
			var clients sync.WaitGroup
			for k := range 6 {
				clients.Go(func() {
					for range 8 {
						conn, err := net.Dial("tcp", g.addr)
						if err != nil {
							t.Error(err)
							return
						}
						_ = conn.SetDeadline(time.Now().Add(patience))
						_, _ = io.WriteString(conn, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 100000000\r\n\r\n")
						r := bufio.NewReader(conn)
						head := make(chan string, 1)
						go func() { got, _ := headOf(r); head <- got }()
						small := strings.Repeat("x", 100+900*k)
						for range 400 {
							if _, err := io.WriteString(conn, small); err != nil {
								break
							}
						}
						if got := <-head; got != "" && !strings.HasPrefix(got, "HTTP/1.1 502 ") {
							t.Errorf("answer %q", got)
						}
						conn.Close()
					}
				})
			}
			clients.Wait()
			if head := <-asked; strings.Contains(strings.ToLower(head), "upgrade") {
				t.Errorf("the upstream was asked %q", head)
			}
		})
	}
}

// TestTrailersOfTwoAttempts has a service fail while its client is about to send trailers, so that
// legacy is asked while the server still reads what the service was to get.
func TestTrailersOfTwoAttempts(t *testing.T) {
	service := rawPeer(t, back1, func(conn *net.TCPConn, r *bufio.Reader) {
		_, _ = headOf(r)
		_, _ = r.ReadString('c')
		_, _ = io.WriteString(conn, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		_, _ = io.Copy(io.Discard, r)
	})
	legacy := rawPeer(t, back1, func(conn *net.TCPConn, r *bufio.Reader) {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		text := fmt.Sprint(len(req.Trailer), req.Trailer.Get("X-7"))
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	})
	g := gatewayWith(t, front1, strangler.Config{
		Legacy: legacy, Services: map[string]strangler.Upstream{"s": service},
		Routes: []strangler.Route{{Name: "r", Match: strangler.Match{Path: "/r"}, Service: "s", Start: strangler.At(strangler.PhaseLive), Fallback: true}},
	})
	const names = 190
	announce, trailers := "Trailer: X-0", ""
	for i := range names {
		announce += fmt.Sprintf(",X-%d", i)
		trailers += fmt.Sprintf("X-%d: v%d\r\n", i, i)
	}
	for range 100 {
		conn, r := g.dial(t)
		say(t, conn, "PUT /r HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"+announce+"\r\n\r\n3\r\nabc\r\n")
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
		say(t, conn, "0\r\n"+trailers+"\r\n")
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := textOf(t, resp); resp.StatusCode != 503 && got != fmt.Sprint(names, "v7") {
			t.Errorf("answer %d %q", resp.StatusCode, got)
		}
		conn.Close()
	}
	conn, r := g.dial(t)
	many := strings.Repeat("X-A,", 100) + "X-1"
	for i := range 300 {
		many += fmt.Sprintf(",Y-%d", i)
	}
	say(t, conn, "PUT /r HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: "+many+"\r\n\r\n0\r\n\r\n")
	if head, _ := headOf(r); !strings.HasPrefix(head, "HTTP/1.1 431 ") {
		t.Errorf("300 announced trailers are answered %q", head)
	}
}

// TestHalfAHeadBeforeTheBody has an upstream begin an answer when it is asked whether it wants a
// body, and stop: that isn't waited for, and the client's end is seen.
func TestHalfAHeadBeforeTheBody(t *testing.T) {
	gone := make(chan struct{}, 2)
	g := gatewayOf(t, front1, withPolicy(t, upstream.Policy{Timeouts: upstream.Timeouts{FirstByte: 300 * time.Millisecond}}, func(conn *net.TCPConn, r *bufio.Reader) {
		_, _ = headOf(r)
		_, _ = io.WriteString(conn, "HTTP/1.1 ")
		_, _ = io.Copy(io.Discard, r)
		gone <- struct{}{}
	}))
	for _, leaves := range []bool{false, true} {
		conn, r := g.dial(t)
		say(t, conn, "PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
		head, err := headOf(r)
		if !strings.HasPrefix(head, "HTTP/1.1 100 ") {
			t.Fatalf("%q, %v", head, err)
		}
		if leaves {
			conn.Close()
		} else {
			say(t, conn, "12345")
			if head, err = headOf(r); !strings.HasPrefix(head, "HTTP/1.1 504 ") {
				t.Errorf("%q, %v", head, err)
			}
		}
		select {
		case <-gone:
		case <-time.After(patience):
			t.Error("the upstream still waits")
		}
	}
}

// TestInformationalAnswersAreThemselves has what is known already of the answer (that the connection
// closes after it) not said in those that come before: Node's client stops reading there.
func TestInformationalAnswersAreThemselves(t *testing.T) {
	for _, b := range rawBacks {
		g := gatewayOf(t, front1, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
			_, _ = io.Copy(io.Discard, req.Body)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}))
		conn, r := g.dial(t)
		say(t, conn, "PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
		for _, want := range []string{"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"} {
			if head, err := headOf(r); head != want {
				t.Errorf("%s: %q, %v; want %q", b.name, head, err, want)
			}
		}
		say(t, conn, "3\r\nabc\r\n0\r\n\r\n")
		if head, err := headOf(r); !strings.Contains(head, "Connection: close") {
			t.Errorf("%s: %q, %v", b.name, head, err)
		}
	}
}

// TestHintsWhileTheBodyIsAskedFor has an upstream that doesn't know the question hint just when its
// silence has been taken for that.
func TestHintsWhileTheBodyIsAskedFor(t *testing.T) {
	for _, b := range rawBacks {
		for range 4 {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				g := gatewayOf(t, front1, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					for range 200 {
						time.Sleep(7 * time.Millisecond)
						_, _ = io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
					}
					_, _ = io.Copy(io.Discard, req.Body)
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}))
				conn, r := g.dial(t)
				say(t, conn, "PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
				continues := 0
				for {
					head, err := headOf(r)
					switch {
					case err != nil:
						t.Fatalf("%q, %v", head, err)
					case head == "HTTP/1.1 100 Continue\r\n\r\n":
						continues++
						say(t, conn, "abc")
						continue
					case head == "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n":
						continue
					}
					if !strings.HasPrefix(head, "HTTP/1.1 200 ") || continues > 1 {
						t.Errorf("%q after %d times 100", head, continues)
					}
					return
				}
			})
		}
	}
}

// TestSilentClients has clients stop in the middle of their bodies, when they are answered already,
// refused, or have half of an answer: their connections end soon.
func TestSilentClients(t *testing.T) {
	early := withPolicy(t, upstream.Policy{}, func(conn *net.TCPConn, r *bufio.Reader) {
		_, _ = headOf(r)
		_, _ = io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
	})
	half := withPolicy(t, upstream.Policy{}, func(conn *net.TCPConn, r *bufio.Reader) {
		_, _ = headOf(r)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		time.Sleep(50 * time.Millisecond)
		_ = conn.SetLinger(0)
	})
	for _, f := range []frontKind{front1, front1s} {
		for name, c := range map[string]struct {
			legacy strangler.Upstream
			header string
			want   string
		}{
			"answered": {early, "", "HTTP/1.1 413 "},
			"refused":  {early, "Connection: Cookie\r\nCookie: a=b\r\n", "HTTP/1.1 400 "},
			"cut":      {half, "", "HTTP/1.1 200 "},
		} {
			for _, body := range []string{"Content-Length: 100000\r\n\r\nabc", "Content-Length: 10000000\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"} {
				t.Run(fmt.Sprint(f.name, ", ", name, ", ", body[:24]), func(t *testing.T) {
					t.Parallel()
					g := gatewayWith(t, f, strangler.Config{Legacy: c.legacy})
					conn, r := g.dial(t)
					say(t, conn, "PUT /x HTTP/1.1\r\nHost: h\r\n"+c.header+body)
					begun := time.Now()
					if head, err := headOf(r); !strings.HasPrefix(head, c.want) {
						t.Errorf("%q, %v", head, err)
					}
					if _, err := io.Copy(io.Discard, r); time.Since(begun) > 6*time.Second {
						t.Errorf("the connection ended after %s: %v", time.Since(begun), err)
					}
				})
			}
		}
	}
}

// TestSlowClientsTakeNoRoom has clients stop in the middle of short bodies: others have the
// upstream for themselves.
func TestSlowClientsTakeNoRoom(t *testing.T) {
	g := gatewayOf(t, front1, withPolicy(t, upstream.Policy{Bulkhead: upstream.Bulkhead{InFlight: 1}}, answersAll))
	for range 3 {
		conn, _ := g.dial(t)
		say(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\na")
	}
	time.Sleep(50 * time.Millisecond)
	conn, r := g.dial(t)
	for range 3 {
		say(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		answered(t, r, "ok")
	}
}
