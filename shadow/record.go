package shadow

import (
	"net/http"
	"slices"
)

// Keeper is what a Recorder may be besides, so as to keep some exchanges of which there is nothing
// to tell: that match, or that are not compared at all since there is no other side yet. Both
// methods are called under the terms of Record.
type Keeper interface {
	// Wants reports whether one more exchange of that route is wanted, of which at most so many are
	// kept. It is asked for each, and so has to be quick.
	Wants(route string, most int) bool
	// Keep keeps one, in the place of another if need be, with bodies. An answer that is nil there
	// was none to compare.
	Keep(c Comparison, most int)
}

// recording returns a handler that keeps some of a route's exchanges and sends no copies.
func (s *Shadow) recording(p *point, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.Repeatable(r.Method) || r.Header["Upgrade"] != nil || !p.keepsValues() || !s.keeper.Wants(p.Route, p.Keep) {
			next.ServeHTTP(w, r)
			return
		}
		x := s.exchange(p, r)
		x.records = true
		s.watch(x, next, w, r)
	})
}

// watch captures what passes between a client and a handler.
func (s *Shadow) watch(x *exchange, next http.Handler, w http.ResponseWriter, r *http.Request) {
	x.capture(r)
	tee := &answerTee{ResponseWriter: w, x: x}
	ended := false
	defer func() { // no recover: a handler's panic is the server's
		tee.leave()
		x.finish(ended, r.Context().Err() != nil, w.Header())
		x.leave()
	}()
	if r.Body != nil && r.Body != http.NoBody {
		x.hold() // the body's, for ever: whoever reads it may do so on another goroutine, and at any time
		x.reads = requestTee{r.Body, x}
		r.Body = &x.reads // in place: what routers note in r stays visible outside
	}
	if x.tap != nil && x.p.Serves == Service {
		r = r.WithContext(&tapContext{r.Context(), x.tap})
	}
	next.ServeHTTP(tee, r)
	ended = true
}

// capture makes ready for what is to pass.
func (x *exchange) capture(r *http.Request) {
	defer x.s.guard(x)
	x.copyRequest(r)
	limit := x.p.limit(x.s.config.MaxBody)
	x.asked = capture{purse: &x.p.purse, limit: limit, hint: r.ContentLength}
	x.whole = r.Body == nil || r.Body == http.NoBody
	x.trails = len(r.Trailer) > 0
	x.body = capture{purse: &x.p.purse, limit: limit}
	if x.p.Translated && limit > 0 {
		x.tap = &tap{body: capture{purse: &x.p.purse, limit: limit}}
		if x.p.Serves == Legacy {
			x.context.tap = x.tap
		}
	}
}

// keep hands the exchange to the Keeper, if it wants it.
func (x *exchange) keep() {
	k := x.s.keeper
	if k == nil || x.p.Keep <= 0 || !x.p.keepsValues() || x.body.over() || x.otherBody.over() {
		return
	}
	if x.records || k.Wants(x.p.Route, x.p.Keep) {
		c := x.comparison(Match, "", "", nil, true)
		c.Request.Body = slices.Clone(c.Request.Body) // the buffers are written over
		for _, a := range []*Answer{c.Legacy, c.Service} {
			if a != nil {
				a.Body = slices.Clone(a.Body)
			}
		}
		k.Keep(c, x.p.Keep)
	}
}
