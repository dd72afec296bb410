package rollout

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// constant returns a histogram of n durations, one in fifty of which takes ten times as long.
func constant(n int, d time.Duration) Histogram {
	var h Histogram
	for i := range n {
		if i%50 == 49 {
			h.Add(10 * d)
		} else {
			h.Add(d)
		}
	}
	return h
}

// well returns what is enough for every gate of the defaults, wherever the route stands.
func well() Evidence {
	return Evidence{
		Compared: 4000, Sampled: 4000,
		Pairs: Pairs{Neither: 4000, LegacyLatency: constant(4000, 20*time.Millisecond), ServiceLatency: constant(4000, 15*time.Millisecond)},
		Clients: Sides{
			Legacy:  Tally{9000, 3, constant(9000, 20*time.Millisecond)},
			Service: Tally{4000, 1, constant(4000, 15*time.Millisecond)},
		},
	}
}

// situation is one of a route that stands well at 5% for an hour; change makes it another.
func situation(change func(*Situation, *Subject)) Situation {
	route := strangler.Route{Name: "orders-read", Service: "orders"}
	s := Situation{
		Plan:     Plan{Steps: DefaultSteps(), Hold: DefaultHold, MaxHold: DefaultMaxHold},
		Position: strangler.Canary(5_00), Since: noon.Add(-time.Hour), Now: noon,
		Routes: []Subject{{Route: route, Gates: DefaultGates(), Evidence: well(), Budget: Budget{0.05, 0.05, DefaultRunLength}, Compared: 1, Served: 1}},
	}
	change(&s, &s.Routes[0])
	return s
}

