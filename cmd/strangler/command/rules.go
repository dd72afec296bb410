package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
	"go.yaml.in/yaml/v3"
)

func newRules() *cobra.Command {
	var a admin
	var o output
	cmd := &cobra.Command{
		Use:   "rules [ROUTE]",
		Short: "List what counts as a difference",
		Long: `List what counts as a difference on each route: the configuration's rules, then the journal's,
which ignore makes. -o yaml prints the journal's as the configuration file has them; once they are
there, drop them here.`,
		Example: "  strangler rules orders-read\n  strangler rules -o yaml\n  strangler rules drop 5f0c1b2a3d4e",
		Args:    argumentsOrSubcommand(1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			route := ""
			if len(args) == 1 {
				route = args[0]
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			rules, err := client.Rules(cmd.Context(), route)
			if err != nil {
				return err
			}
			if o.format.value == "yaml" && !o.quiet {
				return printYAML(cmd.OutOrStdout(), rules)
			}
			return o.list(cmd, rules, ruleIDs(rules), func(w io.Writer) { printRules(w, rules) })
		}),
	}
	a.flags(cmd)
	o.listFlags(cmd, "ids of the journal's")
	cmd.Flag("output").Usage += "; yaml: the journal's, as the configuration file has them"
	cmd.AddCommand(newDropRule())
	return cmd
}

func newDropRule() *cobra.Command {
	var a admin
	var o output
	var request api.DropRequest
	var consent consent
	cmd := &cobra.Command{
		Use:     "drop RULE",
		Short:   "End a rule of the journal",
		Long:    "End a rule of the journal. The groups that it covered are open again. On a terminal it is asked first.",
		Example: "  strangler rules drop 5f0c1b2a3d4e --reason 'it hid too much'",
		Args:    arguments(1, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			if err := consent.askDrop(cmd, client, args[0]); err != nil {
				return err
			}
			rules, err := client.DropRule(cmd.Context(), args[0], request)
			if err != nil {
				return err
			}
			return o.print(cmd, rules, func(w io.Writer) { printRules(w, rules) })
		}),
	}
	cmd.Flags().StringVar(&request.Reason, "reason", "", "`text` for the journal: why")
	consent.flags(cmd)
	a.flags(cmd)
	o.changeFlags(cmd)
	o.headingsFlag(cmd)
	return cmd
}

// ruleIDs returns the ids of the rules that have one: the journal's.
func ruleIDs(rules []web.Rule) (ids []string) {
	for _, r := range rules {
		if r.ID != "" {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func printRules(w io.Writer, rules []web.Rule) {
	heading(w, "RULE", "ROUTE", "KIND", "WHERE", "VALUE", extra{"SINCE"}, "BY", "REASON")
	for _, r := range rules {
		by := r.Actor
		if r.Origin == web.RuleOfConfiguration {
			by = "configuration"
		} else if !r.Verified {
			by += " (unverified)"
		}
		row(w, orDash(r.ID), r.Route, r.Kind, place(r.Pointer), orDash(r.Value), extra{when(r.At)}, by, r.Reason)
	}
}

// routeRules is a route as the configuration file has it, with nothing but its rules.
type routeRules struct {
	Name   string `yaml:"name"`
	Shadow struct {
		Compare struct {
			Ignore    []string          `yaml:"ignore,omitempty"`
			Unordered []string          `yaml:"unordered,omitempty"`
			Keyed     map[string]string `yaml:"keyed,omitempty"`
			Tolerance map[string]string `yaml:"tolerance,omitempty"`
		} `yaml:"compare"`
	} `yaml:"shadow"`
}

// printYAML prints the journal's rules for the configuration file.
func printYAML(w io.Writer, rules []web.Rule) error {
	var file struct {
		Routes []*routeRules `yaml:"routes"`
	}
	var at *routeRules
	for _, r := range rules {
		if r.Origin != web.RuleOfJournal {
			continue
		}
		if at == nil || at.Name != r.Route {
			at = &routeRules{Name: r.Route}
			file.Routes = append(file.Routes, at)
		}
		switch to := &at.Shadow.Compare; r.Kind {
		case web.RuleIgnore:
			to.Ignore = append(to.Ignore, r.Pointer)
		case web.RuleUnordered:
			to.Unordered = append(to.Unordered, r.Pointer)
		case web.RuleKeyed:
			put(&to.Keyed, r.Pointer, r.Value)
		case web.RuleTolerance:
			put(&to.Tolerance, r.Pointer, r.Value)
		}
	}
	if len(file.Routes) == 0 {
		_, err := fmt.Fprintln(w, "# The journal has no rules.")
		return err
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(file); err != nil {
		return err
	}
	return encoder.Close()
}

func put(m *map[string]string, key, value string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[key] = value
}
