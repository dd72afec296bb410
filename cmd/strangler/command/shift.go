package command

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

func newShift() *cobra.Command {
	var a admin
	var o output
	var proof proof
	var request api.ShiftRequest
	cmd := &cobra.Command{
		Use:   "shift ROUTE… legacy|shadow|25%|live|retired",
		Short: "Move routes, and with them their units",
		Long: `Move a route, or several, and with them their units. The change is on disk and in effect for the
next request when the command returns. What a guard refuses names --force where that helps. Rollouts
of the routes stop until strangler rollout resume. On a terminal it is asked before a route goes
to live or retired; --yes leaves the question out.

Several routes move in one change: all of them, or none, and what stands in the way is told of each.

To retired a route goes as with strangler retire, which says what that wants.`,
		Example: `  strangler shift orders-read shadow
  strangler shift orders-read 25% --reason 'clean for a day'
  strangler shift orders-read orders-create 50%
  strangler shift orders-read live --if-version 7`,
		Args: arguments(2, math.MaxInt),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			names := args[:len(args)-1]
			to, err := parseTarget(args[len(names)])
			if err != nil {
				return err
			}
			if err := checkVersion(cmd, request.IfVersion); err != nil {
				return err
			}
			request.Phase, request.Weight = to.Phase, &to.Weight
			retires := to.Phase == strangler.PhaseRetired
			for _, flag := range proofFlags {
				if !retires && cmd.Flags().Changed(flag) {
					return usagef("--%s goes with retired", flag)
				}
			}
			if err := proof.check(); err != nil {
				return err
			}
			if err := checkMany(cmd, names, retires); err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			if retires {
				route, result, err := proof.shift(cmd, client, names[0], request)
				if err != nil {
					return err
				}
				if err := o.print(cmd, route, func(w io.Writer) { printMoved(w, result.Moved) }); err != nil {
					return err
				}
				return proof.tell(cmd, &o, result.Reports)
			}
			if to.Phase == strangler.PhaseLive {
				if err := proof.consent.askLive(cmd, client, names); err != nil {
					return err
				}
			}
			if len(names) > 1 {
				return shiftMany(cmd, &o, client, names, request)
			}
			route, err := client.Shift(cmd.Context(), names[0], request)
			if err != nil {
				return err
			}
			if err := o.print(cmd, route, func(w io.Writer) { printMoved(w, withUnit(cmd.Context(), client, route)) }); err != nil {
				return err
			}
			one, err := client.Rollout(cmd.Context(), route.Name)
			tellStopped(o.notes(cmd), []web.Rollout{one}, err, route.Name)
			return nil
		}),
	}
	cmd.Flags().StringVar(&request.Reason, "reason", "", "`text` for the journal: why")
	cmd.Flags().Int64Var(&request.IfVersion, "if-version", 0, "only if the route is still at this `version`, as routes shows it")
	cmd.Flags().BoolVar(&request.Force, "force", false, "get past a guard that allows it")
	proof.flags(cmd)
	a.flags(cmd)
	o.changeFlags(cmd)
	return cmd
}

// checkMany refuses what several routes can't do together.
func checkMany(cmd *cobra.Command, names []string, retires bool) error {
	if len(names) == 1 {
		return nil
	}
	switch {
	case retires:
		return usagef("several routes retire with strangler retire %s", strings.Join(names, " "))
	case cmd.Flags().Changed("if-version"):
		return usagef("--if-version is of one route; leave it out, or move the routes one by one")
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return usagef("route %q is named twice", name)
		}
	}
	return nil
}

// shiftMany moves several routes in one change.
func shiftMany(cmd *cobra.Command, o *output, client *api.Client, names []string, asked api.ShiftRequest) error {
	request := api.ShiftManyRequest{Phase: asked.Phase, Weight: asked.Weight, Reason: asked.Reason, Force: asked.Force}
	for _, name := range names {
		request.Routes = append(request.Routes, web.RouteSeen{Name: name})
	}
	routes, err := client.ShiftMany(cmd.Context(), request)
	if err != nil {
		return err
	}
	if err := o.print(cmd, routes, func(w io.Writer) { printMoved(w, routes) }); err != nil {
		return err
	}
	rollouts, _, err := client.Rollouts(cmd.Context())
	tellStopped(o.notes(cmd), rollouts, err, routeNames(routes)...)
	return nil
}

// checkVersion refuses an --if-version that no route ever has.
func checkVersion(cmd *cobra.Command, version int64) error {
	if cmd.Flags().Changed("if-version") && version < 1 {
		return usagef("--if-version %d: versions begin with 1", version)
	}
	return nil
}

// parseTarget reads where to move a route.
func parseTarget(text string) (strangler.Position, error) {
	to, err := strangler.ParsePosition(text)
	if err == nil {
		return to, nil
	}
	hint := didYouMean(text, []string{"legacy", "shadow", "live", "retired"})
	if weight, bad := strangler.ParseWeight(text); bad == nil && !strings.HasSuffix(text, "%") && weight > 0 && weight < strangler.FullWeight {
		hint = didYouMean(text, []string{text + "%"})
	}
	return to, usagef("%w%s", err, hint)
}

// withUnit returns the routes that moved with one: all of its unit. The move is done, so that a
// question that fails is no failure.
func withUnit(ctx context.Context, client *api.Client, moved web.Route) []web.Route {
	if moved.Unit == "" {
		return []web.Route{moved}
	}
	routes, err := client.Routes(ctx)
	if err != nil {
		return []web.Route{moved}
	}
	return slices.DeleteFunc(routes, func(r web.Route) bool { return r.Unit != moved.Unit })
}

// printMoved says where routes stand after a change.
func printMoved(w io.Writer, routes []web.Route) {
	for _, r := range routes {
		fmt.Fprintf(w, "%s is at %s, version %d\n", printable(r.Name), position(r), r.Version)
	}
}
