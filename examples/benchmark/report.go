package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// report is what a run has found.
type report struct {
	Go         string        `json:"go"`
	Processors int           `json:"processors"`
	Absent     []string      `json:"absent,omitempty"` // proxies that aren't installed
	Works      []*workResult `json:"works"`
}

type workResult struct {
	Name        string              `json:"name"`
	Title       string              `json:"title"`
	Kind        kind                `json:"-"`
	Requests    int                 `json:"requests"` // in each round
	Connections int                 `json:"connections"`
	Baseline    string              `json:"baseline"` // whom ratios are to
	Contestants []*contestantResult `json:"contestants"`

	target target
}

type contestantResult struct {
	Label   string   `json:"label"`
	IdleRSS int64    `json:"idle_rss"`        // bytes, before the first request
	Ratio   float64  `json:"ratio,omitempty"` // median of the rounds' ratios to the baseline
	Rounds  []sample `json:"rounds"`
}

// fullNames of proxies, for tables.
var fullNames = map[string]string{"strangler": "**strangler**", "reverse": "chi + ReverseProxy", "nginx": "nginx", "haproxy": "HAProxy", "caddy": "Caddy"}

func fullName(label string) string { return cmp.Or(fullNames[label], label) }

// print writes the report as tables, in Markdown, or as JSON.
func (r *report) print(w io.Writer, asJSON bool) error {
	for _, work := range r.Works {
		for _, c := range work.Contestants {
			c.Ratio = median(c.ratios(work.of(work.Baseline)))
		}
	}
	if asJSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(r)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %d processors.", r.Go, r.Processors)
	if len(r.Absent) > 0 {
		fmt.Fprintf(&text, " Not installed: %s.", strings.Join(r.Absent, ", "))
	}
	text.WriteString("\n")
	for _, work := range r.Works {
		fmt.Fprintf(&text, "\n### %s\n\n", work.Title)
		switch work.Kind {
		case kindTime:
			work.timeTable(&text)
		case kindDelay:
			work.delayTable(&text)
		case kindMemory:
			work.memoryTable(&text)
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (w *workResult) rounds() int { return len(w.Contestants[0].Rounds) }

func (w *workResult) timeTable(out *strings.Builder) {
	ratio := "× " + strings.TrimPrefix(fullName(w.Baseline), "chi + ")
	rows := [][]string{{"", "CPU µs/request", ratio, "rounds", "requests/s", "p50 ms", "p99 ms", "RSS idle MB", "RSS loaded MB"}}
	for _, c := range w.Contestants {
		by, spread := "–", "–"
		if ratios := c.ratios(w.of(w.Baseline)); len(ratios) > 0 {
			by, spread = fmt.Sprintf("%.2f", c.Ratio), fmt.Sprintf("%.2f–%.2f", slices.Min(ratios), slices.Max(ratios))
		}
		rows = append(rows, []string{fullName(c.Label), fmt.Sprintf("%.1f", c.median(cpuMicros)), by, spread,
			fmt.Sprintf("%.0f", c.median(perSecond)), fmt.Sprintf("%.2f", c.median(p50)), fmt.Sprintf("%.2f", c.median(p99)),
			megabytes(float64(c.IdleRSS)), megabytes(c.median(rss))})
	}
	table(out, rows)
	fmt.Fprintf(out, "\nMedians of %d rounds of %d requests over %d connections.\n", w.rounds(), w.Requests, w.Connections)
	w.mirrorNotes(out)
}

// mirrorNotes say whether what was to be mirrored was.
func (w *workResult) mirrorNotes(out *strings.Builder) {
	for _, c := range w.Contestants {
		s := c.sum()
		if s.Copies == 0 && s.verdicts() == 0 {
			continue
		}
		fmt.Fprintf(out, "\n%s: %d requests, %d copies", fullName(c.Label), s.Requests, s.Copies)
		if s.verdicts() > 0 {
			fmt.Fprintf(out, "; verdicts: %d match, %d skipped (%.2f %%), %d other; %d recorded", s.Match, s.Skipped, 100*s.skipShare(), s.OtherVerdicts, s.Recorded)
			for _, reason := range slices.Sorted(maps.Keys(s.Reasons)) {
				fmt.Fprintf(out, "; %s: %d", reason, s.Reasons[reason])
			}
		}
		out.WriteString(".\n")
		if problem := s.mirrorProblem(); problem != "" {
			fmt.Fprintf(out, "\n**THESE FIGURES DON'T COUNT: %s.**\n", problem)
		}
	}
}

func (w *workResult) delayTable(out *strings.Builder) {
	rows := [][]string{{"", "p50 ms, no mirror", "p50 ms, mirror", "p99 ms, no mirror", "p99 ms, mirror", "requests/s, mirror", "copies"}}
	for _, c := range w.Contestants {
		plain := w.of(c.Label + withoutMirror)
		if plain == nil {
			continue
		}
		s := c.sum()
		rows = append(rows, []string{fullName(c.Label), fmt.Sprintf("%.2f", plain.median(p50)), fmt.Sprintf("%.2f", c.median(p50)),
			fmt.Sprintf("%.2f", plain.median(p99)), fmt.Sprintf("%.2f", c.median(p99)), fmt.Sprintf("%.0f", c.median(perSecond)),
			fmt.Sprintf("%d of %d", s.Copies, s.Requests)})
	}
	table(out, rows)
	fmt.Fprintf(out, "\nMedians of %d rounds of %d requests over %d connections, with and without the mirror in turn.\n", w.rounds(), w.Requests, w.Connections)
}

func (w *workResult) memoryTable(out *strings.Builder) {
	rows := [][]string{{"", "KB for each", "rounds", "RSS idle MB", "RSS with all MB"}}
	for _, c := range w.Contestants {
		var all []float64
		for _, s := range c.Rounds {
			all = append(all, s.PerConnection/1000)
		}
		rows = append(rows, []string{fullName(c.Label), fmt.Sprintf("%.1f", median(all)), fmt.Sprintf("%.1f–%.1f", slices.Min(all), slices.Max(all)),
			megabytes(float64(c.IdleRSS)), megabytes(c.median(rss))})
	}
	table(out, rows)
	fmt.Fprintf(out, "\nMedians of %d rounds.\n", w.rounds())
}

// table writes rows as a Markdown table whose columns line up.
func table(out *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	for r, row := range rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				fmt.Fprintf(out, "| %s%s ", cell, pad)
			} else {
				fmt.Fprintf(out, "| %s%s ", pad, cell)
			}
		}
		out.WriteString("|\n")
		if r > 0 {
			continue
		}
		for i, width := range widths {
			if i == 0 {
				fmt.Fprintf(out, "|%s", strings.Repeat("-", width+2))
			} else {
				fmt.Fprintf(out, "|%s:", strings.Repeat("-", width+1))
			}
		}
		out.WriteString("|\n")
	}
}

