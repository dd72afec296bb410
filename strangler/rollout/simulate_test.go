package rollout

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// The simulation shows what doc.go derives. Rollouts are independent of one another and seeded, so
// that a run always has the same numbers. -long makes as many as the README's table tells of;
// without it there are fewer, to the same claims.
var long = flag.Bool("long", false, "simulate as many rollouts as the README tells of")

// runs returns how many rollouts there are: many with -long, few under the race detector.
func runs(many, some int) int {
	switch {
	case *long:
		return many
	case raceDetector:
		return max(some/10, 20)
	}
	return some
}

const (
	gate  = 0.001   // share of divergences
	alpha = 0.05    // of one rollout
	far   = 1 << 20 // comparisons, after which a rollout that still holds is given up: about a million
)

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 5)) }

// atMost fails where a share is above what it may be by more than four standard errors: less than
// one in 30,000 where it is just what it may be.
func atMost(t *testing.T, what string, events, of int, share float64) {
	t.Helper()
	if limit := share*float64(of) + 4*math.Sqrt(share*(1-share)*float64(of)); float64(events) > limit {
		t.Errorf("%s: %d of %d, more than %.4g and chance allow (%.4g)", what, events, of, share, limit/float64(of))
	}
}

func median(of []float64) float64 {
	slices.Sort(of)
	if len(of) == 0 {
		return math.Inf(1)
	}
	return of[len(of)/2]
}

// looks are what above and below say of every number of comparisons, as one number for each number
// of divergences: as both only ever turn once, that is a look after each comparison.
type looks struct {
	broken []int64 // the most comparisons for which above holds
	holds  []int64 // the fewest for which below does
}

func looking(limit, rollback, promotion float64) looks {
	var l looks
	for k := range int64(2500) {
		most := int64(-1)
		if above(k, k, limit, rollback) {
			most = k + firstInt(never, func(more int64) bool { return !above(k, k+more, limit, rollback) }) - 1
		}
		l.broken = append(l.broken, most)
		l.holds = append(l.holds, k+cleanNeeded(k, k, limit, promotion))
	}
	return l
}

// end is how a rollout ended.
type end struct {
	broken, held bool
	after        int64 // comparisons
}

// walk follows a rollout until it is decided. gap draws the number of comparisons until the next
// divergence, itself among them.
func (l looks) walk(until int64, gap func() int64) end {
	var n int64
	for k := range l.broken {
		next := n + gap()
		if promoted := max(l.holds[k], n); promoted < next && promoted <= until {
			return end{held: true, after: promoted}
		}
		if n = next; n > until {
			break
		}
		if k+1 < len(l.broken) && n <= l.broken[k+1] {
			return end{broken: true, after: n}
		}
	}
	return end{after: until}
}

// toBroken follows a rollout that is never promoted.
func (l looks) toBroken(until int64, gap func() int64) end {
	l.holds = slices.Repeat([]int64{never}, len(l.broken))
	return l.walk(until, gap)
}

// toHeld follows a rollout that is never rolled back.
func (l looks) toHeld(until int64, gap func() int64) end {
	l.broken = slices.Repeat([]int64{-1}, len(l.holds))
	return l.walk(until, gap)
}

// steady draws gaps of a rate at which each comparison diverges by itself.
func steady(rng *rand.Rand, rate float64) func() int64 {
	if rate <= 0 {
		return func() int64 { return never }
	}
	scale := 1 / math.Log1p(-rate)
	return func() int64 { return 1 + int64(math.Log(1-rng.Float64())*scale) }
}

// bursts draws gaps of the same rate where divergences come in runs of a mean length, one after the
// other: a bad record that is asked for again and again.
func bursts(rng *rand.Rand, rate, length float64) func() int64 {
	next := burst(rng, rate, length)
	return func() int64 {
		gap, _ := next()
		return gap
	}
}

// once draws gaps of the same where what is repeated is left out, as a plan's Distinct has it.
func once(rng *rand.Rand, rate, length float64) func() int64 {
	next := burst(rng, rate, length)
	return func() int64 {
		for {
			if gap, repeat := next(); !repeat {
				return gap
			}
		}
	}
}

// burst draws gaps, and whether what diverges then is what diverged just before.
func burst(rng *rand.Rand, rate, length float64) func() (gap int64, repeat bool) {
	apart := steady(rng, rate/(length*(1-rate)+rate)) // so that the long-run rate is what was asked for
	return func() (int64, bool) {
		if rng.Float64() < 1-1/length {
			return 1, true
		}
		return apart(), false
	}
}

