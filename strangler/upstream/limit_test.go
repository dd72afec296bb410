package upstream

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// streams is a server whose /stream doesn't end before its client leaves.
func streams(t *testing.T) *url.URL {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		if r.URL.Path == "/stream" {
			<-r.Context().Done()
		}
	}))
	t.Cleanup(srv.Close)
	return parse(t, srv.URL)
}

// TestConnectionLimitIsNobodysFault has the only connection that may be in use for long. Who waits
// for it is turned away in time, and neither the endpoint nor the breaker has anything to do with it.
func TestConnectionLimitIsNobodysFault(t *testing.T) {
	for name, standard := range map[string]bool{"own transport": false, "net/http's": true} {
		for bounds, to := range map[string]Timeouts{"first byte": {FirstByte: 20 * time.Millisecond}, "all": {FirstByte: 20 * time.Millisecond, Idle: time.Minute}} {
			t.Run(name+", "+bounds, func(t *testing.T) {
				t.Parallel()
				tr := transport(t, Config{
					URLs: []*url.URL{streams(t)}, MaxPerHost: 1, DialTimeout: 100 * time.Millisecond, Standard: standard,
					Health: Health{EjectAfter: 2, Path: "/health", Interval: 10 * time.Millisecond, Timeout: 50 * time.Millisecond, Fall: 2},
					Policy: Policy{Timeouts: to, Breaker: Breaker{Failures: 0.1, Requests: 1}},
				})
				ctx, leave := context.WithCancel(t.Context())
				r := get(ctx)
				r.URL.Path = "/stream"
				stream := until(t, tr, r)
				for range 5 {
					begun := time.Now()
					_, err := tr.RoundTrip(get(t.Context()))
					told := wantKind(t, err, KindFull)
					if took := time.Since(begun); told.RetryAfter <= 0 || took < 100*time.Millisecond || took > 5*time.Second {
						t.Errorf("%v after %s, retry after %s", told, took, told.RetryAfter)
					}
				}
				s := tr.State()
				if ep := s.Endpoints[0]; !ep.Healthy || ep.Ejections != 0 || ep.Full < 5 || ep.Failures != 0 || s.Policy.Breaker != "closed" || s.Policy.Timeouts != (TimeoutCounts{}) {
					t.Errorf("%+v", s)
				}
				leave()
				stream.Body.Close()
				resp := until(t, tr, get(t.Context()))
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					t.Error(err)
				}
				resp.Body.Close()
			})
		}
	}
}

// until sends r until it gets an answer: a check, or what has just ended, may have the connection.
func until(t *testing.T, tr http.RoundTripper, r *http.Request) *http.Response {
	t.Helper()
	for begun := time.Now(); ; {
		resp, err := tr.RoundTrip(r)
		if err == nil {
			return resp
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatal(err)
		}
	}
}

// TestLimitTriesTheNext has one endpoint at its limit, and another that isn't.
func TestLimitTriesTheNext(t *testing.T) {
	tr := transport(t, Config{URLs: []*url.URL{streams(t), streams(t)}, MaxPerHost: 1, DialTimeout: 20 * time.Millisecond})
	r := get(t.Context())
	r.URL.Path = "/stream"
	resp, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for range 4 {
		resp, err := tr.RoundTrip(get(t.Context()))
		finish(t, resp, err)
	}
}
