package strangler_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/strangler"
)

// TestPeerMethods has methods that gateways treat in their own way. A route that takes every
// path has a service, and legacy stands behind it.
func TestPeerMethods(t *testing.T) {
	eachPair(t, fronts, backs, func(t *testing.T, f frontKind, b backKind) {
		says := func(name string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, name, " ", r.Method, " ", r.URL.Path)
			}
		}
		cfg := strangler.Config{
			Legacy:   peer(t, b, says("legacy")),
			Services: map[string]strangler.Upstream{"s": peer(t, b, says("service"))},
			Routes:   []strangler.Route{{Name: "r", Match: strangler.Match{Path: "/*"}, Service: "s", Start: strangler.At(strangler.PhaseLive)}},
		}
		refusing := gatewayWith(t, f, cfg)
		cfg.AllowTrace = true
		tracing := gatewayWith(t, f, cfg)
		for _, c := range []struct {
			name, method, path string
			g                  *gateway
			want               string // status, and the answer where it is an upstream's
		}{
			{"the whole server", "OPTIONS", "*", refusing, "200 legacy OPTIONS *"},
			{"a path of it", "OPTIONS", "/x", refusing, "200 service OPTIONS /x"},
			{"an unheard-of method", "BREW", "/pot", refusing, "200 service BREW /pot"},
			{"a trace", "TRACE", "/x", refusing, "405"},
			{"a trace that is asked for", "TRACE", "/x", tracing, "200 service TRACE /x"},
			{"a tunnel", "CONNECT", "", refusing, "501"},
			{"a tunnel where traces are asked for", "CONNECT", "", tracing, "501"},
		} {
			t.Run(c.name, func(t *testing.T) {
				scheme, _, _ := strings.Cut(c.g.url, ":")
				req := &http.Request{Method: c.method, URL: &url.URL{Scheme: scheme, Host: c.g.addr, Path: c.path}, Header: http.Header{}}
				resp, err := c.g.client(t).Do(req)
				if err != nil {
					t.Fatal(err)
				}
				got := fmt.Sprint(resp.StatusCode, " ", textOf(t, resp))
				if !strings.HasPrefix(got, c.want) || strings.Contains(got, "service") != strings.Contains(c.want, "service") {
					t.Errorf("answer %q, want %q", got, c.want)
				}
			})
		}
	})
}

// TestPeerNoTunnel asks for tunnels on the wire: none is opened, to wherever they lead, and
// nothing is sent to an upstream.
func TestPeerNoTunnel(t *testing.T) {
	eachPair(t, []frontKind{front1, front1s}, rawBacks, func(t *testing.T, f frontKind, b backKind) {
		g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
			head, err := headOf(r)
			if err == nil {
				t.Errorf("the upstream got %q", head)
			}
		}))
		for _, target := range []string{g.addr, "127.0.0.1:22", "shop.example:443"} {
			conn, r := g.dial(t)
			say(t, conn, "CONNECT "+target+" HTTP/1.1\r\nHost: "+target+"\r\n\r\nearly bytes")
			if head, err := headOf(r); err != nil || !strings.HasPrefix(head, "HTTP/1.1 501 ") {
				t.Errorf("answer %q, %v; want 501", head, err)
			}
		}
	})
}

// TestPeerNoH2CUpgrade has clients ask for HTTP/2 in the old way, and a peer that would agree. It
// isn't asked: what follows is HTTP/1.1, and none of it passes the routes by.
func TestPeerNoH2CUpgrade(t *testing.T) {
	notAsked(t,
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
		"Connection: upgrade,http2-settings\r\nUpgrade: H2C\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
		"Connection: Upgrade\r\nUpgrade: h2c\r\n",
		"Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
		"Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n",
	)
}

// notAsked sends requests with each of the headers. The peer switches protocols where it is asked.
func notAsked(t *testing.T, headers ...string) {
	eachPair(t, []frontKind{front1, front1s}, rawBacks, func(t *testing.T, f frontKind, b backKind) {
		g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
			for {
				head, err := headOf(r)
				if err != nil {
					return
				}
				if lower := strings.ToLower(head); strings.Contains(lower, "upgrade") || strings.Contains(lower, "http2-settings") || strings.Contains(lower, "connection") {
					_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
					return
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")
			}
		}))
		for _, header := range headers {
			conn, r := g.dial(t)
			for range 2 { // the connection goes on as it was
				say(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n"+header+"\r\n")
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatalf("%q: %v", header, err)
				}
				if body := textOf(t, resp); resp.StatusCode != http.StatusOK || body != "one" || resp.Header.Get("Upgrade") != "" {
					t.Errorf("%q is answered %d %q", header, resp.StatusCode, body)
				}
			}
		}
	})
}
