package api

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/web"
)

func TestSeries(t *testing.T) {
	a := newAdmin(t)
	hour, minute := web.SeriesStep(time.Hour), web.SeriesStep(time.Minute)
	for _, test := range []struct {
		name, query string
		want        web.SeriesQuery // times are how long ago in relation to now, where they aren't fixed
		from, to    time.Duration   // ago
		status      int
		detail      string
	}{
		{name: "nothing asked", want: web.SeriesQuery{Step: minute}, from: time.Hour},
		{name: "all of it", query: "?route=orders-read&from=2026-01-30T12:00:00Z&to=2026-01-31T13:00:00%2B01:00&step=1h&by=route&latency=none",
			want: web.SeriesQuery{Routes: []string{"orders-read"}, From: noon.Add(-24 * time.Hour), To: noon, Step: hour, ByRoute: true, NoLatency: true}},
		{name: "what no route takes", query: "?route=", want: web.SeriesQuery{Routes: []string{""}, Step: minute}, from: time.Hour},
		{name: "several, one of them twice", query: "?route=orders-read&route=&route=orders-read", want: web.SeriesQuery{Routes: []string{"", "orders-read"}, Step: minute}, from: time.Hour},
		{name: "relative", query: "?from=-24h&to=-90m&step=1h", want: web.SeriesQuery{Step: hour}, from: 24 * time.Hour, to: 90 * time.Minute},
		{name: "days, and now", query: "?from=-7d&to=now", want: web.SeriesQuery{Step: hour}, from: 7 * 24 * time.Hour},

		{name: "no route", query: "?route=order-read", status: 404, detail: `no route "order-read"`},
		{name: "one of two", query: "?route=orders-read&route=zzz", status: 404, detail: `no route "zzz"`},
		{name: "step", query: "?step=2m", status: 400, detail: `step "2m" is none; it is 1m, 5m, 15m, 1h, 6h or 1d`},
		{name: "empty step", query: "?step=", status: 400, detail: `step "" is none`},
		{name: "from", query: "?from=yesterday", status: 400, detail: `from "yesterday" is no time; write one such as 2026-01-31T12:00:00Z`},
		{name: "a plus that is a space", query: "?from=2026-01-31T12:00:00+01:00", status: 400, detail: "%2B"},
		{name: "ahead", query: "?to=24h", status: 400, detail: `to "24h" is no time`},
		{name: "twice minus", query: "?to=--24h", status: 400, detail: `to "--24h" is no time`},
		{name: "many days", query: "?from=-99999d", status: 400, detail: `from "-99999d" is no time`},
		{name: "empty to", query: "?to=", status: 400, detail: `to "" is no time`},
		{name: "by", query: "?by=side", status: 400, detail: `by "side" is nothing; it is route`},
		{name: "latency", query: "?latency=all", status: 400, detail: `latency "all" is nothing; it is none`},
		{name: "two steps", query: "?step=1m&step=1h", status: 400, detail: "step stands 2 times"},
		{name: "a query that is none", query: "?from=%zz", status: 400, detail: "can't be read"},
		{name: "backwards", query: "?from=-1h&to=-2h", status: 400, detail: "isn't before"},
		{name: "too much", query: "?from=-2d&step=1m", status: 400, detail: "step=5m fits"},
		{name: "too much of all", query: "?from=-1900d", status: 400, detail: "ask for less time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a.charts = nil
			before := time.Now()
			got := a.ask("GET", "/api/v1/series"+test.query, "")
			if test.status != 0 {
				if p := got.problem(t); p.Status != test.status || !strings.Contains(p.Detail, test.detail) {
					t.Errorf("%d %q, want %d %q", p.Status, p.Detail, test.status, test.detail)
				}
				return
			}
			if got.StatusCode != 200 || len(a.charts) != 1 {
				t.Fatalf("%d %s; the system was asked %v", got.StatusCode, got.body, a.charts)
			}
			asked := a.charts[0]
			for _, one := range []struct {
				name string
				got  *time.Time
				want *time.Time
				ago  time.Duration
			}{{"from", &asked.From, &test.want.From, test.from}, {"to", &asked.To, &test.want.To, test.to}} {
				if one.want.IsZero() {
					if want := before.Add(-one.ago); one.got.Before(want) || one.got.After(want.Add(time.Minute)) {
						t.Errorf("%s %s, want %s ago", one.name, one.got, one.ago)
					}
					*one.got = time.Time{}
				}
				*one.got = one.got.UTC()
			}
			if asked.To.IsZero() {
				asked.To = test.want.To
			}
			if diff := cmp.Diff(test.want, asked); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClientSeries(t *testing.T) {
	a := newAdmin(t)
	a.charted = web.Series{From: noon.Add(-time.Hour), To: noon, Step: web.SeriesStep(5 * time.Minute), Since: noon.Add(-48 * time.Hour), Lines: []web.SeriesLine{
		{Route: "", Points: []web.SeriesPoint{{At: noon.Add(-time.Hour), Legacy: web.SeriesSide{Requests: 3, Failed: 2, Failures: map[string]int64{"status": 2}, P50MS: 1.5, P90MS: 2, P99MS: 30}}}},
		{Route: "orders-read", Points: []web.SeriesPoint{{At: noon.Add(-time.Hour), Service: web.SeriesSide{Requests: 1}, Fallbacks: 1,
			Comparisons: web.SeriesComparisons{Match: 1, Noise: 2, Lag: 3, Diverged: 4, Failed: 5, Skipped: 6}}}}}}
	asked := web.SeriesQuery{Routes: []string{"", "orders-read"}, From: noon.Add(-time.Hour), To: noon, Step: web.SeriesStep(5 * time.Minute), ByRoute: true, NoLatency: true}
	got, err := a.client("").Series(t.Context(), asked)
	if diff := cmp.Diff(a.charted, got); err != nil || diff != "" {
		t.Fatalf("error %v, (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]web.SeriesQuery{asked}, a.charts); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	if _, err := a.client("").Series(t.Context(), web.SeriesQuery{}); err != nil || a.charts[1].Routes != nil {
		t.Errorf("nothing asked: error %v, asked %+v", err, a.charts[1])
	}
	_, err = a.client("").Series(t.Context(), web.SeriesQuery{Routes: []string{"zzz"}})
	if p, ok := errors.AsType[*Problem](err); !ok || p.Code != web.CodeUnknownRoute {
		t.Errorf("no such route: %v", err)
	}
}
