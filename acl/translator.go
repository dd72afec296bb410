package acl

import (
	"net/http"
	"slices"
)

// Translator translates between the legacy model and a service's. Implementations are safe for
// concurrent use and keep nothing of one exchange for the next.
type Translator interface {
	// ToService turns a request in legacy's form into one in the service's. It owns req, a
	// copy made for it, and may change and return it, or return another.
	ToService(req *http.Request) (*http.Request, error)
	// ToLegacy turns the service's answer, in place, into the one that legacy would have given.
	// client is the request as the client sent it, in legacy's form and for reading only; its
	// body is used up.
	ToLegacy(client *http.Request, resp *http.Response) error
}

// Refuser is a Translator that knows how legacy tells its clients that there is no answer, such as by a
// fault where it speaks SOAP; or a Facade that knows how a service does. Implementations are safe for
// concurrent use.
type Refuser interface {
	// Refusal makes an answer of that status and of a problem document (RFC 9457), which is JSON and says
	// all that may be told; nil: the document is the answer. client is as in [Translator.ToLegacy].
	Refusal(client *http.Request, status int, problem []byte) *http.Response
}

// Hinter is a Translator, or a Facade, that knows what is to be translated of an informational answer, such as 103
// Early Hints (RFC 8297). Implementations are safe for concurrent use.
type Hinter interface {
	// Hint turns the header of an informational answer, in place, into what the client can follow. asked is the
	// request as it was sent.
	Hint(asked *http.Request, header http.Header)
}

// Funcs is a Translator made of two functions; a nil one leaves its direction unchanged.
type Funcs struct {
	Request func(req *http.Request) (*http.Request, error)
	Answer  func(client *http.Request, resp *http.Response) error
}

// ToService implements Translator.
func (f Funcs) ToService(req *http.Request) (*http.Request, error) {
	if f.Request == nil {
		return req, nil
	}
	return f.Request(req)
}

// ToLegacy implements Translator.
func (f Funcs) ToLegacy(client *http.Request, resp *http.Response) error {
	if f.Answer == nil {
		return nil
	}
	return f.Answer(client, resp)
}

// Chain is a Translator that puts requests through its members in order and answers through
// them in reverse, so that each undoes what it did. An empty one changes nothing.
type Chain []Translator

// ToService implements Translator.
func (c Chain) ToService(req *http.Request) (*http.Request, error) {
	for _, t := range c {
		var err error
		if req, err = t.ToService(req); err != nil {
			return nil, err
		}
	}
	return req, nil
}

// Refusal implements Refuser, by the first member that does.
func (c Chain) Refusal(client *http.Request, status int, problem []byte) *http.Response {
	for _, t := range c {
		if r, ok := t.(Refuser); ok {
			return r.Refusal(client, status, problem)
		}
	}
	return nil
}

// Hint implements Hinter, by the members that do, in reverse.
func (c Chain) Hint(asked *http.Request, header http.Header) {
	for _, t := range slices.Backward(c) {
		if h, ok := t.(Hinter); ok {
			h.Hint(asked, header)
		}
	}
}

// ToLegacy implements Translator. Every member is given the client's request.
func (c Chain) ToLegacy(client *http.Request, resp *http.Response) error {
	for i := len(c) - 1; i >= 0; i-- {
		if err := c[i].ToLegacy(client, resp); err != nil {
			return err
		}
	}
	return nil
}
