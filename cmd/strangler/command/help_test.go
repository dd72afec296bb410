package command

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// TestHelpFits holds that a help fits into a terminal of 80 characters, but for what is to be copied.
func TestHelpFits(t *testing.T) {
	var each func(*cobra.Command)
	each = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			each(sub)
		}
		var out bytes.Buffer
		cmd.SetOut(&out)
		fit(cmd, 80)
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		section := ""
		for line := range strings.Lines(out.String()) {
			line = strings.TrimRight(line, "\n")
			if strings.HasSuffix(line, ":") && line[0] != ' ' {
				section = line
			}
			if n := utf8.RuneCountInString(line); n > 80 && section != "Examples:" && section != "Usage:" && !strings.HasPrefix(line, "Use \"") {
				t.Errorf("%s --help: %d characters: %s", cmd.CommandPath(), n, line)
			}
		}
	}
	each(newRoot(&Config{}))
}

func TestReflowed(t *testing.T) {
	got := reflowed("one two three\nfour five\n\n  a table   of its own\nsix", 12)
	if want := "one two\nthree four\nfive\n\n  a table   of its own\nsix"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
}
