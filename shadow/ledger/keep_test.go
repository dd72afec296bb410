package ledger_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

func TestKeep(t *testing.T) {
	var now atomic.Int64
	clock := func() time.Time { return epoch.Add(time.Duration(now.Load())) }
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{Now: clock})
	ctx := context.Background()
	keep := func(n int, size int) {
		c := diverged("orders", "/total", n, strings.Repeat("x", size))
		c.Verdict, c.Differences = shadow.Match, nil
		l.Keep(c, 8)
		flush(t, l)
	}
	for n := range 8 {
		if !l.Wants("orders", 8) {
			t.Fatalf("the %d. of 8 isn't wanted", n)
		}
		keep(n, 10)
	}
	if l.Wants("orders", 8) {
		t.Error("a ninth is wanted at once")
	}
	now.Add(int64(time.Second))
	if !l.Wants("orders", 8) {
		t.Error("after a second none is wanted in the place of another")
	}
	keep(8, 10_000) // of another size, and so it stays
	for n := 9; n < 20; n++ {
		keep(n, 10)
	}
	ids := func() (all []string) {
		t.Helper()
		kept, err := l.Kept(ctx, "orders", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range kept {
			all = append(all, strings.TrimLeft(x.ID, "0")+"/"+fmt.Sprint(len(x.Legacy.Body)))
		}
		return all
	}
	want := []string{"19/11", "18/11", "17/11", "16/11", "15/11", "8/10001", "1/11", "/11"}
	if diff := gocmp.Diff(want, ids()); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	first, err := l.Kept(ctx, "orders", 100)
	if err != nil {
		t.Fatal(err)
	}
	c := diverged("orders", "/total", 19, strings.Repeat("x", 10))
	wantFirst := ledger.Exchange{ID: c.ID, Route: "orders", At: c.At, Request: c.Request, Served: shadow.Legacy, Legacy: c.Legacy, Service: c.Service}
	if diff := gocmp.Diff(wantFirst, first[0]); diff != "" {
		t.Errorf("exchange (-want +got):\n%s", diff)
	}
	if s := l.Stats(); s.Recorded != 0 || s.Pending != 0 || s.Dropped != 0 {
		t.Errorf("they count: %+v", s)
	}
	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, ledger.Config{Now: clock})
	if diff := gocmp.Diff(want, ids()); diff != "" || !l.Wants("orders", 9) {
		t.Errorf("kept, after a restart (-want +got):\n%s", diff)
	}
}
