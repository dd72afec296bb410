package strangler

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestWebSocket(t *testing.T) {
	o := newObservations()
	address, _ := front(t, Config{Observe: o.seeing, Legacy: upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.SetReadLimit(1 << 20)
		for {
			kind, message, err := conn.Read(r.Context())
			if err != nil || conn.Write(r.Context(), kind, message) != nil {
				return
			}
		}
	}))})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, address+"/ws", &websocket.DialOptions{HTTPClient: client(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	for _, message := range []string{"hello", strings.Repeat("long", 50000)} {
		if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
		if _, echo, err := conn.Read(ctx); err != nil || string(echo) != message {
			t.Fatalf("echo of %d bytes, %v; want %d", len(echo), err, len(message))
		}
	}
	if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("close: %v", err)
	}
	if seen := o.next(t); seen.Status != http.StatusSwitchingProtocols || seen.Aborted {
		t.Errorf("observed status %d, aborted %v; want 101", seen.Status, seen.Aborted)
	}
}

// TestUpgradeRaw sends bytes together with the heads in both directions, then closes one half
// after the other.
func TestUpgradeRaw(t *testing.T) {
	address, _ := front(t, Config{Legacy: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		if _, err := readHead(r); err != nil {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: Raw\r\nX-Extra: 1\r\n\r\nearly down;")
		all, err := io.ReadAll(r) // until the client has nothing more to send
		if err == nil {
			_, _ = io.WriteString(conn, "got "+string(all))
		}
	})})
	conn, answer := dial(t, address)
	writeRaw(t, conn, "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\nearly up;")
	head, err := readHead(answer)
	if err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") || !strings.Contains(head, "X-Extra: 1\r\n") || strings.Contains(head, "Date:") {
		t.Fatalf("head %q, %v", head, err)
	}
	early := make([]byte, len("early down;"))
	if _, err := io.ReadFull(answer, early); err != nil || string(early) != "early down;" {
		t.Fatalf("%q, %v", early, err)
	}
	writeRaw(t, conn, "late up")
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(answer)
	if err != nil || string(rest) != "got early up;late up" {
		t.Errorf("after the client's half was closed: %q, %v", rest, err)
	}
}

func TestUpgradeRefused(t *testing.T) {
	resp, body := func() (*http.Response, string) {
		address, _ := front(t, Config{Legacy: upstreamOf(t, says(http.StatusForbidden, "no"))})
		req, _ := http.NewRequest("GET", address, nil)
		req.Header.Set("Connection", "Upgrade")
		req.Header.Set("Upgrade", "websocket")
		resp, err := client(t).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return resp, bodyOf(t, resp)
	}()
	if resp.StatusCode != http.StatusForbidden || body != "no" {
		t.Errorf("answer %d %q, want the upstream's 403", resp.StatusCode, body)
	}
}

func TestUpgradeToSomethingElse(t *testing.T) {
	address, _ := front(t, Config{Legacy: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		_, _ = readHead(r)
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
	})})
	conn, answer := dial(t, address)
	writeRaw(t, conn, "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\n")
	head, err := readHead(answer)
	if err != nil || !strings.HasPrefix(head, "HTTP/1.1 502 ") {
		t.Errorf("answer %q, %v; want 502", head, err)
	}
}
