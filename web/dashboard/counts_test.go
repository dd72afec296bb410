package dashboard

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/web"
)

// TestCounts holds that the counts of a group are drawn by steps that fit its age, and that none is lost.
func TestCounts(t *testing.T) {
	today := noon.Truncate(24 * time.Hour)
	recent := func(counts map[time.Duration]int64) (all []web.GroupRecent) {
		for ago := 48 * time.Hour; ago >= 0; ago -= tenMinutes {
			if n := counts[ago]; n > 0 {
				all = append(all, web.GroupRecent{At: noon.Add(-ago), Count: n})
			}
		}
		return all
	}
	tests := []struct {
		name  string
		group web.Group
		each  string
		span  time.Duration // from the begin of the first step to that of the last
		rows  []countRow
	}{
		{"half an hour old: by ten minutes, two hours wide", web.Group{Recent: recent(map[time.Duration]int64{30 * time.Minute: 5, 0: 1}), Days: []web.GroupDay{{Day: today, Count: 6}}},
			"ten minutes", 110 * time.Minute, []countRow{{noon.Add(-30 * time.Minute), 5}, {noon, 1}}},
		{"seven hours old, and silent since: by hours up to now", web.Group{Recent: recent(map[time.Duration]int64{7 * time.Hour: 5, 7*time.Hour - tenMinutes: 2}), Days: []web.GroupDay{{Day: today, Count: 7}}},
			"hour", 11 * time.Hour, []countRow{{noon.Add(-7 * time.Hour), 7}}},
		{"two days old", web.Group{Recent: recent(map[time.Duration]int64{48 * time.Hour: 5, 0: 2})}, "hour", 48 * time.Hour, []countRow{{noon.Add(-48 * time.Hour), 5}, {noon, 2}}},
		{"older: by days", web.Group{Days: []web.GroupDay{{Day: today.AddDate(0, 0, -20), Count: 5}, {Day: today, Count: 2}}}, "day", 20 * day, []countRow{{today.AddDate(0, 0, -20), 5}, {today, 2}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := countChartOf(&tt.group, noon)
			if c == nil || c.Each != tt.each || c.To.Sub(c.From) != tt.span {
				t.Fatalf("drawn is %+v, want by %s over %s", c, tt.each, tt.span)
			}
			if diff := cmp.Diff(tt.rows, c.Rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if len(c.Bars) != len(tt.rows) {
				t.Errorf("%d bars for %d rows", len(c.Bars), len(tt.rows))
			}
		})
	}
	if c := countChartOf(&web.Group{}, noon); c != nil {
		t.Errorf("of nothing is drawn %+v", c)
	}
	future := web.Group{Recent: []web.GroupRecent{{At: noon.Add(time.Hour), Count: 1}}, Days: []web.GroupDay{{Day: today, Count: 1}}}
	if c := countChartOf(&future, noon); c.Each != "day" {
		t.Errorf("of one that was seen an hour from now is drawn %+v", c)
	}
}
