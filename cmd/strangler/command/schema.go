package command

import (
	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/internal/config"
)

func newSchema() *cobra.Command {
	var included bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration, for editors",
		Long: `Print the JSON Schema (2020-12) of strangler.yaml, by which editors complete keys and mark what
they don't know. It sees the form of values; strangler check also sees what holds between them.`,
		Example: `  strangler schema > strangler.schema.json
  # and in strangler.yaml:
  # yaml-language-server: $schema=strangler.schema.json`,
		Args: arguments(0, 0),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			_, err := cmd.OutOrStdout().Write(config.Schema(included))
			return err
		}),
	}
	cmd.Flags().BoolVar(&included, "included", false, "of a file that another includes")
	return cmd
}
