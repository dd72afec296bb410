//go:build !unix

package upstream

// lookAt knows nothing here.
func (c *conn1) lookAt(uintptr) bool {
	c.eager = false
	return true
}
