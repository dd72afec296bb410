package upstream

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// dispatch is the innermost layer of a transport's guards: it chooses an endpoint for each
// attempt.
type dispatch struct {
	t     *Transport
	dials *atomic.Int64 // that ran out of time

	firstByte time.Duration // the connections see to this time-out; 0: there is none, or a layer does
	late      *atomic.Int64 // those that ran out of it
}

// RoundTrip implements http.RoundTripper. Where an endpoint takes no connection the next one is
// tried at once, since nothing was sent.
func (d *dispatch) RoundTrip(r *http.Request) (*http.Response, error) {
	s := d.t.endpoints.Load()
	if len(s.all) == 1 {
		resp, err := s.all[0].send(d.t.address(r, s.all[0]), d.firstByte)
		if err != nil {
			d.count(err)
		}
		return resp, err
	}
	if len(s.all) == 0 {
		var err error
		if s, err = d.t.awaitEndpoints(r); err != nil {
			abandon(r)
			return nil, err
		}
	}
	r, body := sendingOf(r)
	if body != nil {
		body.hold()
		defer func() { body.release() }()
	}
	var buf [4]*endpoint
	tried := buf[:0]
	before := attemptsOf(r)
	for {
		ep := d.t.choose(s, r, tried, before.avoid())
		resp, err := ep.send(d.t.address(r, ep), d.firstByte)
		if err == nil {
			if failedStatus(resp.StatusCode) {
				before.note(ep)
			}
			return resp, nil
		}
		d.count(err)
		if !isFull(err) {
			before.note(ep)
		}
		if tried = append(tried, ep); len(tried) == len(s.all) || !connectFailed(err) {
			return nil, err
		}
		if body != nil {
			if r, body = reopened(r, body); r == nil {
				return nil, err
			}
		}
	}
}

// reopened returns r and its body for the next endpoint, nothing having been sent to the one before: as
// they are where nobody has read the body, else with another one. It returns nil where there is none.
func reopened(r *http.Request, body *sending) (*http.Request, *sending) {
	if body.reopen() {
		return r, body
	}
	if r.GetBody == nil {
		return nil, body
	}
	next, err := another(r)
	if err != nil {
		return nil, body
	}
	body.release()
	body = next.Body.(*sending)
	body.hold()
	return next, body
}

func (d *dispatch) count(err error) {
	told, ok := err.(*Error)
	switch {
	case !ok || !told.Timeout():
	case told.Kind == KindConnect:
		d.dials.Add(1)
	case told.late:
		d.late.Add(1)
	}
}

// connectFailed reports whether there was no connection to be had, so that nothing was sent.
func connectFailed(err error) bool {
	told, ok := err.(*Error)
	return ok && (told.Kind == KindConnect || told.Kind == KindFull)
}

// isFull reports whether there are as many connections as may be, which will soon be otherwise.
func isFull(err error) bool {
	told, ok := err.(*Error)
	return ok && told.Kind == KindFull
}

var errNoEndpoints = errors.New("there is no endpoint")

// awaitEndpoints waits for the first answer to where the endpoints are, as long as a connection
// may take, and returns what there is then.
func (t *Transport) awaitEndpoints(r *http.Request) (*endpoints, error) {
	timer := time.NewTimer(t.dialTimeout())
	defer timer.Stop()
	select {
	case <-t.found:
	case <-timer.C:
	case <-r.Context().Done():
		return nil, explain(r, r.Context().Err())
	}
	if s := t.endpoints.Load(); len(s.all) > 0 {
		return s, nil
	}
	err := errNoEndpoints
	if why := t.lookupErr.Load(); why != nil && *why != nil {
		err = fmt.Errorf("%w: %w", errNoEndpoints, *why)
	}
	return nil, &Error{Kind: KindConnect, Told: "has no endpoint at present", Err: err}
}
