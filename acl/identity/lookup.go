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
	"time"

	"golang.org/x/net/http/httpguts"
)

// who returns what is known about a session, and asks legacy where nothing is. waited says that the
// answer is that of a lookup that this request waited for. An error is ErrNotCached, or that the request's
// context ended.
func (b *Bridge) who(r *http.Request, s session, passive bool) (e *entry, waited bool, err error) {
	k, about := b.sessions.key(s), b.about(r)
	for {
		b.sessions.mu.Lock()
		if e := b.sessions.get(k, about, time.Now()); e != nil {
			b.sessions.mu.Unlock()
			b.stats.hits.Add(1)
			return e, false, nil
		}
		if passive {
			b.sessions.mu.Unlock()
			return nil, false, ErrNotCached
		}
		f := b.sessions.flights[k]
		if f == nil {
			f = b.takeOff(r, k, s, about)
		}
		f.waiting++
		again := f.stale || f.about != about // it began before the session changed, or is another's answer
		b.sessions.mu.Unlock()
		if !again {
			b.stats.waits.Add(1)
		}
		select {
		case <-f.done:
		case <-r.Context().Done():
			b.leave(k, f)
			return nil, false, context.Cause(r.Context())
		}
		if !again {
			return f.entry, true, nil
		}
	}
}

// about is what else than the session a lookup's answer may depend on: the host that legacy is asked for, as
// it may have several tenants, and other credentials that go along.
func (b *Bridge) about(r *http.Request) sessionKey {
	parts := []string{b.hostFor(r)}
	for _, name := range b.c.Lookup.Headers {
		switch name {
		case "Authorization":
			parts = append(parts, r.Header[name]...)
		case "Cookie":
			others := http.Header{name: slices.Clone(r.Header[name])}
			takeCookie(others, b.c.Cookie)
			parts = append(parts, others[name]...)
		}
	}
	return b.sessions.key(parts)
}

// takeOff begins a lookup. sessions.mu is held.
func (b *Bridge) takeOff(r *http.Request, k sessionKey, s session, about sessionKey) *flight {
	f := &flight{done: make(chan struct{}), left: make(chan struct{}), about: about}
	b.sessions.flights[k] = f
	ask := b.question(r, s)
	ask.left = f.left
	ask.begin = func() bool {
		b.sessions.mu.Lock()
		defer b.sessions.mu.Unlock()
		f.sent = f.waiting > 0
		return f.sent
	}
	b.running.Go(func() {
		e := b.ask(ask, s)
		e.about = about
		now := time.Now()
		b.sessions.mu.Lock()
		if b.sessions.flights[k] == f { // else it was given up, and there may be another
			delete(b.sessions.flights, k)
		}
		if !f.stale && len(s) == 1 { // of several cookies nobody could tell when one of them changes
			b.sessions.put(k, e, now)
		}
		b.sessions.mu.Unlock()
		f.entry = e
		close(f.done)
	})
	return f
}

// leave ends one request's wait for a lookup. One for which nobody waits is given up unless it was sent: who
// comes now begins another.
func (b *Bridge) leave(k sessionKey, f *flight) {
	b.sessions.mu.Lock()
	defer b.sessions.mu.Unlock()
	if f.waiting--; f.waiting == 0 && !f.sent && b.sessions.flights[k] == f {
		delete(b.sessions.flights, k)
		f.stale = true // that it wasn't sent is nothing to remember
		close(f.left)
	}
}

// alone asks about a visitor without a session. What legacy answers, a new session maybe, is for nobody
// else.
func (b *Bridge) alone(r *http.Request) (*entry, error) {
	done := make(chan *entry, 1)
	ask := b.question(r, nil)
	ask.left = r.Context().Done()
	b.running.Go(func() { done <- b.ask(ask, nil) })
	b.stats.waits.Add(1)
	select {
	case e := <-done:
		return e, nil
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	}
}

// question is a lookup as it is sent. It has nothing of the request that it was made for but copies.
type question struct {
	host   string
	header http.Header
	left   <-chan struct{} // closed when nobody waits for it, which counts until it is sent; nil: somebody does
	begin  func() bool     // called before it is sent: false if nobody waits for it; nil: somebody does
}

func (b *Bridge) question(r *http.Request, s session) question {
	h := make(http.Header)
	for _, name := range b.c.Lookup.Headers {
		if values := r.Header[name]; values != nil {
			h[name] = slices.Clone(values)
		}
	}
	if s != nil {
		line := s.header(b.c.Cookie)
		if others := h["Cookie"]; others != nil {
			takeCookie(h, b.c.Cookie)
			line = strings.Join(append([]string{line}, h["Cookie"]...), "; ")
		}
		h.Set("Cookie", line)
	}
	h.Set("Accept", "application/json")
	h.Set("Accept-Encoding", "identity")
	if h["User-Agent"] == nil {
		h["User-Agent"] = []string{""} // or net/http invents one
	}
	return question{host: b.hostFor(r), header: h}
}

