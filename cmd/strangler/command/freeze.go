package command

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// freezeReport is what -o json prints.
type freezeReport struct {
	Freeze *web.Freeze `json:"freeze,omitempty"` // absent: nothing is frozen
}

func newFreeze() *cobra.Command {
	var a admin
	var o output
	var until string
	var request api.FreezeRequest
	cmd := &cobra.Command{
		Use:   "freeze",
		Short: "Keep all routes from being promoted",
		Long: `Keep all routes from being promoted by themselves, for a while or until thaw. Nothing else is
kept: what breaks a gate still goes back, and people may shift routes. Where promotions are frozen
already it is said anew until when.`,
		Example: `  strangler freeze --until '2026-12-27 09:00' --reason 'the holidays'
  strangler freeze --until 3d
  strangler freeze`,
		Args: arguments(0, 0),
		RunE: run(func(cmd *cobra.Command, args []string) (err error) {
			if cmd.Flags().Changed("until") {
				if request.Until, err = parseUntil(until, time.Now()); err != nil {
					return err
				}
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			f, err := client.Freeze(cmd.Context(), request)
			if err != nil {
				return err
			}
			return o.print(cmd, freezeReport{&f}, func(w io.Writer) { fmt.Fprintln(w, frozenText(f)) })
		}),
	}
	cmd.Flags().StringVar(&until, "until", "", "a `time`, or for how long; without it until thaw")
	cmd.Flags().StringVar(&request.Reason, "reason", "", "`text` for the journal: why")
	a.flags(cmd)
	o.changeFlags(cmd)
	return cmd
}

func newThaw() *cobra.Command {
	var a admin
	var o output
	var request api.ThawRequest
	cmd := &cobra.Command{
		Use:     "thaw",
		Short:   "Let routes be promoted again",
		Long:    "Let routes be promoted by themselves again, after freeze. Where nothing is frozen nothing changes.",
		Example: "  strangler thaw\n  strangler thaw --reason 'the release is out'",
		Args:    arguments(0, 0),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			if err := client.Thaw(cmd.Context(), request); err != nil {
				return err
			}
			return o.print(cmd, freezeReport{}, func(w io.Writer) { fmt.Fprintln(w, "promotions are not frozen") })
		}),
	}
	cmd.Flags().StringVar(&request.Reason, "reason", "", "`text` for the journal: why")
	a.flags(cmd)
	o.changeFlags(cmd)
	return cmd
}

// frozenText says until when promotions are frozen, by whom and why.
func frozenText(f web.Freeze) string {
	text := "promotions are frozen until thaw"
	if !f.Until.IsZero() {
		text = "promotions are frozen until " + when(f.Until)
	}
	text += ", by " + f.Actor
	if !f.Verified {
		text += " (unverified)"
	}
	if f.Reason != "" {
		text += ": " + f.Reason
	}
	return printable(text)
}
