package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEjection has one of two endpoints fail for a while.
func TestEjection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code := 503
		tr := balanced(t, Config{Health: Health{EjectAfter: 3, EjectFor: time.Second}}, 1, 1)
		bad := tr.endpoints.Load().all[0]
		bad.conns = answers(func(r *http.Request) (*http.Response, error) { return status(r, code), nil })
		got := func(n int) int { return shares(t, tr, n)[0] }

		if n := got(100); n != 3 {
			t.Errorf("the failing endpoint got %d requests, want 3 until it is out", n)
		}
		s := tr.State().Endpoints
		want := EndpointState{Addr: bad.Addr, Why: "3 failures in a row", Since: time.Now(), Requests: 3, Failures: 3, Ejections: 1}
		if diff := cmp.Diff(want, s[0]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if !s[1].Healthy || s[1].Why != "" {
			t.Errorf("the good one: %+v", s[1])
		}
		// It comes back for one request each time, and stays away twice as long, to ten times.
		for i, out := range []time.Duration{1, 2, 4, 8, 10, 10} {
			out *= time.Second
			time.Sleep(out - 1)
			if n := got(10); n != 0 {
				t.Errorf("time %d: it got %d requests before %s were over", i+1, n, out)
			}
			time.Sleep(2 * time.Nanosecond)
			if s := tr.State().Endpoints[0]; !s.Healthy || s.Since != time.Now().Add(-1) {
				t.Errorf("time %d: back since %s, healthy %v; now is %s", i+1, s.Since, s.Healthy, time.Now())
			}
			if n := got(10); n != 1 {
				t.Errorf("time %d: it got %d requests when it was back, want 1", i+1, n)
			}
		}
		// It does well for long: all is forgotten.
		code = 200
		time.Sleep(11 * time.Second)
		got(10)
		time.Sleep(time.Minute)
		code = 503
		if n := got(20); n != 3 {
			t.Errorf("after a good time it got %d requests, want 3 until it is out", n)
		}
		time.Sleep(time.Second + 1)
		if n := got(20); n != 1 {
			t.Errorf("after 1 s it got %d requests, want 1: it was out for as long as the first time", n)
		}
	})
}

// TestFailuresInARow has every second request fail: no endpoint is put out for that.
func TestFailuresInARow(t *testing.T) {
	i := 0
	tr := balanced(t, Config{Health: Health{EjectAfter: 2}}, 1, 1)
	tr.endpoints.Load().all[0].conns = answers(func(r *http.Request) (*http.Response, error) {
		i++
		return status(r, 200+302*(i%2)), nil
	})
	shares(t, tr, 100)
	if s := tr.State().Endpoints[0]; s.Ejections != 0 || s.Failures != 25 {
		t.Errorf("%+v, want 25 failures and no ejection", s)
	}
}

// TestWhatCountsAsFailure says of each outcome whether it is the endpoint's.
func TestWhatCountsAsFailure(t *testing.T) {
	breaks := func(err error) answers {
		return func(r *http.Request) (*http.Response, error) {
			resp := status(r, 200)
			resp.Body = io.NopCloser(failing{err})
			return resp, nil
		}
	}
	for name, c := range map[string]struct {
		next     answers
		gone     bool
		failures int64
		out      bool
	}{
		"200":                    {next: always(200)},
		"500 is an answer":       {next: always(500)},
		"502":                    {next: always(502), failures: 1},
		"refused":                {next: func(*http.Request) (*http.Response, error) { return nil, errRefused }, failures: 1, out: true},
		"reset":                  {next: func(*http.Request) (*http.Response, error) { return nil, errReset }, failures: 1},
		"answer breaks off":      {next: breaks(io.ErrUnexpectedEOF), failures: 1},
		"client goes":            {next: hangs, gone: true},
		"client goes in between": {next: breaks(context.Canceled)},
		"no port left here": {next: func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: syscall.EADDRNOTAVAIL}
		}},
		"can't be sent": {next: func(*http.Request) (*http.Response, error) { return nil, errUnsendable }},
		"net/http can't send it": {next: func(*http.Request) (*http.Response, error) {
			return nil, errors.New(`net/http: invalid header field name ":"`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := balanced(t, Config{}, 1)
			tr.endpoints.Load().all[0].conns = c.next
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.gone {
				time.AfterFunc(time.Millisecond, cancel)
			}
			if resp, err := tr.RoundTrip(get(ctx)); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			if s := tr.State().Endpoints[0]; s.Failures != c.failures || s.Healthy == c.out || s.InFlight != 0 {
				t.Errorf("%+v, want %d failures, out %v, none in flight", s, c.failures, c.out)
			}
		})
	}
}

