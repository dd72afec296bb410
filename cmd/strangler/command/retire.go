package command

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

func newRetire() *cobra.Command {
	var a admin
	var o output
	var proof proof
	var request api.RetireRequest
	cmd := &cobra.Command{
		Use:   "retire ROUTE… | --service S | --unit U",
		Short: "Retire routes for which nobody needs legacy any more",
		Long: `Retire routes, and with them their units: legacy is never called for them again, and nothing but
--force brings them back. All of them retire, or none. It is refused while legacy was called for
one of them within its retire_after, other than by shadowing, while groups of divergences are open,
or where nobody has looked for callers that go around the proxy: those are in the legacy server's
access log. What moved, when, by whom and on what evidence goes into a report.

On a terminal it is asked first; --yes leaves the question out.`,
		Example: `  strangler retire orders-read --access-log '/var/log/apache2/access.log*'
  strangler retire --service orders --access-log legacy.log.gz --from-proxy 10.0.3.0/24 --report orders.md
  strangler retire orders-read orders-list --proxy-only --reason 'legacy is closed to all but the proxy'`,
		Args: cobra.ArbitraryArgs,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			request.Routes = args
			named := 0
			for _, given := range []bool{len(args) > 0, request.Unit != "", request.Service != ""} {
				if given {
					named++
				}
			}
			if named != 1 {
				return usagef("say what to retire: ROUTE…, --service or --unit, and only one of them")
			}
			if err := proof.check(); err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			result, err := proof.retire(cmd, client, &request)
			if err != nil {
				return err
			}
			if err := o.print(cmd, result, func(w io.Writer) { printMoved(w, result.Moved) }); err != nil {
				return err
			}
			return proof.tell(cmd, &o, result.Reports)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&request.Unit, "unit", "", "all routes of this `unit`")
	f.StringVar(&request.Service, "service", "", "all routes of this `service`, and their units")
	f.StringVar(&request.Reason, "reason", "", "`text` for the journal and the report: why")
	f.BoolVar(&request.Force, "force", false, "get past all that stands in the way; the report names it")
	proof.flags(cmd)
	a.flags(cmd)
	o.changeFlags(cmd)
	return cmd
}

// proof is what shows that nobody goes around the proxy, and where the report goes.
type proof struct {
	logs      []string
	fromProxy []string
	proxyOnly bool
	report    string
	consent   consent
}

// proofFlags are the names of its flags.
var proofFlags = []string{"access-log", "from-proxy", "proxy-only", "report"}

func (p *proof) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&p.logs, "access-log", nil, "access log of the legacy server: a `file`, gzip or not, a pattern in quotes, or - for stdin; may be repeated")
	f.StringSliceVar(&p.fromProxy, "from-proxy", nil, "`CIDRs` from which the proxy's own requests come, besides the addresses that it knows of")
	f.BoolVar(&p.proxyOnly, "proxy-only", false, "vouch for there being no way around the proxy, instead of a log")
	f.StringVar(&p.report, "report", "", "`file` for the report, instead of standard output")
	p.consent.flags(cmd)
}

// check looks at what the flags alone tell.
func (p *proof) check() error {
	switch {
	case p.proxyOnly && len(p.logs) > 0:
		return usagef("--proxy-only says that there is nothing to look for in a log; leave one of the two out")
	case len(p.fromProxy) > 0 && len(p.logs) == 0:
		return usagef("--from-proxy says which lines of --access-log are the proxy's; give the log, too")
	}
	for _, text := range p.fromProxy {
		if _, err := parsePrefix(text); err != nil {
			return usagef("--from-proxy %s: it is a network such as 10.0.0.0/8, or an address", text)
		}
	}
	return nil
}

