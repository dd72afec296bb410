package command

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/roundtrip"
	"github.com/strangler-fig/toolkit/acl/suggest"
	"github.com/strangler-fig/toolkit/web"
)

// guess is what translate suggest was told.
type guess struct {
	admin
	output
	globs                       globs
	legacyFormat, serviceFormat string
	name                        string
	limit                       int
}

func newTranslateSuggest() *cobra.Command {
	g := guess{limit: suggest.MaxExamples}
	cmd := &cobra.Command{
		Use:   "suggest ROUTE | --legacy GLOB… --service GLOB… [--name NAME]",
		Short: "Propose a translator from both sides' answers",
		Long: `Propose a translator from pairs of bodies that say the same: of files, the first of legacy's with the
first of the service's and so on, or of a route's recorded comparisons, legacy's answer and the
service's before it was translated. It is printed as YAML to be put under translators:, each field
with the reason; what stayed over is told at the end. Nothing is written anywhere.

One pair is enough to begin with; several that differ tell codes, constants and what is sometimes
missing. How the bodies are written is seen from their type or their beginning, unless
--legacy-format or --service-format says it.

Exit status: 0 something was found, 1 nothing was, 2 wrong usage or bodies that can't be read,
3 the admin API can't be reached, 4 no such route.`,
		Example: "  strangler translate suggest --legacy old.json --service new.json\n  strangler translate suggest --legacy 'old/*.xml' --service 'new/*.json' --name policy\n  strangler translate suggest orders-read > proposed.yaml",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(g.globs.given) > 0 {
				return nil // those behind the flags are files
			}
			return arguments(0, 1)(cmd, args)
		},
		RunE: run(func(cmd *cobra.Command, args []string) error {
			files := len(g.globs.given) > 0
			args = g.globs.shareOut(args)
			switch {
			case files && len(args) > 0:
				return usagef("%q stands before --legacy and --service: either a route or files, not both, and files stand behind their flag", args[0])
			case !files && len(args) == 0:
				return usagef("say what to compare: a ROUTE of the running proxy, or files with --legacy and --service")
			case files && !(g.globs.has("legacy") && g.globs.has("service")):
				return usagef("--legacy and --service go together: both sides' answers to the same")
			case g.limit < 1 || g.limit > suggest.MaxExamples:
				return usagef("--limit %d: it is 1 to %d", g.limit, suggest.MaxExamples)
			case g.name != "" && !suggest.IsName(g.name):
				return usagef("--name %q: up to 100 letters, digits, ., _ and -, the first a letter or digit", g.name)
			}
			var pairs []bodies
			var err error
			if files {
				pairs, err = g.ofFiles(cmd)
			} else {
				pairs, err = g.ofRoute(cmd.Context(), args[0])
			}
			if err != nil {
				return err
			}
			return g.propose(cmd, pairs)
		}),
	}
	g.globs.flag(cmd.Flags(), "legacy", "legacy's `file`, or a pattern of files, quoted or not; may be repeated")
	g.globs.flag(cmd.Flags(), "service", "the service's `file`, or a pattern of files, in the same order; may be repeated")
	cmd.Flags().StringVar(&g.legacyFormat, "legacy-format", "", "how legacy's bodies are written: json, ndjson, xml, soap, form or csv (default: as they look)")
	cmd.Flags().StringVar(&g.serviceFormat, "service-format", "", "how the service's bodies are written, likewise")
	cmd.Flags().StringVar(&g.name, "name", "", "the translator's `name` (default: the route's, or proposed)")
	cmd.Flags().IntVar(&g.limit, "limit", g.limit, "at most this `many` pairs")
	g.admin.flags(cmd)
	g.output.flags(cmd)
	return cmd
}

// bodies are both sides' answer to the same.
type bodies struct{ legacy, service roundtrip.Body }

