package journal_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
)

func TestRule(t *testing.T) {
	file := filepath.Join(t.TempDir(), "journal.db")
	ctx := context.Background()
	open := func() *journal.Journal {
		t.Helper()
		j, err := journal.Open(ctx, file, journal.Config{})
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	j := open()
	define := func(names ...string) {
		t.Helper()
		var all []journal.Definition
		for _, name := range names {
			all = append(all, journal.Definition{Route: name, JSON: json.RawMessage(`{}`)})
		}
		if _, err := j.Reconcile(ctx, all, journal.Author{Actor: "configuration"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	define("orders", "books")
	ruled, err := j.Rule(ctx, journal.Ruling{Route: "orders", Rules: json.RawMessage(`[ {"b": 1, "a": 2} ]`), IfVersion: 1, Author: journal.Author{Actor: "anna", Reason: "why"}})
	if err != nil || string(ruled.Rules) != `[{"a":2,"b":1}]` || ruled.Version != 2 || ruled.Actor != "configuration" {
		t.Fatalf("%+v, %v", ruled, err)
	}
	same, err := j.Rule(ctx, journal.Ruling{Route: "orders", Rules: json.RawMessage(`[{"a":2,"b":1}]`)})
	if err != nil || same.Version != 2 {
		t.Errorf("the same rules again: %+v, %v", same, err)
	}
	for name, r := range map[string]journal.Ruling{
		"an unknown route":      {Route: "order", Rules: json.RawMessage(`[]`)},
		"another version":       {Route: "orders", Rules: json.RawMessage(`[]`), IfVersion: 1},
		"no JSON":               {Route: "orders", Rules: json.RawMessage(`[`)},
		"nothing":               {Route: "orders"},
		"one that can't be had": {Route: "orders", Rules: json.RawMessage(`[]`), Check: func(map[string]journal.Standing) error { return errors.New("no") }},
	} {
		if _, err := j.Rule(ctx, r); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}

	// A move and its undo leave them; who opens the file has them; a removal ends them.
	if _, err := j.Move(ctx, journal.Change{Moves: []journal.Move{{Route: "orders", To: strangler.Canary(100)}}}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open()
	if got := j.Present()["orders"]; string(got.Rules) != `[{"a":2,"b":1}]` || got.Version != 3 {
		t.Errorf("opened again: %+v", got)
	}
	if step, err := j.UndoOf("orders"); err != nil || len(step.Moves) != 1 {
		t.Errorf("undo: %+v, %v", step, err)
	}
	entries, err := j.Entries(ctx, journal.Query{Route: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []journal.Kind
	for _, e := range entries {
		kinds = append(kinds, e.Kind)
	}
	if diff := cmp.Diff([]journal.Kind{journal.Moved, journal.Ruled, journal.Seen}, kinds); diff != "" || entries[1].Actor != "anna" || string(entries[1].Rules) != `[{"a":2,"b":1}]` {
		t.Errorf("entries (-want +got):\n%s%+v", diff, entries[1])
	}
	define("books")
	define("books", "orders")
	if got := j.Present()["orders"]; got.Rules != nil {
		t.Errorf("a route that came back has %s", got.Rules)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFileOfBeforeRules opens a file as it was before there were rules: everything in it stays.
func TestFileOfBeforeRules(t *testing.T) {
	file := filepath.Join(t.TempDir(), "journal.db")
	first, err := os.ReadFile("migrations/00001_entries.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"PRAGMA application_id = 0x53466a6c", string(first),
		`CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))`,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1)`,
		`INSERT INTO entries VALUES (1, 1, 1000, 'seen', '', 'orders', '', 1, NULL, NULL, 'legacy', 0, 'configuration', 1, '', '{}', NULL)`,
		`INSERT INTO entries VALUES (2, 2, 2000, 'moved', 'shift', 'orders', '', 2, 'legacy', 0, 'shadow', 0, 'anna', 1, 'why', NULL, NULL)`,
		`INSERT INTO entries VALUES (3, 3, 3000, 'moved', 'undo', 'orders', '', 3, 'shadow', 0, 'legacy', 0, 'anna', 1, '', NULL, 2)`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%v in %.60s", err, statement)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(context.Background(), file, journal.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	entries, err := j.Entries(context.Background(), journal.Query{})
	if err != nil || len(entries) != 3 || entries[0].Undoes != 2 || entries[1].Reason != "why" || j.Fresh() {
		t.Fatalf("%+v, %v", entries, err)
	}
	if _, err := j.Rule(context.Background(), journal.Ruling{Route: "orders", Rules: json.RawMessage(`[]`)}); err != nil {
		t.Error(err)
	}
	check, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	defer check.Close()
	var broken int
	if err := check.QueryRow(`SELECT count(*) FROM pragma_foreign_key_check`).Scan(&broken); err != nil || broken > 0 {
		t.Errorf("%d broken references, %v", broken, err)
	}
	if _, err := check.Exec(`DELETE FROM entries`); err == nil {
		t.Error("entries can be deleted")
	}
}
