package command

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The pages in ../reference are those of the commands as they are.
func TestReferenceIsCurrent(t *testing.T) {
	for folder, markdown := range map[string]bool{"../reference": true, "../reference/man": false} {
		want, err := manual(newRoot(&Config{Args: []string{}}), markdown)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		var there []string
		for _, entry := range entries {
			if !entry.IsDir() {
				there = append(there, entry.Name())
			}
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), there); diff != "" {
			t.Errorf("%s has other pages than there are commands: run go generate ./cmd/strangler, and remove those that it doesn't write (-commands +pages):\n%s", folder, diff)
		}
		for name, page := range want {
			got, err := os.ReadFile(filepath.Join(folder, name))
			if err == nil && !bytes.Equal(page, got) {
				t.Errorf("%s/%s is not what the command says: run go generate ./cmd/strangler (-command +page):\n%s", folder, name, cmp.Diff(string(page), string(got)))
			}
		}
	}
}

// TestManual holds that pages have no dates, whose commands they are, and nothing of whose machine it is.
func TestManual(t *testing.T) {
	t.Setenv("STRANGLER_ADMIN", "http://elsewhere:1")
	t.Setenv("SOURCE_DATE_EPOCH", "86400")
	folder := filepath.Join(t.TempDir(), "man1")
	var stderr bytes.Buffer
	if status := Main(Config{Args: []string{"man", folder}, Stderr: &stderr}); status != 0 || !strings.HasSuffix(stderr.String(), " pages in "+folder+"\n") {
		t.Fatalf("status %d, %s", status, &stderr)
	}
	page, err := os.ReadFile(filepath.Join(folder, "strangler-rollout-pause.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`.TH "STRANGLER-ROLLOUT-PAUSE" "1" "" "strangler" "strangler manual"`, "strangler rollout pause ROUTE", `--admin`, `"http://127.0.0.1:9900"`, "how to print; it is table, wide, json or yaml"} {
		if !strings.Contains(strings.ReplaceAll(string(page), `\-`, "-"), want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	for _, not := range []string{"elsewhere", "1970", "0001", "cobra", "=false", "…"} {
		if strings.Contains(string(page), not) {
			t.Errorf("there is %s in\n%s", not, page)
		}
	}
	if status := Main(Config{Args: []string{"man", filepath.Join(folder, "strangler.1")}, Stderr: &stderr}); status != 1 {
		t.Errorf("into a file it ends with %d", status)
	}
}
