package strangler

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/internal/slow"
)

// Frugal is a listener for the servers of [NewServer] without TLS, whose connections do at a
// fraction of the cost what such a server asks of each of them for each request:
//
//   - It sets the deadline for reading six times. Here a deadline is kept for the Read that it is
//     for, and an earlier one that is set already does as well: a Read that it ends begins again.
//   - While a request is answered it tries to read a byte, so as to know of a client that has gone,
//     on a goroutine that it has to stop again. Here nobody waits for that byte but when the answer
//     takes longer than a moment; and that a client has gone is known as much later.
//
// What is no TCP connection, and one that was hijacked, is as it was.
type Frugal struct{ net.Listener }

// Accept implements net.Listener.
func (l Frugal) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &frugalConn{TCPConn: tcp}, err
	}
	return conn, err
}

// meet has a frugal connection watch its client, of whose leaving the server learns by the end of the
// connection's context, and answer plain requests, unless somebody else has read what comes first.
func (s *Server) meet(ctx context.Context, conn net.Conn) context.Context {
	proxied, isProxied := conn.(*proxiedConn)
	if isProxied {
		conn = proxied.Raw()
	}
	c, ok := conn.(*frugalConn)
	if !ok {
		return ctx
	}
	c.requests = &s.requests
	c.request.Do = c.watch
	ctx, c.gone = context.WithCancel(ctx)
	if !isProxied {
		c.begin(s, ctx)
	}
	return ctx
}

// frugalConn is a client's connection.
type frugalConn struct {
	*net.TCPConn

	requests *slow.List         // the server's; nil: it watches by itself
	request  slow.Entry         // the one that is answered. Neither is touched with mu held
	gone     context.CancelFunc // ends its context
	plain    *plain             // nil: all is net/http's
	arrival  arrival
	busy     atomic.Bool // plain answers a request
	taken    atomic.Bool // by a plain request's handler: it isn't net/http's any more

	// What follows is only touched by who reads, or takes the connection over, one at a time.
	awaited bool          // request is in requests, or the client is watched
	watched chan struct{} // closed when nobody watches any more; nil: nobody does
	ahead   []byte        // what was read by who watched

	mu       sync.Mutex
	deadline time.Time // for reading
	set      time.Time // the one that the connection has
	reading  bool      // a Read waits for the connection
	unbound  bool      // the deadline was just taken off: a Read of one byte watches
	hijacked bool
	writes   bool // there is a deadline for writing
}

// Read implements net.Conn.
func (c *frugalConn) Read(p []byte) (int, error) {
	if c.watches(len(p)) {
		c.await()
		return 0, nil // which net/http takes for nothing, not even an end
	}
	c.unwatch()
	l := c.plain
	if l == nil || l.off {
		return c.read(p)
	}
	if !l.gives() {
		if len(p) == 1 { // net/http looks for a client whose answer has ended meanwhile: it never waits for a request so
			return 0, nil
		}
		if err := l.serve(); err != nil {
			return 0, err
		}
	}
	return l.give(p)
}

// read reads by the deadline that there is; with nil into what plain holds.
func (c *frugalConn) read(p []byte) (int, error) {
	if len(c.ahead) > 0 && len(p) > 0 {
		n := copy(p, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	}
	c.mu.Lock()
	for again := false; ; again = true {
		if c.hijacked {
			c.mu.Unlock()
			return c.TCPConn.Read(p)
		}
		// A deadline that has passed ends the first Read at once, as the connection has it or an earlier one.
		if again && !c.deadline.IsZero() && !time.Now().Before(c.deadline) {
			c.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		}
		if again || !c.deadline.IsZero() && (c.set.IsZero() || c.deadline.Before(c.set)) {
			if err := c.bound(c.deadline); err != nil {
				c.mu.Unlock()
				return 0, err
			}
		}
		c.reading = true
		c.mu.Unlock()
		var n int
		var err error
		if p == nil {
			n, err = c.plain.receive(&c.arrival)
		} else {
			n, err = c.TCPConn.Read(p)
		}
		c.mu.Lock()
		c.reading = false
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			c.mu.Unlock()
			return n, err
		}
	}
}

// watches reports whether a Read of so many bytes is there to learn whether the client has gone. It
// comes once a request, before any other Read.
func (c *frugalConn) watches(size int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	watches := c.unbound && size == 1 && c.deadline.IsZero() && c.requests != nil && !c.hijacked
	c.unbound = false
	return watches
}

// await has watching begin if the request takes long. While those are answered that came together it
// may have begun already.
func (c *frugalConn) await() {
	if !c.awaited && len(c.ahead) == 0 {
		c.awaited = true
		c.requests.Add(&c.request)
	}
}

