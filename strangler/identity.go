package strangler

import (
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
)

const (
	headerRequestID   = "X-Request-Id"
	headerTraceparent = "Traceparent"
	ourPrefix         = "X-Strangler-"
)

// identify is station 2: every request has an id and a trace context, the ones that it came
// with or new ones. They are put into the request itself, so that both sides, a shadow's copy
// and the log all have the same.
func (p *Proxy) identify(t *Table, r *http.Request, c *call) {
	id, trace := r.Header[headerRequestID] != nil, r.Header[headerTraceparent] != nil
	if !id || !trace {
		fresh := newTrace()
		if !id {
			c.ids[0][0] = fresh[traceIDFrom:traceIDTo]
			r.Header[headerRequestID] = c.ids[0][:]
		}
		if !trace {
			c.ids[1][0] = fresh
			r.Header[headerTraceparent] = c.ids[1][:]
		}
	}
	// The server merges trailers that nobody announced into this map, which all copies of the
	// request share, or into a new one, which they don't.
	if r.Trailer == nil && r.ContentLength < 0 {
		r.Trailer = make(http.Header)
	}
	p.warned.check(t, r)
}

// Where the trace-id stands in a traceparent.
const traceIDFrom, traceIDTo = 3, 3 + 32

// newTrace returns a traceparent as W3C Trace Context section 3.2.2 has it, with new ids, none of
// them all zero.
func newTrace() string {
	var ids [24]byte
	binary.BigEndian.PutUint64(ids[:], rand.Uint64()|1)
	binary.BigEndian.PutUint64(ids[8:], rand.Uint64())
	binary.BigEndian.PutUint64(ids[16:], rand.Uint64()|1)
	b := make([]byte, 0, len("00-")+32+len("-")+16+len("-00"))
	b = append(b, "00-"...)
	b = hex.AppendEncode(b, ids[:16])
	b = append(b, '-')
	b = hex.AppendEncode(b, ids[16:])
	b = append(b, "-00"...)
	return string(b)
}

// requestID returns a request's id, cut to a length that a log can bear.
func requestID(r *http.Request) string {
	const longest = 128
	id := r.Header.Get(headerRequestID)
	return id[:min(len(id), longest)]
}

// dropOurs takes off what no upstream may take for ours, and the headers by which requests, also
// of other routes, choose their sides: they carry secrets.
func dropOurs(h http.Header, overrides []string) {
	for name := range h {
		if strings.HasPrefix(name, ourPrefix) {
			delete(h, name)
		}
	}
	for _, name := range overrides {
		delete(h, name)
	}
	dropOurCookies(h)
}

// strangers are the untrusted peers about whose forwarding headers a warning was logged.
type strangers struct {
	mu    sync.Mutex
	peers map[string]struct{}
}

// maxStrangers bounds what an attacker with many addresses can make us remember and log.
const maxStrangers = 1000

var forwardingHeaders = [...]string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"}

// check warns, once for each peer, of forwarding headers that are not believed. A load balancer
// that isn't trusted makes the HTTPS redirect loop of everybody's first day.
func (s *strangers) check(t *Table, r *http.Request) {
	name := ""
	for _, n := range forwardingHeaders {
		if r.Header[n] != nil {
			name = n
			break
		}
	}
	if name == "" || t.trust.trusts(r.RemoteAddr) {
		return
	}
	peer := r.RemoteAddr
	if host, _, err := net.SplitHostPort(peer); err == nil {
		peer = host
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.peers[peer]; known || len(s.peers) >= maxStrangers {
		return
	}
	if s.peers == nil {
		s.peers = make(map[string]struct{})
	}
	s.peers[peer] = struct{}{}
	t.cfg.Logger.LogAttrs(r.Context(), slog.LevelWarn,
		"forwarding headers of an untrusted peer are replaced; if it is your load balancer, name it in --trusted-proxies (trusted_proxies)",
		slog.String(keyPeer, peer), slog.String(keyHeader, name))
}
