package format

import (
	"bytes"
	"io"

	"github.com/strangler-fig/toolkit/acl/document"
)

// ndjson is a JSON text a line (https://github.com/ndjson/ndjson-spec); lines with nothing in
// them are skipped. As a whole it is an array.
type ndjson struct {
	media
	jsonSet
}

func newNDJSON(c Config) (Format, error) {
	set, _ := lookupCharset(c.Charset) // New tells what is wrong with it
	return &ndjson{newMedia(c.ContentType, set.announce("application/x-ndjson"), "application/ndjson", "application/jsonl",
		"application/x-jsonlines", "application/jsonlines", "application/json-lines"), jsonSet{set}}, nil
}

// Decode implements Format.
func (f *ndjson) Decode(body []byte, contentType string) (*document.Document, error) {
	body, err := f.decode(body, contentType)
	if err != nil {
		return nil, err
	}
	d := newJSONDecoder(body, "line", min(jsonNodes(body)+bytes.Count(body, []byte{'\n'}), len(body)/2+1)+1)
	b := d.b
	b.Array()
	for at, n := 0, 0; at < len(body); {
		end := len(body)
		if i := bytes.IndexByte(body[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if !blankLine(body[at:end]) {
			if err := d.line(at, end); err != nil {
				d.place.index(n)
				return nil, d.place.wrap(err)
			}
			n++
		}
		at = end
	}
	b.End()
	doc, err := b.Document()
	if err != nil {
		return nil, &document.Error{Err: err}
	}
	return doc, nil
}

// blankLine reports whether a line has nothing in it but what JSON calls white space (RFC 8259, section 2).
func blankLine(line []byte) bool { return len(bytes.Trim(line, " \t\r\n")) == 0 }

// Append implements Format. What isn't an array is a body of one record.
func (f *ndjson) Append(dst []byte, v document.Value) ([]byte, error) {
	return appendRecords(dst, v, f)
}

// Read implements Records.
func (f *ndjson) Read(body io.Reader, contentType string, limit int) RecordReader {
	c, err := f.of(contentType)
	return &ndjsonReader{lines: newLineReader(c.reader(body), limit), err: err}
}

type ndjsonReader struct {
	lines *lineReader
	index int
	err   error
}

// Next implements RecordReader.
func (r *ndjsonReader) Next() (*document.Document, error) {
	for r.err == nil {
		line, err := r.lines.next(false)
		if err != nil {
			r.err = placed(r.index, err)
			break
		}
		if blankLine(line) {
			continue
		}
		d, err := decodeJSON(bytes.Clone(line), "line")
		if err != nil {
			r.err = under(element(r.index), err)
			break
		}
		r.index++
		return d, nil
	}
	return nil, r.err
}

// Write implements Records.
func (f *ndjson) Write(w io.Writer) RecordWriter { return &ndjsonWriter{w: w, set: f.jsonSet} }

type ndjsonWriter struct {
	w     io.Writer
	set   jsonSet
	buf   []byte
	index int
}

// Write implements RecordWriter. A record is one call of the io.Writer's Write, or none where it
// can't be written.
func (w *ndjsonWriter) Write(record document.Value) error {
	buf, err := w.set.append(w.buf[:0], record)
	w.buf = buf
	if err != nil {
		return under(element(w.index), err)
	}
	w.index++
	w.buf = append(buf, '\n')
	_, err = w.w.Write(w.buf)
	return err
}

// Close implements RecordWriter.
func (*ndjsonWriter) Close() error { return nil }
