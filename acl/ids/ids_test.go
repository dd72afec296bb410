package ids_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/mattn/go-sqlite3"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/strangler-fig/toolkit/acl/ids"
)

const childEnv = "STRANGLER_TEST_IDS"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		mintUntilKilled(path)
	}
	goleak.VerifyTestMain(m)
}

// both mints on both sides.
var both = ids.Config{Name: "customer_ids", Service: ids.Mint{Kind: ids.UUID}, Legacy: ids.Mint{Kind: ids.Number, From: 1_000_000}}

func open(t testing.TB, path string) *ids.Store {
	t.Helper()
	store, err := ids.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func table(t testing.TB, store *ids.Store, c ids.Config) *ids.Table {
	t.Helper()
	table, err := store.Table(c)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func fresh(t testing.TB, c ids.Config) *ids.Table {
	t.Helper()
	return table(t, open(t, filepath.Join(t.TempDir(), "ids.db")), c)
}

// exported returns all pairs of a table, and fails where two share an identifier.
func exported(t testing.TB, of *ids.Table) map[string]string {
	t.Helper()
	legacy, service := map[string]string{}, map[string]string{}
	for p, err := range of.Export(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := legacy[p.Legacy]; twice {
			t.Errorf("%q of legacy has two counterparts: %q and %q", p.Legacy, other, p.Service)
		}
		if other, twice := service[p.Service]; twice {
			t.Errorf("%q of the service has two counterparts: %q and %q", p.Service, other, p.Legacy)
		}
		legacy[p.Legacy], service[p.Service] = p.Service, p.Legacy
	}
	if n, err := of.Count(context.Background()); err != nil || n != int64(len(legacy)) {
		t.Errorf("it counts %d pairs and has %d: %v", n, len(legacy), err)
	}
	return legacy
}

var uuid7 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestMint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ids.db")
	store := open(t, path)
	customers := table(t, store, both)
	service, err := customers.ToService(t.Context(), "4711")
	if err != nil || !uuid7.MatchString(service) {
		t.Fatalf("%q is no UUID of version 7: %v", service, err)
	}
	legacy, err := customers.ToLegacy(t.Context(), "c-1")
	if err != nil || legacy != "1000000" {
		t.Fatalf("the first number is %q: %v", legacy, err)
	}
	if next, err := customers.ToLegacy(t.Context(), "c-2"); err != nil || next != "1000001" {
		t.Fatalf("the second number is %q: %v", next, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	again := table(t, open(t, path), ids.Config{Name: both.Name}) // it makes none, so what it finds was kept
	for _, want := range []ids.Pair{{Legacy: "4711", Service: service}, {Legacy: "1000000", Service: "c-1"}} {
		for range 2 { // from the file, then from memory
			if got, err := again.ToService(t.Context(), want.Legacy); err != nil || got != want.Service {
				t.Errorf("%v: to service: %q, %v", want, got, err)
			}
			if got, err := again.ToLegacy(t.Context(), want.Service); err != nil || got != want.Legacy {
				t.Errorf("%v: to legacy: %q, %v", want, got, err)
			}
		}
	}
}

func TestTablesAreApart(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "ids.db"))
	a, b := table(t, store, ids.Config{Name: "a", Service: both.Service}), table(t, store, ids.Config{Name: "b", Service: both.Service})
	x, err := a.ToService(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.ToService(t.Context(), "1")
	if err != nil || x == y {
		t.Errorf("two tables gave %q and %q: %v", x, y, err)
	}
	counts, err := store.Counts(t.Context())
	if diff := cmp.Diff([]ids.Count{{Name: "a", Pairs: 1}, {Name: "b", Pairs: 1}}, counts); diff != "" || err != nil {
		t.Errorf("counts (-want +got):\n%s%v", diff, err)
	}
}

func TestRefuses(t *testing.T) {
	customers := fresh(t, ids.Config{Name: "customer_ids"})
	tests := []struct {
		name, id, want string
		as             any
	}{
		{"unknown", "4711", `table "customer_ids" doesn't know the identifier "4711" of legacy: bring the pair in (strangler ids import customer_ids FILE.csv), or let the table make them (ids.customer_ids.service)`, new(*ids.UnknownError)},
		{"empty", "", `"" can't be an identifier: it is empty`, new(*ids.InvalidError)},
		{"too long", strings.Repeat("x", ids.MaxLength+1), "it has 1025 bytes, and may have 1024", new(*ids.InvalidError)},
		{"not UTF-8", "\xff", "it is not UTF-8", new(*ids.InvalidError)},
		{"zero byte", "a\x00b", "zero byte", new(*ids.InvalidError)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := customers.ToService(t.Context(), test.id)
			if err == nil || got != "" || !strings.Contains(err.Error(), test.want) || !errors.As(err, test.as) {
				t.Errorf("got %q and %v, want a %T with %q", got, err, test.as, test.want)
			}
		})
	}
}

func TestConfigRefused(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "ids.db"))
	tests := []struct {
		name string
		c    ids.Config
		want string
	}{
		{"no name", ids.Config{}, "name"},
		{"a kind that there is not", ids.Config{Name: "a", Service: ids.Mint{Kind: "serial"}}, `can't be made as "serial"`},
		{"a number below 0", ids.Config{Name: "a", Legacy: ids.Mint{Kind: ids.Number, From: -1}}, "can't begin at -1"},
		{"a UUID from one on", ids.Config{Name: "a", Service: ids.Mint{Kind: ids.UUID, From: 7}}, "only numbers"},
		{"max below 0", ids.Config{Name: "a", Max: -1}, "below 0"},
		{"cache below 0", ids.Config{Name: "a", Cache: -1}, "below 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := store.Table(test.c); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestFull(t *testing.T) {
	c := both
	c.Max, c.Cache = 3, 1
	customers := fresh(t, c)
	var first string
	for i := range 3 {
		got, err := customers.ToService(t.Context(), strconv.Itoa(i))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = got
		}
	}
	for range 2 { // also when it is known to be full
		var full *ids.FullError
		if _, err := customers.ToService(t.Context(), "3"); !errors.As(err, &full) || full.Max != 3 {
			t.Errorf("a fourth: %v", err)
		}
		if _, err := customers.ToLegacy(t.Context(), "x"); !errors.As(err, &full) {
			t.Errorf("from the other side: %v", err)
		}
	}
	if got, err := customers.ToService(t.Context(), "0"); err != nil || got != first {
		t.Errorf("what it holds isn't found any more: %q, %v", got, err)
	}
	if n := len(exported(t, customers)); n != 3 {
		t.Errorf("it holds %d", n)
	}
}

