package shadow_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

// BenchmarkCost is what a shadow costs in all, on the client's goroutine, on the workers and in
// the ledger: CPU time of the process for each request, user and system, of which "bare" is what
// the handler takes by itself. Copies don't touch the network, so that nothing else is measured;
// BenchmarkMirror in internal/daemon has the sockets.
func BenchmarkCost(b *testing.B) {
	body := bytes.Repeat([]byte(`{"id":7,"n":"0123456789"},`), 40)[:1024]
	head := http.Header{
		"Content-Type": {"application/json"}, "Content-Length": {"1024"}, "Date": {"Thu, 26 Nov 2026 10:00:00 GMT"},
		"Cache-Control": {"no-store"}, "Server": {"bench"}, "Etag": {`"abc"`},
	}
	other := bytes.Clone(body)
	other[len(other)-10] ^= 1
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, values := range head {
			h[name] = values
		}
		w.WriteHeader(http.StatusOK)
		w.Write(body)
	})
	service := func(body []byte) http.RoundTripper {
		return roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: head, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body))}, nil
		})
	}
	request := httptest.NewRequest("GET", "/api/orders/7?x=1", nil)
	for _, name := range []string{"Accept", "Accept-Encoding", "Accept-Language", "User-Agent"} {
		request.Header.Set(name, "something or other")
	}
	for _, bench := range []struct {
		name  string
		other http.RoundTripper
	}{
		{"bare", nil},
		{"match", service(body)},
		{"diverged", service(other)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			l, err := ledger.Open(b.Context(), filepath.Join(b.TempDir(), "ledger.db"), ledger.Config{})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close(context.Background())
			comparer, err := compare.New(compare.Rules{})
			if err != nil {
				b.Fatal(err)
			}
			s := start(b, shadow.Config{Recorder: l})
			p := point(bench.other)
			p.Compare = comparer
			h := s.Around(p)(handler)
			header := make(http.Header)
			pending := func() int64 { return s.Counts()["orders"].Pending }
			b.ReportAllocs()
			began := processTime()
			n := 0
			for b.Loop() {
				clear(header)
				h.ServeHTTP(nowhere{header}, request)
				if n++; n%64 == 0 && bench.other != nil { // what a queue holds, in turns with the workers
					for pending() > 128 {
						runtime.Gosched()
					}
				}
			}
			for bench.other != nil && pending() > 0 {
				runtime.Gosched()
			}
			l.Flush(b.Context())
			b.ReportMetric(float64(processTime()-began)/float64(n)/1e3, "cpu-µs/op")
			if c := s.Counts()["orders"]; c.Match+c.Diverged != c.Sampled {
				b.Errorf("not all were compared: %+v", c)
			}
		})
	}
}

// processTime is the CPU time that this process has taken, user and system.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(fmt.Sprint("getrusage: ", err))
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
