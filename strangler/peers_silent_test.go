package strangler_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

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
	for name, c := range map[string]struct{ standard, translated bool }{
		"own": {false, false}, "standard": {true, false}, "translated": {false, true},
	} {
		t.Run(name, func(t *testing.T) {
			up := withConfig(t, upstream.Config{Standard: c.standard, Policy: upstream.Policy{Bulkhead: upstream.Bulkhead{InFlight: 1}}}, answersAll)
			cfg := strangler.Config{
				Legacy: up, Services: map[string]strangler.Upstream{"s": up},
				Routes: []strangler.Route{{Name: "r", Match: strangler.Match{Path: "/*"}, Service: "s", Start: strangler.At(strangler.PhaseLive)}},
			}
			if c.translated {
				cfg.Translate = func(strangler.Route) func(http.RoundTripper) http.RoundTripper {
					return func(next http.RoundTripper) http.RoundTripper { return through{next} }
				}
			}
			g := gatewayWith(t, front1, cfg)
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
		})
	}
}

// through is a translation that translates nothing.
type through struct{ http.RoundTripper }

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
