package daemon

import (
	"maps"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// traffic counts what clients' requests did, per route and side, since the process started. It
// is keyed by name, so that a swap of the routing table loses nothing; what it holds is bounded
// by the routes that were ever configured.
type traffic struct {
	client func(*http.Request) netip.Addr // who sent a request
	// standsIn reports whether legacy answers for the service of a route where that fails. nil: it doesn't.
	standsIn func(route string) bool
	routes   atomic.Pointer[map[string]*routeTraffic] // by name, "" being the catch-all; never changed
	seeing   sync.Mutex                               // held to put another one in force
}

// routeTraffic is laid out for requests: with hundreds of routes each of them finds its route's figures cold, so
// that what it touches of them lies in few lines of a processor's cache, of 64 bytes each.
type routeTraffic struct {
	sides      [2]sideTraffic // by strangler.Side
	legacy     legacyCalls
	fallbacks  atomic.Int64
	pairs      pairTraffic
	translated translated
}

// sideTraffic begins with the line of a request that takes no more than 5 ms, and has one of lately's for each.
type sideTraffic struct {
	requests  atomic.Int64
	spread    rollout.AtomicHistogram // of durations, as gates judge them and series have them
	durations durations               // as metrics have them
	failures  failures                // of the requests
	unread    atomic.Int64            // of the requests: the service never got them, and they are no failures
	spared    atomic.Int64            // of the failures: see rollout.Spared
	_         [48]byte
	lately    lately // from a line's beginning on
}

// pairTraffic counts how both sides did on the same requests.
type pairTraffic struct {
	both, legacy, service, neither atomic.Int64               // who failed
	spared                         atomic.Int64               // of service: see rollout.Spared
	spread                         [2]rollout.AtomicHistogram // by strangler.Side
}

func newTraffic(client func(*http.Request) netip.Addr) *traffic {
	t := &traffic{client: client}
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
	fresh := new(routeTraffic)
	next := maps.Clone(seen)
	next[route] = fresh
	t.routes.Store(&next)
	return fresh
}

// account is a route's, which is looked up once and not with every request.
type account struct {
	all     *traffic
	route   string
	figures atomic.Pointer[routeTraffic] // nil: there was no request yet
}

// observing returns what counts a route's requests.
func (t *traffic) observing(route string) func(strangler.Observation) {
	return (&account{all: t, route: route}).observe
}

// observe counts one request when its answer is done. A service that failed and was stood in
// for by legacy counts as a failure of the service and a request of each.
func (a *account) observe(o strangler.Observation) {
	rt := a.figures.Load()
	if rt == nil {
		rt = a.all.of(a.route)
		a.figures.Store(rt)
	}
	served := o.Decision.Served()
	now := time.Now()
	rt.sides[served].observe(o, now, malformed(o) && !o.Decision.FellBack)
	if served == strangler.SideLegacy && o.Decision.Repeat != strangler.RepeatByMethod { // else it was refused
		rt.legacy.observe(o, now, a.all.client)
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
		failed.lately.lost(now)
	}
}

// observe counts a request whose answer the client got from this side, or none where the service couldn't read it.
func (s *sideTraffic) observe(o strangler.Observation, now time.Time, unread bool) {
	s.requests.Add(1)
	s.durations.add(o.Duration)
	if unread {
		s.unread.Add(1)
	} else {
		s.spread.Add(o.Duration)
	}
	failure := ofAnswer(o)
	if failure != "" {
		s.failures.add(failure)
	}
	s.lately.add(now, failure != "")
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
