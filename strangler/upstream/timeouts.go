package upstream

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// timeouts is the layer of Timeouts.
type timeouts struct {
	cfg    Timeouts
	next   http.RoundTripper
	counts *timeoutCounts
}

// timedCall is one call's clock: one timer, which fires when the first of its deadlines has come,
// and one context, whose end ends whatever the call is at.
type timedCall struct {
	*timeouts
	cancel context.CancelCauseFunc

	mu        sync.Mutex // of what follows
	timer     *time.Timer
	over      bool
	answering bool        // the head has come
	requestBy time.Time   // for the whole call; zero: no bound, as for the next
	byteBy    time.Time   // for the head; then of the next look at the body
	body      readingBody // nil: nobody looks at it
	reads     uint64      // as the last look found them
	quiet     int         // looks that found the same Read waiting
	err       *Error      // says which of them ran out
}

// idleLooks is how often within Timeouts.Idle the body is looked at: it is cut off after that
// time and up to a quarter more, and no Read has to note when it was.
const idleLooks = 4

// RoundTrip implements http.RoundTripper.
func (t *timeouts) RoundTrip(r *http.Request) (*http.Response, error) {
	c := &timedCall{timeouts: t}
	client := r.Context()
	ctx, cancel := context.WithCancelCause(client)
	c.cancel = cancel
	if t.cfg.FirstByte > 0 {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GetConn: func(string) { c.pause() }, // to connect has a bound of its own
			GotConn: func(httptrace.GotConnInfo) { c.resume() },
		})
	}
	r = r.WithContext(ctx)
	if t.cfg.FirstByte > 0 && r.Body != nil && r.Body != http.NoBody {
		body, ok := r.Body.(*sending)
		if !ok {
			body = newSending(r.Body)
			r.Body = body // r is our copy
		}
		body.first.wait = c
	}
	c.begin()
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		if told := c.stop(); told != nil && client.Err() == nil {
			return nil, told
		}
		return nil, err
	}
	if told := c.head(resp); told != nil {
		resp.Body.Close()
		return nil, told
	}
	return resp, nil
}

// begin starts the clock.
func (c *timedCall) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.cfg.Request > 0 {
		c.requestBy = now.Add(c.cfg.Request)
	}
	if c.cfg.FirstByte > 0 {
		c.byteBy = now.Add(c.cfg.FirstByte)
	}
	c.set(now)
}

// set has the timer fire at the next deadline.
func (c *timedCall) set(now time.Time) {
	next := c.requestBy
	if next.IsZero() || !c.byteBy.IsZero() && c.byteBy.Before(next) {
		next = c.byteBy
	}
	switch {
	case next.IsZero():
		if c.timer != nil {
			c.timer.Stop()
		}
	case c.timer == nil:
		c.timer = time.AfterFunc(next.Sub(now), c.expire)
	default:
		c.timer.Reset(next.Sub(now))
	}
}

// pause implements waiter: while the client lets us wait for more of its request, or there is no
// connection yet, the upstream doesn't. The timer may fire for nothing.
func (c *timedCall) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.answering {
		c.byteBy = time.Time{}
	}
}

// resume implements waiter: it is the upstream's turn, to take what was read or to answer.
func (c *timedCall) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answering || c.over {
		return
	}
	now := time.Now()
	c.byteBy = now.Add(c.cfg.FirstByte)
	c.set(now)
}

// head notes that the answer's head has come, unless that was too late. Of an upgraded
// connection nothing more is bounded: the two ends know when they are done.
func (c *timedCall) head(resp *http.Response) *Error {
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return c.err
	}
	c.answering = true
	c.byteBy = time.Time{}
	var now time.Time // not needed where the timer only stops
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		c.requestBy = time.Time{}
	case c.cfg.Idle > 0 && resp.Body != http.NoBody:
		c.body = readsOf(resp)
		now = time.Now()
		c.byteBy = now.Add(c.cfg.Idle / idleLooks)
	case c.cfg.Request > 0:
		now = time.Now()
	}
	c.set(now)
	c.mu.Unlock()
	onEnd(resp, c)
	return nil
}

// end implements ender.
func (c *timedCall) end(error) { c.stop() }

// stop stops the clock, and returns what ran out; nil: nothing did.
func (c *timedCall) stop() *Error {
	c.mu.Lock()
	c.over = true
	if c.timer != nil {
		c.timer.Stop()
	}
	err := c.err
	c.mu.Unlock()
	c.cancel(nil)
	return err
}

// expire ends the call if one of its deadlines has come.
func (c *timedCall) expire() {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return
	}
	now := time.Now()
	switch {
	case !c.requestBy.IsZero() && !now.Before(c.requestBy):
		c.ranOut(&c.counts.request, "did not answer to the end within", c.cfg.Request)
	case c.byteBy.IsZero() || now.Before(c.byteBy):
	case !c.answering:
		c.ranOut(&c.counts.firstByte, "did not begin to answer within", c.cfg.FirstByte)
	case c.isQuiet():
		c.ranOut(&c.counts.idle, "sent nothing of its answer for", c.cfg.Idle)
	default:
		c.byteBy = now.Add(c.cfg.Idle / idleLooks)
	}
	if c.err == nil {
		c.set(now)
	}
	err := c.err
	c.mu.Unlock()
	if err != nil {
		c.cancel(err)
	}
}

func (c *timedCall) ranOut(count *atomic.Int64, told string, after time.Duration) {
	count.Add(1)
	c.over = true
	told = fmt.Sprintf("%s %s", told, after)
	c.err = &Error{Kind: KindTimeout, Told: told}
}

// isQuiet looks at the body: has the same Read been waiting for long enough? Where nobody reads,
// it is the client that lets us wait.
func (c *timedCall) isQuiet() bool {
	reads := c.body.reads()
	if reads%2 == 0 || reads != c.reads {
		c.reads, c.quiet = reads, 0
		return false
	}
	c.quiet++
	return c.quiet >= idleLooks
}
