package command

import (
	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/export"
)

func newExport() *cobra.Command {
	var a admin
	as := choice{value: "hurl", among: export.Formats()}
	side := choice{value: "legacy", among: export.Sides()}
	base := "http://127.0.0.1:8080"
	limit := 200
	cmd := &cobra.Command{
		Use:   "export GROUP|ROUTE",
		Short: "Print stored requests and answers for other tools",
		Long: `Print what is stored of a group or a route, as a file of Hurl's, as lines for curl, as HAR, or as
a Go test with golden answers. What was redacted stays so.`,
		Example: "  strangler export 7015c9a7aaaa6b36 > mistake.hurl\n  strangler export orders-read --as go --base http://127.0.0.1:8102 > orders_test.go\n  strangler export orders-read --as har > orders.har",
		Args:    arguments(1, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			to, err := export.ParseBase(base)
			if err != nil {
				return usagef("--base %w", err)
			}
			if limit < 1 || limit > 1000 {
				return usagef("--limit %d: it is 1 to 1000", limit)
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			var target web.Replay
			if err := targetOf(cmd.Context(), client, args[0], &target); err != nil {
				return err
			}
			bar := newBar(cmd.ErrOrStderr(), false)
			bar.wait("reading what is stored of %s", args[0])
			found, err := client.Exchanges(cmd.Context(), web.ExchangeQuery{Route: target.Route, Group: target.Group, Limit: limit})
			bar.clear()
			if err != nil {
				return err
			}
			return export.Export{Base: to, Of: args[0], Side: side.value, As: as.value}.Write(cmd.OutOrStdout(), found)
		}),
	}
	cmd.Flags().Var(&as, "as", "the format")
	cmd.Flags().Var(&side, "side", "whose answers are the right ones")
	cmd.Flags().StringVar(&base, "base", base, "the `URL` that requests go to")
	cmd.Flags().IntVar(&limit, "limit", limit, "at most this `many`, the newest")
	a.flags(cmd)
	return cmd
}
