package daemon

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMarker(t *testing.T) {
	path := filepath.Join(t.TempDir(), markerName)
	m, err := makeMarker(path, markerSlot, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if before.Size() != 2*markerSlot || before.Mode().Perm() != 0o600 {
		t.Errorf("made with %d bytes, mode %v", before.Size(), before.Mode())
	}
	// Whatever is written is read back, and never takes more room.
	for _, content := range []string{"one", "", strings.Repeat("x", markerSlot-markerHeader), "three"} {
		if err := m.write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		again, err := openMarker(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(again.content) != content || again.torn || again.next != m.next || again.seq != m.seq {
			t.Errorf("read back: %d bytes, torn %t, slot %d, number %d; want %d, false, %d, %d",
				len(again.content), again.torn, again.next, again.seq, len(content), m.next, m.seq)
		}
		if err := again.close(); err != nil {
			t.Fatal(err)
		}
	}
	if after, err := os.Stat(path); err != nil || after.Size() != before.Size() {
		t.Errorf("it grew: %v", err)
	}
	if err := m.write(make([]byte, markerSlot)); err == nil {
		t.Error("more was written than there is room")
	}
	if bytes.Count(m.content, nil) == 0 || string(m.content) != "three" {
		t.Errorf("it has %q", m.content)
	}
	// A larger one takes its place, and its content along.
	larger, err := makeMarker(path, 2*markerSlot, m.seq, m.content)
	if err != nil {
		t.Fatal(err)
	}
	defer larger.close()
	if again, err := openMarker(path); err != nil || string(again.content) != "three" || again.slot != 2*markerSlot {
		t.Errorf("the larger one: %v", err)
	} else if err := again.close(); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(path + "*"); err != nil || len(left) != 1 {
		t.Errorf("files %v, %v", left, err)
	}
}

// TestMarkerTorn cuts a write short at every byte: what is read is what there was before, or what was
// written, and never anything else.
func TestMarkerTorn(t *testing.T) {
	const slot = 256
	path := filepath.Join(t.TempDir(), markerName)
	m, err := makeMarker(path, slot, 0, []byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	record := makeRecord(m.seq+1, []byte("after, and longer"))
	for n := range len(record) + 1 {
		cut := bytes.Clone(data)
		copy(cut[m.next*slot:], record[:n])
		got, err := readMarker(cut)
		if err != nil {
			t.Fatalf("%d bytes written: %v", n, err)
		}
		// Of the number's eight bytes only the last changes; before it the old record is whole.
		want := "before"
		if n == len(record) {
			want = "after, and longer"
		}
		if string(got.content) != want {
			t.Errorf("%d bytes written: it reads %q, want %q", n, got.content, want)
		}
		if whole := n == len(record) || bytes.Equal(cut, data); got.torn == whole {
			t.Errorf("%d bytes written: torn %t", n, got.torn)
		}
		if got.torn && got.next != m.next {
			t.Errorf("%d bytes written: the next write goes over what is whole", n)
		}
	}
}

func FuzzReadMarker(f *testing.F) {
	slot := make([]byte, 128)
	f.Add(slot)
	f.Add(append(append(makeRecord(1, nil), slot...), append(makeRecord(2, []byte("[]")), slot[2:]...)...))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := readMarker(data)
		if err != nil {
			if m != nil {
				t.Error("an error and a marker")
			}
			return
		}
		if !m.fits(m.content) || m.next != 0 && m.next != 1 {
			t.Errorf("%+v", m)
		}
		// The record that counts is in the slot that isn't written next, to the letter.
		at := (1 - m.next) * m.slot
		if record := makeRecord(m.seq, m.content); !bytes.Equal(data[at:at+int64(len(record))], record) {
			t.Errorf("slot %d has %x, and was read as %x", 1-m.next, data[at:at+int64(len(record))], record)
		}
		if _, err := readRolledBack(m.content); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
