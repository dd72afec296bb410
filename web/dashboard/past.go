package dashboard

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// past is what series tell of the migration so far.
type past struct {
	Step   time.Duration
	Points []web.SeriesPoint // all routes together, one for each step
	Routes map[string]moved  // by route, of the last week; the one without name is what no route takes
}

// moved is what both sides did for clients.
type moved struct{ Legacy, Service int64 }

const (
	pastWeeks  = 8
	day        = 24 * time.Hour
	pastFresh  = 30 * time.Second // how old it may be
	pastAtOnce = 100              // up to how many routes a page waits for it; with more its stream brings it
)

// pastReader reads the past once for all who ask for it.
type pastReader struct {
	reading sync.Mutex

	mu   sync.Mutex
	last *past
	at   time.Time
}

// get returns the past, nil if it isn't known yet. One asker reads it, others get what was known
// before. wait says that the asker may be the one.
func (p *pastReader) get(ctx context.Context, system web.System, wait bool) (*past, error) {
	p.mu.Lock()
	last, fresh := p.last, time.Since(p.at) < pastFresh
	p.mu.Unlock()
	if fresh || !wait || !p.reading.TryLock() {
		return last, nil
	}
	defer p.reading.Unlock()
	found, err := readPast(ctx, system, time.Now())
	if err != nil {
		return last, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.at = found, time.Now()
	return found, nil
}

// readPast reads days, and where there aren't many yet, hours or minutes.
func readPast(ctx context.Context, system web.System, now time.Time) (*past, error) {
	read := func(step, back time.Duration, byRoute bool) (web.Series, error) {
		s, err := system.Series(ctx, web.SeriesQuery{From: now.Add(-back), To: now, Step: web.SeriesStep(step), ByRoute: byRoute, NoLatency: true})
		if err != nil {
			return s, fmt.Errorf("read series: %w", err)
		}
		return s, nil
	}
	days, err := read(day, pastWeeks*7*day, true)
	if err != nil {
		return nil, err
	}
	p := &past{Step: day, Routes: make(map[string]moved)}
	sums := make(map[int64]*web.SeriesPoint)
	week := now.Add(-7 * day)
	first := now
	for _, l := range days.Lines {
		if strings.HasPrefix(l.Route, "facade:") { // what services ask isn't what clients do
			continue
		}
		m := p.Routes[l.Route]
		for _, point := range l.Points {
			if point.At.After(week) {
				m.Legacy, m.Service = m.Legacy+point.Legacy.Requests, m.Service+point.Service.Requests
			}
			if point.At.Before(first) {
				first = point.At
			}
			sum := sums[point.At.Unix()]
			if sum == nil {
				sum = &web.SeriesPoint{At: point.At}
				sums[point.At.Unix()] = sum
			}
			sum.Legacy.Requests += point.Legacy.Requests
			sum.Service.Requests += point.Service.Requests
		}
		p.Routes[l.Route] = m
	}
	if now.Sub(first) >= 4*day {
		for at := first.Truncate(day); at.Before(now); at = at.Add(day) {
			if sum := sums[at.Unix()]; sum != nil {
				p.Points = append(p.Points, *sum)
			} else {
				p.Points = append(p.Points, web.SeriesPoint{At: at})
			}
		}
		return p, nil
	}
	for _, finer := range []struct{ step, back, from time.Duration }{{time.Hour, 4 * day, 6 * time.Hour}, {time.Minute, 6 * time.Hour, 0}} {
		s, err := read(finer.step, finer.back, false)
		if err != nil {
			return nil, err
		}
		if len(s.Lines) == 0 || len(s.Lines[0].Points) == 0 {
			continue
		}
		points := s.Lines[0].Points
		if p.Step = finer.step; now.Sub(points[0].At) >= finer.from {
			p.Points = dense(points, points[0].At, now, finer.step)
			if n := len(p.Points) - 1; p.Points[n].Legacy.Requests+p.Points[n].Service.Requests == 0 { // the present step has only begun
				p.Points = p.Points[:n]
			}
			return p, nil
		}
	}
	return p, nil
}

// served returns what both sides did in the last week; where that isn't known, since the start.
func (p *past) served(stats web.Stats) map[string]moved {
	if p != nil && len(p.Routes) > 0 {
		return p.Routes
	}
	all := make(map[string]moved, len(stats.Routes))
	for _, s := range stats.Routes {
		all[s.Route] = moved{s.Legacy.Requests, s.Service.Requests}
	}
	return all
}
