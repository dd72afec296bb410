package command

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// ruling is what a rule is made of.
type ruling struct {
	route            string
	pointers         []string
	unordered        bool
	keyed, tolerance string
	reason           string
	yes              bool
}

func newIgnore() *cobra.Command {
	var a admin
	var o output
	var r ruling
	cmd := &cobra.Command{
		Use:   "ignore GROUP | --route ROUTE --pointer POINTER…",
		Short: "Make a rule from evidence",
		Long: `Make a rule: what lies at these places never differs again, or, with one of --unordered, --keyed
and --tolerance, only where that is broken. First it is shown what the rule would make of the
divergences on record; with --yes it is saved in the journal and in force at once.

GROUP stands for its route, and for the rules that its examples suggest, else for its places. A
pointer is RFC 6901, with * for any key or index, or status, or header:NAME.`,
		Example: `  strangler ignore 7015c9a7aaaa6b36
  strangler ignore --route orders-read --pointer /updated_at --reason 'the clock' --yes
  strangler ignore --route orders-read --pointer /total --tolerance 0.01
  strangler ignore --route book-list --pointer /books --keyed id`,
		Args: arguments(0, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if err := r.check(args); err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			request, err := r.request(cmd.Context(), client, args)
			if err != nil {
				return err
			}
			do := client.PreviewRules
			if r.yes {
				do = client.AddRules
			}
			effect, err := do(cmd.Context(), request)
			if err != nil {
				return err
			}
			if !r.yes {
				defer fmt.Fprintln(o.notes(cmd), "Nothing is saved yet: --yes puts it in force.")
			}
			return o.print(cmd, effect, func(w io.Writer) { printEffect(w, effect) })
		}),
	}
	cmd.Flags().StringVar(&r.route, "route", "", "the `route`, where no group says it")
	cmd.Flags().StringArrayVar(&r.pointers, "pointer", nil, "a `place`; may be repeated")
	cmd.Flags().BoolVar(&r.unordered, "unordered", false, "only the order of this array's elements doesn't matter")
	cmd.Flags().StringVar(&r.keyed, "keyed", "", "this array's elements are paired by this `member`")
	cmd.Flags().StringVar(&r.tolerance, "tolerance", "", "these numbers may be so far apart: `0.01`, or 1%")
	cmd.Flags().StringVar(&r.reason, "reason", "", "`text` for the journal: why")
	cmd.Flags().BoolVar(&r.yes, "yes", false, "save it")
	a.flags(cmd)
	o.changeFlags(cmd)
	o.headingsFlag(cmd)
	return cmd
}

func (r *ruling) check(args []string) error {
	kinds := 0
	for _, given := range []bool{r.unordered, r.keyed != "", r.tolerance != ""} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		return usagef("a rule is of one kind: keep one of --unordered, --keyed and --tolerance")
	case len(args) == 1 && (r.route != "" || len(r.pointers) > 0 || kinds > 0):
		return usagef("the group says route and places; for others leave it out")
	case len(args) == 0 && (r.route == "" || len(r.pointers) == 0):
		return usagef("say what to ignore: a group, or --route and --pointer")
	}
	return nil
}

// request returns the rules that are asked for.
func (r *ruling) request(ctx context.Context, client *api.Client, args []string) (api.RulesRequest, error) {
	request := api.RulesRequest{Route: r.route, Reason: r.reason}
	if len(args) == 1 {
		return r.ofGroup(ctx, client, args[0])
	}
	rule := api.NewRule{Kind: web.RuleIgnore}
	switch {
	case r.unordered:
		rule.Kind = web.RuleUnordered
	case r.keyed != "":
		rule.Kind, rule.Value = web.RuleKeyed, r.keyed
	case r.tolerance != "":
		rule.Kind, rule.Value = web.RuleTolerance, r.tolerance
	}
	for _, pointer := range r.pointers {
		rule.Pointer = pointer
		request.Rules = append(request.Rules, rule)
	}
	return request, nil
}

// ofGroup returns the rules that cover a group. What would hide more than it shows has to be asked
// for by its pointer.
func (r *ruling) ofGroup(ctx context.Context, client *api.Client, id string) (api.RulesRequest, error) {
	g, err := client.Group(ctx, id)
	if err != nil {
		return api.RulesRequest{}, err
	}
	request := api.RulesRequest{Route: g.Route, Reason: r.reason}
	rules, left := g.Covering()
	if len(left) > 0 {
		at := left[0].Pointer
		return request, usagef("group %s differs in %s, and to ignore that hides nearly everything; if you mean it, say --route %s --pointer '%s'", g.ID, place(at), g.Route, at)
	}
	for _, r := range rules {
		request.Rules = append(request.Rules, api.NewRule(r))
	}
	if len(request.Rules) == 0 {
		return request, usagef("group %s stands for many causes; look at its divergences, and ignore places by --route and --pointer", g.ID)
	}
	return request, nil
}

func printEffect(w io.Writer, e web.RuleEffect) {
	for _, r := range e.Rules {
		row(w, "rule", r.Kind, place(r.Pointer), r.Value)
	}
	about := ""
	if e.Estimate {
		about = "about "
	}
	row(w, "would be no divergence", fmt.Sprintf("%s%d", about, e.Gone))
	row(w, "would differ in fewer places", fmt.Sprintf("%s%d", about, e.Changed))
	if len(e.Groups) == 0 {
		return
	}
	row(w)
	heading(w, "GROUP", "COUNT", "LOOKED AT", "GONE", "FEWER", "STATE", "WHAT")
	for _, g := range e.Groups {
		row(w, g.Group, g.Count, g.Looked, g.Gone, g.Changed, g.State, g.Title)
	}
}
