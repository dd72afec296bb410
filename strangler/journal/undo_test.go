package journal_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
)

// undo carries out what UndoOf says, and returns what it left.
func undo(t *testing.T, j *journal.Journal, route string) []journal.Left {
	t.Helper()
	step, err := j.UndoOf(route)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Move(t.Context(), journal.Change{Moves: step.Moves, Undoes: step.Change, Author: anna}); err != nil {
		t.Fatal(err)
	}
	return step.Left
}

// Each line is a script of "route position", "routes,… position", "undo route" or
// "define routes"; then where the routes stand.
func TestUndo(t *testing.T) {
	tests := []struct {
		name   string
		routes string
		script string
		want   map[string]string
		left   []journal.Left // of the last undo
	}{
		{
			name: "one step", routes: "a", script: "a shadow; a 25%; undo a",
			want: map[string]string{"a": "shadow"},
		},
		{
			name: "and another", routes: "a", script: "a shadow; a 25%; undo a; undo a",
			want: map[string]string{"a": "legacy"},
		},
		{
			name: "a shift after an undo is the newest step", routes: "a", script: "a shadow; a 25%; undo a; a live; undo a",
			want: map[string]string{"a": "shadow"},
		},
		{
			name: "and below it lies what was there before", routes: "a", script: "a shadow; a 25%; undo a; a live; undo a; undo a",
			want: map[string]string{"a": "legacy"},
		},
		{
			name: "a changed definition is no step", routes: "a", script: "a shadow; a 25%; define a/u; undo a",
			want: map[string]string{"a": "shadow"},
		},
		{
			name: "a unit goes back as one", routes: "a/u b/u c", script: "a,b shadow; a,b live; undo b",
			want: map[string]string{"a": "shadow", "b": "shadow", "c": "legacy"},
		},
		{
			name: "each to where it came from", routes: "a/u b/u", script: "a shadow; a,b live; undo a",
			want: map[string]string{"a": "shadow", "b": "legacy"},
		},
		{
			name: "of a change of everything, the unit only", routes: "a/u b/u c d", script: "a,b,c,d live; a,b,c,d legacy; undo a",
			want: map[string]string{"a": "live", "b": "live", "c": "legacy", "d": "legacy"},
		},
		{
			name: "and later the rest", routes: "a/u b/u c", script: "a,b,c live; a,b,c legacy; undo a; undo c",
			want: map[string]string{"a": "live", "b": "live", "c": "live"},
		},
		{
			name: "a route that moved since is left and named", routes: "a/u b/u", script: "a,b live; b 25%; undo a",
			want: map[string]string{"a": "legacy", "b": "25%"},
			left: []journal.Left{{Route: "b", Why: "it moved since, and stands at 25%"}},
		},
		{
			name: "one that joined the unit later is left and named", routes: "a b", script: "a live; define a/u b/u; b shadow; undo a",
			want: map[string]string{"a": "legacy", "b": "shadow"},
			left: []journal.Left{{Route: "b", Why: "it did not move then, and stands at shadow"}},
		},
		{
			name: "one that joined the unit where it stands comes along", routes: "a/u b/u", script: "a,b 25%; define a/u b/u c/u@25%; undo a",
			want: map[string]string{"a": "legacy", "b": "legacy", "c": "legacy"},
		},
		{
			name: "and has a step when all move again", routes: "a/u", script: "a 25%; define a/u c/u@25%; undo a; a,c live; undo c",
			want: map[string]string{"a": "legacy", "c": "legacy"},
		},
		{
			name: "one that stands there already is nothing to speak of", routes: "a b", script: "a live; define a/u b/u; undo a",
			want: map[string]string{"a": "legacy", "b": "legacy"},
		},
		{
			name: "one that left the unit stays", routes: "a/u b/u", script: "a,b live; define a/u b; undo a",
			want: map[string]string{"a": "legacy", "b": "live"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j, _ := fresh(t)
			define(t, j, tt.routes)
			var left []journal.Left
			for line := range strings.SplitSeq(tt.script, "; ") {
				word, rest, _ := strings.Cut(line, " ")
				switch word {
				case "undo":
					left = undo(t, j, rest)
				case "define":
					define(t, j, rest)
				default:
					to, err := strangler.ParsePosition(rest)
					if err != nil {
						t.Fatal(err)
					}
					move(t, j, to, strings.Split(word, ",")...)
				}
			}
			if diff := cmp.Diff(tt.want, stands(j.Present())); diff != "" {
				t.Errorf("standings (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.left, left); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUndoOf(t *testing.T) {
	j, _ := fresh(t)
	define(t, j, "c/u b/u a/u x")
	move(t, j, shadow, "a", "b", "c", "x")
	got, err := j.UndoOf("b")
	if err != nil {
		t.Fatal(err)
	}
	want := journal.Step{Change: 5, Moves: []journal.Move{
		{Route: "b", To: legacy, IfVersion: 2}, {Route: "a", To: legacy, IfVersion: 2}, {Route: "c", To: legacy, IfVersion: 2},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("step (-want +got):\n%s", diff)
	}
}

func TestUndoEntry(t *testing.T) {
	j, _ := fresh(t)
	define(t, j, "a")
	move(t, j, shadow, "a")
	undo(t, j, "a")
	e := entries(t, j, journal.Query{Limit: 1})[0]
	want := journal.Entry{Seq: 3, Change: 3, At: e.At, Kind: journal.Moved, How: journal.HowUndo, Route: "a", Version: 3,
		Before: &shadow, After: &legacy, Author: anna, Undoes: 2}
	if diff := cmp.Diff(want, e, anyHash); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
}

func TestUndoNothing(t *testing.T) {
	tests := []struct {
		name  string
		setup func(*testing.T, *journal.Journal)
	}{
		{"never moved", func(*testing.T, *journal.Journal) {}},
		{"all taken back", func(t *testing.T, j *journal.Journal) { move(t, j, live, "a"); undo(t, j, "a") }},
		{"removed and back", func(t *testing.T, j *journal.Journal) { move(t, j, live, "a"); define(t, j, ""); define(t, j, "a") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j, _ := fresh(t)
			define(t, j, "a")
			tt.setup(t, j)
			_, err := j.UndoOf("a")
			if nothing, ok := errors.AsType[*journal.NothingToUndoError](err); !ok || *nothing != (journal.NothingToUndoError{Route: "a"}) {
				t.Errorf("got %v", err)
			}
		})
	}
	j, _ := fresh(t)
	if _, err := j.UndoOf("a"); err == nil || err.Error() != `no route "a"` {
		t.Errorf("unknown route: %v", err)
	}
}

func TestUndoOvertaken(t *testing.T) {
	j, _ := fresh(t)
	define(t, j, "a")
	move(t, j, shadow, "a")
	step, err := j.UndoOf("a")
	if err != nil {
		t.Fatal(err)
	}
	move(t, j, live, "a")
	_, err = j.Move(t.Context(), journal.Change{Moves: step.Moves, Undoes: step.Change})
	if _, ok := errors.AsType[*journal.ConflictError](err); !ok {
		t.Errorf("somebody moved it in between, yet: %v", err)
	}
	if got := j.Present()["a"].Position; got != live {
		t.Errorf("it stands at %s", got)
	}
}
