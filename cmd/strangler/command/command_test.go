package command

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

func TestEveryCommandHelps(t *testing.T) {
	var stdout, stderr bytes.Buffer
	for _, cmd := range everyCommand() {
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			switch {
			case cmd.Short == "" || strings.HasSuffix(cmd.Short, "."):
				t.Errorf("its short help is %q", cmd.Short)
			case cmd.Long == "":
				t.Error("there is no long help")
			case !strings.Contains(cmd.Example, cmd.CommandPath()):
				t.Errorf("its help has no example of it")
			case cmd.GroupID == "" && !cmd.Parent().HasParent():
				t.Errorf("it is in no group")
			}
			stdout.Reset()
			stderr.Reset()
			args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
			status := Main(Config{Args: args, Stdout: &stdout, Stderr: &stderr})
			if status != 0 || stderr.Len() > 0 || !strings.Contains(stdout.String(), "Examples:\n  "+cmd.CommandPath()) {
				t.Errorf("--help ends with %d, errors %q and\n%s", status, &stderr, &stdout)
			}
		})
	}
}

// TestEveryCommandHasItsFlags holds that what commands have in common they have in the same flags.
func TestEveryCommandHasItsFlags(t *testing.T) {
	kinds := map[string]struct {
		flags    []string
		commands string
	}{
		"lists things":               {[]string{"output", "quiet", "no-headers"}, "divergences groups ids journal rollout routes rules"},
		"shows something":            {[]string{"output", "no-headers"}, "evidence series status ids_find translate_check translate_suggest translate_try"},
		"shows one thing":            {[]string{"output"}, "explain"},
		"compares":                   {[]string{"output", "quiet", "no-headers"}, "compare diff replay verify"},
		"changes routes":             {[]string{"output", "quiet", "reason"}, "freeze thaw triage undo rollout_abort rollout_pause rollout_promote rollout_resume"},
		"changes much, and asks":     {[]string{"output", "quiet", "reason", "yes"}, "ignore retire rollback rules_drop shift state_import"},
		"changes for ever, and asks": {[]string{"output", "quiet", "yes"}, "ids_import"},
		"has an outcome alone":       {[]string{"quiet"}, "check import"},
		"prints a file":              {nil, "completion_bash completion_fish completion_powershell completion_zsh export ids_export man schema state_export"},
		"runs":                       {nil, "demo init serve"},
		"tells of the program":       {nil, "completion help state translate version"},
	}
	of := map[string]string{}
	for kind, k := range kinds {
		for _, name := range strings.Fields(k.commands) {
			of[name] = kind
		}
	}
	for _, cmd := range everyCommand() {
		name := strings.Join(strings.Fields(cmd.CommandPath())[1:], "_")
		kind, known := of[name]
		if !known {
			t.Errorf("%s is of no kind: say which, and see which flags go with that", cmd.CommandPath())
		}
		delete(of, name)
		var has []string
		for _, flag := range []string{"output", "quiet", "no-headers", "reason", "yes"} {
			if cmd.Flags().Lookup(flag) != nil {
				has = append(has, flag)
			}
		}
		for _, flag := range kinds[kind].flags {
			if !slices.Contains(has, flag) {
				t.Errorf("%s %s, and has no --%s", cmd.CommandPath(), kind, flag)
			}
		}
		if slices.Contains(has, "yes") != strings.HasSuffix(kind, "and asks") || slices.Contains(has, "output") && !slices.Contains(kinds[kind].flags, "output") {
			t.Errorf("%s %s, and has the flags %v", cmd.CommandPath(), kind, has)
		}
	}
	for name := range of {
		t.Errorf("there is no command %s", name)
	}
}

// TestEveryTypoIsFollowed has the name of each command and of each flag misspelt, and wants to be asked what was meant.
func TestEveryTypoIsFollowed(t *testing.T) {
	swapped := func(name string) string { // its second and third letter
		return name[:1] + name[2:3] + name[1:2] + name[3:]
	}
	commands := everyCommand()
	root := commands[0].Root() // one for all: cobra keeps what completes flags for ever
	for _, cmd := range commands {
		path := strings.Fields(cmd.CommandPath())[1:]
		mistyped := append(slices.Clone(path[:len(path)-1]), swapped(cmd.Name()))
		tries := map[string][]string{cmd.Name(): append(mistyped, "a", "b")}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if len(f.Name) > 3 && f.Name[1] != f.Name[2] {
				tries["--"+f.Name] = append(slices.Clone(path), "--"+swapped(f.Name)+"=1")
			}
		})
		for want, args := range tries {
			if len(strings.Trim(want, "-")) < 4 || want[1] == want[2] && !strings.HasPrefix(want, "-") {
				continue // too short to be told from another, or the same
			}
			root.SetArgs(args)
			err := root.Execute()
			if err == nil || statusOf(err) != statusUsage || !strings.Contains(err.Error(), "did you mean") || !strings.Contains(err.Error(), want) {
				t.Errorf("%v is %v", args, err)
			}
		}
	}
}

