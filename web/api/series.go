package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

func (s *server) series(w http.ResponseWriter, r *http.Request) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		invalid(w, http.StatusBadRequest, fmt.Sprintf("the query can't be read: %v", err))
		return
	}
	now := time.Now()
	q, err := parseSeries(values, now)
	if err == nil {
		lines := len(q.Routes)
		if q.Routes == nil {
			lines = len(s.system.Routes()) + 1
		}
		q, err = q.Bounded(now, lines)
	}
	if err != nil {
		invalid(w, http.StatusBadRequest, err.Error())
		return
	}
	found, err := s.system.Series(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, found)
}

// parseSeries reads what a query says of series; what it doesn't say stays zero.
func parseSeries(values url.Values, now time.Time) (q web.SeriesQuery, err error) {
	for name := range values {
		if name != "route" && len(values[name]) > 1 {
			return q, fmt.Errorf("%s stands %d times; only route may stand more than once", name, len(values[name]))
		}
	}
	if values.Has("route") {
		q.Routes = slices.Compact(slices.Sorted(slices.Values(values["route"])))
	}
	if q.From, err = parseMoment("from", values, now); err != nil {
		return q, err
	}
	if q.To, err = parseMoment("to", values, now); err != nil {
		return q, err
	}
	if text := values.Get("step"); values.Has("step") {
		if q.Step, err = web.ParseSeriesStep(text); err != nil {
			return q, err
		}
	}
	switch by := values.Get("by"); {
	case by == "route":
		q.ByRoute = true
	case values.Has("by"):
		return q, fmt.Errorf("by %q is nothing; it is route, or absent, which adds all routes up", by)
	}
	switch quantiles := values.Get("latency"); {
	case quantiles == "none":
		q.NoLatency = true
	case values.Has("latency"):
		return q, fmt.Errorf("latency %q is nothing; it is none, or absent, which has quantiles", quantiles)
	}
	return q, nil
}

// parseMoment reads a time of the query: RFC 3339, now, or how long ago as -90m, -24h or -7d.
func parseMoment(name string, values url.Values, now time.Time) (time.Time, error) {
	text := values.Get(name)
	switch at, err := time.Parse(time.RFC3339Nano, text); {
	case !values.Has(name):
		return time.Time{}, nil
	case err == nil:
		return at, nil
	case text == "now":
		return now, nil
	}
	if ago, ok := strings.CutPrefix(text, "-"); ok {
		if days, ok := strings.CutSuffix(ago, "d"); ok {
			if n, err := strconv.ParseUint(days, 10, 16); err == nil {
				return now.Add(-time.Duration(n) * 24 * time.Hour), nil
			}
		}
		if d, err := time.ParseDuration(ago); err == nil && d >= 0 {
			return now.Add(-d), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %q is no time; write one such as 2026-01-31T12:00:00Z (RFC 3339; a + in it has to be written %%2B), now, or how long ago, such as -90m, -24h or -7d", name, text)
}

// Series returns what happened over time. What q leaves open the server chooses, see
// web.SeriesQuery.Bounded; one that asks for too much is a *Problem that names a step that fits.
func (c *Client) Series(ctx context.Context, q web.SeriesQuery) (out web.Series, err error) {
	values := url.Values{}
	if q.Routes != nil {
		values["route"] = q.Routes
	}
	if !q.From.IsZero() {
		values.Set("from", q.From.Format(time.RFC3339Nano))
	}
	if !q.To.IsZero() {
		values.Set("to", q.To.Format(time.RFC3339Nano))
	}
	if q.Step != 0 {
		values.Set("step", q.Step.String())
	}
	if q.ByRoute {
		values.Set("by", "route")
	}
	if q.NoLatency {
		values.Set("latency", "none")
	}
	path := "/series"
	if len(values) > 0 { // an empty route means something here
		path += "?" + values.Encode()
	}
	err = c.call(ctx, http.MethodGet, path, nil, nil, &out)
	return out, err
}
