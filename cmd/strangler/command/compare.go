package command

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/internal/daemon"
)

// maxCompared is how large a file may be, bytes: what is larger isn't compared by structure.
const maxCompared = 16 << 20

func newCompare(c *Config) *cobra.Command {
	var file, route string
	var o output
	cmd := &cobra.Command{
		Use:   "compare OLD NEW [--route ROUTE] [-c strangler.yaml]",
		Short: "Compare two files as two answers are, offline",
		Long: `Compare two files, such as both sides' output of a batch job, as a proxy compares two answers:
JSON, XML, HTML and lines of JSON by structure, texts line by line, all else by bytes. With --route
the rules count that the configuration file has for that route; those in the journal don't. One of
the two may be -, the standard input.

Exit status: 0 nothing differs that counts, 1 something does, 2 wrong usage, an invalid configuration,
or files that can't be read or compared, 4 no such route.`,
		Example: "  strangler compare old.json new.json\n  strangler compare old.json new.json --route invoices -o json\n  ./new-report | strangler compare old-report.xml -",
		Args:    arguments(2, 2),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if route == "" && cmd.Flags().Changed("config") {
				return usagef("-c goes with --route ROUTE, whose rules are to count")
			}
			if args[0] == "-" && args[1] == "-" {
				return usagef("only one of the two can be -, the standard input")
			}
			var definition config.Route
			if route != "" {
				var err error
				if definition, err = routeOf(c, file, route); err != nil {
					return err
				}
			}
			legacy, err := readInput(cmd, maxCompared, args[0])
			if err != nil {
				return err
			}
			service, err := readInput(cmd, maxCompared, args[1])
			if err != nil {
				return err
			}
			found, err := daemon.CompareBodies(definition.Rules, mediaOf(args[0], args[1]), legacy, service)
			if err != nil {
				return usagef("%s and %s can't be compared: %v", args[0], args[1], err)
			}
			if err := printCompared(cmd, &o, found); err != nil || len(found) == 0 {
				return err
			}
			return fmt.Errorf("%s and %s differ in %s", args[0], args[1], count(len(found), "place"))
		}),
	}
	cmd.Flags().StringVarP(&file, "config", "c", defaultFile, "configuration `file`, with --route")
	cmd.Flags().StringVar(&route, "route", "", "the `route` whose rules count; without it everything does")
	o.changeFlags(cmd)
	o.headingsFlag(cmd)
	return cmd
}

// routeOf returns a route of a configuration file.
func routeOf(c *Config, file, name string) (config.Route, error) {
	cfg, err := config.Load(file, config.Options{Env: os.LookupEnv, Translators: translatorNames(c)})
	if err != nil {
		return config.Route{}, err
	}
	return routeIn(cfg, name)
}

// media are the types of files by the ends of their names, as far as they are compared by structure.
var media = map[string]string{
	".json": "application/json", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson",
	".xml": "application/xml", ".html": "text/html", ".htm": "text/html", ".txt": "text/plain", ".csv": "text/csv",
}

// mediaOf returns the type of two files; empty where their names don't tell, or contradict one another.
func mediaOf(legacy, service string) string {
	l, s := media[strings.ToLower(filepath.Ext(legacy))], media[strings.ToLower(filepath.Ext(service))]
	switch {
	case l == "":
		return s
	case s == "" || s == l:
		return l
	}
	return ""
}

// compared is what -o json prints.
type compared struct {
	Same        bool                    `json:"same"`
	Differences []daemon.BodyDifference `json:"differences"`
}

func printCompared(cmd *cobra.Command, o *output, found []daemon.BodyDifference) error {
	if !o.json() && len(found) == 0 {
		return nil
	}
	return o.print(cmd, compared{len(found) == 0, found}, func(w io.Writer) {
		heading(w, "WHERE", "KIND", "LEGACY", "SERVICE", "GUESS")
		for _, d := range found {
			where := d.Pointer
			if where == "" {
				where = "the whole"
			}
			row(w, where, d.Kind, excerpt(d.Legacy), excerpt(d.Service), orDash(d.Guess))
		}
	})
}
