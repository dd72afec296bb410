package daemon

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/strangler-fig/toolkit/strangler"
)

// traffic counts what clients' requests did, per route and side, since the process started. It
// is keyed by name, so that a swap of the routing table loses nothing; what it holds is bounded
// by the routes that were ever configured.
type traffic struct {
	latency *prometheus.HistogramVec
	routes  atomic.Pointer[map[string]*routeTraffic] // by name, "" being the catch-all; never changed
	seeing  sync.Mutex                               // held to put another one in force
}

type routeTraffic struct {
	sides     [2]sideTraffic // by strangler.Side
	fallbacks atomic.Int64
}

type sideTraffic struct {
	requests, failures atomic.Int64
	rate               minuteRate
	latency            prometheus.Histogram
}

func newTraffic(latency *prometheus.HistogramVec) *traffic {
	t := &traffic{latency: latency}
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
	side := &rt.sides[served]
	side.requests.Add(1)
	side.rate.add(time.Now())
	side.latency.Observe(o.Duration.Seconds())
	if o.Status >= 500 || !o.Decision.FellBack && o.Decision.Failure != "" {
		side.failures.Add(1)
	}
	if o.Decision.FellBack {
		rt.fallbacks.Add(1)
		failed := &rt.sides[o.Decision.Side]
		failed.requests.Add(1)
		failed.failures.Add(1)
	}
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
