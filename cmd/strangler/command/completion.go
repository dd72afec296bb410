package command

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// completionPatience is how long somebody who presses the tab key waits for the proxy at most.
const completionPatience = 500 * time.Millisecond

// addCompletion has every command's arguments and flags completed, as what they are called in the help:
// ROUTE as the argument of a command and `route` as the value of a flag are routes. What isn't known has no
// completion, but for files.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			completionExamples(cmd)
		}
	}
	commands := root.Commands()
	for len(commands) > 0 {
		cmd := commands[0]
		commands = append(commands[1:], cmd.Commands()...)
		if cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = completeArguments(argumentsOf(cmd.Use))
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) { completeFlag(cmd, f) })
	}
}

// completionExamples gives cobra's own command what all others have.
func completionExamples(cmd *cobra.Command) {
	cmd.Long = `Print a script that has a shell complete commands, flags, and names of routes, services, units and groups,
which it asks the running proxy for, half a second at most. How it is loaded, each shell's help says.`
	cmd.Short = "Print a script that has a shell complete commands, flags and names"
	cmd.Args = argumentsOrSubcommand(0) // cobra's own help with whatever it is given
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return cmd.Help() }
	cmd.Example = "  strangler completion bash\n  source <(strangler completion bash)"
	for _, shell := range cmd.Commands() {
		shell.Example = fmt.Sprintf("  strangler completion %s\n  strangler completion %[1]s --no-descriptions", shell.Name())
	}
}

// argumentsOf returns what the arguments of a command are called in its usage, up to its flags.
func argumentsOf(use string) (nouns []string) {
	for _, word := range strings.Fields(use)[1:] {
		if word == "|" || strings.HasPrefix(strings.TrimLeft(word, "["), "-") {
			break
		}
		nouns = append(nouns, strings.Trim(word, "[]"))
	}
	return nouns
}

// completeArguments completes each argument as what it is called; one that says so with an ellipsis
// as often as there are more, or as what comes behind it and ends them.
func completeArguments(nouns []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begin string) ([]cobra.Completion, cobra.ShellCompDirective) {
		at := len(args)
		many := slices.IndexFunc(nouns, func(noun string) bool { return strings.HasSuffix(noun, "…") })
		if many >= 0 && at > many {
			behind := strings.Join(nouns[many+1:], "|")
			if ends(args[at-1], behind) {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeNoun(cmd, strings.Trim(behind+"|"+strings.TrimSuffix(nouns[many], "…"), "|"), args, begin)
		}
		if at >= len(nouns) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return completeNoun(cmd, strings.TrimSuffix(nouns[at], "…"), args, begin)
	}
}

// ends reports whether an argument is one of the words that a noun is, and ends what may stand more than once.
func ends(given, noun string) bool {
	return slices.ContainsFunc(strings.Split(noun, "|"), func(word string) bool {
		return word != "" && (word == given || word == "25%" && strings.HasSuffix(given, "%"))
	})
}

// completeFlag has a flag completed, as what its value is called or else by its own name.
func completeFlag(cmd *cobra.Command, f *pflag.Flag) {
	_, done := cmd.GetFlagCompletionFunc(f.Name)
	if _, boolean := f.Value.(interface{ IsBoolFlag() bool }); done || boolean {
		return
	}
	noun, _ := pflag.UnquoteUsage(f)
	if c, is := f.Value.(*choice); is {
		noun = strings.Join(c.among, "|")
	} else if words := flagWords[f.Name]; words != "" {
		noun = words
	} else if f.Name == "config" {
		noun = "FILE.yaml"
	} else if !known(noun) {
		noun = f.Name
	}
	// It can't fail: the flag is there, and has no completion yet.
	_ = cmd.RegisterFlagCompletionFunc(f.Name, func(cmd *cobra.Command, args []string, begin string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completeNoun(cmd, noun, nil, begin)
	})
}

// flagWords are the values of flags that are some of the possible ones.
var flagWords = map[string]string{
	"host":           "preserve|upstream",
	"legacy-format":  "json|ndjson|xml|soap|form|csv",
	"service-format": "json|ndjson|xml|soap|form|csv",
}

// known reports whether there is a completion for a noun.
func known(noun string) bool {
	noun = strings.ToLower(noun)
	return names[noun] != nil || slices.Contains([]string{"file", "glob", "command", "folder", "translator"}, noun)
}

