package upstream

import (
	"math"
	"time"
)

// gradient finds how many calls an upstream takes at once before they queue there: it compares
// how long answers take now with how long they usually take, and has the limit follow the ratio,
// with some room to find out whether more would go. This is Gradient2 of Netflix's
// concurrency-limits (https://github.com/Netflix/concurrency-limits), which applies to requests
// what TCP Vegas does for packets (Brakmo and Peterson 1995), with two changes. What is usual is
// learnt quickly from what is faster, as Vegas does, slowly from what is slower, and hardly at all
// while the limit is reached, for else a lasting queue would become what is usual and the limit
// climb with it. And a time-out is taken as TCP takes a loss, as in that library's AIMD limit. It
// is not safe for concurrent use.
type gradient struct {
	most     float64
	estimate float64
	usual    float64 // how long answers take; seconds

	since time.Time // the window's begin
	sum   float64
	n     int
	busy  int // the most that were in flight in the window
}

const (
	gradientLeast     = 4.0 // fewer would let nothing be seen
	gradientFirst     = 20
	gradientWindow    = 100 * time.Millisecond
	gradientSamples   = 10   // a window with fewer goes on
	gradientFaster    = 20   // windows until what is usual is what is faster: 2 s and more
	gradientSlower    = 200  // what is slower: 20 s
	gradientFull      = 6000 // the same while the limit is reached: 10 min
	gradientTolerance = 1.5  // as much slower than usual is no sign of a queue
	gradientSmoothing = 0.2
	gradientBackOff   = 0.9 // after a time-out
)

func newGradient(most int) *gradient {
	return &gradient{most: float64(most), estimate: float64(min(most, gradientFirst))}
}

// limit returns how many calls may be in flight.
func (g *gradient) limit() int { return int(max(g.estimate, 1)) }

// sample notes a call, and reports whether the limit may have changed.
func (g *gradient) sample(now time.Time, took time.Duration, inFlight int, dropped bool) bool {
	if dropped {
		g.bound(g.estimate * gradientBackOff)
		return true
	}
	if g.since.IsZero() {
		g.since = now
	}
	g.sum += took.Seconds()
	g.n++
	g.busy = max(g.busy, inFlight)
	if g.n < gradientSamples || now.Sub(g.since) < gradientWindow {
		return false
	}
	short, busy := g.sum/float64(g.n), g.busy
	g.since, g.sum, g.n, g.busy = now, 0, 0, 0
	if g.usual == 0 {
		g.usual = short
	}
	idle := float64(busy) < g.estimate/2
	memory := float64(gradientFull)
	switch {
	case short < g.usual:
		memory = gradientFaster
	case idle:
		memory = gradientSlower
	}
	g.usual += (short - g.usual) / memory
	if idle {
		return false // the limit limits nothing: more of it would prove nothing
	}
	ratio := 1.0
	if short > 0 {
		ratio = max(0.5, min(1, gradientTolerance*g.usual/short))
	}
	room := math.Sqrt(g.estimate)
	g.bound(g.estimate*(1-gradientSmoothing) + (g.estimate*ratio+room)*gradientSmoothing)
	return true
}

func (g *gradient) bound(to float64) {
	g.estimate = max(min(gradientLeast, g.most), min(to, g.most))
}
