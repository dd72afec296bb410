package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

// only returns the only group of a route.
func only(t *testing.T, l *ledger.Ledger, route string) ledger.Group {
	t.Helper()
	groups, err := l.Groups(context.Background(), route, "")
	if err != nil || len(groups) != 1 {
		t.Fatalf("groups %+v, %v: want one", groups, err)
	}
	g, err := l.Group(context.Background(), groups[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTriage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{Now: clock})
	ctx := context.Background()
	l.Record(diverged("orders", "/total", 1, "{}"))
	flush(t, l)
	id := only(t, l, "orders").ID

	if _, err := l.Triage(ctx, id, ledger.Triage{State: "expected", Actor: "anna"}); !isTriageError(err) {
		t.Errorf("expected without a reason: %v", err)
	}
	if _, err := l.Triage(ctx, id, ledger.Triage{State: "closed", Reason: "x"}); !isTriageError(err) {
		t.Errorf("a state that there isn't: %v", err)
	}
	if _, err := l.Triage(ctx, "none", ledger.Triage{State: "fixed"}); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("a group that there isn't: %v", err)
	}
	expected := ledger.Triage{State: "expected", Reason: "rounding", Actor: "anna", Verified: true}
	g, err := l.Triage(ctx, id, expected)
	expected.Since = clock()
	if diff := gocmp.Diff(expected, g.Triage); diff != "" || err != nil {
		t.Fatalf("triage (-want +got):\n%s%v", diff, err)
	}

	// What is expected stays so, whatever is recorded, and whoever opens the file.
	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, ledger.Config{Now: clock})
	late := diverged("orders", "/total", 2, "{}")
	late.At = clock().Add(time.Hour)
	l.Record(late)
	flush(t, l)
	g = only(t, l, "orders")
	if diff := gocmp.Diff(expected, g.Triage); diff != "" || g.Count != 2 {
		t.Errorf("triage after another divergence (-want +got):\n%s%d divergences", diff, g.Count)
	}
}

func isTriageError(err error) bool {
	_, ok := errors.AsType[*ledger.TriageError](err)
	return ok
}

func TestFixedGroupReopens(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock})
	ctx := context.Background()
	l.Record(diverged("orders", "/total", 1, "{}"))
	flush(t, l)
	fixed := ledger.Triage{State: "fixed", Reason: "release 7", Actor: "ben"}
	if _, err := l.Triage(ctx, only(t, l, "orders").ID, fixed); err != nil {
		t.Fatal(err)
	}
	fixed.Since = clock()

	l.Record(diverged("orders", "/total", 2, "{}")) // from before, and only written now
	flush(t, l)
	if diff := gocmp.Diff(fixed, only(t, l, "orders").Triage); diff != "" {
		t.Errorf("a divergence from before the fix (-want +got):\n%s", diff)
	}
	for n, after := range []time.Duration{time.Hour, 2 * time.Hour} {
		c := diverged("orders", "/total", 3+n, "{}")
		c.At = clock().Add(after)
		l.Record(c)
		flush(t, l)
	}
	reopened := fixed
	reopened.State, reopened.Since, reopened.Reopened = "open", clock().Add(time.Hour), clock().Add(time.Hour)
	if diff := gocmp.Diff(reopened, only(t, l, "orders").Triage); diff != "" {
		t.Errorf("seen again (-want +got):\n%s", diff)
	}
}

func TestDays(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock})
	midnight := epoch.Truncate(24 * time.Hour)
	for n, at := range []time.Time{midnight.Add(-time.Microsecond), midnight, midnight.Add(23 * time.Hour), midnight.Add(24 * time.Hour)} {
		c := diverged("orders", "/total", n, "{}")
		c.At = at
		l.Record(c)
	}
	flush(t, l)
	want := []ledger.Day{{Day: midnight.Add(-24 * time.Hour), Count: 1}, {Day: midnight, Count: 2}, {Day: midnight.Add(24 * time.Hour), Count: 1}}
	if diff := gocmp.Diff(want, only(t, l, "orders").Days); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRecent holds that a young group is counted by ten minutes, and that one which began before those that
