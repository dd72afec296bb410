package web_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// chronicle answers with one point a query.
type chronicle func(web.SeriesQuery) (web.SeriesPoint, error)

func (c chronicle) Series(_ context.Context, q web.SeriesQuery) (web.Series, error) {
	p, err := c(q)
	return web.Series{Lines: []web.SeriesLine{{Points: []web.SeriesPoint{p}}}}, err
}

func TestLegacyPeak(t *testing.T) {
	unread := errors.New("locked")
	for _, tt := range []struct {
		name        string
		fine, hours int64 // requests per second that legacy had
		err         error // of the hours
		want        float64
		long        string
	}{
		{"within the last two days", 30, 20, nil, 30, "five minutes"},
		{"before", 20, 30, nil, 30, "hour"},
		{"nothing", 0, 0, nil, 0, "five minutes"},
		{"as far as it can be read", 20, 0, unread, 20, "five minutes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked time.Duration
			found, err := web.LegacyPeak(t.Context(), chronicle(func(q web.SeriesQuery) (web.SeriesPoint, error) {
				if _, err := q.Bounded(time.Now(), 1); err != nil || q.Routes != nil {
					t.Errorf("asked is %+v: %v", q, err)
				}
				asked += q.To.Sub(q.From)
				if q.Step == web.SeriesStep(time.Hour) {
					return web.SeriesPoint{At: q.From, Legacy: web.SeriesSide{Requests: 3600 * tt.hours}}, tt.err
				}
				return web.SeriesPoint{At: q.From, Legacy: web.SeriesSide{Requests: 300 * tt.fine}, Service: web.SeriesSide{Requests: 1e6}}, nil
			}))
			if found.PerSecond != tt.want || found.Long() != tt.long || !errors.Is(err, tt.err) {
				t.Errorf("the peak is %+v, %v", found, err)
			}
			if days := asked.Hours() / 24; days < 6.9 || days > 7.1 { // a day of the seven may have 23 or 25 hours
				t.Errorf("%.2f days are looked at", days)
			}
		})
	}
}
