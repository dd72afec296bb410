package rollout

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var digits = regexp.MustCompile(`[0-9][0-9.,]*`)

var update = flag.Bool("update", false, "with -long: write the simulation's tables into README.md")

// tables is what the simulation shows, in Markdown.
type tables struct{ bytes.Buffer }

func (b *tables) head(title string, columns ...string) {
	fmt.Fprintf(b, "\n%s\n\n| %s |\n|%s\n", title, strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
}

func (b *tables) row(cells ...string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }

func share(events, of int) string {
	return fmt.Sprintf("%s%%", plain(math.Round(1e4*float64(events)/float64(of))/100))
}

func number(x float64) string {
	if math.IsInf(x, 1) {
		return "–"
	}
	return count(int64(x))
}

func ratio(x, of float64) string {
	if math.IsInf(x, 1) {
		return "–"
	}
	return fmt.Sprintf("%.2f", x/of)
}

func TestSimulation(t *testing.T) {
	var b tables
	t.Run("wrong rollbacks", func(t *testing.T) { simulateWrongRollbacks(t, &b) })
	t.Run("wrong promotions", func(t *testing.T) { simulateWrongPromotions(t, &b) })
	t.Run("detection", func(t *testing.T) { simulateDetection(t, &b) })
	t.Run("gone bad", func(t *testing.T) { simulateGoneBad(t, &b) })
	t.Run("bursts", func(t *testing.T) { simulateBursts(t, &b) })
	t.Run("bursts counted once", func(t *testing.T) { simulateDistinct(t, &b) })
	t.Run("latency", func(t *testing.T) { simulateLatency(t, &b) })
	t.Run("errors", func(t *testing.T) { simulateErrors(t, &b) })
	t.Run("good services", func(t *testing.T) { simulateGood(t, &b) })
	if !t.Failed() {
		compareReadme(t, b.String())
	}
}

// compareReadme compares with what stands in the README: all of it with -long, else the words
// only, as other numbers of rollouts have other outcomes. Other processors round logarithms
// differently, so that there it is the words too.
func compareReadme(t *testing.T, got string) {
	t.Helper()
	const file, begin, end = "README.md", "<!-- simulation: go test ./strangler/rollout -run Simulation -long -update -->\n", "<!-- end of simulation -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	want, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the simulation, between %q and %q", file, begin, end)
	}
	if *long && *update {
		if err := os.WriteFile(file, []byte(before+begin+got+"\n"+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want = strings.TrimSuffix(want, "\n")
	if !*long || runtime.GOARCH != "amd64" {
		words := func(s string) string {
			var kept []string
			for line := range strings.Lines(s) {
				if strings.HasPrefix(line, "| ") {
					line = strings.Split(line, "|")[1] + "\n"
				}
				kept = append(kept, digits.ReplaceAllString(line, "#"))
			}
			return strings.Join(kept, "")
		}
		got, want = words(got), words(want)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is out of date, write it with -long -update (-want +got):\n%s", file, diff)
	}
}

// (a) Exactly at the gate, with a look after every comparison.
func simulateWrongRollbacks(t *testing.T, b *tables) {
	b.head("**Rolled back without need.** The true share is exactly the gate, 0.1%; a look after each of "+count(far)+" comparisons; no rollout is promoted meanwhile, which would spare it.",
		"what", "rollouts", "rolled back", "at most")
	one := runs(10_000, 10_000)
	l := looking(gate, alpha, alpha)
	rng := random(11)
	o := simulate(one, func(int) end { return l.toBroken(far, steady(rng, gate)) })
	atMost(t, "one route, divergence its only gate", o.broken, o.runs, alpha)
	b.row("one route, divergence its only gate", count(int64(o.runs)), share(o.broken, o.runs), share(5, 100))

	s := Subject{Gates: DefaultGates(), Budget: Budget{Rollback: alpha}}
	l = looking(gate, s.share(GateDivergence, Plan{}), alpha)
	o = simulate(one, func(int) end { return l.toBroken(far, steady(rng, gate)) })
	atMost(t, "one route, three gates", o.broken, o.runs, alpha/3)
	b.row("one route, three gates: divergence's third", count(int64(o.runs)), share(o.broken, o.runs), share(500, 30_000))

	const routes = 800
	l = looking(gate, alpha/routes, alpha)
	migrations := runs(2000, 40)
	o = simulate(migrations, func(int) end {
		for range routes {
			if e := l.toBroken(far/8, steady(rng, gate)); e.broken {
				return e
			}
		}
		return end{}
	})
	atMost(t, "one of 800 routes", o.broken, o.runs, alpha)
	b.row("a migration of 800 routes, all at the gate, "+count(far/8)+" comparisons each: any of them", count(int64(o.runs)), share(o.broken, o.runs), share(5, 100))

	comparisons := int64(runs(1_000_000, 50_000)) * 1000
	alarms := falseAlarms(comparisons, steady(rng, gate))
	atMost(t, "false alarms per comparison", alarms, int(comparisons), 1.0/DefaultRunLength)
	b.row("the detector, alarms per million comparisons", count(comparisons)+" comparisons", perMillion(alarms, comparisons), "1")
}

func perMillion(alarms int, comparisons int64) string {
	return fmt.Sprintf("%.2f", float64(alarms)/float64(comparisons)*1e6)
}

// (b) At the gate and beyond it.
func simulateWrongPromotions(t *testing.T, b *tables) {
	b.head("**Promoted wrongly.** As above; no rollout is rolled back meanwhile.", "true share", "rollouts", "promoted", "at most")
	l := looking(gate, alpha, alpha)
	rng := random(12)
	for _, times := range []float64{1, 1.2, 2} {
		o := simulate(runs(10_000, 2000), func(int) end { return l.toHeld(far, steady(rng, times*gate)) })
		atMost(t, fmt.Sprintf("promoted at %v of the gate", times), o.held, o.runs, alpha)
		b.row(percent(times*gate), count(int64(o.runs)), share(o.held, o.runs), share(5, 100))
	}
}

// (c) How soon a bad service is found, from a standstill.
func simulateDetection(t *testing.T, b *tables) {
	for _, plan := range []struct {
		name  string
		alpha float64
	}{
		{"one route, divergence its only gate", alpha},
		{"one of 100 routes with three gates", alpha / 300},
	} {
		b.head("**Found, "+plan.name+"** (level "+percent(significant(plan.alpha, 2, false))+", gate 0.1%). "+
			"Beside it what an exact binomial test that looks once needs to see it with a probability of 80% and of 50%, and Flagger's rule: "+
			"at one comparison a second, intervals of a minute, the fifth that fails rolls back, the tenth that doesn't promotes.",
			"true share", "rolled back", "median comparisons", "optimum 80%", "times it", "optimum 50%", "times it", "Flagger rolls back", "its median", "Flagger promotes")
		l := looking(gate, plan.alpha, alpha)
		rng := random(13)
		for _, rate := range []float64{0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05} {
			n := runs(10_000, 2000)
			o := simulate(n, func(int) end { return l.walk(far, steady(rng, rate)) })
			f := simulate(n, func(int) end { return flagger(steady(rng, rate)) })
			often, half, timesOften, timesHalf := "", "", "", ""
			if rate > gate {
				least, even := float64(optimum(plan.alpha, rate, 0.8)), float64(optimum(plan.alpha, rate, 0.5))
				often, half, timesOften, timesHalf = number(least), number(even), ratio(o.toBroken, least), ratio(o.toBroken, even)
				if o.toBroken > 2*least || o.toBroken > 3*even {
					t.Errorf("%v is found after %v, more than twice %v or three times %v", rate, o.toBroken, least, even)
				}
				if float64(o.broken) < 0.93*float64(o.runs) {
					t.Errorf("%v is found in %d of %d", rate, o.broken, o.runs)
				}
			} else {
				atMost(t, fmt.Sprintf("rolled back at %v", rate), o.broken, o.runs, plan.alpha)
			}
			b.row(percent(rate), share(o.broken, o.runs), number(o.toBroken), often, timesOften, half, timesHalf,
				share(f.broken, f.runs), number(f.toBroken), share(f.held, f.runs))
		}
	}
}

// (d) A service that was well for long.
func simulateGoneBad(t *testing.T, b *tables) {
	const clean = 100_000
	b.head("**Gone bad after "+count(clean)+" clean comparisons.** Median of comparisons until it is found.",
		"true share from then on", "detector", "from a standstill", "cumulative test alone", "times the detector")
	l := looking(gate, alpha, alpha)
	well := *newSwift()
	for i := range well.m {
		well.m[i] = standing(well.test, i)
	}
	for _, rate := range []float64{0.005, 0.01, 0.05} {
		n := runs(10_000, 1000)
		same := func(i int) func() int64 { return steady(random(uint64(14_000_000+i)), rate) } // for all three
		late := simulate(n, func(i int) end {
			after, rang := well.untilAlarm(far, same(i))
			return end{broken: rang, after: after}
		})
		fresh := simulate(n, func(i int) end {
			after, rang := newSwift().untilAlarm(far, same(i))
			return end{broken: rang, after: after}
		})
		cumulative := simulate(n, func(i int) end {
			gap, first := same(i), int64(clean)
			e := l.toBroken(far, func() int64 { more := gap() + first; first = 0; return more })
			e.after -= clean
			return e
		})
		if late.broken != n || late.toBroken > fresh.toBroken {
			t.Errorf("at %v the detector needs %v after clean answers, %v from a standstill", rate, late.toBroken, fresh.toBroken)
		}
		if late.toBroken*5 > cumulative.toBroken {
			t.Errorf("at %v the detector needs %v, the cumulative test %v", rate, late.toBroken, cumulative.toBroken)
		}
		b.row(percent(rate), number(late.toBroken), number(fresh.toBroken), number(cumulative.toBroken), ratio(cumulative.toBroken, late.toBroken))
	}
}

// standing is what a bet of the detector's is worth after long without events.
func standing(test test, i int) float64 {
	q := math.Exp(-test.each[i])
	return q / (1 - q)
}

// (e) What breaks the promise.
func simulateBursts(t *testing.T, b *tables) {
	b.head("**Divergences in bursts.** One bad record that is asked for several times in a row; over a long time the share is exactly the gate. "+
		"The promises are about the conditional rate, which then is near 100% during a burst: they don't hold for the long-run share.",
		"mean length of a burst", "rolled back (α 5%)", "promoted (α 5%)", "alarms per million", "rolled back at a fifth of the gate", "alarms per million")
	l := looking(gate, alpha, alpha)
	rng := random(15)
	for _, length := range []float64{1, 2, 5, 20} {
		n := runs(10_000, 2000)
		back := simulate(n, func(int) end { return l.toBroken(far, bursts(rng, gate, length)) })
		on := simulate(n, func(int) end { return l.toHeld(far, bursts(rng, gate, length)) })
		comparisons := int64(runs(100_000, 5000)) * 1000
		alarms := falseAlarms(comparisons, bursts(rng, gate, length))
		if length == 1 {
			atMost(t, "rolled back without bursts", back.broken, n, alpha)
			atMost(t, "promoted without bursts", on.held, n, alpha)
		} else if float64(back.broken) < 2*alpha*float64(n) {
			t.Errorf("bursts of %v do no harm (%d of %d): the README is wrong", length, back.broken, n)
		}
		good := simulate(n, func(int) end { return l.toBroken(far, bursts(rng, gate/5, length)) })
		atFifth := falseAlarms(comparisons, bursts(rng, gate/5, length))
		b.row(plain(length), share(back.broken, n), share(on.held, n), perMillion(alarms, comparisons), share(good.broken, n), perMillion(atFifth, comparisons))
	}
}

// What keeps it all the same: Plan.Distinct.
func simulateDistinct(t *testing.T, b *tables) {
	b.head("**The same bursts, each counted once** (`distinct`). The share of different requests is exactly the gate, that of all requests above it; "+
		"at a fifth of the gate it is as above, that of all requests.",
		"mean length of a burst", "share of all requests", "rolled back (α 5%)", "promoted (α 5%)", "alarms per million", "rolled back at a fifth of the gate", "alarms per million")
	l := looking(gate, alpha, alpha)
	rng := random(19)
	for _, length := range []float64{1, 2, 5, 20} {
		n := runs(10_000, 2000)
		rate := gate * length / (1 - gate + gate*length) // so that one different request in 1/gate is bad
		back := simulate(n, func(int) end { return l.toBroken(far, once(rng, rate, length)) })
		on := simulate(n, func(int) end { return l.toHeld(far, once(rng, rate, length)) })
		comparisons := int64(runs(100_000, 5000)) * 1000
		alarms := falseAlarms(comparisons, once(rng, rate, length))
		good := simulate(n, func(int) end { return l.toBroken(far, once(rng, gate/5, length)) })
		atFifth := falseAlarms(comparisons, once(rng, gate/5, length))
		what := fmt.Sprintf("bursts of %v counted once, ", length)
		atMost(t, what+"rolled back", back.broken, n, alpha)
		atMost(t, what+"promoted", on.held, n, alpha)
		atMost(t, what+"false alarms", alarms, int(comparisons), 1.0/DefaultRunLength)
		atMost(t, what+"rolled back at a fifth", good.broken, n, alpha/5)
		atMost(t, what+"false alarms at a fifth", atFifth, int(comparisons), 0.2/DefaultRunLength)
		b.row(plain(length), percent(math.Round(1e5*rate)/1e5), share(back.broken, n), share(on.held, n), perMillion(alarms, comparisons),
			share(good.broken, n), perMillion(atFifth, comparisons))
	}
}

// (f) Latency: log-normal with σ = 0.5, so that the 99th percentile is 3.2 times the median.
func simulateLatency(t *testing.T, b *tables) {
	const every, until = 100, 40_000
	s := Subject{Gates: DefaultGates(), Budget: Budget{Rollback: alpha, Promotion: alpha}}
	test := tailTest{limit: 1.3, rollback: s.share(GateLatency, Plan{Steps: DefaultSteps()}), promotion: alpha}
	b.head(fmt.Sprintf("**Latency**, gate 1.3x, three gates and six steps (level %s a step). The same requests on both sides, log-normal with σ = 0.5; a look after each %d of %s pairs.",
		percent(significant(test.rollback, 2, false)), every, count(until)),
		"service's p99 against legacy's", "steps", "broken", "median pairs", "holds", "median pairs")
	rng := random(16)
	draw := func(median time.Duration) time.Duration {
		return time.Duration(float64(median) * math.Exp(0.5*rng.NormFloat64()))
	}
	for _, times := range []float64{1, 1.3, 1.5, 2} {
		o := simulate(runs(1000, 40), func(int) end {
			var legacy, service Histogram
			for n := int64(every); n <= until; n += every {
				for range every {
					legacy.Add(draw(40 * time.Millisecond))
					service.Add(draw(time.Duration(times * 40 * float64(time.Millisecond))))
				}
				switch f := test.compare(service, legacy); {
				case f.broken:
					return end{broken: true, after: n}
				case f.holds:
					return end{held: true, after: n}
				}
			}
			return end{after: until}
		})
		switch {
		case times < test.limit:
			atMost(t, "broken at 1x", o.broken, o.runs, 0)
			if o.held < o.runs*95/100 {
				t.Errorf("at %v it holds in %d of %d", times, o.held, o.runs)
			}
		case times == test.limit:
			atMost(t, "broken at the gate", o.broken, o.runs, test.rollback)
			atMost(t, "holds at the gate", o.held, o.runs, alpha)
		default:
			atMost(t, "holds beyond the gate", o.held, o.runs, alpha)
			if o.broken < o.runs*90/100 {
				t.Errorf("at %v it is broken in %d of %d", times, o.broken, o.runs)
			}
		}
		b.row(fmt.Sprint(times)+"x", count(int64(o.runs)), share(o.broken, o.runs), number(o.toBroken), share(o.held, o.runs), number(o.toHeld))
	}
}

// Errors, by pairs: each side fails by itself.
func simulateErrors(t *testing.T, b *tables) {
	const every, until = 20, 40_000
	s := Subject{Gates: DefaultGates(), Budget: Budget{Rollback: alpha, Promotion: alpha}}
	limit, level := 0.005, s.share(GateErrors, Plan{Steps: DefaultSteps()})
	b.head(fmt.Sprintf("**Errors**, gate 0.5pp, three gates and six steps (level %s a step). The same requests on both sides, each fails by itself; a look after each %d of %s pairs.",
		percent(significant(level, 2, false)), every, count(until)),
		"legacy fails", "service fails", "steps", "broken", "median pairs", "holds", "median pairs")
	rng := random(17)
	for _, rates := range [][2]float64{{0, 0}, {0.02, 0.02}, {0, 0.005}, {0.02, 0.025}, {0, 0.02}, {0.02, 0.04}, {0.05, 0.15}} {
		o := simulate(runs(2000, 100), func(int) end {
			var d differences
			for n := int64(1); n <= until; n++ {
				service, legacy := rng.Float64() < rates[1], rng.Float64() < rates[0]
				switch {
				case service == legacy:
					d.zero++
				case service:
					d.plus++
				default:
					d.minus++
				}
				if n%every != 0 {
					continue
				}
				switch {
				case d.above(limit, level):
					return end{broken: true, after: n}
				case d.below(limit, alpha):
					return end{held: true, after: n}
				}
			}
			return end{after: until}
		})
		name := fmt.Sprintf("legacy %v, service %v", rates[0], rates[1])
		switch by := rates[1] - rates[0]; {
		case by > limit+1e-9:
			atMost(t, name+" holds", o.held, o.runs, alpha)
			if o.broken < o.runs*90/100 {
				t.Errorf("%s is broken in %d of %d", name, o.broken, o.runs)
			}
		case by > limit-1e-9:
			atMost(t, name+" broken", o.broken, o.runs, level)
			atMost(t, name+" holds", o.held, o.runs, alpha)
		default:
			atMost(t, name+" broken", o.broken, o.runs, level)
			if o.held < o.runs*90/100 {
				t.Errorf("%s holds in %d of %d", name, o.held, o.runs)
			}
		}
		b.row(percent(rates[0]), percent(rates[1]), count(int64(o.runs)), share(o.broken, o.runs), number(o.toBroken), share(o.held, o.runs), number(o.toHeld))
	}
}

// (g) Services that are well.
func simulateGood(t *testing.T, b *tables) {
	least := -math.Log(alpha) / -math.Log1p(-gate)
	b.head("**Promoted**, gate 0.1%, α 5%. No test can be content with fewer than ln(1/α)/gate = "+number(math.Ceil(least))+" comparisons.",
		"true share", "promoted", "rolled back", "median comparisons", "times the minimum")
	l := looking(gate, alpha/3, alpha)
	rng := random(18)
	for _, rate := range []float64{0, 0.0001, 0.0002, 0.0005} {
		o := simulate(runs(10_000, 1000), func(int) end { return l.walk(far, steady(rng, rate)) })
		if rate == 0 && (o.held != o.runs || o.toHeld > 1.25*least) {
			t.Errorf("a perfect service is promoted after %v, want %v at most", o.toHeld, 1.25*least)
		}
		if o.held < o.runs*97/100 {
			t.Errorf("at %v it is promoted in %d of %d", rate, o.held, o.runs)
		}
		b.row(percent(rate), share(o.held, o.runs), share(o.broken, o.runs), number(o.toHeld), ratio(o.toHeld, least))
	}
}
