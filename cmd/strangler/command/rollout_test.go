package command

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

func TestRolloutTable(t *testing.T) {
	s := newSystem(t)
	s.freeze = &web.Freeze{Until: noon, Actor: "anna", Verified: true, Reason: "the sales"}
	s.rollouts[0].Frozen = "frozen by anna"
	status, got, stderr := s.run(t, "rollout")
	want := `NAME         STEPS                        STATE            NEXT                                                          FORECAST
orders-read  shadow 1% [5%] 25% 50% live  running, frozen  holding at 5%: divergence is below 1.4%, the gate wants 0.1%  40m
pause        [shadow] 1% 5% 25% 50% live  advising         advice: promoting to 1%: every gate holds                     -

promotions are frozen until 2026-05-04 12:00:00, by anna: the sales
`
	if diff := cmp.Diff(want, got); diff != "" || status != 0 || stderr != "" {
		t.Errorf("status %d, errors %q (-want +got):\n%s", status, stderr, diff)
	}

	_, got, _ = s.run(t, "rollout", "-o", "json")
	var report rolloutReport
	if err := json.Unmarshal([]byte(got), &report); err != nil || len(report.Rollouts) != 2 || report.Freeze == nil || report.Rollouts[0].Gates[0].Need != 2783 {
		t.Errorf("%v: %s", err, got)
	}

	s.rollouts, s.freeze = nil, nil
	if status, got, stderr = s.run(t, "rollout"); status != 0 || stderr != "No route has a rollout in the configuration.\n" || !strings.HasPrefix(got, "NAME") {
		t.Errorf("without rollouts: status %d, errors %q, %s", status, stderr, got)
	}
	if _, got, stderr = s.run(t, "rollout", "-o", "json"); stderr != "" || got != "{\n  \"rollouts\": []\n}\n" {
		t.Errorf("without rollouts: errors %q, %s", stderr, got)
	}
}

func TestRolloutOfOne(t *testing.T) {
	s := newSystem(t)
	status, got, stderr := s.run(t, "rollout", "orders-read")
	want := `route           orders-read
steps           shadow 1% [5%] 25% 50% live
at              5% since 2026-05-04 12:00:00
state           running
next            holding at 5%: divergence is below 1.4%, the gate wants 0.1%
forecast        at least 40m until every gate can be shown to hold
wants a person  at 2026-05-07 12:00:00, if nothing is shown until then
evidence        orders-read: 212 compared, 0 diverged, since 2026-05-04 12:00:00, of version v7, trial 2

GATE        STATE  LIMIT  SEEN     BETWEEN             COUNT  NEEDS
divergence  open   0.1%   0%       0% to 1.4%          212    2783
errors      holds  0.5pp  -0.01pp  -0.412pp to 0.41pp  800    -
latency     open   1.3x   0.9x     above 0.5x          800    -
skipped     off    -      -        -                   -      -

latency: too few slow answers
`
	if diff := cmp.Diff(want, got); diff != "" || status != 0 || stderr != "" {
		t.Errorf("status %d, errors %q (-want +got):\n%s", status, stderr, diff)
	}
	_, got, _ = s.run(t, "rollout", "orders-read", "-o", "json")
	var one web.Rollout
	if err := json.Unmarshal([]byte(got), &one); err != nil || !cmp.Equal(s.rollouts[0], one) {
		t.Errorf("%v: %s", err, got)
	}
}

// TestRolloutNames has routes whose names are those of subcommands, and names that nothing has.
func TestRolloutNames(t *testing.T) {
	tests := []struct {
		name           string
		args           []string
		status         int
		stdout, stderr string
	}{
		{"after -- it is a route", []string{"--", "pause"}, 0, "^route +pause\n", "^$"},
		{"also after flags", []string{"-o", "json", "--", "pause"}, 0, `"name": "pause"`, "^$"},
		{"before it a subcommand, with the route behind it", []string{"pause", "pause"}, 0, "^pause is at shadow, paused by ", "^$"},
		{"a subcommand alone lacks a route", []string{"pause"}, 2, "^$", "it is strangler rollout pause ROUTE \\[flags\\]; a route of the name pause is shown by: strangler rollout -- pause\n"},
		{"a subcommand mistyped", []string{"puase", "orders-read"}, 2, "^$", `there is no strangler rollout puase; did you mean "pause"\?`},
		{"two routes, one called as a subcommand", []string{"--", "pause", "orders-read"}, 2, "^$", `"orders-read" is one argument too many`},
		{"two routes", []string{"orders-read", "plain"}, 2, "^$", `"plain" is one argument too many`},
		{"no route", []string{"order-read"}, 4, "^$", `no route "order-read"; did you mean "orders-read"\?`},
		{"a route without one", []string{"plain"}, 4, "^$", "no rollout of route plain: it has none in the configuration"},
		{"steered, no route", []string{"promote", "order-read"}, 4, "^$", `did you mean "orders-read"\?`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := newSystem(t).run(t, append([]string{"rollout"}, tt.args...)...)
			if status != tt.status || !regexp.MustCompile(tt.stdout).MatchString(stdout) || !regexp.MustCompile(tt.stderr).MatchString(stderr) {
				t.Errorf("status %d, want %d; errors\n%s%s", status, tt.status, stderr, stdout)
			}
		})
	}
}

