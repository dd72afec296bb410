package bookshop

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow/ledger"
)

func TestPast(t *testing.T) {
	file, now := filepath.Join(t.TempDir(), "ledger.db"), time.Now()
	if err := Past(t.Context(), file, 20, now); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), file, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	sum := func(step, back time.Duration, routes ...string) (legacy, service int64, points int) {
		found, err := l.Series(t.Context(), ledger.SeriesQuery{Routes: routes, From: now.Add(-back), To: now, Step: step})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range found {
			legacy, service = legacy+p.Legacy.Requests, service+p.Service.Requests
		}
		return legacy, service, len(found)
	}
	var names []string
	for _, r := range pastRoutes {
		names = append(names, r.name)
	}
	for step, back := range map[time.Duration]time.Duration{time.Minute: time.Hour, time.Hour: 24 * time.Hour, 24 * time.Hour: 30 * 24 * time.Hour} {
		legacy, service, points := sum(step, back, names...)
		if l, s, n := sum(step, back, allRoutes); l != legacy || s != service || n != points {
			t.Errorf("in steps of %s all together are %d and %d in %d, and the sum of each is %d and %d in %d", step, l, s, n, legacy, service, points)
		}
	}
	if legacy, service, points := sum(24*time.Hour, 30*24*time.Hour, names...); points < pastDays || service == 0 || legacy < service {
		t.Errorf("%d days, services served %d of %d", points, service, legacy+service)
	}
	if _, _, points := sum(time.Minute, time.Hour, names...); points < 55 {
		t.Errorf("%d minutes of the last hour", points)
	}
	if legacy, service, _ := sum(time.Hour, 24*time.Hour, "book-search"); legacy != 0 || service == 0 {
		t.Errorf("of a route that is live legacy served %d, the service %d", legacy, service)
	}
	// A day that stands in one of its hours would be the busiest hour that ever was.
	for step, back := range map[time.Duration]time.Duration{5 * time.Minute: 48 * time.Hour, time.Hour: 7 * 24 * time.Hour} {
		found, err := l.Series(t.Context(), ledger.SeriesQuery{Routes: []string{allRoutes}, From: now.Add(-back), To: now, Step: step})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range found {
			if rate := float64(p.Legacy.Requests+p.Service.Requests) / step.Seconds(); rate > 3*20 {
				t.Errorf("in steps of %s there were %.0f requests/s at %s, of about 20", step, rate, p.At)
			}
		}
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := Past(t.Context(), file, 20, now); err != nil { // which adds nothing
		t.Fatal(err)
	}
}
