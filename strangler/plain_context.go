package strangler

import (
	"context"
	"sync"
	"sync/atomic"
)

// plainContext is a request's context: it ends with the connection, and when the handler returns. Hardly
// anybody waits for that, so that what one can wait for is only made when somebody asks for it.
type plainContext struct {
	context.Context // the connection's

	over   atomic.Bool
	waited atomic.Pointer[waited] // nil: nobody has asked for it
	mu     sync.Mutex             // held while it is made
}

// waited is what one can wait for.
type waited struct {
	context.Context
	cancel context.CancelFunc
}

// Done implements context.Context.
func (c *plainContext) Done() <-chan struct{} {
	if w := c.waited.Load(); w != nil {
		return w.Done()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.waited.Load()
	if w == nil {
		w = new(waited)
		w.Context, w.cancel = context.WithCancel(c.Context)
		c.waited.Store(w)
		if c.over.Load() { // by who may not have seen it
			w.cancel()
		}
	}
	return w.Done()
}

// Err implements context.Context.
func (c *plainContext) Err() error {
	if w := c.waited.Load(); w != nil {
		return w.Err()
	}
	if c.over.Load() {
		return context.Canceled
	}
	return c.Context.Err()
}

// Value implements context.Context. Package context finds by it, once it has asked for Done, what it needs not
// to start a goroutine for every context of this one's.
func (c *plainContext) Value(key any) any {
	if w := c.waited.Load(); w != nil {
		return w.Value(key)
	}
	return c.Context.Value(key)
}

// end is the handler's return.
func (c *plainContext) end() {
	c.over.Store(true)
	if w := c.waited.Load(); w != nil {
		w.cancel()
	}
}
