package daemon_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/internal/daemon"
)

// TestStartWithBadJournal starts on journals that can't be one. Routes would begin where the
// file starts them otherwise, which sends traffic where nobody wants it.
func TestStartWithBadJournal(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "legacy", nil)
	text := fmt.Sprintf("legacy: {url: %q}\nroutes:\n  - {name: all, match: {path: /*}}\n", legacy.URL)
	good := journalOf(t, text)
	tests := []struct {
		name    string
		content []byte
		want    string // in the error
	}{
		{"empty", []byte{}, "the file is empty, and a journal never is; restore it from a backup"},
		{"no database", []byte(strings.Repeat("not a database ", 1000)), "it is not an SQLite database"},
		{"truncated", good[:len(good)/2], "the file can't be read, restore it from a backup"},
		{"cut in its header", good[:50], "it has only 50 bytes"},
		{"foreign", foreign(good), "the file is not one of this program's"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			file := filepath.Join(folder, "data", "journal.db")
			if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o700), os.WriteFile(file, tt.content, 0o600)); err != nil {
				t.Fatal(err)
			}
			_, err := tryStart(t, folder, text, daemon.Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "open journal") {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if left, err := os.ReadFile(file); err != nil || string(left) != string(tt.content) {
				t.Errorf("the file did not stay as it was: %d bytes, %v", len(left), err)
			}
			// The folder is free again: nothing stays open after an error.
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			s, err := tryStart(t, folder, text, daemon.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := ended(s); err != nil {
				t.Error(err)
			}
			if !strings.Contains(s.Log.String(), "there was no journal") {
				t.Errorf("a missing journal was not warned of: %s", s.Log)
			}
		})
	}
}

// TestJournalCopiedWithoutItsLog restores a journal that was copied while the proxy ran, which has nothing in it.
func TestJournalCopiedWithoutItsLog(t *testing.T) {
	const text = "legacy: {url: http://127.0.0.1:9}\nroutes: [{name: a, match: {path: /a}}]\n"
	folder := t.TempDir()
	file := filepath.Join(folder, "data", "journal.db")
	s, err := tryStart(t, folder, text, daemon.Options{})
	if err != nil {
		t.Fatal(err)
	}
	copied, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := ended(s); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, copied, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tryStart(t, folder, text, daemon.Options{}); err == nil || !strings.Contains(err.Error(), "was it copied without journal.db-wal?") {
		t.Errorf("it starts: %v", err)
	}
	if err := os.Remove(file); err != nil { // as the message says
		t.Fatal(err)
	}
	if s, err = tryStart(t, folder, text, daemon.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := ended(s); err != nil {
		t.Error(err)
	}
}

// journalOf returns the bytes of the journal that a daemon with that configuration makes.
func journalOf(t *testing.T, text string) []byte {
	t.Helper()
	folder := t.TempDir()
	s, err := tryStart(t, folder, text, daemon.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := ended(s); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(folder, "data", "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// foreign returns the same database with another application's id, at offset 68 of the header
// (https://sqlite.org/fileformat2.html#application_id).
func foreign(journal []byte) []byte {
	other := append([]byte(nil), journal...)
	copy(other[68:], "GPKG")
	return other
}

func TestStartInUse(t *testing.T) {
	legacy := backend(t, "legacy", nil)
	text := fmt.Sprintf("legacy: {url: %q}\n", legacy.URL)
	s := start(t, text)

	t.Run("data folder", func(t *testing.T) {
		_, err := tryStart(t, filepath.Dir(s.File), text, daemon.Options{})
		if want := fmt.Sprintf("data is in use by process %d; stop it, or choose another folder with --data", os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	})
	t.Run("listener", func(t *testing.T) {
		folder := t.TempDir()
		file := filepath.Join(folder, "strangler.yaml")
		content := fmt.Sprintf("listen: %s\nadmin: {listen: \"127.0.0.1:0\"}\ndata: data\n%s", s.Addr(), text)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(file, config.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = daemon.New(t.Context(), daemon.Options{Config: cfg, Logger: slog.New(slog.DiscardHandler)})
		want := fmt.Sprintf("%s:1:9: listen: %s is in use already; stop what listens there or choose another address", file, s.Addr())
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	})
	if status, _, _ := s.get(t, "/"); status != 200 {
		t.Errorf("the first one answers %d", status)
	}
}
