package ledger_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

var _ shadow.Counter = (*ledger.Ledger)(nil)

// TestCountsAreExact has several count and record at once, while others look and flush, and
// reads from a second opening of the file what was kept.
func TestCountsAreExact(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{Queue: 4, Now: clock}) // counts need no place in the queue
	const each = 3000
	var all sync.WaitGroup
	for who := range 4 {
		all.Go(func() {
			route := fmt.Sprint("r", who%2)
			for n := range each {
				switch {
				case n%10 == 0:
					l.Record(shadow.Comparison{Route: route, Verdict: shadow.Skipped, Reason: shadow.SkipQueueFull})
				case !l.Count(route, shadow.Match, "", false):
					t.Error("a match is not counted")
				}
				if s := l.Stats(); s.Recorded != s.Written+s.Pending+s.Dropped {
					t.Errorf("%+v", s)
				}
				if n%500 == 0 {
					flush(t, l)
				}
			}
		})
	}
	all.Wait()
	if l.Count("r0", shadow.Diverged, "", false) {
		t.Error("a divergence is counted, and its evidence would be lost")
	}
	l.Record(diverged("r0", "/a", 1, "{}"))
	flush(t, l)
	if s := l.Stats(); s.Written != 4*each+1 || s.Pending != 0 || s.Dropped != 0 {
		t.Errorf("%+v", s)
	}
	l.Count("r0", shadow.Match, "", false) // Close writes what nobody flushed
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	l.Count("r0", shadow.Match, "", false)
	if s := l.Stats(); s.Written != 4*each+2 || s.Dropped != 1 || s.Recorded != 4*each+3 {
		t.Errorf("after the end: %+v", s)
	}

	again := open(t, path, ledger.Config{Now: clock})
	got, err := again.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]int64{}
	for _, one := range got {
		counted[fmt.Sprint(one.Route, " ", one.Verdict, " ", one.Reason)] += one.Count
	}
	want := map[string]int64{
		"r0 match ": each*2*9/10 + 1, "r0 skipped queue full": each * 2 / 10, "r0 diverged ": 1,
		"r1 match ": each * 2 * 9 / 10, "r1 skipped queue full": each * 2 / 10,
	}
	if diff := gocmp.Diff(want, counted); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}

// TestCountsThatCantBeWritten are dropped, and counted so, like everything else.
func TestCountsThatCantBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{Now: clock})
	unlock := hold(t, path)
	defer unlock()
	for range 100 {
		l.Count("r", shadow.Match, "", false)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Close(ctx); err == nil {
		t.Error("closed without an error although the database is locked")
	}
	if s := l.Stats(); s.Dropped != 100 || s.Pending != 0 {
		t.Errorf("%+v", s)
	}
}
