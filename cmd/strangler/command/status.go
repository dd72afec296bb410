package command

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// statusReport is everything that status shows.
type statusReport struct {
	Routes []web.Route     `json:"routes"`
	Stats  web.Stats       `json:"stats"`
	Config web.ConfigState `json:"config"`

	Services []web.Service `json:"services"`
	Legacy   web.Service   `json:"legacy"`

	Rollouts []web.Rollout `json:"rollouts"`
	Freeze   *web.Freeze   `json:"freeze,omitempty"` // absent: nothing is frozen
}

func newStatus() *cobra.Command {
	var a admin
	var o output
	var watch bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the migration and the proxy do",
		Long: `Show how the migration and the proxy do: where routes stand, requests per second and failures
of each side, comparisons; and what is wrong: rollouts that want a person, promotions that are frozen,
endpoints that are out, open circuit breakers, full bulkheads, a rollback that the journal doesn't
have yet, a reload that was refused.

With --watch a terminal is filled with it, and with the groups that nobody has looked at; q ends
that, arrows and page keys scroll. Elsewhere what is shown is printed again every second.`,
		Example: "  strangler status\n  strangler status --watch",
		Args:    arguments(0, 0),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			show := func(report statusReport) error {
				return o.print(cmd, report, func(w io.Writer) { printStatus(w, report) })
			}
			if !watch {
				report, err := fetchStatus(cmd.Context(), client)
				if err != nil {
					return err
				}
				return show(report)
			}
			if !o.json() && hasScreen(cmd.OutOrStdout()) {
				return watchStatus(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), a.url, newSnapshots(client))
			}
			separator, next := "", ""
			if !o.json() {
				next = "\n"
			}
			return repeat(cmd.Context(), cmd.ErrOrStderr(), func(ctx context.Context) (bool, error) {
				report, err := fetchStatus(ctx, client)
				if err != nil {
					return false, err
				}
				fmt.Fprint(cmd.OutOrStdout(), separator)
				separator = next
				return true, show(report)
			})
		}),
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "look again every second, until q or Ctrl-C")
	a.flags(cmd)
	o.flags(cmd)
	return cmd
}

func fetchStatus(ctx context.Context, client *api.Client) (report statusReport, err error) {
	if report.Routes, err = client.Routes(ctx); err != nil {
		return report, err
	}
	if report.Stats, err = client.Stats(ctx); err != nil {
		return report, err
	}
	if report.Services, report.Legacy, err = client.Upstreams(ctx); err != nil {
		return report, err
	}
	if report.Rollouts, report.Freeze, err = client.Rollouts(ctx); err != nil {
		return report, err
	}
	report.Config, err = client.Config(ctx)
	return report, err
}

func printStatus(w io.Writer, r statusReport) {
	fmt.Fprintf(w, "%s, %s\n\n", progress(r.Routes), origin(r))
	if wide(w) {
		printStatusWide(w, r)
	} else {
		printStatusTable(w, r)
	}
	fmt.Fprintf(w, "\nup %s, shadow queue %d of %d, ledger %.1f of %d MiB",
		r.Stats.At.Sub(r.Stats.Started).Truncate(time.Second), r.Stats.Shadow.Queue, r.Stats.Shadow.QueueCap,
		float64(r.Stats.Ledger.Bytes)/(1<<20), r.Stats.Ledger.MaxBytes>>20)
	if n := r.Stats.Ledger.Dropped; n > 0 {
		fmt.Fprintf(w, ", %d comparisons not recorded", n)
	}
	fmt.Fprintln(w)
	for _, trouble := range troubles(r) {
		fmt.Fprintln(w, printable(trouble))
	}
	if r.Config.Problem != "" {
		for line := range strings.SplitSeq(r.Config.Problem, "\n") {
			fmt.Fprintln(w, "  "+printable(line))
		}
	}
}

// tableWidth is how wide a table is at most, unless it is to be wide.
const tableWidth = 80

