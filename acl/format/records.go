package format

import (
	"errors"
	"io"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// appendRecords writes the elements of an array with a format's RecordWriter; anything else is a
// body of one record, whose errors then are placed without an index.
func appendRecords(dst []byte, v document.Value, f interface{ Write(io.Writer) RecordWriter }) ([]byte, error) {
	to := appender(dst)
	w := f.Write(&to)
	var err error
	switch v.Kind() {
	case document.Missing:
		return dst, &document.Error{Err: errMissing}
	case document.Array:
		for record := range v.Elements() {
			if err = w.Write(record); err != nil {
				return dst, err
			}
		}
	default:
		if err = w.Write(v); err != nil {
			var e *document.Error
			if errors.As(err, &e) {
				err = &document.Error{Pointer: strings.TrimPrefix(e.Pointer, "/0"), Err: e.Err}
			}
			return dst, err
		}
	}
	if err = w.Close(); err != nil {
		return dst, err
	}
	return to, nil
}

// appender is an io.Writer to the end of a slice.
type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

// nodeSize is what a node of a document takes, in bytes, and nodeFloor how many nodes are had
// whatever the body's size.
const (
	nodeSize  = 8
	nodeFloor = 8 << 10
)

// nodeBudget returns how many nodes may be made of a body, besides copies of its text of that
// many bytes, so that all together is ten times the body. Where a cell is no more than its
// separator a record takes more than that.
func nodeBudget(body, copies int) int {
	return max((9*body-copies)/nodeSize, nodeFloor)
}

var errCells = errors.New("the body has more values for its size than are held at a time; what is a list of records can be translated record by record")