// completeNoun completes what is called so in the help; given are the arguments before it.
func completeNoun(cmd *cobra.Command, noun string, given []string, begin string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if kind, is := strings.CutPrefix(noun, "FILE."); is {
		if kind == "yaml" {
			return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		}
		return []cobra.Completion{kind}, cobra.ShellCompDirectiveFilterFileExt
	}
	var found []cobra.Completion
	for one := range strings.SplitSeq(noun, "|") {
		lower := strings.ToLower(one)
		switch {
		case slices.Contains([]string{"file", "old", "new", "glob", "command"}, lower):
			return nil, cobra.ShellCompDirectiveDefault
		case lower == "folder", lower == "dir":
			return nil, cobra.ShellCompDirectiveFilterDirs
		case lower == "method":
			found = append(found, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
		case lower == "translator":
			found = append(found, translatorsIn(cmd)...)
		case one == "25%":
			found = append(found, "1%", "5%", "10%", "25%", "50%")
		case names[lower] != nil && cmd.Flag("token") != nil:
			found = append(found, fromProxy(cmd, names[lower])...)
		case lower == "route":
			found = append(found, routesIn(cmd)...)
		case one == lower && strings.Contains(noun, "|"):
			found = append(found, one)
		}
	}
	// What begins otherwise is of no use, and neither is what is given already, where it can be given again.
	found = slices.DeleteFunc(found, func(c cobra.Completion) bool {
		name, _, _ := strings.Cut(c, "\t")
		return !strings.HasPrefix(name, begin) || slices.Contains(given, name)
	})
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// names ask a proxy for what is called so.
var names = map[string]func(context.Context, *api.Client) ([]cobra.Completion, error){
	"route": func(ctx context.Context, client *api.Client) (found []cobra.Completion, err error) {
		routes, err := client.Routes(ctx)
		for _, r := range routes {
			found = append(found, described(r.Name, position(r)+", "+matchText(r.Match)))
		}
		return found, err
	},
	"unit": func(ctx context.Context, client *api.Client) ([]cobra.Completion, error) {
		return grouped(ctx, client, func(r web.Route) string { return r.Unit })
	},
	"service": func(ctx context.Context, client *api.Client) ([]cobra.Completion, error) {
		return grouped(ctx, client, func(r web.Route) string { return r.Service })
	},
	"group": func(ctx context.Context, client *api.Client) (found []cobra.Completion, err error) {
		groups, err := client.Groups(ctx, "", "")
		for _, g := range groups {
			found = append(found, described(g.ID, fmt.Sprintf("%s, %s: %s", g.Route, stateOf(g), g.Title)))
		}
		return found, err
	},
	"rule": func(ctx context.Context, client *api.Client) (found []cobra.Completion, err error) {
		rules, err := client.Rules(ctx, "")
		for _, r := range rules {
			if r.ID != "" {
				found = append(found, described(r.ID, fmt.Sprintf("%s: %s %s", r.Route, r.Kind, place(r.Pointer))))
			}
		}
		return found, err
	},
}

// grouped returns what routes have in common, and how many have it.
func grouped(ctx context.Context, client *api.Client, by func(web.Route) string) (found []cobra.Completion, err error) {
	routes, err := client.Routes(ctx)
	var order []string
	many := map[string]int{}
	for _, r := range routes {
		name := by(r)
		if name != "" && many[name] == 0 {
			order = append(order, name)
		}
		many[name]++
	}
	for _, name := range order {
		found = append(found, described(name, count(many[name], "route")))
	}
	return found, err
}

// described returns a completion with what the shell shows beside it.
func described(name, text string) cobra.Completion {
	return cobra.CompletionWithDesc(name, printable(text))
}

// fromProxy asks the proxy that the command would talk to. One that can't be reached in time has no names:
// whoever completes is in the middle of a line, where there is no place for errors.
func fromProxy(cmd *cobra.Command, ask func(context.Context, *api.Client) ([]cobra.Completion, error)) []cobra.Completion {
	client, err := (&admin{url: cmd.Flag("admin").Value.String(), token: cmd.Flag("token").Value.String()}).client()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionPatience)
	defer cancel()
	found, err := ask(ctx, client)
	if err != nil {
		return nil
	}
	return found
}

// fileOf reads the configuration that the command would read; nil: it can't be read.
func fileOf(cmd *cobra.Command) *config.Config {
	file := cmd.Flag("config")
	if file == nil {
		return nil
	}
	cfg, err := config.Load(file.Value.String(), config.Options{Env: os.LookupEnv})
	if err != nil {
		return nil
	}
	return cfg
}

func translatorsIn(cmd *cobra.Command) []cobra.Completion {
	if cfg := fileOf(cmd); cfg != nil {
		return cfg.TranslatorNames
	}
	return nil
}

func routesIn(cmd *cobra.Command) (found []cobra.Completion) {
	if cfg := fileOf(cmd); cfg != nil {
		for _, r := range cfg.Routes {
			found = append(found, described(r.Name, matchText(r.Match)))
		}
	}
	return found
}
