package daemon

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/web"
)

// seriesCache has what was found of all routes since series were written last. Pages that are open ask for
// the same again and again, it is much, and it changes every few seconds only.
type seriesCache struct {
	looking singleflight.Group
	running sync.WaitGroup // who looks, or waits for that
	mu      sync.Mutex
	writes  int64 // as of ledger.Stats, when what follows was found
	found   map[string]web.Series
}

const (
	maxSeriesCached = 8
	seriesTimeout   = 20 * time.Second // of looking for what others may want too
)

var errSeries = errors.New("read series: a mistake of this program's; its log has the details")

// Series implements web.Chronicle.
func (d *Daemon) Series(ctx context.Context, q web.SeriesQuery) (web.Series, error) {
	if q.Routes != nil {
		return d.readSeries(ctx, q)
	}
	writes := d.ledger.Stats().SeriesWrites
	// All that begins before To is found, and cells begin at minutes.
	key := fmt.Sprint(writes, q.Step, q.From.Truncate(time.Duration(q.Step)).Unix(), q.To.Add(time.Minute-1).Truncate(time.Minute).Unix(), q.ByRoute, q.NoLatency)
	c := &d.chronicle
	c.mu.Lock()
	known, ok := c.found[key]
	if !ok && (c.writes != writes || len(c.found) >= maxSeriesCached) {
		clear(c.found)
		c.writes = writes
	}
	c.mu.Unlock()
	if !ok {
		var err error
		if known, err = c.look(ctx, key, func() (web.Series, error) { return d.lookFor(key, writes, q) }); err != nil {
			return web.Series{}, err
		}
	}
	known.To, known.Since = q.To.UTC(), seriesSince(q.Step)
	return known, nil
}

// look returns what is found under a key, for all that ask for it at once.
func (c *seriesCache) look(ctx context.Context, key string, find func() (web.Series, error)) (web.Series, error) {
	type answer struct {
		series any
		err    error
	}
	looked := make(chan answer, 1)
	c.running.Go(func() {
		found, err, _ := c.looking.Do(key, func() (any, error) { return find() })
		looked <- answer{found, err}
	})
	select {
	case <-ctx.Done(): // others may wait longer
		return web.Series{}, ctx.Err()
	case found := <-looked:
		if found.err != nil {
			return web.Series{}, found.err
		}
		return found.series.(web.Series), nil
	}
}

// lookFor reads series and keeps them. It is nobody's request: a panic would be the program's end.
func (d *Daemon) lookFor(key string, writes int64, q web.SeriesQuery) (found web.Series, err error) {
	defer func() {
		if v := recover(); v != nil {
			d.log.Error("reading series panicked", keyError, fmt.Sprint(v), keyStack, string(debug.Stack()))
			err = errSeries
		}
	}()
	bounded, cancel := context.WithTimeout(d.serving, seriesTimeout)
	defer cancel()
	if found, err = d.readSeries(bounded, q); err != nil {
		return found, err
	}
	c := &d.chronicle
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writes == writes {
		if c.found == nil {
			c.found = map[string]web.Series{}
		}
		c.found[key] = found
	}
	return found, nil
}

func (d *Daemon) readSeries(ctx context.Context, q web.SeriesQuery) (web.Series, error) {
	asked := ledger.SeriesQuery{Routes: q.Routes, From: q.From, To: q.To, Step: time.Duration(q.Step), ByRoute: q.ByRoute, NoLatency: q.NoLatency}
	for _, route := range q.Routes {
		if d.hasSeries(route) {
			continue
		}
		one := asked
		one.Routes = []string{route}
		if found, err := d.ledger.Series(ctx, one); err != nil {
			return web.Series{}, err
		} else if len(found) == 0 {
			return web.Series{}, d.unknownRoute(route)
		}
	}
	if q.Routes == nil && !q.ByRoute {
		asked.Routes = []string{allRoutes}
	}
	points, err := d.ledger.Series(ctx, asked)
	if err != nil {
		return web.Series{}, err
	}
	view := web.Series{From: q.From.Truncate(time.Duration(q.Step)).UTC(), To: q.To.UTC(), Step: q.Step, Since: seriesSince(q.Step), Lines: []web.SeriesLine{}}
	if !q.ByRoute {
		view.Lines = append(view.Lines, web.SeriesLine{Points: make([]web.SeriesPoint, 0, len(points))})
	}
	for len(points) > 0 {
		route := points[0].Route
		end := slices.IndexFunc(points, func(p ledger.Point) bool { return p.Route != route })
		if end < 0 {
			end = len(points)
		}
		line := web.SeriesLine{Route: route, Points: make([]web.SeriesPoint, end)}
		for i := range line.Points {
			line.Points[i] = seriesPoint(&points[i], q.NoLatency)
		}
		if points = points[end:]; !q.ByRoute {
			view.Lines[0] = line
		} else if q.Routes != nil || route != allRoutes && !isFacadeTraffic(route) {
			view.Lines = append(view.Lines, line)
		}
	}
	return view, nil
}

// seriesSince returns since when there can be points of a step; zero: since ever.
func seriesSince(step web.SeriesStep) time.Time {
	since := step.Since(time.Now())
	if since.IsZero() {
		return since
	}
	return since.UTC().Truncate(time.Second)
}

// hasSeries reports whether series of that name may be asked for though there is nothing in them.
func (d *Daemon) hasSeries(name string) bool {
	cfg := d.current.Load().config
	return name == "" || slices.ContainsFunc(cfg.Facades, func(f config.Facade) bool { return facadeTraffic(f.Name) == name }) ||
		slices.ContainsFunc(cfg.Routes, func(r config.Route) bool { return r.Name == name })
}

func seriesPoint(p *ledger.Point, noLatency bool) web.SeriesPoint {
	verdicts := &p.Verdicts
	return web.SeriesPoint{At: p.At, Legacy: seriesSide(&p.Legacy, noLatency), Service: seriesSide(&p.Service, noLatency), Fallbacks: p.Fallbacks,
		Comparisons: web.SeriesComparisons{Match: verdicts[shadow.Match], Noise: verdicts[shadow.Noise], Lag: verdicts[shadow.Lag],
			Diverged: verdicts[shadow.Diverged], Failed: verdicts[shadow.Failed], Skipped: verdicts[shadow.Skipped]}}
}

func seriesSide(s *ledger.CellSide, noLatency bool) web.SeriesSide {
	side := web.SeriesSide{Requests: s.Requests, Failed: s.Failed(), Failures: s.Failures}
	if !noLatency {
		var q [3]time.Duration
		s.Latency.Quantiles([]float64{0.5, 0.9, 0.99}, q[:])
		side.P50MS, side.P90MS, side.P99MS = milliseconds(q[0]), milliseconds(q[1]), milliseconds(q[2])
	}
	return side
}

// milliseconds has three digits: what is right to 5 % has no more.
func milliseconds(d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	ms := float64(d) / float64(time.Millisecond)
	scale := math.Pow(10, 2-math.Floor(math.Log10(ms)))
	return math.Round(ms*scale) / scale
}
