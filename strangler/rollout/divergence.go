package rollout

import "fmt"

// readDivergence looks at all comparisons since the evidence of answers began.
func (s Subject) readDivergence() Reading {
	r := Reading{Gate: GateDivergence, State: StateOff, Why: "divergence is off"}
	if s.Gates.Divergence.Off {
		return r
	}
	limit, share := s.Gates.Divergence.Limit, s.share(GateDivergence, Plan{})
	n := max(s.Evidence.Compared, 0)
	k := min(max(s.Evidence.Diverged, 0), n)

	f := finding{
		lower: lower(k, n, share), upper: upper(k, n, s.Budget.Promotion), count: n,
		broken: above(k, n, limit, share), holds: below(k, n, limit, s.Budget.Promotion),
		need: cleanNeeded(k, n, limit, s.Budget.Promotion), rate: s.Compared,
		seen: fmt.Sprintf("%s of %s %s", count(k), plural(n, "comparison", "comparisons"), verb(k, "differs", "differ")),
	}
	if n > 0 {
		f.estimate = float64(k) / float64(n)
	}
	alarm := !f.broken && s.Evidence.Detector.Alarm(s.Budget.RunLength)
	f.broken = f.broken || alarm
	r.Limit = limit
	r.settle([]finding{f})

	switch {
	case alarm:
		r.Why = fmt.Sprintf("of late: divergence is above %s, the gate (%s in all)", percent(limit), f.seen)
	case r.State == StateBroken:
		r.Why = fmt.Sprintf("divergence is above %s (%s), the gate is %s", percentDown(r.Lower), f.seen, percent(limit))
	case r.State == StateHolds:
		r.Why = fmt.Sprintf("divergence is below %s (%s)", percentUp(r.Upper), f.seen)
	case n == 0:
		r.Why = fmt.Sprintf("divergence: nothing is compared yet, the gate wants %s: at least %s%s",
			percent(limit), missing(r, "clean comparison", "clean comparisons"), atPresent(r.Forecast))
	default:
		r.Why = fmt.Sprintf("divergence is below %s (%s), the gate wants %s: at least %s%s",
			percentUp(r.Upper), f.seen, percent(limit), missing(r, "more clean one", "more clean ones"), atPresent(r.Forecast))
	}
	return r
}
