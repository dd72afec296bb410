package strangler_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// TestPeerEarlyHints has upstreams send several 103 (RFC 8297) and another informational answer
// before the answer: they arrive in that order, each with its own headers, before the answer and
// never after it.
func TestPeerEarlyHints(t *testing.T) {
	eachPair(t, fronts, backs, func(t *testing.T, f frontKind, b backKind) {
		g := gatewayOf(t, f, peer(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			for i := range 3 {
				h["Link"] = []string{fmt.Sprintf("</%d.css>; rel=preload", i), "</x.js>"}
				w.WriteHeader(http.StatusEarlyHints)
			}
			delete(h, "Link")
			h.Set("X-Progress", "50")
			w.WriteHeader(http.StatusProcessing)
			delete(h, "X-Progress")
			h.Set("X-Final", "1")
			_, _ = io.WriteString(w, "body")
		})))
		client := g.client(t)
		for range 20 { // what races doesn't race each time
			var got []string
			trace := &httptrace.ClientTrace{
				Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
					got = append(got, fmt.Sprint(code, " ", h["Link"], h["X-Progress"]))
					return nil
				},
				GotFirstResponseByte: func() {},
			}
			req, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", g.url, nil)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{
				"103 [</0.css>; rel=preload </x.js>] []", "103 [</1.css>; rel=preload </x.js>] []",
				"103 [</2.css>; rel=preload </x.js>] []", "102 [] [50]",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("informational answers (-want +got):\n%s", diff)
			}
			if body := textOf(t, resp); body != "body" || resp.Header["Link"] != nil || resp.Header["X-Progress"] != nil || resp.Header.Get("X-Final") != "1" {
				t.Fatalf("the answer is %q with %v", body, resp.Header)
			}
			if len(got) != len(want) {
				t.Fatalf("informational answers after the answer: %q", got[len(want):])
			}
		}
	})
}

// TestPeerEarlyHintsOnTheWire compares the bytes that a client of HTTP/1.1 gets, and sees that one
// of HTTP/1.0, which knows no informational answers (RFC 9110 section 15.2), gets none.
func TestPeerEarlyHintsOnTheWire(t *testing.T) {
	const hint, final = "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
	eachPair(t, []frontKind{front1, front1s}, rawBacks, func(t *testing.T, f frontKind, b backKind) {
		for request, want := range map[string]string{
			"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n":             hint + hint + final + "Connection: close\r\n\r\nok",
			"GET / HTTP/1.0\r\nHost: h\r\n\r\n":                                  final + "\r\nok",
			"GET / HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\n\r\n":          final + "\r\nok",
			"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.0\r\nHost: h\r\n\r\n": hint + hint + final + "\r\nok" + final + "\r\nok",
			// The peer sends a body here, too, which is none. net/http's transport may use a connection again before
			// it sees that, so that each request has a gateway of its own.
			"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept: text/html\r\n\r\n": hint + hint + final + "Connection: close\r\n\r\n",
		} {
			g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
				for {
					if _, err := headOf(r); err != nil {
						return
					}
					_, _ = io.WriteString(conn, hint+hint+final+"\r\nok")
				}
			}))
			got := g.ask(t, request)
			if strings.Contains(request, "HTTP/1.0") { // after which the connection ends, said or not
				got = strings.Replace(got, "Connection: close\r\n", "", 1)
				got = strings.Replace(got, "HTTP/1.0 200", "HTTP/1.1 200", 1)
			}
			if got != want {
				t.Errorf("%q is answered\n%q, want\n%q", request, got, want)
			}
		}
	})
}

