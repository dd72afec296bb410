package format

import (
	"io"

	"github.com/strangler-fig/toolkit/acl/document"
)

// Format is one way to write a document. Implementations are safe for concurrent use.
//
// What a Format refuses is an error, a *document.Error where there is a place for it. Reading
// takes at most ten times the memory of what is read.
type Format interface {
	// Decode reads a whole body, which it owns from then on. contentType is what the message says
	// of the body, and may be empty.
	Decode(body []byte, contentType string) (*document.Document, error)
	// Append writes a value behind dst and returns the longer slice.
	Append(dst []byte, v document.Value) ([]byte, error)
	// Accepts reports whether a body that is announced as contentType is for this format.
	Accepts(contentType string) bool
	// ContentType is how a body that Append writes is announced, but for those of an Announcer.
	ContentType() string
}

// Announcer is a Format whose bodies are each announced in another way: the content type of a
// multipart body names its boundary.
type Announcer interface {
	// ContentTypeOf is how body, which Append has written, is announced.
	ContentTypeOf(body []byte) string
}

// ContentTypeOf returns how body, which f.Append has written, is announced.
func ContentTypeOf(f Format, body []byte) string {
	if a, ok := f.(Announcer); ok {
		return a.ContentTypeOf(body)
	}
	return f.ContentType()
}

// Records is a Format whose bodies can be read and written record by record: elements of a JSON
// array, lines of NDJSON, CSV or fixed width.
type Records interface {
	Format
	// Read returns a reader of the records of a body. A record is at most limit bytes long, in
	// UTF-8; 0 is DefaultLimit. What it holds is one record, however long the body is.
	Read(body io.Reader, contentType string, limit int) RecordReader
	// Write returns a writer of records to a body.
	Write(w io.Writer) RecordWriter
}

// RecordReader reads records. It isn't safe for concurrent use.
type RecordReader interface {
	// Next returns the next record; io.EOF behind the last. A record is valid for good. What is
	// wrong with the body is a *document.Error whose pointer begins with the record's index, and
	// what goes wrong with its io.Reader is that error; either comes again from then on.
	Next() (*document.Document, error)
}

// RecordWriter writes records. It isn't safe for concurrent use.
type RecordWriter interface {
	// Write writes a record at once, or nothing of it where the format refuses it: then the
	// error is a *document.Error whose pointer begins with the record's index.
	Write(record document.Value) error
	Close() error // writes what stands behind the last record; the io.Writer stays open
}
