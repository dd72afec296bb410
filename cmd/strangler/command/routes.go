package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

func newRoutes() *cobra.Command {
	var a admin
	var o output
	cmd := &cobra.Command{
		Use:     "routes [ROUTE]",
		Short:   "Show where routes stand",
		Example: "  strangler routes\n  strangler routes orders-read -o json",
		Args:    arguments(0, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				route, err := client.Route(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if o.json() {
					return o.print(cmd, route, nil)
				}
				translation, err := client.Translation(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return o.print(cmd, route, func(w io.Writer) {
					printRoutes(w, []web.Route{route})
					printTranslation(w, translation)
				})
			}
			routes, err := client.Routes(cmd.Context())
			if err != nil {
				return err
			}
			return o.print(cmd, routes, func(w io.Writer) { printRoutes(w, routes) })
		}),
	}
	a.flags(cmd)
	o.flags(cmd)
	return cmd
}

func printRoutes(w io.Writer, routes []web.Route) {
	row(w, "ROUTE", "PHASE", "WEIGHT", "SERVICE", "MATCH", "UNIT", "VERSION", "SINCE", "BY", "REASON")
	for _, r := range routes {
		row(w, r.Name, r.Phase, r.Weight, orDash(r.Service), matchText(r.Match), orDash(r.Unit), r.Version, when(r.Since), r.Actor, r.Reason)
	}
}

// matchText is a route's predicates on one line.
func matchText(m strangler.Match) string {
	methods := "any"
	if len(m.Methods) > 0 {
		methods = strings.Join(m.Methods, ",")
	}
	text := methods + " " + m.Host + m.Path
	if n := len(m.Headers) + len(m.Query); n > 0 {
		text += fmt.Sprintf(" +%d", n)
	}
	return text
}

// position is where a route stands, in words.
func position(r web.Route) string {
	return strangler.Position{Phase: r.Phase, Weight: r.Weight}.String()
}
