package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// formats are how a subcommand prints: wide is a table with the columns that don't fit into 80
// characters, yaml has the same members as json.
var formats = []string{"table", "wide", "json", "yaml"}

// output is how a subcommand prints.
type output struct {
	format    choice
	quiet     bool
	noHeaders bool
	printed   int // documents
}

// flags adds those of a subcommand that shows something, in tables with headings.
func (o *output) flags(cmd *cobra.Command) {
	o.formatFlag(cmd)
	o.headingsFlag(cmd)
}

func (o *output) formatFlag(cmd *cobra.Command) {
	o.format = choice{value: "table", among: formats}
	cmd.Flags().VarP(&o.format, "output", "o", "how to print")
}

func (o *output) headingsFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.noHeaders, "no-headers", false, "leave the headings of tables out")
}

// listFlags adds those of a subcommand that lists things, which have names or ids.
func (o *output) listFlags(cmd *cobra.Command, names string) {
	o.flags(cmd)
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print "+names+" alone, one a line, whatever -o says")
}

// changeFlags adds those of a subcommand that does something.
func (o *output) changeFlags(cmd *cobra.Command) {
	o.formatFlag(cmd)
	o.quietFlag(cmd)
}

// quietFlag adds -q to a subcommand that has nothing to format.
func (o *output) quietFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but warnings and errors, whatever -o says")
}

// json reports whether it is printed in JSON's form, for programs: as JSON, or as YAML with the same
// members.
func (o *output) json() bool { return o.format.value == "json" || o.format.value == "yaml" }

// wide reports whether tables have all columns.
func (o *output) wide() bool { return o.format.value == "wide" }

// list is print for a list: where it is quiet, the names of what is in it are all that is printed.
func (o *output) list(cmd *cobra.Command, v any, names []string, table func(w io.Writer)) error {
	if !o.quiet {
		return o.print(cmd, v, table)
	}
	for _, name := range names {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), printable(name)); err != nil {
			return err
		}
	}
	return nil
}

// print writes v as JSON or YAML, or calls table; where it is quiet it does nothing.
func (o *output) print(cmd *cobra.Command, v any, table func(w io.Writer)) error {
	if o.quiet {
		return nil
	}
	o.printed++
	out := cmd.OutOrStdout()
	switch o.format.value {
	case "json":
		return printJSON(out, v)
	case "yaml":
		return encodeYAML(out, v, o.printed > 1)
	}
	s := newSheet(o.wide(), o.noHeaders)
	if !o.wide() {
		s.width = widthOf(out)
	}
	table(s)
	return s.flush(out, inkFor(out))
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// notes is where a change tells what it did besides: nowhere, where it is quiet.
func (o *output) notes(cmd *cobra.Command) io.Writer {
	if o.quiet {
		return io.Discard
	}
	return cmd.ErrOrStderr()
}

// wrap breaks text at spaces into lines of at most width characters; of 0 or less into one. A word that
// is longer has a line for itself.
func wrap(text string, width int) []string {
	if width <= 0 {
		return []string{text}
	}
	var lines []string
	line, used := "", 0
	for word := range strings.SplitSeq(text, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case used > 0 && used+1+n > width:
			lines = append(lines, line)
			line, used = word, n
		case used > 0:
			line, used = line+" "+word, used+1+n
		default:
			line, used = line+word, n
		}
	}
	return append(lines, line)
}

// printable replaces what is not for the eye: control characters, tabs and line ends included,
// and those that turn the direction of writing.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// when formats a time for a table, in the reader's zone.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// orDash returns a dash for an empty cell.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// count says how many there are of a thing.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
