package command

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// columnGap is the space between the columns of a table.
const columnGap = 2

// sheet is what tables are printed on. Their columns are aligned when it is flushed, and then cells get
// their colours: text/tabwriter would count the codes of colours as characters.
type sheet struct {
	wide, headless bool
	width          int // of the terminal; 0: lines are as long as they come

	text   bytes.Buffer
	lines  int               // so far
	inked  map[int][]painted // the cells of lines
	writer *tabwriter.Writer
}

func newSheet(wide, headless bool) *sheet {
	s := &sheet{wide: wide, headless: headless, inked: map[int][]painted{}}
	s.writer = tabwriter.NewWriter(&s.text, 0, 0, columnGap, ' ', 0)
	return s
}

// Write implements io.Writer.
func (s *sheet) Write(p []byte) (int, error) {
	s.lines += bytes.Count(p, []byte("\n"))
	return s.writer.Write(p)
}

// flush writes what there is.
func (s *sheet) flush(to io.Writer, k ink) error {
	if err := s.writer.Flush(); err != nil {
		return err
	}
	if k || s.width > 0 {
		text := s.text.String()
		s.text.Reset()
		n := 0
		for line := range strings.Lines(text) {
			for _, part := range s.fitting(strings.TrimSuffix(line, "\n"), s.inked[n]) {
				s.text.WriteString(inked(part.text, part.cells, k) + "\n")
			}
			n++
		}
	}
	_, err := to.Write(s.text.Bytes())
	return err
}

// sheetLine is a line that is aligned, with its cells.
type sheetLine struct {
	text  string
	cells []painted
}

// hang is how far the rest of a line stands in, where there is no room for it below its cell.
const hang = 4

// fitting breaks a line that is longer than the terminal is wide within its last cell, so that the rest stands
// below that; a line that has no cells at any word.
func (s *sheet) fitting(line string, cells []painted) []sheetLine {
	if s.width <= 0 || utf8.RuneCountInString(line) <= s.width {
		return []sheetLine{{line, cells}}
	}
	for len(cells) > 0 && cells[len(cells)-1].text == "" {
		cells = cells[:len(cells)-1]
	}
	head, last := "", painted{text: line}
	if n := len(cells) - 1; n >= 0 {
		var found bool
		last = cells[n]
		if head, found = strings.CutSuffix(line, last.text); !found {
			return []sheetLine{{line, cells}}
		}
		cells = cells[:n]
	}
	taken := utf8.RuneCountInString(head)
	indent, all := strings.Repeat(" ", taken), []sheetLine{}
	switch room := s.width - taken; {
	case head == "":
		indent = strings.Repeat(" ", hang)
	case room < minTextWidth && utf8.RuneCountInString(last.text) <= minTextWidth: // a word or two
		return []sheetLine{{line, append(cells, last)}}
	case room < minTextWidth: // below all of it
		all = append(all, sheetLine{strings.TrimRight(head, " "), cells})
		head, indent, cells = strings.Repeat(" ", hang), strings.Repeat(" ", hang), nil
	}
	for i, part := range wrap(last.text, s.width-max(len(indent), utf8.RuneCountInString(head))) {
		if i == 0 {
			all = append(all, sheetLine{head + part, append(slices.Clone(cells), painted{last.colour, part})})
			continue
		}
		all = append(all, sheetLine{indent + part, []painted{{last.colour, part}}})
	}
	return all
}

// inked colours the cells of a line that is aligned; before each there is nothing but its gap.
func inked(line string, cells []painted, k ink) string {
	var out strings.Builder
	for _, cell := range cells {
		before, after, found := strings.Cut(line, cell.text)
		if !found || cell.text == "" {
			continue
		}
		out.WriteString(before + k.dye(cell.colour, cell.text))
		line = after
	}
	return out.String() + line
}

// painted is a cell with a colour.
type painted struct {
	colour colour
	text   string
}

// String implements fmt.Stringer.
func (p painted) String() string { return p.text }

// paint gives a cell a colour, where there is any.
func paint(c colour, cell any) painted { return painted{c, fmt.Sprint(cell)} }

// extra is a cell that only a wide table has.
type extra struct{ cell any }

// row writes one line of a table. What comes from outside can't break out of its cell or
// control the terminal.
func row(w io.Writer, cells ...any) {
	s, onSheet := w.(*sheet)
	var line []painted
	for _, cell := range cells {
		if e, is := cell.(extra); is {
			if !onSheet || !s.wide {
				continue
			}
			cell = e.cell
		}
		p, is := cell.(painted)
		if !is {
			p.text = fmt.Sprint(cell)
		}
		p.text = printable(p.text)
		line = append(line, p)
	}
	texts := make([]string, len(line))
	for i, p := range line {
		texts[i] = p.text
	}
	if onSheet {
		s.inked[s.lines] = line
	}
	fmt.Fprintln(w, strings.TrimRight(strings.Join(texts, "\t"), "\t "))
}

// heading writes the headings of a table, unless there are to be none.
func heading(w io.Writer, cells ...any) {
	if s, is := w.(*sheet); is && s.headless {
		return
	}
	titles := make([]any, len(cells))
	for i, cell := range cells {
		if e, is := cell.(extra); is {
			titles[i] = extra{paint(bold, e.cell)}
		} else {
			titles[i] = paint(bold, cell)
		}
	}
	row(w, titles...)
}

// wide reports whether a table is to have all that there is.
func wide(w io.Writer) bool {
	s, is := w.(*sheet)
	return is && s.wide
}