// TestNumbersTaken says that numbers that are taken are passed over, however many, and that none is
// used twice.
func TestNumbersTaken(t *testing.T) {
	customers := fresh(t, both)
	const taken = ids.PassedOver*2 + 10
	added, err := customers.Import(t.Context(), func(yield func(ids.Pair, error) bool) {
		for i := range taken {
			if !yield(ids.Pair{Legacy: strconv.Itoa(1_000_000 + i), Service: "s" + strconv.Itoa(i)}, nil) {
				return
			}
		}
	})
	if err != nil || added != taken {
		t.Fatal(added, err)
	}
	if _, err := customers.ToService(t.Context(), strconv.Itoa(1_000_000+taken+1)); err != nil { // a client asked for it
		t.Fatal(err)
	}
	for i, want := range []int{1_000_000 + taken, 1_000_000 + taken + 2} {
		if got, err := customers.ToLegacy(t.Context(), "new"+strconv.Itoa(i)); err != nil || got != strconv.Itoa(want) {
			t.Errorf("got %q, %v, want %d", got, err, want)
		}
	}
	exported(t, customers)
}

func TestConcurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ids.db")
	// Two stores on one file are two processes for SQLite; caches of one pair forget at once.
	c := both
	tables := []*ids.Table{table(t, open(t, path), c)}
	c.Cache = 1
	tables = append(tables, table(t, open(t, path), c))
	var group sync.WaitGroup
	var mu sync.Mutex
	toService, toLegacy := map[string]string{}, map[string]string{}
	note := func(into map[string]string, id, got string, err error) {
		mu.Lock()
		defer mu.Unlock()
		if before, known := into[id]; err != nil || known && before != got {
			t.Errorf("%q is %q and %q: %v", id, before, got, err)
		}
		into[id] = got
	}
	for g := range 64 {
		group.Go(func() {
			for i := range 6 {
				of := tables[(g+i)%2]
				same, own := strconv.Itoa(i), fmt.Sprintf("%d-%d", g, i%2)
				got, err := of.ToService(t.Context(), same)
				note(toService, same, got, err)
				got, err = of.ToLegacy(t.Context(), "s"+same)
				note(toLegacy, "s"+same, got, err)
				got, err = of.ToService(t.Context(), own)
				note(toService, own, got, err)
				back, err := of.ToLegacy(t.Context(), got)
				if err != nil || back != own {
					t.Errorf("%q comes back as %q: %v", own, back, err)
				}
			}
		})
	}
	group.Wait()
	pairs := exported(t, tables[0])
	if len(pairs) != 6+6+128 {
		t.Errorf("there are %d pairs", len(pairs))
	}
	for legacy, service := range toService {
		if pairs[legacy] != service {
			t.Errorf("%q was told to be %q, in the file it is %q", legacy, service, pairs[legacy])
		}
	}
	for service, legacy := range toLegacy {
		if pairs[legacy] != service {
			t.Errorf("%q was told to be %q, in the file that is %q", service, legacy, pairs[legacy])
		}
	}
}