func megabytes(n float64) string { return fmt.Sprintf("%.1f", n/1e6) }

func cpuMicros(s sample) float64 { return s.CPUMicros }
func perSecond(s sample) float64 { return s.PerSecond }
func p50(s sample) float64       { return s.P50MS }
func p99(s sample) float64       { return s.P99MS }
func rss(s sample) float64       { return float64(s.RSS) }
func perIdle(s sample) float64   { return s.PerConnection }

// of returns the result of a contestant, nil if there is none.
func (w *workResult) of(label string) *contestantResult {
	for _, c := range w.Contestants {
		if c.Label == label {
			return c
		}
	}
	return nil
}

// ratios returns, round by round, what c's requests cost of what base's did in the same one;
// none without a base.
func (c *contestantResult) ratios(base *contestantResult) []float64 {
	if base == nil {
		return nil
	}
	var all []float64
	for i, s := range c.Rounds {
		if base.Rounds[i].CPUMicros > 0 {
			all = append(all, s.CPUMicros/base.Rounds[i].CPUMicros)
		}
	}
	return all
}

func (c *contestantResult) median(of func(sample) float64) float64 {
	var all []float64
	for _, s := range c.Rounds {
		all = append(all, of(s))
	}
	return median(all)
}

// median returns 0 of nothing.
func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// sum returns the counts of all rounds.
func (c *contestantResult) sum() sample {
	sum := sample{Reasons: map[string]int64{}}
	for _, s := range c.Rounds {
		sum.Requests += s.Requests
		sum.Copies += s.Copies
		sum.Match += s.Match
		sum.Skipped += s.Skipped
		sum.OtherVerdicts += s.OtherVerdicts
		sum.Recorded += s.Recorded
		for reason, n := range s.Reasons {
			sum.Reasons[reason] += n
		}
	}
	return sum
}

func (s sample) verdicts() int64 { return s.Match + s.Skipped + s.OtherVerdicts }

func (s sample) skipShare() float64 { return float64(s.Skipped) / float64(max(s.verdicts(), 1)) }
