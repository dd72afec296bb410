package upstream

import (
	"cmp"
	"container/list"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// bulkhead is the layer of Bulkhead.
type bulkhead struct {
	*room
	next http.RoundTripper
}

// room is what a bulkhead has; several may share one. It is a semaphore whose limit may change,
// and a queue before it. A call is in it until its answer's end, since that is how long it takes the upstream's capacity
// and ours.
type room struct {
	cfg  Bulkhead
	full atomic.Int64

	mu       sync.Mutex
	inFlight int
	limit    int
	queue    list.List // of *waiting; first come, first served
	gradient *gradient // nil: the limit stays
}

// waiting is one call in the queue.
type waiting struct {
	admitted chan struct{} // closed when it is
	in       bool
}

// fullRetryAfter is when to come back: soon, since room comes with the next answer's end. It is
// the least that Retry-After can say.
const fullRetryAfter = time.Second

func newRoom(cfg Bulkhead) *room {
	cfg.Queue = cmp.Or(max(cfg.Queue, 0), cfg.InFlight)
	b := &room{cfg: cfg, limit: cfg.InFlight}
	if cfg.Adaptive {
		b.gradient = newGradient(cfg.InFlight)
		b.limit = b.gradient.limit()
	}
	return b
}

// RoundTrip implements http.RoundTripper.
func (b *bulkhead) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := b.enter(r); err != nil {
		abandon(r)
		return nil, err
	}
	left := false
	defer func() {
		if !left { // next returned an error, or panicked
			b.leave()
		}
	}()
	var start time.Time
	if b.gradient != nil {
		start = time.Now()
	}
	resp, err := b.next.RoundTrip(r)
	if b.gradient != nil {
		b.sample(start, err)
	}
	if err != nil {
		return nil, err
	}
	left = true
	onEnd(resp, b.room)
	return resp, nil
}

// end implements ender.
func (b *room) end(error) { b.leave() }

// enter waits for room.
func (b *room) enter(r *http.Request) error {
	b.mu.Lock()
	if b.inFlight < b.limit && b.queue.Len() == 0 {
		b.inFlight++
		b.mu.Unlock()
		return nil
	}
	if b.cfg.Wait <= 0 || b.queue.Len() >= b.cfg.Queue {
		b.mu.Unlock()
		return b.refuse()
	}
	w := &waiting{admitted: make(chan struct{})}
	place := b.queue.PushBack(w)
	b.mu.Unlock()

	timer := time.NewTimer(b.cfg.Wait)
	defer timer.Stop()
	select {
	case <-w.admitted:
		return nil
	case <-timer.C:
	case <-r.Context().Done():
	}
	b.mu.Lock()
	if !w.in {
		b.queue.Remove(place)
		b.admit() // nobody, mostly
		b.mu.Unlock()
		if err := r.Context().Err(); err != nil {
			return explain(r, err)
		}
		return b.refuse()
	}
	b.mu.Unlock()
	if err := r.Context().Err(); err != nil { // admitted, and not there any more
		b.leave()
		return explain(r, err)
	}
	return nil
}

func (b *room) leave() {
	b.mu.Lock()
	b.inFlight--
	b.admit()
	b.mu.Unlock()
}

// admit lets in who has waited longest, while there is room.
func (b *room) admit() {
	for b.inFlight < b.limit && b.queue.Len() > 0 {
		w := b.queue.Remove(b.queue.Front()).(*waiting)
		w.in = true
		b.inFlight++
		close(w.admitted)
	}
}

func (b *room) refuse() *Error {
	b.full.Add(1)
	return &Error{Kind: KindFull, Told: "has no room for another request at present", RetryAfter: fullRetryAfter}
}

// sample tells the gradient how long a call took to its head. What wasn't sent tells nothing.
func (b *room) sample(start time.Time, err error) {
	dropped := false
	if err != nil {
		told, ok := err.(*Error)
		if !ok || told.Kind != KindTimeout {
			return
		}
		dropped = true
	}
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gradient.sample(now, now.Sub(start), b.inFlight, dropped) {
		b.limit = b.gradient.limit()
		b.admit()
	}
}

func (b *room) state(s *PolicyState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.InFlight, s.Waiting, s.Limit = int64(b.inFlight), int64(b.queue.Len()), int64(b.limit)
	s.Full = b.full.Load()
}
