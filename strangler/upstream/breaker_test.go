package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code, asked := 200, 0
		g := NewBreaker(Breaker{Failures: 0.5, Requests: 10, Window: 10 * time.Second, Open: 5 * time.Second, Probes: 2},
			answers(func(r *http.Request) (*http.Response, error) { asked++; return status(r, code), nil }))
		send := func(n int) {
			for range n {
				resp, err := g.RoundTrip(get(t.Context()))
				finish(t, resp, err)
			}
		}
		is := func(want string) {
			t.Helper()
			if got := g.State().Breaker; got != want {
				t.Fatalf("breaker is %s, want %s", got, want)
			}
		}
		refuses := func(after time.Duration) {
			t.Helper()
			before, closed := asked, new(closing)
			r := get(t.Context())
			r.Method, r.Body = "POST", closed
			_, err := g.RoundTrip(r)
			told := wantKind(t, err, KindOpen)
			if told.RetryAfter != after || asked != before || closed.times.Load() != 1 {
				t.Fatalf("retry after %s, want %s; asked %v; body closed %v", told.RetryAfter, after, asked != before, closed.times.Load() == 1)
			}
		}
		is("closed")
		code = 503
		send(9) // prove nothing
		is("closed")
		time.Sleep(11 * time.Second) // and are forgotten
		code = 200
		send(5)
		time.Sleep(6 * time.Second)
		code = 500
		send(4)
		is("closed") // 4 of 9
		send(1)
		is("open")
		s := g.State()
		if s.Opened != 1 || s.BreakerUntil != time.Now().Add(5*time.Second) {
			t.Errorf("opened %d times, until %s", s.Opened, s.BreakerUntil)
		}
		refuses(5 * time.Second)
		time.Sleep(3 * time.Second)
		refuses(2 * time.Second)
		time.Sleep(2*time.Second + 1)
		is("half-open")
		send(1) // a probe that fails
		is("open")
		time.Sleep(5*time.Second + 1)
		code = 204
		send(1)
		is("half-open")
		send(1)
		is("closed")
		if s := g.State(); s.Opened != 2 || !s.BreakerUntil.IsZero() {
			t.Errorf("%+v, want opened twice and no until", s)
		}
		send(20)
	})
}

// TestBreakerWindowMoves has failures that are few in any ten seconds, though many in all.
func TestBreakerWindowMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code := 200
		g := NewBreaker(Breaker{Failures: 0.5, Requests: 4, Window: 10 * time.Second}, answers(func(r *http.Request) (*http.Response, error) { return status(r, code), nil }))
		for i := range 200 { // every fourth fails
			code = 200
			if i%4 == 0 {
				code = 502
			}
			resp, err := g.RoundTrip(get(t.Context()))
			finish(t, resp, err)
			time.Sleep(time.Second)
		}
		if g.State().Opened != 0 {
			t.Error("a quarter of failures opened a breaker for a half")
		}
	})
}

// TestBreakerCountsWhatTakesLong has calls take longer than the window, with what usually holds:
// they count when they end, but not where the breaker opened meanwhile.
func TestBreakerCountsWhatTakesLong(t *testing.T) {
	const good = 12 * time.Second // what a good answer takes
	fails := func(int) (time.Duration, int) { return 0, 500 }
	hangs := func(int) (time.Duration, int) { return time.Hour, 0 }
	slow := func(int) (time.Duration, int) { return good, 200 }
	tenth := func(i int) (time.Duration, int) {
		if i%10 == 0 {
			return fails(i)
		}
		return slow(i)
	}
	for name, c := range map[string]struct {
		before, after func(i int) (takes time.Duration, status int) // a quarter of a minute
		atLeast       int64                                         // times that it opens
		atMost        int64
		closed        bool // at the end
	}{
		"all hang":                      {hangs, hangs, 1, 10, false},
		"all hang after a good quarter": {slow, hangs, 1, 10, false},
		"a tenth fails at once":         {slow, tenth, 0, 0, true},
		"well again":                    {hangs, slow, 1, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewGuard(Policy{Breaker: Breaker{Failures: 0.5}, Timeouts: Timeouts{FirstByte: DefaultFirstByteTimeout}},
					answers(func(r *http.Request) (*http.Response, error) {
						i, _ := strconv.Atoi(r.Header.Get("I"))
						now := c.before
						if i >= 750 {
							now = c.after
						}
						takes, code := now(i)
						select {
						case <-time.After(takes):
							return status(r, code), nil
						case <-r.Context().Done():
							return nil, context.Cause(r.Context())
						}
					}))
				send := func(i int) {
					r := get(t.Context())
					r.Header.Set("I", strconv.Itoa(i))
					if resp, err := g.RoundTrip(r); err == nil {
						finish(t, resp, nil)
					}
				}
				for i := range 6000 { // 50 a second, for two minutes
					go send(i)
					time.Sleep(20 * time.Millisecond)
				}
				s := g.State()
				if s.Opened < c.atLeast || s.Opened > c.atMost || (s.Breaker == "closed") != c.closed {
					t.Errorf("opened %d times and is %s, want %d to %d times", s.Opened, s.Breaker, c.atLeast, c.atMost)
				}
				time.Sleep(time.Minute) // what is under way ends
			})
		})
	}
}

