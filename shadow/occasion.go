package shadow

import (
	"sync"
	"time"
)

// sayEvery is how often the log hears of the same thing on one route.
const sayEvery = time.Minute

// occasion decides when something that may happen with every request is worth a log line. It
// is safe for concurrent use; its zero value is one that never happened.
type occasion struct {
	mu     sync.Mutex
	next   time.Time
	unsaid int
}

// due reports whether it is to be said now, and how often it wasn't since it was said last.
func (o *occasion) due(now time.Time) (unsaid int, say bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.Before(o.next) {
		o.unsaid++
		return 0, false
	}
	unsaid, o.unsaid, o.next = o.unsaid, 0, now.Add(sayEvery)
	return unsaid, true
}
