package shadow

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// worker does one job after another.
type worker struct {
	s     *Shadow
	wake  chan struct{} // has something for an idle worker whose job is there, or won't come
	lease *lease        // nil: a new one for the next copy

	job   *exchange // guarded by Shadow.mu; only the worker itself ends it. Nil: none
	sends bool      // the job is to send, else to compare
}

func (w *worker) work() {
	for {
		x, send := w.s.next(w)
		switch {
		case x == nil:
			if w.lease != nil {
				w.lease.timer.Stop()
			}
			return
		case send:
			w.s.send(w, x)
		default:
			w.s.judge(x)
		}
	}
}

// lease is the time that copies have, and the context that ends with it. Making both for each
// copy would be a third of what the copy costs, so that a worker uses them again, but only after
// an answer that was read to its end: then there is nothing left that the context should have
// ended. A transport that does leave something behind has it for maxLease copies.
type lease struct {
	context.Context
	cancel context.CancelCauseFunc
	copies int

	// The timer isn't set and stopped for each copy either. When it fires it looks whether the time has
	// come of the copy that is under way then, and if there is one waits for that.
	mu    sync.Mutex
	timer *time.Timer
	fires bool      // it will
	until time.Time // the present copy's; zero: there is none
}

const maxLease = 100

func (s *Shadow) newLease() *lease {
	l := &lease{fires: true}
	l.Context, l.cancel = context.WithCancelCause(s.life)
	l.mu.Lock() // the timer may be there first
	defer l.mu.Unlock()
	l.timer = time.AfterFunc(s.config.Timeout, l.expire)
	return l
}

// begin starts a copy's time.
func (l *lease) begin(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = until
	if !l.fires {
		l.fires = true
		l.timer.Reset(time.Until(until))
	}
}

// end ends a copy's time, and reports whether it was in time.
func (l *lease) end() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = time.Time{}
	l.copies++
	return l.Err() == nil
}

func (l *lease) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch left := time.Until(l.until); {
	case l.until.IsZero():
		l.fires = false
	case left > 0:
		l.timer.Reset(left)
	default:
		l.cancel(context.DeadlineExceeded)
	}
}

// begin starts a copy's time.
func (w *worker) begin(c *copyContext) *lease {
	c.until = time.Now().Add(w.s.config.Timeout)
	l := w.lease
	if l == nil {
		l = w.s.newLease()
	}
	l.begin(c.until)
	c.Context, w.lease = l.Context, nil
	return l
}

// end ends a copy's time. Whole says that its answer was read to its end, and clean that this was in
// time. It returns the error that the copy had, which is that of the time-out if this is what ended it.
func (w *worker) end(l *lease, whole bool, err error) (clean bool, _ error) {
	inTime := l.end()
	if clean = inTime && whole; clean && l.copies < maxLease {
		w.lease = l
		return true, err
	}
	l.timer.Stop()
	late := context.Cause(l.Context) == context.DeadlineExceeded
	l.cancel(nil)
	if err != nil && late && failureOf(err) == FailBroken { // a transport may only see that it is to end
		return false, fmt.Errorf("no whole answer in %s: %w (%v)", w.s.config.Timeout, context.DeadlineExceeded, err)
	}
	return clean, err
}

// copyContext is a copy's context: it ends with the lease, and has the values of the client's.
type copyContext struct {
	context.Context // the lease's when the copy is sent
	values          context.Context
	tap             *tap // for the copy's answer; nil: none
	until           time.Time
}

// Deadline implements context.Context.
func (c *copyContext) Deadline() (time.Time, bool) { return c.until, !c.until.IsZero() }

// Err implements context.Context.
func (c *copyContext) Err() error {
	err := c.Context.Err()
	if err != nil && context.Cause(c.Context) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return err
}

// Value implements context.Context. The lease's comes first, since by it package context finds
// out that it needs no goroutine to wait for it; it has no other values.
func (c *copyContext) Value(key any) any {
	if c.tap != nil && key == (tapKey{}) {
		return c.tap
	}
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.values.Value(key)
}