// The tables are what Decide says: just at the number it acts, just beyond or before it doesn't.
func TestLooksAreDecide(t *testing.T) {
	only := Gates{Divergence: Gate{Limit: gate}, Errors: Gate{Off: true}, Latency: Gate{Off: true}, MaxSkipped: Gate{Off: true}}
	decide := func(k, n int64) Action {
		now := time.Unix(1e9, 0)
		return Decide(Situation{
			Plan: Plan{Steps: DefaultSteps()}, Position: strangler.Canary(1_00), Since: now, Now: now,
			Routes: []Subject{{Route: strangler.Route{Name: "r", Service: "s"}, Gates: only,
				Evidence: Evidence{Compared: n, Diverged: k}, Budget: Budget{alpha, alpha, DefaultRunLength}}},
		}).Action
	}
	l := looking(gate, alpha, alpha)
	for _, k := range []int64{0, 1, 2, 3, 5, 10, 30, 100, 1000} {
		if n := l.broken[k]; n >= 0 {
			if a := decide(k, n); a != ActionRollback {
				t.Errorf("%d of %d: %s, want %s", k, n, a, ActionRollback)
			}
			if a := decide(k, n+1); a != ActionHold {
				t.Errorf("%d of %d: %s, want %s", k, n+1, a, ActionHold)
			}
		}
		n := l.holds[k]
		if a := decide(k, n); a != ActionPromote {
			t.Errorf("%d of %d: %s, want %s", k, n, a, ActionPromote)
		}
		if a := decide(k, n-1); a != ActionHold {
			t.Errorf("%d of %d: %s, want %s", k, n-1, a, ActionHold)
		}
	}
}

// swift is a Detector that goes from event to event: what Observe(1, 0) does again and again has a
// closed form.
type swift struct {
	m    [detectorBets]float64
	test test
}

func newSwift() *swift { return &swift{test: betsDetector.at(gate)} }

// after goes on by n comparisons, the last of which diverges, and returns ln M.
func (s *swift) after(n int64) float64 {
	var sum float64
	for i := range s.m {
		q := math.Exp(-s.test.each[i])
		clean := math.Pow(q, float64(n-1))
		m := s.m[i]*clean + q*(1-clean)/(1-q)
		s.m[i] = (m + 1) * q * math.Exp(s.test.logRatio[i])
		sum += math.Exp(s.test.logWeight[i]) * s.m[i]
	}
	return math.Log(sum)
}

func TestSwiftIsDetector(t *testing.T) {
	rng := random(1)
	gap := steady(rng, 3*gate)
	var d Detector
	s := newSwift()
	for range 50 {
		n := gap()
		for range n - 1 {
			d.Observe(1, 0, gate)
		}
		d.Observe(1, 1, gate)
		if got, want := d.value(), s.after(n); math.Abs(got-want) > 1e-6 {
			t.Fatalf("ln M is %v, from event to event %v", got, want)
		}
	}
}

// untilAlarm returns after how many more comparisons the detector rings.
func (s swift) untilAlarm(until int64, gap func() int64) (int64, bool) {
	var n int64
	for n < until {
		more := gap()
		n += more
		if s.after(more) >= math.Log(DefaultRunLength) {
			return n, true
		}
	}
	return n, false
}

// falseAlarms returns how many there are in so many comparisons, each of which the detector begins anew after.
func falseAlarms(comparisons int64, gap func() int64) (alarms int) {
	for n := int64(0); n < comparisons; {
		more, rang := newSwift().untilAlarm(comparisons-n, gap)
		n += more
		if rang {
			alarms++
		}
	}
	return alarms
}

// optimum returns the fewest comparisons after which an exact binomial test at level a, that looks
// once, sees a rate with the given probability.
func optimum(a, rate, power float64) int64 {
	tail := func(k, n int64, p float64) float64 { // of k or more
		term, sum := math.Exp(float64(n)*math.Log1p(-p)), 0.0
		for i := range k {
			sum += term
			term *= float64(n-i) / float64(i+1) * p / (1 - p)
		}
		return 1 - sum
	}
	k := int64(1)
	for n := int64(1); ; n++ {
		for tail(k, n, gate) > a {
			k++
		}
		if tail(k, n, rate) >= power {
			return n
		}
	}
}

// flagger is the rule of Flagger's documentation: an interval of a minute, here of 60 comparisons,
// fails when its share is above the gate; the fifth failed one rolls back, the tenth good one promotes.
func flagger(gap func() int64) end {
	const interval, threshold, steps = 60, 5, 10
	failed, good := 0, 0
	next := gap()
	for n := int64(interval); ; n += interval {
		bad := 0
		for next <= n {
			bad++
			next += gap()
		}
		if float64(bad)/interval > gate {
			failed++
		} else {
			good++
		}
		switch {
		case failed >= threshold:
			return end{broken: true, after: n}
		case good >= steps:
			return end{held: true, after: n}
		}
	}
}

// rolled runs rollouts and returns how many were rolled back and promoted, and after how many
// comparisons in the middle, counting those that never were as endless.
type outcomes struct {
	runs, broken, held int
	toBroken, toHeld   float64 // medians of those that came there
}

func simulate(n int, one func(i int) end) outcomes {
	var o outcomes
	var toBroken, toHeld []float64
	for i := range n {
		e := one(i)
		o.runs++
		if e.broken {
			o.broken++
			toBroken = append(toBroken, float64(e.after))
		}
		if e.held {
			o.held++
			toHeld = append(toHeld, float64(e.after))
		}
	}
	o.toBroken, o.toHeld = median(toBroken), median(toHeld)
	return o
}
