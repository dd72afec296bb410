package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Steps are the steps that series are kept in, and how long each is.
//
// What a minute holds its hour and its day hold as well, so that the coarser step needs no finer one.
var Steps = []Step{{time.Minute, 48 * time.Hour}, {time.Hour, 30 * 24 * time.Hour}, {24 * time.Hour, 0}}

// Step is one of Steps: cells that are Length long are kept for Keep; 0: for ever. Where the file has
// no room they go earlier: see Ledger.Series.
type Step struct{ Length, Keep time.Duration }

// Sample is a part of what happened on a route in a minute.
type Sample struct {
	Route string    // empty: what no route takes
	At    time.Time // somewhere in the minute
	Cell  Cell
}

// maxSamples bounds the cells that wait to be written: 100 minutes of 500 routes.
const maxSamples = 50_000

type cellKey struct {
	route  string
	minute int64 // since 1970
}

// Sample adds to what is on record of routes. It never waits: what it is given is written with the
// next batch, and where the file can't be written now, later. It takes its samples over.
func (l *Ledger) Sample(samples []Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addSamples(samples)
	select {
	case l.counted <- struct{}{}:
	default:
	}
}

// addSamples is Sample while mu is held.
func (l *Ledger) addSamples(samples []Sample) {
	for i := range samples {
		s := &samples[i]
		key := cellKey{s.Route, s.At.Unix() / 60}
		switch known := l.samples[key]; {
		case l.closed, known == nil && len(l.samples) >= maxSamples:
			l.stats.SamplesDropped++
		case known != nil:
			known.Merge(&s.Cell)
		default:
			l.samples[key] = &s.Cell
		}
	}
}

// SeriesQuery selects points of series.
type SeriesQuery struct {
	Routes   []string // nil: all
	From, To time.Time
	Step     time.Duration // a multiple of a minute
	ByRoute  bool          // each route has points of its own; else they are summed up
}

// Point is what happened in [At, At+Step).
type Point struct {
	Route string // empty where they are summed up, too
	At    time.Time
	Cell
}

// SeriesStep returns the step that points of a length are made of, and since when cells of it are kept
// at a moment; the zero time: since ever. ok is false where there is no such length: it is a multiple
// of a minute.
func SeriesStep(length time.Duration, now time.Time) (step Step, since time.Time, ok bool) {
	for _, s := range slices.Backward(Steps) {
		if length >= s.Length && length%s.Length == 0 {
			if s.Keep > 0 {
				since = now.Add(-s.Keep)
			}
			return s, since, true
		}
	}
	return Step{}, time.Time{}, false
}

// Series returns points by route and time, those in which nothing happened left out. A point's begin is
// a multiple of the step since 1970, UTC; the first holds From. What of it is older than the step is
// kept isn't there.
func (l *Ledger) Series(ctx context.Context, q SeriesQuery) ([]Point, error) {
	step, _, ok := SeriesStep(q.Step, q.To)
	if !ok {
		return nil, fmt.Errorf("read series: a step of %s isn't a multiple of a minute", q.Step)
	}
	length := int64(q.Step / time.Second)
	from := q.From.Unix() / length * length
	routes := q.Routes
	if routes == nil {
		var err error
		if routes, err = seriesRoutes(ctx, l.db.Reader(), step); err != nil {
			return nil, fmt.Errorf("read series: %w", err)
		}
	}
	var points []Point
	for _, route := range routes {
		found, err := l.readCells(ctx, route, step, from, q.To.Unix())
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			p.At = time.Unix(p.At.Unix()/length*length, 0).UTC()
			if n := len(points); n > 0 && points[n-1].Route == p.Route && points[n-1].At.Equal(p.At) {
				points[n-1].Merge(&p.Cell)
				continue
			}
			points = append(points, p)
		}
	}
	if q.ByRoute {
		return points, nil
	}
	return summedUp(points), nil
}

// summedUp returns points with each moment once.
func summedUp(points []Point) []Point {
	slices.SortStableFunc(points, func(a, b Point) int { return a.At.Compare(b.At) })
	sum := points[:0]
	for _, p := range points {
		p.Route = ""
		if n := len(sum); n > 0 && sum[n-1].At.Equal(p.At) {
			sum[n-1].Merge(&p.Cell)
			continue
		}
		sum = append(sum, p)
	}
	return sum
}

func (l *Ledger) readCells(ctx context.Context, route string, step Step, from, to int64) ([]Point, error) {
	rows, err := l.db.Reader().QueryContext(ctx, `SELECT at, cell FROM series WHERE step = ? AND route = ? AND at >= ? AND at < ? ORDER BY at`,
		int64(step.Length/time.Second), route, from, to)
	points, err := collect(rows, err, "read series", func(row scanner) (Point, error) {
		var at int64
		var blob []byte
		if err := row.Scan(&at, &blob); err != nil {
			return Point{}, err
		}
		p := Point{Route: route, At: time.Unix(at, 0).UTC()}
		if cell, err := decodeCell(blob); err == nil { // a damaged one is as if nothing had been seen
			p.Cell = *cell
		}
		return p, nil
	})
	return slices.DeleteFunc(points, func(p Point) bool { return p.Empty() }), err
}

// seriesRoutes returns the routes that have cells of a step. It looks each up in turn, which SQLite
// doesn't do for DISTINCT.
func seriesRoutes(ctx context.Context, in queryer, step Step) ([]string, error) {
	rows, err := in.QueryContext(ctx, `WITH RECURSIVE found (route) AS (
			SELECT min(route) FROM series WHERE step = ?1
			UNION ALL
			SELECT (SELECT min(route) FROM series WHERE step = ?1 AND route > found.route) FROM found WHERE found.route IS NOT NULL)
		SELECT route FROM found WHERE route IS NOT NULL`, int64(step.Length/time.Second))
	return collect(rows, err, "look for routes", func(row scanner) (route string, err error) {
		err = row.Scan(&route)
		return route, err
	})
}
