package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
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
	// NoLatency leaves latencies empty: to add them up is most of the work where points are summed up.
	NoLatency bool
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
	found, err := l.findSeries(ctx, step, q, q.From.Unix()/length*length)
	if err != nil {
		return nil, fmt.Errorf("read series: %w", err)
	}
	cells := 0
	for _, f := range found {
		cells += f.cells
	}
	points := make([]Point, 0, cells) // at once: they are many, and large
	classes := map[string]string{}
	for _, f := range found {
		had := len(points)
		points = f.unpack(points, classes)
		if q.NoLatency {
			for i := range points[had:] {
				p := &points[had+i]
				p.Legacy.Latency, p.Service.Latency = Latency{}, Latency{}
			}
		}
		if q.Step != step.Length {
			line := points[had:]
			for i := range line {
				line[i].At = time.Unix(line[i].At.Unix()/length*length, 0).UTC()
			}
			points = points[:had+len(mergeEqual(line))]
		}
	}
	if q.ByRoute {
		return points, nil
	}
	for i := range points {
		points[i].Route = ""
	}
	slices.SortStableFunc(points, func(a, b Point) int { return a.At.Compare(b.At) })
	return mergeEqual(points), nil
}

// mergeEqual returns points, which are in order, with each moment once. It takes them over.
func mergeEqual(points []Point) []Point {
	merged := points[:0]
	for i := range points {
		if n := len(merged); n > 0 && merged[n-1].At.Equal(points[i].At) {
			merged[n-1].Merge(&points[i].Cell)
			continue
		}
		merged = append(merged, points[i])
	}
	return merged
}

// seriesOf finds the cells of a route in a row: how many, and of each its begin, how many bytes it has, and
// these. A row for each cell would take ten times as long, nearly all of it spent between SQLite and Go.
//
// Until it is cast it is a text to SQLite, and has zeros in it, which functions of texts need not take,
// says its manual. || and group_concat do: they count bytes, and no test of series would pass if they
// didn't. In hex it would take twice as long.
const seriesOf = `(SELECT CAST(count(*) || ' ' || group_concat(format('%d %d ', at, length(cell)) || cell, '') AS BLOB) FROM series WHERE step = ?1 AND route = names.route AND at >= ?2 AND at < ?3)`

// foundSeries are the cells of a route, as seriesOf finds them.
type foundSeries struct {
	route  string
	cells  int
	packed []byte
}

// findSeries returns what each route has.
func (l *Ledger) findSeries(ctx context.Context, step Step, q SeriesQuery, from int64) ([]foundSeries, error) {
	to := q.To.Add(time.Second - 1).Unix() // in the first second of a minute that minute has begun
	query, args := `WITH RECURSIVE `+seriesNames+` SELECT route, `+seriesOf+` FROM names WHERE route IS NOT NULL`, []any{int64(step.Length / time.Second), from, to}
	if q.Routes != nil {
		names, err := json.Marshal(q.Routes)
		if err != nil {
			return nil, err
		}
		query, args = `WITH names AS (SELECT value AS route FROM json_each(?4)) SELECT route, `+seriesOf+` FROM names`, append(args, string(names))
	}
	rows, err := l.db.Reader().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []foundSeries
	for rows.Next() {
		var f foundSeries
		if err := rows.Scan(&f.route, &f.packed); err != nil {
			return nil, err
		}
		if n, ok := f.number(); ok && n > 0 {
			f.cells = int(n)
			all = append(all, f)
		}
	}
	return all, rows.Err()
}

// number takes one, and the space behind it, off what is packed.
func (f *foundSeries) number() (int64, bool) {
	text, rest, found := bytes.Cut(f.packed, []byte{' '})
	n, err := strconv.ParseInt(string(text), 10, 64)
	if !found || err != nil {
		return 0, false
	}
	f.packed = rest
	return n, true
}

// unpack appends the points, by time, which go on using what is packed; classes are the names of classes
// that were seen already.
func (f *foundSeries) unpack(points []Point, classes map[string]string) []Point {
	had := len(points)
	for len(f.packed) > 0 {
		at, ok := f.number()
		size, sized := f.number()
		if !ok || !sized || size < 0 || size > int64(len(f.packed)) {
			break // which SQLite doesn't write
		}
		points = append(points, Point{Route: f.route, At: time.Unix(at, 0).UTC()})
		p := &points[len(points)-1]
		if p.Cell.decode(f.packed[:size:size], classes) != nil || p.Empty() { // a damaged one is as if nothing had been seen
			points = points[:len(points)-1]
		}
		f.packed = f.packed[size:]
	}
	byTime := func(a, b Point) int { return a.At.Compare(b.At) }
	if line := points[had:]; !slices.IsSortedFunc(line, byTime) { // group_concat promises no order
		slices.SortFunc(line, byTime)
	}
	return points
}

// seriesNames finds the routes that have cells of a step. It looks each up in turn, which SQLite doesn't
// do for DISTINCT.
const seriesNames = `names (route) AS (
	SELECT min(route) FROM series WHERE step = ?1
	UNION ALL
	SELECT (SELECT min(route) FROM series WHERE step = ?1 AND route > names.route) FROM names WHERE names.route IS NOT NULL)`

// seriesRoutes returns the routes that have cells of a step.
func seriesRoutes(ctx context.Context, in queryer, step Step) ([]string, error) {
	rows, err := in.QueryContext(ctx, `WITH RECURSIVE `+seriesNames+` SELECT route FROM names WHERE route IS NOT NULL`, int64(step.Length/time.Second))
	return collect(rows, err, "look for routes", func(row scanner) (route string, err error) {
		err = row.Scan(&route)
		return route, err
	})
}
