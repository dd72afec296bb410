package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// decided returns a context as the proxy's requests have it: with a Decision.
func decided(t *testing.T, repeat strangler.Repeat) context.Context {
	t.Helper()
	var ctx context.Context
	legacy := answers(func(r *http.Request) (*http.Response, error) {
		ctx = r.Context()
		return status(r, 200), nil
	})
	p, err := strangler.New(strangler.Config{
		Legacy: strangler.Upstream{URL: &url.URL{Scheme: "http", Host: "any.example"}, Transport: legacy},
		Routes: []strangler.Route{{Name: "r", Match: strangler.Match{Path: "/*"}, Repeat: repeat}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if strangler.DecisionFrom(ctx) == nil {
		t.Fatal("no decision")
	}
	return context.WithoutCancel(ctx)
}

func TestRetry(t *testing.T) {
	type outcome struct {
		status int
		err    error
		after  string // Retry-After
	}
	for name, c := range map[string]struct {
		method   string
		body     bool
		getBody  bool
		repeat   strangler.Repeat // RepeatByMethod: no Decision
		outcomes []outcome        // of attempts; the last one's for all further
		attempts int
		status   int // 0: an error
	}{
		"good at once":                       {outcomes: []outcome{{status: 200}}, attempts: 1, status: 200},
		"good the second time":               {outcomes: []outcome{{status: 503}, {status: 200}}, attempts: 2, status: 200},
		"502 and 504 too":                    {outcomes: []outcome{{status: 502}, {status: 504}, {status: 200}}, attempts: 3, status: 200},
		"500 is an answer":                   {outcomes: []outcome{{status: 500}}, attempts: 1, status: 500},
		"429 is one too":                     {outcomes: []outcome{{status: 429}}, attempts: 1, status: 429},
		"at most so many":                    {outcomes: []outcome{{status: 503}}, attempts: 3, status: 503},
		"no connection":                      {outcomes: []outcome{{err: errRefused}, {status: 200}}, attempts: 2, status: 200},
		"broken before the head":             {outcomes: []outcome{{err: errReset}, {status: 200}}, attempts: 2, status: 200},
		"out of time is so for good":         {outcomes: []outcome{{err: &Error{Kind: KindTimeout}}}, attempts: 1},
		"turned away further in":             {outcomes: []outcome{{err: &Error{Kind: KindOpen}}}, attempts: 1},
		"the error of the last":              {outcomes: []outcome{{status: 503}, {err: errReset}}, attempts: 3},
		"POST":                               {method: "POST", outcomes: []outcome{{status: 503}}, attempts: 1, status: 503},
		"PUT, its body at hand":              {method: "PUT", body: true, getBody: true, outcomes: []outcome{{status: 503}, {status: 200}}, attempts: 2, status: 200},
		"PUT, its body gone":                 {method: "PUT", body: true, outcomes: []outcome{{status: 503}}, attempts: 1, status: 503},
		"the route says never":               {repeat: strangler.RepeatNever, outcomes: []outcome{{status: 503}}, attempts: 1, status: 503},
		"the route says POSTs may":           {method: "POST", body: true, getBody: true, repeat: strangler.RepeatIdempotent, outcomes: []outcome{{err: errReset}, {status: 200}}, attempts: 2, status: 200},
		"Retry-After that can be waited":     {outcomes: []outcome{{status: 503, after: "1"}, {status: 200}}, attempts: 2, status: 200},
		"Retry-After too long":               {outcomes: []outcome{{status: 503, after: "120"}}, attempts: 1, status: 503},
		"Retry-After as a date too far":      {outcomes: []outcome{{status: 503, after: "Fri, 01 Jan 2100 00:00:00 GMT"}}, attempts: 1, status: 503},
		"Retry-After as a date that was":     {outcomes: []outcome{{status: 503, after: "Fri, 01 Jan 1999 00:00:00 GMT"}, {status: 200}}, attempts: 2, status: 200},
		"Retry-After that nobody can read":   {outcomes: []outcome{{status: 503, after: "soon"}, {status: 200}}, attempts: 2, status: 200},
		"Retry-After beyond any number":      {outcomes: []outcome{{status: 503, after: "99999999999999999999"}}, attempts: 1, status: 503},
		"Retry-After as large as one can be": {outcomes: []outcome{{status: 503, after: "18446744073709551615"}}, attempts: 1, status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			if c.repeat != strangler.RepeatByMethod {
				ctx = decided(t, c.repeat)
			}
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				g := NewRetry(Retry{Attempts: 3, Budget: 1}, answers(func(r *http.Request) (*http.Response, error) {
					if c.body {
						if b, _ := io.ReadAll(r.Body); string(b) != "body" {
							t.Errorf("attempt %d has the body %q", attempts, b)
						}
					}
					o := c.outcomes[min(attempts, len(c.outcomes)-1)]
					attempts++
					if o.err != nil {
						return nil, o.err
					}
					resp := status(r, o.status)
					if o.after != "" {
						resp.Header.Set("Retry-After", o.after)
					}
					return resp, nil
				}))
				for range 10 {
					g.retry.budget.request() // enough for all
				}
				r := get(ctx)
				if c.method != "" {
					r.Method = c.method
				}
				if c.body {
					r.Body = io.NopCloser(strings.NewReader("body"))
				}
				if c.getBody {
					r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("body")), nil }
				}
				resp, err := g.RoundTrip(r)
				if attempts != c.attempts {
					t.Errorf("%d attempts, want %d", attempts, c.attempts)
				}
				if n := g.State().Retries; n != int64(c.attempts-1) {
					t.Errorf("%d retries counted, want %d", n, c.attempts-1)
				}
				switch {
				case c.status == 0 && err == nil:
					t.Errorf("status %d, want an error", resp.StatusCode)
				case c.status != 0:
					if got := finish(t, resp, err); got != c.status {
						t.Errorf("status %d, want %d", got, c.status)
					}
				}
			})
		})
	}
}