// TestBreakerHalfOpenLetsFewThrough has a half-open breaker's probes hang.
func TestBreakerHalfOpenLetsFewThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := always(500)
		g := NewBreaker(Breaker{Failures: 1, Requests: 1, Open: time.Second, Probes: 3}, answers(func(r *http.Request) (*http.Response, error) { return next(r) }))
		resp, err := g.RoundTrip(get(t.Context()))
		finish(t, resp, err)
		time.Sleep(2 * time.Second)
		next = hangs
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 {
			go func() {
				if _, err := g.RoundTrip(get(ctx)); !errors.Is(err, context.Canceled) {
					t.Errorf("error %v, want the context's", err)
				}
			}()
		}
		synctest.Wait()
		_, err = g.RoundTrip(get(ctx))
		if told := wantKind(t, err, KindOpen); told.RetryAfter != time.Second {
			t.Errorf("retry after %s", told.RetryAfter)
		}
		cancel() // their clients go, which proves nothing, and makes room for others
		synctest.Wait()
		next = always(200)
		for range 3 {
			resp, err := g.RoundTrip(get(t.Context()))
			finish(t, resp, err)
		}
		if got := g.State().Breaker; got != "closed" {
			t.Errorf("breaker is %s, want closed", got)
		}
	})
}

// TestBreakerProbesTakeLong has a breaker's probes not be answered for long: others are let through
// after a while, and the probes count when they are answered at last.
func TestBreakerProbesTakeLong(t *testing.T) {
	for name, c := range map[string]struct {
		rest    time.Duration // what the answers after the probes' take; the probes' take a minute
		within  time.Duration // until it is closed
		fail    bool          // the probes come to nothing
		gone    bool          // their clients go after half a minute
		refused bool          // it is open at the end
	}{
		"the rest is well":        {within: 5 * time.Second},
		"all take a minute":       {rest: time.Minute, within: 60 * time.Second},
		"all fail after a minute": {rest: time.Minute, within: 60 * time.Second, fail: true, refused: true},
		"the probes' clients go":  {rest: 40 * time.Second, within: 45 * time.Second, gone: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int64
				g := NewBreaker(Breaker{Failures: 0.5, Requests: 1}, answers(func(r *http.Request) (*http.Response, error) {
					takes, code := c.rest, 200
					switch n := asked.Add(1); {
					case n == 1:
						return status(r, 500), nil
					case n <= 4:
						takes = time.Minute
					}
					if c.fail {
						code = 500
					}
					select {
					case <-time.After(takes):
						return status(r, code), nil
					case <-r.Context().Done():
						return nil, context.Cause(r.Context())
					}
				}))
				resp, err := g.RoundTrip(get(t.Context()))
				finish(t, resp, err)
				time.Sleep(5*time.Second + 1)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.gone {
					time.AfterFunc(30*time.Second, cancel)
				}
				send := func(ctx context.Context) {
					if resp, err := g.RoundTrip(get(ctx)); err == nil {
						finish(t, resp, nil)
					}
				}
				for range 3 {
					go send(ctx)
				}
				synctest.Wait()
				begun := time.Now()
				for g.State().Breaker == "half-open" && time.Since(begun) < 2*time.Minute {
					go send(t.Context())
					time.Sleep(100 * time.Millisecond)
				}
				want := "closed"
				if c.refused {
					want = "open"
				}
				if got, took := g.State().Breaker, time.Since(begun); got != want || took < c.within || took > c.within+time.Second {
					t.Errorf("it is %s after %s, want %s after %s", got, took, want, c.within)
				}
				if n, most := asked.Load()-1, int64(3*(c.within/(5*time.Second)+1)); n > most {
					t.Errorf("%d were let through, want %d at most: three every five seconds", n, most)
				}
				time.Sleep(2 * time.Minute) // what is under way ends
			})
		})
	}
}

