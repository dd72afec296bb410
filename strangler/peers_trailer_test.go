package strangler_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
)

// TestPeerTrailers sends trailers both ways, announced ones and others, after bodies of a known
// length, of an unknown one, and after none at all.
func TestPeerTrailers(t *testing.T) {
	for name, body := range map[string]string{"nothing": "", "short": "body", "long": strings.Repeat("0123456789", 20_000)} {
		eachPair(t, fronts, backs, func(t *testing.T, f frontKind, b backKind) {
			t.Run(name, func(t *testing.T) {
				type upload struct {
					Body    string
					Trailer http.Header
				}
				uploads := make(chan upload, 1)
				g := gatewayOf(t, f, peer(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					got, err := io.ReadAll(r.Body)
					if err != nil {
						got = []byte(err.Error())
					}
					uploads <- upload{string(got), r.Trailer}
					w.Header().Set("Trailer", "X-Announced, X-Never-Sent")
					w.Header().Add("Trailer", "X-Twice")
					w.WriteHeader(http.StatusOK)
					_, _ = io.WriteString(flushed{w}, body)
					w.Header().Set("X-Announced", "1")
					w.Header()["X-Twice"] = []string{"b", "a"}
					w.Header().Set(http.TrailerPrefix+"X-Not-Announced", "2")
				})))
				client := g.client(t)
				for range 2 { // the second one on what the first one leaves
					req, _ := http.NewRequest("POST", g.url, io.MultiReader(strings.NewReader(body)))
					req.ContentLength = -1
					req.Trailer = http.Header{"X-Sum": {"7"}, "X-Sums": {"2", "1"}}
					resp, err := client.Do(req)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(upload{body, http.Header{"X-Sum": {"7"}, "X-Sums": {"2", "1"}}}, <-uploads); diff != "" {
						t.Errorf("as the upstream got it (-want +got):\n%s", diff)
					}
					if _, ok := resp.Trailer["X-Announced"]; !ok {
						t.Errorf("announced: %v", resp.Trailer)
					}
					if got := textOf(t, resp); got != body {
						t.Errorf("answer of %d bytes, want %d", len(got), len(body))
					}
					got := resp.Trailer.Clone()
					delete(got, "X-Never-Sent")
					if diff := cmp.Diff(http.Header{"X-Announced": {"1"}, "X-Twice": {"b", "a"}, "X-Not-Announced": {"2"}}, got); diff != "" {
						t.Errorf("as the client got it (-want +got):\n%s", diff)
					}
					if values := resp.Trailer["X-Never-Sent"]; len(values) > 0 {
						t.Errorf("a trailer that was never sent is %q", values)
					}
				}
			})
		})
	}
}

// TestPeerTrailersWithLength has answers with both a length and trailers, which HTTP/2 allows and
// HTTP/1.1 doesn't.
func TestPeerTrailersWithLength(t *testing.T) {
	eachPair(t, fronts, []backKind{back2, back2c}, func(t *testing.T, f frontKind, b backKind) {
		g := gatewayOf(t, f, peer(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			w.Header().Set("Content-Length", "4")
			_, _ = io.WriteString(w, "body")
			w.Header().Set("X-Sum", "7")
		})))
		resp, err := g.client(t).Get(g.url)
		if err != nil {
			t.Fatal(err)
		}
		if body := textOf(t, resp); body != "body" || resp.Trailer.Get("X-Sum") != "7" {
			t.Errorf("answer %q with the trailers %v", body, resp.Trailer)
		}
	})
}

// TestPeerRequestTrailersUnannounced has clients whose trailers nobody knew of.
func TestPeerRequestTrailersUnannounced(t *testing.T) {
	eachPair(t, []frontKind{front1, front1s}, []backKind{back1, back1st, back1s}, unannounced)
}

func unannounced(t *testing.T, f frontKind, b backKind) {
	trailers := make(chan string, 1)
	g := gatewayOf(t, f, peer(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		trailers <- fmt.Sprint(string(body), " ", err, " ", r.Trailer)
	})))
	for range 2 {
		conn, r := g.dial(t)
		say(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 7\r\nx-sum: 8\r\n\r\n")
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		textOf(t, resp)
		if got, want := <-trailers, "body <nil> map[X-Sum:[7 8]]"; got != want {
			t.Errorf("the upstream got %q, want %q", got, want)
		}
	}
}

// TestPeerForbiddenTrailers has trailers that would change what was before them: they are not
// passed on (RFC 9110 section 6.5.1), and nothing goes out of step.
func TestPeerForbiddenTrailers(t *testing.T) {
	eachPair(t, []frontKind{front1}, []backKind{back1}, forbidden)
}

func forbidden(t *testing.T, f frontKind, b backKind) {
	g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
		for {
			if _, err := headOf(r); err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\nX-Fine: 1\r\n\r\n")
		}
	}))
	client := g.client(t)
	for range 3 {
		resp, err := client.Get(g.url)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusBadGateway {
			textOf(t, resp)
			continue // refused is as good
		}
		body, _ := io.ReadAll(resp.Body) // cut is as good
		resp.Body.Close()
		if string(body) != "ok" || resp.Trailer["Content-Length"] != nil || resp.Trailer["Transfer-Encoding"] != nil {
			t.Errorf("answer %q with the trailers %v", body, resp.Trailer)
		}
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