func TestDecide(t *testing.T) {
	shadow, legacy, live := strangler.At(strangler.PhaseShadow), strangler.Position{}, strangler.At(strangler.PhaseLive)
	broken := func(e *Evidence) { e.Diverged = 100 }
	tests := []struct {
		name   string // and the reason
		change func(*Situation, *Subject)
		want   Action
		to     strangler.Position
		person bool
		why    []string // parts of it, in order
	}{
		{"all holds: it goes on", func(*Situation, *Subject) {},
			ActionPromote, strangler.Canary(25_00), false,
			[]string{"promoting to 25%: divergence is below 0.085% (0 of 4,000 comparisons differ); errors are less than ", "; latency (p99) is below ", "legacy's (", "; skipped are 0% (0 of 4,000 exchanges)"}},
		{"the last step follows the one before it", func(s *Situation, _ *Subject) { s.Position = strangler.Canary(50_00) },
			ActionPromote, live, false, []string{"promoting to live: "}},
		{"between two steps the next one is the first beyond", func(s *Situation, _ *Subject) { s.Position = strangler.Canary(7_00) },
			ActionPromote, strangler.Canary(25_00), false, nil},
		{"the hold isn't over", func(s *Situation, _ *Subject) { s.Since = noon.Add(-3*time.Minute - 30*time.Second) },
			ActionHold, legacy, false, []string{"holding at 5%: every gate holds; it stays here for 10 minutes at least, 7 minutes more"}},
		{"the hold is just over", func(s *Situation, _ *Subject) { s.Since = noon.Add(-DefaultHold) },
			ActionPromote, strangler.Canary(25_00), false, nil},
		{"frozen: nothing is promoted", func(s *Situation, _ *Subject) { s.Frozen = "promotions are frozen until Monday" },
			ActionHold, legacy, false, []string{"holding at 5%: every gate holds; promotions are frozen until Monday"}},
		{"frozen, yet broken: a rollback is never held up", func(s *Situation, r *Subject) { s.Frozen = "frozen"; broken(&r.Evidence) },
			ActionRollback, shadow, false, []string{"rolling back to shadow: divergence is above 1.7% (100 of 4,000 comparisons differ), the gate is 0.1%"}},

		{"no traffic in shadow is no reason for anything", func(s *Situation, r *Subject) {
			s.Position, r.Evidence, r.Compared, r.Served = shadow, Evidence{}, 0, 0
		},
			ActionHold, legacy, false, []string{"holding at shadow: divergence: nothing is compared yet, the gate wants 0.1%: at least 3,375 clean comparisons; errors: nothing is seen yet, the gate wants 0.5pp: at least 684 clean comparisons; latency"}},
		{"no traffic in canary is no reason for anything", func(s *Situation, r *Subject) { r.Evidence, r.Served = Evidence{}, 0 },
			ActionHold, legacy, false, []string{"holding at 5%: divergence: nothing is compared yet"}},
		{"too few comparisons: how many are missing, and how long they take", func(s *Situation, r *Subject) {
			r.Evidence.Compared, r.Compared = 212, 2783/2400.
		},
			ActionHold, legacy, false, []string{"holding at 5%: divergence is below 1.6% (0 of 212 comparisons differ), the gate wants 0.1%: at least 3,163 more clean ones, 46 minutes at the present rate"}},
		{"one divergence: singular", func(s *Situation, r *Subject) { r.Evidence.Compared, r.Evidence.Diverged = 4000, 1 },
			ActionHold, legacy, false, []string{"(1 of 4,000 comparisons differs)"}},
		{"too much is skipped: it holds and never goes back", func(s *Situation, r *Subject) { r.Evidence.Skipped = 2000 },
			ActionHold, legacy, false, []string{"holding at 5%: skipped are 50% (2,000 of 4,000 exchanges could not be compared), the gate wants 5% at most: at least 36,000 more that can, 10 hours at the present rate"}},
		{"of few exchanges no share is told", func(s *Situation, r *Subject) { r.Evidence.Sampled = 19 },
			ActionHold, legacy, false, []string{"holding at 5%: skipped: only 19 exchanges so far, their share is told from 20 on: at least 1 more, 1 second at the present rate"}},
		{"a route that can't be compared isn't asked for comparisons", func(s *Situation, r *Subject) {
			r.Gates.Divergence.Off = true
			r.Evidence.Compared, r.Evidence.Sampled, r.Evidence.Pairs = 0, 0, Pairs{}
		},
			ActionPromote, strangler.Canary(25_00), false, []string{"promoting to 25%: errors are less than"}},
		{"every gate is off", func(s *Situation, r *Subject) {
			r.Gates = Gates{Gate{Off: true}, Gate{Off: true}, Gate{Off: true}, Gate{Off: true}}
		},
			ActionPromote, strangler.Canary(25_00), false, []string{"promoting to 25%: every gate is off"}},

		{"broken without a shadow step: back to legacy", func(s *Situation, r *Subject) {
			s.Plan.Steps = s.Plan.Steps[1:]
			broken(&r.Evidence)
		},
			ActionRollback, legacy, false, []string{"rolling back to legacy: "}},
		{"broken in shadow: there is nothing to roll back", func(s *Situation, r *Subject) {
			s.Position = shadow
			broken(&r.Evidence)
		},
			ActionStop, legacy, true, []string{"stopped at shadow: divergence is above", "; it needs a person, or a new version of the service"}},
		{"broken at legacy: it doesn't begin again by itself", func(s *Situation, r *Subject) {
			s.Position = legacy
			broken(&r.Evidence)
		},
			ActionStop, legacy, true, []string{"stopped at legacy: "}},
		{"broken at the last step: verifying goes on", func(s *Situation, r *Subject) {
			s.Position = live
			broken(&r.Evidence)
		},
			ActionRollback, shadow, false, nil},
		{"broken after the longest hold", func(s *Situation, r *Subject) {
			s.Since = noon.Add(-100 * time.Hour)
			broken(&r.Evidence)
		},
			ActionRollback, shadow, false, nil},
		{"on_fail: hold", func(s *Situation, r *Subject) {
			s.Plan.OnFail = FailHold
			broken(&r.Evidence)
		},
			ActionStop, legacy, true, []string{"stopped at 5%: ", "it needs a person, as on_fail is hold"}},
		{"return: never", func(s *Situation, r *Subject) {
			r.Route.Return = strangler.ReturnNever
			broken(&r.Evidence)
		},
			ActionStop, legacy, true, []string{"stopped at 5%: ", `it needs a person, as it can't go back to shadow by itself: route "orders-read": its service owns the data (return: never)`}},
		{"return: confirm", func(s *Situation, r *Subject) {
			r.Route.Return = strangler.ReturnConfirm
			broken(&r.Evidence)
		},
			ActionStop, legacy, true, []string{"return: confirm"}},
		{"the detector rings where the whole is still below the gate", func(s *Situation, r *Subject) {
			r.Evidence.Compared, r.Evidence.Diverged = 100_200, 10
			for range 5000 {
				r.Evidence.Detector.Observe(20, 0, 0.001)
			}
			for range 10 {
				r.Evidence.Detector.Observe(20, 1, 0.001)
			}
		},
			ActionRollback, shadow, false, []string{"rolling back to shadow: of late: divergence is above 0.1%, the gate (10 of 100,200 comparisons differ in all)"}},
		{"clients' failures are enough", func(s *Situation, r *Subject) { r.Evidence.Clients.Service.Failures = 300 },
			ActionRollback, shadow, false, []string{"rolling back to shadow: errors are more than ", "pp above legacy's (the service failed 300 of 4,000 requests, legacy 3 of 9,000), the gate is 0.5pp"}},
		{"failures of compared requests are enough", func(s *Situation, r *Subject) { r.Evidence.Pairs.Service = 300 },
			ActionRollback, shadow, false, []string{"errors are more than ", "(of 4,300 compared requests the service alone failed 300, legacy alone 0), the gate is 0.5pp"}},
		{"requests that can't be translated are no reason to go back, where legacy answers them", func(s *Situation, r *Subject) {
			r.Evidence.Clients.Service.Failures, r.Evidence.Spared.Clients = 301, 300
		},
			ActionHold, legacy, false, []string{"holding at 5%: errors are less than ", "above legacy's (the service failed 301 of 4,000 requests (300 untranslatable, which legacy answers), legacy 3 of 9,000), the gate wants 0.5pp"}},
		{"nor are copies of such", func(s *Situation, r *Subject) {
			r.Evidence.Pairs.Service, r.Evidence.Spared.Pairs = 300, 300
		},
			ActionHold, legacy, false, []string{"of 4,300 compared requests the service alone failed 300 (300 untranslatable, which legacy answers), legacy alone 0"}},
		{"what fails beside them is", func(s *Situation, r *Subject) {
			r.Evidence.Clients.Service.Failures, r.Evidence.Spared.Clients = 600, 300
		},
			ActionRollback, shadow, false, []string{"rolling back to shadow: errors are more than "}},
		{"failures of both are nobody's", func(s *Situation, r *Subject) { r.Evidence.Pairs.Both = 300 },
			ActionPromote, strangler.Canary(25_00), false, nil},
		{"clients' latency is enough", func(s *Situation, r *Subject) {
			r.Evidence.Clients.Service.Latency = constant(4000, 40*time.Millisecond)
		},
			ActionRollback, shadow, false, []string{"rolling back to shadow: latency (p99) is above 1.96x legacy's (398ms to legacy's 199ms, 4,000 requests), the gate is 1.3x"}},
		{"in shadow clients' answers by the service don't count, as there are none", func(s *Situation, r *Subject) {
			s.Position = shadow
			r.Evidence.Clients.Service.Failures = 4000
		},
			ActionPromote, strangler.Canary(1_00), false, nil},

		{"held for the longest time: a person", func(s *Situation, r *Subject) {
			s.Since = noon.Add(-DefaultMaxHold)
			r.Evidence.Compared = 212
		},
			ActionHold, legacy, true, []string{"holding at 5%: it needs a person, as it has stood here for 3 days, the longest it may. So far: divergence is below 1.6%", "errors are", "`strangler rollout resume orders-read` gives it as long again"}},
		{"held for the longest time, now all holds: nothing is promoted any more", func(s *Situation, r *Subject) { s.Since = noon.Add(-DefaultMaxHold) },
			ActionHold, legacy, true, nil},
		{"without a longest time", func(s *Situation, r *Subject) { s.Plan.MaxHold, s.Since = 0, noon.Add(-10_000*time.Hour) },
			ActionPromote, strangler.Canary(25_00), false, nil},

		{"from legacy to shadow nothing has to be shown", func(s *Situation, r *Subject) {
			s.Position, r.Evidence, s.Since = legacy, Evidence{}, noon
		},
			ActionPromote, shadow, false, []string{"promoting to shadow: nothing has to be shown for shadowing"}},
		{"from legacy, frozen", func(s *Situation, r *Subject) { s.Position, r.Evidence, s.Frozen = legacy, Evidence{}, "frozen" },
			ActionHold, legacy, false, []string{"holding at legacy: frozen"}},
		{"from legacy to a canary, and it says so", func(s *Situation, r *Subject) {
			s.Position, r.Evidence, s.Plan.Steps = legacy, Evidence{}, DefaultSteps()[1:]
		},
			ActionPromote, strangler.Canary(1_00), false, []string{"promoting to 1% without evidence: the plan has no shadow step"}},
		{"shadow before the first step is as good as a step", func(s *Situation, r *Subject) {
			s.Position, s.Plan.Steps = shadow, DefaultSteps()[1:]
			r.Evidence.Compared = 100
		},
			ActionHold, legacy, false, []string{"holding at shadow: divergence is below"}},
		{"done", func(s *Situation, _ *Subject) { s.Position = live },
			ActionDone, legacy, false, []string{"done at live, the last step: divergence is below"}},
		{"beyond the last step", func(s *Situation, _ *Subject) {
			s.Plan.Steps = DefaultSteps()[:3]
			s.Position = strangler.Canary(50_00)
		},
			ActionDone, legacy, false, nil},
		{"retired: whatever the evidence", func(s *Situation, r *Subject) {
			s.Position = strangler.At(strangler.PhaseRetired)
			broken(&r.Evidence)
		},
			ActionDone, legacy, false, []string{"done: it is retired"}},

		{"a unit goes on when every route may", func(s *Situation, r *Subject) {
			other := *r
			other.Route.Name, other.Evidence.Compared = "orders-list", 10
			s.Routes = append(s.Routes, other)
		},
			ActionHold, legacy, false, []string{"holding at 5%: orders-list: divergence is below 29% (0 of 10 comparisons differ)"}},
		{"a unit goes back for any of its routes", func(s *Situation, r *Subject) {
			other := *r
			other.Route.Name, other.Evidence.Diverged = "orders-list", 100
			s.Routes = append(s.Routes, other)
		},
			ActionRollback, shadow, false, []string{"rolling back to shadow: orders-list: divergence is above"}},
		{"a unit with one that never returns", func(s *Situation, r *Subject) {
			other := *r
			other.Route.Name, other.Route.Return = "orders-write", strangler.ReturnNever
			s.Routes = append(s.Routes, other)
			broken(&s.Routes[0].Evidence)
		},
			ActionStop, legacy, true, []string{"orders-read: divergence is above", `route "orders-write": its service owns the data`}},
		{"a unit of many: a sentence has an end", func(s *Situation, r *Subject) {
			for range 7 {
				s.Routes = append(s.Routes, *r)
			}
		},
			ActionPromote, strangler.Canary(25_00), false, []string{"; and 26 more"}},
		{"no routes", func(s *Situation, _ *Subject) { s.Routes = nil },
			ActionHold, legacy, false, []string{"holding at 5%: it has no routes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Decide(situation(tt.change))
			if d.Action != tt.want || d.To != tt.to || d.Person != tt.person {
				t.Errorf("%s to %s, person %v, want %s to %s, %v", d.Action, d.To, d.Person, tt.want, tt.to, tt.person)
			}
			rest := d.Why
			for _, part := range tt.why {
				_, after, found := strings.Cut(rest, part)
				if !found {
					t.Errorf("no %q in\n%s", part, d.Why)
				}
				rest = after
			}
		})
	}
}

