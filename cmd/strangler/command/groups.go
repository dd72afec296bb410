package command

import (
	"io"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
)

func newGroups() *cobra.Command {
	var a admin
	var o output
	state := choice{among: []string{"open", "expected", "fixed"}}
	cmd := &cobra.Command{
		Use:   "groups [ROUTE]",
		Short: "List divergences by cause",
		Long: `List divergences by cause: what differed in the same places in the same way is one group. Its
count is exact, also of those whose answers are no longer kept.`,
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
			return o.print(cmd, groups, func(w io.Writer) { printGroups(w, groups) })
		}),
	}
	cmd.Flags().Var(&state, "state", "only those in this state")
	a.flags(cmd)
	o.flags(cmd)
	return cmd
}

func printGroups(w io.Writer, groups []web.Group) {
	row(w, "GROUP", "ROUTE", "COUNT", "STATE", "WHAT", "FIRST", "LAST")
	for _, g := range groups {
		row(w, g.ID, g.Route, g.Count, g.State, g.Title, when(g.First), when(g.Last))
	}
}
