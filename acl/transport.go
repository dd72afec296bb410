package acl

import "net/http"

// Transport returns a http.RoundTripper that takes requests in legacy's form, sends them
// through next in the service's, and answers in legacy's form again. What can't be translated
// is an *Error, and nothing of it is passed on.
//
// Since a translated answer has other bytes, Range and If-Range are not sent on, so that the
// service answers whole, and digests of untranslated bodies are taken off, both ways.
//
// A translator's panic goes on to the caller; the service's answer is closed first.
func Transport(t Translator, next http.RoundTripper) http.RoundTripper {
	return &transport{t, next}
}

type transport struct {
	translator Translator
	next       http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(client *http.Request) (*http.Response, error) {
	req := client.Clone(client.Context())
	req.Header.Del("Range")
	req.Header.Del("If-Range")
	dropDigests(req.Header)
	req.Trailer = client.Trailer // the same map: it is filled while the body is read
	req, err := t.translator.ToService(req)
	if err != nil {
		closeBody(client)
		return nil, wrap(ToService, err)
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
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
	if err := t.translator.ToLegacy(client, resp); err != nil {
		return nil, wrap(ToLegacy, err)
	}
	translated = true
	resp.Request = client
	return resp, nil
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
