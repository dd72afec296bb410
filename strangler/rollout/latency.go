package rollout

import (
	"fmt"
	"math"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// tail is the share of requests that may take longer than the 99th percentile.
const tail = 0.01

// readLatency looks at how long both sides took since the route came to its step: on the same
// requests, and on those that each answered for clients.
func (s Subject) readLatency(plan Plan, at strangler.Position) Reading {
	r := Reading{Gate: GateLatency, State: StateOff, Why: "latency is off"}
	if s.Gates.Latency.Off {
		return r
	}
	r.Limit = s.Gates.Latency.Limit
	clients, parts := clientsCount(at)
	test := tailTest{limit: r.Limit, rollback: s.share(GateLatency, plan) / parts, promotion: s.Budget.Promotion / parts}
	e := s.Evidence
	pairs := test.finding(e.Pairs.ServiceLatency, e.Pairs.LegacyLatency)
	pairs.rate, pairs.one, pairs.many = s.Compared, "comparison", "comparisons"
	findings := []finding{pairs}
	if clients {
		f := test.finding(e.Clients.Service.Latency, e.Clients.Legacy.Latency)
		f.rate, f.one, f.many = s.Served, "request", "requests"
		findings = append(findings, f)
	}
	f := r.settle(findings)

	limit := multiple(r.Limit)
	switch {
	case r.State == StateBroken:
		r.Why = fmt.Sprintf("latency (p99) is above %s legacy's (%s), the gate is %s", timesDown(r.Lower), f.seen, limit)
	case r.State == StateHolds:
		r.Why = fmt.Sprintf("latency (p99) is below %s legacy's (%s)", timesUp(r.Upper), f.seen)
	case f.count == 0:
		r.Why = fmt.Sprintf("latency (p99): nothing is seen yet, the gate wants %s: at least %s%s",
			limit, missing(r, f.one, f.many), atPresent(r.Forecast))
	case r.Upper == 0:
		r.Why = fmt.Sprintf("latency (p99) has no bound yet (%s), the gate wants %s: at least %s%s",
			f.seen, limit, missing(r, "more "+f.one, "more "+f.many), atPresent(r.Forecast))
	default:
		r.Why = fmt.Sprintf("latency (p99) is below %s legacy's (%s), the gate wants %s: at least %s%s",
			timesUp(r.Upper), f.seen, limit, missing(r, "more "+f.one, "more "+f.many), atPresent(r.Forecast))
	}
	return r
}

// tailTest compares two 99th percentiles by their one-sided bounds (Howard and Ramdas 2022).
type tailTest struct{ limit, rollback, promotion float64 }

func (t tailTest) compare(service, legacy Histogram) finding {
	f := finding{count: min(service.Count(), legacy.Count()), upper: math.Inf(1)}
	if q := legacy.Quantile(1 - tail); q > 0 {
		f.estimate = float64(service.Quantile(1-tail)) / float64(q)
	}
	if top := tailUpper(legacy, t.rollback/2); top < longest && top > 0 {
		f.lower = float64(tailLower(service, t.rollback/2)) / float64(top)
	}
	if low := tailLower(legacy, t.promotion/2); low > 0 {
		if top := tailUpper(service, t.promotion/2); top < longest {
			f.upper = float64(top) / float64(low)
		}
	}
	f.broken, f.holds = f.lower > t.limit, f.upper < t.limit
	return f
}

// finding adds to what compare shows what is needed, and the words for it.
func (t tailTest) finding(service, legacy Histogram) finding {
	f := t.compare(service, legacy)
	if !f.holds {
		f.need = t.needed(service, legacy)
	}
	f.seen = fmt.Sprintf("%s to legacy's %s, %s", short(service.Quantile(1-tail)), short(legacy.Quantile(1-tail)),
		plural(service.Count(), "request", "requests"))
	return f
}

// tailLower returns what the 99th percentile is shown to be at least; 0 where nothing is shown.
// It is the largest x for which enough durations exceed x, so the lower end of a rank's bucket.
func tailLower(h Histogram, alpha float64) time.Duration {
	n := h.Count()
	k := leastAbove(n, tail, alpha)
	if k > n {
		return 0
	}
	low, _ := h.largest(k)
	return low
}

// tailUpper returns what the 99th percentile is shown to be at most; longest where nothing is shown.
func tailUpper(h Histogram, alpha float64) time.Duration {
	k := mostBelow(h.Count(), tail, alpha)
	if k < 0 {
		return longest
	}
	_, high := h.largest(k + 1)
	return high
}

// needed returns how many more durations of the service's below the limit are missing at least, to
// a quarter of them, if legacy goes on as it did and is seen as much oftener.
func (t tailTest) needed(service, legacy Histogram) int64 {
	n, m := service.Count(), legacy.Count()
	alpha := t.promotion / 2
	if n == 0 || m == 0 {
		return cleanNeeded(0, n, tail, alpha)
	}
	enough := func(more int64) bool {
		grown := float64(n+more) / float64(n)
		seen := int64(float64(m) * grown)
		k := leastAbove(seen, tail, alpha)
		if k > seen {
			return false
		}
		low, _ := legacy.largest(max(int64(math.Ceil(float64(k)/grown)), 1))
		kept := time.Duration(t.limit * float64(low))
		return kept > 0 && below(service.exceeding(kept), n+more, tail, alpha)
	}
	// Each look costs some dozen tests, so there are few: 1, 1.25, 1.25², … to 2^36 or so.
	step := func(i int64) int64 { return int64(math.Pow(1.25, float64(i))) }
	i := firstInt(112, func(i int64) bool { return enough(step(i)) })
	switch i {
	case 0:
		return 1
	case never:
		return never
	}
	return step(i-1) + 1
}
