package command

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
)

func newSeries() *cobra.Command {
	var a admin
	var o output
	var from, to string
	var step choice
	for _, s := range web.SeriesSteps() {
		step.among = append(step.among, s.String())
	}
	by := choice{among: []string{"route"}}
	cmd := &cobra.Command{
		Use:   "series [ROUTE…]",
		Short: "Show what happened over time",
		Long: `Show what happened over time: requests, failures and latencies (in ms) of both sides, and how
comparisons ended. Without ROUTE it is of all routes, and of what no route takes; '' is what no route
takes, facade:NAME what services ask legacy through a facade. Several are added up, unless --by route
tells them apart.

Minutes are kept for 48 hours, hours for 30 days, days for ever; days are those of UTC.`,
		Example: `  strangler series
  strangler series orders-read --from -24h --step 1h
  strangler series --from -7d --by route -o json`,
		Args: arguments(0, math.MaxInt),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			var q web.SeriesQuery
			if len(args) > 0 {
				q.Routes = args
			}
			q.ByRoute = by.value != ""
			now := time.Now()
			for _, one := range []struct {
				flag, text string
				to         *time.Time
			}{{"from", from, &q.From}, {"to", to, &q.To}} {
				if one.text == "" {
					continue
				}
				moment, err := parseMoment(one.flag, one.text, now)
				if err != nil {
					return err
				}
				*one.to = moment
			}
			if step.value != "" {
				var err error
				if q.Step, err = web.ParseSeriesStep(step.value); err != nil {
					return err
				}
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			found, err := client.Series(cmd.Context(), q)
			if err != nil {
				return err
			}
			if err := o.print(cmd, found, func(w io.Writer) { printSeries(w, found, q.ByRoute) }); err != nil {
				return err
			}
			if since := found.Since; since.After(found.From) && !o.json() {
				fmt.Fprintf(cmd.ErrOrStderr(), "What is older than %s has no steps of %s any more.\n", when(since), found.Step)
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&from, "from", "", "since this `time`, or how long ago, such as -24h; default an hour before --to")
	cmd.Flags().StringVar(&to, "to", "", "up to this `time`; default now")
	cmd.Flags().Var(&step, "step", "how long a line is; default the shortest that makes at most 300")
	cmd.Flags().Var(&by, "by", "tell routes apart")
	a.flags(cmd)
	o.flags(cmd)
	return cmd
}

// seriesName is how much of a name a table has room for.
const seriesName = 13

// printSeries has each side's requests, failures and slowest answers, and what was compared; of several
// routes the slowest are left to the wide table, as all else is.
func printSeries(w io.Writer, s web.Series, byRoute bool) {
	slow := func(cell any) any {
		if byRoute {
			return extra{cell}
		}
		return cell
	}
	cells := []any{"AT"}
	for _, side := range []string{"LEGACY", "SERVICE"} {
		cells = append(cells, side, "FAILED", extra{"P50"}, extra{"P90"}, slow("P99"))
	}
	cells = append(cells, extra{"FELL BACK"}, "COMPARED", "DIVERGED", extra{"FAILED"}, extra{"SKIPPED"})
	if byRoute {
		cells = append([]any{"ROUTE"}, cells...)
	}
	heading(w, cells...)
	number := func(n int64) any {
		if wide(w) {
			return n
		}
		return brief(n)
	}
	for _, line := range s.Lines {
		for _, p := range line.Points {
			cells = cells[:0]
			if name := cmp.Or(line.Route, "(no route)"); byRoute && wide(w) {
				cells = append(cells, name)
			} else if byRoute {
				cells = append(cells, short(name, seriesName))
			}
			cells = append(cells, stepTime(w, p.At, s.Step))
			for _, side := range []web.SeriesSide{p.Legacy, p.Service} {
				cells = append(cells, number(side.Requests), orDash(share(side.Failed, side.Requests)), extra{latencyText(side.P50MS)}, extra{latencyText(side.P90MS)}, slow(latencyText(side.P99MS)))
			}
			c := p.Comparisons
			row(w, append(cells, extra{p.Fallbacks}, number(c.Match+c.Noise+c.Lag+c.Diverged), number(c.Diverged), extra{c.Failed}, extra{c.Skipped})...)
		}
	}
}

// latencyText writes milliseconds; of nothing a dash.
func latencyText(ms float64) string {
	if ms <= 0 {
		return "-"
	}
	return millis(ms)
}

// stepTime writes when a step begins. Days are those of UTC; what is shorter is kept for 30 days, so that
// it needs no year where room is short.
func stepTime(w io.Writer, at time.Time, step web.SeriesStep) string {
	switch {
	case wide(w):
		return when(at)
	case time.Duration(step) >= 24*time.Hour:
		return at.UTC().Format(time.DateOnly)
	}
	return at.Local().Format("01-02 15:04")
}
