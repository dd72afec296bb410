package main

import "fmt"

// maxSkipShare is how much of the traffic a mirror may leave out before its figures say nothing.
const maxSkipShare = 0.05

// With a slow mirror clients may wait so many times as long as without it, and so much longer.
// That is noise: a mirror that they wait for costs them hundreds of milliseconds.
const (
	maxSlower      = 1.5
	maxP50SlowerMS = 1
	maxP99SlowerMS = 20
)

// missed names the targets that the run hasn't met, and says why.
func (r *report) missed() []string {
	var missed []string
	for _, w := range r.Works {
		if problem := w.missed(); problem != "" {
			missed = append(missed, w.Name+": "+problem)
		}
	}
	return missed
}

// missed says what is wrong with a work's target, if it has one.
func (w *workResult) missed() string {
	c, base := w.of(w.target.label), w.of(w.Baseline)
	if w.target.label == "" {
		return ""
	}
	if c == nil {
		return fmt.Sprintf("%s wasn't measured", w.target.label)
	}
	switch w.Kind {
	case kindMemory:
		if kb := c.median(perIdle) / 1000; kb > w.target.most/1000 {
			return fmt.Sprintf("%s takes %.1f KB, the target is %.0f", c.Label, kb, w.target.most/1000)
		}
	case kindDelay:
		plain := w.of(c.Label + withoutMirror)
		if plain == nil {
			return fmt.Sprintf("%s without a mirror wasn't measured", c.Label)
		}
		for _, q := range []struct {
			name   string
			of     func(sample) float64
			slower float64
		}{{"p50", p50, maxP50SlowerMS}, {"p99", p99, maxP99SlowerMS}} {
			with, without := c.median(q.of), plain.median(q.of)
			if with > without*maxSlower+q.slower {
				return fmt.Sprintf("%s of %s is %.2f ms with a slow mirror, %.2f ms without", q.name, c.Label, with, without)
			}
		}
	case kindTime:
		if base == nil {
			return fmt.Sprintf("%s wasn't measured", w.Baseline)
		}
		for _, mirrored := range w.Contestants {
			if problem := mirrored.sum().mirrorProblem(); problem != "" {
				return fmt.Sprintf("the figures don't count: %s: %s", mirrored.Label, problem)
			}
		}
		if ratio := median(c.ratios(base)); ratio > w.target.most {
			return fmt.Sprintf("%s takes %.3f of the time of %s, the target is %.2f", c.Label, ratio, w.Baseline, w.target.most)
		}
	}
	return ""
}

// mirrorProblem says why the figures of a mirror say nothing; empty where they do, or where
// nothing was mirrored.
func (s sample) mirrorProblem() string {
	requests := int64(s.Requests)
	switch {
	case s.verdicts() == 0 && s.Copies == 0, s.verdicts() == 0 && s.Copies == requests:
		return ""
	case s.verdicts() == 0:
		return fmt.Sprintf("%d copies of %d requests were sent", s.Copies, requests)
	case s.verdicts() != requests:
		return fmt.Sprintf("there are %d verdicts on %d requests", s.verdicts(), requests)
	case s.skipShare() > maxSkipShare:
		return fmt.Sprintf("%.1f %% of the requests weren't compared", 100*s.skipShare())
	case s.OtherVerdicts > 0:
		return fmt.Sprintf("%d answers weren't found to match, though all are equal", s.OtherVerdicts)
	case s.Recorded < s.verdicts():
		return fmt.Sprintf("%d of %d verdicts were recorded", s.Recorded, s.verdicts())
	}
	return ""
}
