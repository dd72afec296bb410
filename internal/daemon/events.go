package daemon

import (
	"context"
	"sync"

	"github.com/strangler-fig/toolkit/web"
)

// eventBuffer is how many events a subscriber may be behind before it misses some.
const eventBuffer = 64

// events tells those who watch that something changed. The zero value is ready for use.
type events struct {
	mu          sync.Mutex
	subscribers map[chan web.Event]struct{}
}

// subscribe returns a channel of events that is closed when ctx ends.
func (e *events) subscribe(ctx context.Context) <-chan web.Event {
	ch := make(chan web.Event, eventBuffer)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.subscribers == nil {
		e.subscribers = map[chan web.Event]struct{}{}
	}
	e.subscribers[ch] = struct{}{}
	context.AfterFunc(ctx, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.subscribers, ch)
		close(ch)
	})
	return ch
}

// publish hands the event to every subscriber that keeps up.
func (e *events) publish(event web.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for ch := range e.subscribers {
		select {
		case ch <- event:
		default: // too slow: it has others to read that make it look at the present
		}
	}
}

// watched reports whether anybody would hear an event.
func (e *events) watched() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.subscribers) > 0
}

// The types of event.
const (
	eventRollout = "rollout" // what was made of one; the data is a web.Rollout
	eventRoute   = "route"   // a route moved; the data is a web.Route
	eventStats   = "stats"   // every second; the data is web.Stats
	eventGroups  = "groups"  // divergences came in since the last one, or a group was triaged
	eventConfig  = "config"  // a reload; the data is a web.ConfigState
)
