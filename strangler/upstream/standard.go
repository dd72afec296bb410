package upstream

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// connect returns the connections to an endpoint.
func (t *Transport) connect(ep *endpoint) connections {
	dial := ep.dial(&net.Dialer{Timeout: t.dialTimeout(), KeepAlive: 15 * time.Second, Resolver: t.cfg.Resolver})
	if t.ownHTTP1() {
		return newHTTP1(http1Config{Dial: dial, IdleTimeout: t.cfg.IdleTimeout, MaxIdlePerHost: t.cfg.MaxIdlePerHost, MaxPerHost: t.cfg.MaxPerHost, Wait: t.dialTimeout()})
	}
	return t.standard(ep, dial)
}

// ownHTTP1 reports whether the connections are http1's.
func (t *Transport) ownHTTP1() bool { return t.cfg.Own() }

// Own reports whether the package's own client carries the requests, and not net/http's: HTTP/1.1
// without TLS, unless Standard.
func (cfg *Config) Own() bool {
	for _, u := range cfg.URLs {
		if scheme, _ := schemeOf(u); scheme != "http" {
			return false
		}
	}
	return !cfg.Standard
}

// standard is net/http's transport: HTTP/2, TLS, and HTTP/1.1 where Config.Standard wants it.
type standard struct {
	*http.Transport
	ep   *endpoint
	open atomic.Int64  // connections
	wait time.Duration // for one, where only so many may be
}

// RoundTrip implements http.RoundTripper.
func (s *standard) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.MaxConnsPerHost == 0 {
		return s.Transport.RoundTrip(r)
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	waiting, begun := watchBegin(r.WithContext(ctx))
	timer := time.AfterFunc(s.wait, func() {
		if !begun() { // to dial has its own bound
			cancel(noConnection(s.MaxConnsPerHost))
		}
	})
	defer timer.Stop()
	resp, err := s.Transport.RoundTrip(waiting)
	if err != nil {
		defer cancel(nil)
		if full, ok := errors.AsType[*Error](context.Cause(ctx)); ok && r.Context().Err() == nil {
			return nil, full
		}
		return nil, err
	}
	resp.Request = r
	onEnd(resp, canceller(cancel))
	return resp, nil
}

// watchBegin returns r, and what tells whether it has, or tried to get, a connection of net/http's.
func watchBegin(r *http.Request) (*http.Request, func() bool) {
	var begun atomic.Bool
	hooks := &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { begun.Store(true) },
		ConnectStart: func(string, string) { begun.Store(true) },
		DNSStart:     func(httptrace.DNSStartInfo) { begun.Store(true) },
	}
	return r.WithContext(httptrace.WithClientTrace(r.Context(), hooks)), begun.Load
}

// canceller ends the context of a call whose answer has ended.
type canceller context.CancelCauseFunc

// end implements ender.
func (c canceller) end(error) { c(nil) }

func (t *Transport) standard(ep *endpoint, dial func(context.Context, string, string) (net.Conn, error)) *standard {
	s := &standard{ep: ep, wait: t.dialTimeout()}
	kept := cmp.Or(t.cfg.MaxIdlePerHost, 256)
	s.Transport = &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if tcp, ok := conn.(*net.TCPConn); ok {
				s.open.Add(1)
				return &counted{TCPConn: tcp, open: &s.open}, nil
			}
			return conn, err
		},
		TLSClientConfig:        t.cfg.TLS.Clone(),
		TLSHandshakeTimeout:    t.dialTimeout(),
		DisableCompression:     true,
		MaxIdleConns:           kept,
		MaxIdleConnsPerHost:    kept,
		MaxConnsPerHost:        t.cfg.MaxPerHost,
		IdleConnTimeout:        cmp.Or(t.cfg.IdleTimeout, 3*time.Second),
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
		ReadBufferSize:         16 << 10,
		WriteBufferSize:        16 << 10,
		ForceAttemptHTTP2:      true,
		// A connection whose other end is gone without a word would swallow requests until TCP
		// gives up.
		HTTP2:     &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
		Protocols: t.protocols(),
	}
	if t.scheme == "https" {
		if s.TLSClientConfig == nil {
			s.TLSClientConfig = newTLS()
		}
		if s.TLSClientConfig.ServerName == "" {
			s.TLSClientConfig.ServerName = ep.serverName()
		}
	}
	return s
}

func (t *Transport) protocols() *http.Protocols {
	p := new(http.Protocols)
	switch {
	case t.h2c:
		p.SetUnencryptedHTTP2(true)
	case t.scheme == "https":
		p.SetHTTP1(true)
		p.SetHTTP2(true)
	default:
		p.SetHTTP1(true)
	}
	return p
}

// idle returns how many connections are kept: those that are open and have no request, which
// under HTTP/2 is all or none.
func (s *standard) idle(string) int {
	return int(max(0, s.open.Load()-s.ep.inFlight.Load()))
}

// counted is a connection that is counted while it is open.
type counted struct {
	*net.TCPConn
	open *atomic.Int64
	once sync.Once
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.TCPConn.Close()
}
