package command

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestArgumentsOf(t *testing.T) {
	for use, want := range map[string][]string{
		"status":                             nil,
		"routes [ROUTE]":                     {"ROUTE"},
		"rollback ROUTE | --all":             {"ROUTE"},
		"retire ROUTE… | --unit":             {"ROUTE…"},
		"triage GROUP open|expected|fixed":   {"GROUP", "open|expected|fixed"},
		"try TRANSLATOR [FILE] [--to side]":  {"TRANSLATOR", "FILE"},
		"import FILE.har --route ROUTE":      {"FILE.har"},
		"check [-c strangler.yaml]":          {},
		"suggest ROUTE | --legacy GLOB… [a]": {"ROUTE"},
	} {
		if diff := cmp.Diff(want, argumentsOf(use), cmp.Transformer("length", func(s []string) string { return strings.Join(s, ",") })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", use, diff)
		}
	}
}

// TestCompletionDoesNotWait has a proxy that never answers: the shell is kept for half a second, and told
// nothing.
func TestCompletionDoesNotWait(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-gone }))
	defer server.Close()
	defer close(gone)
	var stdout, stderr bytes.Buffer
	begun := time.Now()
	status := Main(Config{Args: []string{"__complete", "--admin", server.URL, "shift", ""}, Stdout: &stdout, Stderr: &stderr})
	if took := time.Since(begun); took < completionPatience || took > 20*completionPatience {
		t.Errorf("it took %s", took)
	}
	if diff := cmp.Diff(":36\n", stdout.String()); diff != "" || status != 0 {
		t.Errorf("status %d (-want +got):\n%s", status, diff)
	}
}

// TestEveryFlagCompletes holds that no flag has files offered that aren't its values.
func TestEveryFlagCompletes(t *testing.T) {
	for _, args := range []string{"shift --reason", "journal --at", "replay --rate", "demo --listen", "routes --token"} {
		var stdout, stderr bytes.Buffer
		Main(Config{Args: append(append([]string{"__complete"}, strings.Fields(args)...), ""), Stdout: &stdout, Stderr: &stderr})
		if stdout.String() != ":36\n" {
			t.Errorf("%s has %s", args, &stdout)
		}
	}
}