// TestPeerContinue has clients that send their body only when they are asked to (RFC 9110 section
// 10.1.1).
func TestPeerContinue(t *testing.T) {
	const body = "the body"
	says := func(head string) func(net.Conn, *bufio.Reader) string {
		return func(conn net.Conn, r *bufio.Reader) string {
			_, _ = io.WriteString(conn, head)
			rest, _ := io.ReadAll(r) // nothing comes but the end, which a connection that can't be used again has
			return "then " + string(rest)
		}
	}
	reads := func(before string) func(net.Conn, *bufio.Reader) string {
		return func(conn net.Conn, r *bufio.Reader) string {
			_, _ = io.WriteString(conn, before)
			got := make([]byte, len(body))
			_, _ = io.ReadFull(r, got)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			return string(got)
		}
	}
	for name, c := range map[string]struct {
		expect string                               // the client's header
		answer func(net.Conn, *bufio.Reader) string // what the upstream does and sees
		first  string                               // status line that the client gets before it sends its body
		sends  bool                                 // and whether it then does
		want   string                               // of the upstream
	}{
		"it is asked to": {
			"Expect: 100-continue\r\n", reads("HTTP/1.1 100 Continue\r\n\r\n"), "HTTP/1.1 100 Continue", true, body,
		},
		"it is asked to, in other words": {
			"Expect: 100-Continue\r\n", reads("HTTP/1.1 100 Go on\r\nX-A: 1\r\n\r\n"), "HTTP/1.1 100 Continue", true, body,
		},
		"the upstream expects too much": {
			"Expect: 100-continue\r\n", says("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"), "HTTP/1.1 417 Expectation Failed", false, "then ",
		},
		"it isn't welcome": {
			"Expect: 100-continue\r\n", says("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno"), "HTTP/1.1 401 Unauthorized", false, "then ",
		},
		"it isn't welcome, in chunks": {
			"Expect: 100-continue\r\n", says("HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"), "HTTP/1.1 401 Unauthorized", false, "then ",
		},
		"the upstream doesn't know the question": {
			"Expect: 100-continue\r\n", reads(""), "HTTP/1.1 100 Continue", true, body,
		},
		"it hints first": {
			"Expect: 100-continue\r\n", reads("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"), "HTTP/1.1 103 Early Hints", true, body,
		},
		"nobody asked for the question": {
			"", reads("HTTP/1.1 100 Continue\r\n\r\n"), "HTTP/1.1 200 OK", true, body,
		},
	} {
		eachPair(t, []frontKind{front1, front1s}, rawBacks, func(t *testing.T, f frontKind, b backKind) {
			t.Parallel() // some wait for a second
			t.Run(name, func(t *testing.T) {
				seen := make(chan string, 1)
				g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
					head, err := headOf(r)
					if err != nil || strings.Contains(strings.ToLower(head), "expect: 100-continue\r\n") != (c.expect != "") {
						seen <- fmt.Sprintf("%q, %v", head, err)
						return
					}
					seen <- c.answer(conn, r)
				}))
				conn, r := g.dial(t)
				say(t, conn, "POST / HTTP/1.1\r\nHost: h\r\n"+c.expect+fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)))
				if c.expect == "" {
					say(t, conn, body)
				}
				head, err := headOf(r)
				if first, _, _ := strings.Cut(head, "\r\n"); first != c.first {
					t.Fatalf("first answer %q, %v; want %s", head, err, c.first)
				}
				for strings.HasPrefix(head, "HTTP/1.1 103 ") {
					if head, err = headOf(r); err != nil {
						t.Fatal(err)
					}
				}
				if c.sends && c.expect != "" {
					say(t, conn, body)
					if head, err = headOf(r); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
						t.Errorf("then %q, %v", head, err)
					}
				}
				if !c.sends && !strings.Contains(head, "Connection: close\r\n") {
					// The client never sends its body, so that its connection is of no more use.
					t.Errorf("the answer %q doesn't end the connection", head)
				}
				select {
				case got := <-seen:
					if got != c.want {
						t.Errorf("the upstream saw %q, want %q", got, c.want)
					}
				case <-time.After(patience):
					t.Error("the upstream still waits")
				}
			})
		})
	}
}

// TestPeerContinueOld has a client of HTTP/1.0 expect something: it sends its body unasked, gets
// no 100, and the answer to it.
func TestPeerContinueOld(t *testing.T) {
	eachPair(t, []frontKind{front1}, rawBacks, func(t *testing.T, f frontKind, b backKind) {
		g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
			if _, err := headOf(r); err != nil {
				return
			}
			got := make([]byte, 4)
			_, _ = io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\n")
			_, _ = io.ReadFull(r, got)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"+string(got))
		}))
		answer := g.ask(t, "POST / HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody")
		if !strings.Contains(answer, " 200 OK\r\n") || !strings.HasSuffix(answer, "\r\n\r\nbody") || strings.Contains(answer, " 100 ") {
			t.Errorf("answer %q", answer)
		}
	})
}

// TestPeerContinueEachWay has net/http's client and server at the ends, with HTTP/2 among them.
func TestPeerContinueEachWay(t *testing.T) {
	eachPair(t, fronts, backs, func(t *testing.T, f frontKind, b backKind) {
		g := gatewayOf(t, f, peer(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/no" {
				w.WriteHeader(http.StatusExpectationFailed)
				return
			}
			_, _ = io.Copy(w, r.Body)
		})))
		client := g.client(t)
		for path, want := range map[string]string{"/yes": "200 body", "/no": "417 "} {
			body := &readCounter{r: strings.NewReader("body")}
			req, _ := http.NewRequest("POST", g.url+path, body)
			req.ContentLength = 4
			req.Header.Set("Expect", "100-continue")
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(resp.StatusCode, " ", textOf(t, resp)); got != want {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
			if path == "/no" && body.n > 0 && f.major() == 1 { // Go's client of HTTP/2 sends it after the answer
				t.Errorf("%d bytes of the body were sent, want none", body.n)
			}
		}
	})
}

type readCounter struct {
	r io.Reader
	n int
}

func (c *readCounter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// TestHalfAHeadBeforeTheBody has an upstream begin an answer when it is asked whether it wants a
// body, and stop: that isn't waited for, and the client's end is seen.
func TestHalfAHeadBeforeTheBody(t *testing.T) {
	t.Parallel()
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
