package command

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// steers are the helps of what a rollout can be told.
var steers = map[string]struct{ short, long, example string }{
	web.SteerPause: {"Leave a route's moves to people", `Leave a route's moves to people, until resume. What was seen stays, more is seen, and it is still
shown what the evidence asks for. It survives a restart of the proxy.`, "--reason 'a release tonight'"},
	web.SteerResume: {"Let a route move by itself again", `Let a route move by itself again, after pause, abort, a shift, undo or rollback by hand, or a gate
that broke. What was seen counts on, unless a gate broke or the service is another: say so with
--service-version where the configuration doesn't tell.`, "--service-version v1.8.2"},
	web.SteerPromote: {"Move a route to its next step now", `Move a route to its next step now, whatever the evidence. A guard that stands in the way names
--force where that helps.`, "--reason 'seen enough'"},
	web.SteerAbort: {"Take a route back, and stop", `Take a route back now, and leave its moves to people until resume.`, "--reason 'totals are wrong'"},
}

// newSteer returns the subcommand that tells a rollout something, one of web.Steers.
func newSteer(what string) *cobra.Command {
	var a admin
	var o output
	var request api.SteerRequest
	help := steers[what]
	cmd := &cobra.Command{
		Use:     what + " ROUTE",
		Short:   help.short,
		Long:    help.long,
		Example: fmt.Sprintf("  strangler rollout %s orders-read\n  strangler rollout %[1]s orders-read %s", what, help.example),
		Args: func(cmd *cobra.Command, args []string) error {
			err := arguments(1, 1)(cmd, args)
			if err != nil && len(args) == 0 {
				return fmt.Errorf("%w; a route of the name %s is shown by: strangler rollout -- %[2]s", err, what)
			}
			return err
		},
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if err := checkVersion(cmd, request.IfVersion); err != nil {
				return err
			}
			if cmd.Flags().Changed("service-version") {
				var err error
				if request.Version, err = web.ServiceVersion(request.Version); err != nil {
					return usagef("read --service-version: %w; leave it out if the service is as before", err)
				}
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			r, err := client.Steer(cmd.Context(), args[0], what, request)
			if err != nil {
				return pauseInstead(err, what, args[0])
			}
			warnUndurable(cmd.ErrOrStderr(), r.Undurable)
			return o.print(cmd, r, func(w io.Writer) { printSteered(w, r, what) })
		}),
	}
	f := cmd.Flags()
	f.StringVar(&request.Reason, "reason", "", "`text` for the journal: why")
	f.Int64Var(&request.IfVersion, "if-version", 0, "only if the route is still at this `version`, as routes shows it")
	if what == web.SteerPromote || what == web.SteerAbort { // nothing guards the others
		f.BoolVar(&request.Force, "force", false, "get past a guard that allows it")
	}
	if what == web.SteerResume {
		f.StringVar(&request.Version, "service-version", "", "which `version` of the service answers now, in your word")
	}
	a.flags(cmd)
	o.changeFlags(cmd)
	return cmd
}

// pauseInstead names what is left where an abort is refused for good: the rollout goes on by itself all
// the same.
func pauseInstead(err error, what, route string) error {
	problem, is := errors.AsType[*api.Problem](err)
	if !is || what != web.SteerAbort || problem.Code != web.CodeRefused || problem.Force != nil && *problem.Force {
		return err
	}
	return fmt.Errorf("%w; its rollout isn't stopped by that, but by: strangler rollout pause %s", err, route)
}

// printSteered says where a rollout is after it was told what.
func printSteered(w io.Writer, r web.Rollout, what string) {
	fmt.Fprintf(w, "%s is at %s, %s\n", printable(r.Name), r.Position, printable(stateText(r)))
	if !r.Auto && (what == web.SteerPause || what == web.SteerResume) {
		fmt.Fprintln(w, "it only advises (auto: false), so that nothing moves by itself either way; what it is told counts when auto is true")
	}
	if r.State == web.RolloutRunning || r.State == web.RolloutAdvising {
		fmt.Fprintln(w, printable(nextText(r)))
	}
}
