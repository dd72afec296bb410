package ledger

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func someCell() *Cell {
	c := &Cell{Fallbacks: 3, Verdicts: [6]int64{9, 1, 0, 2, 0, 400}}
	c.Legacy.Requests = 1000
	c.Legacy.Fail("status", 7)
	c.Service.Requests = 12
	c.Service.Fail("timeout", 1)
	c.Service.Fail("connect", 2)
	for i := range int64(100) {
		c.Legacy.Latency.Add(time.Duration(i)*time.Millisecond, 10)
	}
	return c
}

// FuzzCell unpacks what nobody packed, and what it makes of it packs and unpacks to the same.
func FuzzCell(f *testing.F) {
	whole := someCell().encode()
	f.Add(whole)
	f.Add((&Cell{}).encode())
	for i := range whole {
		f.Add(whole[:i])
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		c, err := decodeCell(blob)
		if err != nil {
			return
		}
		again, err := decodeCell(c.encode())
		if err != nil {
			t.Fatalf("what was read can't be read again: %v", err)
		}
		if diff := cmp.Diff(c, again, cmp.Comparer(sameLatency)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func sameLatency(a, b Latency) bool {
	return a.Count() == b.Count() && a.Quantile(0.5) == b.Quantile(0.5) && a.Quantile(0.99) == b.Quantile(0.99)
}

func TestCell(t *testing.T) {
	want := someCell()
	got, err := decodeCell(want.encode())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(sameLatency)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for p, want := range map[float64]time.Duration{0.5: 49 * time.Millisecond, 0.99: 98 * time.Millisecond} {
		if q := got.Legacy.Latency.Quantile(p); q < want*95/100 || q > want*105/100 {
			t.Errorf("quantile %v is %s, want %s within 4 %%", p, q, want)
		}
	}
	if n := got.Legacy.Latency.Count(); n != 1000 {
		t.Errorf("%d latencies, want 1000", n)
	}
	broken := want.encode()
	for i := range broken {
		if c, err := decodeCell(broken[:i]); err == nil {
			t.Errorf("the first %d of %d bytes are taken for %+v", i, len(broken), c)
		}
	}
}

func TestClassesAreBounded(t *testing.T) {
	var s CellSide
	for i := range 100 {
		s.Fail("class "+string(rune('a'+i)), 1)
	}
	if len(s.Failures) != MaxClasses || s.Failures[OtherClass] != 100-MaxClasses+1 || s.Failed() != 100 {
		t.Errorf("%d classes, %d in %q, %d in all; want %d, %d, 100", len(s.Failures), s.Failures[OtherClass], OtherClass, s.Failed(), MaxClasses, 100-MaxClasses+1)
	}
}

// TestDamagedCells holds that a cell which can't be read is as if nothing had been seen, and costs no other.
func TestDamagedCells(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	l, err := Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), Config{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(t.Context())
	whole := someCell().encode()
	for i, cell := range [][]byte{whole, whole[:len(whole)/2], {}, append([]byte{cellFormat}, " 7 12 "...), append(slices.Clone(whole), 0), whole} {
		if _, err := l.db.Writer().Exec(`INSERT INTO series (step, route, at, cell) VALUES (60, 'a', ?, ?)`, now.Add(time.Duration(i)*time.Minute).Unix(), cell); err != nil {
			t.Fatal(err)
		}
	}
	points, err := l.Series(t.Context(), SeriesQuery{From: now, To: now.Add(time.Hour), Step: time.Minute, ByRoute: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []Point{{Route: "a", At: now, Cell: *someCell()}, {Route: "a", At: now.Add(5 * time.Minute), Cell: *someCell()}}
	if diff := cmp.Diff(want, points, cmp.Comparer(sameLatency)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
