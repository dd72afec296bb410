package config

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strangler-fig/toolkit/shadow/compare"
)

// load loads a text as if it were a file.
func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "strangler.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(file, testOptions())
}

const legacy = "legacy: {url: http://127.0.0.1:8000}\n"

// TestMessagesKeepSecrets says that no message of the corpus repeats what is likely a secret.
func TestMessagesKeepSecrets(t *testing.T) {
	for _, file := range files(t, "testdata/*.bad.txt", 35) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"0123456789abcdef", "hunter2", "tok3n", "pa55"} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s repeats %s", file, secret)
			}
		}
	}
}

// TestLargeFiles says that no file costs much, nor brings on a message without end.
func TestLargeFiles(t *testing.T) {
	routes := func(n int, path string) string {
		var b strings.Builder
		b.WriteString(legacy + "services: {s: {urls: [http://a]}}\nroutes:\n")
		for i := range n {
			fmt.Fprintf(&b, "- {name: r%d, match: {path: \"%s\"}, service: s}\n", i, strings.ReplaceAll(path, "N", fmt.Sprint(i)))
		}
		return b.String()
	}
	var keys strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&keys, "k%d: 1\n", i)
	}
	for _, tt := range []struct {
		name, text, want string
	}{
		{"many routes", routes(2000, "/p/N/{x}"), ""},
		{"many routes that tie", routes(1000, "/p/{x}"), "problems more"},
		{"many unknown keys", legacy + keys.String(), "problems more"},
		{"a long value", legacy + `listen: "` + strings.Repeat("x", 1<<20) + `"`, "is no address"},
		{"lists in lists", legacy + "routes: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "this is a list"},
		{"never closed", legacy + "routes: " + strings.Repeat("[", 100_000), "not YAML"},
		{"mappings in mappings", legacy + "routes: " + strings.Repeat("{a: ", 5000) + strings.Repeat("}", 5000), "write a list"},
		{"too large", strings.Repeat("#", maxFile+1), "larger than 8 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			_, err := load(t, tt.text)
			if took := time.Since(began); took > 15*time.Second { // a twentieth of it on a quiet machine
				t.Errorf("it took %s", took)
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %.300v, want %q", err, tt.want)
			}
			if err != nil && len(err.Error()) > maxProblems*(maxMessage+300) {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
		})
	}
}

// TestLineEndings says that positions are right however lines end.
func TestLineEndings(t *testing.T) {
	for name, end := range map[string]string{"unix": "\n", "windows": "\r\n", "old mac": "\r"} {
		_, err := load(t, strings.ReplaceAll("legacy:\n  url: http://127.0.0.1:8000\nlisten: \"é:${1}\"\nroutez: 1\n", "\n", end))
		problems, _ := err.(Problems)
		var got []string
		for _, p := range problems {
			got = append(got, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Path))
		}
		want := []string{"3:12 listen", "4:1 routez"}
		if end == "\r" {
			want[0] = "3:9 listen" // such lines are not looked into
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestTolerances says that a percentage is the decimal that was written.
func TestTolerances(t *testing.T) {
	for text, want := range map[string]compare.Tolerance{
		"0.7%": {By: 0.007, Relative: true}, "1%": {By: 0.01, Relative: true}, "0%": {By: 0, Relative: true}, "1e-3%": {By: 1e-5, Relative: true},
		"33.3%": {By: 0.333, Relative: true}, "150%": {By: 1.5, Relative: true}, ".5": {By: 0.5}, "0.7": {By: 0.7}, "5": {By: 5},
		"0x10": {By: -1}, "1_0": {By: -1}, "inf": {By: -1}, "nan": {By: -1}, "%": {By: -1}, "1 %": {By: -1},
	} {
		c, err := load(t, legacy+"routes: [{name: r, match: {path: /a}, shadow: {compare: {tolerance: {/n: \""+text+"\"}}}}]\n")
		if want.By < 0 {
			if err == nil || !strings.Contains(err.Error(), "is no tolerance") {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, c.Routes[0].Rules.Tolerance["/n"]); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// TestDefaultIsNoFile says that a file that names legacy alone is the same as none.
func TestDefaultIsNoFile(t *testing.T) {
	c, err := load(t, legacy)
	if err != nil {
		t.Fatal(err)
	}
	want := Default(&url.URL{Scheme: "http", Host: "127.0.0.1:8000"})
	want.File, want.Files, want.Data = c.File, []string{c.File}, filepath.Join(filepath.Dir(c.File), want.Data)
	if diff := cmp.Diff(want, c, cmpopts.IgnoreUnexported(Config{})); diff != "" {
		t.Errorf("(-none +file):\n%s", diff)
	}
}

// TestExample says that the example's configuration gives no cause for concern.
func TestExample(t *testing.T) {
	c, err := Load("../../examples/bookshop/strangler.yaml", Options{Env: testOptions().Env})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) > 0 || len(c.Routes) == 0 {
		t.Errorf("%d routes, warnings: %v", len(c.Routes), c.Warnings)
	}
}