// TestTimeoutIsTheEndpoints has an endpoint hang beside one that doesn't.
func TestTimeoutIsTheEndpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := balanced(t, Config{Standard: true, Health: Health{EjectAfter: 2}, Policy: Policy{Timeouts: Timeouts{FirstByte: time.Second}}}, 1, 1)
		tr.endpoints.Load().all[0].conns = answers(hangs)
		late := 0
		for range 20 {
			if resp, err := tr.RoundTrip(get(t.Context())); err != nil {
				wantKind(t, err, KindTimeout)
				late++
			} else {
				finish(t, resp, err)
			}
			time.Sleep(time.Millisecond)
		}
		if s := tr.State().Endpoints[0]; late != int(s.Failures) || s.Ejections == 0 || late > 6 {
			t.Errorf("%d were late; %+v", late, s)
		}
	})
}

// TestPanicMode puts all endpoints out, over real sockets: all are used, and what comes back is
// found at once.
func TestPanicMode(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	var calls [3]atomic.Int64
	var urls []*url.URL
	for i := range calls {
		urls = append(urls, serve(t, func(w http.ResponseWriter, r *http.Request) {
			calls[i].Add(1)
			if broken.Load() {
				panic(http.ErrAbortHandler)
			}
		}))
	}
	tr := transport(t, Config{URLs: urls, Health: Health{EjectAfter: 1, EjectFor: time.Hour}})
	for range 3 {
		_, err := tr.RoundTrip(get(t.Context()))
		wantKind(t, err, KindBroken)
	}
	for _, ep := range tr.State().Endpoints {
		if ep.Healthy || ep.Why != "1 failures in a row" {
			t.Fatalf("%+v, want it out", ep)
		}
	}
	broken.Store(false)
	for range 30 {
		resp, err := tr.RoundTrip(get(t.Context()))
		finish(t, resp, err)
	}
	for i := range calls {
		if n := calls[i].Load(); n != 11 {
			t.Errorf("endpoint %d got %d requests, want a third of 33", i, n)
		}
	}
}

func TestNeverEject(t *testing.T) {
	tr := balanced(t, Config{Health: Health{EjectAfter: -1}}, 1, 1)
	tr.endpoints.Load().all[0].conns = answers(func(*http.Request) (*http.Response, error) { return nil, errRefused })
	if got := shares(t, tr, 20); got[0] != 10 || got[1] != 20 {
		t.Errorf("%v, want the refusing one asked in its turn and the other one for it", got)
	}
}

// TestBadUploadsEjectNobody has a client send bodies that break off, through all the layers: it
// must not be able to take a service away from others.
func TestBadUploadsEjectNobody(t *testing.T) {
	for name, hosts := range map[string]int{"one endpoint": 1, "two endpoints": 2} {
		t.Run(name, func(t *testing.T) {
			var urls []*url.URL
			for range hosts {
				urls = append(urls, serve(t, named("a")))
			}
			tr := transport(t, Config{URLs: urls, Health: Health{EjectAfter: 1}, Policy: Policy{
				Breaker: Breaker{Failures: 0.1, Requests: 1}, Timeouts: Timeouts{FirstByte: time.Minute}, Retry: Retry{Attempts: 2},
			}})
			bare := tr.With(Policy{})
			malformed := errors.New("malformed chunk")
			for i := range 10 {
				next := http.RoundTripper(tr)
				if i%2 == 1 {
					next = bare
				}
				r := get(t.Context())
				r.Method, r.ContentLength = "PUT", -1
				r.Body = io.NopCloser(io.MultiReader(strings.NewReader("x"), failing{malformed}))
				if _, err := next.RoundTrip(r); !errors.Is(err, malformed) {
					t.Errorf("error %v, want the body's", err)
				}
			}
			s := tr.State()
			for _, ep := range s.Endpoints {
				if !ep.Healthy || ep.Failures != 0 {
					t.Errorf("%+v, want no failure", ep)
				}
			}
			if s.Policy.Breaker != "closed" || s.Policy.Retries != 0 {
				t.Errorf("%+v, want a closed breaker and no retry", s.Policy)
			}
		})
	}
}
