package strangler_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/strangler-fig/toolkit/strangler"
)

// upgradeFronts and upgradeBacks are those that can switch protocols: HTTP/2 can't (RFC 9113
// section 8.6). An upstream that prefers HTTP/2 over TLS is asked by HTTP/1.1.
var (
	upgradeFronts = []frontKind{front1, front1s}
	upgradeBacks  = []backKind{back1, back1st, back1s, back2}
)

// peerBoth is peer for an upstream that speaks HTTP/2 and HTTP/1.1 where it is asked over TLS.
func peerBoth(t testing.TB, b backKind, h http.Handler) strangler.Upstream {
	t.Helper()
	speak := b.speak
	b.speak = func(p *http.Protocols, on bool) {
		speak(p, on)
		p.SetHTTP1(true)
	}
	return peer(t, b, h)
}

// TestPeerWebSocket speaks WebSocket (RFC 6455) with coder/websocket at both ends: messages in
// both directions, large ones, pings in both directions, and the closing with its reason.
func TestPeerWebSocket(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16)
	eachPair(t, upgradeFronts, upgradeBacks, func(t *testing.T, f frontKind, b backKind) {
		ended := make(chan error, 1)
		g := gatewayOf(t, f, peerBoth(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ended <- echoWebSocket(w, r)
		})))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		conn, resp, err := websocket.Dial(ctx, g.url+"/ws?a=b", &websocket.DialOptions{HTTPClient: g.client(t), Subprotocols: []string{"echo"}})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.CloseNow()
		conn.SetReadLimit(8 << 20)
		if got := conn.Subprotocol(); got != "echo" || resp.Header.Get("X-Path") != "/ws?a=b" {
			t.Errorf("subprotocol %q, answer's headers %v", got, resp.Header)
		}
		for _, message := range [][]byte{[]byte("hello"), {}, large, []byte("again")} {
			if err := conn.Write(ctx, websocket.MessageBinary, message); err != nil {
				t.Fatal(err)
			}
			kind, echo, err := conn.Read(ctx)
			if err != nil || kind != websocket.MessageBinary || !bytes.Equal(echo, message) {
				t.Fatalf("a message of %d bytes came back as %v with %d, %v", len(message), kind, len(echo), err)
			}
		}
		if err := conn.Write(ctx, websocket.MessageText, []byte("ping me")); err != nil {
			t.Fatal(err)
		}
		if _, message, err := conn.Read(ctx); err != nil || string(message) != "pinged <nil>" {
			t.Errorf("the upstream's ping: %s, %v", message, err)
		}
		read := make(chan struct{})
		go func() { defer close(read); _, _, _ = conn.Read(ctx) }() // sees the pong, then the end
		if err := conn.Ping(ctx); err != nil {
			t.Errorf("the client's ping: %v", err)
		}
		if err := conn.Close(websocket.StatusCode(4001), "enough"); err != nil {
			t.Errorf("close: %v", err)
		}
		<-read
		var closed websocket.CloseError
		if err := <-ended; !errors.As(err, &closed) || closed.Code != 4001 || closed.Reason != "enough" {
			t.Errorf("the upstream saw the end as %v, want 4001 enough", err)
		}
	})
}

// echoWebSocket returns binary messages, answers a text with what came of a ping of its own, and
// returns how the connection ended.
func echoWebSocket(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("X-Path", r.RequestURI)
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"echo"}, InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	conn.SetReadLimit(8 << 20)
	ctx := context.WithoutCancel(r.Context())
	var pings sync.WaitGroup
	defer pings.Wait()
	for {
		kind, message, err := conn.Read(ctx)
		switch {
		case err != nil:
			return err
		case kind == websocket.MessageText:
			pings.Go(func() { // its pong is seen by Read
				_ = conn.Write(ctx, kind, fmt.Append(nil, "pinged ", conn.Ping(ctx)))
			})
		default:
			if err := conn.Write(ctx, kind, message); err != nil {
				return err
			}
		}
	}
}

// TestPeerWebSocketServerCloses has the upstream say why it ends.
func TestPeerWebSocketServerCloses(t *testing.T) {
	eachPair(t, upgradeFronts, upgradeBacks, func(t *testing.T, f frontKind, b backKind) {
		g := gatewayOf(t, f, peerBoth(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if conn, err := websocket.Accept(w, r, nil); err == nil {
				_ = conn.Close(websocket.StatusTryAgainLater, "come back")
			}
		})))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		conn, _, err := websocket.Dial(ctx, g.url, &websocket.DialOptions{HTTPClient: g.client(t)})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.CloseNow()
		_, _, err = conn.Read(ctx)
		var closed websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != websocket.StatusTryAgainLater || closed.Reason != "come back" {
			t.Errorf("the client saw the end as %v", err)
		}
	})
}

// TestPeerUpgradeEarlyBytes sends the first bytes of a made-up protocol in one segment with the
// request and with the 101, up to more of them than any buffer holds. The client is the first to
// end its direction.
func TestPeerUpgradeEarlyBytes(t *testing.T) {
	eachPair(t, upgradeFronts, rawBacks, func(t *testing.T, f frontKind, b backKind) { earlyBytes(t, f, b, "client") })
}

