package command

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// garbageMB is how much garbage may lie about before it is collected, in MB, where the live heap
// is smaller than that. A proxy's live heap is a few MB and its garbage each request's: Go's 100 %
// would have it collected many times a second. A share that is right then would be far too much
// with thousands of connections, each of which lives; so that it is set anew after each collection
// (https://www.uber.com/blog/how-we-saved-70k-cores-across-30-mission-critical-services/).
const garbageMB = 24

const (
	leastPercent = 100 // Go's default
	mostPercent  = 400
)

// collector adapts runtime's GC percentage. Use newCollector.
type collector struct {
	mu       sync.Mutex
	percent  int
	previous int // of before us
	stopped  bool
}

// newCollector sets the percentage now and after each collection, until stop.
func newCollector() *collector {
	c := &collector{percent: mostPercent}
	c.previous = debug.SetGCPercent(mostPercent)
	c.watch()
	return c
}

// stop sets what was set before.
func (c *collector) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	debug.SetGCPercent(c.previous)
}

// collected is garbage, so that the runtime tells of it after the next collection.
type collected struct{ _ [64]byte }

func (c *collector) watch() {
	runtime.AddCleanup(new(collected), (*collector).adapt, c)
}

func (c *collector) adapt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := gcPercent(live[0].Value.Uint64())
	// It stops the world for a moment: not for little.
	if change := math.Abs(float64(percent - c.percent)); change > 0.1*float64(c.percent) || change > 0 && (percent == leastPercent || percent == mostPercent) {
		debug.SetGCPercent(percent)
		c.percent = percent
	}
	c.watch()
}

// gcPercent returns the percentage for that many bytes of live heap.
func gcPercent(live uint64) int {
	return int(min(max(garbageMB<<20*100/max(live, 1), leastPercent), mostPercent))
}
