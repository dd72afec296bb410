package upstream

import (
	"bufio"
	"context"
	"io"
	"math"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/strangler-fig/toolkit/internal/slow"
)

// readSize is what a connection reads at once: most answers' heads and bodies whole. Larger
// bodies are read past it.
const readSize = 8 << 10

// conn1 is one connection. One call uses it at a time.
type conn1 struct {
	nc     net.Conn
	raw    syscall.RawConn // nil: it can't be looked at without reading
	peek   func(fd uintptr) bool
	asked  func(fd uintptr) bool
	abort  func() // closes the connection under those who use it
	found  look   // what peek found
	br     *bufio.Reader
	known  known1                  // of the heads that came
	spare  atomic.Pointer[answer1] // that the last one was made of; nil: it isn't given back, or not here
	pool   *pool1
	config *http1Config

	reused bool
	turn   bool          // it counts among those that may be in use
	waited bool          // it has been there for a while when the message is sent
	dry    bool          // what was read last was all that had come
	heard  bool          // something came since it is used
	coming atomic.Bool   // and that is more than informational answers
	keep   time.Duration // how long it is kept when it is not in use
	until  time.Time     // when it is no longer kept
	readBy time.Time     // the deadline; zero: none
	wrote  int64         // bytes of the present call
	limit  int64         // bytes that may still be read; bounds heads
	over   atomic.Bool   // it was given back or closed

	asking  asking // what the first Read sends before
	sendErr error  // how that failed

	ctx  context.Context // the present call's, whose end closes the connection
	slow slow.Entry      // has that watched once the call takes long
	stop func() bool     // ends watching it; nil: it isn't watched
}

// noLimit bounds no body.
const noLimit = math.MaxInt64

func newConn1(nc net.Conn, p *pool1, cfg *http1Config) *conn1 {
	c := &conn1{nc: nc, pool: p, config: cfg, keep: keepFor(nil, cfg.IdleTimeout)}
	c.abort = func() { nc.Close() }
	c.slow.Do = func() { c.stop = context.AfterFunc(c.ctx, c.abort) }
	c.br = bufio.NewReaderSize(c, readSize)
	if sc, ok := nc.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			c.raw = raw
			c.peek, c.asked = c.lookAt, c.step
		}
	}
	return c
}

// Read reads from the connection as far as the limit allows.
func (c *conn1) Read(p []byte) (int, error) {
	if c.limit <= 0 {
		return 0, errHeadTooLarge
	}
	p = p[:min(int64(len(p)), c.limit)]
	var n int
	var err error
	if c.asking.message != nil {
		n, err = c.ask(p)
	} else {
		n, err = c.nc.Read(p)
	}
	if n > 0 {
		c.heard = true
		c.coming.Store(true)
	}
	c.dry = n < len(p)
	if c.limit != noLimit {
		c.limit -= int64(n)
	}
	return n, err
}

// expectBy has reading and writing fail after a time, or up to a sixteenth later, so that the deadline of the
// call before may do as it is: to set one costs as much as to look at
// a connection. 0: they never do.
func (c *conn1) expectBy(d time.Duration) {
	if d <= 0 {
		if !c.readBy.IsZero() {
			c.readBy = time.Time{}
			_ = c.nc.SetDeadline(time.Time{})
		}
		return
	}
	now := time.Now()
	if left := c.readBy.Sub(now); left >= d && left <= d+d/16 {
		return
	}
	c.readBy = now.Add(d + d/16)
	_ = c.nc.SetDeadline(c.readBy)
}

// watch has the end of a call's context close the connection. To be told of it at once costs more
// than all else that is done for an answer of usual size, so that most calls are over before.
func (c *conn1) watch(ctx context.Context) {
	c.ctx = ctx
	c.pool.slow.Add(&c.slow)
}

// unwatch ends watching, and reports whether the connection was left alone.
func (c *conn1) unwatch() bool {
	c.pool.slow.Remove(&c.slow)
	stop := c.stop
	c.ctx, c.stop = nil, nil
	return stop == nil || stop()
}

// write writes to the connection and counts.
func (c *conn1) write(p []byte) error {
	n, err := c.nc.Write(p)
	c.wrote += int64(n)
	return err
}

// send sends a message, or has the first Read do that.
func (c *conn1) send(message []byte) error {
	if c.canAsk() {
		c.asking.message = message
		return nil
	}
	return c.write(message)
}

// good reports whether the connection may be used again: it isn't too old, and where it is to be
// looked at, it is quiet.
func (c *conn1) good(look bool) bool {
	now := time.Now()
	if !now.Before(c.until) || (look || !c.canAsk()) && !c.quiet() {
		return false
	}
	c.over.Store(false)
	c.wrote, c.heard, c.waited = 0, false, !c.dry || now.Sub(c.until.Add(-c.keep)) > moment
	c.coming.Store(false)
	return true
}

// moment is how long a connection that was seen to be quiet is believed to be, where the request may be
// repeated: a proxy with much to do takes it again before anybody could notice a change, and who watched it
// all the while would be told of one no sooner then. What comes in that moment is met as what comes while
// the request is on its way is.
const moment = time.Millisecond

// quiet reports whether there is nothing to be read, nor an end: the other end hasn't closed it, and
// nothing has come that nobody asked for, which would be taken for the next answer. Where the
// connection can't be looked at it is believed to be.
func (c *conn1) quiet() bool {
	if c.raw == nil {
		return true
	}
	if !c.readBy.IsZero() && !time.Now().Before(c.readBy) {
		c.expectBy(0) // or it couldn't be looked at
	}
	return c.look() == foundNothing
}

// look is what is found on a connection that is looked at.
type look uint8

const (
	foundEnd look = iota // or an error
	foundBytes
	foundNothing
)

func (c *conn1) look() look {
	if err := c.raw.Read(c.peek); err != nil {
		return foundEnd
	}
	return c.found
}

// ended reports whether the other end has closed the connection, as far as can be seen.
func (c *conn1) ended() bool { return c.raw == nil || c.look() == foundEnd }

// end gives the connection back, or closes it; once. Whoever is still reading or writing meets
// an error. Only the goroutine that reads may give it back.
func (c *conn1) end(reuse bool) {
	if c.over.Swap(true) {
		return
	}
	pool, turn := c.pool, c.turn // c is somebody else's as soon as it is put back
	if reuse && c.br.Buffered() == 0 {
		pool.put(c, c.config.MaxIdlePerHost)
	} else {
		c.nc.Close()
	}
	pool.free(turn)
}

// closeWrite says that nothing more is sent.
func (c *conn1) closeWrite() error {
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return io.ErrClosedPipe
}
