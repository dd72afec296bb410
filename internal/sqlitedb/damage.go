package sqlitedb

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/mattn/go-sqlite3"
)

// Damaged reports whether an error says that a file isn't what was written, rather than that it can't be
// had now.
func Damaged(err error) bool {
	e, is := errors.AsType[sqlite3.Error](err)
	return is && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB || e.ExtendedCode == sqlite3.ErrIoErrShortRead)
}

// Where the first page says what kind of page it is, and how many tables and indexes it tells of,
// https://sqlite.org/fileformat2.html#b_tree_pages.
const (
	pageKindOffset  = headerSize
	pageCellsOffset = headerSize + 3
	leafOfTable     = 0x0d
)

// Bare reports whether the database in a file has no tables at all: there are none in the file, and no
// write-ahead log lies beside it that might have them. That is a file that was copied without its log, or
// whose program broke off when it made it.
func Bare(path string) (bool, error) {
	switch wal, err := os.Stat(path + "-wal"); {
	case err == nil && wal.Size() > 0:
		return false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	first := make([]byte, pageCellsOffset+2)
	switch _, err := io.ReadFull(file, first); {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return false, nil // it is no database
	case err != nil:
		return false, err
	}
	return string(first[:len(magic)]) == magic && first[pageKindOffset] == leafOfTable && first[pageCellsOffset] == 0 && first[pageCellsOffset+1] == 0, nil
}
