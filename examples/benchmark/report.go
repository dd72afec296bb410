package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// report is what a run has found.
type report struct {
	Go          string       `json:"go"`
	Processors  int          `json:"processors"`
	Connections int          `json:"connections"`
	Rounds      int          `json:"rounds"`
	Absent      []string     `json:"absent,omitempty"` // proxies that aren't installed
	Works       []workResult `json:"works"`
}

type workResult struct {
	Name        string             `json:"name"`
	Title       string             `json:"title"`
	Requests    int                `json:"requests"` // in each round
	Baseline    string             `json:"baseline"`
	Contestants []contestantResult `json:"contestants"`

	kind    kind
	targets map[string]float64
}

type contestantResult struct {
	Label   string   `json:"label"`
	IdleRSS int64    `json:"idle_rss"` // bytes, before the first request
	Rounds  []sample `json:"rounds"`
}

// sample is what one round of one contestant has cost.
type sample struct {
	CPUMicros float64 `json:"cpu_us"` // of the proxy, for each request
	PerSecond float64 `json:"per_second"`
	P50MS     float64 `json:"p50_ms"`
	P99MS     float64 `json:"p99_ms"`
	RSS       int64   `json:"rss"` // bytes, after the round
}

func (r *report) print(w io.Writer, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(r)
	}
	for _, work := range r.Works {
		fmt.Fprintf(w, "%s: %d requests a round, %d connections, median of %d\n", work.Title, work.Requests, r.Connections, r.Rounds)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintf(t, "proxy\tCPU us\tratio\tmin\tmax\treq/s\tp50 ms\tp99 ms\tidle MB\tloaded MB\n")
		base := work.of(work.Baseline)
		for _, c := range work.Contestants {
			ratios := c.ratios(base)
			fmt.Fprintf(t, "%s\t%.1f\t%.2f\t%.2f\t%.2f\t%.0f\t%.2f\t%.2f\t%.1f\t%.1f\n", c.Label, c.median(func(s sample) float64 { return s.CPUMicros }),
				median(ratios), slices.Min(ratios), slices.Max(ratios),
				c.median(func(s sample) float64 { return s.PerSecond }),
				c.median(func(s sample) float64 { return s.P50MS }), c.median(func(s sample) float64 { return s.P99MS }),
				float64(c.IdleRSS)/1e6, c.median(func(s sample) float64 { return float64(s.RSS) })/1e6)
		}
		t.Flush()
		fmt.Fprintln(w)
	}
	return nil
}

func (w workResult) of(label string) contestantResult {
	for _, c := range w.Contestants {
		if c.Label == label {
			return c
		}
	}
	return contestantResult{}
}

// ratios returns, round by round, what c's requests cost over what base's did.
func (c contestantResult) ratios(base contestantResult) []float64 {
	var all []float64
	for i, s := range c.Rounds {
		if i < len(base.Rounds) {
			all = append(all, s.CPUMicros/base.Rounds[i].CPUMicros)
		}
	}
	if all == nil {
		all = []float64{0}
	}
	return all
}

func (c contestantResult) median(of func(sample) float64) float64 {
	var all []float64
	for _, s := range c.Rounds {
		all = append(all, of(s))
	}
	return median(all)
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// missed names the targets that the run hasn't met.
func (r *report) missed() []string {
	var missed []string
	for _, w := range r.Works {
		for label, most := range w.targets {
			if ratio := median(w.of(label).ratios(w.of(w.Baseline))); ratio > most {
				missed = append(missed, fmt.Sprintf("%s: %s takes %.2f of %s's, the target is %.2f", w.Title, label, ratio, w.Baseline, most))
			}
		}
	}
	return missed
}
