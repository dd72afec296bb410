//go:build unix

package upstream

import "syscall"

// arrived reports whether there is something to be read, while somebody else may be reading.
func (c *conn1) arrived() (some bool) {
	if c.raw == nil {
		return false
	}
	_ = c.raw.Control(func(fd uintptr) { // a closed one has nothing
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		some = err == nil && n > 0
	})
	return some
}

// lookAt tries to read a byte without waiting. Where there is one the connection is of no use.
func (c *conn1) lookAt(fd uintptr) bool {
	var b [1]byte
	n, err := syscall.Read(int(fd), b[:])
	c.found = foundEnd
	switch {
	case err == syscall.EAGAIN:
		c.found = foundNothing
	case n > 0:
		c.found = foundBytes
	}
	return true
}