// are kept has none, rather than some.
func TestRecent(t *testing.T) {
	now := epoch.Truncate(24 * time.Hour).Add(12 * time.Hour)
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: func() time.Time { return now }})
	n := 0
	record := func(at time.Time) {
		c := diverged("orders", "/total", n, "{}")
		c.At = at
		l.Record(c)
		n++
	}
	began := now.Add(-time.Hour)
	for _, after := range []time.Duration{0, 10*time.Minute - time.Microsecond, 10 * time.Minute, time.Hour} {
		record(began.Add(after))
	}
	flush(t, l)
	want := []ledger.Recent{{At: began, Count: 2}, {At: began.Add(10 * time.Minute), Count: 1}, {At: now, Count: 1}}
	if diff := gocmp.Diff(want, only(t, l, "orders").Recent); diff != "" {
		t.Errorf("an hour old (-want +got):\n%s", diff)
	}
	now = now.Add(48 * time.Hour)
	record(now)
	flush(t, l) // the look for what is too old comes after a batch
	record(now)
	flush(t, l)
	if got := only(t, l, "orders").Recent; got != nil {
		t.Errorf("two days old, and some of it isn't kept: %+v", got)
	}
}

func TestGuesses(t *testing.T) {
	guess := func(d shadow.Difference) string { return strings.Trim(string(d.Service), `"`) }
	at := func(pattern, guess string) shadow.Difference {
		return shadow.Difference{Pointer: pattern, Pattern: pattern, Kind: shadow.KindValue, Legacy: []byte("1"), Service: []byte(`"` + guess + `"`)}
	}
	tests := []struct {
		name   string
		record [][]shadow.Difference
		want   string
	}{
		{"all say the same", [][]shadow.Difference{{at("/a", "factor 100")}, {at("/a", "factor 100")}}, "factor 100"},
		{"four of five do", [][]shadow.Difference{{at("/a", "x")}, {at("/a", "x")}, {at("/a", "")}, {at("/a", "x")}, {at("/a", "x")}}, "x"},
		{"every other does", [][]shadow.Difference{{at("/a", "x")}, {at("/a", "y")}}, ""},
		{"nobody guesses", [][]shadow.Difference{{at("/a", "")}}, ""},
		{"two places, one reason", [][]shadow.Difference{{at("/a", "x"), at("/b", "x")}}, "x"},
		{"two places, two reasons", [][]shadow.Difference{{at("/a", "x"), at("/b", "y")}}, "/a: x; /b: y"},
		{"one of two places", [][]shadow.Difference{{at("/a", "x"), at("/b", "")}}, "/a: x"},
		{"the first in an array speaks for it", [][]shadow.Difference{{at("/a/*", "x"), at("/a/*", "y")}}, "x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock, Guess: guess})
			for n, differences := range tt.record {
				c := diverged("orders", "", n, "{}")
				c.Differences = differences
				l.Record(c)
				flush(t, l) // in batches of their own
			}
			if got := only(t, l, "orders").Guess; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestExamplesAreDiverse records many small answers and few large ones, which stay.
func TestExamplesAreDiverse(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock, Examples: 8})
	for n := range 100 {
		body := "{}"
		if n == 30 || n == 40 {
			body = strings.Repeat("x", 10_000*n)
		}
		l.Record(slowly(diverged("orders", "/total", n, body)))
		flush(t, l)
	}
	want := []string{"000000000099", "000000000098", "000000000097", "000000000096", "000000000040", "000000000030", "000000000001", "000000000000"}
	if diff := gocmp.Diff(want, only(t, l, "orders").Examples); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRegroup(t *testing.T) {
	guess := func(d shadow.Difference) string { return "at " + d.Pattern }
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock, Guess: guess})
	ctx := context.Background()
	difference := func(pattern string) shadow.Difference {
		return shadow.Difference{Pointer: pattern, Pattern: pattern, Kind: shadow.KindValue}
	}
	for n := range 5000 {
		c := diverged("orders", "", n, "{}")
		if c.Differences = []shadow.Difference{difference("/total")}; n >= 100 {
			c.Differences = append(c.Differences, difference("/at"))
		}
		l.Record(c)
	}
	flush(t, l)
	groups, err := l.Groups(ctx, "orders", "")
	if err != nil || len(groups) != 2 {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	both, total := groups[0], groups[1] // the one seen last comes first
	got, err := l.Regroup(ctx, both.ID, []ledger.Cause{{Pointer: "/total", Kind: shadow.KindValue}})
	if err != nil {
		t.Fatal(err)
	}
	want := total
	want.Count, want.Share, want.Last = 5000, 1, both.Last
	want.Days = []ledger.Day{{Day: epoch.Truncate(24 * time.Hour), Count: 5000}}
	want.Recent = []ledger.Recent{{At: epoch.Truncate(ledger.RecentStep), Count: 5000}}
	if diff := gocmp.Diff(want, got, cmpopts.IgnoreFields(ledger.Group{}, "Examples")); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
	if len(got.Examples) != len(total.Examples)+len(both.Examples) {
		t.Errorf("%d examples of %d and %d", len(got.Examples), len(total.Examples), len(both.Examples))
	}
	if page, err := l.Divergences(ctx, ledger.Query{Group: total.ID, Limit: 1000}); err != nil || len(page) != 1000 || page[0].ID != fmt.Sprintf("%012d", 4999) {
		t.Errorf("%d divergences, %v", len(page), err)
	}
	if _, err := l.Group(ctx, both.ID); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("the group that was merged: %v", err)
	}

	// Whoever comes late, with what counted before, makes it anew.
	c := diverged("orders", "", 5001, "{}")
	c.Differences = []shadow.Difference{difference("/total"), difference("/at")}
	l.Record(c)
	flush(t, l)
	if again, err := l.Group(ctx, both.ID); err != nil || again.Count != 1 || len(again.Examples) != 1 {
		t.Errorf("the group anew: %+v, %v", again, err)
	}
}