// What a reading's numbers say and what its state says are the same.
func TestReadingsAgree(t *testing.T) {
	rng := random(31)
	for range runs(3000, 500) {
		s := situation(func(s *Situation, r *Subject) {
			s.Position = []strangler.Position{strangler.At(strangler.PhaseShadow), strangler.Canary(5_00), strangler.At(strangler.PhaseLive)}[rng.IntN(3)]
			n := 1 + rng.Int64N(3000)
			few := func() int64 { return rng.Int64N(1 + rng.Int64N(1+n/20)) }
			around := func() Histogram {
				return constant(int(rng.Int64N(3000)), time.Duration(10+rng.IntN(20))*time.Millisecond)
			}
			r.Evidence = Evidence{
				Compared: n, Diverged: few() / 10, Sampled: n, Skipped: few(),
				Pairs:   Pairs{few(), few(), few(), n, around(), around()},
				Clients: Sides{Tally{2 * n, few(), around()}, Tally{n, few(), around()}},
			}
		})
		d := Decide(s)
		if len(d.Readings) != 4 {
			t.Fatalf("%d readings, want one of each gate", len(d.Readings))
		}
		for _, r := range d.Readings {
			unbounded := r.Gate == GateLatency && r.Upper == 0
			ok := true
			switch {
			case r.Gate == GateSkipped:
				ok = (r.State == StateHolds) == (r.Count >= enoughSampled && r.Estimate <= r.Limit)
			case r.State == StateBroken:
				ok = r.Lower >= r.Limit*(1-1e-6)
			case r.State == StateHolds:
				ok = !unbounded && r.Upper <= r.Limit*(1+1e-6) && r.Lower <= r.Limit && r.Need == 0
			default:
				ok = r.Lower <= r.Limit*(1+1e-6) && (unbounded || r.Upper >= r.Limit*(1-1e-6))
			}
			if !ok || r.Why == "" || r.Route != "orders-read" {
				t.Fatalf("%+v", r)
			}
		}
	}
}