// printStatusTable has the columns of the screen, and as much of names as there is room for.
func printStatusTable(w io.Writer, r statusReport) {
	columns := statusColumns(r)
	heads, room := []any{"ROUTE"}, tableWidth
	lines := make([][]any, len(r.Stats.Routes))
	for _, c := range columns {
		heads = append(heads, c.head)
		width := len(c.head)
		for i, s := range r.Stats.Routes {
			cell := c.of(s)
			lines[i] = append(lines[i], cell)
			width = max(width, len(cell))
		}
		room -= columnGap + width
	}
	heading(w, heads...)
	for i, s := range r.Stats.Routes {
		row(w, append([]any{short(routeOrRest(s.Route), room)}, lines[i]...)...)
	}
}

// printStatusWide has all that is known, to the last request.
func printStatusWide(w io.Writer, r statusReport) {
	heading(w, "ROUTE", "AT", "LEGACY/S", "SERVICE/S", "FAILED L", "FAILED S", "P50 L", "P99 L", "P50 S", "P99 S", "FALLBACKS", "COMPARED", "DIVERGED", "FAILED", "SKIPPED", "OWNER")
	at, owners := positions(r), map[string]string{}
	for _, route := range r.Routes {
		owners[route.Name] = route.Owner
	}
	for _, s := range r.Stats.Routes {
		row(w, routeOrRest(s.Route), orDash(at[s.Route]), perSecond(s.Legacy), perSecond(s.Service), s.Legacy.Failures, s.Service.Failures,
			latencyText(s.Legacy.P50MS), latencyText(s.Legacy.P99MS), latencyText(s.Service.P50MS), latencyText(s.Service.P99MS), s.Fallbacks,
			comparedOf(s), s.Comparisons.Diverged, s.Comparisons.Failed, s.Comparisons.Skipped, orDash(owners[s.Route]))
	}
}

// routeOrRest names a route, and what no route takes.
func routeOrRest(name string) string {
	return cmp.Or(name, "(everything else)")
}

// troubles are what is wrong or wants a person, a line each.
func troubles(r statusReport) (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if r.Freeze != nil {
		say("%s", frozenText(*r.Freeze))
	}
	for _, one := range r.Rollouts {
		if one.Person {
			say("rollout of %s wants a person: %s", one.Name, wantedText(one))
		}
	}
	for _, s := range append([]web.Service{r.Legacy}, r.Services...) {
		for _, trouble := range s.Troubles() {
			say("%s: %s", s.Name, trouble)
		}
	}
	if r.Stats.Ledger.Error != "" {
		say("the ledger can't be written: %s", r.Stats.Ledger.Error)
	}
	for _, p := range r.Stats.Rollbacks.Pending {
		say("a rollback of %s by %s, at %s, is in effect, but not in the journal: %s", strings.Join(p.Routes, ", "), p.Actor, when(p.At), p.Problem)
	}
	if r.Stats.Rollbacks.MarkerProblem != "" {
		say("a rollback that the journal can't take would be lost by a restart: %s", r.Stats.Rollbacks.MarkerProblem)
	}
	if r.Config.Problem != "" {
		say("the last reload, at %s, was refused, and the configuration before it is in force:", when(r.Config.ProblemAt))
	}
	return all
}

// wantedText says why a rollout wants a person, and what would help.
func wantedText(r web.Rollout) string {
	if r.State != web.RolloutStopped && r.State != web.RolloutResting {
		return r.Why // which says so
	}
	return fmt.Sprintf("%s; strangler rollout resume %s lets it go on", stateText(r), r.Name)
}

// progress says how far the migration is.
func progress(routes []web.Route) string {
	at := map[strangler.Phase]int{}
	for _, r := range routes {
		at[r.Phase]++
	}
	text := count(len(routes), "route")
	separator := ": "
	for _, phase := range strangler.Phases() {
		if at[phase] > 0 {
			text += fmt.Sprintf("%s%d %s", separator, at[phase], phase)
			separator = ", "
		}
	}
	return text
}

// origin says which configuration is in force.
func origin(r statusReport) string {
	if r.Config.File == "" {
		return "no configuration file"
	}
	return fmt.Sprintf("%s as of %s", printable(r.Config.File), when(r.Config.LoadedAt))
}

func perSecond(s web.SideStats) string { return fmt.Sprintf("%.1f", s.PerSecond) }
