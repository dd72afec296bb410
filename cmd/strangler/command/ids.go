package command

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/web"
)

func newIDs() *cobra.Command {
	var a admin
	var o output
	cmd := &cobra.Command{
		Use:   "ids",
		Short: "List the tables of identifiers; bring pairs in and out",
		Long: `List the tables of identifiers, which say which of legacy's is which of the services': how many
pairs each has and may have, how unknown identifiers are made, and which translators use it. It has
the tables of the configuration.`,
		Example: "  strangler ids\n  strangler ids -o json\n  strangler ids import customer_ids customers.csv",
		Args:    argumentsOrSubcommand(0),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			tables, err := client.IDTables(cmd.Context())
			if err != nil {
				return err
			}
			names := make([]string, len(tables))
			for i, t := range tables {
				names[i] = t.Name
			}
			return o.list(cmd, tables, names, func(w io.Writer) { printTables(w, tables) })
		}),
	}
	a.flags(cmd)
	o.listFlags(cmd, "names")
	cmd.AddCommand(newFindID(), newExportIDs(), newImportIDs())
	return cmd
}

func printTables(w io.Writer, tables []web.IDTable) {
	heading(w, "TABLE", "PAIRS", "MAX", "MAKES LEGACY'S", "MAKES SERVICE'S", "USED BY", "FILE")
	for _, t := range tables {
		row(w, t.Name, strconv.FormatInt(t.Pairs, 10), strconv.FormatInt(t.Max, 10), orDash(t.MakesLegacy), orDash(t.MakesService), orDash(strings.Join(t.UsedBy, ", ")), t.File)
	}
}

func newFindID() *cobra.Command {
	var a admin
	var o output
	var legacy, service string
	cmd := &cobra.Command{
		Use:   "find TABLE --legacy ID | --service ID",
		Short: "Find the pair that has an identifier",
		Long: `Find the pair that has an identifier of legacy's, or one of the services'. Where there is none, none
is made, and the exit status is 4. Where the proxy wants a token its role is evidence.`,
		Example: "  strangler ids find customer_ids --legacy 4711\n  strangler ids find customer_ids --service 01981c2e-7a0b-7c33-9d2a-5b6f0e8a1c44",
		Args:    arguments(1, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			side, id := ids.Legacy, legacy
			if cmd.Flags().Changed("service") {
				side, id = ids.Service, service
			}
			if cmd.Flags().Changed("legacy") == cmd.Flags().Changed("service") {
				return usagef("say which identifier, with either --legacy or --service")
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			pair, err := client.FindID(cmd.Context(), args[0], side, id)
			if err != nil {
				return err
			}
			return o.print(cmd, pair, func(w io.Writer) {
				heading(w, "LEGACY", "SERVICE")
				row(w, pair.Legacy, pair.Service)
			})
		}),
	}
	cmd.Flags().StringVar(&legacy, "legacy", "", "the `identifier` that legacy has")
	cmd.Flags().StringVar(&service, "service", "", "the `identifier` that the services have")
	a.flags(cmd)
	o.flags(cmd)
	return cmd
}

func newExportIDs() *cobra.Command {
	var a admin
	cmd := &cobra.Command{
		Use:   "export TABLE",
		Short: "Print all pairs of a table as CSV",
		Long: `Print all pairs of a table as CSV: legacy,service in the first line, then a pair a line, in the order
of legacy's identifiers. import reads it. If the exit status isn't 0 it is not the whole. Where the
proxy wants a token its role is evidence.`,
		Example: "  strangler ids export customer_ids > customers.csv",
		Args:    arguments(1, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			out := bufio.NewWriterSize(cmd.OutOrStdout(), 64<<10)
			bar := newBar(cmd.ErrOrStderr(), isTerminal(cmd.OutOrStdout())) // where the pairs themselves show how far it is
			defer bar.clear()
			to := &writing{Writer: out, bar: bar, thing: "pair"}
			if bar.to != nil {
				tables, err := client.IDTables(cmd.Context())
				if err != nil {
					return err
				}
				for _, t := range tables {
					if t.Name == args[0] {
						to.of = t.Pairs
					}
				}
			}
			if err := client.ExportIDs(cmd.Context(), args[0], to); err != nil {
				return err
			}
			return out.Flush()
		}),
	}
	a.flags(cmd)
	return cmd
}

func newImportIDs() *cobra.Command {
	var a admin
	var o output
	var consent consent
	cmd := &cobra.Command{
		Use:   "import TABLE FILE.csv|-",
		Short: "Add pairs that exist already to a table",
		Long: `Add pairs that exist already to a table, all of them or none. The file is CSV in UTF-8: legacy's
identifier, a comma, the service's. A first line may say legacy,service, or service,legacy where the
columns are in that order. It may have 256 MiB; - is the standard input.

Pairs that the table has alike are fine, so that an import may be repeated. A pair is for ever: one
that contradicts a pair of the table, or another line, is refused with exit status 6 and both pairs
named, and nothing forces it. A line that is malformed is named, with exit status 2. On a terminal it
is asked first; --yes leaves the question out.`,
		Example: "  strangler ids import customer_ids customers.csv\n  psql shop -c '\\copy (SELECT legacy_no, id FROM customers) TO STDOUT CSV' | strangler ids import customer_ids -",
		Args:    arguments(2, 2),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			csv, err := openInput(cmd, args[1])
			if err != nil {
				return err
			}
			defer csv.Close()
			if err := consent.ask(cmd, fmt.Sprintf("Add the pairs of %s to %s? A pair is for ever.", inputName(args[1]), args[0])); err != nil {
				return err
			}
			bar := newBar(cmd.ErrOrStderr(), o.quiet)
			defer bar.end()
			from := &reading{Reader: csv, bar: bar, name: inputName(args[1])}
			if file, is := csv.(*os.File); is {
				if info, err := file.Stat(); err == nil {
					from.of = info.Size()
				}
			}
			done, err := client.ImportIDs(cmd.Context(), args[0], from)
			bar.end()
			if err != nil {
				return err
			}
			return o.print(cmd, done, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %d new, %d known\n", printable(args[0]), done.New, done.Known)
			})
		}),
	}
	consent.flags(cmd)
	a.flags(cmd)
	o.changeFlags(cmd)
	return cmd
}
