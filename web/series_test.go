package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

func TestSeriesQueryBounded(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 30, 30, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const day = 24 * time.Hour
	step := func(text string) web.SeriesStep {
		s, err := web.ParseSeriesStep(text)
		if err != nil && text != "" {
			t.Fatal(err)
		}
		return s
	}
	for _, test := range []struct {
		name     string
		q        web.SeriesQuery
		lines    int
		from, to time.Time // zero: as asked
		step     string
		wrong    string // what is said of it
	}{
		{name: "nothing said: the last hour by minutes", from: ago(time.Hour), to: now, step: "1m"},
		{name: "the hour before a moment", q: web.SeriesQuery{To: ago(day)}, from: ago(day + time.Hour), step: "1m"},
		{name: "just 300 points", q: web.SeriesQuery{From: ago(299 * time.Minute)}, to: now, step: "1m"},
		{name: "one more", q: web.SeriesQuery{From: ago(300 * time.Minute)}, to: now, step: "5m"},
		{name: "two days", q: web.SeriesQuery{From: ago(2*day - time.Minute)}, to: now, step: "15m"},
		{name: "a minute that is gone", q: web.SeriesQuery{From: ago(2*day + time.Minute), To: ago(2 * day)}, step: "1h"},
		{name: "an hour that is gone", q: web.SeriesQuery{From: ago(31 * day), To: ago(30 * day)}, step: "1d"},
		{name: "a year", q: web.SeriesQuery{From: ago(365 * day)}, to: now, step: "1d"},
		{name: "many lines", q: web.SeriesQuery{From: ago(4 * time.Hour), ByRoute: true}, lines: 2000, to: now, step: "5m"},
		{name: "many lines that are one", q: web.SeriesQuery{From: ago(4 * time.Hour)}, lines: 2000, to: now, step: "1m"},
		{name: "a step", q: web.SeriesQuery{From: ago(day), Step: step("1m")}, to: now, step: "1m"},
		{name: "a step that is gone has nothing, and is allowed", q: web.SeriesQuery{From: ago(90 * day), To: ago(89 * day), Step: step("5m")}, step: "5m"},
		{name: "too many points", q: web.SeriesQuery{From: ago(2 * day), Step: step("1m")}, wrong: "step 1m from 2026-05-02T12:30:30Z to 2026-05-04T12:30:30Z makes 2881 points a line, with 1 lines; there may be 1500 of one and 150000 of all, step=5m fits"},
		{name: "too many lines", q: web.SeriesQuery{From: ago(day), Step: step("1m"), ByRoute: true}, lines: 501, wrong: "step=5m fits"},
		{name: "too long", q: web.SeriesQuery{From: ago(2000 * day)}, wrong: "ask for less time"},
		{name: "before 1970", q: web.SeriesQuery{From: time.Unix(-90, 0), To: time.Unix(90, 0), Step: step("1m")}, step: "1m"},
		{name: "no time at all", q: web.SeriesQuery{From: now, To: now}, wrong: "isn't before to"},
		{name: "backwards", q: web.SeriesQuery{From: now, To: ago(day)}, wrong: "from, 2026-05-04T12:30:30Z, isn't before to, 2026-05-03T12:30:30Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.q.Bounded(now, test.lines)
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Errorf("error %v, want %q", err, test.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := test.q
			want.Step = step(test.step)
			if !test.from.IsZero() {
				want.From = test.from
			}
			if !test.to.IsZero() {
				want.To = test.to
			}
			if !got.From.Equal(want.From) || !got.To.Equal(want.To) || got.Step != want.Step {
				t.Errorf("from %s to %s step %s, want %s, %s, %s", got.From, got.To, got.Step, want.From, want.To, want.Step)
			}
		})
	}
}

func TestSeriesStepText(t *testing.T) {
	for _, s := range web.SeriesSteps() {
		text, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back web.SeriesStep
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%s comes back as %s, error %v", text, back, err)
		}
	}
	if err := new(web.SeriesStep).UnmarshalText([]byte("60s")); err == nil || !strings.Contains(err.Error(), `"60s" is none; it is 1m, 5m, 15m, 1h, 6h or 1d`) {
		t.Errorf("a step of 60s: %v", err)
	}
}
