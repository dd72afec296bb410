package identity

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/acl"
)

// Options are for [Bridge.Transport]. The zero value is good.
type Options struct {
	// Prefix is what the paths of requests begin with that no client has sent, with its escapes and without
	// a slash at its end: that of the service's URL.
	Prefix string
	// Refuser tells a client that it isn't let through (Config.Required) where legacy's answer doesn't; nil: a
	// problem document (RFC 9457) does.
	Refuser acl.Refuser
}

// Transport returns a http.RoundTripper that sends requests through next, to a service, with the
// visitor's token instead of the session cookie. Its errors are next's, an *Error where it can't be found
// out who the visitor is, ErrNotCached, or the cause that ended the request's context. Of at most one Options,
// which may be left out.
func (b *Bridge) Transport(next http.RoundTripper, options ...Options) http.RoundTripper {
	t := &transport{Bridge: b, next: next}
	for _, o := range options {
		t.Options = o
	}
	return t
}

type transport struct {
	*Bridge
	Options
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(client *http.Request) (*http.Response, error) {
	out := client.WithContext(client.Context()) // a copy; the body and the trailer's map are shared
	out.Header = client.Header.Clone()
	if out.Header == nil {
		out.Header = make(http.Header)
	}
	s := takeCookie(out.Header, t.c.Cookie)
	if t.c.Issue != nil {
		dropHeader(out.Header, t.c.Issue.Header)
	}
	if t.c.CSRF != nil && t.c.CSRF.Service != "" {
		dropHeader(out.Header, t.c.CSRF.Service)
	}
	passive := t.c.Passive != nil && t.c.Passive(client)
	e, waited, err := t.visitor(client, s, passive)
	if err == nil && e.kind == failed {
		err = e.err
	}
	if err != nil {
		closeBody(client)
		return nil, err
	}
	switch {
	case e.kind == known:
		if err := t.introduce(out, e); err != nil {
			closeBody(client)
			return nil, err
		}
	case t.c.Required && !preflight(client):
		t.stats.anonymous.Add(1)
		closeBody(client)
		return t.refuse(client, e, waited), nil
	default:
		t.stats.anonymous.Add(1)
	}
	resp, err := t.next.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	resp.Request = client
	if resp.Header == nil {
		resp.Header = make(http.Header)
	}
	t.observe(s, http.MethodGet, resp.Header) // the service's own changes are not legacy's: only cookies count
	if !passive {
		t.bring(client, resp, e, waited)
	}
	return resp, nil
}

var errNoLookup = errors.New("no lookup is configured")

// visitor returns what is known about a request's visitor.
func (t *transport) visitor(r *http.Request, s session, passive bool) (e *entry, waited bool, err error) {
	switch {
	case t.c.Lookup.URL == "":
		return nil, false, t.fail(whatLookup, errNoLookup)
	case len(s) > 0:
		return t.who(r, s, passive)
	case !t.c.Required, preflight(r):
		return &entry{kind: anonymous}, false, nil
	case passive:
		return nil, false, ErrNotCached
	}
	e, err = t.alone(r)
	return e, true, err
}

// preflight reports whether a browser asks whether it may send a request to another site: it does so without
// cookies, whoever is logged in, and takes no redirect (Fetch standard, section 3.3.4).
func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header["Origin"] != nil && r.Header["Access-Control-Request-Method"] != nil
}

// introduce tells the service who the visitor is.
func (t *transport) introduce(out *http.Request, e *entry) error {
	if t.c.Issue != nil {
		token, err := t.token(e, time.Now())
		if err != nil {
			return t.fail(whatSign, err)
		}
		if t.c.Issue.Header == "Authorization" {
			token = "Bearer " + token
		}
		out.Header.Set(t.c.Issue.Header, token)
	}
	if t.c.CSRF != nil && t.c.CSRF.Service != "" {
		out.Header.Set(t.c.CSRF.Service, e.csrf)
	}
	return nil
}

// refuse returns legacy's answer to a lookup as the client's, or one of ours where legacy did not refuse.
func (t *transport) refuse(client *http.Request, e *entry, waited bool) *http.Response {
	var resp *http.Response
	if e.answer == nil {
		resp = t.tell(client, http.StatusUnauthorized, "Nobody is logged in, and this needs a visitor who is.")
		if resp.StatusCode == http.StatusUnauthorized {
			resp.Header.Set("WWW-Authenticate", `Cookie realm=`+strconv.Quote(t.c.Name)) // RFC 9110 section 11.6.1
		}
	} else {
		resp = newResponse(client, e.answer.status, e.answer.header.Clone(), e.answer.body)
		if to := resp.Header["Location"]; len(to) == 1 {
			resp.Header["Location"] = []string{t.back(client, to[0])}
		}
	}
	resp.Header["Cache-Control"] = []string{"no-store"} // it is for who wasn't logged in then
	if waited && len(e.cookies) > 0 {
		resp.Header["Set-Cookie"] = slices.Clone(e.cookies)
	}
	return resp
}

