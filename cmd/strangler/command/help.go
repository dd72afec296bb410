package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// fitHelp has helps fit into the terminal on which they are shown; elsewhere lines are as they were written.
func fitHelp(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if width := widthOf(cmd.OutOrStdout()); width > 0 {
			fit(cmd, width)
		}
		help(cmd, args)
	})
}

// fit has a command's help fit into so many characters, but for its examples, which are to be copied.
func fit(cmd *cobra.Command, width int) {
	cmd.Long = reflowed(cmd.Long, width)
	cmd.SetUsageTemplate(strings.ReplaceAll(cmd.UsageTemplate(), "Flags.FlagUsages ", fmt.Sprintf("Flags.FlagUsagesWrapped %d ", width)))
}

// reflowed breaks the paragraphs of a text anew. What stands in is not prose, and stays.
func reflowed(text string, width int) string {
	var all, prose []string
	end := func() {
		if len(prose) > 0 {
			all = append(all, wrap(strings.Join(prose, " "), width)...)
		}
		prose = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" && line[0] != ' ' {
			prose = append(prose, line)
			continue
		}
		end()
		all = append(all, line)
	}
	end()
	return strings.Join(all, "\n")
}
