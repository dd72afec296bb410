package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/strangler-fig/toolkit/"

// mayImport lists, for each room, the rooms that it may import beside itself and its parents.
// A room covers the folders in it that are not listed themselves.
var mayImport = map[string][]string{
	"strangler":          {"internal/slow"},
	"strangler/journal":  {"strangler", "internal/sqlitedb"},
	"internal/slow":      {},
	"internal/accesslog": {},
	"internal/browser":   {},
	"shadow":             {},
	"shadow/compare":     {"shadow"},
	"shadow/ledger":      {"shadow", "internal/sqlitedb"},
	"acl":                {},
	"acl/document":       {},
	"acl/format":         {"acl/document"},
	"acl/lens":           {"acl/document"},
	"acl/body":           {"acl/document", "acl/format", "acl/lens"},
	"acl/exchange":       {"acl/document", "acl/format", "acl/lens", "acl/body"},
	"acl/ids":            {"internal/sqlitedb"},
	"acl/identity":       {},
	"acl/suggest":        {"acl/document", "acl/format", "acl/lens", "acl/body"},
	"acl/roundtrip":      {"acl/document", "acl/format", "acl/lens", "acl/body"},
	"web":                {"strangler", "shadow", "acl"},
	"internal/sqlitedb":  {},
	"internal/config":    {"strangler", "shadow", "acl"},
	"internal/daemon":    {"strangler", "shadow", "acl", "web", "internal/config", "internal/sqlitedb"},
	"cmd":                {"internal/daemon", "internal/config", "internal/accesslog", "web", "acl", "strangler", "examples/bookshop"},
	"examples":           {"strangler", "shadow", "acl", "cmd"},
}

// TestImports holds the house's one rule of direction: children import their parents, the three
// libraries never import one another, and nobody but the daemon knows everybody.
func TestImports(t *testing.T) {
	type pkg struct {
		ImportPath, Dir  string
		GoFiles, Imports []string
	}
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		from := strings.TrimPrefix(p.ImportPath, module)
		if from == "internal" {
			continue // this test
		}
		room := roomOf(from)
		if room == "" {
			t.Errorf("%s stands in no room; say in mayImport what it may import", from)
		}
		seen++
		for _, file := range p.GoFiles { // so that a cached result ends with a change of them
			if _, err := os.ReadFile(filepath.Join(p.Dir, file)); err != nil {
				t.Error(err)
			}
		}
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, module)
			if ours && !allowed(from, room, to) {
				t.Errorf("%s imports %s", from, to)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

// allowed reports whether a package of a room may import another.
func allowed(from, room, to string) bool {
	if within(from, to) { // its parent
		return true
	}
	if room == "cmd" || room == "examples" || room == "web" {
		if within(to, room) {
			return true
		}
	}
	for _, target := range mayImport[room] {
		if within(to, target) {
			return true
		}
	}
	return false
}

// within reports whether path is folder or lies in it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// roomOf returns the most specific room that a path lies in.
func roomOf(path string) string {
	best := ""
	for room := range mayImport {
		if within(path, room) && len(room) > len(best) {
			best = room
		}
	}
	return best
}
