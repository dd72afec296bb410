package dashboard

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// aftermath is what a move did to errors: of the requests of those routes that moved, how many clients
// saw fail before it and since.
type aftermath struct {
	Before, After float64 // percent; NaN: nobody asked
	Word, Tone    string
	Spark         spark // of the whole time
	At            string
	Minutes       int // on each side
}

const (
	aftermathWindow = 30 * time.Minute // to each side of a move
	aftermathFew    = 20               // requests, of which less say nothing
)

// aftermathOf looks at the time around a move. nil: it is no move, or the minutes around it are gone.
func aftermathOf(q *query, e web.Entry, routes []web.Route, now time.Time) (*aftermath, error) {
	if e.Kind != "moved" || now.Sub(e.At) > 47*time.Hour {
		return nil, nil
	}
	names := []string{e.Route}
	for _, r := range routes {
		if e.Unit != "" && r.Unit == e.Unit && r.Name != e.Route {
			names = append(names, r.Name)
		}
	}
	at := e.At.Truncate(time.Minute)
	to := at.Add(aftermathWindow)
	if to.After(now) {
		to = now
	}
	series, err := q.System.Series(q.Context(), web.SeriesQuery{Routes: names, From: at.Add(-aftermathWindow), To: to, Step: web.SeriesStep(time.Minute), NoLatency: true})
	if err != nil {
		return nil, fmt.Errorf("read series around a move of route %q: %w", e.Route, err)
	}
	var points []web.SeriesPoint
	if len(series.Lines) > 0 {
		points = series.Lines[0].Points
	}
	points = dense(points, at.Add(-aftermathWindow), at.Add(aftermathWindow), time.Minute)
	middle := slices.IndexFunc(points, func(p web.SeriesPoint) bool { return !p.At.Before(at) })
	// The minute of the move is both before and after it; where there are others it counts for neither.
	before, after := points[:middle], points[middle+1:]
	if _, n := seenFailing(after); n < aftermathFew {
		after = points[middle:]
	}
	x := &aftermath{Minutes: int(aftermathWindow / time.Minute), At: fmt.Sprintf("%.0f", 10+(sparkWidth-20)*float64(middle)/float64(len(points)-1))}
	x.Spark = sparkOf(nil, each(points, func(p *web.SeriesPoint) float64 { f, n := seenFailing([]web.SeriesPoint{*p}); return part(f, n) }), 1)
	f, n := seenFailing(before)
	x.Before = part(f, n)
	f, m := seenFailing(after)
	x.After = part(f, m)
	switch {
	case m < aftermathFew:
		x.Word, x.Tone = "too early to say", "calm"
	case n < aftermathFew:
		x.Word, x.Tone = "nothing to compare with", "calm"
	case x.After > x.Before+.5 && x.After > 2*x.Before:
		x.Word, x.Tone = "more errors", "bad"
	case x.Before > x.After+.5 && x.Before > 2*x.After:
		x.Word, x.Tone = "fewer errors", "good"
	default:
		x.Word, x.Tone = "errors as before", "calm"
	}
	return x, nil
}

// seenFailing returns how many requests clients saw fail, and how many there were: what fell back to
// legacy failed on the service, and is a request of both sides.
func seenFailing(points []web.SeriesPoint) (failed, requests int64) {
	for _, p := range points {
		failed += max(0, p.Legacy.Failed+p.Service.Failed-p.Fallbacks)
		requests += max(0, p.Legacy.Requests+p.Service.Requests-p.Fallbacks)
	}
	return min(failed, requests), requests
}

// Numbers says both shares.
func (x *aftermath) Numbers() string {
	say := func(v float64) string {
		if math.IsNaN(v) {
			return "–"
		}
		return percent(v / 100)
	}
	return say(x.Before) + " → " + say(x.After)
}
