package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// consent is asked for before much changes at once, or what isn't taken back with a word: on a terminal
// alone, since a script can't answer, and with --yes not at all.
type consent struct{ yes bool }

// errDeclined says that somebody thought better of it.
var errDeclined = errors.New("it was not confirmed, so nothing was changed")

func (c *consent) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.yes, "yes", false, "don't ask on a terminal")
}

// asks reports whether there is somebody to ask. What a question says need not be found out else.
func (c *consent) asks(cmd *cobra.Command) bool {
	in, ok := cmd.InOrStdin().(*os.File)
	return !c.yes && ok && term.IsTerminal(int(in.Fd()))
}

// ask asks whether to go on, and is errDeclined if not. Any answer but y and yes is no.
func (c *consent) ask(cmd *cobra.Command, question string) error {
	if !c.asks(cmd) {
		return nil
	}
	to, done := questionsTo(cmd)
	defer done()
	fmt.Fprintf(to, "%s [y/N] ", printable(question))
	answer, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if err != nil {
		fmt.Fprintln(to) // the line wasn't ended
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errDeclined
}

// questionsTo returns where somebody who types on the terminal sees a question: on standard error, or on
// the terminal itself where that goes elsewhere.
func questionsTo(cmd *cobra.Command) (w io.Writer, done func()) {
	if !isTerminal(cmd.ErrOrStderr()) {
		if tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0); err == nil {
			return tty, func() { tty.Close() }
		}
	}
	return cmd.ErrOrStderr(), func() {}
}

// namedInQuestions is up to how many routes a question names.
const namedInQuestions = 5

// theRoutes is how a question speaks of routes.
func theRoutes(names []string) string {
	switch n := len(names); {
	case n == 1:
		return names[0]
	case n <= namedInQuestions:
		return fmt.Sprintf("%s (%s)", count(n, "route"), strings.Join(names, ", "))
	default:
		return fmt.Sprintf("%s (%s and %d more)", count(n, "route"), strings.Join(names[:namedInQuestions], ", "), n-namedInQuestions)
	}
}

// askRollback asks before more than one route, and its unit, goes back: that alone is done at once, as at
// three in the morning. What would happen the proxy says; a question without it is better than none.
func (c *consent) askRollback(cmd *cobra.Command, client *api.Client, r web.Rollback) error {
	if r.Route != "" || !c.asks(cmd) {
		return nil
	}
	preview := r
	preview.DryRun = true
	result, err := client.Rollback(cmd.Context(), preview)
	switch status := statusOf(&failure{err}); {
	case err != nil && (status == statusUnreachable || status == statusUnknown || status == statusRefused):
		return err // as the rollback itself would
	case err != nil:
		return c.ask(cmd, fmt.Sprintf("Move %s back to %s?", askedFor(r), r.To))
	case len(result.Moved) == 0:
		return nil // of which it is told why
	}
	question := fmt.Sprintf("Move %s back to %s? legacy would take %.1f requests/s more%s.", theRoutes(routeNames(result.Moved)), r.To, result.LegacyGains,
		besidePeak(cmd.Context(), client, result.LegacyGains))
	if n := len(result.Skipped); n > 0 {
		question += fmt.Sprintf(" %s would be left alone.", count(n, "route"))
	}
	return c.ask(cmd, question)
}

// peakPatience is how long a question waits for the past: whoever is asked may be in a hurry.
const peakPatience = 2 * time.Second

// besidePeak says what legacy would have then, and what it had at most; empty where that can't be known.
func besidePeak(ctx context.Context, client *api.Client, gains float64) string {
	ctx, cancel := context.WithTimeout(ctx, peakPatience)
	defer cancel()
	stats, err := client.Stats(ctx)
	if err != nil {
		return ""
	}
	then := stats.LegacyPerSecond() + gains
	text := fmt.Sprintf(", %.1f in all", then)
	switch peak, err := web.LegacyPeak(ctx, client); {
	case err != nil || peak.PerSecond == 0:
		return text
	case then > peak.PerSecond:
		return text + fmt.Sprintf(": more than its peak of the last %d days, %.1f", web.PeakDays, peak.PerSecond)
	default:
		return text + fmt.Sprintf("; its peak of the last %d days was %.1f", web.PeakDays, peak.PerSecond)
	}
}

// askImport asks before routes are moved to where a state has them.
func (c *consent) askImport(cmd *cobra.Command, client *api.Client, request api.StateRequest) error {
	if request.DryRun || !c.asks(cmd) {
		return nil
	}
	request.DryRun = true
	change, err := client.ImportState(cmd.Context(), request)
	if err != nil {
		return err // as the import itself would
	}
	var names []string
	for _, r := range change.Routes {
		names = append(names, r.Name)
	}
	switch {
	case len(names) > 0:
		return c.ask(cmd, fmt.Sprintf("Change %s as the state says? --dry-run shows how.", theRoutes(names)))
	case change.Freeze != nil:
		return c.ask(cmd, "Freeze promotions as the state says?")
	}
	return nil
}

// askLive asks before services get all requests of routes and their units.
func (c *consent) askLive(cmd *cobra.Command, client *api.Client, asked []string) error {
	if !c.asks(cmd) {
		return nil
	}
	routes, err := client.Routes(cmd.Context())
	moving := slices.DeleteFunc(slices.Clone(routes), func(r web.Route) bool { return !slices.Contains(asked, r.Name) || r.Phase >= strangler.PhaseLive })
	if err != nil || len(moving) == 0 {
		return nil // the request itself says what is wrong, if anything is
	}
	names := retiring(routes, web.Retire{Routes: routeNames(moving)}) // which are those that move
	from := ""
	if !slices.ContainsFunc(moving, func(r web.Route) bool { return position(r) != position(moving[0]) }) {
		from = " from " + position(moving[0])
	}
	question := fmt.Sprintf("Move %s%s to live? The service gets all of the requests.", theRoutes(names), from)
	if stats, err := client.Stats(cmd.Context()); err == nil {
		gains := 0.0
		for _, s := range stats.Routes {
			if slices.Contains(names, s.Route) {
				gains += s.Legacy.PerSecond
			}
		}
		question = strings.TrimSuffix(question, ".") + fmt.Sprintf(", %.1f requests/s more.", gains)
	}
	return c.ask(cmd, question)
}

// askDrop asks before a rule goes.
func (c *consent) askDrop(cmd *cobra.Command, client *api.Client, id string) error {
	if !c.asks(cmd) {
		return nil
	}
	rules, err := client.Rules(cmd.Context(), "")
	at := slices.IndexFunc(rules, func(r web.Rule) bool { return r.ID == id })
	if err != nil || at < 0 {
		return nil // the request itself says what is wrong
	}
	r := rules[at]
	return c.ask(cmd, fmt.Sprintf("Drop the rule %s %s of route %s? The groups that it covered are open again.", r.Kind, place(r.Pointer), r.Route))
}

// askedFor is what a rollback is of, in its own words.
func askedFor(r web.Rollback) string {
	switch {
	case len(r.Routes) > 0:
		return theRoutes(r.Routes)
	case r.Unit != "":
		return "unit " + r.Unit
	case r.Service != "":
		return "the routes of service " + r.Service
	}
	return "all routes that may return"
}
