package strangler

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/strangler-fig/toolkit/internal/slow"
)

// Proxy answers requests from the side that its table says. It is a http.Handler that may stand
// on a listener of its own (NewServer) or inside somebody's router, and is safe for concurrent
// use. It edits the headers of the requests that it gets: see station 2 in doc.go.
type Proxy struct {
	table    atomic.Pointer[Table]
	shifting sync.Mutex // one Shift at a time, so that none undoes another
	reads    slow.List  // of requests' bodies
	warned   strangers
}

// New returns a proxy with the table that cfg makes. The error joins all problems there are.
func New(cfg Config) (*Proxy, error) {
	t, err := NewTable(cfg)
	if err != nil {
		return nil, err
	}
	p := new(Proxy)
	p.Swap(t)
	return p, nil
}

// Table returns the table that the next request will see.
func (p *Proxy) Table() *Table { return p.table.Load() }

// Swap puts another table, not nil, in force for every request that comes from now on; those under way
// end with the one that they began with.
func (p *Proxy) Swap(t *Table) { p.table.Store(t) }

// Shift moves a route, and with it all routes of its unit, for the next request. The move is
// not remembered and no guard is asked: a program that wants either keeps a journal and swaps
// tables. The error is an *UnknownRouteError, or says why the table can't be made.
func (p *Proxy) Shift(name string, to Position) error {
	p.shifting.Lock()
	defer p.shifting.Unlock()
	t := p.Table()
	routes := t.Routes()
	names := make([]string, len(routes))
	unit, found := "", false
	for i, rt := range routes {
		names[i] = rt.Name
		if rt.Name == name {
			unit, found = rt.Unit, true
		}
	}
	if !found {
		return &UnknownRouteError{Name: name, Near: Nearest(name, names)}
	}
	moves := map[string]Position{name: to}
	for _, rt := range routes {
		if unit != "" && rt.Unit == unit {
			moves[rt.Name] = to
		}
	}
	moved, err := t.With(moves)
	if err != nil {
		return fmt.Errorf("shift route %q to %s: %w", name, to, err)
	}
	p.Swap(moved)
	return nil
}

// ServeHTTP takes a request through the stations.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := p.Table()
	c := &call{Context: r.Context()}
	o, d := &c.observer, &c.decision
	o.begin(t, w)
	p.identify(t, r, c)
	o.seen = t.seen
	e, chain := t.chain(r, d)
	if e != nil {
		o.seen = e.seen
	}
	o.decided(d, r)
	c.in = *r.WithContext(c) // which stays on the stack
	r = &c.in
	if closesAfter(r) {
		w.Header()["Connection"] = []string{"close"}
	}
	if r.Body != nil && r.Body != http.NoBody {
		o.body = p.limitBody(t, w, r, d.Route)
		r.Body = o.body
	}
	defer o.end(r)
	defer rescue(o, r, t)
	chain.ServeHTTP(o, r)
}

// chain returns what is to answer a request and puts why into d (stations 4 and 5); it takes off the
// request's header what was addressed to us. The entry is nil where no route holds, or none was looked for.
func (t *Table) chain(r *http.Request, d *Decision) (*entry, http.Handler) {
	if refused := t.refuse(r); refused != nil {
		d.Bucket = -1
		return nil, refused
	}
	e := t.match(r)
	t.decide(d, e, r)
	if limit := t.maxBody(e); limit > 0 && r.ContentLength > limit {
		return e, tooLarge{e}
	}
	dropOurs(r.Header, t.index.overrides)
	switch {
	case e == nil:
		return nil, t.catchAll()
	case d.Side == SideService:
		return e, e.service
	}
	return e, e.legacy
}

// refuse returns what answers a request that is for no upstream, or nil. CONNECT asks for a
// tunnel to anywhere, which a gateway must not be (RFC 9110 section 9.3.6); TRACE echoes
// credentials that the client's own scripts can't read (section 9.3.8); a target that is neither
// in origin nor in absolute form has no meaning to a gateway (RFC 9112 section 3.2).
func (t *Table) refuse(r *http.Request) http.Handler {
	switch {
	case r.Method == http.MethodConnect:
		return refusal{http.StatusNotImplemented, "this gateway opens no tunnels: CONNECT is not supported"}
	case r.Method == http.MethodTrace && !t.cfg.AllowTrace:
		return refusal{http.StatusMethodNotAllowed, "TRACE is not passed on"}
	case r.URL.Opaque != "": // "GET mailto:anna" has no path that could be passed on
		return ambiguous("the request's target is neither a path nor a URL with a host")
	}
	if refused := strict(r, t.cfg.Limits.headers()); refused.status != 0 {
		return refused
	}
	return nil
}

// rescue turns a panic into a 500 where nothing was sent; where something was, the client's
// connection is cut, so that nobody takes the answer for whole. http.ErrAbortHandler passes, but
// where the answer's trailers say it.
func rescue(o *observer, r *http.Request, t *Table) {
	v := recover()
	if v == nil {
		return
	}
	o.aborted = true
	if v == http.ErrAbortHandler {
		if o.told {
			return
		}
		panic(v)
	}
	t.logPanic(o, r, v)
	if o.status != 0 {
		panic(http.ErrAbortHandler)
	}
	o.aborted = false
	fail := &failure{status: http.StatusInternalServerError, text: "the gateway made a mistake; its log has the details under this request id"}
	defer func() { // it may be what tells clients that panics
		v := recover()
		switch {
		case v == nil:
			return
		case o.status != 0:
			o.aborted = true
			panic(http.ErrAbortHandler)
		}
		t.logPanic(o, r, v)
		problem(o, r, fail.status, fail.text)
	}()
	t.unanswered(o, r, fail)
}

func (t *Table) logPanic(o *observer, r *http.Request, v any) {
	t.cfg.Logger.Error("handler panicked", keyRequestID, requestID(r), keyMethod, r.Method, keyPath, loggedPath(o.decision, r),
		keyError, fmt.Sprint(v), keyStack, string(debug.Stack()))
}

// unanswered tells a client why it gets no answer from any side, as the clients of its route are told.
func (t *Table) unanswered(o *observer, r *http.Request, fail *failure) {
	if i, ok := t.index.names[o.decision.Route]; ok && t.entries[i].tells != nil {
		t.entries[i].tells.of(o, r, fail)
		return
	}
	problem(o, r, fail.status, fail.text)
}
