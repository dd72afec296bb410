package ledger_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

func TestEvidence(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{Now: clock})
	ctx := context.Background()
	for _, seen := range []map[string]json.RawMessage{{"a": []byte(`1`), "b": []byte(`{"c": 2}`)}, {"a": []byte(`3`)}, nil} {
		if err := l.SaveEvidence(ctx, seen); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, path, ledger.Config{Now: clock}).Evidence(ctx)
	if diff := gocmp.Diff(map[string]json.RawMessage{"a": []byte(`3`), "b": []byte(`{"c": 2}`)}, got); diff != "" || err != nil {
		t.Errorf("evidence (-want +got):\n%s%v", diff, err)
	}
}

func TestTallies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	n := 0
	now := func() time.Time { return epoch.Add(time.Duration(n)*time.Millisecond + 1) } // right after what was recorded
	l := open(t, path, ledger.Config{Now: now})
	ctx := context.Background()
	record := func(patterns ...string) {
		t.Helper()
		for _, pattern := range patterns {
			n++
			l.Record(diverged("orders", pattern, n, "{}"))
		}
		flush(t, l)
	}
	match := func(times int) {
		t.Helper()
		for range times {
			l.Count("orders", shadow.Match, "", false)
			l.Count("orders", shadow.Skipped, shadow.SkipQueueFull, false)
		}
		flush(t, l)
	}
	repeated := func(times int) {
		t.Helper()
		for range times {
			l.Count("orders", shadow.Match, "", true)
			n++
			c := diverged("orders", "/a", n, "{}")
			c.Repeat = true
			l.Record(c)
		}
		flush(t, l)
	}
	want := func(reason string, compared, diverged int64) {
		t.Helper()
		all, err := l.Tallies(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(ledger.Tally{Compared: compared, Diverged: diverged}, all["orders"], cmpopts.IgnoreFields(ledger.Tally{}, "Key", "Since")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reason, diff)
		}
	}
	groupWith := func(pattern string) ledger.Group {
		t.Helper()
		groups, err := l.Groups(ctx, "orders", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			if len(g.Causes) == 1 && g.Causes[0].Pointer == pattern {
				return g
			}
		}
		t.Fatalf("no group of %s", pattern)
		return ledger.Group{}
	}
	triage := func(pattern string, state ledger.State) {
		t.Helper()
		if _, err := l.Triage(ctx, groupWith(pattern).ID, ledger.Triage{State: state, Reason: "so it is", Actor: "anna"}); err != nil {
			t.Fatal(err)
		}
	}

	want("nothing was compared", 0, 0)
	record("/a", "/a", "/b")
	match(4)
	want("without a mark all counts, but what is skipped", 7, 3)
	repeated(2)
	want("what is asked for again is no evidence, good or bad", 7, 3)
	triage("/a", ledger.StateExpected)
	want("what is expected doesn't count against it", 7, 1)
	triage("/a", ledger.StateOpen)
	want("and again does once it isn't", 7, 3)

	if err := l.Mark(ctx, "orders", "v2"); err != nil {
		t.Fatal(err)
	}
	want("from the mark on", 0, 0)
	triage("/a", ledger.StateExpected)
	want("what was before the mark is not taken off what follows", 0, 0)
	record("/a", "/b")
	match(1)
	repeated(4)
	want("since then, without what is expected", 3, 1)
	triage("/a", ledger.StateOpen)
	want("since then", 3, 2)
	n -= 8
	record("/c") // which was asked before the mark
	n -= 2
	repeated(1) // likewise
	n += 8
	want("what was on its way then is of before", 3, 2)
	triage("/c", ledger.StateExpected)
	want("also once it is expected", 3, 2)

	// Where a group joins another, what of it was before the mark stays before it.
	if _, err := l.Regroup(ctx, groupWith("/a").ID, []ledger.Cause{{Pointer: "/b", Kind: shadow.KindValue}}); err != nil {
		t.Fatal(err)
	}
	want("joined", 3, 2)
	triage("/b", ledger.StateExpected)
	want("joined, and expected", 3, 0)
	record("/d")
	want("what is expected and repeated is taken off nothing else", 4, 1)
	balance, err := l.Balance(ctx, "orders")
	if diff := gocmp.Diff(ledger.Balance{Compared: 26, Diverged: 14, Expected: 13}, balance); diff != "" || err != nil {
		t.Errorf("people see repeats too (-want +got):\n%s%v", diff, err)
	}
	if g := groupWith("/b"); g.Count != 12 {
		t.Errorf("and so in groups: %+v", g)
	}

	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
	}
	marked := epoch.Add(5*time.Millisecond + 1)
	l = open(t, path, ledger.Config{Now: now})
	want("opened again", 4, 1)
	all, err := l.Tallies(ctx)
	if err != nil || all["orders"].Key != "v2" || !all["orders"].Since.Equal(marked.Truncate(time.Microsecond)) {
		t.Errorf("the mark: %+v, %v", all["orders"], err)
	}
	if err := l.Mark(ctx, "unseen", "v1"); err != nil {
		t.Fatal(err)
	}
	if all, err = l.Tallies(ctx); err != nil || all["unseen"].Key != "v1" {
		t.Errorf("a route that was never compared: %+v, %v", all["unseen"], err)
	}
}
