package daemon_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
)

// TestUpgradesAreNotShadowed speaks WebSocket on a route whose every request is shadowed: the
// other side never hears of it, the counters say why, and explain said so before.
func TestUpgradesAreNotShadowed(t *testing.T) {
	for _, phase := range []string{"shadow", "live"} {
		t.Run(phase, func(t *testing.T) {
			var heard [2]atomic.Int32
			echo := func(side int) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					heard[side].Add(1)
					conn, err := websocket.Accept(w, r, nil)
					if err != nil {
						return
					}
					defer conn.CloseNow()
					if kind, message, err := conn.Read(r.Context()); err == nil {
						_ = conn.Write(r.Context(), kind, message)
						_, _, _ = conn.Read(r.Context())
					}
				}
			}
			s := start(t, fmt.Sprintf(oneRoute, backend(t, "", echo(0)).URL, backend(t, "", echo(1)).URL)+"    start: "+phase+"\n")
			serves := 0
			if phase == "live" {
				serves = 1
			}
			header := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
			x, err := s.API.Explain(t.Context(), web.Explain{Method: "GET", URL: "/orders/1", Header: header})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(x.Shadow, "no: ") || !strings.Contains(x.Shadow, "upgrade") {
				t.Errorf("explained as %q", x.Shadow)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			const connections = 3
			for range connections {
				conn, _, err := websocket.Dial(ctx, s.URL+"/orders/1", &websocket.DialOptions{HTTPClient: s.Client})
				if err != nil {
					t.Fatal(err)
				}
				if err := conn.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
					t.Fatal(err)
				}
				if _, message, err := conn.Read(ctx); err != nil || string(message) != "hello" {
					t.Errorf("echo %q, %v", message, err)
				}
				_ = conn.Close(websocket.StatusNormalClosure, "")
			}
			eventually(t, "the skipped upgrades are counted", func() bool {
				return s.comparisons("orders-read").Reasons[shadow.SkipUpgrade] == connections
			})
			if n := heard[serves].Load(); n != connections {
				t.Errorf("the side that serves heard of %d connections, want %d", n, connections)
			}
			if n := heard[1-serves].Load(); n != 0 {
				t.Errorf("the other side heard of %d", n)
			}
		})
	}
}