func TestStepsText(t *testing.T) {
	steps := ordersRead().Steps
	tests := []struct {
		name string
		at   strangler.Position
		want string
	}{
		{"at a step", strangler.Canary(25_00), "shadow 1% 5% [25%] 50% live"},
		{"at the last", strangler.At(strangler.PhaseLive), "shadow 1% 5% 25% 50% [live]"},
		{"before the first", strangler.At(strangler.PhaseLegacy), "(legacy) shadow 1% 5% 25% 50% live"},
		{"between two, by hand", strangler.Canary(10_00), "shadow 1% 5% (10%) 25% 50% live"},
		{"beyond the last", strangler.At(strangler.PhaseRetired), "shadow 1% 5% 25% 50% live (retired)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, stepsText(web.Rollout{Steps: steps, Position: tt.at})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestStateAndNextText(t *testing.T) {
	resting := web.Rollout{State: web.RolloutResting, StateActor: "rollout", StateSince: noon, RestsUntil: noon.Add(time.Hour), StateWhy: "divergence is broken", Action: "rollback", Why: "rolling back to shadow"}
	tests := []struct {
		name              string
		of                web.Rollout
		word, state, next string
	}{
		{"promoting", web.Rollout{State: web.RolloutRunning, Action: "promote", Why: "promoting to live"}, "running", "running", "promoting to live"},
		{"only advising", web.Rollout{State: web.RolloutAdvising, Action: "promote", Why: "promoting to live"}, "advising", "advising (auto: false)", "advice: promoting to live"},
		{"only advising to stay", web.Rollout{State: web.RolloutAdvising, Action: "hold", Why: "holding at 5%"}, "advising", "advising (auto: false)", "holding at 5%"},
		{"frozen", web.Rollout{State: web.RolloutRunning, Action: "hold", Frozen: "f"}, "running, frozen", "running", ""},
		{"frozen, while it rests anyway", web.Rollout{State: web.RolloutPaused, Frozen: "f"}, "paused", "paused", ""},
		{"wants a person", web.Rollout{State: web.RolloutStopped, Person: true, Frozen: "f"}, "stopped, wants a person", "stopped", ""},
		{"resting", resting, "resting", "resting by rollout since 2026-05-04 12:00:00, rests until 2026-05-04 13:00:00: divergence is broken", "advice: rolling back to shadow"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			newSystem(t) // for its zone
			if diff := cmp.Diff([]string{tt.word, tt.state, tt.next}, []string{stateWord(tt.of), stateText(tt.of), nextText(tt.of)}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSpanText(t *testing.T) {
	for seconds, want := range map[float64]string{0: "-", -1: "-", 0.2: "1s", 59.9: "59s", 60: "1m", 2400: "40m", 3599: "60m", 3600: "1h", 12000: "3h20m",
		86399: "24h", 86400: "1d", 187200: "2d4h", 1e300: "36500d"} {
		if got := spanText(seconds); got != want {
			t.Errorf("%v s are %s, want %s", seconds, got, want)
		}
	}
}

func TestMeasure(t *testing.T) {
	for _, tt := range []struct {
		gate string
		v    float64
		want string
	}{
		{"divergence", 0.001, "0.1%"}, {"divergence", 0.00007, "0.007%"}, {"divergence", 0.0140291, "1.4%"}, {"skipped", 0.07, "7%"}, {"skipped", 1, "100%"},
		{"errors", 0.005, "0.5pp"}, {"errors", -0.00412, "-0.412pp"}, {"latency", 1.3, "1.3x"}, {"latency", 12.3456, "12.3x"}, {"latency", 1e21, "1000000000000000000000x"},
	} {
		if got := measure(tt.gate, tt.v); got != tt.want {
			t.Errorf("%s %v is %s, want %s", tt.gate, tt.v, got, tt.want)
		}
	}
}

// TestWhole holds how far a rollout is: the bar must not promise more than is shown.
func TestWhole(t *testing.T) {
	at := func(p strangler.Position, gates ...web.GateReading) web.Rollout {
		return web.Rollout{Steps: ordersRead().Steps, Position: p, Gates: gates, Since: noon}
	}
	half := web.GateReading{State: "open", Count: 500, Need: 500}
	first := strangler.At(strangler.PhaseShadow)
	holding := at(first)
	holding.HoldsUntil = noon.Add(10 * time.Minute)
	done := at(first)
	done.State = web.RolloutDone
	tests := []struct {
		name string
		of   web.Rollout
		want float64
	}{
		{"the slowest gate counts", at(first, half, web.GateReading{State: "holds"}, web.GateReading{State: "off"}), 0.1},
		{"of a gate that is broken nothing does", at(first, half, web.GateReading{State: "broken"}), 0},
		{"nor of one of which nobody can say", at(first, web.GateReading{State: "open", Count: 500}), 0},
		{"steps behind it", at(strangler.Canary(5_00), half), 0.5},
		{"on the last step, not yet done", at(strangler.At(strangler.PhaseLive), half), 1},
		{"every gate holds, and the hold isn't over", holding, 0.08},
		{"before the first step", at(strangler.At(strangler.PhaseLegacy)), 0},
		{"between two steps", at(strangler.Canary(10_00)), 0.4},
		{"beyond the last", at(strangler.At(strangler.PhaseRetired)), 1},
		{"done", done, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := whole(tt.of, noon.Add(4*time.Minute)); got < tt.want-1e-9 || got > tt.want+1e-9 {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// TestRolloutBars holds what a terminal shows besides.
func TestRolloutBars(t *testing.T) {
	newSystem(t) // for its zone
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	printRollout(w, ordersRead(), page{bars: true}, noon.Add(time.Hour))
	w.Flush()
	for _, want := range []string{
		"\nthe whole       [============                  ] 40 %\n",
		"divergence  open   0.1%   0%       0% to 1.4%          212    2783  [=                   ]\n",
		"errors      holds  0.5pp  -0.01pp  -0.412pp to 0.41pp  800    -     [====================]\n",
		"latency     open   1.3x   0.9x     above 0.5x          800    -\n", // nobody can say
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// TestRolloutRows holds the lines that are there only at times.
func TestRolloutRows(t *testing.T) {
	newSystem(t) // for its zone
	usual := ordersRead()
	unusual := ordersRead()
	unusual.Person, unusual.Frozen, unusual.HoldsUntil, unusual.Forecast = true, "frozen by anna: frozen food", noon.Add(time.Hour), 0
	for _, row := range []struct {
		text           string
		usual, unusual bool
	}{
		{"forecast\tat least 40m until every gate can be shown to hold\n", true, false},
		{"wants a person\tat 2026-05-07 12:00:00, if nothing is shown until then\n", true, false},
		{"wants a person\tnow\n", false, true},
		{"frozen\tby anna: frozen food\n", false, true},
		{"holds until\t2026-05-04 13:00:00\n", false, true},
		{"the whole\t", false, false},
		{"divergence: ", false, false}, // the line of the whole has said it
		{"errors: ", false, false},     // it holds
	} {
		for r, want := range map[*web.Rollout]bool{&usual: row.usual, &unusual: row.unusual} {
			var out bytes.Buffer
			printRollout(&out, *r, page{}, noon)
			if strings.Contains(out.String(), row.text) != want {
				t.Errorf("wants a person: %v: %q is there: %v, want %v:\n%s", r.Person, row.text, !want, want, &out)
			}
		}
	}
	unusual.Gates[1].Why = "errors are fine"
	var out bytes.Buffer
	if printRollout(&out, unusual, page{}, noon.Add(time.Hour)); strings.Contains(out.String(), "holds until") || strings.Contains(out.String(), "errors: ") {
		t.Errorf("the hold is over, and of a gate that holds there is nothing to say:\n%s", &out)
	}
}

func TestRolloutOfUnit(t *testing.T) {
	newSystem(t) // for its zone
	r := ordersRead()
	r.Name, r.Unit, r.Routes = "orders", "orders", []string{"orders-read", "orders-list"}
	var out bytes.Buffer
	printRollout(&out, r, page{}, noon)
	for _, want := range []string{"unit\torders: orders-read, orders-list\n", "ROUTE\tGATE\t", "\norders-read\terrors\tholds\t", "\norders-read, latency: too few slow answers\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// TestRolloutHostile has a service's version, which the service itself says, try to leave its line.
func TestRolloutHostile(t *testing.T) {
	s := newSystem(t)
	s.rollouts[0].Evidence[0].Version = "v7\x1b[2J\nstate  done"
	s.rollouts[0].Why = "why\x1b[2J"
	s.rollouts[0].Gates[2].Why = "slow\r\x1b[2J"
	for _, args := range [][]string{{"rollout"}, {"rollout", "orders-read"}, {"rollout", "promote", "orders-read"}, {"status"}} {
		if _, got, _ := s.run(t, args...); strings.ContainsAny(got, "\x1b\r") || strings.Contains(got, "\nstate  done") {
			t.Errorf("%v prints %q", args, got)
		}
	}
}

// TestNarrowTerminals holds that what fits into a line can be had in one: the table of all gives up what
// comes next, one breaks its long lines, and bars get shorter.
func TestNarrowTerminals(t *testing.T) {
	newSystem(t) // for its zone
	long := ordersRead()
	long.Why = "holding at 5%: " + strings.Repeat("divergence is below 1.4%, ", 10) + "the gate wants 0.1%"
	long.Gates[2].Why = strings.Repeat("too few slow answers, ", 10) + "that is all"
	print := func(width int, print func(w io.Writer)) (lines []string, widest int) {
		var out bytes.Buffer
		w := tabwriter.NewWriter(&out, 0, 0, columnGap, ' ', 0)
		print(w)
		w.Flush()
		lines = strings.Split(out.String(), "\n")
		for _, line := range lines {
			widest = max(widest, utf8.RuneCountInString(line))
		}
		return lines, widest
	}
	for _, tt := range []struct {
		width, table, one int // what is the widest of each; it is the width, where that can be
		bar               string
	}{
		{0, 131, 310, "[=                   ]"},
		{200, 200, 200, "[=                   ]"},
		{100, 100, 100, "[=                   ]"},
		{80, 81, 80, "[         ]"}, // all else but what comes next is 61 wide
		{60, 81, 67, ""},            // and the table of gates 67
	} {
		t.Run(strconv.Itoa(tt.width), func(t *testing.T) {
			lines, widest := print(tt.width, func(w io.Writer) { printRollouts(w, []web.Rollout{long}, nil, tt.width) })
			if widest != tt.table || !strings.Contains(lines[1], "…  40m") {
				t.Errorf("the table is %d wide, want %d:\n%s", widest, tt.table, strings.Join(lines, "\n"))
			}
			lines, widest = print(tt.width, func(w io.Writer) { printRollout(w, long, page{true, tt.width}, noon) })
			text := strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
			if widest > tt.one || tt.width == 0 && widest != tt.one {
				t.Errorf("one is %d wide, want %d:\n%s", widest, tt.one, strings.Join(lines, "\n"))
			}
			if !strings.Contains(text, long.Why) || !strings.Contains(text, "latency: "+long.Gates[2].Why) {
				t.Errorf("something is lost:\n%s", strings.Join(lines, "\n"))
			}
			gate := lines[slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "divergence ") })]
			bar := ""
			if i := strings.Index(gate, "["); i >= 0 {
				bar = gate[i:]
			}
			if bar != tt.bar {
				t.Errorf("the bar is %q, want %q", bar, tt.bar)
			}
		})
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		width      int
		want       []string
	}{
		{"it fits", "a bc", 4, []string{"a bc"}},
		{"it doesn't", "a bc d", 4, []string{"a bc", "d"}},
		{"nobody says how wide", "a bc d", 0, []string{"a bc d"}},
		{"a word that is longer", "a bcdefg h", 3, []string{"a", "bcdefg", "h"}},
		{"characters, not bytes", "äö üß", 5, []string{"äö üß"}},
		{"nothing", "", 5, []string{""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, wrap(tt.text, tt.width)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestStatusWantsAPerson says what a person would do about each.
func TestStatusWantsAPerson(t *testing.T) {
	s := newSystem(t)
	stopped, resting, waiting := ordersRead(), ordersRead(), ordersRead()
	for _, r := range []*web.Rollout{&stopped, &resting, &waiting} {
		r.Person, r.Action, r.Why = true, "promote", "promoting to 25%: every gate holds"
	}
	stopped.Name, stopped.State, stopped.StateActor, stopped.StateWhy = "a", web.RolloutStopped, "anna", "moved by hand to shadow"
	resting.Name, resting.State, resting.StateActor, resting.RestsUntil, resting.StateWhy = "b", web.RolloutResting, "rollout", noon, "divergence is above 2%"
	waiting.Name, waiting.Why = "c", "holding at 5%: it needs a person; `strangler rollout resume c` gives it as long again"
	s.rollouts = []web.Rollout{stopped, resting, waiting}
	_, stdout, _ := s.run(t, "status")
	for _, want := range []string{
		"\nrollout of a wants a person: stopped by anna: moved by hand to shadow; strangler rollout resume a lets it go on\n",
		"\nrollout of b wants a person: resting by rollout, rests until 2026-05-04 12:00:00: divergence is above 2%; strangler rollout resume b lets it go on\n",
		"\nrollout of c wants a person: holding at 5%: it needs a person; `strangler rollout resume c` gives it as long again\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}
