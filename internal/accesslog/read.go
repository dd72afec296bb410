package accesslog

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxLine is the longest line that is read, in bytes: what servers take of a request line and headers,
// and escapes that make four bytes of one.
const maxLine = 256 << 10

// Unread is a line that could not be read.
type Unread struct {
	File string
	Line int64 // from 1
	Err  error
}

// Error implements error.
func (u Unread) Error() string { return fmt.Sprintf("%s:%d: %v", u.File, u.Line, u.Err) }

// Unwrap returns what is wrong with it.
func (u Unread) Unwrap() error { return u.Err }

var errLong = fmt.Errorf("it is longer than %d KiB", maxLine>>10)

// Read reads a log to its end and tells each line, or why it can't be read. Empty lines are left out. The
// error is one of reading, a broken gzip file among them; name stands in it.
func Read(name string, from io.Reader, each func(Entry), unread func(Unread)) error {
	in := bufio.NewReaderSize(from, maxLine)
	if magic, _ := in.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b { // RFC 1952 section 2.3.1
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		defer unzipped.Close()
		in = bufio.NewReaderSize(unzipped, maxLine)
	}
	for number := int64(1); ; number++ {
		line, err := in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s: %w", name, err)
		}
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case long:
			unread(Unread{name, number, errLong})
		case strings.TrimSpace(text) == "":
		default:
			if entry, bad := Parse(text); bad != nil {
				unread(Unread{name, number, bad})
			} else {
				each(entry)
			}
		}
		if err != nil {
			return nil
		}
	}
}
