package upstream

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// endpoints takes turns between one side's endpoints.
type endpoints struct {
	all  []*endpoint
	turn *atomic.Uint64
}

// endpoint is one address, and since when it is out of the turn.
type endpoint struct {
	scheme, host string
	restsUntil   atomic.Int64 // Unix time, nanoseconds
}

// refusedRest is how long an endpoint that refused a connection is passed over.
const refusedRest = time.Second

func newEndpoints(urls []*url.URL) endpoints {
	e := endpoints{turn: new(atomic.Uint64)}
	for _, u := range urls {
		scheme := u.Scheme
		if scheme == "h2c" {
			scheme = "http" // as http.Transport knows it
		}
		e.all = append(e.all, &endpoint{scheme: scheme, host: u.Host})
	}
	return e
}

// order returns the endpoints in the order in which one request tries them: whose turn it is,
// then the others, and those that rest last, since an endpoint that rests is better than none.
func (e *endpoints) order(now time.Time) []*endpoint {
	n := len(e.all)
	first := int(e.turn.Add(1) % uint64(n))
	order := make([]*endpoint, 0, n)
	for _, resting := range []bool{false, true} {
		for i := range n {
			if ep := e.all[(first+i)%n]; (now.UnixNano() < ep.restsUntil.Load()) == resting {
				order = append(order, ep)
			}
		}
	}
	return order
}

// request returns r addressed to the endpoint.
func (ep *endpoint) request(r *http.Request) *http.Request {
	if r.URL.Scheme == ep.scheme && r.URL.Host == ep.host {
		return r
	}
	out := r.WithContext(r.Context())
	u := *r.URL
	u.Scheme, u.Host = ep.scheme, ep.host
	out.URL = &u
	return out
}

func (t *Transport) balance(r *http.Request) (*http.Response, error) {
	var body *heldBody
	if r.Body != nil && r.Body != http.NoBody {
		body = &heldBody{ReadCloser: r.Body}
		defer body.release()
		r = r.WithContext(r.Context())
		r.Body = body
	}
	var resp *http.Response
	var err error
	for _, ep := range t.endpoints.order(time.Now()) {
		resp, err = t.next.RoundTrip(ep.request(r))
		if err == nil || !refused(err) {
			return resp, err
		}
		if r.Context().Err() != nil {
			return nil, err
		}
		ep.restsUntil.Store(time.Now().Add(refusedRest).UnixNano())
	}
	return nil, err
}

// refused reports whether no connection came about, so that nothing can have been sent.
func refused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// heldBody is a body that isn't closed while it may be needed for the next endpoint.
type heldBody struct {
	io.ReadCloser
	mu       sync.Mutex
	closed   bool
	released bool
}

// Close implements io.Closer.
func (b *heldBody) Close() error {
	b.mu.Lock()
	b.closed = true
	now := b.released
	b.mu.Unlock()
	if now {
		return b.ReadCloser.Close()
	}
	return nil
}

// release lets Close take effect, also one that came before.
func (b *heldBody) release() {
	b.mu.Lock()
	b.released = true
	now := b.closed
	b.mu.Unlock()
	if now {
		b.ReadCloser.Close()
	}
}
