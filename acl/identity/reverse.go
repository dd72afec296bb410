package identity

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Reverse returns a http.RoundTripper that sends a service's requests through next, to legacy, with a
// session cookie instead of their Authorization. A Bearer token that this Bridge issued, or one as it is in the
// header that services get it in (JWT.Header), becomes the session that is in it (JWT.Session); without a token the account of Config.Login is used.
// Any other token, and none where there is no account, is answered 401 with a problem document: a
// visitor's token that is no good never becomes the account. Nor does what a page in a browser sends, which is
// answered 403: any page that somebody opens could act as the account otherwise.
//
// The service never sees the session cookie: where legacy sets it, that line is taken off. Where legacy
// says that the account isn't logged in (a status in Lookup.Anonymous; of redirects, one to Login.Page), it
// is logged in anew, and the request is sent again if it may be (Config.Repeatable) and its body is at hand.
func (b *Bridge) Reverse(next http.RoundTripper) http.RoundTripper { return &reverse{b, next} }

type reverse struct {
	*Bridge
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *reverse) RoundTrip(service *http.Request) (*http.Response, error) {
	header, token, err := t.credentials(service)
	if header == "" {
		if len(t.accounts) == 0 {
			closeBody(service)
			return unauthorized(service, "", "This needs a visitor's token in Authorization: Bearer, as there is no account for services."), nil
		}
		if byBrowser(service) {
			closeBody(service)
			return problem(service, http.StatusForbidden, "A page in a browser can't act as the account that services share: have a service ask, or send a visitor's token in Authorization: Bearer."), nil
		}
		return t.asAccount(service)
	}
	var s session
	if err == nil {
		s, err = t.sessionOf(token, time.Now())
	}
	if err != nil {
		closeBody(service)
		return unauthorized(service, "invalid_token", "The token in "+header+" is no good: "+err.Error()+"."), nil
	}
	resp, err := t.next.RoundTrip(t.with(service, s))
	if err != nil {
		t.observe(s, service.Method, nil)
		return nil, err
	}
	t.observe(s, service.Method, resp.Header)
	return t.without(service, resp), nil
}

// credentials returns the token that a service sends, and the header that it is in: the one in which it got
// it, if it has another name than Authorization, else that. No header: it sends none.
func (t *reverse) credentials(service *http.Request) (header, token string, err error) {
	if issue := t.c.Issue; issue != nil && issue.Header != "Authorization" {
		if values := service.Header[issue.Header]; len(values) > 0 {
			if len(values) > 1 {
				err = errors.New("there are several")
			}
			return issue.Header, strings.Trim(values[0], " "), err
		}
	}
	values := service.Header["Authorization"]
	if len(values) == 0 {
		return "", "", nil
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") {
		err = errors.New("it is no Bearer token")
	}
	return "Authorization", strings.Trim(token, " "), err
}

// with returns a request as legacy is sent it.
func (t *reverse) with(service *http.Request, s session) *http.Request {
	out := service.WithContext(service.Context()) // a copy; the body and the trailer's map are shared
	out.Header = service.Header.Clone()
	if out.Header == nil {
		out.Header = make(http.Header)
	}
	delete(out.Header, "Authorization")
	if t.c.Issue != nil {
		dropHeader(out.Header, t.c.Issue.Header)
	}
	takeCookie(out.Header, t.c.Cookie)
	line := s.header(t.c.Cookie)
	out.Header["Cookie"] = append([]string{line}, slices.Clone(out.Header["Cookie"])...)
	if len(out.Header["Cookie"]) > 1 { // HTTP/1.1 has one line (RFC 6265 section 5.4)
		out.Header["Cookie"] = []string{strings.Join(out.Header["Cookie"], "; ")}
	}
	return out
}

// without returns legacy's answer as the service is given it.
func (t *reverse) without(service *http.Request, resp *http.Response) *http.Response {
	dropSetCookie(resp.Header, t.c.Cookie)
	resp.Request = service
	return resp
}

// unauthorized makes an answer to a service that may not come through (RFC 6750 section 3).
func unauthorized(service *http.Request, code, detail string) *http.Response {
	resp := problem(service, http.StatusUnauthorized, detail)
	challenge := `Bearer realm="legacy"`
	if code != "" {
		challenge += `, error="` + code + `"`
	}
	resp.Header.Set("WWW-Authenticate", challenge)
	return resp
}
