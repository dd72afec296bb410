//go:build unix

package upstream

import "syscall"

// lookAt tries to read a byte without waiting. Where there is one the connection is of no use.
func (c *conn1) lookAt(fd uintptr) bool {
	var b [1]byte
	n, err := syscall.Read(int(fd), b[:])
	switch {
	case err == syscall.EAGAIN:
		c.found = foundNothing
	case n > 0:
		c.found = foundBytes
	}
	return true
}
