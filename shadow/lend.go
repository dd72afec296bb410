package shadow

import "net/http"

// Lender is what a Point's Other or Sandbox may be besides: what it makes for a copy, the answer
// included, it can use again for another one.
type Lender interface {
	// Lend returns what a copy of r is sent by, which is about to be served. It may be a Repeater.
	Lend(r *http.Request) http.RoundTripper
	// TakeBack ends a loan: the answer was read to its end and closed, it matched, the client's was sent, and
	// nobody has anything any more of it or of the request, but strings of their headers. It reports whether
	// there is nobody on its side either who has anything of the request, its context included, so
	// that that is used again, too. All other loans are never taken back, and the garbage collector's.
	TakeBack(http.RoundTripper) bool
}

// Repeater is a loan that may know how the client's request was sent to the side that served it.
type Repeater interface {
	// Repeats reports whether the copy r is sent with the header that the client's request was sent with, and
	// with what r's own has besides. Then that has nothing else, is shared by many copies, and isn't to be
	// changed. It is asked once the client's answer has begun, when all of r is there but its header.
	Repeats(r *http.Request) bool
}

// lend returns what copies of r to the target are sent by.
func (t target) lend(r *http.Request) http.RoundTripper {
	if from, ok := t.through.(Lender); ok {
		return from.Lend(r)
	}
	return t.through
}

// giveBack lets go of the copy's answer, which nobody has, and reports whether nobody has the copy
// itself either.
func (x *exchange) giveBack() bool {
	from, ok := x.through.(Lender)
	if !ok || !x.clean {
		return false
	}
	x.reply = Answer{}
	lent := x.lent
	x.lent = nil
	return from.TakeBack(lent)
}
