package strangler

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// protocolOnly returns a client that speaks one protocol only.
func protocolOnly(t *testing.T, set func(*http.Protocols)) *http.Client {
	t.Helper()
	c := client(t)
	p := new(http.Protocols)
	set(p)
	c.Transport.(*http.Transport).Protocols = p
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // the test's own certificate
	return c
}

// TestHTTP2 speaks HTTP/2 without TLS on both sides, as gRPC does: trailers included.
func TestHTTP2(t *testing.T) {
	back := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "Grpc-Status")
		_, _ = io.WriteString(w, r.Proto+" "+r.Header.Get("Te")+" "+r.Trailer.Get("X-Sum")+" "+string(body))
		w.Header().Set("Grpc-Status", "0")
	}))
	back.Config.Protocols = new(http.Protocols)
	back.Config.Protocols.SetUnencryptedHTTP2(true)
	back.Start()
	t.Cleanup(back.Close)
	address, _ := front(t, Config{Legacy: upstreamAt(t, strings.Replace(back.URL, "http:", "h2c:", 1))})
	c := protocolOnly(t, func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) })
	req, _ := http.NewRequest("POST", address, io.MultiReader(strings.NewReader("body"))) // of unknown length
	req.Header.Set("Te", "trailers")
	req.Trailer = http.Header{"X-Sum": {"7"}}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if body := bodyOf(t, resp); body != "HTTP/2.0 trailers 7 body" || resp.ProtoMajor != 2 {
		t.Errorf("answer %q by %s", body, resp.Proto)
	}
	if got := resp.Trailer.Get("Grpc-Status"); got != "0" {
		t.Errorf("trailer %q, want 0", got)
	}
}

// TestTrailersNeedChunks has an HTTP/2 upstream whose answer has both a length and a trailer.
func TestTrailersNeedChunks(t *testing.T) {
	back := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("Content-Length", "4")
		_, _ = io.WriteString(w, "body")
		w.Header().Set("X-Sum", "7")
	}))
	back.Config.Protocols = new(http.Protocols)
	back.Config.Protocols.SetUnencryptedHTTP2(true)
	back.Start()
	t.Cleanup(back.Close)
	address, _ := front(t, Config{Legacy: upstreamAt(t, strings.Replace(back.URL, "http:", "h2c:", 1))})
	resp, body := get(t, client(t), address)
	if body != "body" || resp.Trailer.Get("X-Sum") != "7" {
		t.Errorf("answer %q with the trailer %q, want body and 7", body, resp.Trailer.Get("X-Sum"))
	}
}

func TestTLS(t *testing.T) {
	borrowed := httptest.NewTLSServer(nil) // for its certificate
	defer borrowed.Close()
	p, err := New(Config{Logger: quiet, Legacy: upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Forwarded-Proto")+" "+r.Header.Get("X-Forwarded-Port"))
	}))})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(p, ServerConfig{TLS: &tls.Config{Certificates: borrowed.TLS.Certificates}, Logger: quiet})
	served := make(chan struct{})
	go func() { defer close(served); _ = s.ServeTLS(l, "", "") }()
	defer func() { s.Close(); <-served }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for major, c := range map[int]*http.Client{
		1: protocolOnly(t, func(p *http.Protocols) { p.SetHTTP1(true) }),
		2: protocolOnly(t, func(p *http.Protocols) { p.SetHTTP1(true); p.SetHTTP2(true) }),
	} {
		resp, body := get(t, c, "https://"+l.Addr().String())
		if resp.ProtoMajor != major || body != "https "+port {
			t.Errorf("answer %q by %s, want HTTP/%d", body, resp.Proto, major)
		}
	}
}

// TestStalePooledConnection has an upstream that closes its connections after an answer that
// doesn't say so. A POST must not die on one of them.
func TestStalePooledConnection(t *testing.T) {
	address, _ := front(t, Config{Legacy: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		if _, err := readHead(r); err != nil {
			return
		}
		_, _ = io.ReadFull(r, make([]byte, 3))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	})})
	c := client(t)
	for range 5 {
		resp, err := c.Post(address, "text/plain", strings.NewReader("abc"))
		if err != nil {
			t.Fatal(err)
		}
		if bodyOf(t, resp); resp.StatusCode != 200 {
			t.Fatalf("status %d", resp.StatusCode)
		}
		time.Sleep(50 * time.Millisecond) // until the closing has arrived
	}
}

// TestSentOnce has an upstream that reads the second request on a connection and closes it. What
// may not be repeated isn't, not even by net/http's transport.
func TestSentOnce(t *testing.T) {
	for request, length := range map[string]bool{
		"GET / HTTP/1.1\r\n":                                    false,
		"GET / HTTP/1.1\r\nContent-Length: 0\r\n":               true,
		"OPTIONS / HTTP/1.1\r\n":                                false,
		"DELETE / HTTP/1.1\r\nContent-Length: 0\r\n":            true,
		"POST / HTTP/1.1\r\nContent-Length: 0\r\n":              true,
		"POST / HTTP/1.1\r\nIdempotency-Key: 1\r\n":             true,
		"PURGE / HTTP/1.1\r\nX-Idempotency-Key: 1\r\n":          false,
		"PUT / HTTP/1.1\r\nIdempotency-Key: 1\r\nAccept: a\r\n": true,
	} {
		t.Run(request, func(t *testing.T) {
			heads := make(chan string, 10)
			up := rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
				for range 2 {
					head, err := readHead(r)
					if err != nil {
						return
					}
					heads <- strings.ToLower(head)
					if len(heads) < 2 {
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					}
				}
			})
			address, _ := front(t, Config{Legacy: up, Routes: []Route{{Name: "r", Match: Match{Path: "/*"}, Repeat: RepeatNever}}})
			for _, want := range []string{"HTTP/1.1 200", "HTTP/1.1 502"} {
				conn, answer := dial(t, address)
				writeRaw(t, conn, "%sHost: h\r\n\r\n", request)
				if head, err := readHead(answer); err != nil || !strings.HasPrefix(head, want) {
					t.Errorf("answer %q, %v; want %s", head, err, want)
				}
			}
			if n := len(heads); n != 2 {
				t.Errorf("two requests were sent %d times", n)
			}
			head := <-heads
			if strings.Contains(head, "transfer-encoding") || strings.Contains(head, "content-length: 0\r\n") != length {
				t.Errorf("sent as %q, want a length: %v", head, length)
			}
		})
	}
}

func TestEmbedded(t *testing.T) {
	p, err := New(Config{Logger: quiet, Legacy: upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Cookie")
		_, _ = io.WriteString(w, r.URL.String())
	}))})
	if err != nil {
		t.Fatal(err)
	}
	outer := http.StripPrefix("/app", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Origin")
		p.ServeHTTP(w, r)
	}))
	w := httptest.NewRecorder()
	outer.ServeHTTP(w, httptest.NewRequest("GET", "/app/a%2Fb?q", nil))
	if got := w.Body.String(); got != "/a%2Fb?q" {
		t.Errorf("the upstream saw %q, want the stripped path", got)
	}
	if got := strings.Join(w.Header()["Vary"], ","); got != "Origin,Cookie" {
		t.Errorf("Vary %q: what middleware set has to stay", got)
	}
}
