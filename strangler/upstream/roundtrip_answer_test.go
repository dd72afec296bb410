package upstream_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// TestAnswerIsLeftAlone has answers that net/http's client would change: they come as they are.
func TestAnswerIsLeftAlone(t *testing.T) {
	leavesNothing(t)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(w, "unzipped")
	w.Close()
	answer := "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + headerOf(plain(zipped.String()), "Content-Length") + "\r\n\r\n" + zipped.String()
	p := startPeer(t, func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok {
				return
			}
			if headerOf(head, "Accept-Encoding") != "" {
				t.Errorf("nobody asked for compression:\n%s", head)
			}
			c.send(answer)
		}
	})
	tr := startTransport(t, p, upstream.Config{})
	resp, err := tr.RoundTrip(request(t, "GET", "/", nil, 0))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if !bytes.Equal(body, zipped.Bytes()) || resp.ContentLength != int64(zipped.Len()) || resp.Header.Get("Content-Encoding") != "gzip" || resp.Uncompressed {
		t.Errorf("%d bytes, length %d, encoding %q", len(body), resp.ContentLength, resp.Header.Get("Content-Encoding"))
	}
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	if status, _ := roundTrip(t, tr, request(t, "GET", "/", nil, 0)); status != 200 {
		t.Errorf("status %d: the environment's proxy was asked", status)
	}
}

