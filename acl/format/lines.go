package format

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/strangler-fig/toolkit/acl/document"
)

// DefaultLimit is the most bytes of one record, where a reader is given no limit.
const DefaultLimit = 1 << 20

// lineReader reads lines of at most limit bytes.
type lineReader struct {
	in    *bufio.Reader
	limit int
	line  []byte
	begun bool
}

func newLineReader(r io.Reader, limit int) *lineReader {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &lineReader{in: bufio.NewReaderSize(r, 32<<10), limit: limit}
}

// next returns the next line with what ends it, valid until the next call; more is put behind the
// line that was returned last. The error is io.EOF behind the last line, which need not be ended.
func (l *lineReader) next(more bool) ([]byte, error) {
	if !more {
		l.line = l.line[:0]
	}
	before := len(l.line)
	for {
		part, err := l.in.ReadSlice('\n')
		if !l.begun {
			l.begun = true
			part = bytes.TrimPrefix(part, utf8BOM)
		}
		l.line = append(l.line, part...)
		if len(chomp(l.line)) > l.limit {
			return nil, tooLong(l.limit)
		}
		switch {
		case err == nil, err == io.EOF && len(l.line) > before:
			return l.line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// placed puts an error of next at a record, unless it is the body's end or one of its reader.
func placed(index int, err error) error {
	if errors.As(err, new(*document.Error)) {
		return under(element(index), err)
	}
	return err
}

func tooLong(limit int) error {
	return &document.Error{Err: fmt.Errorf("the record is longer than %d bytes", limit)}
}

// chomp returns a line without what ends it: a line feed, or carriage return and line feed.
func chomp(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		if line = line[:n-1]; n > 1 && line[n-2] == '\r' {
			line = line[:n-2]
		}
	}
	return line
}

// element returns the pointer of a record.
func element(i int) string { return "/" + strconv.Itoa(i) }
