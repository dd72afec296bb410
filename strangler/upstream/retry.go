package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/strangler-fig/toolkit/strangler"
)

// retry is the layer of Retry.
type retry struct {
	*repeats
	next http.RoundTripper
}

// repeats is what a retry knows; several may share one, and with it a budget.
type repeats struct {
	cfg    Retry
	budget budget

	retries, denied atomic.Int64
}

const (
	defaultBackoff = 25 * time.Millisecond
	defaultBudget  = 0.2
	mostBackoff    = 5 * time.Second // the mean
	// mostPatience is for how long a request waits because an upstream asks it to: Retry-After
	// counts in seconds, and a client that waits holds a connection and a bulkhead's room.
	mostPatience = time.Second
	// mostDrained is how much of a failed answer is read so that its connection can be kept.
	mostDrained = 4 << 10
)

func newRepeats(cfg Retry) *repeats {
	if cfg.Backoff <= 0 {
		cfg.Backoff = defaultBackoff
	}
	if !(cfg.Budget > 0) {
		cfg.Budget = defaultBudget
	}
	return &repeats{cfg: cfg, budget: budget{share: min(cfg.Budget, 1), start: time.Now()}}
}

// RoundTrip implements http.RoundTripper. The last attempt's answer, or error, is the call's.
func (t *retry) RoundTrip(r *http.Request) (*http.Response, error) {
	t.budget.request()
	if !repeatable(r) {
		return t.next.RoundTrip(r)
	}
	if d, ok := t.next.(*dispatch); !ok || len(d.t.endpoints.Load().all) != 1 { // else there is nothing to avoid
		r = noting(r)
	}
	resp, err := t.next.RoundTrip(r)
	if !mayHelp(r, resp, err) {
		return resp, err
	}
	return t.again(r, resp, err)
}

// again sends r again until an answer is good enough.
func (t *retry) again(r *http.Request, resp *http.Response, err error) (*http.Response, error) {
	// With this factor an interval of mean m is one from 0 to 2m: full jitter, which has the
	// fewest clients return at once (Brooker, Exponential Backoff And Jitter, AWS 2015).
	pauses := backoff.ExponentialBackOff{
		InitialInterval: t.cfg.Backoff, RandomizationFactor: 1, Multiplier: 2, MaxInterval: max(mostBackoff, t.cfg.Backoff),
	}
	for attempt := 1; attempt < t.cfg.Attempts && mayHelp(r, resp, err); attempt++ {
		asked, ok := retryAfter(resp, time.Now())
		if !ok || r.Context().Err() != nil {
			break
		}
		pause := asked + pauses.NextBackOff()
		if by, ok := r.Context().Deadline(); ok && time.Until(by) < pause {
			break
		}
		if !t.budget.retry() {
			t.denied.Add(1)
			break
		}
		next, berr := another(r)
		if berr != nil {
			break
		}
		if resp != nil {
			dismiss(resp)
			resp = nil
		}
		if !sleep(r.Context(), pause) {
			abandon(next)
			return nil, explain(r, context.Cause(r.Context()))
		}
		t.retries.Add(1)
		resp, err = t.next.RoundTrip(next)
	}
	return resp, err
}

// mayHelp reports whether another attempt may come to a better end: there was no connection, or
// it broke before the head, or whoever answered says that somebody else should have. What is out
// of time is so for good, and so is what a layer further in turned away.
func mayHelp(r *http.Request, resp *http.Response, err error) bool {
	if err == nil {
		return failedStatus(resp.StatusCode)
	}
	told, ok := explain(r, err).(*Error)
	return ok && (told.Kind == KindConnect || told.Kind == KindBroken)
}

// repeatable reports whether r may be sent again, and can be.
func repeatable(r *http.Request) bool {
	if r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return false
	}
	repeat := strangler.RepeatByMethod
	if d := strangler.DecisionFrom(r.Context()); d != nil {
		repeat = d.Repeat
	}
	return repeat.For(r.Method) != strangler.RepeatNever
}

type attemptsKey struct{}

// attempts is what the attempts of one request know of those before. They come one after the
// other.
type attempts struct{ failed []*endpoint }

// attemptsOf returns what is known of a request's attempts; nil: there will be no other.
func attemptsOf(r *http.Request) *attempts {
	a, _ := r.Context().Value(attemptsKey{}).(*attempts)
	return a
}

// noting returns r with a place for what its attempts come to know.
func noting(r *http.Request) *http.Request {
	if attemptsOf(r) != nil {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), attemptsKey{}, &attempts{}))
}

// note has the next attempt go elsewhere, where it may.
func (a *attempts) note(failed *endpoint) {
	if a != nil {
		a.failed = append(a.failed, failed)
	}
}

// avoid returns the endpoints that failed.
func (a *attempts) avoid() []*endpoint {
	if a == nil {
		return nil
	}
	return a.failed
}

// another returns r for a further attempt.
func another(r *http.Request) (*http.Request, error) {
	next := r.WithContext(r.Context())
	if r.Body == nil || r.Body == http.NoBody {
		return next, nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	if first, ok := r.Body.(*sending); ok {
		body = first.again(body)
	}
	next.Body = body
	return next, nil
}

// retryAfter returns how long an answer wants to be left alone (RFC 9110 section 10.2.3), and
// whether that is worth waiting for.
func retryAfter(resp *http.Response, now time.Time) (time.Duration, bool) {
	if resp == nil {
		return 0, true
	}
	said := resp.Header.Get("Retry-After")
	if said == "" {
		return 0, true
	}
	var wait time.Duration
	// A number beyond all bounds comes as the greatest there is.
	if seconds, err := strconv.ParseUint(said, 10, 31); err == nil || errors.Is(err, strconv.ErrRange) {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(said); err == nil {
		wait = max(at.Sub(now), 0)
	}
	return wait, wait <= mostPatience
}

// dismiss ends an answer that nobody gets. A short one is read, so that its connection can be
// kept; a long one isn't worth it.
func dismiss(resp *http.Response) {
	if resp.ContentLength >= 0 && resp.ContentLength <= mostDrained {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, mostDrained+1))
	}
	resp.Body.Close()
}

// sleep waits, and reports whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
