package identity

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// waitingFor is how many lookups may wait for each that may be on its way. Who finds the line that long
// would not be served within the time-out.
const waitingFor = 16

// room bounds the lookups that are on their way, and those that wait to be.
type room struct {
	taken   chan struct{} // one value for each on its way
	waiting *atomic.Int64
}

func newRoom(atATime int) room { return room{make(chan struct{}, atATime), new(atomic.Int64)} }

// Why a lookup wasn't sent.
var (
	errFull      = errors.New("too many lookups are on their way")
	errAbandoned = errors.New("nobody waits for it any more")
)

// enter waits for room for a lookup; leave is to be called when it is over. Errors are errFull and
// errAbandoned.
func (b *Bridge) enter(ctx context.Context, q question) (leave func(), err error) {
	leave = func() { <-b.room.taken }
	select {
	case b.room.taken <- struct{}{}:
	default:
		if err := b.room.wait(ctx, q.left); err != nil {
			return nil, err
		}
	}
	if q.begin != nil && !q.begin() {
		leave()
		return nil, errAbandoned
	}
	return leave, nil
}

func (r room) wait(ctx context.Context, left <-chan struct{}) error {
	defer r.waiting.Add(-1)
	if most := waitingFor * int64(cap(r.taken)); r.waiting.Add(1) > most {
		return fmt.Errorf("%w: %d, and %d wait", errFull, cap(r.taken), most)
	}
	select {
	case r.taken <- struct{}{}:
		return nil
	case <-left:
		return errAbandoned
	case <-ctx.Done():
		return fmt.Errorf("%w: %d: %w", errFull, cap(r.taken), ctx.Err())
	}
}

// unsent counts a lookup that said nothing.
func (c *counters) unsent(err error) {
	switch {
	case errors.Is(err, errAbandoned):
		c.abandoned.Add(1)
		return
	case errors.Is(err, errFull):
		c.full.Add(1)
	}
	c.failures.Add(1)
}
