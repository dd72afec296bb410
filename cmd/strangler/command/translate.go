package command

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/lens"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// Bounds of the bodies that translate reads.
const (
	maxTranslated = 1 << 20 // bytes of one
	usualBodies   = 1000
	mostBodies    = 100_000
)

func newTranslate(c *Config) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "translate",
		Short: "Try, prove and propose translators",
		Long: `Try a translator on a body, prove on recorded answers that it brings back what it was given, or have
one proposed from both sides' answers to the same requests.`,
		Example: "  strangler translate try customer < customer.json\n  strangler translate check customer-read\n  strangler translate suggest --legacy old.json --service new.json",
		Args:    argumentsOrSubcommand(0),
		RunE:    func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTranslateTry(c), newTranslateCheck(c), newTranslateSuggest())
	return cmd
}

// translatorsOf reads a configuration file for its translators. Its routes don't run here, so those
// may name any translator in Go, whether or not this program has it.
func translatorsOf(file string) (*config.Config, error) {
	return config.Load(file, config.Options{Env: os.LookupEnv})
}

// translatorOf returns a translator of a file.
func translatorOf(c *Config, cfg *config.Config, name string) (body.Definition, error) {
	t, ok := cfg.Translators[name]
	switch {
	case ok:
		return t.Definition, nil
	case c.Translators[name] != nil:
		return body.Definition{}, usagef("%s is written in Go and translates whole exchanges; this works on those that the file declares", name)
	case len(cfg.TranslatorNames) == 0:
		return body.Definition{}, usagef("%s declares no translators; strangler translate suggest proposes one", cfg.File)
	}
	hint := didYouMean(name, cfg.TranslatorNames)
	if i := slices.IndexFunc(cfg.Routes, func(r config.Route) bool { return r.Name == name }); i >= 0 {
		hint = "; that is a route, and translates no bodies"
		if names := declared(cfg, cfg.Routes[i]); len(names) > 0 {
			hint = "; that is a route, whose bodies go through " + strings.Join(names, ", ")
		}
	} else if hint == "" {
		hint = "; there is " + strings.Join(cfg.TranslatorNames, ", ")
	}
	return body.Definition{}, usagef("%s declares no translator %q%s", cfg.File, name, hint)
}

// declared returns the names of a route's translators that the file declares.
func declared(cfg *config.Config, r config.Route) []string {
	return slices.DeleteFunc(r.Translate.Names(), func(name string) bool { return cfg.Translators[name] == nil })
}

// routeIn returns a route of a file.
func routeIn(cfg *config.Config, name string) (config.Route, error) {
	var names []string
	for _, r := range cfg.Routes {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	unknown := &strangler.UnknownRouteError{Name: name, Near: strangler.Nearest(name, names)}
	detail := fmt.Sprintf("%s: %v", cfg.File, unknown)
	switch {
	case cfg.Translators[name] != nil:
		detail += "; that is a translator, which translate check takes as --translator, with --files"
	case unknown.Near == "" && len(names) > 0:
		const most = 8
		detail += "; there is " + strings.Join(names[:min(len(names), most)], ", ")
		if more := len(names) - most; more > 0 {
			detail += fmt.Sprintf(" and %d more", more)
		}
	}
	return config.Route{}, &api.Problem{Code: web.CodeUnknownRoute, Detail: detail}
}

// lensSet is what the file's translators may refer to. Identifiers are stand-ins: only the
// running proxy has their tables.
func lensSet(cfg *config.Config) lens.Set {
	set := lens.Set{Lenses: map[string]lens.Definition{}, Tables: map[string]lens.Table{}}
	for name, t := range cfg.Translators {
		set.Lenses[name] = t.Lens
	}
	for name := range cfg.IDs {
		set.Tables[name] = newStandIns(name)
	}
	return set
}

// usesTables returns the tables of identifiers that a translator refers to, sorted.
func usesTables(d lens.Definition, set lens.Set) (names []string) {
	seen := map[string]bool{}
	var look func(d lens.Definition)
	look = func(d lens.Definition) {
		for _, f := range d.Fields {
			if f.IDs != "" && !slices.Contains(names, f.IDs) {
				names = append(names, f.IDs)
			}
			for _, inner := range []string{f.Each, f.With} {
				if inner != "" && !seen[inner] {
					seen[inner] = true
					look(set.Lenses[inner])
				}
			}
		}
	}
	look(d)
	slices.Sort(names)
	return names
}
