package ledger_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

// noise returns n bytes that don't compress.
func noise(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.IntN(256))
	}
	return string(b)
}

// holds checks that the totals in the file are what was written, and the groups what diverged.
func holds(t *testing.T, l *ledger.Ledger, route string, total int64) {
	t.Helper()
	totals, err := l.Totals(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var counted, grouped int64
	for _, one := range totals {
		if one.Route == route && one.Verdict == shadow.Diverged {
			counted += one.Count
		}
	}
	groups, err := l.Groups(context.Background(), route, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		grouped += g.Count
	}
	if counted != total || grouped != total {
		t.Errorf("totals count %d, groups %d, want %d", counted, grouped, total)
	}
}

// TestLongReader has somebody read the ledger for long: what is over the bound can't be given
// back meanwhile. Nothing waits for the reader, and nothing is pruned in vain.
func TestLongReader(t *testing.T) {
	const bound = 4 << 20
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{MaxSize: bound, Examples: 1000, Now: clock})
	for n := range 300 {
		l.Record(diverged("r", "/a", n, noise(4000)))
	}
	flush(t, l)
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	reader, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	var rows int
	if err := reader.QueryRow("SELECT count(*) FROM divergences").Scan(&rows); err != nil || rows != 300 {
		t.Fatal(rows, err)
	}
	began := time.Now()
	for n := range 700 {
		l.Record(diverged("r", "/a", 300+n, noise(4000)))
		if n%50 == 49 {
			flush(t, l)
		}
	}
	took := time.Since(began)
	if took > 10*time.Second {
		t.Errorf("recording waited for a reader: %s", took)
	}
	// The log of up to 4 MB that there was is in the file by now, and still there.
	if s := l.Stats(); s.Bytes > 2*bound || s.Dropped > 0 {
		t.Errorf("with a reader: %+v, against a bound of %d", s, bound)
	}
	found, err := l.Divergences(context.Background(), ledger.Query{Limit: 1000})
	if err != nil || len(found) < 200 {
		t.Errorf("%d divergences are left, %v", len(found), err)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	l.Record(diverged("r", "/a", 1001, "{}"))
	flush(t, l)
	if s := l.Stats(); s.Bytes > bound {
		t.Errorf("after the reader: %+v, against a bound of %d", s, bound)
	}
	holds(t, l, "r", 1001)
}

// TestFullDisk lets a process write files of 3 MiB at most: what can't be written is counted,
// and when there is room again it goes on.
func TestFullDisk(t *testing.T) {
	path := os.Getenv("STRANGLER_TEST_FULL")
	if path == "" {
		if testing.Short() {
			t.Skip("starts a process; left out of -short")
		}
		child := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
		child.Env = append(os.Environ(), "STRANGLER_TEST_FULL="+filepath.Join(t.TempDir(), "ledger.db"))
		if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: TestFullDisk") {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	before := limit.Cur
	limit.Cur = 3 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err) // anybody may lower their own limit
	}
	l := open(t, path, ledger.Config{Examples: 10_000, Now: clock, Logger: slog.New(slog.DiscardHandler)})
	n := 0
	var s ledger.Stats
	for n < 2000 && s.Err == nil { // a batch may be dropped and a small one after it still find room
		for range 20 {
			l.Record(diverged("r", "/a", n, noise(20_000)))
			n++
		}
		flush(t, l)
		s = l.Stats()
	}
	if s.Err == nil || s.Dropped == 0 || s.Written == 0 {
		t.Errorf("the disk wasn't full: %+v", s)
	}
	holds(t, l, "r", s.Written)
	limit.Cur = before
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		l.Record(diverged("r", "/a", n, "{}"))
		n++
	}
	flush(t, l)
	if again := l.Stats(); again.Err != nil || again.Written != s.Written+20 {
		t.Errorf("there is room again: %+v, and before %+v", again, s)
	}
	holds(t, l, "r", s.Written+20)
}

// TestKilled kills a process that writes, and reads what it left.
func TestKilled(t *testing.T) {
	if path := os.Getenv("STRANGLER_TEST_KILLED"); path != "" {
		l := open(t, path, ledger.Config{Now: clock})
		for n := 0; ; n++ {
			l.Record(diverged("r", fmt.Sprintf("/a%d", n%7), n, noise(2000)))
			if n%50 == 49 {
				flush(t, l)
				fmt.Println("written", n+1)
			}
		}
	}
	if testing.Short() {
		t.Skip("starts processes; left out of -short")
	}
	for _, after := range []int{1, 5, 12} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		child := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		child.Env = append(os.Environ(), "STRANGLER_TEST_KILLED="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged, lines := 0, bufio.NewScanner(out)
		for range after {
			if !lines.Scan() {
				t.Fatal("the child ended by itself")
			}
			fmt.Sscanf(lines.Text(), "written %d", &acknowledged)
		}
		child.Process.Kill()
		child.Wait()
		l := open(t, path, ledger.Config{Now: clock})
		groups, err := l.Groups(context.Background(), "r", "")
		if err != nil {
			t.Fatal(err)
		}
		var count int64
		for _, g := range groups {
			count += g.Count
		}
		if count < int64(acknowledged) {
			t.Errorf("%d of %d are left", count, acknowledged)
		}
		holds(t, l, "r", count)
		found, err := l.Divergences(context.Background(), ledger.Query{Limit: 1000})
		if err != nil || int64(len(found)) != min(count, 1000) {
			t.Errorf("%d divergences of %d, %v", len(found), count, err)
		}
		l.Record(diverged("r", "/a1", 1_000_000, "{}"))
		flush(t, l)
		holds(t, l, "r", count+1)
	}
}

