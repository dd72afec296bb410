//go:build unix

package upstream

import (
	"io"
	"net"
	"os"
	"syscall"
)

// asking is a message that goes out with the first Read of what comes back. The two in one save
// what each costs alone: a look at whether the connection is quiet, and a Read that finds nothing
// since the message has only just gone.
type asking struct {
	message []byte // unsent; nil: there is none
	into    []byte
	n       int
	err     error // of sending, or of reading
	sending bool  // err is
	waits   bool  // the message is out
}

// canAsk reports whether ask works.
func (c *conn1) canAsk() bool { return c.raw != nil }

// ask sends the message, unless something has come on a connection that has waited, and reads. The
// message is sent between the runtime's beginning to listen for what comes and the wait for that:
// so nothing is missed, though nobody tried to read before.
func (c *conn1) ask(p []byte) (int, error) {
	a := &c.asking
	a.into, a.n, a.err, a.sending, a.waits = p, 0, nil, false, false
	err := c.raw.Read(c.asked)
	rest, n, failed, sending := a.message, a.n, a.err, a.sending
	*a = asking{}
	switch {
	case err != nil:
		return 0, err
	case sending:
		c.sendErr = failed
		return 0, failed
	case failed != nil:
		return 0, failed
	case n > 0:
		return n, nil
	}
	c.sendErr = c.write(rest) // more than the kernel takes at once
	return c.nc.Read(p)       // whoever closed may have answered before
}

// step does what can be done without waiting, and reports whether that is all.
func (c *conn1) step(fd uintptr) bool {
	a := &c.asking
	if !a.waits {
		if c.waited {
			if c.lookAt(fd); c.found != foundNothing {
				a.err, a.sending = errNotQuiet, true
				return true
			}
		}
		n, err := retried(func() (int, error) { return syscall.Write(int(fd), a.message) })
		if n > 0 {
			c.wrote += int64(n)
			a.message = a.message[n:]
		}
		switch {
		case err == syscall.EAGAIN, err == nil && len(a.message) > 0:
			return true
		case err != nil:
			a.err, a.sending = c.failed("write", err), true
			return true
		}
		a.waits = true
		return false
	}
	n, err := retried(func() (int, error) { return syscall.Read(int(fd), a.into) })
	switch {
	case err == syscall.EAGAIN:
		return false
	case err != nil:
		a.err = c.failed("read", err)
	case n == 0:
		a.err = io.EOF
	default:
		a.n = n
	}
	return true
}

// retried does what a signal may interrupt.
func retried(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != syscall.EINTR {
			return n, err
		}
	}
}

// failed is an error as package net has it.
func (c *conn1) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.nc.LocalAddr(), Addr: c.nc.RemoteAddr(), Err: os.NewSyscallError(op, err)}
}
