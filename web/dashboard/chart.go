package dashboard

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// reach is how far back charts look.
type reach struct {
	Name, Text string
	Back       time.Duration
}

// reaches are those that a reader can choose; the first is where it begins.
var reaches = []reach{{"1h", "1 hour", time.Hour}, {"6h", "6 hours", 6 * time.Hour}, {"24h", "24 hours", 24 * time.Hour},
	{"7d", "7 days", 7 * 24 * time.Hour}, {"30d", "30 days", 30 * 24 * time.Hour}, {"1y", "1 year", 365 * 24 * time.Hour}}

// reachOf returns the reach of a name; the first where there is none of it.
func reachOf(name string) reach {
	for _, s := range reaches {
		if s.Name == name {
			return s
		}
	}
	return reaches[0]
}

// chartData is what assets/chart.js draws: charts over one time axis. A value that isn't there is null.
type chartData struct {
	Step  int64   `json:"step"`  // seconds
	Begin int64   `json:"begin"` // of the axis, seconds since 1970
	End   int64   `json:"end"`
	At    []int64 `json:"at"`
	// Since is when there begin to be points of this step, if that is within the axis; else 0.
	Since  int64       `json:"since,omitempty"`
	Charts []chart     `json:"charts"`
	Marks  []milestone `json:"marks"`
}

type chart struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Unit  string `json:"unit"` // /min, %, ms
	Log   bool   `json:"log,omitempty"`
	Lines []line `json:"lines"`
	Said  string `json:"said"` // what is to be seen, in words
}

type line struct {
	Name   string     `json:"name"`
	Side   string     `json:"side"` // what gives it its colour: legacy, service or diverged
	Dash   bool       `json:"dash,omitempty"`
	Values []*float64 `json:"values"`
}

// milestone is something that changed, which charts show as a line with a word above.
type milestone struct {
	At   int64  `json:"at"`
	Word string `json:"word"`
	Text string `json:"text"`
}

