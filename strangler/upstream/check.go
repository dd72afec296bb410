package upstream

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// statuses are those from low to high.
type statuses struct{ low, high int }

var statusRange = regexp.MustCompile(`^([1-5])xx$|^([1-5]\d\d)(?:-([1-5]\d\d))?$`)

// parseStatus reads "200", "2xx", or "200-399"; empty: 200-399.
func parseStatus(s string) (statuses, error) {
	if s == "" {
		return statuses{200, 399}, nil
	}
	m := statusRange.FindStringSubmatch(s)
	if m == nil {
		return statuses{}, fmt.Errorf(`health status %q: use "200", "2xx" or "200-399"`, s)
	}
	if m[1] != "" {
		low := int(m[1][0]-'0') * 100
		return statuses{low, low + 99}, nil
	}
	low, _ := strconv.Atoi(m[2])
	high, _ := strconv.Atoi(cmp.Or(m[3], m[2]))
	if high < low {
		return statuses{}, fmt.Errorf("health status %q: name the smaller status first", s)
	}
	return statuses{low, high}, nil
}

// CheckStatus returns what is wrong with Status; nil: nothing.
func (h Health) CheckStatus() error {
	_, err := parseStatus(h.Status)
	return err
}

// mostOfCheck is how much of a check's answer is read, so that its connection can be kept: bytes.
const mostOfCheck = 64 << 10

// check asks an endpoint how it is until ctx ends, first at once.
func (t *Transport) check(ctx context.Context, ep *endpoint) {
	h := &t.cfg.Health
	every := cmp.Or(h.Interval, 5*time.Second)
	healthy, _ := parseStatus(h.Status)
	good, bad := 0, 0
	for {
		why := t.ask(ctx, ep, healthy)
		if ctx.Err() != nil {
			return
		}
		switch why {
		case "":
			good, bad = good+1, 0
		case unasked:
		default:
			good, bad = 0, bad+1
		}
		switch down := ep.down.Load(); {
		case !down && bad >= cmp.Or(h.Fall, 3):
			ep.checkedAs(why)
		case down && good >= cmp.Or(h.Rise, 2):
			ep.checkedAs("")
		}
		// Many endpoints, and many proxies, needn't be asked, or ask, together.
		wait := every - time.Duration(rand.Int64N(int64(every)/10+1))
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// checkedAs changes what the checks say of an endpoint: why it is out, or "" that it isn't.
func (ep *endpoint) checkedAs(why string) {
	now := ep.now()
	ep.mu.Lock()
	ep.checked = now
	if why != "" {
		ep.checkWhy = "check: " + why
		ep.ejections.Add(1)
	}
	ep.mu.Unlock()
	ep.slowFrom.Store(int64(now))
	ep.down.Store(why != "")
}

// unasked is what is known of an endpoint whose connections are all in use, as many as there may be:
// nothing.
const unasked = "not asked"

// ask asks an endpoint once, and returns what is wrong with it.
func (t *Transport) ask(ctx context.Context, ep *endpoint, healthy statuses) string {
	timeout := cmp.Or(t.cfg.Health.Timeout, defaultCheckTimeout)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp, why := t.question(ctx, ep, t.cfg.Health.Path, "strangler-health-check", timeout)
	if why != "" {
		return why
	}
	defer resp.Body.Close()
	_, err := io.Copy(io.Discard, io.LimitReader(resp.Body, mostOfCheck))
	switch {
	case resp.StatusCode < healthy.low || resp.StatusCode > healthy.high:
		return fmt.Sprintf("status %d", resp.StatusCode)
	case err != nil:
		return "answer broke off"
	}
	return ""
}

const defaultCheckTimeout = 2 * time.Second

// question asks one endpoint for a path on the transport's own account: it is counted nowhere, and
// no limit, breaker or bulkhead is in its way. Where there is no answer it returns why, in a few words.
// ctx ends after timeout.
func (t *Transport) question(ctx context.Context, ep *endpoint, path, agent string, timeout time.Duration) (_ *http.Response, why string) {
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, err.Error() // Config.check doesn't let it through
	}
	u.Scheme, u.Host = t.scheme, t.host
	r := (&http.Request{
		Method: http.MethodGet, URL: u, Host: cmp.Or(t.cfg.Health.Host, ep.Host), Header: http.Header{"User-Agent": {agent}},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	send := ep.conns.RoundTrip
	begun := func() bool { return true }
	if own, ok := ep.conns.(*http1); ok { // its limit isn't for checks
		send = func(r *http.Request) (*http.Response, error) { return own.roundTrip(r, 0, 0) }
	} else if t.cfg.MaxPerHost > 0 {
		r, begun = watchBegin(r)
	}
	resp, err := send(r)
	switch {
	case err == nil:
		return resp, ""
	case !begun():
		return nil, unasked
	case ctx.Err() != nil, isTimeout(err):
		return nil, fmt.Sprintf("no answer within %s", timeout)
	}
	if told := explain(r, err); connectFailed(told) {
		return nil, plainly(told)
	}
	return nil, "no valid answer"
}
