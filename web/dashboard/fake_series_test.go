package dashboard

import (
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// grown is a past in which services took over more and more of what came, for three weeks.
func grown(routes ...string) func(web.SeriesQuery) web.Series {
	return func(q web.SeriesQuery) web.Series {
		step := time.Duration(q.Step)
		s := web.Series{From: q.From.UTC().Truncate(step), To: q.To.UTC(), Step: q.Step, Lines: []web.SeriesLine{}}
		names := q.Routes
		if names == nil {
			names = append([]string{""}, routes...)
		}
		begin := time.Now().Add(-21 * day)
		line := func(i int) []web.SeriesPoint {
			var points []web.SeriesPoint
			n := 0
			for at := s.From; at.Before(s.To); at = at.Add(step) {
				if at.Before(begin) {
					continue
				}
				n++
				whole := int64((5 + i%7) * int(step/time.Second) / 2)
				share := at.Sub(begin).Hours() / (21 * 24) * float64(i%5) / 4
				service := int64(share * float64(whole))
				p := web.SeriesPoint{At: at, Legacy: web.SeriesSide{Requests: whole - service, Failed: int64(n%5) / 4},
					Service:     web.SeriesSide{Requests: service, Failed: service / 50},
					Comparisons: web.SeriesComparisons{Match: whole / 2, Diverged: whole / int64(20+n%9)}}
				if !q.NoLatency {
					p.Legacy.P50MS, p.Legacy.P99MS = 20+float64(n%7), 90+float64(n*13%40)
					p.Service.P50MS, p.Service.P99MS = 9+float64(n%3), 40+float64(n*7%30)
				}
				points = append(points, p)
			}
			return points
		}
		if !q.ByRoute {
			s.Lines = append(s.Lines, web.SeriesLine{Points: line(3)})
			return s
		}
		for i, name := range names {
			s.Lines = append(s.Lines, web.SeriesLine{Route: name, Points: line(i)})
		}
		return s
	}
}
