//go:build !unix

package upstream

// asking is nothing here.
type asking struct{ message []byte }

func (c *conn1) canAsk() bool { return false }

func (c *conn1) ask([]byte) (int, error) { panic("unreachable: canAsk says no") }

func (c *conn1) step(uintptr) bool { return true }
