package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
)

// fixed is lines of columns that have a width in characters. A record is an object of texts
// without their padding; as a whole it is an array.
type fixed struct {
	media
	charset charset
	columns *columns
	shape   []fixedColumn
	width   int // of all columns
	newline string
}

type fixedColumn struct {
	width int
	right bool
	pad   []byte // one character
}

// maxWidth is the most characters of a column.
const maxWidth = 10000

func newFixed(c Config) (Format, error) {
	var p Problems
	f := &fixed{newline: "\n"}
	f.charset, _ = lookupCharset(c.Charset) // New tells what is wrong with it
	usual := "text/plain; charset=utf-8"
	if f.charset.enc != nil {
		usual = f.charset.announce("text/plain")
	}
	f.media = newMedia(c.ContentType, usual)
	if c.Newline != "" {
		f.newline = c.Newline
		p = append(p, newlineProblem(c.Newline)...)
	}
	if len(c.Columns) == 0 {
		p = append(p, Problem{"columns", "there are none; list each with its name and width"})
	}
	for i, col := range c.Columns {
		at := fmt.Sprintf("columns[%d].", i)
		shape := fixedColumn{width: col.Width, right: col.Align == "right", pad: []byte(" ")}
		if col.Width < 1 || col.Width > maxWidth {
			p = append(p, Problem{at + "width", fmt.Sprintf("%d isn't a width; it is 1 to %d characters", col.Width, maxWidth)})
		}
		if col.Align != "" && col.Align != "left" && col.Align != "right" {
			p = append(p, Problem{at + "align", fmt.Sprintf("%q isn't known; it is left or right", col.Align)})
		}
		if col.Pad != "" {
			shape.pad = []byte(col.Pad)
			if !one(col.Pad) {
				p = append(p, Problem{at + "pad", fmt.Sprintf("%q isn't one character", col.Pad)})
			} else if _, err := f.charset.append(nil, shape.pad); err != nil {
				p = append(p, Problem{at + "pad", err.Error()})
			}
		}
		f.shape = append(f.shape, shape)
		f.width += col.Width
	}
	names, more := columnNames(c.Columns)
	p = append(p, more...)
	var err error
	if f.columns, err = newColumns(names); err != nil {
		p = append(p, Problem{"columns", err.Error()})
	}
	if len(p) > 0 {
		return nil, p
	}
	return f, nil
}

// Append implements Format. What isn't an array is a body of one record.
func (f *fixed) Append(dst []byte, v document.Value) ([]byte, error) { return appendRecords(dst, v, f) }

// Write implements Records.
func (f *fixed) Write(w io.Writer) RecordWriter {
	none := func(dst []byte, _ *columns) ([]byte, error) { return dst, nil }
	return &tableWriter{w: w, columns: f.columns, head: none, line: f.appendRecord}
}

func (f *fixed) appendRecord(dst []byte, c *columns, values []document.Value, first bool) ([]byte, error) {
	var cell []byte
	start := len(dst)
	marked := errors.New("the body can't begin with a byte order mark of its own")
	for i, v := range values {
		text, err := plainText(v)
		if err == nil {
			cell, err = f.shape[i].appendCell(cell[:0], text)
		}
		if err == nil && first && i == 0 && bytes.HasPrefix(cell, utf8BOM) {
			err = marked
		}
		if err == nil {
			dst, err = f.charset.append(dst, cell)
		}
		if err != nil {
			return dst, atName([]byte(c.names[i]), err)
		}
	}
	if first && bytes.HasPrefix(dst[start:], utf8BOM) { // in another set, as ï»¿
		return dst, atName([]byte(c.names[0]), marked)
	}
	return append(dst, f.newline...), nil
}

func (c fixedColumn) appendCell(dst, text []byte) ([]byte, error) {
	n := utf8.RuneCount(text)
	switch {
	case n > c.width:
		return dst, fmt.Errorf("the text has %d characters, and the column %d", n, c.width)
	case bytes.ContainsAny(text, "\r\n"):
		return dst, errors.New("the text has a line break in it, which would end the record")
	}
	start := len(dst)
	rest := text
	if c.numeric() && n < c.width && n > 0 && (text[0] == '-' || text[0] == '+') {
		dst, rest = append(dst, text[0]), text[1:] // -0005
	}
	if !c.right {
		dst = append(dst, rest...)
	}
	for range c.width - n {
		dst = append(dst, c.pad...)
	}
	if c.right {
		dst = append(dst, rest...)
	}
	if c.pad[0] == ' ' {
		return dst, nil // spaces at the edge of a text are lost, as everywhere where they pad
	}
	if back := c.trim(dst, span{start, len(dst)}); !bytes.Equal(text, back) {
		return dst, fmt.Errorf("%q would be read as %q, since the column is padded with %q", text, back, c.pad)
	}
	return dst, nil
}

// numeric reports whether the padding is that of numbers: zeros between the sign and the digits,
// of which one stays.
func (c fixedColumn) numeric() bool { return c.right && c.pad[0] == '0' }

// cell returns the part of a cell that isn't padding.
func (c fixedColumn) cell(text []byte, s span) span {
	switch {
	case c.numeric():
		digit := func(i int) bool { return i < s.end && text[i] >= '0' && text[i] <= '9' }
		if s.start < s.end && (text[s.start] == '-' || text[s.start] == '+') && digit(s.start+1) {
			sign, from := text[s.start], s.start+1
			for text[from] == '0' && digit(from+1) {
				from++
			}
			text[from-1] = sign
			s.start = from - 1
			return s
		}
		for s.start < s.end && text[s.start] == '0' && digit(s.start+1) {
			s.start++
		}
	case c.right:
		for s.end > s.start && bytes.HasPrefix(text[s.start:s.end], c.pad) {
			s.start += len(c.pad)
		}
	default:
		for s.end > s.start && bytes.HasSuffix(text[s.start:s.end], c.pad) {
			s.end -= len(c.pad)
		}
	}
	return s
}

func (c fixedColumn) trim(text []byte, s span) []byte {
	text = bytes.Clone(text[s.start:s.end])
	s = c.cell(text, span{0, len(text)})
	return text[s.start:s.end]
}
