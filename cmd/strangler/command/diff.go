package command

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// diffReport is what a reload would change, and where routes have moved since they started.
type diffReport struct {
	Changes []config.Change `json:"changes"`
	Drift   []drift         `json:"drift"`
}

// drift is a route that doesn't stand where the file starts it.
type drift struct {
	Route string `json:"route"`
	Start string `json:"start"`
	Now   string `json:"now"`
}

func newDiff(c *Config) *cobra.Command {
	var a admin
	var o output
	var file string
	cmd := &cobra.Command{
		Use:   "diff [-c strangler.yaml]",
		Short: "Show what a reload would change, and which routes have moved",
		Long: `Show what a reload of the file would change in the running proxy, route by route, and which
routes stand elsewhere than the file starts them: there the journal wins, and nothing has to be
done. The proxy is only asked; nothing is changed.`,
		Example: "  strangler diff\n  strangler diff -c staging.yaml --admin http://staging:9900",
		Args:    arguments(0, 0),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(file, config.Options{Env: os.LookupEnv, Translators: translatorNames(c)})
			if err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			running, err := client.Config(cmd.Context())
			if err != nil {
				return err
			}
			routes, err := client.Routes(cmd.Context())
			if err != nil {
				return err
			}
			report := newDiffReport(cfg, running.Definitions, routes)
			return o.list(cmd, report, report.names(), func(w io.Writer) { printDiff(w, report) })
		}),
	}
	cmd.Flags().StringVarP(&file, "config", "c", defaultFile, "configuration `file`")
	a.flags(cmd)
	o.listFlags(cmd, "names of what a reload would change or of routes that moved,")
	return cmd
}

func newDiffReport(cfg *config.Config, running map[string]json.RawMessage, routes []web.Route) diffReport {
	report := diffReport{Changes: config.Diff(running, cfg.InForce()), Drift: []drift{}}
	if report.Changes == nil {
		report.Changes = []config.Change{}
	}
	starts := map[string]strangler.Position{}
	for _, r := range cfg.Routes {
		starts[r.Name] = r.Start
	}
	for _, r := range routes {
		if start, ok := starts[r.Name]; ok && start.String() != position(r) {
			report.Drift = append(report.Drift, drift{r.Name, start.String(), position(r)})
		}
	}
	return report
}

// names returns what the report is about, each once.
func (r diffReport) names() (names []string) {
	for _, change := range r.Changes {
		names = append(names, change.Name)
	}
	for _, d := range r.Drift {
		if !slices.Contains(names, d.Route) {
			names = append(names, d.Route)
		}
	}
	return names
}

func printDiff(w io.Writer, r diffReport) {
	if len(r.Changes) == 0 {
		fmt.Fprintln(w, "a reload would change nothing")
	}
	for _, change := range r.Changes {
		fmt.Fprintln(w, printable(change.String()))
	}
	for _, d := range r.Drift {
		fmt.Fprintf(w, "%s starts at %s in the file and is at %s; the journal wins\n", printable(d.Route), d.Start, d.Now)
	}
}
