package command

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// rolloutView shows one rollout or all of them, once or again and again.
type rolloutView struct {
	cmd      *cobra.Command
	output   *output
	client   *api.Client
	route    string     // empty: all
	terminal bool       // somebody looks
	width    func() int // of a line, in characters; 0: as many as it takes

	begun bool
	said  map[string]said // last, of each, and of all under no name
}

// said is what was said of a rollout.
type said struct{ key, line string }

// fetch returns what is to be shown.
func (v *rolloutView) fetch(ctx context.Context) (rolloutReport, error) {
	if v.route == "" {
		rollouts, freeze, err := v.client.Rollouts(ctx)
		return rolloutReport{rollouts, freeze}, err
	}
	one, err := v.client.Rollout(ctx, v.route)
	return rolloutReport{Rollouts: []web.Rollout{one}}, err
}

func (v *rolloutView) once(ctx context.Context) error {
	report, err := v.fetch(ctx)
	if err != nil {
		return err
	}
	if len(report.Rollouts) == 0 && !v.output.json() && !v.output.quiet {
		defer fmt.Fprintln(v.cmd.ErrOrStderr(), "No route has a rollout in the configuration.")
	}
	return v.show(report)
}

func rolloutNames(rollouts []web.Rollout) []string {
	names := make([]string, len(rollouts))
	for i, r := range rollouts {
		names[i] = r.Name
	}
	return names
}

func (v *rolloutView) show(report rolloutReport) error {
	if v.route == "" {
		return v.output.list(v.cmd, report, rolloutNames(report.Rollouts), func(w io.Writer) { printRollouts(w, report.Rollouts, report.Freeze, v.width()) })
	}
	one := report.Rollouts[0]
	return v.output.list(v.cmd, one, []string{one.Name}, func(w io.Writer) { printRollout(w, one, page{v.terminal, v.width()}, time.Now()) })
}

// next looks once more: a terminal is drawn anew, elsewhere what changed is added.
func (v *rolloutView) next(ctx context.Context) (more bool, err error) {
	report, err := v.fetch(ctx)
	if err != nil {
		return false, err
	}
	more = !allDone(report.Rollouts)
	changed, news := v.news(report)
	switch {
	case v.output.json():
		if !changed {
			return more, nil
		}
		return more, v.show(report)
	case v.terminal:
		if v.begun {
			fmt.Fprint(v.cmd.OutOrStdout(), clearScreen)
		}
		v.begun = true
		return more, v.show(report)
	}
	for _, line := range news {
		if _, err := fmt.Fprintln(v.cmd.OutOrStdout(), when(time.Now())+"  "+printable(line)); err != nil {
			return false, err
		}
	}
	return more, nil
}

// news returns a line for each rollout that is or does something else than the last time, and whether
// there is one, also where the line says the same. That it knows more is no news: that would be a line a
// second.
func (v *rolloutView) news(report rolloutReport) (changed bool, lines []string) {
	if v.said == nil {
		v.said = map[string]said{}
	}
	tell := func(name, key, line string) {
		before, was := v.said[name]
		if was && before.key == key {
			return
		}
		changed = true
		if !was || before.line != line {
			lines = append(lines, line)
		}
		v.said[name] = said{key, line}
	}
	if report.Freeze != nil {
		tell("", frozenText(*report.Freeze), frozenText(*report.Freeze))
	} else if v.said[""].key != "" {
		tell("", "", "promotions are not frozen any more")
	}
	for _, r := range report.Rollouts {
		key := []string{r.Position.String(), r.State, r.StateWhy, r.Action, fmt.Sprint(r.To, r.Person), r.Frozen}
		for _, g := range r.Gates {
			key = append(key, g.Route, g.Gate, g.State)
		}
		line := fmt.Sprintf("%s at %s, %s", r.Name, r.Position, stateText(r))
		if r.State != web.RolloutDone {
			line += "; " + nextText(r)
		}
		tell(r.Name, strings.Join(key, "\x00"), line)
	}
	return changed, lines
}
