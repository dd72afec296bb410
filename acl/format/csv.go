package format

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// csvFormat is CSV (RFC 4180). A record is an object of texts; as a whole it is an array.
type csvFormat struct {
	media
	charset   charset
	delimiter []byte // in UTF-8
	between   []byte // the delimiter in the character set
	always    bool   // every cell in quotes
	header    bool
	columns   *columns // nil: those of the header
	first     []string // where columns is nil: what is written in any case
	newline   string
}

func newCSV(c Config) (Format, error) {
	var p Problems
	f := &csvFormat{header: c.Header, newline: "\n", delimiter: []byte(","), always: c.Quote == "always"}
	f.charset, _ = lookupCharset(c.Charset) // New tells what is wrong with it
	usual := "text/csv"
	if c.Delimiter == "\t" {
		usual = "text/tab-separated-values"
	}
	f.media = newMedia(c.ContentType, f.charset.announce(usual), "text/csv", "application/csv")
	if c.Quote != "" && c.Quote != "always" {
		p = append(p, Problem{"quote", fmt.Sprintf("%q isn't known; it is always, or left out for where it is needed", c.Quote)})
	}
	if c.Delimiter != "" {
		f.delimiter = []byte(c.Delimiter)
		if !one(c.Delimiter) || c.Delimiter == `"` {
			p = append(p, Problem{"delimiter", fmt.Sprintf("%q isn't one character; it is a comma, a semicolon or another that isn't a quote", c.Delimiter)})
		}
	}
	var err error
	if f.between, err = f.charset.append(nil, f.delimiter); err != nil {
		p = append(p, Problem{"delimiter", err.Error()})
	}
	if c.Newline != "" {
		f.newline = c.Newline
		p = append(p, newlineProblem(c.Newline)...)
	}
	if len(c.Columns) == 0 && !c.Header {
		p = append(p, Problem{"columns", "nothing names the columns; say header: true, or list them"})
	}
	for i, col := range c.Columns {
		if col.Width != 0 || col.Align != "" || col.Pad != "" {
			p = append(p, Problem{fmt.Sprintf("columns[%d]", i), "width, align and pad are for fixed-width"})
		}
	}
	names, more := columnNames(c.Columns)
	p = append(p, more...)
	if len(names) > 0 {
		if f.columns, err = newColumns(names); err != nil {
			p = append(p, Problem{"columns", err.Error()})
		}
	}
	if f.columns == nil && len(c.First) > 0 {
		f.first = c.First
		if _, err := newColumns(c.First); err != nil {
			p = append(p, Problem{"first", err.Error()})
		}
	}
	if len(p) > 0 {
		return nil, p
	}
	return f, nil
}

func newlineProblem(newline string) Problems {
	if newline == "\n" || newline == "\r\n" {
		return nil
	}
	return Problems{{"newline", fmt.Sprintf(`%q isn't known; it is "\n" or "\r\n"`, newline)}}
}

func columnNames(list []Column) (names []string, p Problems) {
	for i, c := range list {
		if c.Name == "" || strings.ToValidUTF8(c.Name, "") != c.Name {
			p = append(p, Problem{fmt.Sprintf("columns[%d].name", i), "a column needs a name in UTF-8"})
		}
		names = append(names, c.Name)
	}
	return names, p
}

// Append implements Format. What isn't an array is a body of one record.
func (f *csvFormat) Append(dst []byte, v document.Value) ([]byte, error) {
	return appendRecords(dst, v, f)
}

// Write implements Records. Without configured columns those are written that Config.First names and then
// those of the first record; no later one may have others.
func (f *csvFormat) Write(w io.Writer) RecordWriter {
	return &tableWriter{w: w, columns: f.columns, first: f.first, head: f.appendHeader, line: f.appendRecord}
}

func (f *csvFormat) appendHeader(dst []byte, c *columns) (_ []byte, err error) {
	if !f.header {
		return dst, nil
	}
	for i, n := range c.names {
		if i > 0 {
			dst = append(dst, f.between...)
		}
		if dst, err = f.appendCell(dst, []byte(n), len(c.names) == 1); err != nil {
			return dst, atName([]byte(n), fmt.Errorf("the name: %w", err))
		}
	}
	return append(dst, f.newline...), nil
}

func (f *csvFormat) appendRecord(dst []byte, c *columns, values []document.Value, _ bool) ([]byte, error) {
	for i, v := range values {
		if i > 0 {
			dst = append(dst, f.between...)
		}
		text, err := plainText(v)
		if err == nil {
			dst, err = f.appendCell(dst, text, len(values) == 1)
		}
		if err != nil {
			return dst, atName([]byte(c.names[i]), err)
		}
	}
	return append(dst, f.newline...), nil
}

// appendCell appends a cell, in quotes where it must be: an empty one that is alone would be an
// empty line, and a byte order mark in front of all would be taken off. In another set than UTF-8, what
// begins with the mark's first byte could become one with what stands behind it.
func (f *csvFormat) appendCell(dst, text []byte, alone bool) ([]byte, error) {
	start := len(dst)
	if !f.always && !(alone && len(text) == 0) && !bytes.ContainsAny(text, "\"\r\n") &&
		!bytes.Contains(text, f.delimiter) && !bytes.HasPrefix(text, utf8BOM) {
		var err error
		if dst, err = f.charset.append(dst, text); err != nil || f.charset.enc == nil || len(dst) == start || dst[start] != utf8BOM[0] {
			return dst, err
		}
	}
	dst = append(dst[:start], '"')
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			break
		}
		var err error
		if dst, err = f.charset.append(dst, text[:i+1]); err != nil {
			return dst, err
		}
		dst, text = append(dst, '"'), text[i+1:]
	}
	dst, err := f.charset.append(dst, text)
	return append(dst, '"'), err
}

// wrongCells says that a record doesn't fit its columns.
func wrongCells(got, want int) error {
	cells := " cells"
	if got == 1 {
		cells = " cell"
	}
	return fmt.Errorf("the record has %s, and there are %d columns", strconv.Itoa(got)+cells, want)
}
