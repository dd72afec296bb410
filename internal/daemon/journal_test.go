package daemon_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web/api"
)

// journalFile opens a running daemon's journal from outside.
func (s *system) journalFile(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(filepath.Dir(s.File), "data", "journal.db")+"?_busy_timeout=5000&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestJournalLocked holds the journal's lock: a change waits for it, and one that can't be
// written doesn't happen; requests flow on all the while.
func TestJournalLocked(t *testing.T) {
	t.Parallel()
	s := start(t, fmt.Sprintf(oneRoute, backend(t, "legacy", nil).URL, backend(t, "service", nil).URL))
	file := s.journalFile(t)
	shift := func(to strangler.Phase) chan error {
		done := make(chan error, 1)
		go func() {
			_, err := s.API.Shift(t.Context(), "orders-read", api.ShiftRequest{Phase: to})
			done <- err
		}()
		return done
	}
	// flows asks until the change is answered.
	flows := func(done chan error, want string) error {
		t.Helper()
		for {
			select {
			case err := <-done:
				return err
			default:
			}
			began := time.Now()
			if _, body, decision := s.get(t, "/orders/7"); !strings.HasPrefix(body, "legacy") && want == "legacy" || time.Since(began) > 3*time.Second {
				t.Fatalf("%q, %q after %s", body, decision, time.Since(began))
			}
			time.Sleep(5 * time.Millisecond)
		}
	}

	tx, err := file.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := flows(shift(strangler.PhaseLive), "legacy"); err == nil {
		t.Error("a change was acknowledged that can't be on the disk")
	}
	if route := s.routeNamed("orders-read"); route.Phase != strangler.PhaseLegacy || route.Version != 1 {
		t.Errorf("a change that failed has moved it: %+v", route)
	}
	done := shift(strangler.PhaseLive)
	time.Sleep(200 * time.Millisecond)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := flows(done, ""); err != nil {
		t.Errorf("a change that waited for the lock: %v", err)
	}
	if _, body, _ := s.get(t, "/orders/7"); !strings.HasPrefix(body, "service") {
		t.Errorf("after it the route answers %q", body)
	}
}

// TestJournalStranger writes into the journal from outside: the daemon changes nothing on top of
// what it doesn't know.
func TestJournalStranger(t *testing.T) {
	s := start(t, fmt.Sprintf(oneRoute, backend(t, "legacy", nil).URL, backend(t, "service", nil).URL))
	if _, err := s.journalFile(t).Exec(`INSERT INTO entries SELECT seq + 1, seq + 1, at + 1, 'removed', '', route, unit, version + 1,
		after_phase, after_weight, NULL, NULL, 'stranger', 0, '', NULL, NULL, NULL, NULL, hash FROM entries`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.API.Shift(t.Context(), "orders-read", api.ShiftRequest{Phase: strangler.PhaseLive}); err == nil {
		t.Error("a change was made on top of a stranger's")
	}
	if !strings.Contains(s.Log.String(), "another process wrote into it; restart to read it anew") {
		t.Errorf("the log doesn't say what to do: %s", s.Log)
	}
	if _, body, _ := s.get(t, "/orders/7"); !strings.HasPrefix(body, "legacy") {
		t.Errorf("the route answers %q", body)
	}
}
