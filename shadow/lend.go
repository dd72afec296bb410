package shadow

import "net/http"

// Lender is what a Point's Other or Sandbox may be besides: what it makes for a copy, the answer
// included, it can use again for another one.
type Lender interface {
	// Lend returns what one copy is sent by.
	Lend() http.RoundTripper
	// TakeBack ends a loan: the answer was read to its end and closed, it matched, and nobody has
	// anything any more of it or of the request, but strings of their headers. It reports whether
	// there is nobody on its side either who has anything of the request, its context included, so
	// that that is used again, too. All other loans are never taken back, and the garbage collector's.
	TakeBack(http.RoundTripper) bool
}

// lend returns what the copy is sent by.
func (x *exchange) lend() http.RoundTripper {
	if from, ok := x.through.(Lender); ok {
		return from.Lend()
	}
	return x.through
}

// giveBack lets go of the copy's answer, which nobody has, and reports whether nobody has the copy
// itself either.
func (x *exchange) giveBack() bool {
	from, ok := x.through.(Lender)
	if !ok || x.lent == nil {
		return false
	}
	x.reply = Answer{}
	lent := x.lent
	x.lent = nil
	return from.TakeBack(lent)
}
