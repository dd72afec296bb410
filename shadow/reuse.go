package shadow

import "net/http"

// An exchange that matched is used again for another one, and with it what its headers are in: else
// it would be most of what a shadow leaves to the garbage collector. It has holders:
//
//	the client's goroutine      until the handler has returned, and what it was given is cut off
//	the queue, and the worker   from put to the end of the job
//	who waits, and the worker   from park to the end of the job
//
// The last one of them to leave lets it be used again. Whoever takes an exchange from its holder
// otherwise, by closing the Shadow or by a time-out, leaves it held for ever, which is to say to the
// garbage collector; and so does a request's body, which may be read on another goroutine, at any
// time.

// exchange returns one that is nobody's.
func (s *Shadow) exchange(p *point, r *http.Request) *exchange {
	x, _ := s.spare.Get().(*exchange)
	if x == nil {
		x = new(exchange)
	}
	x.s, x.p, x.client = s, p, r
	x.length, x.says, x.served, x.at = r.ContentLength, -1, p.Serves, s.config.Now()
	x.hold()
	return x
}

// hold makes one more holder, before it can leave.
func (x *exchange) hold() { x.holders.Add(1) }

// leave ends a holder's having x.
func (x *exchange) leave() {
	if x.holders.Add(-1) > 0 || !x.spent {
		return
	}
	forget(x.sent)
	forget(x.answer.Header)
	s, asks, told := x.s, x.asks.emptied(), x.told.emptied()
	*x = exchange{}
	x.asks, x.told = asks, told
	s.spare.Put(x)
}
