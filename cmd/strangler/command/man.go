package command

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

func newMan() *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual, a page for each command",
		Long: `Write the manual into a folder, a page for each command: for man, or in Markdown. Packages install
the former. The pages are the same for the same version of the program: there is no date in them.`,
		Example: "  strangler man /usr/local/share/man/man1\n  strangler man --markdown docs",
		Args:    arguments(1, 1),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			pages, err := manual(cmd.Root(), markdown)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			for name, page := range pages {
				if err := os.WriteFile(filepath.Join(args[0], name), page, 0o644); err != nil {
					return err
				}
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s in %s\n", count(len(pages), "page"), args[0])
			return nil
		}),
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "in Markdown")
	return cmd
}

// manual returns a page for a command and for each below it, by the names of their files.
func manual(root *cobra.Command, markdown bool) (map[string][]byte, error) {
	root.DisableAutoGenTag = true // it has a date
	pages := map[string][]byte{}
	for commands := []*cobra.Command{root}; len(commands) > 0; {
		cmd := commands[0]
		commands = append(commands[1:], cmd.Commands()...)
		if cmd != root && (!cmd.IsAvailableCommand() || cmd.IsAdditionalHelpTopicCommand()) {
			continue
		}
		page := manPage
		ending := ".1"
		if markdown {
			page, ending = markdownPage, ".md"
		}
		text, err := page(cmd)
		if err != nil {
			return nil, fmt.Errorf("write the page of %s: %w", cmd.CommandPath(), err)
		}
		pages[strings.ReplaceAll(cmd.CommandPath(), " ", "-")+ending] = text
	}
	return pages, nil
}

func manPage(cmd *cobra.Command) ([]byte, error) {
	defer withWords(cmd)()
	var out bytes.Buffer
	noDate := time.Time{} // with none it would be today
	header := doc.GenManHeader{Section: "1", Date: &noDate, Source: "strangler", Manual: "strangler manual"}
	if err := doc.GenMan(cmd, &header, &out); err != nil {
		return nil, err
	}
	text := strings.Replace(out.String(), `"Jan 0001"`, `""`, 1)
	text = strings.ReplaceAll(text, "[=false]", "") // a flag that is there is true
	var page bytes.Buffer
	for _, r := range text {
		if r > unicode.MaxASCII { // which not every man can read
			fmt.Fprintf(&page, `\[u%04X]`, r)
			continue
		}
		page.WriteRune(r)
	}
	return page.Bytes(), nil
}

// withWords has flags name the words that they accept, which the help has in the place of their types and
// man pages haven't at all, until it is undone.
func withWords(cmd *cobra.Command) (undo func()) {
	before := map[*pflag.Flag]string{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if c, is := f.Value.(*choice); is {
			before[f] = f.Usage
			f.Usage += "; it is " + c.words()
		}
	})
	return func() {
		for f, usage := range before {
			f.Usage = usage
		}
	}
}

func markdownPage(cmd *cobra.Command) ([]byte, error) {
	var out bytes.Buffer
	err := doc.GenMarkdownCustom(cmd, &out, func(file string) string { return strings.ReplaceAll(file, "_", "-") })
	return out.Bytes(), err
}
