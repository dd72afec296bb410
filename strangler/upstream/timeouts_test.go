package upstream

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTimeoutsRunOut(t *testing.T) {
	second := time.Second
	slow := func(pauses ...time.Duration) http.HandlerFunc { // between the head and each piece
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			for _, p := range pauses {
				select {
				case <-time.After(p):
				case <-r.Context().Done():
					return
				}
				_, _ = io.WriteString(w, "piece")
				_ = http.NewResponseController(w).Flush()
			}
		}
	}
	ms := time.Millisecond
	for name, c := range map[string]struct {
		timeouts Timeouts
		handler  http.HandlerFunc
		told     string // empty: it doesn't run out
		counts   TimeoutCounts
	}{
		"no head":                          {Timeouts{FirstByte: 30 * ms}, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "did not begin to answer within 30ms", TimeoutCounts{FirstByte: 1}},
		"no head, the whole is sooner":     {Timeouts{FirstByte: second, Request: 30 * ms}, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "did not answer to the end within 30ms", TimeoutCounts{Request: 1}},
		"a body that takes too long":       {Timeouts{Request: 50 * ms}, slow(20*ms, 20*ms, 20*ms, 20*ms, 20*ms), "did not answer to the end within 50ms", TimeoutCounts{Request: 1}},
		"a body that stops":                {Timeouts{Idle: 40 * ms}, slow(0, 0, 10*second), "sent nothing of its answer for 40ms", TimeoutCounts{Idle: 1}},
		"a body that never comes":          {Timeouts{Idle: 40 * ms, FirstByte: second}, slow(10 * second), "sent nothing of its answer for 40ms", TimeoutCounts{Idle: 1}},
		"the head is not the body":         {Timeouts{FirstByte: second}, slow(1200 * ms), "", TimeoutCounts{}},
		"a slow body that goes on":         {Timeouts{Idle: 500 * ms}, slow(50*ms, 50*ms, 50*ms, 50*ms, 50*ms, 50*ms, 50*ms, 50*ms, 50*ms, 50*ms, 50*ms, 50*ms), "", TimeoutCounts{}},
		"all of them, and none is reached": {Timeouts{FirstByte: 10 * second, Request: 10 * second, Idle: 10 * second}, slow(10*ms, 10*ms), "", TimeoutCounts{}},
	} {
		for transportName, standard := range map[string]bool{"own transport": false, "net/http's": true} {
			t.Run(name+", "+transportName, func(t *testing.T) {
				t.Parallel()
				tr := transport(t, Config{URLs: []*url.URL{serve(t, c.handler)}, Policy: Policy{Timeouts: c.timeouts}, Standard: standard})
				resp, err := tr.RoundTrip(get(t.Context()))
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				if got := tr.State().Policy.Timeouts; got != c.counts {
					t.Errorf("counts %+v, want %+v", got, c.counts)
				}
				if c.told == "" {
					if err != nil {
						t.Errorf("error %v, want none", err)
					}
					return
				}
				if told := wantKind(t, err, KindTimeout); told.Told != c.told || !told.Timeout() {
					t.Errorf("told %q, want %q", told.Told, c.told)
				}
			})
		}
	}
}

// TestDialTimeout counts a connection that doesn't come about in time, and tells it from others.
func TestDialTimeout(t *testing.T) {
	tr := transport(t, Config{URLs: []*url.URL{parse(t, "http://127.0.0.1:1")}})
	tr.endpoints.Load().all[0].conns = answers(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
	})
	_, err := tr.RoundTrip(get(t.Context()))
	if told := wantKind(t, err, KindConnect); !told.Timeout() || told.Told != "could not be reached in time" {
		t.Errorf("told %q, time-out %v", told.Told, told.Timeout())
	}
	if n := tr.State().Policy.Timeouts.Dial; n != 1 {
		t.Errorf("%d dial time-outs, want 1", n)
	}
}

// TestFirstByteIsTheUpstreams has a client that takes its time: as long as it is its turn the
// upstream isn't late.
func TestFirstByteIsTheUpstreams(t *testing.T) {
	for name, c := range map[string]struct {
		client, upstream time.Duration // for each of three pieces
		late             bool
	}{
		"a slow client":               {client: time.Minute, upstream: time.Second},
		"an upstream that stops":      {client: time.Second, upstream: time.Minute, late: true},
		"both slow, neither too slow": {client: 20 * time.Second, upstream: 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewTimeouts(Timeouts{FirstByte: 30 * time.Second}, answers(func(r *http.Request) (*http.Response, error) {
					for {
						_, err := r.Body.Read(make([]byte, 1))
						select {
						case <-time.After(c.upstream):
						case <-r.Context().Done():
							return nil, context.Cause(r.Context())
						}
						if err == io.EOF {
							return status(r, 200), nil
						}
					}
				}))
				r := get(t.Context())
				r.Method, r.Body, r.ContentLength = "POST", &slowBody{pieces: 3, pause: c.client}, 3
				resp, err := g.RoundTrip(r)
				if !c.late {
					finish(t, resp, err)
					return
				}
				wantKind(t, err, KindTimeout)
			})
		})
	}
}