// retire asks for it, with what the logs say.
func (p *proof) retire(cmd *cobra.Command, client *api.Client, request *api.RetireRequest) (web.Retired, error) {
	request.ProxyOnly = p.proxyOnly
	if p.report != "" { // which shows here whether it can be written, and not when all is done
		file, err := os.OpenFile(p.report, os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return web.Retired{}, fmt.Errorf("--report: %w", err)
		}
		file.Close()
	}
	if len(p.logs) > 0 {
		routes, err := client.Routes(cmd.Context())
		if err != nil {
			return web.Retired{}, err
		}
		names := retiring(routes, request.Retire)
		for _, name := range request.Routes {
			if !slices.Contains(names, name) {
				_, err := client.Route(cmd.Context(), name) // which says that there is none, and which was meant
				return web.Retired{}, err
			}
		}
		if request.AccessLog, err = p.survey(cmd, client, routes, names); err != nil {
			return web.Retired{}, err
		}
	}
	if err := p.ask(cmd, client, request); err != nil {
		return web.Retired{}, err
	}
	return client.Retire(cmd.Context(), *request)
}

// ask asks before routes retire, which are named where the proxy says which.
func (p *proof) ask(cmd *cobra.Command, client *api.Client, request *api.RetireRequest) error {
	if !p.consent.asks(cmd) {
		return nil
	}
	routes, err := client.Routes(cmd.Context())
	names := retiring(routes, request.Retire)
	if err != nil || len(names) == 0 {
		return nil // the request itself says what is wrong
	}
	return p.consent.ask(cmd, fmt.Sprintf("Retire %s? From then on legacy is never called there, and nothing but --force leads back.", theRoutes(names)))
}

// retiring returns the names of the routes that are asked for, and of their units.
func retiring(routes []web.Route, r web.Retire) []string {
	units := map[string]bool{}
	asked := func(route web.Route) bool {
		return slices.Contains(r.Routes, route.Name) || r.Unit != "" && route.Unit == r.Unit || r.Service != "" && route.Service == r.Service
	}
	for _, route := range routes {
		if asked(route) && route.Unit != "" {
			units[route.Unit] = true
		}
	}
	var names []string
	for _, route := range routes {
		if asked(route) || units[route.Unit] {
			names = append(names, route.Name)
		}
	}
	return names
}

// tell writes the reports where they are wanted. In JSON they are part of what was printed; where it is
// quiet, those that are on the proxy's machine are not wanted.
func (p *proof) tell(cmd *cobra.Command, o *output, reports []web.Report) error {
	var texts []string
	for _, report := range reports {
		if report.File == "" || p.report != "" || !o.quiet {
			texts = append(texts, report.Markdown)
		}
	}
	tellReports(cmd.ErrOrStderr(), o.notes(cmd), reports)
	switch text := strings.Join(texts, "\n"); {
	case len(texts) == 0:
		return nil
	case p.report != "":
		if err := os.WriteFile(p.report, []byte(text), 0o644); err != nil {
			return fmt.Errorf("they are retired, but the report could not be written: %w", err)
		}
		return nil
	case o.json() && !o.quiet:
		return nil
	default:
		_, err := io.WriteString(cmd.OutOrStdout(), "\n"+text)
		return err
	}
}

// tellReports says where the reports of retired routes are.
func tellReports(warnings, notes io.Writer, reports []web.Report) {
	for _, report := range reports {
		if report.File != "" {
			fmt.Fprintf(notes, "the report of %s is on the proxy's machine in %s\n", printable(report.Route), printable(report.File))
		} else {
			fmt.Fprintf(warnings, "the report of %s is nowhere else, since it could not be saved: %s\n", printable(report.Route), printable(report.Problem))
		}
	}
}

// movedRoute is a route that moved, and its report if it retired.
type movedRoute struct {
	web.Route
	Report *web.Report `json:"report,omitempty"`
}

// shift is retire for one route, at the version that the caller has seen.
func (p *proof) shift(cmd *cobra.Command, client *api.Client, name string, in api.ShiftRequest) (movedRoute, web.Retired, error) {
	request := api.RetireRequest{Retire: web.Retire{Routes: []string{name}, Reason: in.Reason, Force: in.Force, IfVersion: in.IfVersion}}
	result, err := p.retire(cmd, client, &request)
	var moved movedRoute
	for _, route := range result.Moved {
		if route.Name == name {
			moved.Route = route
		}
	}
	for i := range result.Reports {
		if result.Reports[i].Route == name {
			moved.Report = &result.Reports[i]
		}
	}
	return moved, result, err
}
