package shadow_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

// TestAMatchIsCheap counts what is allocated for exchanges that match, on the client's goroutine
// and the worker's, with a Recorder that counts and a transport that lends: what stands between the
// handler and its client, and three by the transport here. The race detector has pools lose a part of
// what they have. An exchange, heads, evidence, contexts or buffers made anew for each would be over 8.
func TestAMatchIsCheap(t *testing.T) {
	const most, exchanges = 8, 2000
	body := bytes.Repeat([]byte("0123456789abcdef"), 256)
	head := http.Header{"Content-Type": {"text/plain"}, "Content-Length": {"4096"}, "Etag": {`"7"`}}
	comparer, err := compare.New(compare.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	kept := new(counter)
	s := start(t, shadow.Config{Recorder: kept})
	p := point(lender{roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: head, ContentLength: 4096, Body: io.NopCloser(bytes.NewReader(body))}, nil
	})})
	p.Compare = comparer
	h := s.Around(p)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }))
	r := httptest.NewRequest("GET", "/orders/7", nil)
	r.Header.Set("Accept", "*/*")
	send := func(n int) {
		for range n {
			matches := kept.matches.Load()
			h.ServeHTTP(nowhere{head}, r)
			for turns := 0; kept.matches.Load() == matches; turns++ {
				if turns > 50_000_000 {
					t.Fatalf("an exchange came to something else than a match: %+v", s.Counts())
				}
				runtime.Gosched()
			}
		}
	}
	send(100)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	send(exchanges)
	runtime.ReadMemStats(&after)
	if each := float64(after.Mallocs-before.Mallocs) / exchanges; each > most {
		t.Errorf("a match takes %.1f allocations, at most %d are allowed", each, most)
	} else {
		t.Logf("a match takes %.1f allocations", each)
	}
}

// lender is a transport that has nothing of a request when its answer's body has ended.
type lender struct{ http.RoundTripper }

func (l lender) Lend(*http.Request) http.RoundTripper { return l.RoundTripper }
func (lender) TakeBack(http.RoundTripper) bool        { return true }
