package command

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
)

// rolloutReport is what -o json prints of all.
type rolloutReport struct {
	Rollouts []web.Rollout `json:"rollouts"`
	Freeze   *web.Freeze   `json:"freeze,omitempty"` // absent: nothing is frozen
}

func newRollout() *cobra.Command {
	var a admin
	var o output
	var watch bool
	cmd := &cobra.Command{
		Use:   "rollout [ROUTE]",
		Short: "Show how routes are walked through their steps, and steer it",
		Long: `Show how routes are walked through their steps, as far as the evidence allows: of each where it
stands and what comes next; of one, which may be named by its unit too, the evidence against each
gate, with bounds that hold whenever one looks, and how far they are on their way.

The subcommands tell it to pause, resume, promote or abort. A route that is called as one of them
is shown by: strangler rollout -- pause`,
		Example: `  strangler rollout
  strangler rollout orders-read --watch
  strangler rollout pause orders-read --reason 'a release tonight'
  strangler rollout resume orders-read --service-version v1.8.2`,
		Args: argumentsOrSubcommand(1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			v := &rolloutView{cmd: cmd, output: &o, client: client, terminal: isTerminal(cmd.OutOrStdout()), width: func() int { return widthOf(cmd.OutOrStdout()) }}
			if len(args) == 1 {
				v.route = args[0]
			}
			if watch && o.quiet {
				return usagef("-q prints names, which --watch has nothing to add to; leave one of the two out")
			}
			if watch {
				return repeat(cmd.Context(), cmd.ErrOrStderr(), v.next)
			}
			return v.once(cmd.Context())
		}),
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "look again every second, until all is done or Ctrl-C; where nobody looks, a line on each change")
	a.flags(cmd)
	o.listFlags(cmd, "names")
	for _, what := range web.Steers() {
		cmd.AddCommand(newSteer(what))
	}
	return cmd
}

// How much of what comes next a line has: where nobody says how wide it may be, and at least.
const (
	nextWidth    = 70
	minNextWidth = 20
)

// printRollouts prints a line for each. A line has width characters, unless the table is wide; 0: as
// many as it takes.
func printRollouts(w io.Writer, rollouts []web.Rollout, freeze *web.Freeze, width int) {
	rows := [][]string{{"NAME", "STEPS", "STATE", "NEXT", "FORECAST"}}
	for _, r := range rollouts {
		rows = append(rows, []string{r.Name, stepsText(r), stateWord(r), nextText(r), spanText(r.Forecast)})
	}
	next := nextWidth
	if width > 0 {
		next = max(width-widthBut(rows, 3), minNextWidth)
	}
	heading(w, anys(rows[0])...)
	for i, r := range rows[1:] {
		state := paint("", r[2])
		if rollouts[i].Person {
			state.colour = red
		}
		if !wide(w) {
			r[3] = short(r[3], next)
		}
		row(w, r[0], r[1], state, r[3], r[4])
	}
	if freeze != nil {
		fmt.Fprintf(w, "\n%s\n", frozenText(*freeze))
	}
}

// stepsText is a rollout's steps, with the one where it stands in brackets; in parentheses where it
// stands if that is none of them.
func stepsText(r web.Rollout) string {
	var steps []string
	marked := false
	for _, step := range r.Steps {
		switch {
		case step == r.Position:
			marked = true
			steps = append(steps, "["+step.String()+"]")
			continue
		case !marked && step.Compare(r.Position) > 0:
			marked = true
			steps = append(steps, "("+r.Position.String()+")")
		}
		steps = append(steps, step.String())
	}
	if !marked {
		steps = append(steps, "("+r.Position.String()+")")
	}
	return strings.Join(steps, " ")
}

// stateWord is a rollout's state in a word or two.
func stateWord(r web.Rollout) string {
	switch {
	case r.Person:
		return r.State + ", wants a person"
	case r.Frozen != "" && r.State == web.RolloutRunning:
		return r.State + ", frozen"
	}
	return r.State
}

// stateText is a rollout's state with who put it there, and why. Of one that only advises it is what
// would be so if it didn't.
func stateText(r web.Rollout) string {
	text := r.State
	if r.State == web.RolloutAdvising {
		text += " (auto: false)"
		if r.StateActor != "" {
			text += ", and held"
		}
	}
	if r.StateActor != "" {
		text += " by " + r.StateActor
	}
	if !r.StateSince.IsZero() {
		text += " since " + when(r.StateSince)
	}
	if !r.RestsUntil.IsZero() {
		text += ", rests until " + when(r.RestsUntil)
	}
	if r.StateWhy != "" {
		text += ": " + r.StateWhy
	}
	return text
}

// nextText is what the evidence asks for, and why; as advice where nothing is going to do it.
func nextText(r web.Rollout) string {
	if r.Advice() {
		return "advice: " + r.Why
	}
	return r.Why
}

// widthBut is how wide the columns of a table are, with the gaps between them, but for one.
func widthBut(rows [][]string, but int) int {
	var widths []int
	for _, cells := range rows {
		for i, cell := range cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	sum := columnGap * (len(widths) - 1)
	for i, width := range widths {
		if i != but {
			sum += width
		}
	}
	return sum
}

// short cuts a text that is too long for its place, n characters.
func short(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}

// spanText writes how long something takes, with the two units that say something; of nothing a dash.
func spanText(seconds float64) string {
	d := time.Duration(min(seconds, 100*365*24*60*60) * float64(time.Second))
	switch {
	case d <= 0:
		return "-"
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(1, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Round(time.Minute).Minutes()))
	case d < 24*time.Hour:
		return twoUnits(int(d.Round(time.Minute).Minutes()), 60, "h", "m")
	}
	return twoUnits(int(d.Round(time.Hour).Hours()), 24, "d", "h")
}

// twoUnits writes n of the smaller unit, per of which are one of the larger.
func twoUnits(n, per int, larger, smaller string) string {
	if n%per == 0 {
		return fmt.Sprintf("%d%s", n/per, larger)
	}
	return fmt.Sprintf("%d%s%d%s", n/per, larger, n%per, smaller)
}

// allDone reports whether there is nothing to wait for.
func allDone(rollouts []web.Rollout) bool {
	return !slices.ContainsFunc(rollouts, func(r web.Rollout) bool { return r.State != web.RolloutDone })
}
