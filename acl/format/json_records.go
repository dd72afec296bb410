package format

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
)

// Read implements Records: a record is an element of the array that the body is.
func (f *jsonFormat) Read(body io.Reader, contentType string, limit int) RecordReader {
	if limit <= 0 {
		limit = DefaultLimit
	}
	c, err := f.of(contentType)
	return &jsonReader{in: bufio.NewReaderSize(c.reader(body), 32<<10), limit: limit, err: err}
}

// jsonReader finds the elements of an array, and reads each by itself. What it holds is one
// element, however long the array is and however much space is between them.
type jsonReader struct {
	in    *bufio.Reader
	limit int
	begun bool
	index int    // of the next element
	text  []byte // of the element that is being read
	err   error  // that has ended the reading
}

// Next implements RecordReader.
func (r *jsonReader) Next() (*document.Document, error) {
	if r.err != nil {
		return nil, r.err
	}
	more, err := r.more()
	if err == nil && !more {
		err = io.EOF
	}
	if err != nil {
		r.err = err
		return nil, err
	}
	if err = r.element(); err == nil {
		var d *document.Document
		if d, err = decodeJSON(bytes.Clone(r.text), "element"); err == nil {
			r.index++
			return d, nil
		}
	}
	r.err = placed(r.index, err)
	return nil, r.err
}

// more goes to the beginning of the next element, or to the end of the body.
func (r *jsonReader) more() (bool, error) {
	if !r.begun {
		if bom, _ := r.in.Peek(len(utf8BOM)); bytes.Equal(bom, utf8BOM) {
			r.in.Discard(len(utf8BOM))
		}
		c, err := r.space()
		switch {
		case err == io.EOF:
			return false, &document.Error{Err: errors.New("the body is empty; a list of records is an array")}
		case err != nil:
			return false, err
		case c != '[':
			return false, &document.Error{Err: errors.New("the body isn't an array, as a list of records is")}
		}
		r.begun = true
		r.in.Discard(1)
		if c, err = r.space(); err != nil {
			return false, r.early(err)
		} else if c == ']' {
			return false, r.end()
		}
		return true, nil
	}
	c, err := r.space()
	switch {
	case err != nil:
		return false, r.early(err)
	case c == ']':
		return false, r.end()
	case c != ',':
		return false, under(element(r.index-1), fmt.Errorf("a comma or ] is missing behind the element"))
	}
	r.in.Discard(1)
	if _, err = r.space(); err != nil {
		return false, r.early(err)
	}
	return true, nil
}

// space skips space and returns the character behind it, which isn't used up.
func (r *jsonReader) space() (byte, error) {
	for {
		chunk, err := r.chunk()
		if err != nil {
			return 0, err
		}
		for i, c := range chunk {
			if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
				r.in.Discard(i)
				return c, nil
			}
		}
		r.in.Discard(len(chunk))
	}
}

// chunk returns what is there to be read, at least one byte.
func (r *jsonReader) chunk() ([]byte, error) {
	if _, err := r.in.Peek(1); err != nil {
		return nil, err
	}
	return r.in.Peek(r.in.Buffered())
}

// end reads what stands behind the array, which is nothing.
func (r *jsonReader) end() error {
	r.in.Discard(1)
	_, err := r.space()
	if err == nil {
		return &document.Error{Err: errors.New("something stands behind the array")}
	}
	return err
}

func (r *jsonReader) early(err error) error {
	if err == io.EOF {
		return under(element(r.index), errors.New("the body ends too early"))
	}
	return placed(r.index, err)
}

// element reads the text of one element. Only brackets and quotes are looked at: what is in it is
// read by decodeJSON.
func (r *jsonReader) element() error {
	r.text = r.text[:0]
	depth, quoted, escaped := 0, false, false
	for {
		chunk, err := r.chunk()
		if err != nil {
			return r.ended(err)
		}
		end := -1
	scan:
		for i := 0; i < len(chunk); i++ {
			c := chunk[i]
			switch {
			case escaped:
				escaped = false
			case quoted:
				switch c {
				case '\\':
					escaped = true
				case '"':
					if quoted = false; depth == 0 {
						end = i + 1
						break scan
					}
				default:
					if c < utf8.RuneSelf { // to the next one that may matter
						i = max(i, ordinary(chunk, i)-1)
					}
				}
			default:
				switch c {
				case '"':
					quoted = true
				case '[', '{':
					depth++
				case ']', '}', ',', ' ', '\n', '\r', '\t':
					if c == ']' || c == '}' {
						if depth--; depth == 0 {
							end = i + 1
							break scan
						}
					}
					if depth <= 0 { // behind a number or a word
						end = i
						break scan
					}
				}
			}
		}
		if end < 0 {
			r.text = append(r.text, chunk...)
			r.in.Discard(len(chunk))
		} else {
			r.text = append(r.text, chunk[:end]...)
			r.in.Discard(end)
		}
		if len(r.text) > r.limit {
			return tooLong(r.limit)
		}
		if end >= 0 {
			return nil
		}
	}
}

func (r *jsonReader) ended(err error) error {
	if err == io.EOF {
		return &document.Error{Err: errors.New("the body ends too early")}
	}
	return err
}

// Write implements Records.
func (f *jsonFormat) Write(w io.Writer) RecordWriter { return &jsonWriter{w: w, set: f.jsonSet} }

type jsonWriter struct {
	w     io.Writer
	set   jsonSet
	buf   []byte
	index int
}

// Write implements RecordWriter. A record is one call of the io.Writer's Write, or none where it
// can't be written.
func (w *jsonWriter) Write(record document.Value) error {
	between := byte(',')
	if w.index == 0 {
		between = '['
	}
	buf, err := w.set.append(append(w.buf[:0], between), record)
	w.buf = buf
	if err != nil {
		return under(element(w.index), err)
	}
	w.index++
	_, err = w.w.Write(buf)
	return err
}

// Close implements RecordWriter.
func (w *jsonWriter) Close() error {
	end := "]"
	if w.index == 0 {
		end = "[]"
	}
	_, err := io.WriteString(w.w, end)
	return err
}
