package command

import (
	"fmt"
	"io"
	"os"
	"strings"
	_ "time/tzdata" // windows name zones, and not every machine has them

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/acl"
)

// Config says what a program plugs into the command. The zero value is the plain command.
type Config struct {
	Translators map[string]acl.Translator // by the names that `translate: {with: NAME}` uses
	Args        []string                  // nil: os.Args[1:]
	Stdout      io.Writer                 // nil: os.Stdout
	Stderr      io.Writer                 // nil: os.Stderr
}

// Main runs the command and returns its exit status. What serve and demo start has ended when
// it returns.
func Main(c Config) int {
	if c.Args == nil {
		c.Args = os.Args[1:]
	}
	if c.Stdout == nil {
		c.Stdout = os.Stdout
	}
	if c.Stderr == nil {
		c.Stderr = os.Stderr
	}
	cmd, err := newRoot(&c).ExecuteC()
	if err == nil {
		return statusDone
	}
	for line := range strings.SplitSeq(explain(cmd, err), "\n") {
		fmt.Fprintln(c.Stderr, printable(line))
	}
	return statusOf(err)
}

func newRoot(c *Config) *cobra.Command {
	root := &cobra.Command{
		Use:   "strangler",
		Short: "Take a monolith apart, one route at a time, with nothing taken on faith",
		Long: `strangler fronts a legacy application, shadows its endpoints' new services, compares the
answers, shifts traffic by evidence and takes it back at a word.

Exit status: 0 done, 1 failed, 2 wrong usage or invalid configuration, 3 the admin API can't
be reached, 4 no such route, group or table, 5 changed meanwhile, 6 refused by a guard.`,
		SilenceErrors:         true,
		SilenceUsage:          true,
		DisableFlagsInUseLine: true,
		Args:                  unknownCommand,
		RunE:                  func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	root.SetArgs(c.Args)
	root.SetOut(c.Stdout)
	root.SetErr(c.Stderr)
	root.SetFlagErrorFunc(unknownFlag)
	groups := []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"run", "Run:", []*cobra.Command{newDemo(), newServe(c), newInit(), newCheck(c), newSchema(), newCompare(c), newTranslate(c)}},
		{"look", "Look:", []*cobra.Command{newRoutes(), newStatus(), newDivergences(), newGroups(), newEvidence(), newSeries(), newJournal(), newExplain(), newDiff(c)}},
		{"move", "Move:", []*cobra.Command{newShift(), newUndo(), newRollback(), newRetire(), newRollout(), newFreeze(), newThaw(), newState()}},
		{"decide", "Decide:", []*cobra.Command{newTriage(), newIgnore(), newRules(), newReplay(), newVerify(), newExport(), newImport(), newIDs()}},
		{"help", "Help:", []*cobra.Command{newMan(), newVersion()}},
	}
	for _, group := range groups {
		root.AddGroup(&cobra.Group{ID: group.id, Title: group.title})
		for _, command := range group.commands {
			command.GroupID = group.id
			root.AddCommand(command)
		}
	}
	root.SetHelpCommandGroupID("help")
	root.SetCompletionCommandGroupID("help")
	addHelp(root)
	addCompletion(root)
	fitHelp(root)
	return root
}
