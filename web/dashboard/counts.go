package dashboard

import (
	"fmt"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// countChart is a picture of how many divergences a group had over time, gaps included: by days, and of a
// young group by hours or by ten minutes.
type countChart struct {
	Step     time.Duration
	Each     string // a step, in words
	Bars     []countBar
	From, To time.Time // the begin of the first and of the last step
	Most     string    // of one step: the height of the picture
	Label    string    // the same in words
	Rows     []countRow
}

// countBar is one bar, of a picture that is 100 wide and 100 high.
type countBar struct {
	X, Y, W, H string
	Title      string
}

type countRow struct {
	At    time.Time
	Count int64
}

const tenMinutes = 10 * time.Minute

// countSteps are the steps of a picture: how many it has at least and at most. A group that is too old for
// the most of one gets the next.
var countSteps = []struct {
	step          time.Duration
	each, form    string
	fewest, atAll int
}{
	{tenMinutes, "ten minutes", "2006-01-02 15:04", 12, 36},
	{time.Hour, "hour", "2006-01-02 15:04", 12, 49},
	{day, "day", time.DateOnly, 14, 60},
}

// countChartOf draws what is known of a group, up to its last divergence by days, up to now by what is
// finer; nil: nothing is.
func countChartOf(g *web.Group, now time.Time) *countChart {
	var rows []countRow
	if len(g.Recent) > 0 {
		for _, s := range countSteps[:2] {
			first, last := g.Recent[0].At.Truncate(s.step), now.UTC().Truncate(s.step)
			if steps := int(last.Sub(first)/s.step) + 1; steps < 1 || steps > s.atAll {
				continue
			}
			for _, r := range g.Recent {
				at := r.At.Truncate(s.step)
				if n := len(rows) - 1; n >= 0 && rows[n].At.Equal(at) {
					rows[n].Count += r.Count
				} else {
					rows = append(rows, countRow{at, r.Count})
				}
			}
			return drawCounts(rows, last, s.step)
		}
	}
	if len(g.Days) == 0 {
		return nil
	}
	for _, d := range g.Days {
		rows = append(rows, countRow{d.Day, d.Count})
	}
	return drawCounts(rows, rows[len(rows)-1].At, day)
}

// drawCounts draws rows, oldest first, up to the step that begins at last.
func drawCounts(rows []countRow, last time.Time, step time.Duration) *countChart {
	s := countSteps[0]
	for _, one := range countSteps {
		if one.step == step {
			s = one
		}
	}
	ago := func(at time.Time) int { return int(last.Sub(at) / step) }
	span := min(s.atAll, max(s.fewest, ago(rows[0].At)+1))
	var most, all int64 = 1, 0
	for _, r := range rows {
		if ago(r.At) < span {
			most, all = max(most, r.Count), all+r.Count
		}
	}
	c := &countChart{Step: step, Each: s.each, From: last.Add(-time.Duration(span-1) * step), To: last, Most: count(most)}
	width := 100 / float64(span)
	for _, r := range rows {
		at := ago(r.At)
		if at >= span || at < 0 {
			continue
		}
		height := max(4, 100*float64(r.Count)/float64(most)) // little is not nothing
		c.Bars = append(c.Bars, countBar{X: fmt.Sprintf("%.3f", width*(float64(span-1-at)+.1)), Y: fmt.Sprintf("%.2f", 100-height),
			W: fmt.Sprintf("%.3f", width*.8), H: fmt.Sprintf("%.2f", height), Title: r.At.Format(s.form) + " UTC: " + count(r.Count)})
		c.Rows = append(c.Rows, r)
	}
	c.Label = fmt.Sprintf("Divergences by %s: %s from %s to %s UTC, at most %s in one", s.each, count(all), c.From.Format(s.form), c.To.Format(s.form), c.Most)
	return c
}
