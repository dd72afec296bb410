package upstream

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// http1 is a http.RoundTripper for HTTP/1.1 without TLS. It writes the request and reads the
// answer on the goroutine that calls it, over pooled connections that have no goroutines of
// their own: what net/http's transport spends on handing a request from one goroutine to the
// next is most of what a proxy costs. The price is that all which those goroutines see by
// themselves is looked for:
//
//   - http1_pool.go     connections that are kept, how long, and whether one still is good
//   - http1_conn.go     one connection; the end of a slow call's context closes it
//   - http1_request.go  the head, and a body that is at hand
//   - http1_upload.go   a body that comes bit by bit, on a goroutine, since answers may come first
//   - http1_head.go     what an answer's head may look like: net/http's client takes nothing less
//   - http1_known.go    what of a head is as it was in the one before, and isn't read again
//   - http1_answer.go   which body follows, and what becomes of the connection after it
//   - http1_body.go     the body as it is read, or copied without passing through this process
//
// It invents nothing: no User-Agent, no Accept-Encoding, no Content-Length.
//
// A request that met a connection which was just being closed is sent again on a new one, where
// nothing was answered and either nothing was sent or strangler's Decision says that it may be
// repeated, and its body is at hand.
type http1 struct {
	config http1Config
	pools  pools1
}

// http1Config says how. The zero value is useful but for Dial.
type http1Config struct {
	Dial           func(ctx context.Context, network, addr string) (net.Conn, error)
	IdleTimeout    time.Duration // of a connection; 0: 3 s, or what the endpoint says (see keep)
	MaxIdlePerHost int           // 0: 256
	MaxPerHost     int           // 0: no limit
	Wait           time.Duration // for one of those; 0: 5 s
	MaxHead        int           // bytes of an answer's head; 0: 1 MiB
	Continue       time.Duration // how long an upstream that is asked (Expect: 100-continue) may say nothing; 0: 1 s
}

func newHTTP1(c http1Config) *http1 {
	if c.MaxIdlePerHost == 0 {
		c.MaxIdlePerHost = 256
	}
	if c.MaxHead == 0 {
		c.MaxHead = 1 << 20
	}
	if c.Wait == 0 {
		c.Wait = 5 * time.Second
	}
	if c.Continue == 0 {
		c.Continue = time.Second
	}
	return &http1{config: c}
}

// errStale says that a kept connection was closed by the other end before it answered anything.
var errStale = errors.New("connection was closed before an answer")

// errNotQuiet says that it was closed, or that something came on it, before the request was sent.
var errNotQuiet = errors.New("connection is not quiet")

// RoundTrip implements http.RoundTripper. The URL's host is the address to connect to.
func (t *http1) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.roundTrip(r, 0, t.config.MaxPerHost)
}

// roundTrip has the head of the answer within firstByte after the request's end, if that is
// above 0; while the client lets us wait for its body, the upstream doesn't. There is a
// good connection before a body is read that can't be read again, so that whoever is told that there
// is none to be had may send the request elsewhere. limit bounds the connections in use; 0: nothing does.
func (t *http1) roundTrip(r *http.Request, firstByte time.Duration, limit int) (*http.Response, error) {
	if r.Context().Err() != nil {
		closeBody(r)
		return nil, context.Cause(r.Context())
	}
	pool := t.pools.of(r.URL.Host)
	w := wantAny
	if r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		w = wantQuiet // the body, once it is read, is read
	}
	conn, err := pool.get(r.Context(), t, w, limit)
	if err != nil {
		closeBody(r)
		return nil, err
	}
	call := call1{t: t, r: r, firstByte: firstByte}
	if err := call.compose(); err != nil {
		conn.end(true)
		closeBody(r)
		return nil, err
	}
	defer call.release()
	conn.waited = conn.waited || w == wantQuiet && !call.streams // for the body
	for err == nil {
		conn.waited = conn.waited || conn.reused && !call.mayRepeat()
		var resp *http.Response
		if resp, err = call.on(conn); err == nil {
			call.answered = true
			return resp, nil
		}
		conn.end(false)
		if !errors.Is(err, errStale) || !conn.reused && !errors.Is(err, errNotQuiet) || !call.repeatable(conn) {
			err = call.explain(err)
			break
		}
		if w = wantNew; conn.wrote == 0 {
			w = wantAny // nothing speaks against another one that is kept
		}
		conn, err = pool.get(r.Context(), t, w, limit)
	}
	closeBody(r)
	return nil, err
}

// CloseIdleConnections closes what is kept; what is in use ends as it would.
func (t *http1) CloseIdleConnections() { t.pools.close() }

// idle returns how many connections are kept to an address.
func (t *http1) idle(addr string) int { return t.pools.of(addr).size() }

// drop closes the connections that are kept to an address, since it is no endpoint any more.
func (t *http1) drop(addr string) { t.pools.drop(addr) }

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}