func earlyBytes(t *testing.T, f frontKind, b backKind, firstToEnd string) {
	const upgrade = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: made-up/1\r\nX-Extra: 1\r\n\r\n"
	for _, size := range []int{1, 5000, 100_000} {
		up, down := strings.Repeat("u", size), strings.Repeat("d", size)
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			seen := make(chan string, 1)
			g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
				head, err := headOf(r)
				if err != nil || !strings.Contains(head, "Connection: Upgrade\r\n") || !strings.Contains(head, "Upgrade: made-up/1\r\n") {
					seen <- fmt.Sprintf("%q, %v", head, err)
					return
				}
				_, _ = io.WriteString(conn, upgrade+down)
				if firstToEnd == "upstream" {
					_ = conn.CloseWrite()
				}
				all, err := io.ReadAll(r)
				seen <- fmt.Sprint(string(all), " ", err)
				_, _ = io.WriteString(conn, "after the client's end")
			}))
			conn, r := g.dial(t)
			say(t, conn, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, upgrade\r\nUpgrade: made-up/1\r\n\r\n"+up)
			head, err := headOf(r)
			if err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") || !strings.Contains(head, "X-Extra: 1\r\n") {
				t.Fatalf("answer %q, %v", head, err)
			}
			early := make([]byte, size)
			if _, err := io.ReadFull(r, early); err != nil || string(early) != down {
				t.Fatalf("the upstream's early bytes: %d of %d, %v", len(early), size, err)
			}
			want := "after the client's end"
			if firstToEnd == "upstream" {
				if b, err := r.ReadByte(); err != io.EOF {
					t.Fatalf("after the upstream's end: %q, %v", b, err)
				}
				want = ""
			}
			say(t, conn, "late")
			if err := conn.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got := <-seen; got != up+"late <nil>" {
				t.Errorf("the upstream got %d bytes, ending in %q; want %d and late", len(got), got[max(0, len(got)-20):], size)
			}
			if rest, err := io.ReadAll(r); string(rest) != want || err != nil {
				t.Errorf("then the client got %q, %v; want %q", rest, err, want)
			}
		})
	}
}

// TestPeerUpgradeBroken has one end break an upgraded connection: the other one learns it.
func TestPeerUpgradeBroken(t *testing.T) {
	for _, who := range []string{"client", "upstream"} {
		eachPair(t, []frontKind{front1}, rawBacks, func(t *testing.T, f frontKind, b backKind) {
			t.Run(who, func(t *testing.T) {
				over, clientSaw := make(chan struct{}), make(chan struct{})
				g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
					defer close(over)
					_, _ = headOf(r)
					_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
					_, _ = r.ReadByte()
					if who == "upstream" {
						_ = conn.SetLinger(0) // a reset
						return
					}
					_, _ = io.Copy(io.Discard, r)
				}))
				conn, r := g.dial(t)
				say(t, conn, "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n.")
				if _, err := headOf(r); err != nil {
					t.Fatal(err)
				}
				if who == "client" {
					_ = conn.(*net.TCPConn).SetLinger(0)
					conn.Close()
					within(t, patience/2, "the upstream's connection ends", over)
					return
				}
				go func() { defer close(clientSaw); _, _ = io.Copy(io.Discard, r) }()
				within(t, patience/2, "the client's connection ends", clientSaw)
			})
		})
	}
}

// TestPeerUpgradeDeclined has upstreams that answer as if no upgrade was asked for. The client's
// connection goes on as it was.
func TestPeerUpgradeDeclined(t *testing.T) {
	eachPair(t, upgradeFronts, upgradeBacks, func(t *testing.T, f frontKind, b backKind) {
		g := gatewayOf(t, f, peerBoth(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusUpgradeRequired)
			fmt.Fprint(w, "no")
		})))
		conn, r := g.dial(t)
		for range 2 {
			say(t, conn, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body := textOf(t, resp); resp.StatusCode != http.StatusUpgradeRequired || body != "no" {
				t.Errorf("answer %d %q, want the upstream's 426", resp.StatusCode, body)
			}
		}
	})
}

// TestPeerUpgradeFallsBack has a service that is not there: legacy switches protocols in its
// place, and gets what came early.
func TestPeerUpgradeFallsBack(t *testing.T) {
	for _, b := range rawBacks {
		t.Run(b.name, func(t *testing.T) {
			gone, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			gone.Close()
			g := gatewayWith(t, front1, strangler.Config{
				Legacy: rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
					_, _ = headOf(r)
					_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
					_, _ = io.Copy(conn, r)
				}),
				Services: map[string]strangler.Upstream{"s": peerAt(t, b, gone.Addr().String(), nil)},
				Routes:   []strangler.Route{{Name: "r", Match: strangler.Match{Path: "/r"}, Service: "s", Start: strangler.At(strangler.PhaseLive), Fallback: true}},
			})
			conn, r := g.dial(t)
			say(t, conn, "GET /r HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nearly")
			if head, err := headOf(r); err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") {
				t.Fatalf("answer %q, %v", head, err)
			}
			_ = conn.CloseWrite()
			if echo, err := io.ReadAll(r); string(echo) != "early" || err != nil {
				t.Errorf("echo %q, %v", echo, err)
			}
		})
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