// watch begins to watch the client of a request that takes long.
func (c *frugalConn) watch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bound(time.Time{}) != nil {
		c.gone() // it is closed
		return
	}
	watched := make(chan struct{})
	c.watched = watched
	go func() {
		defer close(watched)
		var b [1]byte
		n, err := c.TCPConn.Read(b[:])
		c.ahead = b[:n]
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			c.gone()
		}
	}()
}

// unwatch ends watching.
func (c *frugalConn) unwatch() {
	if !c.awaited {
		return
	}
	c.awaited = false
	c.requests.Remove(&c.request)
	if c.watched == nil {
		return
	}
	c.mu.Lock()
	_ = c.bound(time.Unix(1, 0)) // a closed connection's reader has ended
	c.mu.Unlock()
	<-c.watched
	c.watched = nil
}

// bound gives the connection its deadline. c.mu is held.
func (c *frugalConn) bound(t time.Time) error {
	c.set = t
	return c.TCPConn.SetReadDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *frugalConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline, c.unbound = t, t.IsZero()
	if c.reading || c.hijacked {
		return c.bound(t)
	}
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *frugalConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.IsZero() && !c.writes {
		return nil
	}
	c.writes = !t.IsZero()
	return c.TCPConn.SetWriteDeadline(t)
}

// SetDeadline implements net.Conn. It is what net/http does when it hands a connection over.
func (c *frugalConn) SetDeadline(t time.Time) error {
	c.unwatch()
	if c.plain != nil {
		c.plain.server.forget(c)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hijacked, c.deadline = true, t
	return c.TCPConn.SetDeadline(t)
}

// WriteTo implements io.WriterTo. It is for those who have taken the connection.
func (c *frugalConn) WriteTo(w io.Writer) (int64, error) {
	c.unwatch()
	n, err := w.Write(c.rest())
	if err != nil {
		return int64(n), err
	}
	rest, err := c.TCPConn.WriteTo(w)
	return int64(n) + rest, err
}

// rest returns what was read ahead of who takes the connection.
func (c *frugalConn) rest() []byte {
	ahead := c.takeAhead()
	if l := c.plain; l != nil && l.from < l.to {
		ahead = slices.Concat(l.held[l.from:l.to], ahead)
		l.from = l.to
		if !c.taken.Load() { // a body may be held too
			l.release()
		}
	}
	return ahead
}

// Close implements net.Conn. A server that shuts down, or has no keep-alives any more, closes connections that
// it takes for idle: one that answers a plain request ends with the answer. One that was taken it doesn't know.
func (c *frugalConn) Close() error {
	l := c.plain
	if l != nil && c.busy.Load() && (c.taken.Load() || l.server.waits()) {
		return nil
	}
	if c.requests != nil {
		c.requests.Remove(&c.request)
		c.gone()
	}
	if l != nil {
		l.server.forget(c)
	}
	if c.taken.Load() {
		return nil
	}
	return c.TCPConn.Close()
}

// begin has plain requests answered, where the server has nothing that only net/http does.
func (c *frugalConn) begin(s *Server, ctx context.Context) {
	if s.Handler == nil || s.ReadTimeout != 0 || s.WriteTimeout != 0 || s.ConnState != nil || s.Protocols != nil && !s.Protocols.HTTP1() {
		return
	}
	l := &plain{
		conn: c, server: s, remote: c.RemoteAddr().String(),
		ctx: context.WithValue(ctx, http.LocalAddrContextKey, c.LocalAddr()),
	}
	if l.prepare(&c.arrival) {
		c.plain = l
		s.remember(c)
	}
}

// readBy gives the Reads to come a deadline.
func (c *frugalConn) readBy(t time.Time) {
	c.mu.Lock()
	c.deadline = t
	c.mu.Unlock()
}

func (c *frugalConn) wasHijacked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hijacked
}

// writeBounded reports whether there is a deadline for writing.
func (c *frugalConn) writeBounded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

// takeAhead returns what was read by who watched; nil: nothing.
func (c *frugalConn) takeAhead() []byte {
	ahead := c.ahead
	c.ahead = nil
	return ahead
}

// handOver gives the connection to a plain request's handler, with what was read ahead of it.
func (c *frugalConn) handOver() (net.Conn, error) {
	c.unwatch()
	c.taken.Store(true)
	c.plain.server.forget(c)
	if err := c.TCPConn.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return &frugalConn{TCPConn: c.TCPConn, ahead: c.rest(), hijacked: true}, nil
}