// What is needed is what is enough: with it the gate holds, if all goes well.
func TestNeedIsEnough(t *testing.T) {
	rng := random(32)
	for range runs(500, 100) {
		s := situation(func(s *Situation, r *Subject) {
			s.Position = strangler.At(strangler.PhaseShadow)
			n := 1 + rng.Int64N(2000)
			r.Evidence = Evidence{Compared: n, Diverged: rng.Int64N(2), Sampled: n, Skipped: rng.Int64N(1 + n/5),
				Pairs: Pairs{Neither: n, Service: rng.Int64N(3)}}
		})
		more := func(gate string, need int64) State {
			e := &s.Routes[0].Evidence
			e.Compared += need
			e.Sampled += need
			e.Pairs.Neither += need
			defer func() { e.Compared -= need; e.Sampled -= need; e.Pairs.Neither -= need }()
			for _, r := range Decide(s).Readings {
				if r.Gate == gate {
					return r.State
				}
			}
			return ""
		}
		for _, r := range Decide(s).Readings {
			if r.State != StateOpen || r.Gate == GateLatency {
				continue
			}
			if r.Need <= 0 || more(r.Gate, r.Need) != StateHolds || more(r.Gate, r.Need-1) != StateOpen {
				t.Fatalf("%d more aren't what it takes: %+v", r.Need, r)
			}
			if want := time.Duration(r.Need) * time.Second; r.Forecast != want {
				t.Fatalf("%d at one a second take %s: %+v", r.Need, r.Forecast, r)
			}
		}
	}
}

