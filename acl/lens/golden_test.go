package lens

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/document"
)

var update = flag.Bool("update", false, "write what comes out into the golden files")

// TestGolden goes through testdata: a file for each definition of goldens, in which each case is
//
//	legacy's JSON
//	<-> the service's JSON
//
// The arrow says in which direction the case is tried; with -> or <- the side that it points to is
// what comes out, and an error there begins with an exclamation mark. A ~ in front of a JSON text
// says that it is of a format which repeats names and has nothing but texts. Lines with # are comments.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".golden")
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			g, ok := goldens[name]
			if !ok {
				t.Fatalf("no definition for %s", file)
			}
			l, err := New(g.Definition, g.Set)
			if err != nil {
				t.Fatalf("New: %v", err)
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(string(raw), "\n")
			cases := 0
			for i := 1; i < len(lines); i++ {
				arrow, right, ok := strings.Cut(lines[i], " ")
				if !ok || arrow != "<->" && arrow != "->" && arrow != "<-" {
					continue
				}
				cases++
				left := lines[i-1]
				if arrow != "<-" {
					got := outcome(t, l.ToService, left)
					if *update && arrow == "->" {
						lines[i] = "-> " + got
					} else if diff := cmp.Diff(strings.TrimPrefix(right, "~"), got); diff != "" {
						t.Errorf("line %d, to service, of %s: (-want +got)\n%s", i+1, left, diff)
					}
				}
				if arrow != "->" {
					got := outcome(t, l.ToLegacy, right)
					if *update && arrow == "<-" {
						lines[i-1] = got
					} else if diff := cmp.Diff(strings.TrimPrefix(left, "~"), got); diff != "" {
						t.Errorf("line %d, to legacy, of %s: (-want +got)\n%s", i+1, right, diff)
					}
				}
			}
			if cases == 0 {
				t.Error("no cases")
			}
			if *update {
				if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	for name := range goldens {
		if !seen[name] {
			t.Errorf("no testdata/%s.golden", name)
		}
	}
}

// outcome is what a translation makes of a JSON text: another, or ! and an error.
func outcome(t *testing.T, translate func(context.Context, document.Value) (*document.Document, error), in string) string {
	t.Helper()
	body, repeats := strings.CutPrefix(in, "~")
	d := parse(t, body)
	d.Repeats = repeats
	out, err := translate(context.Background(), d.Root())
	if err != nil {
		if _, ok := err.(*document.Error); !ok {
			t.Errorf("%s: a %T, not a *document.Error", in, err)
		}
		return "! " + err.Error()
	}
	return text(out.Root())
}
