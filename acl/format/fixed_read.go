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
func (f *fixed) Decode(body []byte, contentType string) (*document.Document, error) {
	c, decoded, err := f.charset.decoded(body, contentType)
	if err != nil {
		return nil, err
	}
	text, at := f.columns.behind(decoded), len(f.columns.text)
	copies := cap(text)
	if c.enc != nil {
		copies += cap(decoded)
	}
	budget := nodeBudget(len(body), copies)
	rows := bytes.Count(decoded, []byte{'\n'}) + 1
	b := document.NewBuilder(text, min(budget, 1+rows*f.columns.nodes()))
	b.Array()
	var cells []span
	for n, nodes := 0, 1; ; n++ {
		if at = nextRecord(text, at); at >= len(text) {
			break
		}
		end := len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		cells, err = f.cells(text, at, at+len(chomp(text[at:end])), cells[:0])
		if nodes += f.columns.nodes(); err == nil && nodes > budget {
			err = errCells
		}
		if err != nil {
			return nil, under(element(n), err)
		}
		f.columns.build(b, cells)
		at = end
	}
	b.End()
	d, err := b.Document()
	if err != nil {
		return nil, &document.Error{Err: err}
	}
	return d, nil
}

// cells splits the line between two places of text. Editors and transfers take off spaces at the
// end of a line: what lacks may be such padding, where it is seen that it can be nothing else. The
// error is placed.
func (f *fixed) cells(text []byte, at, end int, cells []span) ([]span, error) {
	line := text[at:end]
	if bytes.IndexByte(line, '\r') >= 0 {
		return cells, errors.New("a carriage return stands in the line")
	}
	for i, c := range f.shape {
		from, n := at, 0
		for ; n < c.width && at < end; n++ {
			if text[at] < utf8.RuneSelf {
				at++
				continue
			}
			_, size := utf8.DecodeRune(text[at:end])
			at += size
		}
		if n < c.width && (c.pad[0] != ' ' || c.right && n > 0) {
			return cells, atName([]byte(f.columns.names[i]), fmt.Errorf("the line ends in this column: it has %s, and the columns %d",
				characters(utf8.RuneCount(line)), f.width))
		}
		cells = append(cells, c.cell(text, span{from, at}))
	}
	if at < end {
		return cells, fmt.Errorf("the line has %s, and the columns %d", characters(utf8.RuneCount(line)), f.width)
	}
	return cells, nil
}

func characters(n int) string {
	if n == 1 {
		return "1 character"
	}
	return fmt.Sprintf("%d characters", n)
}

// Read implements Records.
func (f *fixed) Read(body io.Reader, contentType string, limit int) RecordReader {
	r := &fixedReader{f: f}
	r.charset, r.err = f.charset.of(contentType)
	r.lines = newLineReader(r.charset.reader(body), limit)
	return r
}

type fixedReader struct {
	f       *fixed
	charset charset
	lines   *lineReader
	cells   []span
	index   int
	err     error
}

// Next implements RecordReader.
func (r *fixedReader) Next() (*document.Document, error) {
	if r.err != nil {
		return nil, r.err
	}
	d, err := r.next()
	if err != nil {
		r.err = placed(r.index, err)
		return nil, r.err
	}
	r.index++
	return d, nil
}

func (r *fixedReader) next() (*document.Document, error) {
	line, err := r.lines.next(false)
	for err == nil && len(chomp(line)) == 0 {
		line, err = r.lines.next(false)
	}
	if err != nil {
		return nil, err
	}
	if line = chomp(line); r.charset.enc == nil && !utf8.Valid(line) {
		return nil, &document.Error{Err: r.charset.broken(errReplacement)}
	}
	c := r.f.columns
	text := c.behind(line)
	if r.cells, err = r.f.cells(text, len(c.text), len(text), r.cells[:0]); err != nil {
		return nil, under("", err)
	}
	b := document.NewBuilder(text, c.nodes())
	c.build(b, r.cells)
	d, err := b.Document()
	if err != nil {
		return nil, &document.Error{Err: err}
	}
	return d, nil
}
