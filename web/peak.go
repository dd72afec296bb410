package web

import (
	"context"
	"errors"
	"time"
)

// PeakDays is how far back the most traffic is looked for.
const PeakDays = 7

// Peak is the most traffic that there was of the last PeakDays. The zero value is that of no traffic.
type Peak struct {
	PerSecond float64    // requests, on average over the step
	At        time.Time  // the step's begin
	Step      SeriesStep // five minutes, or an hour where five minutes aren't kept any more
}

// Long names the step.
func (p Peak) Long() string {
	if p.Step == peakCoarse {
		return "hour"
	}
	return "five minutes"
}

const peakFine, peakCoarse = SeriesStep(5 * time.Minute), SeriesStep(time.Hour)

// PeakOf finds the most traffic of the last days: of routes (nil: all, and what no route takes), those
// requests of each step that of counts. What is older than five minutes are kept for is known by the hour.
// With an error the peak is that of what could be read.
func PeakOf(ctx context.Context, c Chronicle, routes []string, of func(SeriesPoint) int64) (found Peak, err error) {
	// Whole minutes are what others may have asked for already.
	now := time.Now().Truncate(time.Minute)
	from := now.AddDate(0, 0, -PeakDays)
	since := peakFine.Since(now)
	if since.Before(from) {
		since = from
	}
	for _, ask := range []SeriesQuery{{From: from, To: since, Step: peakCoarse}, {From: since, To: now, Step: peakFine}} {
		if !ask.From.Before(ask.To) {
			continue
		}
		ask.Routes, ask.NoLatency = routes, true
		series, unread := c.Series(ctx, ask)
		err = errors.Join(err, unread) // the rest is told all the same
		for _, line := range series.Lines {
			for _, point := range line.Points {
				if perSecond := float64(of(point)) / time.Duration(ask.Step).Seconds(); perSecond > found.PerSecond {
					found = Peak{PerSecond: perSecond, At: point.At, Step: ask.Step}
				}
			}
		}
	}
	return found, err
}

// LegacyPeak finds the most requests that legacy answered of the last days, whatever their route.
func LegacyPeak(ctx context.Context, c Chronicle) (Peak, error) {
	return PeakOf(ctx, c, nil, func(p SeriesPoint) int64 { return p.Legacy.Requests })
}

// LegacyPerSecond is how many requests legacy answers, over the last minute and whatever their route.
func (s Stats) LegacyPerSecond() (all float64) {
	for _, r := range s.Routes {
		all += r.Legacy.PerSecond
	}
	return all
}
