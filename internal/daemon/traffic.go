package daemon

import (
	"maps"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// traffic counts what clients' requests did, per route and side, since the process started. It
// is keyed by name, so that a swap of the routing table loses nothing; what it holds is bounded
// by the routes that were ever configured.
type traffic struct {
	latency *prometheus.HistogramVec
	client  func(*http.Request) netip.Addr // who sent a request
	// standsIn reports whether legacy answers for the service of a route where that fails. nil: it doesn't.
	standsIn func(route string) bool
	routes   atomic.Pointer[map[string]*routeTraffic] // by name, "" being the catch-all; never changed
	seeing   sync.Mutex                               // held to put another one in force
}

type routeTraffic struct {
	sides      [2]sideTraffic // by strangler.Side
	fallbacks  atomic.Int64
	pairs      pairTraffic
	legacy     legacyCalls
	translated translated
}

type sideTraffic struct {
	requests atomic.Int64
	failures failures     // of them
	unread   atomic.Int64 // of the requests: the service never got them, and they are no failures
	spared   atomic.Int64 // of the failures: see rollout.Spared
	rate     minuteRate
	lately   lately
	latency  prometheus.Histogram
	spread   rollout.AtomicHistogram // of the same, as gates judge it and series have it
}

// pairTraffic counts how both sides did on the same requests.
type pairTraffic struct {
	both, legacy, service, neither atomic.Int64               // who failed
	spared                         atomic.Int64               // of service: see rollout.Spared
	spread                         [2]rollout.AtomicHistogram // by strangler.Side
}

func newTraffic(latency *prometheus.HistogramVec, client func(*http.Request) netip.Addr) *traffic {
	t := &traffic{latency: latency, client: client}
	t.routes.Store(&map[string]*routeTraffic{})
	return t
}

// of returns the figures of a route, making them at first sight.
func (t *traffic) of(route string) *routeTraffic {
	if known := (*t.routes.Load())[route]; known != nil {
		return known
	}
	t.seeing.Lock()
	defer t.seeing.Unlock()
	seen := *t.routes.Load()
	if known := seen[route]; known != nil { // meanwhile
		return known
	}
	fresh := &routeTraffic{}
	for _, side := range []strangler.Side{strangler.SideLegacy, strangler.SideService} {
		fresh.sides[side].latency = t.latency.WithLabelValues(route, side.String()).(prometheus.Histogram)
	}
	next := maps.Clone(seen)
	next[route] = fresh
	t.routes.Store(&next)
	return fresh
}

// observe counts one request when its answer is done. A service that failed and was stood in
// for by legacy counts as a failure of the service and a request of each.
func (t *traffic) observe(o strangler.Observation) {
	rt := t.of(o.Decision.Route)
	served := o.Decision.Served()
	now := time.Now()
	side := &rt.sides[served]
	side.requests.Add(1)
	side.rate.add(now)
	side.latency.Observe(o.Duration.Seconds())
	if malformed(o) && !o.Decision.FellBack {
		side.unread.Add(1)
	} else {
		side.spread.Add(o.Duration)
	}
	failure := ofAnswer(o)
	if failure != "" {
		side.failures.add(failure)
	}
	side.lately.add(now, failure != "")
	if served == strangler.SideLegacy && o.Decision.Repeat != strangler.RepeatByMethod { // else it was refused
		rt.legacy.observe(o, now, t.client)
	}
	if o.Decision.FellBack {
		rt.fallbacks.Add(1)
		if malformed(o) {
			return
		}
		failed := &rt.sides[o.Decision.Side]
		if o.Decision.Failure == strangler.FailureUntranslatable {
			failed.spared.Add(1)
		}
		failed.requests.Add(1)
		failed.failures.add(o.Decision.Failure)
		failed.lately.add(now, true)
	}
}

// observePair counts how both sides did on one request.
func (t *traffic) observePair(p shadow.Pair) {
	if p.Repeat {
		return // it is no news
	}
	pairs := &t.of(p.Route).pairs
	switch {
	case p.Legacy.Failed && p.Service.Failed:
		pairs.both.Add(1)
	case p.Legacy.Failed:
		pairs.legacy.Add(1)
	case p.Service.Failed:
		if p.Service.Unsent && t.standsIn != nil && t.standsIn(p.Route) {
			pairs.spared.Add(1) // first: it is never more than those
		}
		pairs.service.Add(1)
	default:
		pairs.neither.Add(1)
	}
	if p.Legacy.Latency > 0 && p.Service.Latency > 0 {
		pairs.spread[strangler.SideLegacy].Add(p.Legacy.Latency)
		pairs.spread[strangler.SideService].Add(p.Service.Latency)
	}
}

// beside are the reasons for which exchanges are skipped that say nothing about how much of a route can
// be compared: the request chose its side, or legacy isn't to be asked again.
var beside = []string{shadow.SkipOverridden, shadow.SkipLegacyBudget, shadow.SkipSession, shadow.SkipCookieSet, shadow.SkipShuttingDown, shadow.SkipMalformed}

// sums are what gates judge of it since the process started, but for latencies and for what the ledger
// has. Where the service serves clients, requests that may not be repeated can't be compared, and nobody expects it.
func (t *routeTraffic) sums(c shadow.Counts, at strangler.Phase) rollout.Evidence {
	var left int64
	if at != strangler.PhaseShadow {
		left = c.Reasons[shadow.SkipNotRepeatable]
	}
	for _, reason := range beside {
		left += c.Reasons[reason]
	}
	return rollout.Evidence{
		Sampled: c.Sampled - c.Pending - left,
		Skipped: c.Skipped - left,
		Pairs: rollout.Pairs{
			Both: t.pairs.both.Load(), Legacy: t.pairs.legacy.Load(), Service: t.pairs.service.Load(), Neither: t.pairs.neither.Load(),
		},
		Clients: rollout.Sides{Legacy: t.sides[strangler.SideLegacy].tally(), Service: t.sides[strangler.SideService].tally()},
		Spared:  rollout.Spared{Pairs: t.pairs.spared.Load(), Clients: t.sides[strangler.SideService].spared.Load()},
	}
}

// advance adds what was seen since the last look, which is what before holds, and brings that up to date.
func (t *routeTraffic) advance(c shadow.Counts, at strangler.Phase, before, to *rollout.Evidence) {
	now := t.sums(c, at)
	to.Advance(now, *before)
	now.Pairs.LegacyLatency, now.Pairs.ServiceLatency = before.Pairs.LegacyLatency, before.Pairs.ServiceLatency
	now.Clients.Legacy.Latency, now.Clients.Service.Latency = before.Clients.Legacy.Latency, before.Clients.Service.Latency
	*before = now
	t.pairs.spread[strangler.SideLegacy].Advance(&before.Pairs.LegacyLatency, &to.Pairs.LegacyLatency)
	t.pairs.spread[strangler.SideService].Advance(&before.Pairs.ServiceLatency, &to.Pairs.ServiceLatency)
	t.sides[strangler.SideLegacy].spread.Advance(&before.Clients.Legacy.Latency, &to.Clients.Legacy.Latency)
	t.sides[strangler.SideService].spread.Advance(&before.Clients.Service.Latency, &to.Clients.Service.Latency)
}

func (s *sideTraffic) tally() rollout.Tally {
	return rollout.Tally{Requests: s.requests.Load() - s.unread.Load(), Failures: s.failures.sum()}
}

// minuteRate counts events of the last 60 full seconds in a ring of one slot a second. Its zero
// value is ready for use. A slot that two goroutines turn over at once may lose a few counts:
// it is for looking at, not for accounting.
type minuteRate struct {
	slots [64]struct{ second, count atomic.Int64 }
}

func (m *minuteRate) add(now time.Time) {
	second := now.Unix()
	slot := &m.slots[second%int64(len(m.slots))]
	if seen := slot.second.Load(); seen != second && slot.second.CompareAndSwap(seen, second) {
		slot.count.Store(0)
	}
	slot.count.Add(1)
}

// perSecond returns the mean over the last minute, or since started where that is less.
func (m *minuteRate) perSecond(now, started time.Time) float64 {
	window := min(60, max(1, int64(now.Sub(started)/time.Second)))
	var sum int64
	for i := range m.slots {
		if age := now.Unix() - m.slots[i].second.Load(); age > 0 && age <= window {
			sum += m.slots[i].count.Load()
		}
	}
	return float64(sum) / float64(window)
}
