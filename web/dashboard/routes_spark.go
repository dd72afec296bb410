package dashboard

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// rowSparks are the pictures of a row.
type rowSparks struct {
	Known                                   bool
	Requests, Failures, Latency, Divergence spark
	// What they come to over the whole time: percent, milliseconds at worst; NaN: nothing.
	LegacyFailed, ServiceFailed, Diverged float64
	LegacyP99, ServiceP99                 float64
}

// spark reads the series of the rows that are shown.
func (v *routesView) spark(q *query) error {
	var names []string
	for _, r := range v.Rows {
		names = append(names, r.Name)
	}
	if v.CatchAll.Shown {
		names = append(names, "")
	}
	if len(names) == 0 {
		return nil
	}
	now := time.Now().Truncate(seriesFresh) // so that pictures change no more often than figures come in
	step := sparkStep(v.Back.Back)
	from := now.Add(-v.Back.Back).Truncate(step)
	series, err := q.System.Series(q.Context(), web.SeriesQuery{Routes: names, From: from, To: now, Step: web.SeriesStep(step), ByRoute: true})
	if errors.As(err, new(*strangler.UnknownRouteError)) {
		return nil // one went between two readings; the next reading has what is
	} else if err != nil {
		if err = q.without(err); err != nil {
			err = fmt.Errorf("read series: %w", err)
		}
		return err
	}
	lines := make(map[string][]web.SeriesPoint, len(series.Lines))
	for _, l := range series.Lines {
		lines[l.Route] = l.Points
	}
	for i := range v.Rows {
		v.Rows[i].Sparks = sparksOf(lines[v.Rows[i].Name], from, now, step)
	}
	v.CatchAll.Sparks = sparksOf(lines[""], from, now, step)
	return nil
}

// sparkStep makes about 60 points, of what is on record for so long.
func sparkStep(back time.Duration) time.Duration {
	switch {
	case back <= time.Hour:
		return time.Minute
	case back <= 6*time.Hour:
		return 5 * time.Minute
	case back <= 24*time.Hour:
		return 15 * time.Minute
	case back <= 7*day:
		return 6 * time.Hour
	}
	return day
}

func sparksOf(points []web.SeriesPoint, from, now time.Time, step time.Duration) rowSparks {
	if len(points) == 0 {
		return rowSparks{}
	}
	points = dense(points, from, now, step)
	if now.Sub(points[len(points)-1].At) < settled && len(points) > 1 { // it has hardly begun
		points = points[:len(points)-1]
	}
	s := rowSparks{Known: true}
	var sum web.SeriesPoint
	for _, p := range points {
		sum.Legacy.Requests += p.Legacy.Requests
		sum.Legacy.Failed += p.Legacy.Failed
		sum.Service.Requests += p.Service.Requests
		sum.Service.Failed += p.Service.Failed
		sum.Comparisons.Diverged += p.Comparisons.Diverged
		sum.Comparisons.Match += comparedIn(p.Comparisons) - p.Comparisons.Diverged
		s.LegacyP99, s.ServiceP99 = max(s.LegacyP99, p.Legacy.P99MS), max(s.ServiceP99, p.Service.P99MS)
	}
	rate := func(n int64, p *web.SeriesPoint) float64 { return float64(n) / min(step, now.Sub(p.At)).Seconds() }
	s.Requests = sparkOf(each(points, func(p *web.SeriesPoint) float64 { return rate(p.Legacy.Requests, p) }),
		each(points, func(p *web.SeriesPoint) float64 { return rate(p.Service.Requests, p) }), 0)
	s.Failures = sparkOf(each(points, func(p *web.SeriesPoint) float64 { return part(p.Legacy.Failed, p.Legacy.Requests) }),
		each(points, func(p *web.SeriesPoint) float64 { return part(p.Service.Failed, p.Service.Requests) }), 1)
	nothing := func(v float64) float64 {
		if v == 0 {
			return math.NaN()
		}
		return v
	}
	s.Latency = sparkOf(each(points, func(p *web.SeriesPoint) float64 { return nothing(p.Legacy.P99MS) }),
		each(points, func(p *web.SeriesPoint) float64 { return nothing(p.Service.P99MS) }), 0)
	s.Divergence = sparkOf(nil, each(points, func(p *web.SeriesPoint) float64 { return part(p.Comparisons.Diverged, comparedIn(p.Comparisons)) }), 1)
	s.LegacyFailed, s.ServiceFailed = part(sum.Legacy.Failed, sum.Legacy.Requests), part(sum.Service.Failed, sum.Service.Requests)
	s.Diverged = part(sum.Comparisons.Diverged, comparedIn(sum.Comparisons))
	return s
}
