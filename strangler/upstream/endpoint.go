package upstream

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cespare/xxhash/v2"
)

// endpoint is one address and all that is known about it. It has connections of its own, so
// that how it is reached (which address, which TLS name) is said once, requests need not be
// rewritten for it, and what is kept of it can be closed when it is gone.
type endpoint struct {
	Endpoint
	dialAs string // a name to dial in place of Addr, so that Go tries all its addresses; empty: Addr
	hash   uint64
	weight atomic.Int64
	conns  connections
	health *Health
	now    func() time.Duration // since the transport's start
	start  time.Time            // the transport's
	found  time.Duration
	stop   context.CancelFunc // ends its checks; nil: there are none

	inFlight, requests, failures, full, ejections atomic.Int64

	inRow    atomic.Int32 // failures
	outUntil atomic.Int64 // by its failures; in the transport's time
	down     atomic.Bool  // by its checks
	slowFrom atomic.Int64 // when it began or came back

	mu       sync.Mutex // of what follows
	why      string     // it was ejected
	ejected  time.Duration
	times    int // that it was, without doing well for long between
	checkWhy string
	checked  time.Duration // when its checks last changed their verdict
}

// out reports whether the endpoint is out of the turn.
func (ep *endpoint) out(now time.Duration) bool {
	return ep.down.Load() || now < time.Duration(ep.outUntil.Load())
}

// slowStartFrom is the share of its weight with which an endpoint begins: it has to get some
// requests at all to warm up.
const slowStartFrom = 0.1

// share is the endpoint's weight, less while it starts slowly.
func (ep *endpoint) share(now, slow time.Duration) float64 {
	w := float64(ep.weight.Load())
	if age := now - time.Duration(ep.slowFrom.Load()); age < slow {
		return w * max(slowStartFrom, float64(age)/float64(slow))
	}
	return w
}

// score is the rendezvous weight of a key at this endpoint: the endpoint with the highest gets
// it (Thaler and Ravishankar 1998; weighted as in Schindelhauer and Schomaker 2005). An endpoint
// that goes takes only its own keys with it.
func (ep *endpoint) score(key uint64, share float64) float64 {
	// splitmix64's last steps: the keys are hashes already, their mixture has to be one.
	z := key ^ ep.hash
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	unit := (float64(z>>11) + 0.5) / (1 << 53)
	return -share / math.Log(unit)
}

// send sends r and counts. The answer's end is told to the endpoint.
// FirstByte above 0 is for the connections to see to, which are our own then.
func (ep *endpoint) send(r *http.Request, firstByte time.Duration) (*http.Response, error) {
	ep.requests.Add(1)
	ep.inFlight.Add(1)
	var resp *http.Response
	var err error
	if own, ok := ep.conns.(*http1); ok {
		resp, err = own.roundTrip(r, firstByte, own.config.MaxPerHost)
	} else {
		resp, err = ep.conns.RoundTrip(r)
	}
	if err != nil {
		ep.inFlight.Add(-1)
		err = explain(r, err)
		switch told, ok := err.(*Error); {
		case !ok:
		case told.Kind == KindFull:
			ep.full.Add(1)
		case !blameless(r, told):
			ep.failed(told)
		}
		return nil, err
	}
	if failedStatus(resp.StatusCode) {
		ep.another("")
		onEnd(resp, (*failedEndpoint)(ep))
		return resp, nil
	}
	onEnd(resp, ep)
	return resp, nil
}

// blameless reports whether it may not have been the endpoint: this machine had no port or
// descriptor left to connect with, or it may have been the client's end of the request that broke,
// which isn't watched where there is but one endpoint to send it to.
func blameless(r *http.Request, err *Error) bool {
	switch err.Kind {
	case KindConnect:
		for _, none := range []error{syscall.EADDRNOTAVAIL, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS} {
			if errors.Is(err, none) {
				return true
			}
		}
	case KindBroken:
		if r.Body != nil && r.Body != http.NoBody {
			_, watched := r.Body.(*sending)
			return !watched
		}
	}
	return false
}

// end implements ender. How a call went is known when its answer is whole.
func (ep *endpoint) end(err error) {
	ep.inFlight.Add(-1)
	if blames(err) {
		ep.another("")
		return
	}
	ep.succeeded()
}

// failedEndpoint is the endpoint to a call that failed by its status already.
type failedEndpoint endpoint

func (ep *failedEndpoint) end(error) { ep.inFlight.Add(-1) }

// failedStatus reports whether a status says that there was nobody to answer.
func failedStatus(status int) bool {
	switch status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// state returns what there is to know.
func (ep *endpoint) state(key string) EndpointState {
	now := ep.now()
	s := EndpointState{
		Addr:     ep.Addr,
		InFlight: ep.inFlight.Load(), Requests: ep.requests.Load(),
		Failures: ep.failures.Load(), Full: ep.full.Load(), Ejections: ep.ejections.Load(),
	}
	if kept, ok := ep.conns.(interface{ idle(string) int }); ok {
		s.Idle = kept.idle(key)
	}
	ep.mu.Lock()
	defer ep.mu.Unlock()
	since := ep.found
	switch until := time.Duration(ep.outUntil.Load()); {
	case ep.down.Load():
		s.Why, since = ep.checkWhy, ep.checked
	case now < until:
		s.Why, since = ep.why, ep.ejected
	default:
		s.Healthy = true
		since = max(since, until, ep.checked)
	}
	s.Since = ep.start.Add(since)
	return s
}

// connections carries requests to one endpoint: whatever their URL's host is, which is the
// same for all of them, their connections are the endpoint's.
type connections interface {
	http.RoundTripper
	CloseIdleConnections()
}

// dial connects to the endpoint; addr, which comes of a request's URL, says nothing.
func (ep *endpoint) dial(d *net.Dialer) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		if ep.dialAs != "" {
			conn, err := d.DialContext(ctx, "tcp", ep.dialAs)
			if err == nil {
				return conn, nil
			}
		}
		return d.DialContext(ctx, "tcp", ep.Addr)
	}
}

// serverName is the name that the endpoint's certificate has to be for.
func (ep *endpoint) serverName() string {
	host, _, _ := net.SplitHostPort(ep.Addr)
	return cmp.Or(ep.ServerName, host)
}

// address returns r as the endpoint's connections want it: with the scheme and host that all
// requests of this transport have there, and with a Host header.
func (t *Transport) address(r *http.Request, ep *endpoint) *http.Request {
	if r.URL.Scheme == t.scheme && r.URL.Host == t.host && (r.Host != "" || ep.Host == t.host) {
		return r
	}
	both := &struct {
		r http.Request
		u url.URL
	}{*r, *r.URL}
	both.u.Scheme, both.u.Host = t.scheme, t.host
	both.r.URL = &both.u
	both.r.Host = cmp.Or(r.Host, ep.Host)
	return &both.r
}

func hashOf(e Endpoint) uint64 { return xxhash.Sum64String(e.Addr) }