// TestExpect has requests that wait for a word before their body is sent. Whatever the upstream
// says, the next request on its connections gets its own answer.
func TestExpect(t *testing.T) {
	leavesNothing(t)
	const goOn = "HTTP/1.1 100 Continue\r\n\r\n"
	for name, c := range map[string]struct {
		before string // the body
		after  string
		close  bool // before the body
		want   int
		unread bool // the body is not sent
	}{
		"asked for":                   {before: goOn, after: plain(""), want: 200},
		"asked for twice":             {before: goOn + goOn, after: plain(""), want: 200},
		"a hint, then asked for":      {before: "HTTP/1.1 103 Early Hints\r\n\r\n" + goOn, after: plain(""), want: 200},
		"asked for, then a hint":      {before: goOn, after: "HTTP/1.1 103 Early Hints\r\n\r\n" + plain(""), want: 200},
		"no word":                     {after: plain(""), want: 200},
		"refused":                     {before: "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n", want: 417, unread: true},
		"refused with a body":         {before: "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno", want: 413, unread: true},
		"refused and closed":          {before: "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", close: true, want: 413, unread: true},
		"answered at once with 200":   {before: plain("no"), want: 200, unread: true},
		"closed":                      {close: true, unread: true},
		"asked for, then closed":      {before: goOn, close: true},
		"asked for, refused meantime": {before: goOn + "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", want: 413},
	} {
		t.Run(name, func(t *testing.T) {
			bodies := make(chan string, 10)
			p := startPeer(t, func(conn *peerConn) {
				for {
					head, ok := conn.head()
					if !ok {
						return
					}
					if path(head) == "/own" {
						conn.send(plain("/own"))
						continue
					}
					if headerOf(head, "Expect") != "100-continue" {
						t.Errorf("not expected:\n%s", head)
					}
					conn.send(c.before)
					if c.close {
						return
					}
					if c.unread { // what comes is the next request
						continue
					}
					body, err := conn.body(head)
					if err == nil {
						bodies <- body
					}
					conn.send(c.after)
				}
			})
			tr := startTransport(t, p, upstream.Config{})
			r := request(t, "POST", "/", strings.NewReader("abc"), 3)
			r.Header.Set("Expect", "100-continue")
			resp, err := tr.RoundTrip(r)
			status := 0
			if err == nil {
				status = resp.StatusCode
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			if status != c.want {
				t.Errorf("status %d, %v; want %d", status, err, c.want)
			}
			closed(t, r)
			if c.want == 200 && !c.unread {
				if got := within(t, bodies, "the body didn't come"); got != "abc" {
					t.Errorf("the upstream got %q", got)
				}
			}
			for range 3 {
				if _, got := roundTrip(t, tr, request(t, "GET", "/own", nil, 0)); got != "/own" {
					t.Errorf("the next request got %q", got)
				}
			}
		})
	}
}

// TestErrorsSayWhatHappened has an error for each failure that tells a person what it was.
func TestErrorsSayWhatHappened(t *testing.T) {
	leavesNothing(t)
	for name, c := range map[string]struct {
		play func(*peerConn)
		want error // nil: any
	}{
		"closed":     {func(c *peerConn) { c.head() }, io.ErrUnexpectedEOF},
		"half":       {func(c *peerConn) { c.head(); c.send("HTTP/1.1 2") }, io.ErrUnexpectedEOF},
		"garbage":    {func(c *peerConn) { c.head(); c.send("what?\r\n\r\n") }, nil},
		"too large":  {func(c *peerConn) { c.head(); c.send("HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("x", 2<<20)) }, nil},
		"two values": {func(c *peerConn) { c.head(); c.send("HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n") }, nil},
	} {
		p := startPeer(t, c.play)
		_, err := startTransport(t, p, upstream.Config{}).RoundTrip(request(t, "GET", "/", nil, 0))
		var told *upstream.Error
		if !errors.As(err, &told) || told.Kind != upstream.KindBroken || err.Error() == "" || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: error %v (%T), want a broken %v", name, err, err, c.want)
		}
	}
}

// TestTLS speaks HTTP/1.1 and HTTP/2 with TLS: what breaks within it is no end of an answer.
func TestTLS(t *testing.T) {
	leavesNothing(t)
	var cut atomic.Bool
	for _, h2 := range []bool{false, true} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.Proto)
			if cut.Load() {
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}
		}))
		s.EnableHTTP2 = h2
		s.StartTLS()
		u, _ := url.Parse(s.URL)
		roots := x509.NewCertPool()
		roots.AddCert(s.Certificate())
		tr, err := upstream.New(upstream.Config{URLs: []*url.URL{u}, TLS: &tls.Config{RootCAs: roots}})
		if err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[h2]
		cut.Store(false)
		if _, got := roundTrip(t, tr, request(t, "GET", "/", nil, 0)); got != want {
			t.Errorf("spoken: %s, want %s", got, want)
		}
		cut.Store(true)
		if resp, err := tr.RoundTrip(request(t, "GET", "/", nil, 0)); err == nil {
			if body, err := io.ReadAll(resp.Body); err == nil {
				t.Errorf("%s: a part is taken for the whole: %q", want, body)
			}
			resp.Body.Close()
		}
		tr.Close()
		stranger, err := upstream.New(upstream.Config{URLs: []*url.URL{u}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = stranger.RoundTrip(request(t, "GET", "/", nil, 0))
		var told *upstream.Error
		if !errors.As(err, &told) || told.Kind != upstream.KindConnect {
			t.Errorf("a certificate nobody knows: %v, want no connection", err)
		}
		stranger.Close()
		s.Close()
	}
	// One that takes the connection and says nothing.
	silent := startPeer(t, func(c *peerConn) { c.untilGone() })
	u := &url.URL{Scheme: "https", Host: silent.URL.Host}
	tr, err := upstream.New(upstream.Config{URLs: []*url.URL{u}, DialTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	_, err = tr.RoundTrip(request(t, "GET", "/", nil, 0))
	var told *upstream.Error
	if !errors.As(err, &told) || !told.Timeout() {
		t.Errorf("a handshake that takes forever: %v, want a time-out", err)
	}
	// One that speaks no TLS.
	other := startPeer(t, func(c *peerConn) { c.send("HTTP/1.1 400 Bad Request\r\n\r\n"); c.untilGone() })
	tr, err = upstream.New(upstream.Config{URLs: []*url.URL{{Scheme: "https", Host: other.URL.Host}}})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	if _, err = tr.RoundTrip(request(t, "GET", "/", nil, 0)); !errors.As(err, &told) || told.Kind != upstream.KindConnect {
		t.Errorf("no TLS: %v, want no connection", err)
	}
}
