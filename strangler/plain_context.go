package strangler

import (
	"context"
	"sync"
)

// plainContext is a request's context: it ends with the connection, and when the handler returns. Hardly
// anybody waits for that, so that what one can wait for is only made when somebody asks for it.
type plainContext struct {
	context.Context // the connection's

	mu     sync.Mutex
	waited context.Context // nil: nobody has asked for it
	cancel context.CancelFunc
	over   bool
}

// Done implements context.Context.
func (c *plainContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waited == nil {
		c.waited, c.cancel = context.WithCancel(c.Context)
		if c.over {
			c.cancel()
		}
	}
	return c.waited.Done()
}

// Err implements context.Context.
func (c *plainContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.waited != nil:
		return c.waited.Err()
	case c.over:
		return context.Canceled
	}
	return c.Context.Err()
}

// Value implements context.Context. Package context finds by it, once it has asked for Done, what it needs not
// to start a goroutine for every context of this one's.
func (c *plainContext) Value(key any) any {
	c.mu.Lock()
	of := c.waited
	c.mu.Unlock()
	if of == nil {
		of = c.Context
	}
	return of.Value(key)
}

// end is the handler's return.
func (c *plainContext) end() {
	c.mu.Lock()
	c.over = true
	cancel := c.cancel
	c.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}
