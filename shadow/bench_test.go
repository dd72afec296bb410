package shadow_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// nowhere is a ResponseWriter that costs nothing.
type nowhere struct{ header http.Header }

func (w nowhere) Header() http.Header         { return w.header }
func (w nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (w nowhere) WriteHeader(int)             {}

// BenchmarkAround is what a shadow costs a request on its own goroutine and, as they share the
// machine here, on the worker that sends and compares.
func BenchmarkAround(b *testing.B) {
	body := make([]byte, 10<<10)
	legacy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"application/octet-stream"}
		w.Write(body)
	})
	request := httptest.NewRequest("GET", "/orders/7", nil)
	for _, header := range []string{"Accept", "Accept-Encoding", "Accept-Language", "Cookie", "User-Agent"} {
		request.Header.Set(header, "something or other")
	}
	refused := roundTrip(func(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed })

	for _, bench := range []struct {
		name  string
		point shadow.Point
	}{
		{"bare", point(nil)},
		{"not sampled", func() shadow.Point { p := point(refused); p.Sample = 1e-12; return p }()},
		{"service refuses", point(refused)},
		{"service hangs", point(roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))},
		{"compared", point(direct(func(w http.ResponseWriter, r *http.Request) { legacy(w, r) }))},
	} {
		b.Run(bench.name, func(b *testing.B) {
			s := start(b, shadow.Config{Queue: 64, Timeout: 100 * time.Millisecond})
			h := s.Around(bench.point)(legacy)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(nowhere{make(http.Header)}, request)
			}
		})
	}
}