// tell makes an answer of ours, in the form that the client knows.
func (t *transport) tell(client *http.Request, status int, detail string) *http.Response {
	if t.Refuser != nil {
		if resp := t.Refuser.Refusal(client, status, document(status, detail)); resp != nil {
			return resp
		}
	}
	return problem(client, status, detail)
}

// back returns where a login page leads to that legacy sends a visitor to: to what they asked for, where
// legacy put the lookup there, as if somebody had looked at that. What isn't safe can't be asked for again.
func (t *transport) back(client *http.Request, location string) string {
	before, query, ok := strings.Cut(location, "?")
	if !ok || !safe(client.Method) {
		return location
	}
	query, fragment, hasFragment := strings.Cut(query, "#")
	lookup := t.below(t.c.Lookup.URL).RequestURI()
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, escaped, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(escaped)
		if err != nil {
			continue
		}
		u, err := url.Parse(value)
		if err != nil || u.RequestURI() != lookup {
			continue
		}
		asked := t.below(t.asked(client.URL))
		u.Path, u.RawPath, u.RawQuery = asked.Path, asked.RawPath, asked.RawQuery
		pairs[i] = name + "=" + url.QueryEscape(u.String())
	}
	location = before + "?" + strings.Join(pairs, "&")
	if hasFragment {
		location += "#" + fragment
	}
	return location
}

// asked returns what a client asked for.
func (t *transport) asked(u *url.URL) string {
	uri := u.RequestURI()
	behind, ok := strings.CutPrefix(uri, t.Prefix)
	switch {
	case !ok || behind == "" || behind[0] != '/' && behind[0] != '?':
		return uri
	case behind[0] == '?':
		return "/" + behind
	}
	return behind
}

// bring brings what legacy's answer to the lookup renewed to the client.
func (t *transport) bring(client *http.Request, resp *http.Response, e *entry, waited bool) {
	ours := false
	if waited && len(e.cookies) > 0 {
		// Before the service's: of two lines for one cookie the last counts.
		resp.Header["Set-Cookie"] = append(slices.Clone(e.cookies), resp.Header["Set-Cookie"]...)
		ours = true
	}
	if e.kind != known {
		if ours {
			private(resp.Header)
		}
		return
	}
	if t.c.CSRF != nil && t.c.CSRF.Answer != "" && t.c.CSRF.bring(client, resp, e.csrf) {
		ours = true
	}
	if ours || t.c.Issue != nil && storable(client, resp.Header) {
		private(resp.Header)
	}
}

// bring gives a client its CSRF token, and reports whether it had to.
func (c *CSRF) bring(client *http.Request, resp *http.Response, token string) bool {
	name, isCookie := strings.CutPrefix(c.Answer, "cookie:")
	if !isCookie {
		resp.Header.Set(name, token)
		return true
	}
	for _, line := range client.Header["Cookie"] {
		if _, values := splitCookies(line, name); slices.Contains(values, token) {
			return false
		}
	}
	line := name + "=" + token + "; Path=/; SameSite=Lax" // not HttpOnly: scripts have to read it
	if client.TLS != nil || client.Header.Get("X-Forwarded-Proto") == "https" {
		line += "; Secure"
	}
	resp.Header.Add("Set-Cookie", line)
	return true
}

// storable reports whether a cache that many share could keep an answer that the service believes it
// can't, since it was asked with Authorization (RFC 9111 section 3.5): the client asked with a cookie.
func storable(client *http.Request, h http.Header) bool {
	if client.Method != http.MethodGet && client.Method != http.MethodHead {
		return false
	}
	for directive := range strings.SplitSeq(strings.Join(h["Cache-Control"], ","), ",") {
		name, _, _ := strings.Cut(directive, "=")
		switch strings.ToLower(strings.Trim(name, " \t")) {
		case "private", "no-store", "public", "s-maxage", "must-revalidate":
			return false
		}
	}
	return true
}

// private keeps an answer out of caches that many share.
func private(h http.Header) {
	for _, line := range h["Cache-Control"] {
		line = strings.ToLower(line)
		if strings.Contains(line, "no-store") || strings.Contains(line, "private") && !strings.Contains(line, "private=") {
			return
		}
	}
	h.Add("Cache-Control", "private")
}

// newResponse makes an answer to a client's request.
func newResponse(client *http.Request, status int, h http.Header, body []byte) *http.Response {
	resp := &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Request: client, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if client.Method == http.MethodHead || status == http.StatusNotModified {
		resp.Body = http.NoBody
	}
	return resp
}

// closeBody does what the RoundTripper contract asks for where a request is never sent.
func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}
