package strangler_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// rawUpstream answers every request on a connection with the same bytes, and allocates nothing
// for it. It is told how long requests are.
func rawUpstream(t testing.TB, request int, answer []byte) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	t.Cleanup(func() { l.Close(); conns.Wait() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer c.Close()
				br := bufio.NewReader(c)
				for {
					for {
						line, err := br.ReadSlice('\n')
						if err != nil {
							return
						}
						if len(line) == 2 {
							break
						}
					}
					if _, err := br.Discard(request); err != nil {
						return
					}
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			})
		}
	}()
	return &url.URL{Scheme: "http", Host: l.Addr().String()}
}

// serveRaw puts a handler on a listener and returns a connection to it.
func serveRaw(t testing.TB, h http.Handler) net.Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := strangler.NewServer(h, strangler.ServerConfig{Logger: slog.New(slog.DiscardHandler)})
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-served })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// perRequest returns what one request costs in allocations and bytes, all goroutines together.
func perRequest(t testing.TB, c net.Conn, request []byte, requests int) (allocs, bytes float64) {
	t.Helper()
	br := bufio.NewReaderSize(c, 64<<10)
	length := []byte("Content-Length: ")
	exchange := func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		body := 0
		for {
			line, err := br.ReadSlice('\n')
			if err != nil {
				t.Fatal(err)
			}
			if len(line) == 2 {
				break
			}
			if n := len(length); len(line) > n && string(line[:n]) == string(length) {
				for _, digit := range line[n : len(line)-2] {
					body = body*10 + int(digit-'0')
				}
			}
		}
		if _, err := br.Discard(body); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		exchange()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range requests {
		exchange()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(requests), float64(after.TotalAlloc-before.TotalAlloc) / float64(requests)
}

// bufferPool is what httputil.ReverseProxy takes.
type bufferPool struct{ sync.Pool }

func (p *bufferPool) Get() []byte  { return p.Pool.Get().(*[32 << 10]byte)[:] }
func (p *bufferPool) Put(b []byte) { p.Pool.Put((*[32 << 10]byte)(b)) }

func reverseProxy(t testing.TB, to *url.URL) http.Handler {
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true, IdleConnTimeout: time.Minute}
	t.Cleanup(transport.CloseIdleConnections)
	r := chi.NewRouter()
	r.Handle("/*", &httputil.ReverseProxy{
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host; r.SetXForwarded() },
		Transport:  transport,
		BufferPool: &bufferPool{sync.Pool{New: func() any { return new([32 << 10]byte) }}},
	})
	return r
}

func ownProxy(t testing.TB, to *url.URL) http.Handler {
	t.Helper()
	transport, err := upstream.New(upstream.Config{URLs: []*url.URL{to}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.Close)
	side := strangler.Upstream{URL: to, Transport: transport}
	p, err := strangler.New(strangler.Config{
		Legacy: side, Services: map[string]strangler.Upstream{"s": side}, Logger: slog.New(slog.DiscardHandler),
		Routes: []strangler.Route{{Name: "r", Match: strangler.Match{Path: "/api/orders/{id}"}, Service: "s", Start: strangler.Canary(5000)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAllocations holds that no request makes more than half of the allocations that it makes in
// the standard reverse proxy.
func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates too, and has pools forget")
	}
	small := strings.Repeat("x", 1<<10)
	answer := func(body string) []byte {
		return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nServer: legacy\r\nDate: Thu, 26 Nov 2026 00:00:00 GMT\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	for name, c := range map[string]struct {
		path   string
		upload string
		answer string
	}{
		"pass through": {path: "/other", answer: small},
		"split":        {path: "/api/orders/7", answer: small},
		"POST":         {path: "/other", upload: small, answer: small},
		"100 KB":       {path: "/other", answer: strings.Repeat("x", 100<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			to := rawUpstream(t, len(c.upload), answer(c.answer))
			var request bytes.Buffer
			method, length := "GET", ""
			if c.upload != "" {
				method, length = "POST", fmt.Sprintf("Content-Length: %d\r\n", len(c.upload))
			}
			fmt.Fprintf(&request, "%s %s HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: test\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nCookie: sid=17\r\n%s\r\n%s", method, c.path, length, c.upload)
			const requests = 2000
			reply := answer(c.answer)
			bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header()["Date"] = nil
				w.Header()["Content-Length"] = []string{fmt.Sprint(len(c.answer))}
				_, _ = w.Write(reply[len(reply)-len(c.answer):])
			})
			serverAllocs, serverBytes := perRequest(t, serveRaw(t, bare), request.Bytes(), requests)
			allocs, size := perRequest(t, serveRaw(t, ownProxy(t, to)), request.Bytes(), requests)
			theirAllocs, theirSize := perRequest(t, serveRaw(t, reverseProxy(t, to)), request.Bytes(), requests)
			t.Logf("server alone %.1f allocations, %.0f bytes; with the proxy %.1f, %.0f; with ReverseProxy %.1f, %.0f",
				serverAllocs, serverBytes, allocs, size, theirAllocs, theirSize)
			if ratio := allocs / theirAllocs; ratio > 0.5 {
				t.Errorf("allocations: %.2f of ReverseProxy's", ratio)
			}
			// The server that both stand behind, and which nobody can change, taken off.
			if ratio := (size - serverBytes) / (theirSize - serverBytes); ratio > 0.6 {
				t.Errorf("bytes: %.2f of ReverseProxy's", ratio)
			}
		})
	}
}
