package shadow_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestPairs looks at what is told of how both sides did.
func TestPairs(t *testing.T) {
	refused := roundTrip(func(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed })
	type failed struct{ Legacy, Service bool }
	for _, tt := range []struct {
		name   string
		serves shadow.Side
		client int // status of the answer that the client got
		other  http.RoundTripper
		served func(*http.Request) (shadow.Side, string, bool)
		want   []failed
	}{
		{"both are fine", shadow.Legacy, 200, direct(status(200)), nil, []failed{{}}},
		{"404 is an answer", shadow.Legacy, 200, direct(status(404)), nil, []failed{{}}},
		{"the service fails", shadow.Legacy, 200, direct(status(503)), nil, []failed{{Service: true}}},
		{"both fail", shadow.Legacy, 500, direct(status(500)), nil, []failed{{true, true}}},
		{"the service can't be reached", shadow.Legacy, 200, refused, nil, []failed{{Service: true}}},
		{"neither can the service, nor is legacy fine", shadow.Legacy, 500, refused, nil, []failed{{true, true}}},
		{"the service serves, and legacy fails", shadow.Service, 200, direct(status(500)), nil, []failed{{Legacy: true}}},
		{"legacy stood in for the service", shadow.Service, 200, direct(status(200)),
			func(*http.Request) (shadow.Side, string, bool) { return shadow.Legacy, "status 503", false }, []failed{{Service: true}}},
		{"nobody stood in, and nothing is known of the other", shadow.Service, 502, direct(status(200)),
			func(*http.Request) (shadow.Side, string, bool) { return shadow.Service, "connect", false }, nil},
		{"a skipped exchange says nothing", shadow.Legacy, 304, direct(status(200)), nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			var got []failed
			s := start(t, shadow.Config{Logger: quiet, Served: tt.served, Observe: func(p shadow.Pair) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, failed{p.Legacy.Failed, p.Service.Failed})
				if p.Route != "orders" {
					t.Errorf("of route %q", p.Route)
				}
				if p.Legacy.Latency < 10*time.Millisecond && tt.serves == shadow.Legacy {
					t.Errorf("legacy took %s, not 10 ms", p.Legacy.Latency)
				}
			}})
			p := point(tt.other)
			p.Serves, p.LegacyExtra = tt.serves, shadow.Extra{Share: 1, PerSecond: 1e6}
			h := s.Around(p)(later(10*time.Millisecond, status(tt.client)))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
			stop(t, s)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("who failed (-want +got):\n%s", diff)
			}
		})
	}
}

// marks are which comparisons are repeats. Those that match are only counted.
type marks struct {
	mu      sync.Mutex
	repeats []bool
}

func (m *marks) Count(_ string, v shadow.Verdict, _ string, repeat bool) bool {
	if v != shadow.Match {
		return false
	}
	m.Record(shadow.Comparison{Repeat: repeat})
	return true
}

func (m *marks) Record(c shadow.Comparison) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.repeats = append(m.repeats, c.Repeat)
}

func (m *marks) all() []bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.repeats)
}

// TestRepeatedPairs asks for the same again and looks at what is marked as a repeat, in pairs and in what
// is recorded.
func TestRepeatedPairs(t *testing.T) {
	refused := roundTrip(func(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed })
	get := func(uri string) *http.Request { return httptest.NewRequest(http.MethodGet, uri, nil) }
	put := func(body string) *http.Request {
		return httptest.NewRequest(http.MethodPut, "/1", strings.NewReader(body))
	}
	with := func(r *http.Request, name, value string) *http.Request {
		r.Header.Set(name, value)
		return r
	}
	fellBack := func(*http.Request) (shadow.Side, string, bool) { return shadow.Legacy, "status 503", false }
	for _, tt := range []struct {
		name     string
		distinct time.Duration
		serves   shadow.Side
		other    http.RoundTripper
		served   func(*http.Request) (shadow.Side, string, bool)
		ask      []*http.Request
		want     []bool
	}{
		{"nobody wants to know", 0, shadow.Legacy, direct(status(200)), nil, []*http.Request{get("/1"), get("/1")}, []bool{false, false}},
		{"alike", time.Minute, shadow.Legacy, direct(status(200)), nil, []*http.Request{get("/1"), get("/1"), get("/1")}, []bool{false, true, true}},
		{"another query", time.Minute, shadow.Legacy, direct(status(200)), nil, []*http.Request{get("/1"), get("/1?a")}, []bool{false, false}},
		{"whoever asks", time.Minute, shadow.Legacy, direct(status(200)), nil,
			[]*http.Request{with(get("/1"), "Cookie", "a=1"), with(get("/1"), "Cookie", "a=2"), with(get("/1"), "Authorization", "x")}, []bool{false, true, true}},
		{"bodies", time.Minute, shadow.Legacy, direct(status(200)), nil, []*http.Request{put("a"), put("b"), put("a")}, []bool{false, false, true}},
		{"a body that isn't held", time.Minute, shadow.Service, direct(status(200)), fellBack, []*http.Request{put("a"), put("a")}, []bool{false, false}},
		{"whatever the answer", time.Minute, shadow.Legacy, direct(status(404)), nil, []*http.Request{get("/1"), get("/1")}, []bool{false, true}},
		{"there was none", time.Minute, shadow.Legacy, refused, nil, []*http.Request{get("/1"), get("/1")}, []bool{false, true}},
		{"legacy stood in", time.Minute, shadow.Service, direct(status(200)), fellBack, []*http.Request{get("/1"), get("/1")}, []bool{false, true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			var pairs []bool
			var recorded marks
			s := start(t, shadow.Config{Logger: quiet, Served: tt.served, Recorder: &recorded,
				Observe: func(p shadow.Pair) { mu.Lock(); defer mu.Unlock(); pairs = append(pairs, p.Repeat) }})
			p := point(tt.other)
			p.Serves, p.Distinct, p.LegacyExtra = tt.serves, tt.distinct, shadow.Extra{Share: 1, PerSecond: 1e6}
			p.Repeatable = func(string) bool { return true }
			h := s.Around(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(200)
			}))
			for i, r := range tt.ask {
				h.ServeHTTP(httptest.NewRecorder(), r)
				for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
					mu.Lock()
					done := len(recorded.all()) > i && len(pairs) > i
					mu.Unlock()
					if done {
						break
					}
					if time.Now().After(deadline) {
						t.Fatalf("request %d comes to nothing", i)
					}
				}
			}
			stop(t, s)
			if diff := cmp.Diff(tt.want, pairs); diff != "" {
				t.Errorf("pairs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, recorded.all()); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
		})
	}
}