// hostFor returns the Host that legacy is asked with.
func (b *Bridge) hostFor(r *http.Request) string {
	switch b.c.Host {
	case "", "preserve":
		first, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Host"), ",") // the one that is nearest to the client
		for _, host := range []string{strings.Trim(first, " \t"), r.Host} {
			if host != "" && httpguts.ValidHostHeader(host) {
				return host
			}
		}
		return b.c.Base.Host
	case "upstream":
		return b.c.Base.Host
	}
	return b.c.Host
}

// below returns the URL of one of legacy's paths.
func (b *Bridge) below(path string) *url.URL {
	u := *b.c.Base
	ref, err := url.Parse(path)
	if err != nil { // New has refused it
		return &u
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + ref.Path
	if u.RawPath != "" || ref.RawPath != "" {
		u.RawPath = strings.TrimSuffix(b.c.Base.EscapedPath(), "/") + ref.EscapedPath()
	}
	u.RawQuery, u.User = ref.RawQuery, nil
	return &u
}

// ours marks a request that the bridge sends itself, so that Watch leaves its answer to it.
type ours struct{}

// ask asks legacy, once, and says what it said.
func (b *Bridge) ask(q question, s session) *entry {
	// A context of its own: all who wait may go away, and the session must not stay locked for long.
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), ours{}, true), b.c.Lookup.Timeout)
	defer cancel()
	e, err := b.askWithin(ctx, q, s)
	now := time.Now()
	if err != nil {
		b.stats.unsent(err)
		if ctx.Err() != nil {
			err = fmt.Errorf("no answer within %s: %w", b.c.Lookup.Timeout, err)
		}
		return &entry{kind: failed, err: b.fail(whatLookup, err), until: now.Add(failedFor)}
	}
	lifetime := b.c.Cache
	if e.kind == anonymous {
		lifetime = b.c.Negative
	}
	e.until = now.Add(lifetime)
	return e
}

func (b *Bridge) askWithin(ctx context.Context, q question, s session) (_ *entry, err error) {
	leave, err := b.enter(ctx, q)
	if err != nil {
		return nil, err
	}
	defer leave()
	b.stats.lookups.Add(1)
	defer func() { // nobody's request: a panic would end the process
		if v := recover(); v != nil {
			err = fmt.Errorf("the transport to legacy panicked: %v", v)
		}
	}()
	req, err := http.NewRequestWithContext(ctx, b.c.Lookup.Method, b.below(b.c.Lookup.URL).String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header, req.Host = q.header, q.host
	resp, err := b.c.Legacy.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > MaxAnswer {
		return nil, fmt.Errorf("the answer is larger than %d bytes", MaxAnswer)
	}
	return b.understand(resp, body, s)
}

// understand says what a lookup's answer says.
func (b *Bridge) understand(resp *http.Response, body []byte, s session) (*entry, error) {
	e := &entry{kind: anonymous, cookies: slices.Clone(resp.Header["Set-Cookie"])}
	for _, value := range s {
		e.session = append(e.session, strings.Clone(value)) // it is kept, and is a part of a request's headers
	}
	if value, set := setTo(resp.Header, b.c.Cookie, time.Now()); set {
		e.session = nil
		if value != "" && len(value) <= MaxCookie {
			e.session = session{value}
		}
	}
	switch {
	case slices.Contains(b.c.Lookup.Anonymous, resp.StatusCode):
		if b.c.Required {
			e.answer = newReply(resp, body)
		}
		return e, nil
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("it answered with status %d, which is neither 200 nor one that says that nobody is logged in", resp.StatusCode)
	}
	if coding := resp.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, errors.New("the answer is coded, though that was not asked for")
	}
	var err error
	e.kind, err = b.identify(e, resp.Header, body)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// newReply keeps an answer for those who waited; cookies are theirs alone and stand elsewhere.
func newReply(resp *http.Response, body []byte) *reply {
	h := resp.Header.Clone()
	for value := range strings.SplitSeq(strings.Join(h["Connection"], ","), ",") {
		h.Del(strings.TrimSpace(value))
	}
	for _, name := range append([]string{"Set-Cookie"}, unfit...) {
		h.Del(name)
	}
	return &reply{resp.StatusCode, h, body}
}
