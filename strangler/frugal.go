package strangler

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// Frugal is a listener for servers of net/http without TLS, whose connections do at a fraction of
// the cost what such a server asks of each of them for each request:
//
//   - It sets the deadline for reading six times. Here a deadline is kept for the Read that it is
//     for, and an earlier one that is set already does as well: a Read that it ends begins again.
//   - While a request is answered it tries to read a byte, so as to know of a client that has gone.
//     Here that begins a moment later, when most requests are answered; and that a client has gone
//     is known as much later.
//
// What is no TCP connection, and one that was hijacked, is as it was.
type Frugal struct{ net.Listener }

// watchAfter is when the client of a request that isn't answered yet is watched.
const watchAfter = 5 * time.Millisecond

// Accept implements net.Listener.
func (l Frugal) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &frugalConn{TCPConn: tcp}, err
	}
	return conn, err
}

// frugalConn is a client's connection.
type frugalConn struct {
	*net.TCPConn

	mu       sync.Mutex
	deadline time.Time // for reading
	set      time.Time // the one that the connection has
	reading  bool      // a Read waits for the connection
	unbound  bool      // the deadline was just taken off: a Read of one byte watches
	hijacked bool
	writes   bool // there is a deadline for writing

	delay    *time.Timer // runs until watching begins
	delaying bool
	begin    chan struct{} // gets one when delaying ends
}

// Read implements net.Conn.
func (c *frugalConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	if c.unbound && len(p) == 1 && c.deadline.IsZero() {
		c.awaitWatch()
	}
	c.unbound = false
	for again := false; ; again = true {
		if c.hijacked {
			c.mu.Unlock()
			return c.TCPConn.Read(p)
		}
		if !c.deadline.IsZero() && !time.Now().Before(c.deadline) {
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
		n, err := c.TCPConn.Read(p)
		c.mu.Lock()
		c.reading = false
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			c.mu.Unlock()
			return n, err
		}
	}
}

// awaitWatch waits until watching begins, or a deadline has come.
func (c *frugalConn) awaitWatch() {
	c.delaying = true
	if c.delay == nil {
		c.begin = make(chan struct{}, 1)
		c.delay = time.AfterFunc(watchAfter, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.watch()
		})
	} else {
		c.delay.Reset(watchAfter)
	}
	c.mu.Unlock()
	<-c.begin
	c.mu.Lock()
}

// watch ends the delay. c.mu is held.
func (c *frugalConn) watch() {
	if c.delaying {
		c.delaying = false
		c.delay.Stop()
		c.begin <- struct{}{}
	}
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
	if !t.IsZero() {
		c.watch() // or find that its time is up
	}
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
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hijacked, c.deadline = true, t
	c.watch()
	return c.TCPConn.SetDeadline(t)
}

// Close implements net.Conn.
func (c *frugalConn) Close() error {
	c.mu.Lock()
	c.watch()
	c.mu.Unlock()
	return c.TCPConn.Close()
}