// TestRetryBacksOff looks at the pauses: from none to twice the mean, which doubles.
func TestRetryBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls, mean = 200, 100 * time.Millisecond
		pauses := [2][]time.Duration{}
		for range calls {
			var at []time.Time
			g := NewRetry(Retry{Attempts: 3, Backoff: mean, Budget: 1}, answers(func(r *http.Request) (*http.Response, error) {
				at = append(at, time.Now())
				return status(r, 503), nil
			}))
			g.retry.budget.request()
			resp, err := g.RoundTrip(get(t.Context()))
			finish(t, resp, err)
			pauses[0] = append(pauses[0], at[1].Sub(at[0]))
			pauses[1] = append(pauses[1], at[2].Sub(at[1]))
		}
		for i, p := range pauses {
			mean := mean << i
			slices.Sort(p)
			sum := time.Duration(0)
			for _, d := range p {
				sum += d
			}
			if got := sum / calls; got < mean*8/10 || got > mean*12/10 {
				t.Errorf("pause %d is %s in the mean, want about %s", i+1, got, mean)
			}
			if p[0] > mean/5 || p[calls-1] < mean*9/5 || p[calls-1] > 2*mean+time.Millisecond {
				t.Errorf("pause %d is from %s to %s, want from about 0 to %s", i+1, p[0], p[calls-1], 2*mean)
			}
		}
	})
}

// TestRetryEndsFailedAnswers counts the answers whose bodies nobody ended.
func TestRetryEndsFailedAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies []*closing
		g := NewRetry(Retry{Attempts: 3, Budget: 1}, answers(func(r *http.Request) (*http.Response, error) {
			resp := status(r, 503)
			b := new(closing)
			bodies = append(bodies, b)
			resp.Body = b
			return resp, nil
		}))
		g.retry.budget.request()
		resp, err := g.RoundTrip(get(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		if len(bodies) != 3 || bodies[0].times.Load() != 1 || bodies[1].times.Load() != 1 || bodies[2].times.Load() != 0 {
			t.Errorf("of %d answers those but the last are to be closed, and that not", len(bodies))
		}
		resp.Body.Close()
	})
}

// TestRetryClientGone has the client leave in a pause.
func TestRetryClientGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		attempts := 0
		g := NewRetry(Retry{Attempts: 3, Backoff: time.Hour}, answers(func(r *http.Request) (*http.Response, error) {
			attempts++
			time.AfterFunc(time.Millisecond, cancel)
			return status(r, 503), nil
		}))
		if _, err := g.RoundTrip(get(ctx)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
		if attempts != 1 || g.State().Retries != 0 {
			t.Errorf("%d attempts, %d retries counted; want no other", attempts, g.State().Retries)
		}
	})
}

// TestRetryDeadline has no time left for a pause: the failed answer is better than none.
func TestRetryDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		g := NewRetry(Retry{Attempts: 3, Backoff: time.Hour}, always(503))
		resp, err := g.RoundTrip(get(ctx))
		if got := finish(t, resp, err); got != 503 {
			t.Errorf("status %d", got)
		}
	})
}

// TestRetryStorm has an upstream that fails always: it gets a fifth more at most, in every ten
// seconds.
func TestRetryStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		g := NewRetry(Retry{Attempts: 5}, answers(func(r *http.Request) (*http.Response, error) {
			sent.Add(1)
			return status(r, 503), nil
		}))
		const perSecond, seconds = 100, 60
		requests, perTen := 0, map[int]int64{}
		for second := range seconds {
			before := sent.Load()
			for range perSecond {
				go func() {
					resp, err := g.RoundTrip(get(t.Context()))
					finish(t, resp, err)
				}()
				time.Sleep(time.Second / perSecond)
			}
			requests += perSecond
			perTen[second/10] += sent.Load() - before
		}
		time.Sleep(time.Minute)
		for ten, n := range perTen {
			if n > 1000*120/100+perSecond/10 { // a second's tenth for where the windows' borders are
				t.Errorf("%d to %d s: %d sent for 1000 requests", ten*10, ten*10+10, n)
			}
		}
		extra := float64(sent.Load()-int64(requests)) / float64(requests)
		if extra > 0.2 || extra < 0.15 {
			t.Errorf("%.1f %% more than the requests were sent, want nearly 20 %%", 100*extra)
		}
		s := g.State()
		if s.Retries != sent.Load()-int64(requests) || s.RetriesDenied == 0 {
			t.Errorf("counted %d retries and %d denied, %d were sent again", s.Retries, s.RetriesDenied, sent.Load()-int64(requests))
		}
	})
}

func TestBudgetForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := budget{share: 0.2, start: time.Now()}
		afford := func() (n int) {
			for b.retry() {
				n++
			}
			return n
		}
		for range 50 {
			b.request()
		}
		if n := afford(); n != 10 {
			t.Errorf("%d retries for 50 requests, want 10", n)
		}
		time.Sleep(9 * time.Second)
		if n := afford(); n != 0 {
			t.Errorf("%d more after 9 s, want none", n)
		}
		for range 10 {
			b.request()
		}
		time.Sleep(time.Second)
		if n := afford(); n != 2 {
			t.Errorf("%d for the 10 requests left after 10 s, want 2", n)
		}
		time.Sleep(time.Hour)
		if n := afford(); n != 0 {
			t.Errorf("%d without requests, want none", n)
		}
		b.request()
		if n := afford(); n != 1 {
			t.Errorf("%d for one request, want 1", n)
		}
	})
}

// TestRetryReachesAnother has an endpoint that takes requests and breaks off: the next attempt
// goes to the other.
func TestRetryReachesAnother(t *testing.T) {
	dies := serve(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	tr := transport(t, Config{
		URLs:   []*url.URL{dies, serve(t, named("good"))},
		Policy: Policy{Retry: Retry{Attempts: 2, Backoff: time.Millisecond, Budget: 1}},
	})
	for range 4 {
		resp, err := tr.RoundTrip(get(t.Context()))
		if got := finish(t, resp, err); got != 200 {
			t.Errorf("status %d", got)
		}
	}
	if n := tr.State().Policy.Retries; n == 0 {
		t.Error("no retry counted")
	}
}

// TestRetryAvoidsWhoFailed has one of two endpoints fail at once, and always: however requests are
// spread, none is sent there twice. One that fails fast is the less busy, too.
func TestRetryAvoidsWhoFailed(t *testing.T) {
	fails := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	breaks := serve(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	good := serve(t, named("good"))
	for name, c := range map[string]struct {
		bad     *url.URL
		balance Balance
	}{
		"503, in turns":          {fails, BalanceRoundRobin},
		"503, least requests":    {fails, BalanceLeastRequests},
		"503, hash":              {fails, BalanceHash},
		"broken, in turns":       {breaks, BalanceRoundRobin},
		"broken, least requests": {breaks, BalanceLeastRequests},
	} {
		t.Run(name, func(t *testing.T) {
			tr := transport(t, Config{
				URLs: []*url.URL{c.bad, good}, Balance: c.balance, Health: Health{EjectAfter: -1},
				Policy: Policy{Retry: Retry{Attempts: 2, Backoff: time.Millisecond, Budget: 1}},
			})
			var all sync.WaitGroup
			for who := range 8 {
				ctx := decided(t, strangler.RepeatByMethod)
				strangler.DecisionFrom(ctx).Key = uint64(who + 1)
				all.Go(func() {
					for range 25 {
						resp, err := tr.RoundTrip(get(ctx))
						if err != nil {
							t.Error(err)
							return
						}
						resp.Body.Close()
						if resp.StatusCode != 200 {
							t.Errorf("status %d", resp.StatusCode)
						}
					}
				})
			}
			all.Wait()
			s := tr.State()
			if s.Policy.Retries == 0 || s.Endpoints[0].Requests != s.Policy.Retries || s.Endpoints[1].Requests != 200 {
				t.Errorf("%d and %d requests, %d retries; want as many retries as the first got, and all 200 to end at the second",
					s.Endpoints[0].Requests, s.Endpoints[1].Requests, s.Policy.Retries)
			}
		})
	}
}

// TestRetryWhereAllFailed goes to one of them again: it has attempts left, and the next may do better.
func TestRetryWhereAllFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, down := range map[string]bool{"both in the turn": false, "both out": true} {
			tr := balanced(t, Config{Health: Health{EjectAfter: -1}, Policy: Policy{Retry: Retry{Attempts: 3, Budget: 1}}}, 1, 1)
			var tried []string
			for _, ep := range tr.endpoints.Load().all {
				ep.down.Store(down)
				ep.conns = answers(func(r *http.Request) (*http.Response, error) {
					if tried = append(tried, ep.Addr); len(tried) < 3 {
						return status(r, 503), nil
					}
					return status(r, 200), nil
				})
			}
			for range 3 {
				tr.own.retry.budget.request()
			}
			resp, err := tr.RoundTrip(get(t.Context()))
			if got := finish(t, resp, err); got != 200 || len(tried) != 3 || tried[0] == tried[1] {
				t.Errorf("%s: status %d, tried %v", name, got, tried)
			}
			tr.Close()
		}
	})
}
