package command

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/strangler-fig/toolkit/internal/config"
)

// globs are flags of patterns of files, each of which may be repeated. A shell that expands a pattern gives its first
// file to the flag and the others as arguments behind it: those are the flag's too, see shareOut.
type globs struct {
	flags *pflag.FlagSet
	given []glob // in order
}

// glob is one pattern.
type glob struct {
	flag, pattern string
	stood         int      // how many arguments stood before it
	behind        []string // arguments, up to the next of these flags
}

// flag defines one of the flags.
func (g *globs) flag(flags *pflag.FlagSet, name, usage string) {
	g.flags = flags
	flags.Var(&globFlag{g, name}, name, usage)
}

// globFlag is the value of one of the flags.
type globFlag struct {
	all  *globs
	name string
}

// String implements pflag.Value.
func (f *globFlag) String() string { return "" }

// Type implements pflag.Value.
func (f *globFlag) Type() string { return "glob" }

// Set implements pflag.Value.
func (f *globFlag) Set(pattern string) error {
	f.all.given = append(f.all.given, glob{flag: f.name, pattern: pattern, stood: f.all.flags.NArg()})
	return nil
}

// has reports whether a flag was given.
func (g *globs) has(name string) bool {
	return slices.ContainsFunc(g.given, func(one glob) bool { return one.flag == name })
}

// shareOut gives each argument that stands behind one of these flags to it, and returns those that stand before all of
// them. Whether those behind are files isn't known yet.
func (g *globs) shareOut(args []string) (before []string) {
	for i, arg := range args {
		var nearest *glob
		for n := range g.given {
			if g.given[n].stood <= i {
				nearest = &g.given[n]
			}
		}
		if nearest == nil {
			before = append(before, arg)
		} else {
			nearest.behind = append(nearest.behind, arg)
		}
	}
	return before
}

// files returns what a flag and the arguments behind it mean, in their order, each pattern's sorted.
func (g *globs) files(name string) ([]string, error) {
	var patterns []string
	for _, one := range g.given {
		if one.flag == name {
			patterns = append(append(patterns, one.pattern), one.behind...)
		}
	}
	return expand(patterns)
}

// expand returns the files of patterns. What is the name of a file is no pattern, whatever is in it: a
// shell may have made it of one.
func expand(patterns []string) (files []string, err error) {
	for _, pattern := range patterns {
		if pattern == "-" || isFile(pattern) {
			files = append(files, pattern)
			continue
		}
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, usagef("%q is no pattern of files: %w", pattern, err)
		}
		if len(found) == 0 {
			return nil, usagef("there is no file %s", pattern)
		}
		files = append(files, found...)
	}
	return files, nil
}

func isFile(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// routeAmong takes the route out of the arguments, of which those behind --files are files, but for one that may be the
// route. Empty: there is none.
func (g *globs) routeAmong(cfg *config.Config, args []string, translator bool) (route string, err error) {
	before := g.shareOut(args)
	if len(before) > 1 {
		return "", usagef("%q is one argument too many; files stand behind --files", before[1])
	}
	if len(before) == 1 {
		return before[0], nil
	}
	for n := range g.given {
		var files []string
		for _, arg := range g.given[n].behind {
			isRoute := slices.ContainsFunc(cfg.Routes, func(r config.Route) bool { return r.Name == arg })
			switch exists := isFile(arg) || arg == "-"; {
			case translator && isRoute && !exists:
				return "", usagef("either the route or --translator says what is tested, not both")
			case translator || exists && !isRoute || strings.ContainsAny(arg, `*?[/\`):
				files = append(files, arg)
			case exists:
				return "", usagef("%s is a route and a file: put the route before --files, or write ./%s if the file is meant", arg, arg)
			case route != "":
				return "", usagef("there is no file %s", arg)
			default:
				route = arg
			}
		}
		g.given[n].behind = files
	}
	return route, nil
}
