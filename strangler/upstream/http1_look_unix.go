//go:build unix

package upstream

import "syscall"

// lookAt tries to read a byte without waiting. That there is none is what is hoped for.
func (c *conn1) lookAt(fd uintptr) bool {
	var b [1]byte
	_, err := syscall.Read(int(fd), b[:])
	c.eager = err != syscall.EAGAIN
	return true
}
