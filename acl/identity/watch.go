package identity

import (
	"net/http"
	"slices"
	"time"
)

// Watch returns a http.RoundTripper that sends requests through next, to legacy, unchanged, and notices
// what its answers do to sessions: a Set-Cookie that sets or deletes the session cookie, and any answer to
// a request that may change something (neither GET, HEAD, OPTIONS nor TRACE), as that may have been a
// login or a logout under the same cookie. What was known about the session is forgotten then.
func (b *Bridge) Watch(next http.RoundTripper) http.RoundTripper { return &watch{b, next} }

type watch struct {
	*Bridge
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (w *watch) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	if req.Context().Value(ours{}) != nil {
		return resp, err
	}
	if safe(req.Method) && (err != nil || resp.Header["Set-Cookie"] == nil) {
		return resp, err // it can't have changed a session, which costs most requests nothing to know
	}
	var s session
	for _, line := range req.Header["Cookie"] {
		_, values := splitCookies(line, w.c.Cookie)
		s = append(s, values...)
	}
	if err != nil {
		// Legacy may have done it and not come to say so.
		w.observe(s, req.Method, nil)
		return nil, err
	}
	w.observe(s, req.Method, resp.Header)
	return resp, nil
}

// observe forgets a session that an answer to a request of it changed.
func (b *Bridge) observe(s session, method string, h http.Header) {
	value, set := setTo(h, b.c.Cookie, time.Now())
	if set && slices.Contains(s, value) {
		set = false // it is sent again with every answer, to last longer
	}
	if !set && (len(s) == 0 || safe(method)) {
		return
	}
	gone := make([]session, 0, len(s)+2)
	for _, one := range s {
		gone = append(gone, session{one})
	}
	if len(s) > 1 {
		gone = append(gone, s)
	}
	if value != "" {
		gone = append(gone, session{value})
	}
	b.sessions.forget(gone...)
}

// safe reports whether requests of a method change nothing (RFC 9110 section 9.2.1).
func safe(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}
