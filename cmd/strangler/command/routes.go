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
		Use:   "routes [ROUTE]",
		Short: "Show where routes stand",
		Long: `Show where routes stand: phase, weight, service, which requests are theirs, and unit. -o wide also has
the owner, the version, and since when, by whom and why it stands there. Of one route it is also told
what is translated.`,
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
				if o.json() || o.quiet {
					return o.list(cmd, route, args, nil)
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
			return o.list(cmd, routes, routeNames(routes), func(w io.Writer) { printRoutes(w, routes) })
		}),
	}
	a.flags(cmd)
	o.listFlags(cmd, "names")
	return cmd
}

func printRoutes(w io.Writer, routes []web.Route) {
	heading(w, "ROUTE", "PHASE", "WEIGHT", "SERVICE", "MATCH", "UNIT", extra{"OWNER"}, extra{"VERSION"}, extra{"SINCE"}, extra{"BY"}, extra{"REASON"})
	for _, r := range routes {
		row(w, r.Name, paint(phaseColours[r.Phase], r.Phase), r.Weight, orDash(r.Service), matchText(r.Match), orDash(r.Unit),
			extra{orDash(r.Owner)}, extra{r.Version}, extra{when(r.Since)}, extra{r.Actor}, extra{r.Reason})
	}
}

// phaseColours tell phases apart at a glance; their names say the same.
var phaseColours = map[strangler.Phase]colour{strangler.PhaseShadow: cyan, strangler.PhaseCanary: yellow, strangler.PhaseLive: green}

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
