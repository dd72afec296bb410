package strangler

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answering starts a proxy before an upstream that answers everything with the same bytes and
// closes the connection.
func answering(t *testing.T, raw string) string {
	t.Helper()
	address, _ := front(t, Config{Legacy: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		if _, err := readHead(r); err == nil {
			_, _ = io.WriteString(conn, raw)
		}
	})})
	return address
}

func TestAnswerOnTheWire(t *testing.T) {
	for name, c := range map[string]struct {
		method string // empty: GET
		answer string
		want   []string // of the head; the body follows in body
		body   string
	}{
		"nothing is invented": {
			answer: "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
			want:   []string{"HTTP/1.1 200 OK", "Content-Length: 6"}, body: "<html>",
		},
		"what was sent stays": {
			answer: "HTTP/1.1 200 Fine\r\nDate: yesterday\r\nServer: x\r\nSet-Cookie: b=2\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n",
			want:   []string{"HTTP/1.1 200 OK", "Content-Length: 0", "Date: yesterday", "Server: x", "Set-Cookie: b=2", "Set-Cookie: a=1"},
		},
		"hop by hop": {
			answer: "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n",
			want:   []string{"HTTP/1.1 200 OK", "Content-Length: 0"},
		},
		"HEAD keeps the length": {
			method: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n",
			want: []string{"HTTP/1.1 200 OK", "Content-Length: 1234"},
		},
		"HEAD without a length": {
			method: "HEAD", answer: "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n",
			want: []string{"HTTP/1.1 200 OK", "X-A: 1"},
		},
		"no content": {
			answer: "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
			want:   []string{"HTTP/1.1 204 No Content", "X-A: 1"},
		},
		"not modified": {
			answer: "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
			want:   []string{"HTTP/1.1 304 Not Modified", "Etag: \"x\""},
		},
		"a range": {
			answer: "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1-3/9\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nabc",
			want:   []string{"HTTP/1.1 206 Partial Content", "Content-Length: 3", "Content-Range: bytes 1-3/9", "Content-Type: text/plain"}, body: "abc",
		},
		"a redirect is the client's": {
			answer: "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/x\r\nContent-Length: 0\r\n\r\n",
			want:   []string{"HTTP/1.1 302 Found", "Content-Length: 0", "Location: http://elsewhere/x"},
		},
		"no length": {
			answer: "HTTP/1.1 200 OK\r\n\r\nuntil the end",
			want:   []string{"HTTP/1.1 200 OK", "Transfer-Encoding: chunked"}, body: "d\r\nuntil the end\r\n0\r\n\r\n",
		},
		"chunks and nothing in them": {
			answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			want:   []string{"HTTP/1.1 200 OK", "Transfer-Encoding: chunked"}, body: "0\r\n\r\n",
		},
		"trailers, announced and not": {
			answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nX-Sum: early\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\nX-More: 8\r\n\r\n",
			want:   []string{"HTTP/1.1 200 OK", "Trailer: X-Sum", "Transfer-Encoding: chunked", "X-Sum: early"}, body: "1\r\na\r\n0\r\nX-More: 8\r\nX-Sum: 7\r\n\r\n",
		},
		"an announced trailer that doesn't come": {
			answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nX-Sum: early\r\n\r\n1\r\na\r\n0\r\n\r\n",
			want:   []string{"HTTP/1.1 200 OK", "Trailer: X-Sum", "Transfer-Encoding: chunked", "X-Sum: early"}, body: "1\r\na\r\n0\r\n\r\n",
		},
		"a hint, hop by hop": {
			answer: "HTTP/1.1 103 Early Hints\r\nConnection: X-Hop\r\nX-Hop: 1\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
			want:   []string{"HTTP/1.1 103 Early Hints", "Link: <a>"}, body: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		},
		"an unusual status": {
			answer: "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
			want:   []string{"HTTP/1.1 999 status code 999", "Content-Length: 0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			conn, answer := dial(t, answering(t, c.answer))
			method := c.method
			if method == "" {
				method = "GET"
			}
			writeRaw(t, conn, "%s / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", method)
			head, err := readHead(answer)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append(c.want, "Connection: close"), append(without(sortedHead(head), "Connection: close"), "Connection: close")); diff != "" {
				t.Errorf("head (-want +got):\n%s", diff)
			}
			body, err := io.ReadAll(answer)
			if err != nil || string(body) != c.body {
				t.Errorf("body %q, %v; want %q", body, err, c.body)
			}
		})
	}
}

