package daemon_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

// ledgerFile opens a running daemon's ledger from outside, as an operator with sqlite3 would.
func (s *system) ledgerFile(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(filepath.Dir(s.File), "data", "ledger.db")+"?_busy_timeout=5000&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// diverging starts a daemon whose every GET of /orders/{id} diverges, with bodies of some size.
func diverging(t *testing.T, size int, settings string) *system {
	answer := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, name, r.URL.Path, strings.Repeat(name, size/len(name)))
		}
	}
	return start(t, fmt.Sprintf(oneRoute, backend(t, "", answer("legacy")).URL, backend(t, "", answer("service")).URL)+"    start: shadow\n"+settings)
}

func (s *system) ask(t *testing.T, from, n int) {
	t.Helper()
	for i := range n {
		if code, body, _ := s.get(t, fmt.Sprintf("/orders/%d", from+i)); code != 200 || !strings.HasPrefix(body, "legacy") {
			t.Fatalf("request %d: %d %.50q", i, code, body)
		}
	}
}

// TestLedgerLocked holds the ledger's lock for a while: clients don't notice, nothing is lost.
func TestLedgerLocked(t *testing.T) {
	s := diverging(t, 100, "")
	tx, err := s.ledgerFile(t).Begin()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s.ask(t, 0, 300)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("clients waited for the ledger: 300 requests took %s", took)
	}
	eventually(t, "all are compared", func() bool { return s.Stats().Routes[0].Comparisons.Diverged == 300 })
	if kept := s.Stats().Ledger; kept.Written != 0 || kept.Pending != 300 {
		t.Errorf("locked, and yet %+v", kept)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all are written", func() bool { return s.Stats().Ledger.Written == 300 })
	if kept := s.Stats().Ledger; kept.Dropped != 0 || kept.Error != "" {
		t.Errorf("after the lock %+v", kept)
	}
}

// TestLedgerBroken takes a table away: what can't be written is counted and shown for as long
// as it lasts.
func TestLedgerBroken(t *testing.T) {
	t.Parallel()
	s := diverging(t, 100, "")
	file := s.ledgerFile(t)
	if _, err := file.Exec("ALTER TABLE totals RENAME TO away"); err != nil {
		t.Fatal(err)
	}
	s.ask(t, 0, 50)
	eventually(t, "all are dropped", func() bool { return s.Stats().Ledger.Dropped == 50 })
	kept := s.Stats().Ledger
	if !strings.Contains(kept.Error, "no such table") {
		t.Errorf("error %q", kept.Error)
	}
	if code, detail := s.ready(t); code != http.StatusOK || detail["ledger_problem"] != kept.Error {
		t.Errorf("/readyz: %d %v", code, detail)
	}
	s.logs(t, "comparisons could not be recorded and are dropped")
	if want := `strangler_ledger_comparisons_total{outcome="dropped"} 50`; !strings.Contains(s.metrics(t), want) {
		t.Errorf("/metrics doesn't say %s", want)
	}
	if c := s.Stats().Routes[0].Comparisons; c.Diverged != 50 {
		t.Errorf("the counts forgot them: %+v", c)
	}
	if _, err := file.Exec("ALTER TABLE away RENAME TO totals"); err != nil {
		t.Fatal(err)
	}
	s.ask(t, 100, 50)
	eventually(t, "the next are written", func() bool { return s.Stats().Ledger.Written == 50 })
	if kept := s.Stats().Ledger; kept.Error != "" || kept.Dropped != 50 {
		t.Errorf("when it is over: %+v", kept)
	}
	if _, detail := s.ready(t); detail["ledger_problem"] != nil {
		t.Errorf("/readyz when it is over: %v", detail)
	}
}

// TestLedgerSmall fills a ledger that may not grow: it stays within its bound, and every count
// is kept.
func TestLedgerSmall(t *testing.T) {
	t.Parallel()
	s := diverging(t, 20<<10, "ledger: {max_size: 1MiB}\n")
	for round := range 4 {
		s.ask(t, 1000*round, 250)
		eventually(t, "all are settled", func() bool {
			kept := s.Stats().Ledger
			return kept.Written+kept.Dropped == int64(250*(round+1))
		})
		if kept := s.Stats().Ledger; kept.Bytes > kept.MaxBytes || kept.Bytes == 0 || kept.Dropped != 0 {
			t.Errorf("round %d: %+v", round, kept)
		}
	}
	groups, err := s.API.Groups(t.Context(), "orders-read", "")
	if err != nil || len(groups) != 1 || groups[0].Count != 1000 {
		t.Errorf("groups %+v, %v", groups, err)
	}
}
