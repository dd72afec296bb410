package upstream

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/internal/slow"
)

// pools1 are the kept connections by address. The zero value is ready for use.
type pools1 struct {
	byAddr sync.Map // string → *pool1
}

// pool1 keeps the connections to one address that are not in use. The one that was used last is
// the next to be used, so that those too many grow old.
type pool1 struct {
	addr  string
	turns chan struct{} // one for each connection that may be in use; nil: no limit
	slow  slow.List     // the calls under way

	mu     sync.Mutex
	kept   []*conn1 // the last used is the last
	reaper *time.Timer
	due    time.Time // when the reaper comes; zero: it doesn't
	closed bool      // nothing is kept any more
}

func (p *pools1) of(addr string) *pool1 {
	if known, ok := p.byAddr.Load(addr); ok {
		return known.(*pool1)
	}
	known, _ := p.byAddr.LoadOrStore(addr, &pool1{addr: addr})
	return known.(*pool1)
}

func (p *pools1) close() {
	p.byAddr.Range(func(_, pool any) bool { pool.(*pool1).empty(); return true })
}

func (p *pools1) drop(addr string) {
	if pool, ok := p.byAddr.LoadAndDelete(addr); ok {
		pool := pool.(*pool1)
		pool.mu.Lock()
		pool.closed = true
		pool.mu.Unlock()
		pool.empty()
	}
}

// want is what a connection has to be like.
type want uint8

const (
	wantAny   want = iota // new, or a kept one: whether that is quiet is seen when the message is sent
	wantQuiet             // new, or a kept one that is quiet now
	wantNew
)

// get returns a kept connection that still is good, or a new one. Where limit, above 0, are in use
// it waits for one to come free: no longer than for a new one.
func (p *pool1) get(ctx context.Context, t *http1, w want, limit int) (*conn1, error) {
	turn := limit > 0
	if turn {
		if err := p.wait(ctx, limit, t.config.Wait); err != nil {
			return nil, err
		}
	}
	for c := p.take(); c != nil; c = p.take() {
		if w != wantNew && c.good(w == wantQuiet) {
			c.reused, c.turn = true, turn
			return c, nil
		}
		c.nc.Close()
		if w == wantNew { // its place is taken
			break
		}
	}
	if err := ctx.Err(); err != nil {
		p.free(turn)
		return nil, context.Cause(ctx)
	}
	nc, err := t.config.Dial(ctx, "tcp", p.addr)
	if err != nil {
		p.free(turn)
		return nil, err
	}
	c := newConn1(nc, p, &t.config)
	c.turn = turn
	return c, nil
}

// wait waits for a turn.
func (p *pool1) wait(ctx context.Context, limit int, most time.Duration) error {
	p.mu.Lock()
	if p.turns == nil {
		p.turns = make(chan struct{}, limit)
	}
	turns := p.turns
	p.mu.Unlock()
	select {
	case turns <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case turns <- struct{}{}:
		return nil
	case <-timer.C:
		return noConnection(limit)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// noConnection is the error of a request that got none of the connections that there may be. That
// is nobody's failure.
func noConnection(limit int) *Error {
	return &Error{
		Kind: KindFull, Told: "has no connection to spare", RetryAfter: time.Second,
		Err: fmt.Errorf("all %d connections are in use", limit),
	}
}

// free ends a turn, if there is one.
func (p *pool1) free(turn bool) {
	if turn {
		<-p.turns
	}
}

// take returns the connection that was used last, or nil.
func (p *pool1) take() *conn1 {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.kept)
	if n == 0 {
		return nil
	}
	c := p.kept[n-1]
	p.kept[n-1] = nil
	p.kept = p.kept[:n-1]
	return c
}

// put keeps a connection for later, or closes it where there are enough.
func (p *pool1) put(c *conn1, most int) {
	now := time.Now()
	c.until = now.Add(c.keep)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.kept) >= most {
		c.nc.Close()
		return
	}
	p.kept = append(p.kept, c)
	if p.due.IsZero() || c.until.Before(p.due) {
		p.due = c.until
		if p.reaper == nil {
			p.reaper = time.AfterFunc(c.keep, p.reap)
		} else {
			p.reaper.Reset(c.keep)
		}
	}
}

// reap closes what was kept long enough, and comes back when the next one will have been.
func (p *pool1) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	next := time.Time{}
	left := p.kept[:0]
	for _, c := range p.kept {
		if !now.Before(c.until) {
			c.nc.Close()
			continue
		}
		left = append(left, c)
		if next.IsZero() || c.until.Before(next) {
			next = c.until
		}
	}
	clear(p.kept[len(left):])
	p.kept = left
	if p.due = next; !next.IsZero() {
		// A few at a time: not a timer for each connection.
		wait := max(next.Sub(now), 100*time.Millisecond)
		p.due = now.Add(wait)
		p.reaper.Reset(wait)
	}
}

func (p *pool1) empty() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.kept {
		c.nc.Close()
	}
	clear(p.kept)
	p.kept = p.kept[:0]
	if p.reaper != nil {
		p.reaper.Stop()
		p.due = time.Time{}
	}
}

func (p *pool1) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.kept)
}

// How long an unused connection is kept. Servers close theirs after 5 s (Apache, Node.js) and
// more; a request that is sent just then is lost, so ours go first. A server that says when
// (Keep-Alive: timeout=15) is believed, but for a quarter, which covers what the two clocks and
// the network differ by.
const (
	keepDefault = 3 * time.Second
	keepMost    = 90 * time.Second
)

// keepFor returns how long a connection is kept on which a server said that of keeping.
func keepFor(said []string, configured time.Duration) time.Duration {
	most := configured
	if most == 0 {
		most = keepMost
	}
	for _, line := range said {
		for param := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
			if !strings.EqualFold(name, "timeout") {
				continue
			}
			if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 16); err == nil {
				return min(time.Duration(seconds)*time.Second*3/4, most)
			}
		}
	}
	if configured != 0 {
		return configured
	}
	return keepDefault
}
