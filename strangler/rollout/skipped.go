package rollout

import (
	"fmt"
	"math"
)

// enoughSampled is how many exchanges the share of skipped ones is told of at the earliest.
const enoughSampled = 20

// readSkipped counts what could not be compared since the route came to its step. It is no
// statistics: what is skipped is known, and what it hides isn't. Where nothing is to be compared
// it asks nothing either.
func (s Subject) readSkipped() Reading {
	r := Reading{Gate: GateSkipped, State: StateOff, Why: "skipped is off"}
	if s.Gates.MaxSkipped.Off || s.Gates.Divergence.Off {
		return r
	}
	limit := s.Gates.MaxSkipped.Limit
	n := max(s.Evidence.Sampled, 0)
	k := min(max(s.Evidence.Skipped, 0), n)
	r.Limit, r.Count, r.State = limit, n, StateOpen
	if n > 0 {
		r.Estimate = float64(k) / float64(n)
		r.Lower, r.Upper = r.Estimate, r.Estimate
	}
	if n >= enoughSampled && r.Estimate <= limit {
		r.State = StateHolds
		r.Why = fmt.Sprintf("skipped are %s (%s of %s)", percentUp(r.Estimate), count(k), plural(n, "exchange", "exchanges"))
		return r
	}
	need := max(enoughSampled-n, 1)
	if k > 0 && limit > 0 {
		need = max(need, int64(math.Ceil(float64(k)/limit-1e-9))-n)
	} else if k > 0 {
		need = never
	}
	if need != never {
		r.Need = need
		if s.Compared > 0 {
			r.Forecast = seconds(float64(need) / s.Compared)
		}
	}
	if n < enoughSampled {
		r.Why = fmt.Sprintf("skipped: only %s so far, their share is told from %d on: at least %s%s",
			plural(n, "exchange", "exchanges"), enoughSampled, missing(r, "more", "more"), atPresent(r.Forecast))
		return r
	}
	r.Why = fmt.Sprintf("skipped are %s (%s of %s could not be compared), the gate wants %s at most: at least %s%s",
		percentUp(r.Estimate), count(k), plural(n, "exchange", "exchanges"), percent(limit),
		missing(r, "more that can", "more that can"), atPresent(r.Forecast))
	return r
}