func without(lines []string, line string) []string {
	var rest []string
	for _, l := range lines {
		if l != line {
			rest = append(rest, l)
		}
	}
	return rest
}

func TestBadAnswers(t *testing.T) {
	for name, answer := range map[string]string{
		"garbage":                    "what?\r\n\r\n",
		"nothing":                    "",
		"a status under 100":         "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
		"a switch nobody asked for":  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
		"a head that ends too early": "HTTP/1.1 200 OK\r\nContent-Le",
		"two lengths":                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := get(t, client(t), answering(t, answer))
			if resp.StatusCode != http.StatusBadGateway {
				t.Errorf("status %d, want 502", resp.StatusCode)
			}
			if !strings.Contains(body, "the legacy application") || !strings.Contains(body, "request id: ") {
				t.Errorf("answer %q: want the side and the request id", body)
			}
		})
	}
}

func TestAnswerCutShort(t *testing.T) {
	for name, answer := range map[string]string{
		"with a length": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
		"in chunks":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			o := newObservations()
			address, _ := front(t, Config{Observe: o.seeing, Legacy: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
				_, _ = readHead(r)
				_, _ = io.WriteString(conn, answer)
			})})
			resp, err := client(t).Get(address)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if err == nil {
				t.Error("the client takes half an answer for whole")
			}
			if seen := o.next(t); !seen.Aborted || seen.Decision.Failure != failBroken {
				t.Errorf("observed aborted %v, failure %q; want true, broken", seen.Aborted, seen.Decision.Failure)
			}
		})
	}
}

// TestFlush has an upstream that sends a piece and waits until the client has it.
func TestFlush(t *testing.T) {
	for name, header := range map[string]http.Header{
		"server-sent events": {"Content-Type": {"text/event-stream"}},
		"without a length":   {},
		"with a length":      {"Content-Length": {"12"}},
	} {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan struct{})
			address, _ := front(t, Config{Legacy: upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for name, values := range header {
					w.Header()[name] = values
				}
				for range 3 {
					_, _ = io.WriteString(w, "one\n")
					_ = http.NewResponseController(w).Flush()
					select {
					case <-arrived:
					case <-time.After(10 * time.Second):
					}
				}
			}))})
			resp, err := client(t).Get(address)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			lines := bufio.NewScanner(resp.Body)
			start := time.Now()
			for range 3 {
				if !lines.Scan() {
					t.Fatal("the answer ended")
				}
				arrived <- struct{}{}
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("three pieces took %v: they wait for something", took)
			}
		})
	}
}

func TestHeadBeforeBody(t *testing.T) {
	release := make(chan struct{})
	address, _ := front(t, Config{Legacy: upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		select {
		case <-release:
		case <-time.After(10 * time.Second):
		}
	}))})
	start := time.Now()
	resp, err := client(t).Get(address)
	close(release)
	if err != nil {
		t.Fatal(err)
	}
	bodyOf(t, resp)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the head of a stream took %v", took)
	}
}

