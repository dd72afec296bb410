package strangler

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/internal/slow"
)

// Limits bound what clients may send, beyond what the listener bounds (ServerConfig). The zero
// value has the defaults.
type Limits struct {
	Headers int // lines in a request's head, more are answered 431; 0: 200, negative: any number
	// BodyIdle is how long a client may send nothing of a body that is waited for, before it is
	// answered 408 and cut; 0: 60 s, negative: as long as it takes. It ends with the beginning of
	// the answer: what both sides then stream, they pace themselves.
	BodyIdle time.Duration
	// MaxBody bounds the bodies of requests that no route wants, as Route.MaxBody those of a
	// route's: bytes; 0: any number.
	MaxBody int64
}

// 200 lines are twice what Apache, Envoy and HAProxy take; 60 s is nginx's client_body_timeout.
const (
	defaultHeaders  = 200
	defaultBodyIdle = 60 * time.Second
)

func (l Limits) headers() int {
	if l.Headers == 0 {
		return defaultHeaders
	}
	return l.Headers
}

func (l Limits) bodyIdle() time.Duration {
	if l.BodyIdle == 0 {
		return defaultBodyIdle
	}
	return l.BodyIdle
}

// maxBody returns the limit of a route's bodies; e is nil for the catch-all.
func (t *Table) maxBody(e *entry) int64 {
	if e == nil {
		return t.cfg.Limits.MaxBody
	}
	return e.maxBody
}

// tooLarge answers for a route, or for the catch-all where that is nil, a request whose body is known to be
// larger than it takes.
type tooLarge struct{ of *entry }

// ServeHTTP answers as the route's clients know it, and closes the connection, on which the body would come.
func (l tooLarge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 {
		w.Header()["Connection"] = []string{"close"}
	}
	if l.of != nil && l.of.tells != nil {
		l.of.tells.of(w, r, &failure{status: http.StatusRequestEntityTooLarge, text: bodyTooLarge})
		return
	}
	problem(w, r, http.StatusRequestEntityTooLarge, bodyTooLarge)
}

const (
	bodyTooLarge = "the request's body is larger than this gateway takes here"
	bodyTooSlow  = "nothing came of the request's body for too long"
)

var (
	errBodyTooLarge = errors.New(bodyTooLarge)
	errBodyTooSlow  = errors.New(bodyTooSlow)
)

// limitedBody is a request's body as the stations behind the listener read it. A body that
// breaks a limit ends in an error and never in io.EOF, so that no upstream gets it as whole.
type limitedBody struct {
	io.ReadCloser
	w       http.ResponseWriter
	trailer http.Header // filled by the server at the end
	left    int64       // bytes that may still come
	limited bool

	busy  sync.Mutex // held while it is read
	done  bool       // it was read to its end
	given bool       // it is given up

	idle    time.Duration // that a read may wait; below 0: as long as it takes
	reads   *slow.List    // the proxy's
	wait    slow.Entry    // the read that is under way
	timer   *time.Timer   // runs while that is slow; nil: it isn't
	reading atomic.Bool
	slow    atomic.Bool
	free    atomic.Bool // an answer has begun
}

// limitBody returns r's body within its limits. A request without a body needs none.
func (p *Proxy) limitBody(t *Table, w http.ResponseWriter, r *http.Request, route string) *limitedBody {
	limit := t.cfg.Limits.MaxBody
	if i, ok := t.index.names[route]; ok {
		limit = t.cfg.Routes[i].MaxBody
	}
	b := &limitedBody{ReadCloser: r.Body, w: w, trailer: r.Trailer, left: limit, limited: limit > 0, idle: t.cfg.Limits.bodyIdle(), reads: &p.reads}
	dropTrailers(b.trailer)
	b.wait.Do = func() { b.timer = time.AfterFunc(b.idle, b.expire) }
	return b
}

// Read implements io.Reader.
func (b *limitedBody) Read(p []byte) (int, error) {
	b.busy.Lock()
	defer b.busy.Unlock()
	if b.given {
		return 0, errUploadOver
	}
	if b.limited && int64(len(p))-1 > b.left {
		p = p[:b.left+1] // one byte more tells whether that was all
	}
	n, err := b.read(p)
	if b.limited {
		if int64(n) > b.left {
			return int(b.left), errBodyTooLarge
		}
		b.left -= int64(n)
	}
	if err == io.EOF {
		b.done = true
		dropTrailers(b.trailer)
	}
	return n, err
}

// lingering is for how long a client may go on to send a body that nobody wants any more. Until
// then it is read, so that the client sees the answer and not that it can't send (RFC 9112 section
// 9.6); a connection whose client says nothing is closed.
const lingering = time.Second

// giveUp is called at the handler's end: net/http reads on to the body's end, with nothing to bound
// that. b may be nil.
func (b *limitedBody) giveUp(r *http.Request) {
	if b == nil || r.ProtoMajor >= 2 { // where a stream is reset
		return
	}
	conn := http.NewResponseController(b.w)
	if !b.busy.TryLock() {
		// Net/http would end this Read too, and take the deadline off after it.
		if conn.SetReadDeadline(time.Unix(1, 0)) != nil {
			return
		}
		b.busy.Lock()
	}
	defer b.busy.Unlock()
	if b.given = true; !b.done {
		_ = conn.SetReadDeadline(time.Now().Add(lingering))
	}
}

func (b *limitedBody) read(p []byte) (int, error) {
	if b.idle < 0 || b.free.Load() {
		return b.ReadCloser.Read(p)
	}
	b.reading.Store(true)
	b.reads.Add(&b.wait)
	n, err := b.ReadCloser.Read(p)
	b.reads.Remove(&b.wait)
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	b.reading.Store(false)
	if err != nil && b.slow.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
		err = errBodyTooSlow
	}
	return n, err
}

// expire ends the read that waits. A deadline that is set before each read instead would have to
// be taken off after it: net/http/2 keeps it between reads, while it is the upstream who is slow.
func (b *limitedBody) expire() {
	if !b.reading.Load() || b.free.Load() {
		return
	}
	b.slow.Store(true)
	_ = http.NewResponseController(b.w).SetReadDeadline(time.Unix(1, 0)) // whoever can't waits
}

// answered says that the answer begins. b may be nil.
func (b *limitedBody) answered() {
	if b != nil {
		b.free.Store(true)
	}
}

// fault returns how a call is answered for that failed with err because of the client; nil: it
// is the upstream's failure. It doesn't return where the client is gone, which is no side's.
func (u *upload) fault(w http.ResponseWriter, r *http.Request, err error) *failure {
	switch {
	case tooSlow(w): // this too looks to net/http as if the client were gone
		return &failure{status: http.StatusRequestTimeout, text: bodyTooSlow, err: errBodyTooSlow}
	case errors.Is(r.Context().Err(), context.Canceled):
		panic(http.ErrAbortHandler)
	case !u.broken():
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if errors.Is(u.err, errBodyTooLarge) {
		return &failure{status: http.StatusRequestEntityTooLarge, text: bodyTooLarge, err: u.err}
	}
	return &failure{status: http.StatusBadRequest, text: "the request's body could not be read to its end", err: err}
}

// tooSlow reports whether the body of the request that w answers was given up.
func tooSlow(w http.ResponseWriter) bool {
	for {
		if o, ok := w.(*observer); ok {
			return o.body != nil && o.body.slow.Load()
		}
		wrapped, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = wrapped.Unwrap()
	}
}