// TestWhatCountsForBreaker says of each outcome whether it is a failure of the upstream's.
func TestWhatCountsForBreaker(t *testing.T) {
	body := func(b io.ReadCloser) answers {
		return func(r *http.Request) (*http.Response, error) {
			resp := status(r, 200)
			resp.Body = b
			return resp, nil
		}
	}
	reads := func(r *http.Request) (*http.Response, error) { // as a transport reads a request's body
		if _, err := io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		return status(r, 200), nil
	}
	for name, c := range map[string]struct {
		next   answers
		upload io.Reader
		gone   bool // the client goes
		quits  bool // the answer is closed before its end
		counts bool
	}{
		"200":                            {next: always(200)},
		"404":                            {next: always(404)},
		"429":                            {next: always(429)},
		"500":                            {next: always(500), counts: true},
		"503":                            {next: always(503), counts: true},
		"no connection":                  {next: func(*http.Request) (*http.Response, error) { return nil, errRefused }, counts: true},
		"broken":                         {next: func(*http.Request) (*http.Response, error) { return nil, errReset }, counts: true},
		"time-out":                       {next: func(*http.Request) (*http.Response, error) { return nil, &Error{Kind: KindTimeout} }, counts: true},
		"no room further in":             {next: func(*http.Request) (*http.Response, error) { return nil, &Error{Kind: KindFull} }},
		"client gone before the head":    {next: hangs, gone: true},
		"client gone before the end":     {next: always(200), quits: true},
		"upload breaks off":              {next: reads, upload: io.MultiReader(strings.NewReader("x"), failing{errors.New("malformed chunk")})},
		"upload, and then no connection": {next: func(*http.Request) (*http.Response, error) { return nil, errRefused }, upload: strings.NewReader("x"), counts: true},
		"request that can't be sent":     {next: func(*http.Request) (*http.Response, error) { return nil, errUnsendable }},
		"answer breaks off":              {next: body(io.NopCloser(failing{io.ErrUnexpectedEOF})), counts: true},
		"answer runs out of time":        {next: body(io.NopCloser(failing{&Error{Kind: KindTimeout}})), counts: true},
		"client gone in the answer":      {next: body(io.NopCloser(failing{context.Canceled}))},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewBreaker(Breaker{Failures: 1, Requests: 1}, c.next)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r := get(ctx)
			if c.upload != nil {
				r.Method, r.Body = "POST", io.NopCloser(c.upload)
			}
			if c.gone {
				time.AfterFunc(time.Millisecond, cancel)
			}
			if resp, err := g.RoundTrip(r); err == nil {
				if !c.quits {
					_, _ = io.Copy(io.Discard, resp.Body)
				}
				resp.Body.Close()
			}
			if got := g.State().Breaker == "open"; got != c.counts {
				t.Errorf("counts as a failure: %v, want %v", got, c.counts)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestBreakerAfterPanic has a layer further in panic with a probe.
func TestBreakerAfterPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := always(500)
		g := NewGuard(Policy{Breaker: Breaker{Failures: 1, Requests: 1, Probes: 1, Open: time.Second}, Bulkhead: Bulkhead{InFlight: 1}},
			answers(func(r *http.Request) (*http.Response, error) { return next(r) }))
		resp, err := g.RoundTrip(get(t.Context()))
		finish(t, resp, err)
		time.Sleep(2 * time.Second)
		next = func(*http.Request) (*http.Response, error) { panic(http.ErrAbortHandler) }
		func() {
			defer func() { _ = recover() }()
			_, _ = g.RoundTrip(get(t.Context()))
		}()
		next = always(200)
		resp, err = g.RoundTrip(get(t.Context()))
		finish(t, resp, err)
		if s := g.State(); s.Breaker != "closed" || s.InFlight != 0 {
			t.Errorf("breaker %s, %d in flight; want it closed by a probe, and the room given back", s.Breaker, s.InFlight)
		}
	})
}

// TestBreakerOverSockets has a service that hangs, and then does better.
func TestBreakerOverSockets(t *testing.T) {
	t.Parallel()
	hanging := make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-hanging:
		case <-r.Context().Done():
		}
	})
	tr := transport(t, Config{URLs: []*url.URL{u}, Policy: Policy{
		Timeouts: Timeouts{FirstByte: 500 * time.Millisecond},
		Breaker:  Breaker{Failures: 0.5, Requests: 3, Open: 50 * time.Millisecond, Probes: 1},
	}})
	other := tr.With(Policy{})
	for range 3 {
		_, err := tr.RoundTrip(get(t.Context()))
		wantKind(t, err, KindTimeout)
	}
	_, err := tr.RoundTrip(get(t.Context()))
	wantKind(t, err, KindOpen)
	close(hanging)
	resp, err := other.RoundTrip(get(t.Context())) // another policy's business
	finish(t, resp, err)
	for {
		resp, err := tr.RoundTrip(get(t.Context()))
		if err == nil {
			finish(t, resp, err)
			break
		}
		wantKind(t, err, KindOpen)
		time.Sleep(time.Millisecond)
	}
	if s := tr.State().Policy; s.Breaker != "closed" || s.Opened != 1 || s.Timeouts.FirstByte != 3 {
		t.Errorf("%+v", s)
	}
}