// routeCharts answers what one route's charts show.
func (d *dashboard) routeCharts(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	name := routeName(q)
	now := time.Now()
	data, err := chartsOf(q, name, reachOf(q.URL.Query().Get("span")), now)
	if err != nil {
		n := noticeOf(err)
		http.Error(w, n.Title+": "+n.Detail, n.Status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(data) // whether the client is still there is its own business
}

func chartsOf(q *query, route string, s reach, now time.Time) (*chartData, error) {
	asked, err := web.SeriesQuery{Routes: []string{route}, From: now.Add(-s.Back), To: now}.Bounded(now, 1)
	if err != nil {
		return nil, err
	}
	series, err := q.System.Series(q.Context(), asked)
	if err != nil {
		return nil, fmt.Errorf("read series of route %q: %w", route, err)
	}
	entries, err := q.System.Entries(q.Context(), web.EntryQuery{Route: route, Limit: maxMarks})
	if err != nil {
		return nil, fmt.Errorf("read journal of route %q: %w", route, err)
	}
	var points []web.SeriesPoint
	if len(series.Lines) > 0 {
		points = series.Lines[0].Points
	}
	data := &chartData{Step: int64(time.Duration(series.Step) / time.Second), Begin: series.From.Unix(), End: now.Unix(), Marks: milestonesOf(entries, series.From)}
	if !series.Since.IsZero() && series.Since.After(series.From) {
		data.Since = series.Since.Unix()
	}
	step := time.Duration(series.Step)
	p := dense(points, trimmed(points, series.From, now, step), now, step)
	for i := range p {
		data.At = append(data.At, p[i].At.Unix())
	}
	if len(p) > 0 {
		data.Begin = p[0].At.Unix()
	}
	data.Charts = routeChartsOf(p, step, now)
	return data, nil
}

// fewest is how many steps a chart shows, though nothing is on record of the first ones.
const fewest = 15

// trimmed returns where a chart begins: not long before there is something to be seen.
func trimmed(points []web.SeriesPoint, from, now time.Time, step time.Duration) time.Time {
	begin := now.Add(-fewest * step)
	if len(points) > 0 && points[0].At.Before(begin) {
		begin = points[0].At
	}
	if begin = begin.UTC().Truncate(step); begin.Before(from) {
		return from
	}
	return begin
}

// maxMarks is how many of a route's newest entries charts look through.
const maxMarks = 200

// milestonesOf returns what happened to a route since a moment, oldest first.
func milestonesOf(entries []web.Entry, since time.Time) []milestone {
	marks := []milestone{}
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if e.At.Before(since) {
			continue
		}
		m := milestone{At: e.At.Unix()}
		switch {
		case e.Kind == "moved" && e.After != nil:
			m.Word = e.After.String()
			m.Text = "to " + e.After.String()
			if e.Before != nil {
				m.Text = "from " + e.Before.String() + " " + m.Text
			}
			if how := howText[e.How]; how != "" {
				m.Text += ", " + how
			}
		case e.Kind == "changed":
			m.Word, m.Text = "definition", "the definition changed"
		case e.Kind == "ruled":
			m.Word, m.Text = "rules", "rules changed"
		default:
			continue
		}
		if e.Actor != "" {
			m.Text += ", by " + cut(visible(e.Actor), maxName)
		}
		if e.Reason != "" {
			m.Text += ": “" + cut(visible(e.Reason), 160) + "”"
		}
		marks = append(marks, m)
	}
	return marks
}

// dense returns a point for each step from from to to: where nothing happened, an empty one.
func dense(points []web.SeriesPoint, from, to time.Time, step time.Duration) []web.SeriesPoint {
	if step <= 0 {
		return nil
	}
	var all []web.SeriesPoint
	for at := from.UTC(); at.Before(to); at = at.Add(step) {
		for len(points) > 0 && points[0].At.Before(at) {
			points = points[1:]
		}
		if len(points) > 0 && points[0].At.Before(at.Add(step)) {
			all = append(all, points[0])
			all[len(all)-1].At = at
			points = points[1:]
			continue
		}
		all = append(all, web.SeriesPoint{At: at})
	}
	return all
}

// settled is how much of a step has to be over before its rate says something; figures come in every ten seconds.
const settled = 20 * time.Second

// comparedIn returns how many comparisons of a point say something about divergence.
func comparedIn(c web.SeriesComparisons) int64 { return c.Match + c.Noise + c.Lag + c.Diverged }

func routeChartsOf(points []web.SeriesPoint, step time.Duration, now time.Time) []chart {
	values := func(of func(p *web.SeriesPoint) (float64, bool)) []*float64 {
		all := make([]*float64, len(points))
		for i := range points {
			if v, ok := of(&points[i]); ok {
				v = rounded(v)
				all[i] = &v
			}
		}
		return all
	}
	// The last step isn't over: what there is of it came in less time.
	perMinute := func(p *web.SeriesPoint, n int64) (float64, bool) {
		passed := min(step, now.Sub(p.At))
		return float64(n) / passed.Minutes(), passed >= settled
	}
	legacy := func(p *web.SeriesPoint) *web.SeriesSide { return &p.Legacy }
	service := func(p *web.SeriesPoint) *web.SeriesSide { return &p.Service }
	requests := func(side func(*web.SeriesPoint) *web.SeriesSide) []*float64 {
		return values(func(p *web.SeriesPoint) (float64, bool) { return perMinute(p, side(p).Requests) })
	}
	failures := func(side func(*web.SeriesPoint) *web.SeriesSide) []*float64 {
		return values(func(p *web.SeriesPoint) (float64, bool) {
			s := side(p)
			return 100 * float64(s.Failed) / float64(max(1, s.Requests)), s.Requests > 0
		})
	}
	latency := func(of func(*web.SeriesPoint) float64) []*float64 {
		return values(func(p *web.SeriesPoint) (float64, bool) { ms := of(p); return ms, ms > 0 })
	}
	charts := []chart{
		{Name: "requests", Title: "Requests", Unit: "/min", Lines: []line{{Name: "legacy", Side: "legacy", Values: requests(legacy)}, {Name: "service", Side: "service", Values: requests(service)}}},
		{Name: "failures", Title: "Failures", Unit: "%", Lines: []line{{Name: "legacy", Side: "legacy", Values: failures(legacy)}, {Name: "service", Side: "service", Values: failures(service)}}},
		{Name: "latency", Title: "Latency", Unit: "ms", Lines: []line{
			{Name: "legacy p50", Side: "legacy", Values: latency(func(p *web.SeriesPoint) float64 { return p.Legacy.P50MS })},
			{Name: "legacy p99", Side: "legacy", Dash: true, Values: latency(func(p *web.SeriesPoint) float64 { return p.Legacy.P99MS })},
			{Name: "service p50", Side: "service", Values: latency(func(p *web.SeriesPoint) float64 { return p.Service.P50MS })},
			{Name: "service p99", Side: "service", Dash: true, Values: latency(func(p *web.SeriesPoint) float64 { return p.Service.P99MS })},
		}},
		{Name: "divergence", Title: "Divergence", Unit: "%", Lines: []line{{Name: "diverged", Side: "diverged", Values: values(func(p *web.SeriesPoint) (float64, bool) {
			n := comparedIn(p.Comparisons)
			return 100 * float64(p.Comparisons.Diverged) / float64(max(1, n)), n > 0
		})}}},
	}
	for i := range charts {
		charts[i].Said = saidOf(&charts[i])
	}
	return charts
}

// rounded has three digits, which is more than a chart shows.
func rounded(v float64) float64 {
	for _, scale := range []float64{1000, 100, 10} {
		if v < 1000/scale {
			return float64(int64(v*scale+.5)) / scale
		}
	}
	return float64(int64(v + .5))
}

// saidOf says in words what a chart's lines come to.
func saidOf(c *chart) string {
	said := ""
	for _, l := range c.Lines {
		var last, most *float64
		for _, v := range l.Values {
			if v == nil {
				continue
			}
			last = v
			if most == nil || *v > *most {
				most = v
			}
		}
		if said != "" {
			said += "; "
		}
		if last == nil {
			said += l.Name + ": nothing"
			continue
		}
		unit := c.Unit
		if unit == "ms" {
			unit = " ms"
		}
		said += fmt.Sprintf("%s: last %g%s, at most %g%s", l.Name, *last, unit, *most, unit)
	}
	return said
}
