package daemon

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cespare/xxhash/v2"
)

// The marker is a file of the data folder that remembers rollbacks which the journal could not
// take. It is made while there is room, of bytes that no file system stores as a hole or
// compresses, and from then on only written in place: that needs no free block on file systems
// that overwrite (ext4, XFS, APFS without snapshots). On those that copy on write (btrfs, ZFS) it
// is as good as what they keep back.
//
// It has two slots of equal size. A write goes into the one that doesn't have the newest record,
// so that one which is cut short leaves the newest as it was. A record is
//
//	8 bytes  magic
//	8        sequence number, big endian; the larger is the newer
//	4        length of the content
//	4        zero
//	8        xxhash64 of the 24 bytes above and the content
//	         the content; none: nothing is pending
const (
	markerName   = "rollback.marker"
	markerMagic  = "SFmark\x00\x01"
	markerHeader = 32
	markerSlot   = 64 << 10 // at least
	markerMost   = 64 << 20 // a larger file is none of ours
)

// marker is an open marker. It isn't safe for concurrent use.
type marker struct {
	file    *os.File
	slot    int64  // bytes
	next    int64  // the slot, 0 or 1, that the next record goes into
	seq     uint64 // of the newest record
	content []byte // of the newest record
	torn    bool   // as it was found, one of the two records could not be read
}

// markerError says that a file holds no record that can be read.
type markerError struct{ why string }

func (e *markerError) Error() string { return "the marker can't be read: " + e.why }

// openMarker opens the marker at path. Errors: fs.ErrNotExist where there is none, *markerError
// where nothing in it can be read.
func openMarker(path string) (*marker, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, markerMost+1))
	var m *marker
	if err == nil {
		m, err = readMarker(data)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	m.file = file
	return m, nil
}

// readMarker reads a whole marker. It returns one without a file.
func readMarker(data []byte) (*marker, error) {
	if len(data) > markerMost || len(data)%2 != 0 || len(data)/2 < markerHeader {
		return nil, &markerError{fmt.Sprintf("it is not a marker's size: %d bytes", len(data))}
	}
	m := &marker{slot: int64(len(data) / 2)}
	found := 0
	for i := range int64(2) {
		seq, content, ok := readRecord(data[i*m.slot : (i+1)*m.slot])
		if !ok {
			continue
		}
		if found++; found == 1 || seq > m.seq {
			m.seq, m.content, m.next = seq, bytes.Clone(content), 1-i
		}
	}
	if found == 0 {
		return nil, &markerError{"neither of its two records is whole"}
	}
	m.torn = found < 2
	return m, nil
}

// readRecord reads one slot.
func readRecord(slot []byte) (seq uint64, content []byte, ok bool) {
	if string(slot[:8]) != markerMagic {
		return 0, nil, false
	}
	length := int(binary.BigEndian.Uint32(slot[16:]))
	if length > len(slot)-markerHeader || binary.BigEndian.Uint32(slot[20:]) != 0 {
		return 0, nil, false
	}
	content = slot[markerHeader : markerHeader+length]
	if recordSum(slot[:24], content) != binary.BigEndian.Uint64(slot[24:]) {
		return 0, nil, false
	}
	return binary.BigEndian.Uint64(slot[8:]), content, true
}

// makeRecord returns the bytes of a record.
func makeRecord(seq uint64, content []byte) []byte {
	record := make([]byte, markerHeader, markerHeader+len(content))
	copy(record, markerMagic)
	binary.BigEndian.PutUint64(record[8:], seq)
	binary.BigEndian.PutUint32(record[16:], uint32(len(content)))
	binary.BigEndian.PutUint64(record[24:], recordSum(record[:24], content))
	return append(record, content...)
}

func recordSum(head, content []byte) uint64 {
	var sum xxhash.Digest
	sum.Reset()
	sum.Write(head)
	sum.Write(content)
	return sum.Sum64()
}

// makeMarker makes a marker with slots of that size, or one that replaces the one at path; where it
// fails that one stays. Its newest record has content, and a number above seq.
func makeMarker(path string, slot int64, seq uint64, content []byte) (_ *marker, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("make the marker: %w", err)
		}
	}()
	data := make([]byte, 2*slot)
	rand.Read(data) // never fails
	m := &marker{slot: slot, next: 1, seq: seq + 2, content: bytes.Clone(content)}
	copy(data, makeRecord(m.seq, content))
	copy(data[slot:], makeRecord(m.seq-1, nil))

	made := path + ".new"
	file, err := os.OpenFile(made, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(made))
	}
	m.file = file
	return m, syncFolder(filepath.Dir(path))
}

// syncFolder puts on the disk what files a folder has.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// fits reports whether there is room for content.
func (m *marker) fits(content []byte) bool { return int64(markerHeader+len(content)) <= m.slot }

// write makes content, which fits, the newest record, and waits until the disk has it. After an
// error the newest record is the one before, or content.
func (m *marker) write(content []byte) error {
	if !m.fits(content) {
		return fmt.Errorf("write the marker: %d bytes don't fit into one of %d", len(content), m.slot)
	}
	// After an error the slot is written again: the other one has what is certain.
	if _, err := m.file.WriteAt(makeRecord(m.seq+1, content), m.next*m.slot); err != nil {
		return fmt.Errorf("write the marker: %w", err)
	}
	if err := m.file.Sync(); err != nil {
		return fmt.Errorf("write the marker: %w", err)
	}
	m.seq, m.next, m.content, m.torn = m.seq+1, 1-m.next, bytes.Clone(content), false
	return nil
}

func (m *marker) close() error {
	if m == nil {
		return nil
	}
	return m.file.Close()
}

// setAside keeps a marker that can't be read where nobody takes it for one.
func setAside(path string) error {
	err := os.Rename(path, path+".bad")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// gone reports whether its file is not at path any more.
func (m *marker) gone(path string) bool {
	mine, err := m.file.Stat()
	if err != nil {
		return true
	}
	there, err := os.Stat(path)
	return err != nil || !os.SameFile(mine, there)
}
