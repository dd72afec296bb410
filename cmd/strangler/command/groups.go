package command

import (
	"cmp"
	"io"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
)

func newGroups() *cobra.Command {
	var a admin
	var o output
	state := choice{among: web.GroupStates()}
	cmd := &cobra.Command{
		Use:   "groups [ROUTE]",
		Short: "List divergences by cause",
		Long: `List divergences by cause: what differed in the same places in the same way is one group. Its
count is exact, also of those whose answers are no longer kept. What may still turn out to be
noise, since legacy was asked twice too seldom, says so.`,
		Example: "  strangler groups\n  strangler groups orders-read --state open",
		Args:    arguments(0, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			route := ""
			if len(args) == 1 {
				route = args[0]
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			groups, err := client.Groups(cmd.Context(), route, state.value)
			if err != nil {
				return err
			}
			if len(groups) == 0 {
				if err := mustExist(cmd.Context(), client, route, ""); err != nil {
					return err
				}
			}
			return o.list(cmd, groups, groupIDs(groups), func(w io.Writer) { printGroups(w, groups) })
		}),
	}
	cmd.Flags().Var(&state, "state", "only those in this state")
	a.flags(cmd)
	o.listFlags(cmd, "ids")
	return cmd
}

func groupIDs(groups []web.Group) []string {
	ids := make([]string, len(groups))
	for i, g := range groups {
		ids[i] = g.ID
	}
	return ids
}

func printGroups(w io.Writer, groups []web.Group) {
	heading(w, "GROUP", "ROUTE", "COUNT", "STATE", "WHAT", extra{"FIRST"}, extra{"LAST"}, extra{"GUESS"}, extra{"BY"}, extra{"REASON"})
	for _, g := range groups {
		state := paint(green, stateOf(g))
		if g.State == "open" {
			state.colour = red
		}
		row(w, g.ID, g.Route, g.Count, state, whatOf(g),
			extra{when(g.First)}, extra{when(g.Last)}, extra{orDash(g.Guess)}, extra{orDash(cmp.Or(g.Actor, g.Origin))}, extra{orDash(g.Reason)})
	}
}

// stateOf says in which state a group is, and whether it came back to it.
func stateOf(g web.Group) string {
	if g.State == "open" && !g.Reopened.IsZero() {
		return "reopened"
	}
	return g.State
}

// whatOf says what differs, and of an open group whether that is known to count.
func whatOf(g web.Group) string {
	if g.State == "open" && g.Noise == "unknown" {
		return g.Title + " (noise: unknown)"
	}
	return g.Title
}
