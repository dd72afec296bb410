package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// How long a login that failed isn't tried again: each time twice as long, as legacy may lock an account
// after some.
const (
	firstPause = 5 * time.Second
	lastPause  = 5 * time.Minute
	// settled is how old a session has to be for a refusal to mean that it has ended, and not that the
	// account may not do that.
	settled = 10 * time.Second
)

// account is one session of the account that services share.
type account struct {
	mu      sync.Mutex
	session session
	since   time.Time
	flight  chan struct{} // closed when the login on its way is over; nil: none is
	err     *Error        // what the last one failed with
	pause   time.Duration
	retry   time.Time
}

// asAccount sends a request with the account's session.
func (t *reverse) asAccount(service *http.Request) (*http.Response, error) {
	a := t.accounts[(t.turn.Add(1)-1)%uint32(len(t.accounts))]
	s, err := t.logIn(service.Context(), a)
	if err != nil {
		closeBody(service)
		return nil, err
	}
	resp, err := t.next.RoundTrip(t.with(service, s))
	if err != nil {
		return nil, err
	}
	a.follow(s, resp.Header, t.c.Cookie)
	if !t.loggedOut(resp) || !a.drop(s) || !t.repeatable(service) {
		return t.without(service, resp), nil
	}
	again := service
	if service.GetBody != nil {
		body, err := service.GetBody()
		if err != nil {
			return t.without(service, resp), nil // this answer is all there is
		}
		again = service.WithContext(service.Context())
		again.Body = body
	}
	if s, err = t.logIn(service.Context(), a); err != nil {
		closeBody(again)
		resp.Body.Close()
		return nil, err
	}
	_, _ = io.CopyN(io.Discard, resp.Body, MaxAnswer) // so that the connection can be used again
	resp.Body.Close()
	if resp, err = t.next.RoundTrip(t.with(again, s)); err != nil {
		return nil, err
	}
	a.follow(s, resp.Header, t.c.Cookie)
	return t.without(service, resp), nil
}

// loggedOut reports whether an answer says that nobody is logged in.
func (t *reverse) loggedOut(resp *http.Response) bool {
	if !slices.Contains(t.c.Lookup.Anonymous, resp.StatusCode) {
		return false
	}
	return resp.StatusCode >= 400 || leadsTo(resp, t.c.Login.Page)
}

// leadsTo reports whether an answer redirects to a page of legacy's: to its path, and with each of the
// parameters that it has, by which front controllers tell their pages apart.
func leadsTo(resp *http.Response, page string) bool {
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		return false
	}
	want, err := url.Parse(page)
	if err != nil || !strings.HasSuffix(to.Path, want.Path) {
		return false
	}
	has := to.Query()
	for name, values := range want.Query() {
		if !slices.Equal(has[name], values) {
			return false
		}
	}
	return true
}

// repeatable reports whether a request may be sent twice, and can be.
func (t *reverse) repeatable(r *http.Request) bool {
	return t.c.Repeatable(r) && (r.Body == nil || r.Body == http.NoBody || r.GetBody != nil)
}

// idempotent is Config.Repeatable where nobody knows better.
func idempotent(r *http.Request) bool {
	return safe(r.Method) || r.Method == http.MethodPut || r.Method == http.MethodDelete
}

// byBrowser reports whether a request is a page's rather than a service's: it has what browsers alone send
// (RFC 6454 section 7, W3C Fetch Metadata). What somebody typed into the address bar is no page's.
func byBrowser(r *http.Request) bool {
	for _, site := range r.Header["Sec-Fetch-Site"] {
		if site != "none" {
			return true
		}
	}
	return len(r.Header["Origin"]) > 0
}

// follow takes over a session that legacy renewed or ended.
func (a *account) follow(s session, h http.Header, cookie string) {
	value, set := setTo(h, cookie, time.Now())
	if !set || slices.Contains(s, value) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.session, s) {
		return // another request has seen to it
	}
	a.session = nil
	if value != "" && len(value) <= MaxCookie {
		a.session = session{value}
	}
}

// drop gives a session up that legacy doesn't take for logged in, and reports whether another is worth
// trying.
func (a *account) drop(s session) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.session, s) {
		return true // there is another already
	}
	if time.Since(a.since) < settled {
		return false
	}
	a.session = nil
	return true
}

// logIn returns the account's session, and logs in where there is none.
func (b *Bridge) logIn(ctx context.Context, a *account) (session, error) {
	for {
		a.mu.Lock()
		switch {
		case a.session != nil:
			s := a.session
			a.mu.Unlock()
			return s, nil
		case a.flight == nil && time.Now().Before(a.retry):
			err := a.err
			a.mu.Unlock()
			return nil, err
		case a.flight == nil:
			a.flight = make(chan struct{})
			b.running.Go(func() { b.runLogin(a) })
		}
		flight := a.flight
		a.mu.Unlock()
		select {
		case <-flight:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// runLogin logs in, for all who wait.
func (b *Bridge) runLogin(a *account) {
	// A context of its own: who waits may go away.
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), ours{}, true), b.c.Login.Timeout)
	defer cancel()
	s, err := b.tryLogin(ctx)
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.pause = min(max(2*a.pause, firstPause), lastPause)
		a.retry = now.Add(a.pause)
		a.err = b.fail(whatLogin, fmt.Errorf("%w; it is tried again in %s at the earliest", err, a.pause))
	} else {
		a.session, a.since, a.pause, a.err = s, now, 0, nil
	}
	close(a.flight)
	a.flight = nil
}

// tryLogin logs in once.
func (b *Bridge) tryLogin(ctx context.Context) (_ session, err error) {
	defer func() { // nobody's request: a panic would end the process
		if v := recover(); v != nil {
			err = fmt.Errorf("the transport to legacy panicked: %v", v)
		}
	}()
	l := b.c.Login
	form := make(url.Values)
	for name, value := range l.Form {
		form.Set(name, value)
	}
	req, err := http.NewRequestWithContext(ctx, l.Method, b.below(l.URL).String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header["User-Agent"] = []string{""} // or net/http invents one
	req.Host = b.hostFor(&http.Request{})
	resp, err := b.c.Legacy.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, MaxAnswer) // so that the connection can be used again
	value, _ := setTo(resp.Header, b.c.Cookie, time.Now())
	switch {
	case resp.StatusCode >= 400:
		return nil, fmt.Errorf("it answered with status %d", resp.StatusCode)
	case resp.StatusCode >= 300 && leadsTo(resp, l.Page):
		return nil, errors.New("it sent back to the login page: are name and password right?")
	case value == "" || len(value) > MaxCookie:
		return nil, fmt.Errorf("it set no cookie %s", b.c.Cookie)
	}
	s := session{value}
	if b.c.Lookup.URL == "" {
		return s, nil
	}
	// Many applications answer a wrong password with 200, the page again and a session of nobody's.
	switch e := b.ask(b.question(&http.Request{}, s), s); {
	case e.kind == failed:
		return nil, e.err
	case e.kind == anonymous:
		return nil, errors.New("nobody is logged in after it: are name and password right?")
	case len(e.session) > 0:
		s = e.session
	}
	return s, nil
}
