package strangler_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestPeerEvents has an upstream that sends each piece only when the client has the last one. The
// first event is there within 50 ms, and so is each other: of several streams the fastest counts,
// since what is held back is held back in all of them.
func TestPeerEvents(t *testing.T) {
	const streams, events = 4, 3
	for _, kind := range []string{"text/event-stream", "application/x-ndjson"} {
		eachPair(t, fronts, backs, func(t *testing.T, f frontKind, b backKind) {
			t.Run(kind, func(t *testing.T) {
				arrived := make(chan struct{})
				sent := make(chan time.Time, 1)
				g := gatewayOf(t, f, peer(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", kind)
					for i := range events {
						sent <- time.Now()
						fmt.Fprintf(flushed{w}, "data: %d\n\n", i)
						select {
						case <-arrived:
						case <-r.Context().Done():
							return
						}
					}
				})))
				client := g.client(t)
				var fastest [events]time.Duration
				for n := range streams {
					resp, err := client.Get(g.url)
					if err != nil {
						t.Fatal(err)
					}
					if resp.ContentLength != -1 || resp.Header.Get("Content-Type") != kind {
						t.Errorf("length %d, type %q", resp.ContentLength, resp.Header.Get("Content-Type"))
					}
					lines := bufio.NewReader(resp.Body)
					for i := range events {
						line, err := lines.ReadString('\n')
						if want := fmt.Sprintf("data: %d\n", i); err != nil || line != want {
							t.Fatalf("event %d is %q, %v; want %q", i, line, err, want)
						}
						if took := time.Since(<-sent); n == 0 || took < fastest[i] {
							fastest[i] = took
						}
						_, _ = lines.ReadString('\n')
						arrived <- struct{}{}
					}
					if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
						t.Errorf("after the last event: %q, %v", rest, err)
					}
					resp.Body.Close()
				}
				for i, took := range fastest {
					if took > 50*time.Millisecond {
						t.Errorf("event %d took %v at the least", i, took)
					}
				}
			})
		})
	}
}

// TestPeerEventsUntilClose has the same of an upstream of HTTP/1.0, whose answer has no framing.
func TestPeerEventsUntilClose(t *testing.T) {
	eachPair(t, fronts, rawBacks, func(t *testing.T, f frontKind, b backKind) {
		arrived := make(chan struct{})
		g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
			_, _ = headOf(r)
			_, _ = io.WriteString(conn, "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
			for range 3 {
				_, _ = io.WriteString(conn, "data: x\n")
				<-arrived
			}
		}))
		resp, err := g.client(t).Get(g.url)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		lines := bufio.NewReader(resp.Body)
		for range 3 {
			line, err := lines.ReadString('\n')
			arrived <- struct{}{}
			if line != "data: x\n" || err != nil {
				t.Errorf("%q, %v", line, err)
			}
		}
		if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
			t.Errorf("after the last event: %q, %v", rest, err)
		}
	})
}

// TestPeerClientLeaves has clients leave before the head, between two events, and while the
// upstream sends as fast as it can: its handler learns that soon.
func TestPeerClientLeaves(t *testing.T) {
	for _, when := range []string{"before the head", "between events", "while much is sent"} {
		eachPair(t, fronts, backs, func(t *testing.T, f frontKind, b backKind) {
			t.Run(when, func(t *testing.T) {
				arrived, left := make(chan struct{}), make(chan struct{})
				g := gatewayOf(t, f, peer(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer close(left)
					close(arrived)
					switch when {
					case "between events":
						fmt.Fprint(flushed{w}, "data: x\n\n")
					case "while much is sent":
						for r.Context().Err() == nil {
							if _, err := w.Write(make([]byte, 64<<10)); err != nil {
								return
							}
						}
					}
					<-r.Context().Done()
				})))
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				req, _ := http.NewRequestWithContext(ctx, "GET", g.url, nil)
				client := g.client(t)
				if when == "before the head" {
					go func() { <-arrived; leave() }()
					if _, err := client.Do(req); !errors.Is(err, context.Canceled) {
						t.Fatal(err)
					}
				} else {
					resp, err := client.Do(req)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := io.ReadFull(resp.Body, make([]byte, 5)); err != nil {
						t.Fatal(err)
					}
					leave()
					resp.Body.Close()
				}
				within(t, 2*time.Second, "the upstream's handler knows that the client left", left)
			})
		})
	}
}

// TestPeerUploadCutShort has clients leave in the middle of an upload: the upstream must not take
// what came for whole.
func TestPeerUploadCutShort(t *testing.T) {
	for _, form := range []string{"length", "chunked"} {
		eachPair(t, fronts, backs, func(t *testing.T, f frontKind, b backKind) {
			t.Run(form, func(t *testing.T) {
				arrived, end := make(chan struct{}), make(chan error, 1)
				g := gatewayOf(t, f, peer(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, err := io.ReadFull(r.Body, make([]byte, 50_000)) // the client's own buffer may have the rest
					close(arrived)
					if err == nil {
						_, err = io.Copy(io.Discard, r.Body)
					}
					end <- err
				})))
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				body, sending := io.Pipe()
				defer sending.Close()
				req, _ := http.NewRequestWithContext(ctx, "POST", g.url, body)
				if form == "length" {
					req.ContentLength = 200_000
				}
				go func() {
					_, _ = io.WriteString(sending, strings.Repeat("x", 100_000))
					<-arrived
					leave()
					sending.CloseWithError(context.Canceled) // or net/http's client waits for more of it
				}()
				if _, err := g.client(t).Do(req); !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				select {
				case err := <-end:
					if err == nil {
						t.Error("the upstream takes half an upload for whole")
					}
				case <-time.After(patience / 2):
					t.Error("the upstream still waits for the rest")
				}
			})
		})
	}
}

// TestPeerFullDuplex has an upstream that echoes each piece while the upload goes on, and a
// client that sends the next one when it has the last.
func TestPeerFullDuplex(t *testing.T) {
	eachPair(t, fronts, backs, func(t *testing.T, f frontKind, b backKind) {
		g := gatewayOf(t, f, peer(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).EnableFullDuplex()
			w.WriteHeader(http.StatusOK)
			_, _ = io.Copy(flushed{w}, r.Body)
		})))
		client := g.client(t)
		for range 2 { // the second one on what the first one leaves
			body, sending := io.Pipe()
			req, _ := http.NewRequest("POST", g.url, body)
			answered := make(chan *http.Response, 1)
			go func() {
				resp, err := client.Do(req)
				if err != nil {
					t.Error(err)
					sending.CloseWithError(err)
				}
				answered <- resp
			}()
			var resp *http.Response
			for i := range 50 {
				piece := fmt.Sprintf("piece %d%s;", i, strings.Repeat(".", i*i*20))
				if _, err := io.WriteString(sending, piece); err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					if resp = <-answered; resp == nil {
						return
					}
				}
				echo := make([]byte, len(piece))
				if _, err := io.ReadFull(resp.Body, echo); err != nil || string(echo) != piece {
					t.Fatalf("echo %q, %v; want %q", echo, err, piece)
				}
			}
			sending.Close()
			if rest, err := io.ReadAll(resp.Body); len(rest) > 0 || err != nil {
				t.Errorf("after the upload's end: %q, %v", rest, err)
			}
			resp.Body.Close()
		}
	})
}
