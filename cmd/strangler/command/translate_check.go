package command

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/roundtrip"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/web"
)

// proving is what translate check was told.
type proving struct {
	admin
	output
	config, translator string
	globs              globs
	side               choice
	limit              int
}

func newTranslateCheck(c *Config) *cobra.Command {
	p := proving{side: choice{value: "legacy", among: []string{"legacy", "service"}}, limit: usualBodies}
	cmd := &cobra.Command{
		Use:   "check [ROUTE] [--files GLOB… [--translator NAME] [--side legacy|service]] [-c strangler.yaml]",
		Short: "Prove on recorded bodies that translators lose nothing",
		Long: `Put recorded bodies through the file's translators, there and back, and report each field that isn't
what it was: in how many bodies, in what share of traffic, and an example. What the definition says
itself, such as a dropped field, is known; everything else is a surprise.

The bodies are those that the running proxy has of the routes: legacy's answers, the service's before
they were translated, and requests; what it kept of a group counts as much as the group has
divergences. With --files they are files: bodies, or HTTP archives as export, browsers and other
proxies write them, whose answers are legacy's. What stands behind --files is files too, such as a
shell makes of a pattern; the route stands in front of it, or behind. What was redacted is left out.

Exit status: 0 nothing surprises, 1 something does or there is nothing to test, 2 wrong usage or an
invalid configuration, 3 the admin API can't be reached, 4 no such route.`,
		Example: "  strangler translate check\n  strangler translate check customer-read -o json\n  strangler translate check customer-read --files 'recorded/*.json'\n  strangler translate check --translator customer --side service --files new.json",
		Args: func(cmd *cobra.Command, args []string) error {
			if p.globs.has("files") {
				return nil // those behind --files are files
			}
			return arguments(0, 1)(cmd, args)
		},
		RunE: run(func(cmd *cobra.Command, args []string) error {
			cfg, err := translatorsOf(p.config)
			if err != nil {
				return err
			}
			files := p.globs.has("files")
			if files {
				route, err := p.globs.routeAmong(cfg, args, p.translator != "")
				if err != nil {
					return err
				}
				if args = nil; route != "" {
					args = []string{route}
				}
			}
			switch {
			case p.limit < 1 || p.limit > mostBodies:
				return usagef("--limit %d: it is 1 to %d", p.limit, mostBodies)
			case !files && p.limit > maxExchanges:
				return usagef("--limit %d: the proxy gives at most %d bodies of a route; with --files it is up to %d", p.limit, maxExchanges, mostBodies)
			case p.translator != "" && len(args) == 1:
				return usagef("either the route or --translator says what is tested, not both")
			case !files && cmd.Flags().Changed("side"):
				return usagef("--side goes with --files: the proxy knows whose answers it has")
			case !files && p.translator != "":
				return usagef("--translator goes with --files; the proxy's bodies are those of a route")
			case files && p.translator == "" && len(args) == 0:
				return usagef("say whose files these are: a ROUTE, or --translator NAME")
			}
			var tests []*tested
			if files {
				route := ""
				if len(args) > 0 {
					route = args[0]
				}
				tests, err = p.ofFiles(cmd, c, cfg, route)
			} else {
				tests, err = p.ofProxy(cmd, c, cfg, args)
			}
			if err != nil {
				return err
			}
			return p.print(cmd, tests)
		}),
	}
	cmd.Flags().StringVarP(&p.config, "config", "c", defaultFile, "configuration `file`")
	cmd.Flags().StringVar(&p.translator, "translator", "", "with --files: the `name` of the translator, instead of a route's")
	p.globs.flag(cmd.Flags(), "files", "test the bodies in these files, a `glob`, quoted or not; may be repeated")
	cmd.Flags().Var(&p.side, "side", "with --files: whose bodies they are")
	cmd.Flags().IntVar(&p.limit, "limit", p.limit, "at most this `many` bodies")
	p.admin.flags(cmd)
	p.output.flags(cmd)
	return cmd
}

// tested is one translator, tested in one direction.
type tested struct {
	Route      string `json:"route,omitempty"`
	Translator string `json:"translator"`
	Of         string `json:"of"`   // answers or requests of a route; bodies: of files
	Side       string `json:"side"` // whose they are
	roundtrip.Report
	Skipped []skipped `json:"skipped,omitempty"`

	test   *roundtrip.Test
	tables []string
}

// skipped is a reason why bodies weren't tested.
type skipped struct {
	Why    string `json:"why"`
	Bodies int    `json:"bodies"`
}

func (t *tested) skip(why string) {
	if i := slices.IndexFunc(t.Skipped, func(s skipped) bool { return s.Why == why }); i >= 0 {
		t.Skipped[i].Bodies++
		return
	}
	t.Skipped = append(t.Skipped, skipped{why, 1})
}

