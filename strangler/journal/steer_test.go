package journal_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
)

func TestSteer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	j := open(t, path, newClock())
	define(t, j, "a b")
	steered, err := j.Move(t.Context(), journal.Change{
		Moves:  []journal.Move{{Route: "a", To: strangler.Canary(100)}},
		Steers: []journal.Steer{{Route: "a", Steering: json.RawMessage(`{ "state": "paused" }`)}, {Route: "b", Steering: json.RawMessage(`1`)}},
		How:    journal.HowPromote, Author: journal.Author{Actor: "anna", Reason: "why"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range steered {
		got = append(got, s.Route+" "+s.Position.String()+" "+string(s.Steering))
	}
	want := []string{`a 1% {"state":"paused"}`, `a 1% {"state":"paused"}`, `b legacy 1`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("standings (-want +got):\n%s", diff)
	}
	version := steered[1].Version
	again, err := j.Move(t.Context(), journal.Change{Steers: []journal.Steer{{Route: "a", Steering: json.RawMessage(`{"state":"paused"}`)}}})
	if err != nil || again[0].Version != version {
		t.Errorf("the same steering again: %+v, %v", again, err)
	}
	for name, s := range map[string]journal.Steer{
		"an unknown route": {Route: "c", Steering: json.RawMessage(`1`)},
		"no JSON":          {Route: "a", Steering: json.RawMessage(`{`)},
		"nothing":          {Route: "a"},
	} {
		moves := []journal.Move{{Route: "b", To: strangler.Canary(100)}}
		if _, err := j.Move(t.Context(), journal.Change{Moves: moves, Steers: []journal.Steer{s}}); err == nil {
			t.Errorf("%s is accepted", name)
		}
		if at := j.Present()["b"].Position; at != (strangler.Position{}) {
			t.Fatalf("%s: route b moved nevertheless, to %s", name, at)
		}
	}

	// A step back in the journal says nothing of how it is steered; who opens the file has it all.
	step, err := j.UndoOf("a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Move(t.Context(), journal.Change{Moves: step.Moves, Undoes: step.Change}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, path, newClock())
	defer j.Close()
	if s := j.Present()["a"]; string(s.Steering) != `{"state":"paused"}` || s.Position != (strangler.Position{}) {
		t.Errorf("opened again: %+v", s)
	}
	define(t, j, "b")
	define(t, j, "a b")
	if s := j.Present()["a"]; s.Steering != nil {
		t.Errorf("a route that came back is still steered: %s", s.Steering)
	}
}

func TestFreeze(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	j := open(t, path, newClock())
	define(t, j, "a")
	if j.Frozen() != nil {
		t.Fatal("a new journal is frozen")
	}
	until := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	by := journal.Author{Actor: "anna", Verified: true, Reason: "the holidays"}
	if err := j.Freeze(t.Context(), time.Time{}, journal.Author{Actor: "anna"}); err != nil {
		t.Fatal(err)
	}
	if f := j.Frozen(); f == nil || !f.Until.IsZero() {
		t.Errorf("without an end: %+v", f)
	}
	if err := j.Freeze(t.Context(), until, by); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, path, newClock())
	defer j.Close()
	f := j.Frozen()
	if f == nil || !f.Until.Equal(until) || f.Author != by || f.At.IsZero() {
		t.Fatalf("opened again: %+v", f)
	}
	for range 2 {
		if err := j.Thaw(t.Context(), by); err != nil || j.Frozen() != nil {
			t.Fatalf("thawed: %+v, %v", j.Frozen(), err)
		}
	}
	if _, known := j.Present()[""]; known {
		t.Error("there is a route without a name")
	}
	entries, err := j.Entries(t.Context(), journal.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, string(e.Kind)+" "+e.Route)
	}
	if diff := cmp.Diff([]string{"thawed ", "frozen ", "frozen ", "seen a"}, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}