// ofFiles pairs files by their order.
func (g *guess) ofFiles(cmd *cobra.Command) (pairs []bodies, err error) {
	legacy, err := g.globs.files("legacy")
	if err != nil {
		return nil, err
	}
	service, err := g.globs.files("service")
	if err != nil {
		return nil, err
	}
	switch {
	case len(legacy) != len(service):
		return nil, usagef("there are %d files of legacy's and %d of the service's, so that they don't make pairs", len(legacy), len(service))
	case slices.Contains(legacy, "-") && slices.Contains(service, "-"):
		return nil, usagef("only one of the files can be -, the standard input")
	}
	if g.name == "" {
		g.name = "proposed"
	}
	for i := range min(len(legacy), g.limit) {
		var p bodies
		for _, side := range []struct {
			file string
			to   *roundtrip.Body
		}{{legacy[i], &p.legacy}, {service[i], &p.service}} {
			text, err := readInput(cmd, maxTranslated, side.file)
			if err != nil {
				return nil, err
			}
			*side.to = roundtrip.Body{Name: inputName(side.file), Text: text, ContentType: media[strings.ToLower(filepath.Ext(side.file))]}
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// ofRoute takes the pairs that the running proxy has on record.
func (g *guess) ofRoute(ctx context.Context, route string) (pairs []bodies, err error) {
	client, err := g.client()
	if err != nil {
		return nil, err
	}
	if _, err := client.Route(ctx, route); err != nil {
		return nil, err
	}
	found, err := client.Exchanges(ctx, web.ExchangeQuery{Route: route, Limit: g.limit})
	if err != nil {
		return nil, err
	}
	translated, err := translating(ctx, client, route)
	if err != nil {
		return nil, err
	}
	if g.name == "" {
		g.name = route
	}
	good := func(a *web.Answer) bool {
		return a != nil && a.Status >= 200 && a.Status <= 299 && strings.TrimSpace(a.Body) != "" && len(a.Body) <= maxTranslated
	}
	slices.SortStableFunc(found, func(a, b web.Exchange) int { return a.At.Compare(b.At) })
	for _, x := range found {
		service := untranslated(x.Service, translated)
		if x.Method != http.MethodHead && good(x.Legacy) && good(service) {
			pairs = append(pairs, bodies{bodyOf(x.ID, x.Legacy, 1), bodyOf(x.ID, service, 1)})
		}
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("of route %s there is no pair of good answers on record; shadow it for a while (keep_matches keeps more than divergences), or use files", route)
	}
	return pairs, nil
}

// propose prints what the pairs suggest.
func (g *guess) propose(cmd *cobra.Command, all []bodies) error {
	legacy, service, err := g.formats(all)
	if err != nil {
		return err
	}
	var pairs []suggest.Pair
	var read []bodies
	for _, p := range all {
		var pair suggest.Pair
		if pair.Legacy, err = decode(legacy, p.legacy); err == nil {
			pair.Service, err = decode(service, p.service)
		}
		if err != nil {
			if len(all) == 1 {
				return &usageError{err}
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "left out: %s\n", printable(err.Error()))
			continue
		}
		pairs, read = append(pairs, pair), append(read, p)
	}
	if len(pairs) == 0 {
		return usagef("none of the pairs can be read")
	}
	found, err := suggest.Propose(suggest.Config{Name: g.name, Hidden: web.IsRedacted[string]}, pairs)
	if err != nil {
		return err
	}
	if err := g.print(cmd, found, legacy, service); err != nil {
		return err
	}
	if len(found.Fields) == 0 {
		return fmt.Errorf("the two sides have nothing in common that a field could say")
	}
	g.tell(cmd, found, legacy, service, read)
	return nil
}

func (g *guess) print(cmd *cobra.Command, found *suggest.Proposal, legacy, service format.Config) error {
	text := append([]byte("translators:\n"), suggest.AppendYAML(nil, found.Translators(legacy, service))...)
	if g.format.value == "json" { // as YAML it is what a configuration has
		return g.output.print(cmd, struct {
			*suggest.Proposal
			YAML string `json:"yaml"`
		}{found, string(text)}, nil)
	}
	_, err := cmd.OutOrStdout().Write(text)
	return err
}

// tell says how the proposal does on the examples that it is made of.
func (g *guess) tell(cmd *cobra.Command, found *suggest.Proposal, legacy, service format.Config, read []bodies) {
	d := body.Definition{Legacy: legacy, Service: service, Records: found.Records, Lens: found.Definition()}
	test, err := roundtrip.New(roundtrip.Config{Definition: d, Set: found.Set(), From: body.ToService, Hidden: web.IsRedacted[string]})
	if err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "it isn't good yet: %s\n", printable(err.Error()))
		return
	}
	for _, p := range read {
		if test.Add(cmd.Context(), p.legacy) != nil {
			return
		}
	}
	r := test.Report()
	fmt.Fprintf(cmd.ErrOrStderr(), "%s; %s of legacy's, there and back: %d the same, %d but for what stayed over or is made anew, %d as something else, %d not at all\n",
		count(len(found.Fields), "field"), bodiesText(r.Bodies), r.Same, r.Lossy, r.Surprising, r.Failed)
}

// formats returns how both sides' bodies are written, as the first pair tells of which both can be
// seen; the error is that of the first pair.
func (g *guess) formats(all []bodies) (legacy, service format.Config, err error) {
	for _, p := range all {
		var wrong error
		if legacy, wrong = formatOf(g.legacyFormat, "--legacy-format", p.legacy); wrong == nil {
			service, wrong = formatOf(g.serviceFormat, "--service-format", p.service)
		}
		if wrong == nil {
			return legacy, service, nil
		}
		if err == nil {
			err = wrong
		}
	}
	return legacy, service, err
}

// formatOf returns how a body is written: as the flag says, or as it looks.
func formatOf(name, flag string, b roundtrip.Body) (format.Config, error) {
	seen, err := suggest.FormatOf(b.Text, b.ContentType)
	switch {
	case name == "" && err != nil:
		return seen, usagef("%s: %w; %s can say what it is", b.Name, err, flag)
	case name == "" || name == seen.Name:
		return seen, nil
	case name == format.FixedWidth:
		return seen, usagef("%s: records of fixed width can't be read without their columns, which only a configuration file has", flag)
	case !slices.Contains([]string{format.JSON, format.NDJSON, format.XML, format.SOAP, format.Form, format.CSV}, name):
		return seen, usagef("%s %s: it is json, ndjson, xml, soap, form or csv", flag, name)
	}
	return format.Config{Name: name, Charset: seen.Charset, Header: name == format.CSV}, nil
}

// decode reads a body.
func decode(c format.Config, b roundtrip.Body) (document.Value, error) {
	f, err := format.New(c)
	if err != nil {
		return document.Value{}, err
	}
	d, err := f.Decode(bytes.Clone(b.Text), b.ContentType)
	if err != nil {
		return document.Value{}, fmt.Errorf("%s can't be read as %s: %w", b.Name, c.Name, err)
	}
	return d.Root(), nil
}