func TestInformational(t *testing.T) {
	address, _ := front(t, Config{Legacy: upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		w.WriteHeader(http.StatusTeapot)
	}))})
	var hints []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
		hints = append(hints, fmt.Sprint(status, " ", h.Get("Link")))
		return nil
	}})
	req, _ := http.NewRequestWithContext(ctx, "GET", address, nil)
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	bodyOf(t, resp)
	if diff := cmp.Diff([]string{"103 </style.css>; rel=preload"}, hints); diff != "" {
		t.Errorf("informational answers (-want +got):\n%s", diff)
	}
	if resp.StatusCode != http.StatusTeapot || resp.Header.Get("Link") != "" {
		t.Errorf("final answer %d with Link %q: the hint's header is left in it", resp.StatusCode, resp.Header.Get("Link"))
	}
}

func TestContinue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(net.Conn, *bufio.Reader)
		want   []string // status lines, as the client sees them
	}{
		"the upstream wants the body": {func(conn net.Conn, r *bufio.Reader) {
			_, _ = io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\n")
			_, _ = io.ReadFull(r, make([]byte, 3))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}, []string{"HTTP/1.1 100 Continue", "HTTP/1.1 200 OK"}},
		"the upstream refuses it and closes": {func(conn net.Conn, r *bufio.Reader) {
			_, _ = io.WriteString(conn, "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		}, []string{"HTTP/1.1 417 Expectation Failed"}},
		"the upstream refuses it": {func(conn net.Conn, r *bufio.Reader) {
			_, _ = io.WriteString(conn, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
			_, _ = r.ReadByte() // nothing comes but the end
		}, []string{"HTTP/1.1 417 Expectation Failed"}},
		"the upstream ignores it": {func(conn net.Conn, r *bufio.Reader) {
			_, _ = io.ReadFull(r, make([]byte, 3))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}, []string{"HTTP/1.1 100 Continue", "HTTP/1.1 200 OK"}},
	} {
		t.Run(name, func(t *testing.T) {
			address, _ := front(t, Config{Legacy: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
				if head, err := readHead(r); err != nil || !strings.Contains(head, "Expect: 100-continue\r\n") {
					return
				}
				c.answer(conn, r)
			})})
			conn, answer := dial(t, address)
			writeRaw(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
			for i, want := range c.want {
				head, err := readHead(answer)
				if got, _, _ := strings.Cut(head, "\r\n"); got != want {
					t.Fatalf("answer %d is %q, %v; want %q", i, got, err, want)
				}
				if i == 0 {
					writeRaw(t, conn, "abc")
				}
			}
		})
	}
}

// TestEarlyAnswer has an upstream that answers while the upload still runs.
func TestEarlyAnswer(t *testing.T) {
	address, _ := front(t, Config{Legacy: upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex()
		_ = rc.Flush()
		_, _ = io.Copy(flushing{w, rc}, r.Body)
	}))})
	body, upload := io.Pipe()
	req, _ := http.NewRequest("POST", address, body)
	resp, err := client(t).Do(req) // returns with the head: nothing of the body is sent yet
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	echo := make([]byte, 4)
	for _, piece := range []string{"ping", "pong"} {
		if _, err := io.WriteString(upload, piece); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, echo); err != nil || string(echo) != piece {
			t.Fatalf("echo %q, %v; want %q", echo, err, piece)
		}
	}
	upload.Close()
	if _, err := resp.Body.Read(echo); err != io.EOF {
		t.Errorf("after the upload's end: %v, want the answer's end", err)
	}
}

type flushing struct {
	io.Writer
	rc *http.ResponseController
}

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	_ = f.rc.Flush()
	return n, err
}

