package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// maxState is how large a state may be that is imported, in bytes.
const maxState = 16 << 20

func newState() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Take where routes stand from one machine to another",
		Long: `Take where routes stand from one machine to another: phase and weight, the rules that people
made, how rollouts are steered, and a freeze. The configuration says what routes there are, and
is on the other machine already. What was recorded, what was thought of groups, the history, and
reports of retired routes are not in it.`,
		Example: "  strangler state export > state.json\n  strangler state import state.json --dry-run",
		Args:    unknownCommand,
		RunE:    func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStateExport(), newStateImport())
	return cmd
}

func newStateExport() *cobra.Command {
	var a admin
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "Print where routes stand, for state import",
		Long:    "Print where routes stand, as JSON for strangler state import.",
		Example: "  strangler state export > state.json\n  strangler state export | strangler state import - --admin http://10.0.0.7:9900",
		Args:    arguments(0, 0),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			state, err := client.ExportState(cmd.Context())
			if err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), state)
		}),
	}
	a.flags(cmd)
	return cmd
}

func newStateImport() *cobra.Command {
	var a admin
	var o output
	var consent consent
	var request api.StateRequest
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Have routes stand as they do elsewhere",
		Long: `Have routes stand as a state says that strangler state export printed. It is one change of the
journal: all of it, or nothing. What stands as the state says already is left as it is, and so are
routes that the state doesn't have. A freeze that is in force here and that the state doesn't have
stays, and is named. Guards count as with strangler shift; to retire a route wants --force, since an
import can't look whether legacy is still called for it, and writes a report of what is known here.`,
		Example: "  strangler state import state.json --dry-run\n  strangler state import - --reason 'moved to the new host' < state.json",
		Args:    arguments(1, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			text, err := readInput(cmd, maxState, args[0])
			if err != nil {
				return err
			}
			if request.State, err = readState(text); err != nil {
				return usagef("read %s: %w", inputName(args[0]), err)
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			if err := consent.askImport(cmd, client, request); err != nil {
				return err
			}
			change, err := client.ImportState(cmd.Context(), request)
			if err != nil {
				return err
			}
			if err := o.print(cmd, change, func(w io.Writer) { printStateChange(w, change) }); err != nil {
				return err
			}
			tellReports(cmd.ErrOrStderr(), o.notes(cmd), change.Reports)
			for _, report := range change.Reports {
				if report.File == "" && (o.quiet || !o.json()) {
					fmt.Fprint(cmd.OutOrStdout(), "\n"+report.Markdown)
				}
			}
			return nil
		}),
	}
	consent.flags(cmd)
	cmd.Flags().StringVar(&request.Reason, "reason", "", "`text` for the journal: why")
	cmd.Flags().BoolVar(&request.Force, "force", false, "get past a guard that allows it")
	cmd.Flags().BoolVar(&request.SkipUnknown, "skip-unknown", false, "leave out routes that there are not here")
	cmd.Flags().BoolVar(&request.DryRun, "dry-run", false, "say what would change, and change nothing")
	a.flags(cmd)
	o.changeFlags(cmd)
	o.headingsFlag(cmd)
	return cmd
}

// readState reads a state; what doesn't belong into one is a mistake that must not move a route.
func readState(text []byte) (state web.State, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&state); err != nil {
		return state, fmt.Errorf("it is no state of strangler state export: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return state, fmt.Errorf("it is no state of strangler state export: there is more behind it")
	}
	if state.Format != web.StateFormat {
		return state, fmt.Errorf("its format (strangler_state) is %d, and this program reads %d", state.Format, web.StateFormat)
	}
	return state, nil
}

func printStateChange(w io.Writer, c web.StateChange) {
	if len(c.Routes) > 0 {
		heading(w, "ROUTE", "FROM", "TO", "RULES", "ROLLOUT")
	}
	for _, r := range c.Routes {
		to, rules := r.After.String(), "-"
		if r.After == r.Before {
			to = "(stays)"
		}
		if r.Added+r.Dropped > 0 {
			rules = fmt.Sprintf("+%d -%d", r.Added, r.Dropped)
		}
		row(w, r.Name, r.Before, to, rules, orDash(r.Rollout))
	}
	if c.Freeze != nil && c.Freeze.Until.IsZero() {
		fmt.Fprintln(w, "promotions: frozen")
	} else if c.Freeze != nil {
		fmt.Fprintf(w, "promotions: frozen until %s\n", when(c.Freeze.Until))
	}
	if f := c.StillFrozen; f != nil {
		until := ""
		if !f.Until.IsZero() {
			until = " until " + when(f.Until)
		}
		fmt.Fprintf(w, "promotions: frozen here%s, which the state doesn't have; strangler thaw ends that\n", until)
	}
	would := "changed"
	if c.DryRun {
		would = "would change"
	}
	fmt.Fprintf(w, "%s %s, %d as the state says already\n", count(len(c.Routes), "route"), would, c.Same)
	if len(c.Unknown) > 0 {
		fmt.Fprintf(w, "not here, and left out: %s\n", printable(strings.Join(c.Unknown, ", ")))
	}
	if len(c.Left) > 0 {
		fmt.Fprintf(w, "not in the state, and left as %s: %s\n", map[bool]string{true: "it is", false: "they are"}[len(c.Left) == 1], printable(strings.Join(c.Left, ", ")))
	}
}