// TestPoison records what can't be written among what can.
func TestPoison(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock})
	for n := range 100 {
		c := diverged("r", "/a", n, "{}")
		switch n {
		case 10:
			c.Differences[0].Legacy = []byte(`{not JSON`)
		case 20:
			c.Request.Path, c.Request.Host = "/\x00\xff", "\xff"
		case 30:
			c.ID = diverged("r", "/a", 29, "").ID
		case 40:
			c.Legacy, c.Service, c.Request.Header = nil, nil, nil
		}
		l.Record(c)
	}
	flush(t, l)
	if s := l.Stats(); s.Written < 99 {
		t.Errorf("one comparison kept others from being written: %+v", s)
	}
	holds(t, l, "r", l.Stats().Written)
}

// TestDamaged reads a ledger in which somebody has changed things.
func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{Now: clock})
	for n := range 5 {
		l.Record(diverged("r", "/a", n, "{}"))
	}
	flush(t, l)
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE examples SET legacy = x'28b52ffd0458', service = x'', request = zeroblob(1000) WHERE divergence = '000000000001';
		UPDATE examples SET service = x'' WHERE divergence = '000000000002';
		UPDATE divergences SET differences = 'no', header = '[]' WHERE id = '000000000003'`); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"000000000001", "000000000002", "000000000003"} {
		if d, err := l.Divergence(context.Background(), id); err == nil || d.ID != "" || !strings.Contains(err.Error(), id) {
			t.Errorf("%s: %+v, %v", id, d, err)
		}
	}
	if _, err := l.Divergence(context.Background(), "000000000004"); err != nil {
		t.Error(err)
	}
	if groups, err := l.Groups(context.Background(), "r", ""); err != nil || len(groups) != 1 || len(groups[0].Examples) != 5 {
		t.Errorf("%v, %v", groups, err)
	}
	var vacuum int // incremental
	if err := db.QueryRow("PRAGMA auto_vacuum").Scan(&vacuum); err != nil || vacuum != 2 {
		t.Errorf("auto_vacuum is %d, %v", vacuum, err)
	}
}

// TestNewer opens a ledger that a newer program wrote.
func TestNewer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	open(t, path, ledger.Config{}).Close(context.Background())
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	l, err := ledger.Open(context.Background(), path, ledger.Config{})
	if err == nil || !strings.Contains(err.Error(), "version 99") {
		t.Errorf("%v, %v", l, err)
	}
}

// TestFewerExamples opens a ledger again to keep fewer examples than before.
func TestFewerExamples(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	for _, examples := range []int{20, 8, 3, 1} {
		l := open(t, path, ledger.Config{Examples: examples, Now: clock})
		for n := range 30 {
			l.Record(diverged("r", "/a", 100*(20-examples)+n, "{}"))
			flush(t, l)
		}
		groups, err := l.Groups(context.Background(), "r", "")
		if err != nil || len(groups) != 1 || len(groups[0].Examples) != examples {
			t.Errorf("%d examples wanted: %v, %v", examples, groups, err)
		}
		l.Close(context.Background())
	}
}

// TestGroupsAreBoundedAcrossRestarts goes on where another process stopped.
func TestGroupsAreBoundedAcrossRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	for round := range 4 {
		l := open(t, path, ledger.Config{Now: clock})
		for n := range 300 {
			l.Record(diverged("r", fmt.Sprintf("/key%d", 300*round+n), 300*round+n, "{}"))
		}
		flush(t, l)
		l.Close(context.Background())
	}
	l := open(t, path, ledger.Config{Now: clock})
	groups, err := l.Groups(context.Background(), "r", "")
	if err != nil || len(groups) != 501 {
		t.Errorf("%d groups, %v", len(groups), err)
	}
	holds(t, l, "r", 1200)
}

// TestCloseMeanwhile closes while others record, flush and read.
func TestCloseMeanwhile(t *testing.T) {
	for range 5 {
		l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock})
		for n := range 50 {
			l.Record(diverged("r", "/a", n, strings.Repeat("x", 100_000)))
		}
		flush(t, l)
		var all sync.WaitGroup
		for who := range 4 {
			all.Go(func() {
				for n := range 2000 {
					l.Record(diverged("r", "/a", who*10_000+n, "{}"))
					if s := l.Stats(); s.Recorded != s.Written+s.Pending+s.Dropped {
						t.Errorf("%+v", s)
					}
				}
			})
			all.Go(func() {
				for range 100 {
					if _, err := l.Divergence(context.Background(), fmt.Sprintf("%012d", 49)); err != nil {
						return
					}
				}
			})
			all.Go(func() {
				for range 20 {
					if err := l.Flush(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		time.Sleep(time.Millisecond)
		for range 2 {
			all.Go(func() {
				if err := l.Close(context.Background()); err != nil {
					t.Error(err)
				}
				if _, err := l.Totals(context.Background()); err == nil {
					t.Error("closed, and still open")
				}
			})
		}
		all.Wait()
		if s := l.Stats(); s.Recorded != 8050 || s.Pending != 0 || s.Written+s.Dropped != 8050 {
			t.Errorf("%+v", s)
		}
	}
}
