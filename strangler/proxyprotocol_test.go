package strangler

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
	"golang.org/x/net/http2"
)

// behindBalancer starts a proxy whose listener takes the PROXY protocol from loopback, or from
// nobody.
func behindBalancer(t *testing.T, up Upstream, trusted bool, tlsConfig *tls.Config, log io.Writer) (address string) {
	t.Helper()
	p, err := New(Config{Logger: quiet, Legacy: up})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(p, ServerConfig{Logger: quiet, TLS: tlsConfig})
	outer := &ProxyProtocol{Listener: l, Timeout: 200 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(log, nil)),
		Trusted: func(peer netip.Addr) bool { return trusted && peer.IsLoopback() }}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if tlsConfig != nil {
			_ = s.ServeTLS(outer, "", "")
		} else {
			_ = s.Serve(outer)
		}
	}()
	t.Cleanup(func() { s.Close(); <-served })
	return "http://" + l.Addr().String()
}

func header(t *testing.T, version byte, command proxyproto.ProtocolVersionAndCommand, family proxyproto.AddressFamilyAndProtocol, from, to string) string {
	t.Helper()
	h := &proxyproto.Header{Version: version, Command: command, TransportProtocol: family}
	if from != "" {
		h.SourceAddr, h.DestinationAddr = net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from)), net.TCPAddrFromAddrPort(netip.MustParseAddrPort(to))
	}
	text, err := h.Format()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lockedBuffer is a log that may be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// tellsPeer answers with who the upstream is told is the client.
func tellsPeer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, r.Header.Get("X-Forwarded-For")+" "+r.Header.Get("X-Forwarded-Proto"))
}

func TestProxyProtocol(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
	v2 := header(t, 2, proxyproto.PROXY, proxyproto.TCPv4, "192.0.2.7:1234", "198.51.100.1:443")
	for name, c := range map[string]struct {
		send     string
		stranger bool
		status   int // 0: the connection ends without an answer
		body     string
		logged   bool
	}{
		"version 1":                      {send: "PROXY TCP4 192.0.2.7 198.51.100.1 1234 443\r\n" + request, status: 200, body: "192.0.2.7 http"},
		"version 1, IPv6":                {send: "PROXY TCP6 2001:db8::7 2001:db8::1 1234 443\r\n" + request, status: 200, body: "2001:db8::7 http"},
		"version 1, unknown":             {send: "PROXY UNKNOWN\r\n" + request, status: 200, body: "127.0.0.1 http"},
		"version 2":                      {send: v2 + request, status: 200, body: "192.0.2.7 http"},
		"version 2, IPv6":                {send: header(t, 2, proxyproto.PROXY, proxyproto.TCPv6, "[2001:db8::7]:1234", "[2001:db8::1]:443") + request, status: 200, body: "2001:db8::7 http"},
		"version 2, a health check":      {send: header(t, 2, proxyproto.LOCAL, proxyproto.UNSPEC, "", "") + request, status: 200, body: "127.0.0.1 http"},
		"forged X-Forwarded-For":         {send: v2 + "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.1.1.1\r\nConnection: close\r\n\r\n", status: 200, body: "192.0.2.7 http"},
		"two headers":                    {send: v2 + v2 + request, status: 400},
		"no header":                      {send: request, logged: true},
		"half a header":                  {send: "PROXY TCP4 192.0.2.7 ", logged: true},
		"half a header of version 2":     {send: v2[:14], logged: true},
		"nothing":                        {logged: true},
		"a header that is wrong":         {send: "PROXY TCP4 192.0.2.777 198.51.100.1 1234 443\r\n" + request, logged: true},
		"a header without end":           {send: "PROXY TCP4 " + strings.Repeat("1", 5000), logged: true},
		"a version nobody knows":         {send: v2[:12] + "\x31" + v2[13:] + request, logged: true},
		"a stranger's header":            {send: "PROXY TCP4 192.0.2.7 198.51.100.1 1234 443\r\n" + request, stranger: true, status: 400},
		"a stranger's header, version 2": {send: v2 + request, stranger: true, status: 400},
		"a stranger without one":         {send: request, stranger: true, status: 200, body: "127.0.0.1 http"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lockedBuffer
			address := behindBalancer(t, upstreamOf(t, http.HandlerFunc(tellsPeer)), !c.stranger, nil, &log)
			conn, r := dial(t, address)
			writeRaw(t, conn, "%s", c.send)
			resp, err := http.ReadResponse(r, nil)
			switch {
			case c.status == 0 && err == nil:
				t.Errorf("answer %s, want none", resp.Status)
			case c.status != 0 && err != nil:
				t.Error(err)
			case c.status != 0:
				all, _ := io.ReadAll(resp.Body) // a reset may follow on what wasn't read
				resp.Body.Close()
				if body := string(all); resp.StatusCode != c.status || c.body != "" && body != c.body {
					t.Errorf("answer %d %q, want %d %q", resp.StatusCode, body, c.status, c.body)
				}
			}
			if got := strings.Contains(log.String(), "peer=127.0.0.1:"); got != c.logged {
				t.Errorf("logged: %q, want it to be: %v", log.String(), c.logged)
			}
		})
	}
}

// TestProxyProtocolAround speaks TLS, HTTP/2 and an upgraded protocol behind the header.
func TestProxyProtocolAround(t *testing.T) {
	borrowed := httptest.NewTLSServer(nil) // for its certificate
	defer borrowed.Close()
	const from = "PROXY TCP4 192.0.2.7 198.51.100.1 1234 443\r\n"
	t.Run("TLS", func(t *testing.T) {
		address := behindBalancer(t, upstreamOf(t, http.HandlerFunc(tellsPeer)), true, &tls.Config{Certificates: borrowed.TLS.Certificates}, io.Discard)
		for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
			transport := &http.Transport{
				TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // the test's own certificate
				ForceAttemptHTTP2: protocol == "HTTP/2.0",
				DialContext: func(context.Context, string, string) (net.Conn, error) {
					conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
					if err == nil {
						_, err = io.WriteString(conn, from)
					}
					return conn, err
				},
			}
			resp, err := (&http.Client{Transport: transport}).Get("https://h/")
			if err != nil {
				t.Fatal(err)
			}
			if text := bodyOf(t, resp); text != "192.0.2.7 https" || resp.Proto != protocol {
				t.Errorf("%s: answer %q by %s", protocol, text, resp.Proto)
			}
			transport.CloseIdleConnections()
		}
	})
	t.Run("h2c", func(t *testing.T) {
		address := behindBalancer(t, upstreamOf(t, http.HandlerFunc(tellsPeer)), true, nil, io.Discard)
		conn, r := dial(t, address)
		writeRaw(t, conn, "%s%s", from, http2.ClientPreface)
		if got := startHTTP2(t, conn, r, []string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/"}, "", true, true); got != "200" {
			t.Errorf("answer %s", got)
		}
	})
	t.Run("an upgrade", func(t *testing.T) {
		address := behindBalancer(t, rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
			if _, err := readHead(r); err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n")
			all, _ := io.ReadAll(r)
			_, _ = conn.Write(all)
		}), true, nil, io.Discard)
		conn, r := dial(t, address)
		writeRaw(t, conn, "%sGET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\nearly ", from)
		if head, err := readHead(r); err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") {
			t.Fatalf("%q, %v", head, err)
		}
		writeRaw(t, conn, "late")
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if all, err := io.ReadAll(r); err != nil || string(all) != "early late" {
			t.Errorf("back came %q, %v", all, err)
		}
	})
}