func TestLearnt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{Now: clock})
	ctx := context.Background()
	want := map[string]shadow.Learnt{
		"orders": {Controls: 12.5, Places: []shadow.LearntPlace{{Pattern: "/at", Kind: shadow.KindValue, Both: 3, Legacy: 1, Service: 0.5}}},
		"books":  {Controls: 1},
	}
	if err := l.SaveLearnt(ctx, map[string]shadow.Learnt{"orders": {Controls: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := l.SaveLearnt(ctx, want); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, ledger.Config{Now: clock})
	got, err := l.Learnt(ctx)
	if diff := gocmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s%v", diff, err)
	}
}

// TestTriageIf holds that what nobody said gives way to what somebody did.
func TestTriageIf(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock})
	ctx := context.Background()
	l.Record(diverged("orders", "/total", 1, "{}"))
	flush(t, l)
	stale := only(t, l, "orders")
	noise := ledger.Triage{State: "expected", Reason: "noise", Actor: "strangler", Origin: ledger.OriginNoise}
	if _, err := l.Triage(ctx, stale.ID, ledger.Triage{State: "fixed", Actor: "anna"}); err != nil {
		t.Fatal(err)
	}
	if did, err := l.TriageIf(ctx, stale, noise); did || err != nil || only(t, l, "orders").Actor != "anna" {
		t.Errorf("a stale look overwrites what anna said: %v, %v", did, err)
	}
	if did, err := l.TriageIf(ctx, only(t, l, "orders"), noise); !did || err != nil || only(t, l, "orders").Actor != "strangler" {
		t.Errorf("a fresh look does nothing: %v, %v", did, err)
	}
	if _, err := l.Regroup(ctx, stale.ID, []ledger.Cause{{Pointer: "/other", Kind: shadow.KindValue}}); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("a group that isn't open is merged into another: %v", err)
	}
	if of, err := l.Divergences(ctx, ledger.Query{Group: stale.ID, Limit: 10}); err != nil || len(of) != 1 {
		t.Errorf("it has %d divergences, want 1, %v", len(of), err)
	}
}

// TestForget holds that values which are on their way when a route is to keep none any more don't
// reach the file.
func TestForget(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock})
	ctx := context.Background()
	late := func(n int) {
		l.Record(diverged("orders", "/total", n, "s3cret"))
		c := diverged("orders", "/total", 100+n, "s3cret")
		l.Keep(c, 10)
		flush(t, l)
	}
	late(1)
	if err := l.Forget(ctx, "orders"); err != nil {
		t.Fatal(err)
	}
	late(2)
	kept, err := l.Kept(ctx, "orders", 10)
	if err != nil || len(kept) > 0 {
		t.Errorf("kept %+v, %v", kept, err)
	}
	first, err := l.Divergence(ctx, fmt.Sprintf("%012d", 1))
	if err != nil || first.Legacy != nil {
		t.Errorf("the first one's answers are still there: %+v, %v", first, err)
	}
	second, err := l.Divergence(ctx, fmt.Sprintf("%012d", 2))
	if err != nil || second.Request.Path != "" || second.Differences[0].Legacy != nil || second.Legacy != nil && len(second.Legacy.Body) > 0 {
		t.Errorf("the second one has values: %+v, %v", second, err)
	}
	l.Allow("orders")
	late(3)
	if kept, err := l.Kept(ctx, "orders", 10); err != nil || len(kept) != 1 {
		t.Errorf("after that %d are kept, %v", len(kept), err)
	}
}
