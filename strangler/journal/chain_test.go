package journal_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
)

// spoil runs statements on a journal's file as somebody would who doesn't mind its triggers.
func spoil(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range append([]string{"DROP TRIGGER IF EXISTS entries_no_update", "DROP TRIGGER IF EXISTS entries_no_delete", "DROP TRIGGER IF EXISTS entries_only_append"}, statements...) {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%v in %.80s", err, statement)
		}
	}
}

// rechain gives all entries the hashes that they would have, from nothing but what package doc says.
func rechain(t *testing.T, path string) {
	t.Helper()
	spoil(t, path)
	db, err := sql.Open("sqlite3", path+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	rows, err := db.Query("SELECT * FROM entries ORDER BY seq")
	if err != nil {
		t.Fatal(err)
	}
	columns, err := rows.Columns()
	if err != nil || columns[len(columns)-1] != "hash" {
		t.Fatal(columns, err)
	}
	last, hashes := make([]byte, 32), [][]byte{}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		for _, value := range values[:len(values)-1] {
			switch v := value.(type) {
			case nil:
				text.WriteString("-;")
			case int64:
				fmt.Fprintf(&text, "i%d;", v)
			case string:
				fmt.Fprintf(&text, "t%d:%s;", len(v), v)
			}
		}
		sum := sha256.Sum256(append(last, text.Bytes()...))
		last = sum[:]
		hashes = append(hashes, last)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i, hash := range hashes {
		if _, err := tx.Exec("UPDATE entries SET hash = ? WHERE seq = ?", hash, i+1); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func prove(t *testing.T, j *journal.Journal, known journal.Hash) journal.Proof {
	t.Helper()
	p, err := j.Verify(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// filled makes a journal of eight entries of all kinds but one, and closes it.
func filled(t *testing.T) (path string, last journal.Hash) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "journal.db")
	j := open(t, path, newClock())
	define(t, j, "a b/u@25%")                                        // 1, 2
	move(t, j, live, "a", "b")                                       // 3, 4
	if err := j.Freeze(t.Context(), time.Time{}, anna); err != nil { // 5
		t.Fatal(err)
	}
	if _, err := j.Rule(t.Context(), journal.Ruling{Route: "a", Rules: json.RawMessage(`["x"]`), Author: anna}); err != nil { // 6
		t.Fatal(err)
	}
	if _, err := j.Move(t.Context(), journal.Change{Moves: []journal.Move{{Route: "a", To: half}}, Author: journal.Author{Reason: "naïve; t3:a\x00b"},
		Steers: []journal.Steer{{Route: "b", Steering: json.RawMessage(`{}`)}}}); err != nil { // 7, 8
		t.Fatal(err)
	}
	p := prove(t, j, journal.Hash{})
	if p.Break != nil || p.Entries != 8 || p.Seq != 8 || p.Head != entries(t, j, journal.Query{Limit: 1})[0].Hash {
		t.Fatalf("as it was written: %+v", p)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return path, p.Head
}

func TestVerify(t *testing.T) {
	const row = `INSERT INTO entries SELECT %d, %d, at, 'changed', '', 'a', '', %d, after_phase, after_weight, after_phase, after_weight, actor, verified, 'slipped in', '{"x":1}', NULL, NULL, NULL, %s FROM entries WHERE seq = 3`
	tests := []struct {
		name    string
		spoil   []string
		rechain bool
		seq     int64  // of the entry that doesn't fit; 0: all do
		what    string // and how
		known   bool   // the head of before is still there
	}{
		{name: "as it was written", known: true},
		{name: "another reason", spoil: []string{"UPDATE entries SET reason = 'another' WHERE seq = 3"}, seq: 3, what: journal.EntryChanged},
		{name: "another time", spoil: []string{"UPDATE entries SET at = at + 1 WHERE seq = 4"}, seq: 4, what: journal.EntryChanged},
		{name: "another actor of the first", spoil: []string{"UPDATE entries SET actor = 'eve' WHERE seq = 1"}, seq: 1, what: journal.EntryChanged},
		{name: "verified", spoil: []string{"UPDATE entries SET verified = 1 WHERE seq = 8"}, seq: 8, what: journal.EntryChanged},
		{name: "another rule", spoil: []string{`UPDATE entries SET rules = '["y"]' WHERE seq = 6`}, seq: 6, what: journal.EntryChanged},
		{name: "another hash", spoil: []string{"UPDATE entries SET hash = zeroblob(32) WHERE seq = 5"}, seq: 5, what: journal.EntryChanged},
		{name: "text moved between columns", spoil: []string{"UPDATE entries SET unit = 'uu', route = 'b' WHERE seq = 4"}, seq: 4, what: journal.EntryChanged},
		{name: "one is gone", spoil: []string{"DELETE FROM entries WHERE seq = 6"}, seq: 6, what: journal.EntryMissing},
		{name: "several are gone", spoil: []string{"DELETE FROM entries WHERE seq IN (5, 6, 7)"}, seq: 5, what: journal.EntryMissing},
		{name: "the first is gone", spoil: []string{"PRAGMA foreign_keys = off", "DELETE FROM entries WHERE seq = 1"}, seq: 1, what: journal.EntryMissing},
		{name: "one is gone, and the rest numbered anew", spoil: []string{"DELETE FROM entries WHERE seq = 6", "UPDATE entries SET seq = seq - 1, change = change - 1 WHERE seq > 6"}, seq: 6, what: journal.EntryChanged},
		{name: "one more in between", spoil: []string{"UPDATE entries SET seq = seq + 100 WHERE seq > 3", fmt.Sprintf(row, 4, 4, 30, "hash"), "UPDATE entries SET seq = seq - 99 WHERE seq > 100"},
			seq: 4, what: journal.EntryInserted},
		{name: "one more in between, and changes numbered anew", spoil: []string{"UPDATE entries SET seq = seq + 100 WHERE seq > 5", fmt.Sprintf(row, 6, 6, 30, "hash"), "UPDATE entries SET seq = seq - 99, change = change + 1 WHERE seq > 100"},
			seq: 6, what: journal.EntryInserted},
		{name: "one before the first", spoil: []string{fmt.Sprintf(row, 0, 0, 30, "hash")}, seq: 0, what: journal.EntryInserted},
		{name: "one more at the end, without a hash", spoil: []string{fmt.Sprintf(row, 9, 9, 30, "zeroblob(32)")}, seq: 9, what: journal.EntryChanged, known: true},
		{name: "the last are gone", spoil: []string{"DELETE FROM entries WHERE seq > 6"}},
		{name: "all are gone", spoil: []string{"DELETE FROM entries"}},
		{name: "written anew", spoil: []string{"UPDATE entries SET reason = 'another' WHERE seq = 3"}, rechain: true},
		{name: "chained anew without a change", rechain: true, known: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path, head := filled(t)
			j := open(t, path, newClock())
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			spoil(t, path, tt.spoil...)
			if tt.rechain {
				rechain(t, path)
			}
			p, err := journal.VerifyFile(t.Context(), path, head)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case tt.what == "" && p.Break != nil, tt.what != "" && (p.Break == nil || p.Break.Seq != tt.seq || p.Break.What != tt.what):
				t.Errorf("found %+v, want entry %d %s", p.Break, tt.seq, tt.what)
			case p.Break != nil && !strings.Contains(p.Break.Why, "entr"):
				t.Errorf("why: %s", p.Break.Why)
			}
			if p.Break != nil && p.Entries != max(tt.seq-1, 0) {
				t.Errorf("%d entries follow, and %d is wrong", p.Entries, tt.seq)
			}
			if got := p.Known != 0; got != tt.known {
				t.Errorf("the head of before is entry %d", p.Known)
			}
		})
	}
}

// While the journal is open it also knows what it wrote itself.
// TestVerifyAfterCare holds that the chain is the same in a file that was vacuumed, and in a backup of it.
func TestVerifyAfterCare(t *testing.T) {
	path, head := filled(t)
	exec := func(statement string) {
		t.Helper()
		db, err := sql.Open("sqlite3", path+"?_busy_timeout=5000")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	whole := func(j *journal.Journal, n int64) {
		t.Helper()
		if p := prove(t, j, head); p.Break != nil || p.Entries != n || p.Known != 8 {
			t.Errorf("%+v", p)
		}
	}
	exec("VACUUM")
	j := open(t, path, newClock())
	whole(j, 8)
	exec("VACUUM") // under the feet of who has it open
	whole(j, 8)
	backup := filepath.Join(t.TempDir(), "journal.db")
	exec("VACUUM INTO '" + backup + "'")
	move(t, j, half, "b")
	whole(j, 9)
	restored := open(t, backup, newClock())
	whole(restored, 8)
	move(t, restored, half, "b") // it goes on
	whole(restored, 9)
}

// TestVerifyDamaged holds that damage is told, and where it begins, and is no failure of the question.
func TestVerifyDamaged(t *testing.T) {
	path, head := filled(t)
	j := open(t, path, newClock())
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{info.Size() / 2, 100} {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		p, err := j.Verify(t.Context(), head)
		if err != nil || p.Break == nil || p.Break.What != journal.EntryUnreadable || p.Known != 0 || !strings.Contains(p.Break.Why, "restore it from a backup") {
			t.Errorf("cut to %d bytes: %+v, %v", size, p, err)
		}
	}
}

func TestVerifyWhileOpen(t *testing.T) {
	tests := []struct {
		name    string
		spoil   string
		rechain bool
		seq     int64
		what    string
	}{
		{"nothing", "SELECT 1", false, 0, ""},
		{"the last are gone", "DELETE FROM entries WHERE seq > 6", false, 7, journal.EntryMissing},
		{"all are gone", "DELETE FROM entries", false, 1, journal.EntryMissing},
		{"written anew", "UPDATE entries SET reason = 'another' WHERE seq = 3", true, 8, journal.EntryChanged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path, _ := filled(t)
			j := open(t, path, newClock())
			spoil(t, path, tt.spoil)
			if tt.rechain {
				rechain(t, path)
			}
			b := prove(t, j, journal.Hash{}).Break
			if tt.what == "" && b != nil || tt.what != "" && (b == nil || b.Seq != tt.seq || b.What != tt.what) {
				t.Errorf("found %+v, want entry %d %s", b, tt.seq, tt.what)
			}
			_, err := j.Move(t.Context(), journal.Change{Moves: []journal.Move{{Route: "a", To: legacy}}})
			if wrote := err == nil; wrote != (tt.what == "") {
				t.Errorf("the next move: %v", err)
			}
		})
	}
}

// The hash of an entry never becomes another one: heads are kept elsewhere.
func TestHashStays(t *testing.T) {
	_, head := filled(t)
	if want := "b499ac91da8ad8ebad844527b005c0c6a9e8e6aaec601f10f9588493fb1a510d"; head.String() != want {
		t.Errorf("the head is %s, and was %s: journals that exist would be broken", head, want)
	}
	if again, err := journal.ParseHash(strings.ToUpper(head.String())); err != nil || again != head {
		t.Errorf("read again it is %s, %v", again, err)
	}
	for _, text := range []string{"", "12", strings.Repeat("x", 64), strings.Repeat("0", 66)} {
		if _, err := journal.ParseHash(text); err == nil {
			t.Errorf("%q passes for a hash", text)
		}
	}
}

// TestFileOfBeforeHashes opens a file as it was before entries had hashes: they get them.
func TestFileOfBeforeHashes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	var statements []string
	for _, name := range []string{"00001_entries", "00002_rules", "00003_steering"} {
		text, err := os.ReadFile("migrations/" + name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		statements = append(statements, string(text))
	}
	statements = append(statements, "PRAGMA application_id = 0x53466a6c",
		`CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))`,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1), (2, 1), (3, 1)`,
		`INSERT INTO entries VALUES (1, 1, 1000, 'seen', '', 'a', '', 1, NULL, NULL, 'legacy', 0, 'configuration', 1, '', '{}', NULL, NULL, NULL)`,
		`WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i+1 FROM n WHERE i < 5000)
		INSERT INTO entries SELECT i, i, 1000*i, 'moved', 'shift', 'a', '', i, iif(i%2, 'shadow', 'legacy'), 0, iif(i%2, 'legacy', 'shadow'), 0, 'anna', 1, 'näive', NULL, NULL, NULL, NULL FROM n`)
	spoil(t, path, statements...)
	j := open(t, path, newClock())
	p := prove(t, j, journal.Hash{})
	if p.Break != nil || p.Entries != 5000 {
		t.Fatalf("%+v", p)
	}
	if got := j.Present()["a"]; got.Version != 5000 || got.Position != strangler.At(strangler.PhaseShadow) {
		t.Errorf("it stands at %+v", got)
	}
	move(t, j, live, "a")
	if after := prove(t, j, p.Head); after.Break != nil || after.Entries != 5001 || after.Known != 5000 {
		t.Errorf("after a move: %+v", after)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	rechain(t, path) // as package doc says, by hand
	if again := prove(t, open(t, path, newClock()), p.Head); again.Break != nil || again.Known != 5000 {
		t.Errorf("the chain isn't the documented one: %+v", again)
	}
}
