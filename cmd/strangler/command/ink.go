package command

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
)

// mark is what is special about a member of a body.
type mark int

const (
	renamedTo mark = iota + 1 // it has another name on the other side
	changed                   // another value came back
	invented                  // nobody sent it
	lost                      // it doesn't come back
)

// ink colours bodies and tables where a person looks at them on a terminal, unless NO_COLOR is set
// (https://no-color.org). With CLICOLOR_FORCE it does so elsewhere too, for a pager or a CI's log.
type ink bool

func inkFor(w io.Writer) ink { return inkOn(isTerminal(w)) }

func inkOn(terminal bool) ink {
	if os.Getenv("NO_COLOR") != "" {
		return false
	}
	if force := os.Getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	return ink(terminal && os.Getenv("TERM") != "dumb")
}

// colour is the code that a terminal begins one, or another way to stand out, with.
type colour string

const (
	plain   colour = "\x1b[0m"
	bold    colour = "\x1b[1m"
	faint   colour = "\x1b[2m"
	reverse colour = "\x1b[7m"
	red     colour = "\x1b[31m"
	green   colour = "\x1b[32m"
	yellow  colour = "\x1b[33m"
	cyan    colour = "\x1b[36m"
)

var colours = map[mark]colour{renamedTo: cyan, changed: yellow, invented: green, lost: red}

// dye colours a text, which has no control characters of its own.
func (k ink) dye(c colour, text string) string {
	if !k || c == "" {
		return text
	}
	return string(c) + text + string(plain)
}

// paint colours a text as what is marked so.
func (k ink) paint(m mark, text string) string { return k.dye(colours[m], text) }

// body prints a body: JSON by its members, of which marked ones are coloured, by generalised
// pointer; everything else as it is.
func (k ink) body(w io.Writer, text []byte, d *document.Document, f format.Format, marks map[string]mark) {
	if f.Accepts("application/json") {
		k.value(w, d.Root(), "", "", marks)
		fmt.Fprintln(w)
		return
	}
	for line := range strings.SplitSeq(strings.TrimRight(string(text), "\r\n"), "\n") {
		fmt.Fprintln(w, printable(strings.TrimRight(line, "\r")))
	}
}

func (k ink) value(w io.Writer, v document.Value, indent, pointer string, marks map[string]mark) {
	more := indent + "  "
	switch v.Kind() {
	case document.Object:
		if v.Len() == 0 {
			fmt.Fprint(w, "{}")
			return
		}
		separator := "{\n"
		for name, member := range v.Members() {
			below := pointer + "/" + document.EscapePointer(string(name))
			fmt.Fprint(w, separator, more, k.paint(marks[below], quoteJSON(string(name))), ": ")
			if member.Scalar() {
				fmt.Fprint(w, k.paint(marks[below], scalarJSON(member)))
			} else {
				k.value(w, member, more, below, marks)
			}
			separator = ",\n"
		}
		fmt.Fprint(w, "\n", indent, "}")
	case document.Array:
		if v.Len() == 0 {
			fmt.Fprint(w, "[]")
			return
		}
		separator := "[\n"
		for e := range v.Elements() {
			fmt.Fprint(w, separator, more)
			k.value(w, e, more, pointer+"/*", marks)
			separator = ",\n"
		}
		fmt.Fprint(w, "\n", indent, "]")
	default:
		fmt.Fprint(w, k.paint(marks[pointer], scalarJSON(v)))
	}
}

func scalarJSON(v document.Value) string {
	if v.Kind() == document.String {
		return quoteJSON(v.Text())
	}
	return v.Text()
}

// quoteJSON quotes a text, so that it can't control a terminal.
func quoteJSON(s string) string {
	quoted, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		return `"` + printable(s) + `"`
	}
	return printable(string(quoted))
}

// renamed marks the members of a document whose names stand nowhere in another.
func renamed(before, after *document.Document) map[string]mark {
	names := map[string]bool{}
	everyName(before.Root(), "", func(name, _ string) { names[name] = true })
	marks := map[string]mark{}
	everyName(after.Root(), "", func(name, pointer string) {
		if !names[name] {
			marks[pointer] = renamedTo
		}
	})
	return marks
}

func everyName(v document.Value, pointer string, tell func(name, pointer string)) {
	for name, member := range v.Members() {
		below := pointer + "/" + document.EscapePointer(string(name))
		tell(string(name), below)
		everyName(member, below, tell)
	}
	for e := range v.Elements() {
		everyName(e, pointer+"/*", tell)
	}
}