type slowBody struct {
	pieces int
	pause  time.Duration
}

func (b *slowBody) Read(p []byte) (int, error) {
	time.Sleep(b.pause)
	if b.pieces == 0 {
		return 0, io.EOF
	}
	b.pieces--
	return 1, nil
}

func (b *slowBody) Close() error { return nil }

// TestIdleIsTheUpstreams has a client that doesn't read for long.
func TestIdleIsTheUpstreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewTimeouts(Timeouts{Idle: time.Second}, always(200))
		resp, err := g.RoundTrip(get(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		finish(t, resp, nil)
		if n := g.State().Timeouts.Idle; n != 0 {
			t.Errorf("%d idle time-outs, want none", n)
		}
	})
}

// TestClientGoneIsNoTimeout ends the request's own context.
func TestClientGoneIsNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		g := NewTimeouts(Timeouts{FirstByte: time.Minute, Request: time.Minute}, answers(hangs))
		_, err := g.RoundTrip(get(ctx))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
		if g.State() != (PolicyState{}) {
			t.Errorf("counted: %+v", g.State())
		}
	})
}

// TestUpgradeIsNotBounded keeps a switched connection open beyond all time-outs.
func TestUpgradeIsNotBounded(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		rw.Flush()
		line, _ := rw.ReadString('\n')
		fmt.Fprint(rw, line)
		rw.Flush()
	})
	limit := 500 * time.Millisecond
	tr := transport(t, Config{URLs: []*url.URL{u}, Policy: Policy{
		Timeouts: Timeouts{FirstByte: limit, Request: limit, Idle: limit}, Bulkhead: Bulkhead{InFlight: 1},
	}})
	r := get(t.Context())
	r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"echo"}}
	resp, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	conn, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		t.Fatalf("the body is a %T: nobody can write to it", resp.Body)
	}
	<-time.After(2 * limit)
	if _, err := io.WriteString(conn, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || line != "hello\n" {
		t.Errorf("echo %q, %v", line, err)
	}
	if n := tr.State().Policy.InFlight; n != 1 {
		t.Errorf("%d in the bulkhead while the connection is open, want 1", n)
	}
	conn.Close()
	if n := tr.State().Policy.InFlight; n != 0 {
		t.Errorf("%d in the bulkhead after the connection's end, want 0", n)
	}
}

// TestTimeoutEndsContext finds nothing left of a call that ended well.
func TestTimeoutEndsContext(t *testing.T) {
	var inner context.Context
	g := NewTimeouts(Timeouts{FirstByte: time.Minute}, answers(func(r *http.Request) (*http.Response, error) {
		inner = r.Context()
		return status(r, 200), nil
	}))
	resp, err := g.RoundTrip(get(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if inner.Err() != nil {
		t.Error("the context ended before the body")
	}
	finish(t, resp, nil)
	if inner.Err() == nil {
		t.Error("the context outlives the call")
	}
}

func TestTooLateAfterAll(t *testing.T) {
	closed := new(closing)
	synctest.Test(t, func(t *testing.T) {
		g := NewTimeouts(Timeouts{FirstByte: time.Second}, answers(func(r *http.Request) (*http.Response, error) {
			time.Sleep(2 * time.Second) // whoever doesn't look at the context
			resp := status(r, 200)
			resp.Body = closed
			return resp, nil
		}))
		_, err := g.RoundTrip(get(t.Context()))
		wantKind(t, err, KindTimeout)
		if closed.times.Load() != 1 {
			t.Error("the answer that nobody gets was not closed")
		}
	})
}

func TestExpectContinue(t *testing.T) {
	u := serve(t, named("a"))
	tr := transport(t, Config{URLs: []*url.URL{u}, Policy: Policy{Timeouts: Timeouts{FirstByte: 10 * time.Second}}})
	r, _ := http.NewRequestWithContext(t.Context(), "POST", "http://any.example/", strings.NewReader("-body"))
	r.Header.Set("Expect", "100-continue")
	resp, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "a-body" {
		t.Errorf("body %q", body)
	}
}
