//go:build unix

package strangler

import (
	"io"
	"net"
	"os"
	"syscall"
)

// arrival reads what comes into a plain's buffer. It has one only while something is there, so that connections
// that wait don't.
type arrival struct {
	raw  syscall.RawConn
	look func(fd uintptr) bool
	n    int
	err  error
}

// prepare reports whether arrivals can be read.
func (l *plain) prepare(a *arrival) bool {
	raw, err := l.conn.TCPConn.SyscallConn()
	if err != nil {
		return false
	}
	a.raw = raw
	a.look = func(fd uintptr) bool {
		for {
			a.n, a.err = syscall.Read(int(fd), l.room())
			if a.err != syscall.EINTR {
				break
			}
		}
		if a.err == syscall.EAGAIN {
			l.release()
			return false
		}
		return true
	}
	return true
}

// receive waits for what comes and reads it.
func (l *plain) receive(a *arrival) (int, error) {
	if err := a.raw.Read(a.look); err != nil {
		return 0, err
	}
	switch {
	case a.err != nil:
		l.release()
		c := l.conn.TCPConn
		return 0, &net.OpError{Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("read", a.err)}
	case a.n == 0:
		l.release()
		return 0, io.EOF
	}
	l.to += a.n
	return a.n, nil
}
