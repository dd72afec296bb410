package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
)

func newDivergences() *cobra.Command {
	var a admin
	var o output
	var q web.DivergenceQuery
	cmd := &cobra.Command{
		Use:   "divergences [ROUTE]",
		Short: "List answers that differed, newest first",
		Long: `List answers that differed, newest first, each with its first difference; -o json has all of
them. The two answers side by side are on the dashboard, and in the API.`,
		Example: "  strangler divergences orders-read --limit 5\n  strangler divergences --group 6f1c2b -o json",
		Args:    arguments(0, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if q.Limit < 1 || q.Limit > 1000 {
				return usagef("--limit %d: it is 1 to 1000", q.Limit)
			}
			if len(args) == 1 {
				q.Route = args[0]
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			found, err := client.Divergences(cmd.Context(), q)
			if err != nil {
				return err
			}
			if len(found) == 0 {
				if err := mustExist(cmd.Context(), client, q.Route, q.Group); err != nil {
					return err
				}
			}
			return o.list(cmd, found, divergenceIDs(found), func(w io.Writer) { printDivergences(w, found) })
		}),
	}
	cmd.Flags().StringVar(&q.Group, "group", "", "only those of the group with this `id`")
	cmd.Flags().IntVar(&q.Limit, "limit", 20, "at most this `many`")
	a.flags(cmd)
	o.listFlags(cmd, "ids")
	return cmd
}

func divergenceIDs(list []web.Divergence) []string {
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	return ids
}

func printDivergences(w io.Writer, list []web.Divergence) {
	heading(w, "AT", "ROUTE", extra{"GROUP"}, extra{"ID"}, "REQUEST", "WHERE", extra{"KIND"}, "LEGACY", "SERVICE")
	for _, d := range list {
		cells := []any{when(d.At), d.Route, extra{d.Group}, extra{d.ID}, d.Method + " " + d.Path}
		for _, first := range d.Differences[:min(1, len(d.Differences))] {
			where := first.Pointer
			if more := len(d.Differences) - 1 + d.More; more > 0 {
				where += fmt.Sprintf(" and %d more", more)
			}
			cells = append(cells, where, extra{first.Kind}, excerpt(first.Legacy), excerpt(first.Service))
		}
		row(w, cells...)
	}
}

// excerpt is a value short enough for a table.
func excerpt(value []byte) string {
	text := []rune(string(value))
	if len(text) > 30 {
		return string(text[:29]) + "…"
	}
	return orDash(string(text))
}
