package sqlitedb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ForeignError says that a file is a database, or something else, of somebody else's.
type ForeignError struct {
	Have, Want int32 // application ids; Have 0: it bears none
}

// Error implements error.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("the file is not one of this program's: its application id is %#x, not %#x; it was left as it is. Move it away, or name another folder", uint32(e.Have), uint32(e.Want))
}

// NewerError says that a file was written by a newer program.
type NewerError struct {
	Have, Known int64 // schema versions
}

// Error implements error.
func (e *NewerError) Error() string {
	return fmt.Sprintf("its schema is version %d and this program knows versions up to %d; run the newer program again", e.Have, e.Known)
}

// unreadable says what to do about a file that SQLite doesn't understand.
func unreadable(err error) error {
	return fmt.Errorf("the file can't be read, restore it from a backup or move it away: %w", err)
}

// The header of a database file, https://sqlite.org/fileformat2.html#the_database_header.
const (
	magic               = "SQLite format 3\x00"
	headerSize          = 100
	applicationIDOffset = 68
)

// inspect looks at a file without SQLite, which would already change it. It reports whether
// the file has yet to be made.
func inspect(path string, want int32) (fresh bool, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	defer file.Close()
	header := make([]byte, headerSize)
	switch n, err := io.ReadFull(file, header); {
	case err == io.EOF:
		return true, nil
	case err == io.ErrUnexpectedEOF:
		return false, unreadable(fmt.Errorf("it has only %d bytes", n))
	case err != nil:
		return false, err
	}
	if string(header[:len(magic)]) != magic {
		return false, unreadable(errors.New("it is not an SQLite database"))
	}
	if have := int32(binary.BigEndian.Uint32(header[applicationIDOffset:])); have != want {
		return false, &ForeignError{have, want}
	}
	return false, nil
}
