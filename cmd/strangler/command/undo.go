package command

import (
	"io"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

func newUndo() *cobra.Command {
	var a admin
	var o output
	var request api.UndoRequest
	cmd := &cobra.Command{
		Use:   "undo ROUTE",
		Short: "Take a route one step back in the journal",
		Long: `Take a route one step back in the journal, and with it those of its unit that moved in the same
change and not since. From a, b, c an undo goes to b, the next one to a; there is no redo.
A rollout of the route stops until strangler rollout resume.`,
		Example: "  strangler undo orders-read\n  strangler undo orders-read --reason 'too early'",
		Args:    arguments(1, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			routes, err := client.Undo(cmd.Context(), args[0], request)
			if err != nil {
				return err
			}
			if err := o.print(cmd, routes, func(w io.Writer) { printMoved(w, routes) }); err != nil {
				return err
			}
			one, err := client.Rollout(cmd.Context(), args[0])
			tellStopped(o.notes(cmd), []web.Rollout{one}, err, routeNames(routes)...)
			return nil
		}),
	}
	cmd.Flags().StringVar(&request.Reason, "reason", "", "`text` for the journal: why")
	cmd.Flags().BoolVar(&request.Force, "force", false, "get past a guard that allows it")
	a.flags(cmd)
	o.changeFlags(cmd)
	return cmd
}
