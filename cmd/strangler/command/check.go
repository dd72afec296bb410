package command

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/internal/config"
)

func newCheck(c *Config) *cobra.Command {
	var file string
	var o output
	cmd := &cobra.Command{
		Use:   "check [-c strangler.yaml]",
		Short: "Check a configuration file, offline",
		Long: `Check a configuration file, offline: everything that serve would refuse is named at once, each
with its file, line and column; warnings are what is allowed and yet likely a mistake. Of each route
that has a rollout a line says how it is to go. What translators, routes and facades lose, knowingly,
of what they translate is told on standard output: a part for each of them, a line for each loss.`,
		Example: "  strangler check\n  strangler check -c staging.yaml",
		Args:    arguments(0, 0),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(file, config.Options{Env: os.LookupEnv, Translators: translatorNames(c)})
			if err != nil {
				return err
			}
			for _, warning := range cfg.Warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), "warning:", printable(warning.String()))
			}
			for _, route := range cfg.Routes {
				if plan := route.PlanText(); plan != "" {
					fmt.Fprintf(o.notes(cmd), "rollout of %s: %s\n", route.Name, printable(plan))
				}
			}
			if !o.quiet {
				printLosses(cmd.OutOrStdout(), cfg)
			}
			if cfg.NoLegacy {
				warning := cfg.NoLegacyProblem("serve refuses this unless every route is retired, which only the journal knows; strangler routes shows it")
				fmt.Fprintln(cmd.ErrOrStderr(), "warning:", printable(warning.String()))
			}
			fmt.Fprintf(o.notes(cmd), "%s is good: %s, %s, %s\n", file,
				count(len(cfg.Routes), "route"), count(len(cfg.Services), "service"), count(len(cfg.Warnings), "warning"))
			return nil
		}),
	}
	cmd.Flags().StringVarP(&file, "config", "c", defaultFile, "configuration `file`")
	o.quietFlag(cmd)
	return cmd
}

// printLosses says of each translator, route and facade what it doesn't bring over.
func printLosses(w io.Writer, cfg *config.Config) {
	tell := func(what, name string, losses []config.Loss) {
		if len(losses) == 0 {
			return
		}
		fmt.Fprintf(w, "what %s %s loses:\n", what, name)
		for _, loss := range losses {
			fmt.Fprintf(w, "  %s: %s\n", loss.Pos, printable(loss.Text()))
		}
	}
	for _, name := range cfg.TranslatorNames {
		tell("translator", name, cfg.Translators[name].Losses)
	}
	for _, route := range cfg.Routes {
		if route.Translate != nil {
			tell("route", route.Name, route.Translate.Losses)
		}
	}
	for _, facade := range cfg.Facades {
		var losses []config.Loss
		for _, route := range facade.Routes {
			losses = append(losses, route.Translation.Losses...)
		}
		tell("facade", facade.Name, losses)
	}
}
