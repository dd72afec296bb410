package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// TestFormats holds what each way to print makes of the same list.
func TestFormats(t *testing.T) {
	s := newSystem(t)
	s.routes[0].Actor, s.routes[0].Reason, s.routes[0].Owner = "anna", "clean: for a day", "team orders"
	for _, tt := range []struct{ name, args, want string }{
		{"a table", "routes", `ROUTE        PHASE   WEIGHT  SERVICE  MATCH  UNIT
orders-read  canary  5%      orders   any    -
pause        shadow  0%      -        any    -
plain        legacy  0%      -        any    -
`},
		{"wide, without headings", "routes -o wide --no-headers", `orders-read  canary  5%  orders  any   -  team orders  7  2026-05-04 12:00:00  anna  clean: for a day
pause        shadow  0%  -       any   -  -            1  2026-05-04 12:00:00
plain        legacy  0%  -       any   -  -            1  2026-05-04 12:00:00
`},
		{"names", "routes -q", "orders-read\npause\nplain\n"},
		{"one name", "routes pause -q", "pause\n"},
		{"names, whatever the format", "rollout -q -o json", "orders-read\npause\n"},
		{"a change says nothing", "shift plain shadow -q", ""},
		{"nor does one that stops a rollout", "shift orders-read shadow -q", ""},
		{"nor a rollback", "rollback --all --quiet", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, got, stderr := s.run(t, strings.Fields(tt.args)...)
			if diff := cmp.Diff(tt.want, got); diff != "" || status != 0 || stderr != "" {
				t.Errorf("status %d, errors %q (-want +got):\n%s", status, stderr, diff)
			}
		})
	}
	for _, args := range []string{"routes -o xml", "rollback --all -o text"} {
		if status, _, stderr := s.run(t, strings.Fields(args)...); status != 2 || !strings.Contains(stderr, `it is table, wide, json or yaml`) {
			t.Errorf("%s ends with %d, errors %q", args, status, stderr)
		}
	}
}

// TestYAMLIsTheJSON has every value that JSON can have come back from YAML as it was, with its members in
// the same order.
func TestYAMLIsTheJSON(t *testing.T) {
	const text = `{"z":"no","on":["1","1:20","Off","1:60","ON-1","1.0","~","null","true","2026-05-04","- a","a: b","#","","  "," lines\nof\n text \n","\u0000\u001b\u007f\u0085\ud83d\ude00\ufeff"],` +
		`"numbers":[0,-1,1.50,1e3,1E400,123456789012345678901234567890],"none":null,"yes":true,"object":{},"array":[],"deep":[[{"a":[{}]}]]}`
	var out bytes.Buffer
	if err := encodeYAML(&out, json.RawMessage(text), false); err != nil {
		t.Fatal(err)
	}
	var want, got any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(text, "1E400,", "")), &want); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in\n%s", err, &out)
	}
	numbers := got.(map[string]any)["numbers"].([]any)
	got.(map[string]any)["numbers"] = append(numbers[:4:4], numbers[5:]...) // 1E400 is no float64
	again, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	got = nil
	if err := json.Unmarshal(again, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-JSON +YAML):\n%s\n%s", diff, &out)
	}
	if !strings.HasPrefix(out.String(), "z: \"no\"\n\"on\":\n  - \"1\"\n  - \"1:20\"\n  - \"Off\"\n  - 1:60\n  - ON-1\n") || !strings.Contains(out.String(), "- 1.50\n") {
		t.Errorf("it is\n%s", &out)
	}
}

func TestYAMLOfCommands(t *testing.T) {
	s := newSystem(t)
	if _, got, _ := s.run(t, "routes", "plain", "-o", "yaml"); !strings.HasPrefix(got, "name: plain\nmatch:") || !strings.Contains(got, "\nphase: legacy\nweight: 0\n") {
		t.Errorf("it is\n%s", got)
	}
	s.looked = progressing(s)
	_, got, _ := s.run(t, "rollout", "orders-read", "--watch", "-o", "yaml")
	if strings.Count(got, "\n---\nname: orders-read\n") != 2 || strings.HasPrefix(got, "---") {
		t.Errorf("what is watched isn't one document after another:\n%s", got)
	}
}

