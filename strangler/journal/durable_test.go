package journal_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/mattn/go-sqlite3"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
)

const childEnv = "STRANGLER_TEST_JOURNAL"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		moveUntilKilled(path)
	}
	os.Exit(m.Run())
}

// moveUntilKilled is the child of TestKill: it says so after each move that is acknowledged.
func moveUntilKilled(path string) {
	ctx := context.Background()
	j, err := journal.Open(ctx, path, journal.Config{})
	if err == nil {
		_, err = j.Reconcile(ctx, []journal.Definition{{Route: "a", JSON: json.RawMessage(`{}`)}}, journal.Author{}, nil)
	}
	for err == nil {
		to := strangler.Canary(strangler.Weight(1 + j.Present()["a"].Version%9999))
		var s []journal.Standing
		if s, err = j.Move(ctx, journal.Change{Moves: []journal.Move{{Route: "a", To: to}}}); err == nil {
			fmt.Printf("acked %d %s\n", s[0].Version, s[0].Position)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	for round := range 3 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childEnv+"="+path)
		var stderr bytes.Buffer
		child.Stderr = &stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		acked, enough := make(map[int64]string), 5+rand.IntN(20)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var version int64
			var position string
			if _, err := fmt.Sscanf(lines.Text(), "acked %d %s", &version, &position); err != nil {
				t.Fatalf("%q: %v", lines.Text(), err)
			}
			acked[version] = position
			if len(acked) == enough {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		child.Wait() // it was killed
		if len(acked) < 5 {
			t.Fatalf("round %d: only %d moves: %s", round, len(acked), &stderr)
		}

		j := open(t, path, newClock())
		onDisk := make(map[int64]string)
		for _, e := range entries(t, j, journal.Query{Limit: 1 << 20}) {
			onDisk[e.Version] = e.After.String()
		}
		for version, position := range acked {
			if onDisk[version] != position {
				t.Errorf("round %d: version %d was acknowledged at %s, on the disk it is %q", round, version, position, onDisk[version])
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFresh(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	tests := []struct {
		name string
		want bool
	}{
		{"no file", true},
		{"a file without entries", true},
		{"a file with entries", false},
	}
	for i, tt := range tests {
		j := open(t, path, newClock())
		if got := j.Fresh(); got != tt.want {
			t.Errorf("%s: fresh is %v", tt.name, got)
		}
		if i == 1 {
			define(t, j, "a")
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	exec := func(t *testing.T, path, statement string) {
		db, err := sql.Open("sqlite3", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name  string
		spoil func(t *testing.T, path string)
		want  string // part of the message, besides the path; empty: whatever it is
	}{
		{"empty", func(t *testing.T, path string) { truncate(t, path, 0) }, "the file is empty"},
		{"half", func(t *testing.T, path string) { truncate(t, path, -2) }, ""},
		{"a header and no more", func(t *testing.T, path string) { truncate(t, path, 100) }, ""},
		{"text", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("not a database\n", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, ""},
		{"somebody else's database", func(t *testing.T, path string) {
			os.Remove(path)
			exec(t, path, "CREATE TABLE cookies (name TEXT)")
		}, ""},
		{"an entry that doesn't follow", func(t *testing.T, path string) {
			exec(t, path, `INSERT INTO entries VALUES (9, 9, 9000000000000000, 'moved', 'shift', 'a', '', 2, 'live', 10000, 'legacy', 0, 'x', 0, '', NULL, NULL, NULL, NULL, zeroblob(32))`)
		}, `entry 9: route "a" did not stand there before; restore it from a backup`},
		{"a phase that there is not", func(t *testing.T, path string) {
			exec(t, path, `INSERT INTO entries VALUES (9, 9, 9000000000000000, 'moved', 'shift', 'a', '', 2, 'legacy', 0, 'beta', 0, 'x', 0, '', NULL, NULL, NULL, NULL, zeroblob(32))`)
		}, `entry 9: no phase "beta"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "journal.db")
			j := open(t, path, newClock())
			define(t, j, "a")
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, path)
			j, err := journal.Open(t.Context(), path, journal.Config{})
			if err == nil {
				j.Close()
				t.Fatal("it opens")
			}
			if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want the path and %q", err, tt.want)
			}
		})
	}
}

// TestCopiedWithoutItsLog opens what is left of a journal that was copied while it was in use: it has all of
// it in its write-ahead log. Where it was used that is refused, else it is a beginning that broke off.
func TestCopiedWithoutItsLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	j := open(t, path, newClock())
	define(t, j, "a")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, lived := range []bool{true, false} {
		copied := filepath.Join(t.TempDir(), "journal.db")
		if err := os.WriteFile(copied, text, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := journal.Open(t.Context(), copied, journal.Config{Lived: lived})
		if err == nil {
			again.Close()
		}
		if lived && (err == nil || !strings.Contains(err.Error(), "was it copied without journal.db-wal? restore it from a backup")) || !lived && (err != nil || !again.Fresh()) {
			t.Errorf("lived %t: %v", lived, err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, err = journal.Open(t.Context(), path, journal.Config{Lived: true})
	if err != nil || j.Fresh() {
		t.Fatalf("the journal itself: %v", err)
	}
	j.Close()
	j, err = journal.Open(t.Context(), filepath.Join(t.TempDir(), "journal.db"), journal.Config{Lived: true})
	if err != nil || !j.Fresh() {
		t.Fatalf("none at all: %v", err)
	}
	j.Close()
}

// truncate shortens a file to size, or to a part of it where size is negative.
func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if size < 0 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		size = info.Size() / -size
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func TestAppendOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	j := open(t, path, newClock())
	define(t, j, "a")
	move(t, j, live, "a")
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		"UPDATE entries SET reason = 'another'",
		"DELETE FROM entries",
		"INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE seq = 1",
		"REPLACE INTO entries SELECT 9, 9, at, kind, how, route, unit, version, before_phase, before_weight, after_phase, after_weight, actor, verified, 'another', definition, undoes, rules, steering, hash FROM entries WHERE seq = 2",
	} {
		if _, err := db.Exec(statement); err == nil || !strings.Contains(err.Error(), "the journal is append-only") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if _, err := db.Exec("INSERT INTO entries SELECT 9, 9, at, kind, how, route, unit, 3, after_phase, after_weight, 'legacy', 0, actor, verified, '', definition, undoes, rules, steering, hash FROM entries WHERE seq = 2"); err != nil {
		t.Fatal(err)
	}
	_, err = j.Move(t.Context(), journal.Change{Moves: []journal.Move{{Route: "a", To: half}}})
	if err == nil || !strings.Contains(err.Error(), "another process wrote into it") {
		t.Errorf("a stranger's entry goes unnoticed: %v", err)
	}
}

// Whatever happens, the journal read anew says what the journal in memory says, and what it
// said at any moment before.
func TestFoldIsThePresent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	c := newClock()
	j := open(t, path, c)
	random := rand.New(rand.NewPCG(1, 2))
	positions := []strangler.Position{legacy, shadow, quarter, half, live}
	then := make(map[time.Time]map[string]journal.Standing)
	for range 150 {
		var names []string
		for name := range j.Present() {
			names = append(names, name)
		}
		switch n := random.IntN(10); {
		case n < 2 || len(names) == 0:
			var routes []string
			for i := range 6 {
				if random.IntN(4) > 0 {
					routes = append(routes, fmt.Sprintf("r%d/u%d", i, random.IntN(2)))
				}
			}
			define(t, j, strings.Join(routes, " "))
		case n < 5:
			if step, err := j.UndoOf(names[random.IntN(len(names))]); err == nil {
				if _, err := j.Move(t.Context(), journal.Change{Moves: step.Moves, Undoes: step.Change}); err != nil {
					t.Fatal(err)
				}
			}
		default:
			move(t, j, positions[random.IntN(len(positions))], names[:1+random.IntN(len(names))]...)
		}
		if newest := entries(t, j, journal.Query{Limit: 1}); len(newest) > 0 {
			then[newest[0].At] = j.Present()
		}
	}
	for at, want := range then {
		got, err := j.At(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("at %s (-want +got):\n%s", at, diff)
		}
	}
	want := j.Present()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, open(t, path, c).Present()); diff != "" {
		t.Errorf("read anew (-want +got):\n%s", diff)
	}
}

func TestConcurrentMoves(t *testing.T) {
	j, _ := fresh(t)
	define(t, j, "a b c d")
	var group sync.WaitGroup
	for _, route := range []string{"a", "b", "c", "d"} {
		group.Go(func() {
			for i := range 10 {
				version := j.Present()[route].Version
				to := strangler.Canary(strangler.Weight(i + 1))
				if _, err := j.Move(t.Context(), journal.Change{Moves: []journal.Move{{Route: route, To: to, IfVersion: version}}}); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 5 {
				if _, err := j.Entries(t.Context(), journal.Query{Route: route}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for name, s := range j.Present() {
		if s.Version != 11 || s.Position != strangler.Canary(10) {
			t.Errorf("%s stands at %s, version %d", name, s.Position, s.Version)
		}
	}
}
