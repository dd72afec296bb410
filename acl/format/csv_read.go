package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
)

// Decode implements Format.
func (f *csvFormat) Decode(body []byte, contentType string) (*document.Document, error) {
	c, text, err := f.charset.decoded(body, contentType)
	if err != nil {
		return nil, err
	}
	copies := 0
	if c.enc != nil {
		copies = cap(text)
	}
	cols, at := f.columns, 0
	switch from := nextRecord(text, 0); {
	case !f.header:
		text, at = cols.behind(text), len(cols.text)
		copies += cap(text)
	case from == len(text):
		cols, at = &columns{}, from
	default:
		if at, err = f.recordEnd(text, from); err != nil {
			return nil, &document.Error{Err: fmt.Errorf("in the header: %w", err)}
		}
		if cols, err = f.headed(text, from, from+len(chomp(text[from:at]))); err != nil {
			return nil, err
		}
		cols.spans = cols.found
	}
	budget := nodeBudget(len(body), copies)
	rows := bytes.Count(text[at:], []byte{'\n'}) + 1
	b := document.NewBuilder(text, min(budget, 2+rows+2*(rows+bytes.Count(text[at:], f.delimiter))))
	b.Array()
	var cells []span
	for n, nodes := 0, 1; ; n++ {
		if at = nextRecord(text, at); at >= len(text) {
			break
		}
		end, err := f.recordEnd(text, at)
		if err == nil {
			cells, err = f.record(cols, text, at, at+len(chomp(text[at:end])), cells[:0])
		}
		if nodes += cols.nodes(); err == nil && nodes > budget {
			err = errCells
		}
		if err != nil {
			return nil, under(element(n), err)
		}
		cols.build(b, cells)
		at = end
	}
	b.End()
	d, err := b.Document()
	if err != nil {
		return nil, &document.Error{Err: err}
	}
	return d, nil
}

// nextRecord skips lines with nothing in them.
func nextRecord(text []byte, at int) int {
	for at < len(text) {
		switch {
		case text[at] == '\n':
			at++
		case text[at] == '\r' && at+1 < len(text) && text[at+1] == '\n':
			at += 2
		default:
			return at
		}
	}
	return at
}

var errUnclosed = errors.New("a quote is never closed")

// recordEnd returns the place behind the record that begins at from, and its line break: the first
// one with as many quotes opened as closed.
func (f *csvFormat) recordEnd(text []byte, from int) (int, error) {
	for at, quotes := from, 0; ; {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			if quotes += bytes.Count(text[at:], []byte{'"'}); quotes%2 != 0 {
				return 0, errUnclosed
			}
			return len(text), nil
		}
		quotes += bytes.Count(text[at:at+i], []byte{'"'})
		if at += i + 1; quotes%2 == 0 {
			return at, nil
		}
	}
}

// cells splits the record between two places of text, resolving doubled quotes where they stand.
// It returns how many cells there are, and most of them at most. The error is about the cell that
// was counted last.
func (f *csvFormat) cells(text []byte, at, end, most int, cells []span) (_ []span, n int, err error) {
	for {
		n++
		var cell span
		if at < end && text[at] == '"' {
			in, out := at+1, at+1
			for {
				i := bytes.IndexByte(text[in:end], '"')
				if i < 0 {
					return cells, n, errUnclosed
				}
				out += copy(text[out:], text[in:in+i])
				if in += i + 1; in == end || text[in] != '"' {
					break
				}
				text[out] = '"'
				out++
				in++
			}
			cell = span{at + 1, out}
			if at = in; at < end && !bytes.HasPrefix(text[at:end], f.delimiter) {
				return cells, n, fmt.Errorf("%s stands behind the quote that closes the cell; a quote in a cell is doubled", character(text[at:end]))
			}
		} else {
			length := bytes.Index(text[at:end], f.delimiter)
			if length < 0 {
				length = end - at
			}
			if bytes.IndexByte(text[at:at+length], '"') >= 0 {
				return cells, n, errors.New("a quote stands in a cell that doesn't begin with one; such a cell is put in quotes, and the quote doubled")
			}
			cell = span{at, at + length}
			at += length
		}
		if n <= most {
			cells = append(cells, cell)
		}
		if at == end {
			return cells, n, nil
		}
		at += len(f.delimiter)
	}
}

// record splits a record that has the given columns. The error is placed.
func (f *csvFormat) record(c *columns, text []byte, at, end int, cells []span) ([]span, error) {
	cells, n, err := f.cells(text, at, end, len(c.names), cells)
	switch {
	case err != nil && n <= len(c.names):
		return cells, atName([]byte(c.names[n-1]), err)
	case err != nil:
		return cells, err
	case n != len(c.names):
		return cells, wrongCells(n, len(c.names))
	}
	return cells, nil
}

