package strangler_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// TestPeerIdleConnections sees how long an upstream's connection is kept when nothing is asked:
// shorter than the upstream would keep it, where that said how long it does (Keep-Alive:
// timeout=), and from 2 s to 4 s where it didn't.
func TestPeerIdleConnections(t *testing.T) {
	for name, c := range map[string]struct {
		header      string
		least, most time.Duration // most 0: it is still there after least
	}{
		"it said a second":      {"Keep-Alive: timeout=1\r\n", 200 * time.Millisecond, time.Second},
		"it said two, and more": {"Keep-Alive: timeout=2, max=100\r\n", 500 * time.Millisecond, 2 * time.Second},
		"it said a minute":      {"Keep-Alive: max=5, Timeout=60\r\n", 4100 * time.Millisecond, 0},
		"it said nothing":       {"", 2 * time.Second, 4 * time.Second},
		"it said nonsense":      {"Keep-Alive: timeout=soon\r\n", 2 * time.Second, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // all of them wait at the same time
			for try := 1; ; try++ {
				got := keptFor(t, c.header, c.least, c.most)
				if got >= c.least && (c.most == 0 || got < c.most) {
					return
				}
				if try == 3 { // a machine that is busy may be late, but not each time
					t.Fatalf("kept for %v, want from %v to %v", got, c.least, c.most)
				}
			}
		})
	}
}

// keptFor returns how long an upstream's connection is kept whose answer has that header; it is waited for
// at most least where most is 0.
func keptFor(t *testing.T, header string, least, most time.Duration) time.Duration {
	t.Helper()
	until := make(chan time.Duration, 1)
	g := gatewayOf(t, front1, rawPeer(t, back1, func(conn *net.TCPConn, r *bufio.Reader) {
		if _, err := headOf(r); err != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+header+"Content-Length: 2\r\n\r\nok")
		start := time.Now()
		if most == 0 {
			_ = conn.SetReadDeadline(start.Add(least))
		}
		_, _ = r.ReadByte() // the end, or the time's
		until <- time.Since(start)
	}))
	resp, err := g.client(t).Get(g.url)
	if err != nil {
		t.Fatal(err)
	}
	if textOf(t, resp); resp.Header.Get("Keep-Alive") != "" {
		t.Error("it is told to the client")
	}
	return <-until
}

// TestPeerIdleClients sees that clients' connections are kept for longer than the 60 s of common
// load balancers, so that it is they who close first. The default run looks at the setting only.
func TestPeerIdleClients(t *testing.T) {
	if idle := strangler.NewServer(http.NotFoundHandler(), strangler.ServerConfig{}).IdleTimeout; idle != 75*time.Second {
		t.Errorf("idle time-out %v, want 75s", idle)
	}
	if !*soak {
		return
	}
	t.Parallel()
	g := gatewayOf(t, front1, hanging(t, back1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	conn, r := g.dial(t)
	_ = conn.SetDeadline(time.Now().Add(90 * time.Second))
	say(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	textOf(t, resp)
	start := time.Now()
	_, err = r.ReadByte()
	if took := time.Since(start); err != io.EOF || took < 70*time.Second || took > 80*time.Second {
		t.Errorf("%v after %v, want the end after 75 s", err, took)
	}
}

// hanging is an upstream that says the same to each request, and never ends a connection.
func hanging(t *testing.T, b backKind, answer string) strangler.Upstream {
	t.Helper()
	return rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
		for {
			if _, err := headOf(r); err != nil {
				return
			}
			_, _ = io.WriteString(conn, answer)
		}
	})
}
