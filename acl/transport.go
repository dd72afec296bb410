package acl

import "net/http"

// Options are for [Transport] and [FacadeTransport]. The zero value is good.
type Options struct {
	// Observe is told of every error of the translation, with the request as it was asked:
	// of those that RoundTrip returns, and of those that only reading a body shows, because its
	// head was passed on already. It is called from many goroutines at once, and while somebody
	// waits for the answer. nil: nobody is told.
	Observe func(client *http.Request, err *Error)
}

// Transport returns a http.RoundTripper that takes requests in legacy's form, sends them
// through next in the service's, and answers in legacy's form again. What can't be translated
// is an *Error, and nothing of it is passed on: of a request its [Error.Unsent] says so. Of at most one
// Options, which may be left out.
//
// Since a translated answer has other bytes, Range and If-Range are not sent on, so that the
// service answers whole, and digests of untranslated bodies are taken off, both ways.
//
// A Translator may stream a body that is too large to be held. What it finds wrong later is an
// *Error of Body.Read: whoever passes such an answer on has to end the connection so that
// nobody takes it for whole.
//
// A translator's panic goes on to the caller; the service's answer is closed first.
func Transport(t Translator, next http.RoundTripper, options ...Options) http.RoundTripper {
	hinter, _ := t.(Hinter)
	return newTransport(&transport{
		hinter: hinter, request: t.ToService, answer: t.ToLegacy, asks: ToService, answers: ToLegacy, next: next,
	}, options)
}

type transport struct {
	hinter        Hinter // nil: informational answers pass as they are
	request       func(*http.Request) (*http.Request, error)
	answer        func(*http.Request, *http.Response) error
	asks, answers Direction
	next          http.RoundTripper
	observe       func(*http.Request, *Error)
}

func newTransport(t *transport, options []Options) http.RoundTripper {
	t.observe = func(*http.Request, *Error) {}
	for _, o := range options {
		if o.Observe != nil {
			t.observe = o.Observe
		}
	}
	return t
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(client *http.Request) (*http.Response, error) {
	hints := t.hinting()
	req := client.Clone(hints.within(client.Context()))
	req.Header.Del("Range")
	req.Header.Del("If-Range")
	dropDigests(req.Header)
	req.Trailer = client.Trailer // the same map: it is filled while the body is read
	req, err := t.request(req)
	if err != nil {
		closeBody(client)
		return nil, t.refuse(client, t.asks, err, true)
	}
	hints.from(req)
	upload := t.watchRequest(client, req)
	resp, err := t.next.RoundTrip(req)
	hints.end(resp)
	if err != nil {
		if e := upload.found(); e != nil {
			return nil, e // and not that of a service, which it broke off
		}
		return nil, err
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, nil // from here on it is no longer HTTP
	}
	dropDigests(resp.Header)
	body, translated := resp.Body, false
	defer func() {
		if !translated { // of a translator that panics nobody else gets the answer either
			body.Close()
		}
	}()
	if err := t.answer(client, resp); err != nil {
		return nil, t.refuse(client, t.answers, err, false)
	}
	translated = true
	if resp.Body != body && resp.ContentLength < 0 {
		resp.Body = &watched{ReadCloser: resp.Body, transport: t, client: client, way: t.answers}
	}
	resp.Request = client
	return resp, nil
}

func (t *transport) refuse(client *http.Request, d Direction, err error, unsent bool) *Error {
	e := wrap(d, err)
	e.unsent = unsent // and not what a translator found that asked somebody itself
	t.observe(client, e)
	return e
}

// dropDigests takes off what says which bytes a body has (RFC 9530, RFC 3230).
func dropDigests(h http.Header) {
	for _, name := range []string{"Content-Digest", "Repr-Digest", "Digest", "Content-Md5"} {
		h.Del(name)
	}
}

// closeBody does what the RoundTripper contract asks for where a request is never sent.
func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}
