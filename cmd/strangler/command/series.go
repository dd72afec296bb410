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

func printSeries(w io.Writer, s web.Series, byRoute bool) {
	cells := []any{"AT", "LEGACY", "FAILED", "P50", "P90", "P99", "SERVICE", "FAILED", "P50", "P90", "P99", "FELL BACK", "COMPARED", "DIVERGED", "FAILED", "SKIPPED"}
	if byRoute {
		cells = append([]any{"ROUTE"}, cells...)
	}
	row(w, cells...)
	for _, line := range s.Lines {
		for _, p := range line.Points {
			cells = cells[:0]
			if byRoute {
				cells = append(cells, cmp.Or(line.Route, "(no route)"))
			}
			cells = append(cells, when(p.At))
			for _, side := range []web.SeriesSide{p.Legacy, p.Service} {
				cells = append(cells, side.Requests, orDash(share(side.Failed, side.Requests)))
				for _, ms := range []float64{side.P50MS, side.P90MS, side.P99MS} {
					if ms > 0 {
						cells = append(cells, millis(ms))
					} else {
						cells = append(cells, "-")
					}
				}
			}
			c := p.Comparisons
			row(w, append(cells, p.Fallbacks, c.Match+c.Noise+c.Lag+c.Diverged, c.Diverged, c.Failed, c.Skipped)...)
		}
	}
}