// TestRefusedUpload has an upstream that answers and closes without reading the upload; the
// client gets the answer although it never sends the rest.
func TestRefusedUpload(t *testing.T) {
	conn, answer := dial(t, answering(t, "HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"))
	writeRaw(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc")
	resp, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode != 413 || string(body) != "no" || err != nil {
		t.Errorf("answer %d %q, %v; want 413 \"no\"", resp.StatusCode, body, err)
	}
}

func TestRequestTrailers(t *testing.T) {
	trailers := make(chan http.Header, 1)
	address, _ := front(t, Config{Legacy: upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		trailers <- r.Trailer
	}))})
	for name, announce := range map[string]string{"announced": "Trailer: X-Sum\r\n", "not announced": ""} {
		conn, answer := dial(t, address)
		writeRaw(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n%s\r\n1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n", announce)
		if _, err := answer.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(http.Header{"X-Sum": {"7"}}, <-trailers); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestClientGone(t *testing.T) {
	arrived, gone := make(chan struct{}), make(chan struct{})
	o := newObservations()
	address, _ := front(t, Config{Observe: o.seeing,
		Legacy: upstreamOf(t, says(200, "legacy")),
		Services: map[string]Upstream{"s": upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-r.Context().Done()
			close(gone)
		}))},
		Routes: []Route{{Name: "r", Match: Match{Path: "/r"}, Service: "s", Start: At(PhaseLive), Fallback: true}},
	})
	ctx, leave := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "GET", address+"/r", nil)
	go func() { <-arrived; leave() }()
	if _, err := client(t).Do(req); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the upstream's request goes on without a client")
	}
	if seen := o.next(t); !seen.Aborted || seen.Decision.Failure != "" || seen.Decision.FellBack {
		t.Errorf("observed %+v: a client that leaves is no failure of the service", seen.Decision)
	}
}

// TestConstantMemory streams 256 MiB up and down at once.
func TestConstantMemory(t *testing.T) {
	const size = 256 << 20
	address, _ := front(t, Config{Legacy: upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, _ = io.Copy(w, r.Body)
	}))})
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	runtime.GC()
	before := heap()
	var peak atomic.Uint64
	req, _ := http.NewRequest("PUT", address, io.LimitReader(zeros{}, size))
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n, buf := 0, make([]byte, 1<<20)
	for i := 0; ; i++ {
		m, err := resp.Body.Read(buf)
		n += m
		if i%500 == 0 {
			peak.Store(max(peak.Load(), heap()))
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if n != size {
		t.Errorf("%d bytes came back, want %d", n, size)
	}
	if grown := int64(peak.Load()) - int64(before); grown > 64<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestBytesArriveWhole(t *testing.T) {
	sums := make(chan [32]byte, 1)
	answer := []byte(strings.Repeat("0123456789abcdef", 20000))
	address, _ := front(t, Config{Legacy: upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sums <- sha256.Sum256(body)
		_, _ = w.Write(answer)
	}))})
	sent := strings.Repeat("fedcba9876543210", 30000)
	resp, err := client(t).Post(address, "application/x", strings.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	if got := bodyOf(t, resp); got != string(answer) {
		t.Errorf("answer of %d bytes differs from the %d that were sent", len(got), len(answer))
	}
	if <-sums != sha256.Sum256([]byte(sent)) {
		t.Error("the upload differs from what was sent")
	}
}

func TestRefused(t *testing.T) {
	o := newObservations()
	cfg := Config{Observe: o.seeing, Legacy: upstreamOf(t, says(200, "legacy"))}
	address, _ := front(t, cfg)
	for method, want := range map[string]string{"CONNECT h:1": "HTTP/1.1 501", "TRACE /": "HTTP/1.1 405", "GET mailto:anna": "HTTP/1.1 400"} {
		conn, answer := dial(t, address)
		writeRaw(t, conn, "%s HTTP/1.1\r\nHost: h:1\r\n\r\n", method)
		head, _ := readHead(answer)
		if !strings.HasPrefix(head, want) {
			t.Errorf("%s is answered %q, want %s", method, head, want)
		}
		o.next(t)
	}
	cfg.AllowTrace = true
	address, _ = front(t, cfg)
	req, _ := http.NewRequest("TRACE", address, nil)
	resp, err := client(t).Do(req)
	if err != nil || bodyOf(t, resp) != "legacy" {
		t.Errorf("TRACE doesn't pass where it is allowed: %v", err)
	}
}