// TestTablesFitInto80 holds that with names as people give them a table fits into a terminal of old, but
// for a text at its end; all else is what wide is for.
func TestTablesFitInto80(t *testing.T) {
	newSystem(t) // for its zone
	at := strangler.Canary(25_00)
	for name, table := range map[string]func(s *sheet){
		"routes": func(s *sheet) {
			printRoutes(s, []web.Route{{Name: "orders-read", Service: "orders", Unit: "orders", Phase: strangler.PhaseCanary, Weight: 25_00, Actor: "anna", Since: noon,
				Match: strangler.Match{Methods: []string{"GET", "HEAD"}, Path: "/api/orders/{id}"}}})
		},
		"divergences": func(s *sheet) {
			printDivergences(s, []web.Divergence{{ID: "1234", At: noon, Route: "orders-read", Group: "364414181570be23", Method: "GET", Path: "/api/ord/1201"}})
		},
		"groups": func(s *sheet) {
			printGroups(s, []web.Group{{ID: "7015c9a7aaaa6b36", Route: "orders-read", Count: 1900, State: "expected", Title: "/TOTAL differs"}})
		},
		"journal": func(s *sheet) {
			printEntries(s, []web.Entry{{Seq: 1042, At: noon, Route: "orders-read", Kind: "moved", How: "rollback", Before: &at, After: &at, Version: 2, Actor: "ben"}})
		},
		"rules": func(s *sheet) {
			printRules(s, []web.Rule{{ID: "5f0c1b2a3d4e", Route: "orders-read", Kind: "tolerance", Pointer: "/items/*/price", Value: "0.01", Actor: "anna", Verified: true}})
		},
		"series": func(s *sheet) { printSeries(s, busySeries("orders-read", time.Minute), false) },
		"series by route": func(s *sheet) {
			printSeries(s, busySeries("customers-of-the-warehouse", 24*time.Hour), true)
		},
		"status": func(s *sheet) {
			printStatus(s, statusReport{Routes: []web.Route{{Name: "orders-create", Phase: strangler.PhaseCanary, Weight: 12_34, Owner: "team orders"}},
				Config: web.ConfigState{File: "strangler.yaml", LoadedAt: noon},
				Stats:  web.Stats{Routes: []web.RouteStats{busy("orders-create"), busy("customers-of-the-warehouse-in-the-north"), busy("")}}})
		},
	} {
		var widths [2]int
		for i, wide := range []bool{false, true} {
			var out bytes.Buffer
			s := newSheet(wide, false)
			table(s)
			if err := s.flush(&out, false); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				widths[i] = max(widths[i], utf8.RuneCountInString(strings.TrimRight(line, "\n")))
			}
		}
		if widths[0] > 80 || widths[1] <= widths[0] {
			t.Errorf("%s is %d wide, and wide it is %d", name, widths[0], widths[1])
		}
	}
}

