package command

import (
	"io"
	"slices"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

func newTriage() *cobra.Command {
	var a admin
	var o output
	var request api.TriageRequest
	cmd := &cobra.Command{
		Use:   "triage GROUP open|expected|fixed",
		Short: "Say what you think of a group of divergences",
		Long: `Say what you think of a group of divergences. One that is expected counts against no gate, and
wants a reason. One that is fixed opens again when it is seen again.`,
		Example: `  strangler triage 7015c9a7aaaa6b36 expected --reason 'legacy rounds down'
  strangler triage 7015c9a7aaaa6b36 fixed`,
		Args: arguments(2, 2),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			request.State = args[1]
			if !slices.Contains(web.GroupStates(), request.State) {
				return usagef("no state %q: it is open, expected or fixed%s", request.State, didYouMean(request.State, web.GroupStates()))
			}
			if request.State == "expected" && request.Reason == "" {
				return usagef("a group is expected for a reason; say it with --reason")
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			g, err := client.Triage(cmd.Context(), args[0], request)
			if err != nil {
				return err
			}
			return o.print(cmd, g, func(w io.Writer) { printGroups(w, []web.Group{g}) })
		}),
	}
	cmd.Flags().StringVar(&request.Reason, "reason", "", "`text`: why; needed for expected")
	a.flags(cmd)
	o.changeFlags(cmd)
	o.headingsFlag(cmd)
	return cmd
}
