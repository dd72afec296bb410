package strangler

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"testing"
)

// BenchmarkProxy puts the proxy beside httputil.ReverseProxy: the same upstream, the same kind of
// transport and server, in one run.
func BenchmarkProxy(b *testing.B) {
	for name, c := range map[string]struct {
		method string
		answer string
	}{
		"GET 1 KiB":   {"GET", strings.Repeat("x", 1<<10)},
		"GET 100 KiB": {"GET", strings.Repeat("x", 100<<10)},
		"POST 1 KiB":  {"POST", strings.Repeat("x", 1<<10)},
	} {
		back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, c.answer)
		}))
		defer back.Close()
		to := parseURL(b, back.URL)
		for _, by := range []string{"strangler", "ReverseProxy"} {
			b.Run(name+"/"+by, func(b *testing.B) {
				transport := defaultTransport(to).(*http.Transport)
				transport.MaxIdleConnsPerHost = 64
				defer transport.CloseIdleConnections()
				var h http.Handler = &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
					r.SetURL(to)
					r.Out.Host = r.In.Host
					r.SetXForwarded()
				}}
				if by == "strangler" {
					p, err := New(Config{
						Legacy: Upstream{URL: to, Transport: transport}, Logger: quiet,
						Services: map[string]Upstream{"s": {URL: to, Transport: transport}},
						Routes:   []Route{{Name: "r", Match: Match{Path: "/api/orders/{id}"}, Service: "s", Start: Canary(5000)}},
					})
					if err != nil {
						b.Fatal(err)
					}
					h = p
				}
				load(b, h, c.method)
			})
		}
	}
}

// load drives b.N requests through a handler on a listener.
func load(b *testing.B, h http.Handler, method string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := NewServer(h, ServerConfig{Logger: quiet})
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(Frugal{Listener: l}) }()
	defer func() { s.Close(); <-served }()
	clients := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	defer clients.CloseIdleConnections()
	body := strings.Repeat("y", 1<<10)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			var upload io.Reader
			if method == "POST" {
				upload = strings.NewReader(body)
			}
			r, _ := http.NewRequest(method, "http://"+l.Addr().String()+"/api/orders/7", upload)
			resp, err := clients.RoundTrip(r)
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
				b.Errorf("status %d, %v", resp.StatusCode, err)
			}
			resp.Body.Close()
		}
	})
}