// headed returns the columns that the header between two places of text names, with where it does.
// Where columns are configured they are those, and records have their order.
func (f *csvFormat) headed(text []byte, at, end int) (*columns, error) {
	found := make([]span, 0, min(1+bytes.Count(text[at:end], f.delimiter), maxColumns))
	cells, n, err := f.cells(text, at, end, maxColumns, found)
	var c *columns
	if err == nil {
		if n > maxColumns {
			err = fmt.Errorf("there are %d columns, and at most %d are read", n, maxColumns)
		} else {
			c, err = f.named(text, cells)
		}
	}
	if err != nil {
		return nil, &document.Error{Err: fmt.Errorf("in the header: %w", err)}
	}
	c.found = cells
	return c, nil
}

// named returns the columns that have cells of a header for their names.
func (f *csvFormat) named(text []byte, cells []span) (*columns, error) {
	names, all := make([]string, len(cells)), 0
	for i, c := range cells {
		n := c.end - c.start
		if all += n; n > maxColumnName {
			return nil, fmt.Errorf("the name of column %d has %d bytes, and at most %d are read", i+1, n, maxColumnName)
		}
		names[i] = string(text[c.start:c.end])
	}
	if all > maxColumnNames {
		return nil, fmt.Errorf("the names have %d bytes together, and at most %d are read", all, maxColumnNames)
	}
	c, err := newColumns(names)
	if err != nil {
		return nil, err
	}
	return c, f.order(c)
}

// order gives the columns of a header the order of those that are configured.
func (f *csvFormat) order(c *columns) error {
	if f.columns == nil {
		return nil
	}
	for _, n := range f.columns.names {
		i, there := c.index[n]
		if !there {
			return fmt.Errorf("the column %q is missing", n)
		}
		c.order = append(c.order, i)
	}
	for _, n := range c.names {
		if _, there := f.columns.index[n]; !there {
			return fmt.Errorf("the column %q isn't one that is configured", n)
		}
	}
	return nil
}

// Read implements Records.
func (f *csvFormat) Read(body io.Reader, contentType string, limit int) RecordReader {
	r := &csvReader{f: f, columns: f.columns, headed: !f.header}
	r.charset, r.err = f.charset.of(contentType)
	r.lines = newLineReader(r.charset.reader(body), limit)
	return r
}

type csvReader struct {
	f       *csvFormat
	charset charset
	lines   *lineReader
	columns *columns
	headed  bool
	cells   []span
	index   int
	err     error
}

// Next implements RecordReader.
func (r *csvReader) Next() (*document.Document, error) {
	if r.err == nil && !r.headed {
		r.headed = true
		r.err = r.header()
	}
	if r.err != nil {
		return nil, r.err
	}
	d, err := r.next()
	if err != nil {
		r.err = err
		return nil, err
	}
	r.index++
	return d, nil
}

func (r *csvReader) header() error {
	raw, err := r.raw()
	if err == nil {
		r.columns, err = r.f.headed(raw, 0, len(raw))
	} else if errors.As(err, new(*document.Error)) {
		err = &document.Error{Err: fmt.Errorf("in the header: %w", err)}
	}
	return err
}

func (r *csvReader) next() (*document.Document, error) {
	raw, err := r.raw()
	if err != nil {
		return nil, placed(r.index, err)
	}
	text := r.columns.behind(raw)
	if r.cells, err = r.f.record(r.columns, text, len(r.columns.text), len(text), r.cells[:0]); err != nil {
		return nil, under(element(r.index), err)
	}
	b := document.NewBuilder(text, r.columns.nodes())
	r.columns.build(b, r.cells)
	d, err := b.Document()
	if err != nil {
		return nil, under(element(r.index), err)
	}
	return d, nil
}

// raw returns the next record as it stands there, without its line break, until the next call.
func (r *csvReader) raw() ([]byte, error) {
	line, err := r.lines.next(false)
	for err == nil && len(chomp(line)) == 0 {
		line, err = r.lines.next(false)
	}
	counted, quotes := 0, 0
	for err == nil {
		quotes += bytes.Count(line[counted:], []byte{'"'})
		if quotes%2 == 0 {
			break
		}
		counted = len(line)
		if line, err = r.lines.next(true); err == io.EOF {
			err = &document.Error{Err: errUnclosed}
		} else if errors.As(err, new(*document.Error)) {
			err = &document.Error{Err: fmt.Errorf("%w; is a quote in it never closed?", err)}
		}
	}
	if err != nil {
		return nil, err
	}
	if line = chomp(line); r.charset.enc == nil && !utf8.Valid(line) {
		return nil, &document.Error{Err: r.charset.broken(errReplacement)}
	}
	return line, nil
}
