package upstream

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Transport is a http.RoundTripper to one side's endpoints. It asks for nothing that the
// request doesn't (no compression), uses no proxy and follows no redirect. It is safe for
// concurrent use.
type Transport struct {
	own *Guard // Config.Policy's

	cfg    Config
	scheme string // http or https
	h2c    bool
	host   string // of requests' URLs, whichever endpoint they go to

	endpoints atomic.Pointer[endpoints]
	turn      atomic.Uint64
	start     time.Time
	found     chan struct{} // closed when the endpoints were first looked for
	lookupErr atomic.Pointer[error]

	ctx   context.Context // of the goroutines
	close context.CancelFunc
	wait  sync.WaitGroup
}

// New returns a transport. It connects to nothing, and what it has to look up it looks up
// meanwhile. The error joins all problems there are.
func New(cfg Config) (*Transport, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	scheme, srv := schemeOf(cfg.URLs[0])
	t := &Transport{
		cfg:    cfg,
		scheme: scheme,
		host:   cfg.URLs[0].Host,
		start:  time.Now(),
		found:  make(chan struct{}),
	}
	if scheme == "h2c" {
		t.scheme, t.h2c = "http", true // as http.Transport knows it
	}
	t.ctx, t.close = context.WithCancel(context.Background())
	t.endpoints.Store(&endpoints{})
	t.own = t.With(cfg.Policy)

	if cfg.Discover != nil {
		t.wait.Go(func() { t.resolve(t.ctx, discovered(cfg.Discover)) })
		return t, nil
	}
	names := &lookup{scheme: t.scheme, srv: srv, urls: cfg.URLs, resolver: cmp.Or(cfg.Resolver, net.DefaultResolver), known: map[*url.URL][]place{}}
	places, final := names.first()
	t.use(places)
	if !final {
		t.wait.Go(func() { t.resolve(t.ctx, names.now) })
	}
	return t, nil
}

// now is the time since the transport's start, which no change of the clock disturbs.
func (t *Transport) now() time.Duration { return time.Since(t.start) }

func (t *Transport) dialTimeout() time.Duration { return cmp.Or(t.cfg.DialTimeout, 5*time.Second) }

func newTLS() *tls.Config { return &tls.Config{MinVersion: tls.VersionTLS12} }

// endpoint makes an endpoint of a place, and begins to check it.
func (t *Transport) endpoint(p place) *endpoint {
	ep := &endpoint{
		Endpoint: p.Endpoint, dialAs: p.dialAs, hash: hashOf(p.Endpoint),
		health: &t.cfg.Health, now: t.now, start: t.start, found: t.now(),
	}
	ep.slowFrom.Store(int64(ep.found))
	ep.conns = t.connect(ep)
	if t.cfg.Health.Path != "" {
		ctx, stop := context.WithCancel(t.ctx)
		ep.stop = stop
		t.wait.Go(func() { t.check(ctx, ep) })
	}
	return ep
}

// leave ends what an endpoint has that is no more. key is what its connections are kept under.
func (ep *endpoint) leave(key string) {
	if ep.stop != nil {
		ep.stop()
	}
	if kept, ok := ep.conns.(interface{ drop(string) }); ok {
		kept.drop(key) // also those that come back later
		return
	}
	ep.conns.CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper. The request's URL may name any host: it goes to an
// endpoint. Where one refuses the connection the next one is tried, since nothing was sent.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.own.chain.RoundTrip(r)
}

// Informs reports whether informational answers go to strangler.Inform, and strangler's Decision
// about repeating a request is obeyed.
func (t *Transport) Informs() bool { return t.ownHTTP1() }

// Verbatim returns the transport itself where a request's head goes to strangler.KeepHead, and may come
// from strangler.HeadFrom; else nil.
func (t *Transport) Verbatim() http.RoundTripper {
	if !t.ownHTTP1() {
		return nil
	}
	return t
}

// With returns a way to the same endpoints, over the same connections, under another policy: a
// route's own. Where its bulkhead, breaker or retry has the same settings as one of the guards
// in like, the first such one's is shared, with what is in flight, the breaker's state and the
// retries' budget; and so are the counts of the same time-outs. What has no like is the guard's
// own. Own is a setting too: a route whose breaker is its own has none of its service's, though
// they may read alike, and keeps its own from one guard to the next.
func (t *Transport) With(p Policy, like ...*Guard) *Guard {
	g := newGuard(p, like)
	g.informs = t.ownHTTP1()
	g.around(&dispatch{t: t, dials: &g.counts.dial})
	return g
}

// State returns how the endpoints and the transport's own policy do.
func (t *Transport) State() State {
	s := State{Policy: t.own.State()}
	for _, ep := range t.endpoints.Load().all {
		s.Endpoints = append(s.Endpoints, ep.state(t.host))
	}
	if err := t.lookupErr.Load(); err != nil && *err != nil {
		s.Lookup = (*err).Error()
	}
	return s
}

// Close ends the looking up and checking, waits for their end, and closes the connections that
// are not in use. Those in use are closed when their answers end, as they idle out.
func (t *Transport) Close() {
	t.close()
	t.wait.Wait()
	for _, ep := range t.endpoints.Load().all {
		ep.conns.CloseIdleConnections()
	}
}