// add tests a body, unless there is a reason not to.
func (t *tested) add(ctx context.Context, b roundtrip.Body) error {
	switch {
	case len(strings.TrimSpace(string(b.Text))) == 0:
		t.skip("empty, or not kept")
	case len(b.Text) > maxTranslated:
		t.skip("over 1 MiB")
	case b.ContentType != "" && !t.test.Accepts(b.ContentType):
		t.skip("of another type")
	default:
		return t.test.Add(ctx, b)
	}
	return nil
}

// newTested compiles a translator for a test.
func newTested(c *Config, cfg *config.Config, name, of, side string) (*tested, error) {
	d, err := translatorOf(c, cfg, name)
	if err != nil {
		return nil, err
	}
	set := lensSet(cfg)
	way := body.ToService
	if side == "service" {
		way = body.ToLegacy
	}
	test, err := roundtrip.New(roundtrip.Config{Definition: d, Set: set, From: way, Hidden: web.IsRedacted[string]})
	if err != nil {
		return nil, fmt.Errorf("compile translator %q: %w", name, err)
	}
	return &tested{Translator: name, Of: of, Side: side, test: test, tables: usesTables(d.Lens, set)}, nil
}

func lensTables(tests []*tested) (names []string) {
	for _, t := range tests {
		names = append(names, t.tables...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (p *proving) print(cmd *cobra.Command, tests []*tested) error {
	bodies, surprising := 0, 0
	for _, t := range tests {
		t.Report = t.test.Report()
		bodies += t.Bodies
		surprising += t.Surprising + t.Failed
	}
	if tables := lensTables(tests); len(tables) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "identifiers of %s are stand-ins here: only the running proxy has the table\n", strings.Join(tables, ", "))
	}
	err := p.output.print(cmd, struct {
		Tests []*tested `json:"tests"`
	}{tests}, func(w io.Writer) {
		for i, t := range tests {
			if i > 0 {
				row(w)
			}
			t.table(w)
		}
	})
	if without := untestedRoutes(tests); bodies > 0 && len(without) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "nothing is proven of %s: no body of theirs could be tested\n", strings.Join(without, ", "))
	}
	switch {
	case err != nil:
		return err
	case bodies == 0:
		return fmt.Errorf("there is no body to test, so nothing is proven; keep_matches of a route keeps some, and so do divergences, or give files with --files")
	case surprising > 0:
		return fmt.Errorf("%d of %s came back as something else, or not at all, without the definition saying so", surprising, bodiesText(bodies))
	}
	return nil
}

// untestedRoutes returns the routes of which there was no body to test.
func untestedRoutes(tests []*tested) (names []string) {
	bodies := map[string]int{}
	for _, t := range tests {
		bodies[t.Route] += t.Bodies
	}
	for _, t := range tests {
		if t.Route != "" && bodies[t.Route] == 0 && !slices.Contains(names, t.Route) {
			names = append(names, t.Route)
		}
	}
	return names
}

func bodiesText(n int) string {
	if n == 1 {
		return "1 body"
	}
	return fmt.Sprintf("%d bodies", n)
}

// table prints one test.
func (t *tested) table(w io.Writer) {
	title := fmt.Sprintf("%s: %s of %s's", t.Translator, t.Of, sideName(t.Side))
	if t.Route != "" {
		title = t.Route + ", " + title
	}
	row(w, fmt.Sprintf("%s: %s, %d the same, %d but for what is known, %d surprising, %d failed",
		title, bodiesText(t.Bodies), t.Same, t.Lossy, t.Surprising, t.Failed))
	for _, s := range t.Skipped {
		row(w, fmt.Sprintf("not tested: %s, %s", bodiesText(s.Bodies), s.Why))
	}
	if t.Untested > 0 {
		row(w, fmt.Sprintf("not tested: %s, redacted", bodiesText(t.Untested)))
	}
	for _, h := range t.Hidden {
		row(w, fmt.Sprintf("not tested: %s of %s, redacted", place(h.Pointer), bodiesText(h.Bodies)))
	}
	if t.More > 0 {
		row(w, fmt.Sprintf("there are %d more differences, at places that are not listed", t.More))
	}
	if len(t.Failures)+len(t.Places) == 0 {
		return
	}
	heading(w, "FIELD", "BODIES", "SHARE", "KIND", "EXAMPLE", "WHY")
	for _, f := range t.Failures {
		row(w, place(f.Pointer), f.Bodies, percentOf(f.Share), failed(f.Step, t.Side), orDash(excerpt([]byte(f.Examples[0].Before))), f.Reason)
	}
	for _, p := range t.Places {
		kind := what(p.Kind)
		if p.Known {
			kind = "known: " + kind
		}
		e := p.Examples[0]
		row(w, place(p.Pointer), p.Bodies, percentOf(p.Share), kind, excerpt([]byte(e.Before))+" → "+excerpt([]byte(e.After)), p.Why)
	}
}

// failed names the step at which bodies failed.
func failed(s roundtrip.Step, side string) string {
	switch s {
	case roundtrip.StepThere:
		return "fails to " + sideName(from(side))
	case roundtrip.StepBack:
		return "fails back"
	}
	return "can't be read"
}