// everyCommand returns all commands and their subcommands.
func everyCommand() (all []*cobra.Command) {
	for next := newRoot(&Config{Args: []string{}}).Commands(); len(next) > 0; next = next[1:] {
		all = append(all, next[0])
		next = append(next, next[0].Commands()...)
	}
	return all
}

func TestStatusOf(t *testing.T) {
	problem := func(code string) error { return &failure{&api.Problem{Code: code, Detail: code}} }
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"what cobra complains of", errors.New("unknown flag"), 2},
		{"wrong usage that cobra can't see", &failure{usagef("no")}, 2},
		{"an invalid configuration", &failure{config.Problems{{Message: "bad"}}}, 2},
		{"wrapped, it is still one", &failure{fmt.Errorf("load: %w", config.Problems{{Message: "bad"}})}, 2},
		{"an address that is taken", &failure{config.Problem{Message: "in use"}}, 1},
		{"nobody answers", &failure{&api.UnreachableError{Err: errors.New("refused")}}, 3},
		{"no such route", problem(web.CodeUnknownRoute), 4},
		{"no such group", problem(web.CodeNotFound), 4},
		{"changed meanwhile", problem(web.CodeConflict), 5},
		{"a guard", problem(web.CodeRefused), 6},
		{"a request that makes no sense", problem(web.CodeInvalid), 2},
		{"no token", problem(web.CodeUnauthorized), 1},
		{"the wrong role", problem(web.CodeForbidden), 1},
		{"the server's fault", problem(web.CodeInternal), 1},
		{"anything else", &failure{errors.New("disk full")}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := statusOf(tt.err); got != tt.want {
				t.Errorf("status %d, want %d", got, tt.want)
			}
		})
	}
}

func TestExplainError(t *testing.T) {
	cmd := &cobra.Command{Use: "strangler"}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"wrong usage says where to read on", errors.New("no flag"), "strangler: no flag\nRun 'strangler --help' for how it is used."},
		{"a failure doesn't", &failure{errors.New("disk full")}, "strangler: disk full"},
		{"problems begin with their places",
			&failure{config.Problems{{File: "a.yaml", Line: 1, Column: 2, Message: "bad"}, {File: "a.yaml", Line: 3, Column: 4, Message: "worse"}}},
			"a.yaml:1:2: bad\na.yaml:3:4: worse"},
		{"so does one alone", &failure{config.Problem{File: "a.yaml", Line: 1, Column: 2, Message: "bad"}}, "a.yaml:1:2: bad"},
		{"one without a place doesn't", &failure{config.Problem{Path: "listen", Message: "bad"}}, "strangler: listen: bad"},
		{"a token is asked for", &failure{&api.Problem{Code: web.CodeUnauthorized}},
			"strangler: the proxy wants a token that it knows; give one with --token or STRANGLER_TOKEN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, explain(cmd, tt.err)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseMoment(t *testing.T) {
	now := time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name, text string
		want       time.Time // zero: refused
	}{
		{"how long ago", "90m", now.Add(-90 * time.Minute)},
		{"how long ago, with a sign", "-90m", now.Add(-90 * time.Minute)},
		{"days ago, with a sign", "-2d", now.Add(-48 * time.Hour)},
		{"RFC 3339", "2026-05-01T12:00:00+02:00", time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)},
		{"RFC 3339 with a fraction", "2026-05-01T12:00:00.000001Z", time.Date(2026, 5, 1, 12, 0, 0, 1000, time.UTC)},
		{"local date and time", "2026-05-01 12:30", time.Date(2026, 5, 1, 12, 30, 0, 0, time.Local)},
		{"local date and time to the second", "2026-05-01 12:30:15", time.Date(2026, 5, 1, 12, 30, 15, 0, time.Local)},
		{"the beginning of a local day", "2026-05-01", time.Date(2026, 5, 1, 0, 0, 0, 0, time.Local)},
		{"a word", "yesterday", time.Time{}},
		{"a time without a date", "12:30", time.Time{}},
		{"days, which time.ParseDuration doesn't know", "1.5d", now.Add(-36 * time.Hour)},
		{"no number of days", "NaNd", time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseMoment("at", tt.text, now)
			if !got.Equal(tt.want) || (err == nil) == tt.want.IsZero() {
				t.Errorf("parseMoment(%q) = %v, %v; want %v", tt.text, got, err, tt.want)
			}
		})
	}
}

func TestRowCantBeBrokenOut(t *testing.T) {
	var out bytes.Buffer
	row(&out, "a\tb", "line\nbreak", "\x1b[31mred", "\u202eturned", "Bücher – 本", "")
	if diff := cmp.Diff("a�b\tline�break\t�[31mred\t�turned\tBücher – 本\n", out.String()); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestExcerpt(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"nothing", "", "-"},
		{"what fits", `"thirty characters and no more"`[1:31], "thirty characters and no more\""},
		{"what doesn't is cut between characters", strings.Repeat("ü", 31), strings.Repeat("ü", 29) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := excerpt([]byte(tt.value)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
