package shadow_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

var soak = flag.Bool("soak", false, "run the long isolation measurement: ten rounds of each kind")

// byBytes is a Comparer that knows status, Content-Type and bytes.
type byBytes struct{}

func (byBytes) Compare(legacy, service *shadow.Answer) ([]shadow.Difference, error) {
	var found []shadow.Difference
	if legacy.Status != service.Status {
		found = append(found, shadow.Difference{Pointer: "status", Kind: shadow.KindStatus})
	}
	if legacy.Header.Get("Content-Type") != service.Header.Get("Content-Type") {
		found = append(found, shadow.Difference{Pointer: "header:Content-Type", Kind: shadow.KindHeader})
	}
	if !bytes.Equal(legacy.Body, service.Body) {
		found = append(found, shadow.Difference{Kind: shadow.KindBody})
	}
	return found, nil
}

type compareFunc func(legacy, service *shadow.Answer) ([]shadow.Difference, error)

func (f compareFunc) Compare(l, s *shadow.Answer) ([]shadow.Difference, error) { return f(l, s) }

// memory is a Recorder that keeps everything.
type memory struct {
	mu   sync.Mutex
	list []shadow.Comparison
}

func (m *memory) Record(c shadow.Comparison) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, c)
}

func (m *memory) all() []shadow.Comparison {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]shadow.Comparison(nil), m.list...)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// direct is a transport that calls a handler, without network.
func direct(h http.HandlerFunc) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h(w, r)
		return w.Result(), nil
	})
}

func text(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, s)
	}
}

func start(t testing.TB, c shadow.Config) *shadow.Shadow {
	t.Helper()
	s, err := shadow.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

// stop drains a shadow and checks that nothing is left of what it held.
func stop(t testing.TB, s *shadow.Shadow) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
	for name, c := range s.Counts() {
		checkSum(t, name, c)
		if c.Pending != 0 {
			t.Errorf("%s: %d exchanges are pending after Close", name, c.Pending)
		}
	}
	if queue, _, _, held := s.Load(); held != 0 || queue != 0 {
		t.Errorf("after Close %d bytes are held and %d exchanges queued", held, queue)
	}
}

func checkSum(t testing.TB, name string, c shadow.Counts) {
	t.Helper()
	if sum := c.Match + c.Noise + c.Lag + c.Diverged + c.Failed + c.Skipped + c.Pending; sum != c.Sampled {
		t.Errorf("%s: sampled %d, but the verdicts are %d: %+v", name, c.Sampled, sum, c)
	}
	var reasons int64
	for _, n := range c.Reasons {
		reasons += n
	}
	if reasons != c.Failed+c.Skipped {
		t.Errorf("%s: %d failed and %d skipped, but %d reasons: %+v", name, c.Failed, c.Skipped, reasons, c)
	}
}

// point is the usual one: legacy serves, the service is shadowed.
func point(other http.RoundTripper) shadow.Point {
	return shadow.Point{Route: "orders", Serves: shadow.Legacy, Other: other, Compare: byBytes{}, Sample: 1}
}

func serve(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// to is a transport towards a test server, with connections of its own.
func to(t testing.TB, server *httptest.Server) http.RoundTripper {
	t.Helper()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	own := &http.Transport{DisableCompression: true}
	t.Cleanup(own.CloseIdleConnections)
	return shadow.To(u, own)
}

// one serves a single request through p and returns what was recorded of it.
func one(t *testing.T, c shadow.Config, p shadow.Point, legacy http.HandlerFunc, r *http.Request) shadow.Comparison {
	t.Helper()
	kept := new(memory)
	c.Recorder = kept
	s, err := shadow.New(c)
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if v := recover(); v != nil && !errors.Is(v.(error), http.ErrAbortHandler) {
				panic(v)
			}
		}()
		s.Around(p)(legacy).ServeHTTP(httptest.NewRecorder(), r)
	}()
	stop(t, s)
	list := kept.all()
	if len(list) != 1 {
		t.Fatalf("recorded %d comparisons, want 1: %+v", len(list), list)
	}
	return list[0]
}

var quiet = slog.New(slog.DiscardHandler)
