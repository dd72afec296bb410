package journal_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
)

var (
	legacy  = strangler.At(strangler.PhaseLegacy)
	shadow  = strangler.At(strangler.PhaseShadow)
	quarter = strangler.Canary(2500)
	half    = strangler.Canary(5000)
	live    = strangler.At(strangler.PhaseLive)

	anna = journal.Author{Actor: "anna", Verified: true, Reason: "because"}
)

// anyHash compares entries whatever their hashes.
var anyHash = cmpopts.IgnoreFields(journal.Entry{}, "Hash")

// clock is a clock that a test sets; each look at it is a second later.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Second)
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func newClock() *clock {
	return &clock{at: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
}

func open(t *testing.T, path string, c *clock) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), path, journal.Config{Now: c.now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func fresh(t *testing.T) (*journal.Journal, *clock) {
	t.Helper()
	c := newClock()
	return open(t, filepath.Join(t.TempDir(), "journal.db"), c), c
}

// define reconciles routes written as "name", "name/unit" or "name/unit@25%"; without a position
// they start at legacy.
func define(t *testing.T, j *journal.Journal, routes string) map[string]journal.Standing {
	t.Helper()
	var definitions []journal.Definition
	for name := range strings.FieldsSeq(routes) {
		name, start, _ := strings.Cut(name, "@")
		name, unit, _ := strings.Cut(name, "/")
		at := legacy
		if start != "" {
			var err error
			if at, err = strangler.ParsePosition(start); err != nil {
				t.Fatal(err)
			}
		}
		definitions = append(definitions, journal.Definition{Route: name, Unit: unit, Start: at, JSON: json.RawMessage(`{"path":"/` + name + `"}`)})
	}
	table, err := j.Reconcile(t.Context(), definitions, journal.Author{Actor: "file"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func move(t *testing.T, j *journal.Journal, to strangler.Position, routes ...string) []journal.Standing {
	t.Helper()
	c := journal.Change{Author: anna}
	for _, r := range routes {
		c.Moves = append(c.Moves, journal.Move{Route: r, To: to})
	}
	standings, err := j.Move(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return standings
}

func entries(t *testing.T, j *journal.Journal, q journal.Query) []journal.Entry {
	t.Helper()
	got, err := j.Entries(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// stands returns where each route stands.
func stands(table map[string]journal.Standing) map[string]string {
	short := make(map[string]string)
	for name, s := range table {
		short[name] = s.Position.String()
	}
	return short
}

func TestMove(t *testing.T) {
	j, c := fresh(t)
	define(t, j, "a b")
	c.set(time.Date(2026, 3, 2, 10, 0, 0, 123456789, time.FixedZone("", 3600)))

	got, err := j.Move(t.Context(), journal.Change{
		Moves:  []journal.Move{{Route: "b", To: quarter, IfVersion: 1}, {Route: "a", To: shadow}},
		Author: anna,
	})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 9, 0, 1, 123456000, time.UTC)
	want := []journal.Standing{
		{Route: "b", Position: quarter, Version: 2, First: 2, Since: at, Actor: "anna", Verified: true, Reason: "because", Definition: json.RawMessage(`{"path":"/b"}`)},
		{Route: "a", Position: shadow, Version: 2, First: 1, Since: at, Actor: "anna", Verified: true, Reason: "because", Definition: json.RawMessage(`{"path":"/a"}`)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("standings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]journal.Standing{"b": want[0], "a": want[1]}, j.Present()); diff != "" {
		t.Errorf("present (-want +got):\n%s", diff)
	}
	wantEntries := []journal.Entry{
		{Seq: 4, Change: 3, At: at, Kind: journal.Moved, How: journal.HowShift, Route: "a", Version: 2, Before: &legacy, After: &shadow, Author: anna},
		{Seq: 3, Change: 3, At: at, Kind: journal.Moved, How: journal.HowShift, Route: "b", Version: 2, Before: &legacy, After: &quarter, Author: anna},
	}
	if diff := cmp.Diff(wantEntries, entries(t, j, journal.Query{Limit: 2}), anyHash); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestMoveToWhereItStands(t *testing.T) {
	j, _ := fresh(t)
	define(t, j, "a b")
	move(t, j, half, "a")
	before := j.Present()

	got := move(t, j, half, "a")
	if diff := cmp.Diff([]journal.Standing{before["a"]}, got); diff != "" {
		t.Errorf("standing (-want +got):\n%s", diff)
	}
	if n := len(entries(t, j, journal.Query{})); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
	_, err := j.Move(t.Context(), journal.Change{Moves: []journal.Move{{Route: "a", To: half, IfVersion: 1}}})
	if conflict, ok := errors.AsType[*journal.ConflictError](err); !ok || *conflict != (journal.ConflictError{Route: "a", Have: 2, Want: 1}) {
		t.Errorf("an old version goes through: %v", err)
	}
}

func TestMoveAllOrNothing(t *testing.T) {
	no := errors.New("no")
	tests := []struct {
		name   string
		change journal.Change
		want   string
	}{
		{"unknown route", journal.Change{Moves: []journal.Move{{Route: "a", To: live}, {Route: "bb", To: live}}}, `no route "bb"; did you mean "b"?`},
		{"removed route", journal.Change{Moves: []journal.Move{{Route: "a", To: live}, {Route: "gone", To: live}}}, `no route "gone"`},
		{"version", journal.Change{Moves: []journal.Move{{Route: "a", To: live}, {Route: "b", To: live, IfVersion: 7}}},
			`route "b" changed meanwhile: it is at version 1, not 7; look again, then repeat`},
		{"no position", journal.Change{Moves: []journal.Move{{Route: "a", To: live}, {Route: "b", To: strangler.Canary(0)}}},
			`move route "b": a canary's weight is 0.01% to 99.99%, not 0%; for none use shadow or legacy`},
		{"twice", journal.Change{Moves: []journal.Move{{Route: "a", To: live}, {Route: "a", To: half}}}, `move routes: route "a" is named twice`},
		{"undo of nothing", journal.Change{How: journal.HowUndo}, `move routes: an undo has to say which change it undoes`},
		{"undo of another change", journal.Change{Undoes: 2, Moves: []journal.Move{{Route: "a", To: live}}},
			`move route "a": entry 5: change 2 is not the newest step of route "a"`},
		{"check", journal.Change{Moves: []journal.Move{{Route: "a", To: live}}, Check: func(map[string]journal.Standing) error { return no }}, "no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j, _ := fresh(t)
			define(t, j, "a b gone")
			define(t, j, "a b")
			before := j.Present()
			_, err := j.Move(t.Context(), tt.change)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v, want %s", err, tt.want)
			}
			if diff := cmp.Diff(before, j.Present()); diff != "" {
				t.Errorf("present (-want +got):\n%s", diff)
			}
			if n := len(entries(t, j, journal.Query{})); n != 4 {
				t.Errorf("%d entries, want 4", n)
			}
		})
	}
}

func TestCheckSeesTheTableToBe(t *testing.T) {
	j, _ := fresh(t)
	define(t, j, "a b")
	calls := 0
	check := func(table map[string]journal.Standing) error {
		calls++
		if diff := cmp.Diff(map[string]string{"a": "25%", "b": "legacy"}, stands(table)); diff != "" {
			t.Errorf("table to be (-want +got):\n%s", diff)
		}
		if stood := j.Present()["a"].Position; calls == 1 && stood != legacy {
			t.Errorf("the present is the future already: %s", stood)
		}
		return nil
	}
	for range 2 { // the second changes nothing, and is checked all the same
		if _, err := j.Move(t.Context(), journal.Change{Moves: []journal.Move{{Route: "a", To: quarter}}, Check: check}); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 2 {
		t.Errorf("%d checks, want 2", calls)
	}
}

func TestReconcile(t *testing.T) {
	j, _ := fresh(t)
	reconcile := func(definitions ...journal.Definition) (kinds []string) {
		t.Helper()
		last := int64(0)
		for _, e := range entries(t, j, journal.Query{Limit: 1}) {
			last = e.Seq
		}
		if _, err := j.Reconcile(t.Context(), definitions, anna, nil); err != nil {
			t.Fatal(err)
		}
		for _, e := range entries(t, j, journal.Query{}) {
			if e.Seq > last {
				kinds = append([]string{string(e.Kind) + " " + e.Route}, kinds...)
			}
		}
		return kinds
	}
	a := journal.Definition{Route: "a", Start: shadow, JSON: json.RawMessage(`{"x": 1, "y": [ 9007199254740993 ]}`)}
	b := journal.Definition{Route: "b", JSON: json.RawMessage(`{}`)}
	respelt := a
	respelt.JSON = json.RawMessage("{\"y\":[9007199254740993],\n\"x\":1}")
	respelt.Start = live
	another := a
	another.JSON = json.RawMessage(`{"x": 1, "y": [9007199254740992]}`)
	joined := another
	joined.Unit = "u"

	steps := []struct {
		name        string
		definitions []journal.Definition
		want        []string
		a           *journal.Standing // position and version
	}{
		{"first sight", []journal.Definition{b, a}, []string{"seen b", "seen a"}, &journal.Standing{Position: shadow, Version: 1}},
		{"the same", []journal.Definition{a, b}, nil, &journal.Standing{Position: shadow, Version: 1}},
		{"in other words, and where it starts is past", []journal.Definition{respelt, b}, nil, &journal.Standing{Position: shadow, Version: 1}},
		{"another number", []journal.Definition{another, b}, []string{"changed a"}, &journal.Standing{Position: shadow, Version: 2}},
		{"another unit", []journal.Definition{joined, b}, []string{"changed a"}, &journal.Standing{Position: shadow, Version: 3, Unit: "u"}},
		{"removed", nil, []string{"removed a", "removed b"}, nil},
		{"back again it starts afresh", []journal.Definition{respelt}, []string{"seen a"}, &journal.Standing{Position: live, Version: 5}},
	}
	for _, s := range steps {
		if diff := cmp.Diff(s.want, reconcile(s.definitions...)); diff != "" {
			t.Errorf("%s: entries (-want +got):\n%s", s.name, diff)
		}
		got, there := j.Present()["a"]
		if there != (s.a != nil) {
			t.Errorf("%s: a is there: %v", s.name, there)
		}
		if s.a != nil && (got.Position != s.a.Position || got.Version != s.a.Version || got.Unit != s.a.Unit) {
			t.Errorf("%s: a stands at %s, version %d, unit %q", s.name, got.Position, got.Version, got.Unit)
		}
	}
}

func TestReconcileKeepsWhoPutItThere(t *testing.T) {
	j, _ := fresh(t)
	define(t, j, "a")
	moved := move(t, j, half, "a")[0]
	got := define(t, j, "a/u")["a"]
	want := moved
	want.Unit, want.Version = "u", 3
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("standing (-want +got):\n%s", diff)
	}
}

func TestReconcileErrors(t *testing.T) {
	no := errors.New("does not compile")
	tests := []struct {
		name        string
		definitions []journal.Definition
		check       journal.Check
		want        string
	}{
		{"no name", []journal.Definition{{JSON: json.RawMessage(`1`)}}, nil, `reconcile the journal: route "" is defined twice or has no name`},
		{"twice", []journal.Definition{{Route: "b", JSON: json.RawMessage(`1`)}, {Route: "b", JSON: json.RawMessage(`1`)}}, nil,
			`reconcile the journal: route "b" is defined twice or has no name`},
		{"no definition", []journal.Definition{{Route: "b"}}, nil, `reconcile route "b": its definition: there is none`},
		{"two values", []journal.Definition{{Route: "b", JSON: json.RawMessage(`1 2`)}}, nil, `reconcile route "b": its definition: there is more than one JSON value`},
		{"bad start", []journal.Definition{{Route: "b", JSON: json.RawMessage(`1`), Start: strangler.Canary(0)}}, nil,
			`reconcile route "b": its start: a canary's weight is 0.01% to 99.99%, not 0%; for none use shadow or legacy`},
		{"check", nil, func(map[string]journal.Standing) error { return no }, "does not compile"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j, _ := fresh(t)
			before := define(t, j, "a")
			_, err := j.Reconcile(t.Context(), tt.definitions, anna, tt.check)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v, want %s", err, tt.want)
			}
			if diff := cmp.Diff(before, j.Present()); diff != "" {
				t.Errorf("present (-want +got):\n%s", diff)
			}
			if n := len(entries(t, j, journal.Query{})); n != 1 {
				t.Errorf("%d entries, want 1", n)
			}
		})
	}
}

func TestUnknownActor(t *testing.T) {
	j, _ := fresh(t)
	define(t, j, "a")
	got, err := j.Move(t.Context(), journal.Change{
		Moves: []journal.Move{{Route: "a", To: live}}, Author: journal.Author{Verified: true, Reason: "bad \xff"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := got[0]; s.Actor != "unknown" || s.Verified || s.Reason != "bad \uFFFD" {
		t.Errorf("actor %q, verified %v, reason %q", s.Actor, s.Verified, s.Reason)
	}
}

func TestClockSetBack(t *testing.T) {
	j, c := fresh(t)
	define(t, j, "a")
	first := move(t, j, quarter, "a")[0].Since
	c.set(first.Add(-time.Hour))
	second := move(t, j, half, "a")[0].Since
	third := move(t, j, live, "a")[0].Since
	if want := first.Add(time.Microsecond); !second.Equal(want) {
		t.Errorf("second change at %s, want %s", second, want)
	}
	if want := first.Add(2 * time.Microsecond); !third.Equal(want) {
		t.Errorf("third change at %s, want %s", third, want)
	}
	for at, want := range map[time.Time]strangler.Position{first: quarter, second: half, third: live} {
		table, err := j.At(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if got := table["a"].Position; got != want {
			t.Errorf("at %s it stood at %s, want %s", at, got, want)
		}
	}
}

func TestCanceledChange(t *testing.T) {
	j, _ := fresh(t)
	define(t, j, "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := j.Move(ctx, journal.Change{Moves: []journal.Move{{Route: "a", To: live}}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if got := j.Present()["a"].Position; got != legacy {
		t.Errorf("it moved to %s", got)
	}
}

func TestEntries(t *testing.T) {
	j, _ := fresh(t)
	define(t, j, "a b")
	move(t, j, shadow, "a", "b") // 3, 4
	move(t, j, half, "a")        // 5
	define(t, j, "b")            // 6: a is removed
	tests := []struct {
		name  string
		query journal.Query
		want  []int64
	}{
		{"all", journal.Query{}, []int64{6, 5, 4, 3, 2, 1}},
		{"limit", journal.Query{Limit: 2}, []int64{6, 5}},
		{"the next page", journal.Query{Limit: 2, Before: 5}, []int64{4, 3}},
		{"of a removed route", journal.Query{Route: "a"}, []int64{6, 5, 3, 1}},
		{"of a route, a page", journal.Query{Route: "b", Before: 4}, []int64{2}},
		{"none before the first", journal.Query{Before: 1}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []int64
			for _, e := range entries(t, j, tt.query) {
				got = append(got, e.Seq)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
		})
	}
	_, err := j.Entries(t.Context(), journal.Query{Route: "c"})
	if _, ok := errors.AsType[*strangler.UnknownRouteError](err); !ok {
		t.Errorf("a route never seen: %v", err)
	}
}
