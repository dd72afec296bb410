package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/strangler-fig/toolkit/strangler"
)

// unknownCommand refuses what the root is given: all that names a command went to the command.
func unknownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, command := range root.Commands() {
		names = append(names, command.Name())
	}
	return fmt.Errorf("there is no command %q%s", args[0], didYouMean(args[0], names))
}

// addHelp adds cobra's own help, which then refuses what names no command instead of helping with all.
func addHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, help := range root.Commands() {
		if help.Name() != "help" {
			continue
		}
		help.Short = "Help with a command"
		help.Long = "Print what COMMAND --help prints."
		help.Example = "  strangler help shift\n  strangler help rollout pause"
		help.Args = func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err == nil && cmd.HasSubCommands() && len(rest) > 0 {
				if cmd == root {
					return unknownCommand(root, rest)
				}
				return argumentsOrSubcommand(0)(cmd, rest)
			}
			return err
		}
	}
}

// unknownFlag says what is wrong with a flag, and which one was meant.
func unknownFlag(cmd *cobra.Command, err error) error {
	if what, _, number := strings.Cut(err.Error(), ": strconv."); number {
		return fmt.Errorf("%s: it is a number", what)
	}
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := strangler.Nearest(name, names); near != "" {
		return fmt.Errorf("there is no flag --%s; did you mean --%s?", name, near)
	}
	return fmt.Errorf("there is no flag --%s", name)
}

// arguments refuses more or fewer arguments than a subcommand takes.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > most && most == 0:
			return fmt.Errorf("%s takes no arguments, so %q means nothing", cmd.Name(), args[0])
		case len(args) > most:
			return fmt.Errorf("%q is one argument too many; it is %s", args[most], cmd.UseLine())
		case len(args) < least:
			return fmt.Errorf("an argument is missing; it is %s", cmd.UseLine())
		}
		return nil
	}
}

// argumentsOrSubcommand is arguments(0, most) of a subcommand that has subcommands, for who mistypes one
// of those: with more arguments it was meant to be one.
func argumentsOrSubcommand(most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > most {
			var names []string
			for _, command := range cmd.Commands() {
				names = append(names, command.Name())
			}
			if near := strangler.Nearest(args[0], names); near != "" && near != args[0] {
				return fmt.Errorf("there is no %s %s; did you mean %q?", cmd.CommandPath(), args[0], near)
			}
		}
		return arguments(0, most)(cmd, args)
	}
}

// didYouMean returns a suggestion to put behind a message; empty where nothing is near.
func didYouMean(name string, among []string) string {
	if near := strangler.Nearest(name, among); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// choice is a flag that is one of several words.
type choice struct {
	value string
	among []string
}

// String implements pflag.Value.
func (c *choice) String() string { return c.value }

// Type implements pflag.Value: it stands for the value in the help.
func (c *choice) Type() string { return strings.Join(c.among, "|") }

// Set implements pflag.Value.
func (c *choice) Set(text string) error {
	for _, word := range c.among {
		if text == word {
			c.value = text
			return nil
		}
	}
	return fmt.Errorf("it is %s%s", c.words(), didYouMean(text, c.among))
}

// words names all of them.
func (c *choice) words() string {
	last := len(c.among) - 1
	return strings.Join(c.among[:last], ", ") + " or " + c.among[last]
}
