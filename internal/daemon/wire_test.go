package daemon_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// raw sends bytes as they are and reads the answer's status and body.
func (s *system) raw(t *testing.T, request string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	text, err := body(resp, err)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, text
}

// TestWire sends through the whole assembly what routers and proxies like to trip over.
func TestWire(t *testing.T) {
	legacy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "legacy %s %s", r.Method, r.RequestURI)
	}))
	legacy.Config.DisableGeneralOptionsHandler = true // or net/http answers OPTIONS * itself
	legacy.Start()
	defer legacy.Close()
	s := start(t, fmt.Sprintf(oneRoute, legacy.URL, backend(t, "service", nil).URL)+"    start: live\n")
	for _, tt := range []struct{ name, line, want string }{
		{"asterisk", "OPTIONS *", "200 legacy OPTIONS *"},
		{"unheard-of method", "BREW /pot", "200 legacy BREW /pot"},
		{"unheard-of method on a route", "BREW /orders/1", "200 service BREW /orders/1"},
		{"odd path and query", "GET //a%2Fb?x=%zz;y", "200 legacy GET //a%2Fb?x=%zz;y"},
		{"odd segment and query on a route", "GET /orders/a%2Fb?x=%zz;y", "200 service GET /orders/a%2Fb?x=%zz;y"},
		{"dot segments are the catch-all's", "GET /orders/../orders/1", "200 legacy GET /orders/../orders/1"},
		{"invalid escape", "GET /%zz", "400 400 Bad Request"},
		{"empty query", "GET /orders/1?", "200 service GET /orders/1?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, text := s.raw(t, tt.line+" HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n")
			if got := fmt.Sprint(code, " ", text); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestWireTrailers sends trailers both ways.
func TestWireTrailers(t *testing.T) {
	echo := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		n, _ := io.Copy(w, r.Body)
		w.Header().Set("X-Sum", fmt.Sprint(n, " ", r.Trailer.Get("X-Length")))
	})
	s := start(t, fmt.Sprintf("legacy: {url: %q}\n", echo.URL))
	r, err := http.NewRequest(http.MethodPost, s.URL+"/", io.NopCloser(strings.NewReader("four")))
	if err != nil {
		t.Fatal(err)
	}
	r.Trailer = http.Header{"X-Length": {"of four"}}
	resp, err := s.Client.Do(r)
	text, err := body(resp, err)
	if err != nil || text != "four" || resp.Trailer.Get("X-Sum") != "4 of four" {
		t.Errorf("%q with trailer %v, %v", text, resp.Trailer, err)
	}
}

// TestWireExpect looks that a client that waits for 100 Continue gets it when the upstream
// wants the body, and not when it doesn't.
func TestWireExpect(t *testing.T) {
	picky := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.Copy(w, r.Body)
	})
	s := start(t, fmt.Sprintf("legacy: {url: %q}\n", picky.URL))
	for path, want := range map[string]string{"/yes": "HTTP/1.1 100 Continue", "/no": "HTTP/1.1 401 Unauthorized"} {
		conn, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: shop.example\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n", path)
		from := bufio.NewReader(conn)
		line, err := from.ReadString('\n')
		if strings.TrimSpace(line) != want {
			t.Errorf("%s: %q, %v, want %q", path, line, err, want)
		}
		if path == "/yes" {
			_, _ = from.ReadString('\n')
			fmt.Fprint(conn, "body")
			resp, err := http.ReadResponse(from, nil)
			if text, err := body(resp, err); text != "body" || err != nil {
				t.Errorf("%q, %v", text, err)
			}
		}
		conn.Close()
	}
}

// pattern reads as n bytes that repeat only after a long while.
type pattern struct{ at, n int64 }

func (p *pattern) Read(b []byte) (int, error) {
	if p.at == p.n {
		return 0, io.EOF
	}
	b = b[:min(int64(len(b)), p.n-p.at)]
	for i := range b {
		b[i] = byte((p.at + int64(i)) >> 3)
	}
	p.at += int64(len(b))
	return len(b), nil
}

// TestWireLarge sends 256 MiB up (96 with -short) to legacy and down from a shadowed route; neither is held.
func TestWireLarge(t *testing.T) {
	const most = 64 << 20
	size := int64(256 << 20)
	if testing.Short() { // which is with the race detector
		size = 96 << 20
	}
	large := func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			sum := sha256.New()
			n, err := io.Copy(sum, r.Body)
			fmt.Fprint(w, n, " ", hex.EncodeToString(sum.Sum(nil)), " ", err)
			return
		}
		_, _ = io.CopyN(w, &pattern{n: size}, size)
	}
	s := start(t, fmt.Sprintf(oneRoute, backend(t, "", large).URL, backend(t, "", large).URL)+"    start: shadow\n")
	sum := sha256.New()
	if _, err := io.Copy(sum, &pattern{n: size}); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint(size, " ", hex.EncodeToString(sum.Sum(nil)), " <nil>")

	var peak atomic.Uint64
	stop := make(chan struct{})
	done := make(chan struct{})
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			runtime.ReadMemStats(&now)
			peak.Store(max(peak.Load(), now.HeapAlloc))
		}
	}()
	got, err := body(s.Client.Post(s.URL+"/upload", "application/octet-stream", &pattern{n: size}))
	if err != nil || got != want {
		t.Errorf("up: %q, %v, want %q", got, err, want)
	}
	resp, err := s.Client.Get(s.URL + "/orders/1")
	if err != nil {
		t.Fatal(err)
	}
	sum.Reset()
	n, err := io.Copy(sum, resp.Body)
	resp.Body.Close()
	if got := fmt.Sprint(n, " ", hex.EncodeToString(sum.Sum(nil)), " ", err); got != want {
		t.Errorf("down: %q, want %q", got, want)
	}
	eventually(t, "the answers are found equal by their hashes", func() bool { return s.Stats().Routes[0].Comparisons.Match == 1 })
	close(stop)
	<-done
	if grown := int64(peak.Load()) - int64(before.HeapAlloc); grown > most {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	} else {
		t.Logf("the heap grew by %d MiB", grown>>20)
	}
}
