package bookshop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

// pastDays is how long ago the example's migration began.
const pastDays = 24

// pastRoute is what is made up of a route: how much of the traffic it has, when the service began to
// be compared and to serve, and how.
type pastRoute struct {
	name               string
	percent            float64
	shadowed, moving   float64 // days ago; 0: never
	until              float64 // days ago at which the service served all of what it serves
	share              float64 // that the service came to serve
	diverged           float64 // of comparisons
	legacyMS, serveMS  float64
	failing, onService float64 // shares of requests
}

var pastRoutes = []pastRoute{
	{name: "book-stock", percent: 10, shadowed: 23, moving: 20, until: 16, share: 1, legacyMS: 21, serveMS: 6, failing: .004, onService: .0005},
	{name: "book-search", percent: 10, shadowed: 17, moving: 12, until: 8, share: 1, legacyMS: 64, serveMS: 18, failing: .006, onService: .001},
	{name: "contact", percent: 1, shadowed: 9, moving: 6, until: 4, share: 1, legacyMS: 30, serveMS: 12, failing: .002, onService: .001},
	{name: "book-read", percent: 25, shadowed: 7, moving: 3, until: 1.5, share: .25, diverged: .15, legacyMS: 18, serveMS: 7, failing: .003, onService: .001},
	{name: "orders-read", percent: 25, shadowed: 2.5, diverged: .48, legacyMS: 35, failing: .004},
	{name: "book-list", percent: 12, shadowed: 1.6, diverged: 1, legacyMS: 40, failing: .002},
	{name: "customer-read", percent: 4, shadowed: 4, legacyMS: 26, failing: .001},
	{name: "orders-create", percent: 2, legacyMS: 48, failing: .008},
	{name: "", percent: 11, legacyMS: 15, failing: .002},
}

// allRoutes is the series of what happened on all routes together, as the proxy calls it.
const allRoutes = "all:"

// Past writes the weeks before the example began into a ledger's file that isn't there yet: made-up
// figures of a migration that went as the configuration tells, at rate requests per second. Charts
// would be empty without. A file that is there stays as it is.
func Past(ctx context.Context, file string, rate float64, now time.Time) (err error) {
	if _, err := os.Stat(file); err == nil || rate <= 0 {
		return nil
	}
	l, err := ledger.Open(ctx, file, ledger.Config{})
	if err != nil {
		return fmt.Errorf("make up a past: %w", err)
	}
	defer func() { err = errors.Join(err, l.Close(ctx)) }()
	random := rand.New(rand.NewPCG(4, 2))
	var samples []ledger.Sample
	together := map[time.Time]*ledger.Cell{}
	for _, r := range pastRoutes {
		add := func(from, to time.Time) {
			one := ledger.Sample{Route: r.name, At: from, Cell: r.cell(random, from, to.Sub(from), now, rate)}
			samples = append(samples, one)
			if together[from] == nil {
				together[from] = &ledger.Cell{}
			}
			together[from].Merge(&one.Cell)
		}
		// Each piece of time once: what a minute has, its hour and its day have, too. Pieces are as short as what
		// pages ask for of that time, since one is a single minute's and a single hour's.
		at := now.AddDate(0, 0, -pastDays).UTC().Truncate(24 * time.Hour)
		for _, piece := range []struct {
			long  time.Duration
			until time.Time
		}{
			{24 * time.Hour, now.AddDate(0, 0, -8).UTC().Truncate(24 * time.Hour)},
			{time.Hour, now.Add(-49 * time.Hour).UTC().Truncate(time.Hour)},
			{5 * time.Minute, now.Add(-70 * time.Minute).UTC().Truncate(time.Hour)},
			{time.Minute, now.Add(-time.Minute)},
		} {
			for ; at.Before(piece.until); at = at.Add(piece.long) {
				add(at, at.Add(piece.long))
			}
		}
	}
	for at, cell := range together {
		samples = append(samples, ledger.Sample{Route: allRoutes, At: at, Cell: *cell})
	}
	l.Sample(samples)
	if err := l.Flush(ctx); err != nil {
		return fmt.Errorf("make up a past: %w", err)
	}
	return nil
}

// cell is what happened on a route in a piece of time.
func (r *pastRoute) cell(random *rand.Rand, at time.Time, long time.Duration, now time.Time, rate float64) ledger.Cell {
	ago := now.Sub(at.Add(long/2)).Hours() / 24
	// People buy books in the evening, and more of them at weekends. A whole day has all of it.
	busy := 1 + .05*random.NormFloat64()
	if long < 24*time.Hour {
		busy *= 1 + .35*math.Sin(2*math.Pi*(float64(at.Hour())+float64(at.Minute())/60-14)/24)
	}
	if d := at.Weekday(); d == time.Saturday || d == time.Sunday {
		busy *= 1.25
	}
	all := int64(max(0, math.Round(busy*rate*r.percent/100*long.Seconds())))
	share := 0.0
	if r.moving > 0 && ago < r.moving {
		share = r.share * min(1, (r.moving-ago)/(r.moving-r.until))
		share = math.Ceil(share*4) / 4 // in steps, as people do
		share = min(share, r.share)
	}
	var c ledger.Cell
	c.Service = side(random, int64(math.Round(float64(all)*share)), r.serveMS, r.onService)
	c.Legacy = side(random, all-c.Service.Requests, r.legacyMS, r.failing)
	if r.shadowed > 0 && ago < r.shadowed {
		diverged := min(all, int64(math.Round(float64(all)*r.diverged*(1+.04*random.NormFloat64()))))
		c.Verdicts[shadow.Diverged], c.Verdicts[shadow.Noise] = diverged, all-diverged
	}
	return c
}

func side(random *rand.Rand, requests int64, ms, failing float64) ledger.CellSide {
	s := ledger.CellSide{Requests: requests}
	if requests <= 0 {
		return s
	}
	if failed := int64(math.Round(float64(requests) * failing * (.6 + .8*random.Float64()))); failed > 0 {
		s.Failures = map[string]int64{"status": min(failed, requests)}
	}
	left := requests
	for i, part := range []struct{ share, times float64 }{{.5, .8}, {.3, 1.3}, {.15, 2.2}, {.04, 4}, {.01, 7}} {
		n := int64(math.Ceil(float64(requests) * part.share))
		if n = min(n, left); n <= 0 {
			break
		}
		jitter := 1 + .08*random.NormFloat64()*float64(i+1)/2
		s.Latency.Add(time.Duration(ms*part.times*max(.3, jitter)*float64(time.Millisecond)), n)
		left -= n
	}
	return s
}
