package dashboard

import (
	"fmt"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// dayChart is a picture of how many divergences a group had each day, gaps included.
type dayChart struct {
	Bars     []dayBar
	From, To string // the first and the last day of the picture
	Most     string // of one day: the height of the picture
	Label    string // the same in words
	Days     []dayRow
}

// dayBar is one bar, of a picture that is 100 wide and 100 high.
type dayBar struct {
	X, Y, W, H string
	Title      string
}

type dayRow struct {
	Day   string
	Count int64
}

// The days of a picture: as many as there are to tell of, within these bounds.
const (
	fewestDays = 14
	mostDays   = 60
)

// dayChartOf draws days, oldest first, up to the last of them; nil: there are none.
func dayChartOf(days []web.GroupDay) *dayChart {
	if len(days) == 0 {
		return nil
	}
	last := days[len(days)-1].Day
	ago := func(day time.Time) int { return int(last.Sub(day).Hours()/24 + .5) }
	span := min(mostDays, max(fewestDays, ago(days[0].Day)+1))
	var most, all int64 = 1, 0
	for _, day := range days {
		if ago(day.Day) < span {
			most, all = max(most, day.Count), all+day.Count
		}
	}
	c := &dayChart{From: last.AddDate(0, 0, 1-span).Format(time.DateOnly), To: last.Format(time.DateOnly), Most: count(most)}
	width := 100 / float64(span)
	for _, day := range days {
		at := ago(day.Day)
		if at >= span {
			continue
		}
		height := max(4, 100*float64(day.Count)/float64(most)) // little is not nothing
		c.Bars = append(c.Bars, dayBar{X: fmt.Sprintf("%.3f", width*(float64(span-1-at)+.1)), Y: fmt.Sprintf("%.2f", 100-height),
			W: fmt.Sprintf("%.3f", width*.8), H: fmt.Sprintf("%.2f", height), Title: day.Day.Format(time.DateOnly) + ": " + count(day.Count)})
		c.Days = append(c.Days, dayRow{day.Day.Format(time.DateOnly), day.Count})
	}
	c.Label = fmt.Sprintf("Divergences by day: %s from %s to %s, at most %s a day", count(all), c.From, c.To, c.Most)
	return c
}
