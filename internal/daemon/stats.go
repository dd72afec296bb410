package daemon

import (
	"context"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// reportInterval is how often those who watch are told the figures.
const reportInterval = time.Second

// report tells those who watch how things go, until ctx ends: the figures every second, and
// that groups of divergences changed when they did.
func (d *Daemon) report(ctx context.Context) {
	tick := time.NewTicker(reportInterval)
	defer tick.Stop()
	var diverged int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !d.events.watched() {
			continue
		}
		stats := d.Stats()
		d.events.publish(web.Event{Type: eventStats, Data: stats})
		var sum int64
		for _, route := range stats.Routes {
			sum += route.Comparisons.Diverged
		}
		if sum != diverged {
			diverged = sum
			d.events.publish(web.Event{Type: eventGroups, Data: struct{}{}})
		}
	}
}

// Stats implements web.Monitor: the configured routes in their order, then the catch-all.
func (d *Daemon) Stats() web.Stats {
	now := time.Now()
	counts := d.shadow.Counts()
	stats := web.Stats{Started: d.started, At: now}
	for _, route := range d.current.Load().config.Routes {
		stats.Routes = append(stats.Routes, d.routeStats(route.Name, counts[route.Name], now))
	}
	stats.Routes = append(stats.Routes, d.routeStats("", shadow.Counts{}, now))
	stats.Shadow.Queue, stats.Shadow.QueueCap, stats.Shadow.Workers, _ = d.shadow.Load()
	kept := d.ledger.Stats()
	stats.Ledger = web.LedgerStats{Bytes: kept.Bytes, MaxBytes: d.options.Config.Ledger.MaxSize,
		Written: kept.Written, Pending: kept.Pending, Dropped: kept.Dropped, SamplesDropped: kept.SamplesDropped}
	stats.Rollbacks = d.pending.view()
	if kept.Err != nil {
		stats.Ledger.Error = kept.Err.Error()
	}
	return stats
}

func (d *Daemon) routeStats(name string, comparisons shadow.Counts, now time.Time) web.RouteStats {
	figures := d.traffic.of(name)
	return web.RouteStats{
		Route:       name,
		Legacy:      figures.sides[strangler.SideLegacy].stats(now, d.started),
		Service:     figures.sides[strangler.SideService].stats(now, d.started),
		Fallbacks:   figures.fallbacks.Load(),
		Comparisons: comparisons,
	}
}

func (s *sideTraffic) stats(now, started time.Time) web.SideStats {
	stats := web.SideStats{Requests: s.requests.Load(), Failures: s.failures.sum(), PerSecond: s.lately.perSecond(now, started)}
	stats.RecentRequests, stats.RecentFailures = s.lately.sums(now)
	if stats.Requests > 0 {
		stats.P50MS, stats.P99MS = s.durations.quantiles()
	}
	return stats
}
