package daemon

import (
	"context"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// seriesInterval is the time between looks at what clients' requests did. Minutes are multiples of it.
const seriesInterval = 10 * time.Second

// eachInterval calls do whenever the clock comes to a multiple of an interval, until ctx ends.
func eachInterval(ctx context.Context, interval time.Duration, do func()) {
	untilNext := func() time.Duration {
		now := time.Now()
		return now.Truncate(interval).Add(interval).Sub(now)
	}
	next := time.NewTimer(untilNext())
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			do()
			next.Reset(untilNext())
		}
	}
}

// sampler turns what is counted since the process started into what happened from one look to the next.
// It is read off what is counted anyway, so that requests pay nothing for it.
type sampler struct {
	mu    sync.Mutex
	since time.Time // of the last look; zero: there was none
	seen  map[string]*sampled
}

// sampled is what there was of a route at the last look.
type sampled struct {
	sides     [2]sampledSide // by strangler.Side
	fallbacks int64
	verdicts  [6]int64 // by shadow.Verdict
}

type sampledSide struct {
	requests int64
	failures [classes]int64
	spread   rollout.Histogram
	busy     bool // there were requests between the last two looks
}

// sample puts what happened since the last look on record.
func (d *Daemon) sample() {
	d.samples.mu.Lock()
	defer d.samples.mu.Unlock()
	if d.samples.since.IsZero() {
		d.samples.since = d.started
	}
	if samples := d.samples.take(*d.traffic.routes.Load(), d.shadow.Counts(), time.Now()); len(samples) > 0 {
		d.ledger.Sample(samples)
	}
}

// allRoutes is the name of what happened on all routes together, and where there is none, facades left out:
// what services ask through these they mostly ask in the course of a client's request. No route has such a
// name. It is kept since summing up 500 routes' minutes of two days would take seconds.
const allRoutes = "all:"

// take returns what happened since the last look, as something of the minute that this was in: looks are
// where minutes end, too.
func (s *sampler) take(routes map[string]*routeTraffic, counts map[string]shadow.Counts, now time.Time) []ledger.Sample {
	var samples []ledger.Sample
	all := ledger.Sample{Route: allRoutes, At: s.since}
	look := func(name string, figures *routeTraffic, counts shadow.Counts) {
		before := s.seen[name]
		if before == nil {
			if s.seen == nil {
				s.seen = map[string]*sampled{}
			}
			before = &sampled{}
			s.seen[name] = before
		}
		one := ledger.Sample{Route: name, At: s.since}
		before.advance(figures, counts, &one.Cell)
		if one.Cell.Empty() {
			return
		}
		if !isFacadeTraffic(name) {
			all.Cell.Merge(&one.Cell)
		}
		samples = append(samples, one)
	}
	for name, figures := range routes {
		look(name, figures, counts[name])
	}
	for name, counts := range counts { // whose requests don't come through the proxy
		if routes[name] == nil {
			look(name, nil, counts)
		}
	}
	s.since = now
	if !all.Cell.Empty() {
		samples = append(samples, all)
	}
	return samples
}

// advance adds what was counted since the last look, and takes note of it.
func (s *sampled) advance(figures *routeTraffic, counts shadow.Counts, to *ledger.Cell) {
	now := [6]int64{shadow.Match: counts.Match, shadow.Noise: counts.Noise, shadow.Lag: counts.Lag,
		shadow.Diverged: counts.Diverged, shadow.Failed: counts.Failed, shadow.Skipped: counts.Skipped}
	for verdict := range now {
		to.Verdicts[verdict] = now[verdict] - s.verdicts[verdict]
	}
	s.verdicts = now
	if figures == nil {
		return
	}
	s.sides[strangler.SideLegacy].advance(&figures.sides[strangler.SideLegacy], &to.Legacy)
	s.sides[strangler.SideService].advance(&figures.sides[strangler.SideService], &to.Service)
	fallbacks := figures.fallbacks.Load()
	to.Fallbacks, s.fallbacks = fallbacks-s.fallbacks, fallbacks
}

func (s *sampledSide) advance(figures *sideTraffic, to *ledger.CellSide) {
	for class := range s.failures { // first, so that there are never more of them than requests
		now := figures.failures[class].Load()
		if n := now - s.failures[class]; n > 0 {
			to.Fail(failureClasses[class], n)
		}
		s.failures[class] = now
	}
	requests := figures.requests.Load()
	to.Requests, s.requests = requests-s.requests, requests
	if to.Requests > 0 || s.busy { // the last of them may not have been in spread yet
		figures.spread.News(&s.spread, to.Latency.Add)
	}
	s.busy = to.Requests > 0
}