// TestLongLinesAreBroken holds that what doesn't fit into a terminal stands below its column, with its colour,
// and a text at any word.
func TestLongLinesAreBroken(t *testing.T) {
	for _, tt := range []struct {
		name  string
		width int
		table func(w io.Writer)
		want  string
	}{
		{"the last cell", 40, func(w io.Writer) {
			heading(w, "GROUP", "WHAT")
			row(w, "7015c9a7", paint(red, "/BK_LST is in another order in all answers"), "")
		}, `[1mGROUP[0m     [1mWHAT[0m
7015c9a7  [31m/BK_LST is in another order in[0m
          [31mall answers[0m
`},
		{"there is no room below it", 40, func(w io.Writer) {
			row(w, "seven", "words", "that take", "most of it", "and a reason for all that it does")
		}, `seven  words  that take  most of it
    and a reason for all that it does
`},
		{"nor is it a text", 20, func(w io.Writer) { row(w, "seven", "words", "that take", "a name") }, "seven  words  that take  a name\n"},
		{"a text", 30, func(w io.Writer) {
			fmt.Fprintln(w, "the rollout of orders-read wants a person")
		}, `the rollout of orders-read
    wants a person
`},
		{"no terminal", 0, func(w io.Writer) {
			row(w, "a", strings.Repeat("long ", 40)+"text")
		}, "a  " + strings.Repeat("long ", 40) + "text\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			s := newSheet(false, false)
			s.width = tt.width
			tt.table(s)
			if err := s.flush(&out, true); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.ReplaceAll(tt.want, "[", "\x1b["), out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestDivergencesFit holds that values have what room a terminal leaves them, and that what is noise is not named.
func TestDivergencesFit(t *testing.T) {
	newSystem(t) // for its zone
	long := []byte(`"` + strings.Repeat("x", 50) + `"`)
	list := []web.Divergence{{At: noon, Route: "orders-read", Method: "GET", Path: "/api/ord/1201?with=everything-there-is", Differences: []shadow.Difference{
		{Pointer: "/REQ_ID", Kind: shadow.KindValue, Noise: "random"}, {Pointer: "/VAT_CENTS", Kind: shadow.KindValue, Legacy: long, Service: long}}}}
	for width, want := range map[int]string{
		80:  "2026-05-04 12:00:00  orders-read  GET /api/ord/12…  /VAT_CENTS  \"xxxxx…  \"xxxxx…\n",
		140: "2026-05-04 12:00:00  orders-read  GET /api/ord/1201?with=everything-there-is  /VAT_CENTS  \"xxxxxxxxxxxxxxxxxxxxxx…  \"xxxxxxxxxxxxxxxxxxxxxx…\n",
		0:   "2026-05-04 12:00:00  orders-read  GET /api/ord/1201?with=everything-there-is  /VAT_CENTS  \"" + strings.Repeat("x", 28) + "…  \"" + strings.Repeat("x", 28) + "…\n",
	} {
		var out bytes.Buffer
		s := newSheet(false, true)
		s.width = width
		printDivergences(s, list)
		if err := s.flush(&out, false); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%d wide (-want +got):\n%s", width, diff)
		}
	}
}

// busy are figures as large as they come.
func busy(route string) web.RouteStats {
	s := web.RouteStats{Route: route, Legacy: web.SideStats{PerSecond: 1234.5, Failures: 1_234_567, P50MS: 4.1, P99MS: 31.2},
		Service: web.SideStats{PerSecond: 12345.6, Failures: 76_543}, Fallbacks: 12}
	s.Comparisons.Match, s.Comparisons.Diverged, s.Comparisons.Skipped = 123_456_789, 98_765, 7
	return s
}

func busySeries(route string, step time.Duration) web.Series {
	side := web.SeriesSide{Requests: 1_234_567, Failed: 1_222_222, P50MS: 12.3, P90MS: 123, P99MS: 12345}
	return web.Series{Step: web.SeriesStep(step), Lines: []web.SeriesLine{{Route: route, Points: []web.SeriesPoint{{At: noon, Legacy: side, Service: side, Fallbacks: 12,
		Comparisons: web.SeriesComparisons{Match: 1_234_567, Diverged: 98_765, Failed: 3, Skipped: 7}}}}}}
}

// TestStatusTable holds what of status is in which table, and that a name that has no room is cut in one of them only.
func TestStatusTable(t *testing.T) {
	report := statusReport{Routes: []web.Route{{Name: "orders-create", Phase: strangler.PhaseCanary, Weight: 12_34, Owner: "team orders"}},
		Stats: web.Stats{Routes: []web.RouteStats{busy("orders-create"), busy("customers-of-the-warehouse"), {}}}}
	for name, tt := range map[string]struct {
		table func(w *sheet)
		want  string
	}{
		"table": {func(s *sheet) { printStatusTable(s, report) }, `
ROUTE                    AT      REQ/S    SERVED  FAILED L/S  COMPARED  DIVERGED
orders-create            12.34%  13580.1  91%     1234k/76k   123M      98k
customers-of-the-wareh…  -       13580.1  91%     1234k/76k   123M      98k
(everything else)        legacy  0.0      -       0/0         0         0
`},
		"wide": {func(s *sheet) { printStatusWide(s, report) }, `
ROUTE                       AT      LEGACY/S  SERVICE/S  FAILED L  FAILED S  P50 L  P99 L  P50 S  P99 S  FALLBACKS  COMPARED   DIVERGED  FAILED  SKIPPED  OWNER
orders-create               12.34%  1234.5    12345.6    1234567   76543     4.10   31.2   -      -      12         123555554  98765     0       7        team orders
customers-of-the-warehouse  -       1234.5    12345.6    1234567   76543     4.10   31.2   -      -      12         123555554  98765     0       7        -
(everything else)           legacy  0.0       0.0        0         0         -      -      -      -      0          0          0         0       0        -
`},
	} {
		var out bytes.Buffer
		s := newSheet(name == "wide", false)
		tt.table(s)
		if err := s.flush(&out, false); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want[1:], out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestColour holds that colour changes nothing but the colour, and where there is any.
func TestColour(t *testing.T) {
	s := newSystem(t)
	t.Setenv("NO_COLOR", "")
	t.Setenv("CLICOLOR_FORCE", "")
	s.routes[1].Name = "shadow" // as its phase
	_, plain, _ := s.run(t, "routes")
	if strings.Contains(plain, "\x1b") {
		t.Errorf("there is colour where there is no terminal: %q", plain)
	}
	t.Setenv("CLICOLOR_FORCE", "1")
	_, inked, _ := s.run(t, "routes")
	if want := "\x1b[1mROUTE\x1b[0m        \x1b[1mPHASE\x1b[0m   "; !strings.HasPrefix(inked, want) {
		t.Errorf("the headings are %q", inked)
	}
	if want := "\nshadow       \x1b[36mshadow\x1b[0m  "; !strings.Contains(inked, want) {
		t.Errorf("no %q in %q", want, inked)
	}
	for _, c := range []colour{bold, red, green, yellow, cyan, "\x1b[0m"} {
		inked = strings.ReplaceAll(inked, string(c), "")
	}
	if diff := cmp.Diff(plain, inked); diff != "" {
		t.Errorf("(-plain +coloured):\n%s", diff)
	}
	t.Setenv("NO_COLOR", "1")
	if _, got, _ := s.run(t, "routes"); got != plain {
		t.Errorf("there is colour in spite of NO_COLOR: %q", got)
	}
}
