package main

import (
	"strings"
	"testing"
)

func TestMissed(t *testing.T) {
	figures := func(label string, all ...sample) *contestantResult {
		return &contestantResult{Label: label, Rounds: all}
	}
	cpu := func(micros ...float64) (all []sample) {
		for _, m := range micros {
			all = append(all, sample{Requests: 100, CPUMicros: m})
		}
		return all
	}
	compared := func(micros float64, match, skipped, other, recorded int64) sample {
		return sample{Requests: 100, CPUMicros: micros, Copies: match, Match: match, Skipped: skipped, OtherVerdicts: other, Recorded: recorded}
	}
	copied := func(micros float64, copies int64) sample {
		return sample{Requests: 100, CPUMicros: micros, Copies: copies}
	}
	waits := func(p50, p99 float64) sample { return sample{P50MS: p50, P99MS: p99} }
	ratio := target{"strangler", 0.60}
	for _, test := range []struct {
		name   string
		kind   kind
		target target
		of     []*contestantResult
		says   string // empty: it is met
	}{
		{"met", kindTime, ratio, []*contestantResult{figures("strangler", cpu(60)...), figures("reverse", cpu(100)...)}, ""},
		{"missed", kindTime, ratio, []*contestantResult{figures("strangler", cpu(61)...), figures("reverse", cpu(100)...)}, "0.610 of the time of reverse, the target is 0.60"},
		{"the ratios' median counts, not the medians' ratio", kindTime, ratio,
			[]*contestantResult{figures("strangler", cpu(50, 90, 120)...), figures("reverse", cpu(100, 100, 240)...)}, ""},
		{"no target", kindTime, target{}, []*contestantResult{figures("strangler", cpu(200)...), figures("reverse", cpu(100)...)}, ""},
		{"nobody to compare with", kindTime, ratio, []*contestantResult{figures("strangler", cpu(60)...)}, "reverse wasn't measured"},
		{"nobody who has the target", kindTime, ratio, []*contestantResult{figures("reverse", cpu(60)...)}, "strangler wasn't measured"},
		{"mirror met", kindTime, ratio, []*contestantResult{figures("strangler", compared(50, 96, 4, 0, 100)), figures("reverse", copied(100, 100))}, ""},
		{"too many skipped", kindTime, ratio, []*contestantResult{figures("strangler", compared(50, 94, 6, 0, 100)), figures("reverse", copied(100, 100))}, "6.0 % of the requests weren't compared"},
		{"not all decided", kindTime, ratio, []*contestantResult{figures("strangler", compared(50, 99, 0, 0, 99)), figures("reverse", copied(100, 100))}, "99 verdicts on 100 requests"},
		{"answers taken for different", kindTime, ratio, []*contestantResult{figures("strangler", compared(50, 99, 0, 1, 100)), figures("reverse", copied(100, 100))}, "1 answers weren't found to match"},
		{"not all recorded", kindTime, ratio, []*contestantResult{figures("strangler", compared(50, 100, 0, 0, 99)), figures("reverse", copied(100, 100))}, "99 of 100 verdicts were recorded"},
		{"the other's mirror left some out", kindTime, ratio, []*contestantResult{figures("strangler", compared(50, 100, 0, 0, 100)), figures("reverse", copied(100, 99))}, "99 copies of 100 requests"},
		{"clients don't wait", kindDelay, target{label: "strangler"}, []*contestantResult{figures("strangler", waits(0.4, 3)), figures("strangler"+withoutMirror, waits(0.3, 2))}, ""},
		{"clients wait", kindDelay, target{label: "strangler"}, []*contestantResult{figures("strangler", waits(500, 510)), figures("strangler"+withoutMirror, waits(0.3, 2))}, "p50 of strangler is 500.00 ms"},
		{"some clients wait", kindDelay, target{label: "strangler"}, []*contestantResult{figures("strangler", waits(0.3, 500)), figures("strangler"+withoutMirror, waits(0.3, 2))}, "p99 of strangler is 500.00 ms"},
		{"small", kindMemory, target{"strangler", 25_000}, []*contestantResult{figures("strangler", sample{PerConnection: 25_000})}, ""},
		{"large", kindMemory, target{"strangler", 25_000}, []*contestantResult{figures("strangler", sample{PerConnection: 25_100})}, "25.1 KB, the target is 25"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := report{Works: []*workResult{{Name: "work", Kind: test.kind, Baseline: "reverse", target: test.target, Contestants: test.of}}}
			missed := strings.Join(r.missed(), "; ")
			if test.says == "" && missed != "" || test.says != "" && (!strings.HasPrefix(missed, "work: ") || !strings.Contains(missed, test.says)) {
				t.Errorf("it says %q, want %q", missed, test.says)
			}
		})
	}
}
