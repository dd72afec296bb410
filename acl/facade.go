package acl

import "net/http"

// Facade is a [Translator] in the reverse role: its clients speak the service's model, and who
// answers them speaks legacy's. New services call the legacy application through one, as if it
// had a clean API. Implementations are safe for concurrent use.
type Facade interface {
	// ToLegacy turns a request in the service's form into one in legacy's. It owns req as
	// [Translator.ToService] does.
	ToLegacy(req *http.Request) (*http.Request, error)
	// ToService turns legacy's answer, in place, into the one that a service would have given.
	// client is as in [Translator.ToLegacy].
	ToService(client *http.Request, resp *http.Response) error
}

// FacadeTransport is [Transport] for a Facade: it takes requests in the service's form, sends
// them through next in legacy's, and answers in the service's form again.
func FacadeTransport(f Facade, next http.RoundTripper, options ...Options) http.RoundTripper {
	hinter, _ := f.(Hinter)
	return newTransport(&transport{
		hinter: hinter, request: f.ToLegacy, answer: f.ToService, asks: ToLegacy, answers: ToService, next: next,
	}, options)
}

// Reversed makes a Facade of a Translator that was written with the roles exchanged: what it does
// to requests is done on the way to legacy, what it does to answers on the way to the service. So
// [Funcs], [Chain] and [JSON] make facades too; the transport gives their errors the right direction:
//
//	acl.Reversed(acl.JSON(orderToLegacy, orderToService))
func Reversed(t Translator) Facade { return reversed{t} }

type reversed struct{ t Translator }

// ToLegacy implements Facade.
func (r reversed) ToLegacy(req *http.Request) (*http.Request, error) {
	return r.t.ToService(req)
}

// ToService implements Facade.
func (r reversed) ToService(client *http.Request, resp *http.Response) error {
	return r.t.ToLegacy(client, resp)
}

// Refusal implements Refuser, if the Translator does: those whom it answers are the services.
func (r reversed) Refusal(client *http.Request, status int, problem []byte) *http.Response {
	if refuser, ok := r.t.(Refuser); ok {
		return refuser.Refusal(client, status, problem)
	}
	return nil
}

// Hint implements Hinter, if the Translator does.
func (r reversed) Hint(asked *http.Request, header http.Header) {
	if h, ok := r.t.(Hinter); ok {
		h.Hint(asked, header)
	}
}
