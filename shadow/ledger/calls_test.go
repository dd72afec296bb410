package ledger_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

func called(why, addr string, at time.Duration, count int64) ledger.LegacyCall {
	c := ledger.LegacyCall{Route: "r", Why: why, Addr: addr, First: epoch.Add(at), Last: epoch.Add(at + time.Second), Count: count}
	if addr != "" && addr != ledger.OtherCallers {
		c.Agent = "curl/8"
	}
	return c
}

// TestLegacyCalls adds to what is on record, and looks for it in the file that another process opens.
func TestLegacyCalls(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{Now: clock})
	ctx := t.Context()
	if err := l.Watch(ctx, map[string]string{"r": "/r", "other": "/o"}); err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]ledger.LegacyCall{
		{called("canary", "", time.Hour, 1000), called("fallback", "10.0.0.1", 2*time.Hour, 1)},
		{called("fallback", "10.0.0.1", 3*time.Hour, 2), called("override", "10.0.0.1", time.Minute, 5)},
		{called("canary", "", 0, 10)}, // what comes late is taken in all the same
		{{Route: "other", Why: "legacy", First: epoch, Last: epoch, Count: 7}},
	} {
		if err := l.AddLegacyCalls(ctx, more); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}

	l = open(t, path, ledger.Config{})
	since, calls, err := l.LegacyCalls(ctx, "r")
	if err != nil {
		t.Fatal(err)
	}
	if !since.Equal(clock()) {
		t.Errorf("on record since %s, want %s", since, clock())
	}
	want := []ledger.LegacyCall{
		{Route: "r", Why: "fallback", Addr: "10.0.0.1", Agent: "curl/8", First: epoch.Add(2 * time.Hour), Last: epoch.Add(3*time.Hour + time.Second), Count: 3},
		{Route: "r", Why: "canary", First: epoch, Last: epoch.Add(time.Hour + time.Second), Count: 1010},
		{Route: "r", Why: "override", Addr: "10.0.0.1", Agent: "curl/8", First: epoch.Add(time.Minute), Last: epoch.Add(time.Minute + time.Second), Count: 5},
	}
	if diff := gocmp.Diff(want, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestLegacyCallsAreBounded(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{})
	var sum int64
	for i := range 3 * ledger.MaxCallers {
		sum += int64(i)
		// The later ones called earlier: it is not who comes first that is kept.
		at := time.Duration(i%100) * time.Minute
		if err := l.AddLegacyCalls(t.Context(), []ledger.LegacyCall{called("fallback", fmt.Sprintf("10.0.0.%d", i), at, int64(i))}); err != nil {
			t.Fatal(err)
		}
	}
	_, calls, err := l.LegacyCalls(t.Context(), "r")
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) != ledger.MaxCallers+1 {
		t.Fatalf("%d are kept, want %d and the others", len(calls), ledger.MaxCallers)
	}
	var kept int64
	others := 0
	for i, c := range calls {
		kept += c.Count
		if c.Addr == ledger.OtherCallers {
			others++
			if !c.First.Equal(epoch) {
				t.Errorf("the others' first call is at %s, want %s", c.First, epoch)
			}
			continue
		}
		if i > 0 && calls[i-1].Last.Before(c.Last) {
			t.Errorf("%s comes after %s, which called earlier", c.Addr, calls[i-1].Addr)
		}
	}
	if kept != sum || others != 1 {
		t.Errorf("%d calls are on record in all, with %d others; want %d and 1", kept, others, sum)
	}
	if newest := calls[0]; newest.Addr != "10.0.0.99" {
		t.Errorf("the one that called last is %s, want 10.0.0.99", newest.Addr)
	}
}

// TestWatch looks when the record of a route begins, and what ends it.
func TestWatch(t *testing.T) {
	now := epoch
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: func() time.Time { return now }})
	ctx := t.Context()
	steps := []struct {
		name  string
		watch map[string]string
		since time.Duration // of route r; negative: it has no record
		calls int
	}{
		{"at first sight", map[string]string{"r": "/r"}, 0, 1},
		{"another route comes, and the record goes on", map[string]string{"r": "/r", "s": "/s"}, 0, 1},
		{"its requests are others: what was seen of these is not known", map[string]string{"r": "/r/{id}", "s": "/s"}, 2 * time.Hour, 1},
		{"it is gone, and what was on record with it", map[string]string{"s": "/s"}, -1, 0},
		{"a name that comes back starts afresh", map[string]string{"r": "/r/{id}", "s": "/s"}, 4 * time.Hour, 0},
	}
	for i, step := range steps {
		now = epoch.Add(time.Duration(i) * time.Hour)
		if err := l.Watch(ctx, step.watch); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := l.AddLegacyCalls(ctx, []ledger.LegacyCall{called("canary", "", 0, 1)}); err != nil {
				t.Fatal(err)
			}
		}
		since, calls, err := l.LegacyCalls(ctx, "r")
		if err != nil {
			t.Fatal(err)
		}
		want := epoch.Add(step.since)
		if step.since < 0 {
			want = time.Time{}
		}
		if !since.Equal(want) || len(calls) != step.calls {
			t.Errorf("%s: on record since %s with %d calls; want %s with %d", step.name, since, len(calls), want, step.calls)
		}
	}
}
