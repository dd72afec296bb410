package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

func newRollback() *cobra.Command {
	var a admin
	var o output
	to := choice{value: "legacy", among: []string{"legacy", "shadow"}}
	var request web.Rollback
	var consent consent
	cmd := &cobra.Command{
		Use:   "rollback ROUTE… | --unit U | --service S | --all",
		Short: "Send routes back to legacy",
		Long: `Send routes back: one or several with their units, all of a unit, all of a service, or every route
that is free to return. What is left alone is named, with the reason, and so is the load that legacy
takes over. Rollouts of the routes stop until strangler rollout resume. Routes that say return: never,
or that are retired, are left alone by --service and --all, also with --force.

On a terminal it is asked first where more than one route and its unit would move, and said what
that does to legacy, beside its peak of the last seven days; --yes leaves the question out.

It is in effect at once, whatever the disk does. Where the journal can't take it, as on a full disk,
a warning says so, and the proxy goes on trying; the status is 0.`,
		Example: "  strangler rollback orders-read\n  strangler rollback orders-read book-list --reason 'too many 500s'\n  strangler rollback --service orders --to shadow\n  strangler rollback --all --yes --reason 'orders database is down'",
		Args:    cobra.ArbitraryArgs,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				request.Route = args[0]
			} else {
				request.Routes = args
			}
			named := 0
			for _, given := range []bool{len(args) > 0, request.Unit != "", request.Service != "", request.All} {
				if given {
					named++
				}
			}
			if named != 1 {
				return usagef("say what to roll back: ROUTE, --unit, --service or --all, and only one of them")
			}
			var err error
			if request.To, err = strangler.ParsePhase(to.value); err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			if err := consent.askRollback(cmd, client, request); err != nil {
				return err
			}
			result, err := client.Rollback(cmd.Context(), request)
			if err != nil {
				return err
			}
			warnUndurable(cmd.ErrOrStderr(), result.Problem)
			if err := o.print(cmd, result, func(w io.Writer) { printRollback(w, result) }); err != nil {
				return err
			}
			routes := routeNames(result.Moved)
			for _, s := range result.Skipped {
				routes = append(routes, s.Route)
			}
			rollouts, _, err := client.Rollouts(cmd.Context())
			tellStopped(o.notes(cmd), rollouts, err, routes...)
			return nil
		}),
	}
	f := cmd.Flags()
	f.StringVar(&request.Unit, "unit", "", "all routes of this `unit`")
	f.StringVar(&request.Service, "service", "", "all routes of this `service`")
	f.BoolVar(&request.All, "all", false, "every route that is beyond legacy and free to return")
	f.Var(&to, "to", "where to")
	f.StringVar(&request.Reason, "reason", "", "`text` for the journal: why")
	f.BoolVar(&request.Force, "force", false, "get past a guard that allows it")
	consent.flags(cmd)
	a.flags(cmd)
	o.changeFlags(cmd)
	return cmd
}

// warnUndurable says that a rollback is in effect but not on the disk.
func warnUndurable(w io.Writer, problem string) {
	if problem != "" {
		fmt.Fprintf(w, "strangler: warning: it is in effect, but not in the journal, which is tried again: %s\n", printable(problem))
	}
}

func printRollback(w io.Writer, r web.RollbackResult) {
	printMoved(w, r.Moved)
	for _, s := range r.Skipped {
		fmt.Fprintf(w, "%s was left alone: %s\n", printable(s.Route), printable(s.Why))
	}
	if len(r.Moved) == 0 {
		fmt.Fprintln(w, "nothing moved")
		return
	}
	fmt.Fprintf(w, "legacy takes over %.1f requests/s, as of the last minute\n", r.LegacyGains)
}
