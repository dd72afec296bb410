package strangler

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// chooses returns the side that a request chooses for itself, and whether it may: it knows the
// secret, and the side may serve where the route stands. What may not be chosen is ignored as
// if it had not been said.
func (e *entry) chooses(r *http.Request) (Side, bool) {
	side, ok := e.override.read(r)
	if !ok || !e.mayServe(side) {
		return SideLegacy, false
	}
	return side, true
}

// mayServe reports whether an override may send a request to that side. The service may always
// serve, if there is one; legacy no longer may when the route is retired, or live with data
// that only the service has.
func (e *entry) mayServe(side Side) bool {
	if side == SideService {
		return e.service != nil
	}
	switch e.position.Phase {
	case PhaseRetired:
		return false
	case PhaseLive:
		return e.route.Return != ReturnNever
	}
	return true
}

// read returns the side that a request asks for with the right secret:
//
//	X-Strangler-Side: service; SECRET
//
// A header that is repeated is not read: a proxy on the way may have added to it.
func (o *Override) read(r *http.Request) (side Side, ok bool) {
	if o == nil {
		return 0, false
	}
	values := r.Header[http.CanonicalHeaderKey(o.Header)]
	if len(values) != 1 {
		return 0, false
	}
	name, secret, _ := strings.Cut(values[0], ";")
	side, err := ParseSide(strings.ToLower(strings.TrimSpace(name)))
	return side, err == nil && o.knows(strings.TrimSpace(secret))
}

// knows compares in a time that depends neither on the secret nor on its length.
func (o *Override) knows(secret string) bool {
	want, have := sha256.Sum256([]byte(o.Secret)), sha256.Sum256([]byte(secret))
	return o.Secret != "" && subtle.ConstantTimeCompare(want[:], have[:]) == 1
}
