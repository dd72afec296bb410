package strangler

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// plain answers what comes on a client's connection without net/http's server, as long as it is plain:
// a request that can be read in one way only, with a body, if any, that came with its head. net/http makes
// no difference between one that can be read at a glance and any other, and a fifth of what a proxy costs is
// that.
//
//   - plain_head.go        what is plain, and where a request that isn't ends
//   - plain_exchange.go    a plain request as its handler gets it
//   - plain_context.go     its context
//   - plain_answer.go      what its handler writes
//   - plain_answer_head.go the answer's head, and its trailers
//   - plain_departure.go   what is sent together
//   - plain_unix.go        how it is read
//
// The server reads from the connection as from any other, and what it asks for when it waits for a request
// is where this stands (frugalConn.Read): it reads itself, has the server's handler answer what is plain, and
// waits for the next one, so that net/http sees a client that says nothing. Of what isn't plain the bytes go to
// net/http, which answers all else as ever: up to the request's end where that is certain, and then this goes
// on; for good where it isn't, as with chunks, an upgrade, HTTP/2 or HTTP/1.0.
//
// It has the server's limits: the time for a head and between two requests. A head that is longer than an
// arrival is net/http's.
type plain struct {
	conn   *frugalConn
	server *Server
	ctx    context.Context // the connection's
	remote string

	// What follows is only touched by who serves the connection.
	held     *[arrivalSize]byte // what came and isn't served; nil: nothing is held
	from, to int                // where it lies in held
	left     int64              // of what came, and of what is to come, is net/http's; -1: all, for ever
	begun    time.Time          // when the head began that isn't whole; zero: there is none
	answered bool               // a request was
	given    bool               // net/http has got something
	posted   bool               // the one before was a POST, behind which some send a line too many
	ended    error              // what every further Read returns; nil: it goes on
	broke    error              // what is to be read behind what is held; nil: more
	exchange *plainExchange     // what look has found
	off      bool               // all that comes is net/http's

	idle atomic.Bool // it waits for a request, or for the rest of one that isn't the connection's first
}

// arrivalSize is how much is read at once, and how much of a request may be plain. It holds most of them.
const arrivalSize = 8 << 10

var arrivals = sync.Pool{New: func() any { return new([arrivalSize]byte) }}

// serve answers what is plain. It returns when something isn't, for net/http to be given it, or with an error
// when nothing more is to be read.
func (l *plain) serve() error {
	for l.ended == nil {
		switch l.look() {
		case headPlain:
			l.ended = l.answer()
		case headPart:
			l.ended = l.more()
		default:
			if l.begun.IsZero() { // for net/http the head has begun with the connection, or begins with what it gets
				l.conn.readBy(after(time.Now(), l.server.ReadHeaderTimeout))
			}
			return nil
		}
	}
	return l.ended
}

// gives reports whether what comes is net/http's, which is taken off the connection when that is so for good
// and all that is held was given.
func (l *plain) gives() bool {
	if l.left == 0 && l.conn.wasHijacked() { // by who asked net/http for it
		l.left = -1
	}
	return l.left != 0
}

// preface is where net/http looks for HTTP/2 on a new connection, in no more than so many bytes.
const preface = "PRI * HTTP/2.0"

// give is a Read of net/http's, of what is its own. Behind plain requests net/http still takes the connection for
// a new one: it gets nothing there until it gives up looking for HTTP/2 (see bufio.Reader on io.ErrNoProgress).
func (l *plain) give(p []byte) (n int, err error) {
	if l.answered && !l.given && len(p) <= len(preface) {
		return 0, nil
	}
	l.given = true
	if l.left > 0 && int64(len(p)) > l.left {
		p = p[:l.left]
	}
	if l.from < l.to {
		n = copy(p, l.held[l.from:l.to])
		l.from += n
		l.release()
	} else if n, err = 0, l.broke; err == nil {
		n, err = l.conn.read(p)
	}
	switch {
	case l.left > 0:
		l.left -= int64(n)
	case l.left < 0 && l.held == nil && l.broke == nil:
		l.off = true
		l.server.forget(l.conn)
	}
	return n, err
}

// more waits for more to come. A connection waits for a request as long as the server says, but for its first,
// whose time has begun, as has that of one whose beginning is there.
func (l *plain) more() error {
	if l.held != nil && l.from > 0 { // a head is to have all room there is
		l.to = copy(l.held[:], l.held[l.from:l.to])
		l.from = 0
	}
	s := l.server
	switch now := time.Now(); {
	case l.from < l.to && l.begun.IsZero():
		l.begun = now
		l.conn.readBy(after(now, s.ReadHeaderTimeout))
	case l.from < l.to:
	case l.answered:
		l.conn.readBy(after(now, s.IdleTimeout))
	}
	l.idle.Store(l.from == l.to || l.answered)
	defer l.idle.Store(false)
	if l.idle.Load() && s.draining.Load() {
		return io.EOF
	}
	if held := l.conn.takeAhead(); held != nil {
		l.room()
		l.to += copy(l.held[l.to:], held)
		return nil
	}
	_, err := l.conn.read(nil)
	if err != nil && l.from < l.to && !s.draining.Load() { // it is for net/http to tell somebody whose request breaks off
		l.left, l.broke = -1, err
		return nil
	}
	return err
}

// after returns when a http.Server's time-out ends that begins now: never, which is the zero time, where it has none.
func after(now time.Time, timeout time.Duration) time.Time {
	if timeout <= 0 {
		return time.Time{}
	}
	return now.Add(timeout)
}

// room has something to read into.
func (l *plain) room() []byte {
	if l.held == nil {
		l.held = arrivals.Get().(*[arrivalSize]byte)
		l.from, l.to = 0, 0
	}
	return l.held[l.to:]
}

// release lets go of what holds nothing any more.
func (l *plain) release() {
	if l.held != nil && l.from == l.to {
		arrivals.Put(l.held)
		l.held = nil
		l.from, l.to = 0, 0
	}
}

// answer has the handler answer the request that look has found. The error says why there is no next one. A
// panic is net/http's to tell: it ends the connection.
func (l *plain) answer() error {
	x := l.exchange
	l.exchange, l.begun = nil, time.Time{}
	l.answered, l.posted = true, x.in.Method == http.MethodPost
	l.conn.busy.Store(true)
	defer l.over(x)
	if l.server.draining.Load() { // it may be that nobody saw in time that this one is to be waited for
		return io.EOF
	}
	l.conn.await()
	l.server.Handler.ServeHTTP(&x.answer, x.request())
	if x.answer.taken || x.answer.finish() != nil || x.answer.closing || l.server.ends() {
		return io.EOF // whatever it was, net/http is to say nothing
	}
	return nil
}

// over ends an exchange, however its handler has.
func (l *plain) over(x *plainExchange) {
	l.conn.unwatch()
	x.answer.breakOff()
	x.end()
	l.conn.busy.Store(false)
	l.release()
}

// drain ends the waiting for a request.
func (c *frugalConn) drain() {
	if c.plain.idle.Load() {
		_ = c.SetReadDeadline(time.Unix(1, 0)) // a closed one has ended
	}
}