// mintUntilKilled is the child of TestKill: it says so after each pair that it was told of.
func mintUntilKilled(path string) {
	store, err := ids.Open(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	customers, err := store.Table(both)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	have, err := customers.Count(context.Background())
	var mu sync.Mutex
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := have; err == nil; i++ {
				id := fmt.Sprintf("%d-%d", i, g%2) // two ask for the same
				service, err := customers.ToService(context.Background(), id)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Printf("told %s %s\n", id, service)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	os.Exit(1)
}

func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ids.db")
	told := map[string]string{}
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
		n := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var id, service string
			if _, err := fmt.Sscanf(lines.Text(), "told %s %s", &id, &service); err != nil {
				break // the last line may be half
			}
			if before, known := told[id]; known && before != service {
				t.Errorf("round %d: %q was %q and is %q", round, id, before, service)
			}
			told[id] = service
			if n++; n == 20+7*round {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		child.Wait() // it was killed
		if n < 20 {
			t.Fatalf("round %d: only %d: %s", round, n, &stderr)
		}
		store := open(t, path)
		pairs := exported(t, table(t, store, both))
		for id, service := range told {
			if pairs[id] != service {
				t.Errorf("round %d: %q was told to be %q, in the file it is %q", round, id, service, pairs[id])
			}
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ids.db")
	other := open(t, path)
	store, err := ids.OpenBusy(path, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	customers := table(t, store, both)
	known, err := customers.ToService(t.Context(), "known")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := other.Writer().Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := customers.ToService(t.Context(), "new"); err == nil || !strings.Contains(err.Error(), "locked") || !strings.Contains(err.Error(), path) {
		t.Errorf("while another process writes: %v", err)
	}
	if got, err := table(t, store, both).ToService(t.Context(), "known"); err != nil || got != known {
		t.Errorf("what is known isn't found while another process writes: %q, %v", got, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := customers.ToService(t.Context(), "new"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := customers.ToService(ctx, "newer"); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever has gone: %v", err)
	}
}

func TestDiskFull(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "ids.db"))
	customers := table(t, store, both)
	if _, err := store.Writer().Exec("PRAGMA max_page_count = 1"); err != nil { // as many as there are
		t.Fatal(err)
	}
	told := map[string]string{}
	var err error
	for i := 0; err == nil && i < 10_000; i++ {
		id := strings.Repeat("x", 500) + strconv.Itoa(i)
		var got string
		if got, err = customers.ToService(t.Context(), id); err == nil {
			told[id] = got
		}
	}
	if err == nil || !strings.Contains(err.Error(), "full") {
		t.Fatalf("the disk never was full: %v", err)
	}
	_, err = customers.Import(t.Context(), func(yield func(ids.Pair, error) bool) {
		for i := range 100 {
			if !yield(ids.Pair{Legacy: strings.Repeat("y", 500) + strconv.Itoa(i), Service: strconv.Itoa(i)}, nil) {
				return
			}
		}
	})
	if err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("an import: %v", err)
	}
	if diff := cmp.Diff(told, exported(t, customers)); diff != "" {
		t.Errorf("what was told and what is there (-told +there):\n%s", diff)
	}
	if _, err := store.Writer().Exec("PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	if _, err := customers.ToService(t.Context(), "again"); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

func TestForEver(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "ids.db"))
	customers := table(t, store, both)
	if _, err := customers.ToService(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	before := exported(t, customers)
	for _, statement := range []string{
		"UPDATE pairs SET service = 'x'",
		"DELETE FROM pairs",
		"INSERT OR REPLACE INTO pairs VALUES (1, '1', 'x')",
		"INSERT INTO pairs VALUES (1, '1', 'x')",
	} {
		if _, err := store.Writer().Exec(statement); err == nil {
			t.Errorf("%s: it was done", statement)
		}
	}
	if diff := cmp.Diff(before, exported(t, customers)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

func TestUUIDOrder(t *testing.T) {
	at := time.UnixMilli(0x17F22E279B0) // the example of RFC 9562, appendix A.6
	if got := ids.NewUUID(at); !strings.HasPrefix(got, "017f22e2-79b0-7") || !uuid7.MatchString(got) {
		t.Errorf("got %s", got)
	}
	if a, b := ids.NewUUID(at), ids.NewUUID(at.Add(time.Millisecond)); a >= b {
		t.Errorf("%s is not before %s", a, b)
	}
}

// TestProperty says that whatever is asked in whatever order, the table is a bijection that never
// forgets.
func TestProperty(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "ids.db"))
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		c := both
		c.Name, c.Cache, c.Legacy.From = "t"+strconv.Itoa(n), rapid.IntRange(1, 4).Draw(t, "cache"), 3
		of, err := store.Table(c)
		if err != nil {
			t.Fatal(err)
		}
		toService, toLegacy := map[string]string{}, map[string]string{}
		id := rapid.OneOf(rapid.StringMatching(`[0-9]`), rapid.StringMatching(`[a-cä✓]{1,2}`))
		for range rapid.IntRange(1, 15).Draw(t, "calls") {
			from, to, ask, back := toService, toLegacy, of.ToService, of.ToLegacy
			if rapid.Bool().Draw(t, "to legacy") {
				from, to, ask, back = to, from, back, ask
			}
			x := id.Draw(t, "id")
			got, err := ask(context.Background(), x)
			if err != nil {
				t.Fatal(err)
			}
			if before, known := from[x]; known && before != got {
				t.Fatalf("%q was %q and is %q", x, before, got)
			}
			if before, known := to[got]; known && before != x {
				t.Fatalf("%q belongs to %q and to %q", got, before, x)
			}
			from[x], to[got] = got, x
			if again, err := back(context.Background(), got); err != nil || again != x {
				t.Fatalf("%q comes back as %q: %v", x, again, err)
			}
		}
	})
}
