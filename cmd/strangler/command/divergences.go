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

// How much of a value, and of a request or a place where there is little room, a line has.
const (
	valueWidth    = 30
	minValueWidth = 6
)

func printDivergences(w io.Writer, list []web.Divergence) {
	n, narrow := valueWidth, 0
	if s, is := w.(*sheet); is && s.width > 0 {
		n, narrow = fittingValues(list, s.width)
	}
	heading(w, "AT", "ROUTE", extra{"GROUP"}, extra{"ID"}, "REQUEST", "WHERE", extra{"KIND"}, "LEGACY", "SERVICE")
	for _, d := range list {
		cells := []any{when(d.At), d.Route, extra{d.Group}, extra{d.ID}, shortIf(d.Method+" "+d.Path, narrow)}
		if where := whereOf(d); where != "" {
			first := d.Counting()[0]
			cells = append(cells, shortIf(where, narrow), extra{first.Kind}, short(excerpt(first.Legacy), n), short(excerpt(first.Service), n))
		}
		row(w, cells...)
	}
}

// fittingValues returns how much of each value a terminal has room for, and of requests and places; 0: all.
func fittingValues(list []web.Divergence, width int) (value, place int) {
	for _, place = range []int{0, 24, 16} {
		var rows [][]string
		for _, d := range list {
			rows = append(rows, []string{when(d.At), d.Route, shortIf(d.Method+" "+d.Path, place), shortIf(whereOf(d), place), "", ""})
		}
		rows = append(rows, []string{"AT", "ROUTE", "REQUEST", "WHERE", "", ""})
		if value = (width - widthBut(rows, 5)) / 2; value >= minValueWidth {
			return min(value, valueWidth), place
		}
	}
	return minValueWidth, place
}

func shortIf(text string, n int) string {
	if n == 0 {
		return text
	}
	return short(text, n)
}

// whereOf says where the first difference is that counts, if any does, and how many more do; empty: nowhere.
func whereOf(d web.Divergence) string {
	count := d.Counting()
	if len(count) == 0 {
		return ""
	}
	where := place(count[0].Pointer)
	if more := len(count) - 1 + d.More; more > 0 {
		where += fmt.Sprintf(" and %d more", more)
	}
	return where
}

// excerpt is a value short enough for a table.
func excerpt(value []byte) string { return orDash(short(string(value), valueWidth)) }