func TestForecast(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Situation, *Subject)
		want   time.Duration
	}{
		{"all holds", func(*Situation, *Subject) {}, 0},
		{"the slowest gate counts", func(_ *Situation, r *Subject) {
			r.Evidence.Compared, r.Evidence.Sampled, r.Compared = 3365, 10, 0.5
		}, 20 * time.Second},
		{"nobody can say without traffic", func(_ *Situation, r *Subject) { r.Evidence.Compared, r.Compared = 3365, 0 }, 0},
		{"the faster source counts", func(_ *Situation, r *Subject) {
			r.Evidence.Pairs, r.Evidence.Clients.Service.Requests = Pairs{}, 0
			r.Evidence.Clients.Service.Failures, r.Evidence.Clients.Legacy = 0, Tally{}
			r.Gates.Latency.Off = true
			r.Compared, r.Served = 0.001, 964
		}, time.Second},
		{"forecasts have an end", func(_ *Situation, r *Subject) { r.Evidence.Compared, r.Compared = 0, 1e-12 }, furthest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Decide(situation(tt.change))
			if diff := cmp.Diff(tt.want, d.Forecast); diff != "" {
				t.Errorf("forecast (-want +got):\n%s\n%s", diff, d.Why)
			}
		})
	}
}

// The parts of all tests that can send a route back add up to its budget at most.
func TestSharesAddUp(t *testing.T) {
	for _, off := range []Gates{{}, {Errors: Gate{Off: true}}, {Divergence: Gate{Off: true}, Latency: Gate{Off: true}}} {
		s := Subject{Gates: off, Budget: Budget{Rollback: 0.05}}
		plan := Plan{Steps: DefaultSteps()}
		var sum float64
		if !off.Divergence.Off {
			sum += s.share(GateDivergence, plan)
		}
		for range plan.Steps {
			if !off.Errors.Off {
				sum += s.share(GateErrors, plan)
			}
			if !off.Latency.Off {
				sum += s.share(GateLatency, plan)
			}
		}
		if sum > 0.05+1e-12 || sum < 0.05-1e-12 {
			t.Errorf("%+v: the parts are %v together, want 0.05", off, sum)
		}
	}
}

func TestEvidenceClone(t *testing.T) {
	e := well()
	c := e.Clone()
	c.Pairs.LegacyLatency.Add(time.Second)
	c.Pairs.ServiceLatency.Add(time.Second)
	c.Clients.Legacy.Latency.Add(time.Second)
	c.Clients.Service.Latency.Add(time.Second)
	if diff := cmp.Diff(well(), e); diff != "" {
		t.Errorf("what is added to a clone is in the original (-want +got):\n%s", diff)
	}
}
