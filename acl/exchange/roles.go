package exchange

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
)

// Front returns the translator for clients that speak the legacy contract to a service.
func (x *Exchange) Front() acl.Translator { return front{x} }

// Facade returns the translator for services that speak their own model to legacy.
func (x *Exchange) Facade() acl.Facade { return facade{x} }

type front struct{ x *Exchange }

// ToService implements acl.Translator.
func (f front) ToService(req *http.Request) (*http.Request, error) {
	return f.x.ask(req, body.ToService)
}

// ToLegacy implements acl.Translator.
func (f front) ToLegacy(client *http.Request, resp *http.Response) error {
	return f.x.tell(client, resp, body.ToLegacy)
}

// Hint implements acl.Hinter.
func (f front) Hint(asked *http.Request, header http.Header) { f.x.hint(body.ToLegacy, asked, header) }

type facade struct{ x *Exchange }

// ToLegacy implements acl.Facade.
func (f facade) ToLegacy(req *http.Request) (*http.Request, error) {
	return f.x.ask(req, body.ToLegacy)
}

// ToService implements acl.Facade.
func (f facade) ToService(client *http.Request, resp *http.Response) error {
	return f.x.tell(client, resp, body.ToService)
}

// Hint implements acl.Hinter.
func (f facade) Hint(asked *http.Request, header http.Header) {
	f.x.hint(body.ToService, asked, header)
}

func aclDirection(way body.Direction) acl.Direction {
	if way == body.ToLegacy {
		return acl.ToLegacy
	}
	return acl.ToService
}

// message is one of the two messages of an exchange, for what is said of it.
type message struct {
	way    body.Direction
	answer bool
}

// String names the message as it was read.
func (m message) String() string {
	side, what := "legacy's", "request"
	if m.way == body.ToLegacy {
		side = "the service's"
	}
	if m.answer {
		what = "answer"
	}
	return side + " " + what
}

// fail says of a message what is wrong with it. Of a request that is wrong by itself it says that
// this is the client's fault.
func (m message) fail(err error) *acl.Error {
	var known *acl.Error
	if errors.As(err, &known) {
		return known
	}
	e := &acl.Error{Direction: aclDirection(m.way), Err: fmt.Errorf("%v: %w", m, err)}
	var at *document.Error
	var parameters *parameterError
	if errors.As(err, &at) && !errors.As(err, &parameters) {
		e.Pointer, e.Err = at.Pointer, fmt.Errorf("%v: %w", m, at.Err)
	}
	var large *tooLarge
	if errors.As(err, &large) {
		e.Told = fmt.Sprintf("%v: %s", m, large.told())
	}
	if m.answer {
		return e
	}
	var malformed *body.Malformed
	var media *otherMedia
	switch {
	case errors.As(err, &malformed):
		e.Status = http.StatusBadRequest
	case large != nil:
		e.Status = http.StatusRequestEntityTooLarge
	case errors.As(err, &media):
		e.Status = http.StatusUnsupportedMediaType
	}
	return e
}
