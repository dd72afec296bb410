package daemon_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/internal/daemon"
)

// BenchmarkMirror is what a request costs this process, CPU time user and system, with 64 clients
// on keep-alive connections and answers of 1 KB: through chi and httputil.ReverseProxy, through
// the same with a mirror that throws the answers away, and through a daemon without and with a
// shadow that compares and records all. Clients and upstreams are processes of their own.
//
// An iteration is 20,000 requests, with "all" of each in turn, so that what else the machine does
// hits all alike; what it reports are medians. The others are for profiles. Run it with
// -benchtime 5x.
func BenchmarkMirror(b *testing.B) {
	const requests = 20000
	m := setUpMirror(b)
	for _, c := range m.contenders {
		m.clients.ask(b, c.url, requests/4) // opens connections
	}
	b.Run("all", func(b *testing.B) {
		cost := map[string][]float64{}
		for b.Loop() {
			for _, c := range m.contenders {
				cost[c.name] = append(cost[c.name], m.cost(b, c, requests))
			}
		}
		b.ReportMetric(0, "ns/op")
		for _, c := range m.contenders {
			b.ReportMetric(median(cost[c.name]), c.name+"-cpu-µs")
		}
		b.ReportMetric(median(cost["daemon"])/median(cost["standard"]), "pass-ratio")
		b.ReportMetric(median(cost["daemon-shadow"])/median(cost["standard-mirror"]), "mirror-ratio")
	})
	for _, c := range m.contenders {
		b.Run(c.name, func(b *testing.B) {
			var cost []float64
			for b.Loop() {
				cost = append(cost, m.cost(b, c, requests))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(cost), "cpu-µs")
		})
	}
}

// mirrors are the four that are measured.
type mirrors struct {
	clients    *peer
	contenders []contender
	shadow     *system
	mirror     *mirror
}

type contender struct{ name, url string }

func setUpMirror(b *testing.B) mirrors {
	b.Helper()
	legacy, service := answering(b), answering(b)
	s := quietDaemon(b, fmt.Sprintf(`
listen: 127.0.0.1:0
admin: {listen: "127.0.0.1:0"}
data: data
shadow: {workers: 128, queue: 8192}
legacy: {url: %q}
services: {orders: {urls: [%q]}}
routes:
  - {name: passed, match: {path: "/passed/*"}, service: orders, start: legacy}
  - {name: shadowed, match: {path: "/shadowed/*"}, service: orders, start: shadow}
`, legacy, service))
	m := newMirror(b, service)
	standard, mirrored := httptest.NewServer(standardProxy(b, legacy)), httptest.NewServer(m.around(standardProxy(b, legacy)))
	b.Cleanup(standard.Close)
	b.Cleanup(mirrored.Close)
	return mirrors{clients: asking(b), shadow: s, mirror: m, contenders: []contender{
		{"standard", standard.URL + "/passed/7"},
		{"standard-mirror", mirrored.URL + "/passed/7"},
		{"daemon", s.URL + "/passed/7"},
		{"daemon-shadow", s.URL + "/shadowed/7"},
	}}
}

// cost returns the microseconds of CPU time that a request takes, copies included.
func (m mirrors) cost(b *testing.B, c contender, requests int) float64 {
	b.Helper()
	sent, before := m.mirror.sent.Load(), m.shadow.comparisons("shadowed")
	began := processTime()
	m.clients.ask(b, c.url, requests)
	for m.shadow.comparisons("shadowed").Pending > 0 || m.mirror.pending.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	took := processTime() - began
	after := m.shadow.comparisons("shadowed")
	if n := int(m.mirror.sent.Load() - sent); c.name == "standard-mirror" && n < requests*99/100 {
		b.Errorf("mirrored %d of %d", n, requests)
	}
	if n := int(after.Match - before.Match); c.name == "daemon-shadow" && n < requests*99/100 {
		b.Errorf("compared %d of %d: %+v", n, requests, after)
	}
	return float64(took.Nanoseconds()) / 1e3 / float64(requests)
}

// processTime is the CPU time that this process has taken, user and system.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// quietDaemon starts a daemon with what text says and nothing else: no debug header.
func quietDaemon(b *testing.B, text string) *system {
	b.Helper()
	file := filepath.Join(b.TempDir(), "strangler.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	cfg, err := config.Load(file, config.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s := &system{stopped: make(chan error, 1)}
	s.Daemon, err = daemon.New(b.Context(), daemon.Options{Config: cfg, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		b.Fatal(err)
	}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	go func() { s.stopped <- s.Run(ctx) }()
	s.URL = "http://" + s.Addr()
	b.Cleanup(func() {
		if err := s.end(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// standardProxy is what people write: a router, the standard library's proxy with a transport
// that keeps its connections, and buffers that are used again.
func standardProxy(b *testing.B, to string) http.Handler {
	target, err := url.Parse(to)
	if err != nil {
		b.Fatal(err)
	}
	router := chi.NewRouter()
	router.Handle("/passed/*", &httputil.ReverseProxy{
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(target); r.SetXForwarded(); r.Out.Host = r.In.Host },
		Transport:  tuned(b),
		BufferPool: &bufferPool{},
	})
	return router
}

func tuned(b *testing.B) *http.Transport {
	t := &http.Transport{MaxIdleConns: 512, MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute, DisableCompression: true}
	b.Cleanup(t.CloseIdleConnections)
	return t
}

type bufferPool struct{ pool sync.Pool }

func (p *bufferPool) Get() []byte {
	if buf, ok := p.pool.Get().(*[]byte); ok {
		return *buf
	}
	return make([]byte, 32<<10)
}

func (p *bufferPool) Put(buf []byte) { p.pool.Put(&buf) }

// mirror is a mirror without any comparison: workers send copies of requests without a body and
// throw the answers away.
type mirror struct {
	queue         chan *http.Request
	sent, pending atomic.Int64
}

func newMirror(b *testing.B, to string) *mirror {
	target, err := url.Parse(to)
	if err != nil {
		b.Fatal(err)
	}
	m := &mirror{queue: make(chan *http.Request, 4096)}
	transport := tuned(b)
	var workers sync.WaitGroup
	for range 64 {
		workers.Go(func() {
			for r := range m.queue {
				r.URL.Scheme, r.URL.Host, r.RequestURI = target.Scheme, target.Host, ""
				if resp, err := transport.RoundTrip(r); err == nil {
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					m.sent.Add(1)
				}
				m.pending.Add(-1)
			}
		})
	}
	b.Cleanup(func() { close(m.queue); workers.Wait() })
	return m
}

func (m *mirror) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := r.Clone(context.WithoutCancel(r.Context()))
		m.pending.Add(1)
		select {
		case m.queue <- c:
		default:
			m.pending.Add(-1)
		}
		next.ServeHTTP(w, r)
	})
}
