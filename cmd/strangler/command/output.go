package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// output is how a subcommand prints what it lists.
type output struct{ format choice }

func (o *output) flags(cmd *cobra.Command) {
	o.format = choice{value: "table", among: []string{"table", "json"}}
	cmd.Flags().VarP(&o.format, "output", "o", "how to print")
}

func (o *output) json() bool { return o.format.value == "json" }

// print writes v as JSON, or calls table.
func (o *output) print(cmd *cobra.Command, v any, table func(w io.Writer)) error {
	if o.json() {
		encoder := json.NewEncoder(cmd.OutOrStdout())
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, columnGap, ' ', 0)
	table(w)
	return w.Flush()
}

// row writes one line of a table. What comes from outside can't break out of its cell or
// control the terminal.
func row(w io.Writer, cells ...any) {
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = printable(fmt.Sprint(cell))
	}
	fmt.Fprintln(w, strings.TrimRight(strings.Join(texts, "\t"), "\t "))
}

// columnGap is the space between the columns of a table.
const columnGap = 2

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
