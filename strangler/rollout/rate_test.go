package rollout

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// made returns what bets made of a stake of one.
func made(g *odds, k, n int64, limit float64) float64 {
	test := g.at(limit)
	var sum float64
	for i := range g.less {
		sum += math.Exp(g.logWeight[i] + test.log(i, k, n))
	}
	return sum
}

// choose returns n over k.
func choose(n, k int64) float64 {
	c := 1.0
	for i := range k {
		c *= float64(n-i) / float64(i+1)
	}
	return c
}

func binomial(k, n int64, p float64) float64 {
	return choose(n, k) * math.Pow(p, float64(k)) * math.Pow(1-p, float64(n-k))
}

// Nobody wins on average where the limit is kept: exactly one is left of one at the limit, and no
// more than one on the side that is bet against. This is all that Ville's inequality wants.
func TestBetsAreFair(t *testing.T) {
	const n = 12
	for _, limit := range []float64{0.001, 0.05, 0.5, 0.9} {
		for _, times := range []float64{0, 0.3, 1, 1.1} {
			p := limit * times
			var over, under float64
			for k := range int64(n + 1) {
				over += binomial(k, n, p) * made(betsAbove, k, n, limit)
				under += binomial(k, n, p) * made(betsBelow, k, n, limit)
			}
			name := fmt.Sprintf("limit %v, rate %v", limit, p)
			if times == 1 && (math.Abs(over-1) > 1e-9 || math.Abs(under-1) > 1e-9) {
				t.Errorf("%s: %v and %v are left of one on average", name, over, under)
			}
			if times < 1 && over > 1 {
				t.Errorf("%s: bets on more win %v", name, over)
			}
			if times > 1 && under > 1 {
				t.Errorf("%s: bets on less win %v", name, under)
			}
		}
	}
}

func TestPairBetsAreFair(t *testing.T) {
	const n = 6
	mean := func(b *bets, m float64, plus, minus float64, swap bool) (sum float64) {
		for i := range int64(n + 1) {
			for j := range int64(n + 1 - i) {
				p := choose(n, i) * choose(n-i, j) * math.Pow(plus, float64(i)) * math.Pow(minus, float64(j)) * math.Pow(1-plus-minus, float64(n-i-j))
				up, down := i, j
				if swap {
					up, down = j, i
				}
				// The largest alpha at which it reaches 1/alpha is what was made.
				_, level := bisect(0, 1e9, func(x float64) bool { return !b.reaches(up, n-i-j, down, m, 1/max(x, 1e-300)) })
				sum += p * level
			}
		}
		return sum
	}
	for _, m := range []float64{-0.4, 0, 0.005, 0.3} {
		for _, both := range []float64{0, 0.1, 0.3} { // share of differences to either side beyond those that make the mean
			plus, minus := both+max(m, 0), both+max(-m, 0)
			if plus+minus > 1 {
				continue
			}
			if got := mean(pairsAbove, m, plus, minus, false); math.Abs(got-1) > 1e-5 {
				t.Errorf("mean %v with %v to both sides: bets on more leave %v of one", m, both, got)
			}
			if got := mean(pairsBelow, -m, plus, minus, true); math.Abs(got-1) > 1e-5 {
				t.Errorf("mean %v with %v to both sides: bets on less leave %v of one", m, both, got)
			}
		}
	}
}

func TestRateEnds(t *testing.T) {
	tests := []struct {
		name      string
		got, want bool
	}{
		{"no observations show nothing", above(0, 0, 0.1, 0.05) || below(0, 0, 0.1, 0.05), false},
		{"no event never shows too many", above(0, 1e12, 1e-9, 0.05), false},
		{"what can't happen did", above(1, 1e12, 0, 0.05), true},
		{"nothing is above always", above(5, 5, 1, 0.05), false},
		{"nothing is below never", below(0, 1e12, 0, 0.05), false},
		{"without budget nothing is shown", above(1000, 1000, 0.001, 0) || below(0, 1e12, 0.001, 0), false},
		{"the first two of two at 0.1%", above(2, 2, 0.001, 0.05), true},
		{"a trillion, one in ten million", above(100_000, 1e12, 0.9e-7, 1e-9), true},
		{"a trillion, one in ten million, from above", below(100_000, 1e12, 1.1e-7, 1e-9), true},
		{"a trillion, exactly the limit", above(100_000, 1e12, 1e-7, 0.05) || below(100_000, 1e12, 1e-7, 0.05), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got %v", tt.got)
			}
		})
	}
}

// More events show more, more observations less; a bound is where what is shown begins.
func TestRateMonotone(t *testing.T) {
	rng := random(21)
	for range 2000 {
		n := 1 + rng.Int64N(20_000)
		k := rng.Int64N(min(n, 1+rng.Int64N(200)) + 1)
		limit, a := math.Pow(10, -4*rng.Float64()), math.Pow(10, -1-4*rng.Float64())
		if above(k, n, limit, a) && (!above(k+1, n+1, limit, a) || !above(k, n, limit/2, a) || !above(k, n, limit, 2*a)) {
			t.Fatalf("%d of %d is above %v at %v, but not with more events, a smaller limit or more budget", k, n, limit, a)
		}
		if below(k, n, limit, a) && (!below(k, n+1, limit, a) || !below(k, n, 1.5*limit, a) || !below(k, n, limit, 2*a)) {
			t.Fatalf("%d of %d is below %v at %v, but not with more clean ones, a larger limit or more budget", k, n, limit, a)
		}
		low, high, share := lower(k, n, a), upper(k, n, a), float64(k)/float64(n)
		if low > share || high < share || (low > 0 && !above(k, n, low, a)) || above(k, n, low*1.0001+1e-12, a) ||
			(high < 1 && (!below(k, n, high, a) || below(k, n, high*0.9999, a))) {
			t.Fatalf("%d of %d at %v: bounds %v and %v", k, n, a, low, high)
		}
	}
}

func TestCleanNeeded(t *testing.T) {
	rng := random(22)
	for range 500 {
		k, limit, a := rng.Int64N(20), math.Pow(10, -1-3*rng.Float64()), math.Pow(10, -1-3*rng.Float64())
		n := k + rng.Int64N(5000)
		need := cleanNeeded(k, n, limit, a)
		if !below(k, n+need, limit, a) || need > 0 && below(k, n+need-1, limit, a) {
			t.Fatalf("%d of %d, limit %v at %v: %d isn't the number", k, n, limit, a, need)
		}
		d := differences{rng.Int64N(5), rng.Int64N(2000), rng.Int64N(5)}
		need = d.cleanNeeded(limit, a)
		less, enough := d, d
		less.zero, enough.zero = d.zero+need-1, d.zero+need
		if !enough.below(limit, a) || need > 0 && less.below(limit, a) {
			t.Fatalf("%v, limit %v at %v: %d isn't the number", d, limit, a, need)
		}
	}
	if n := cleanNeeded(0, 0, 0.001, 0.05); n != 3375 { // a golden number: users plan with it
		t.Errorf("a perfect service needs %d at 0.1%%, want 3375", n)
	}
	if n := cleanNeeded(0, 0, 0, 0.05); n != never {
		t.Errorf("below 0 is shown after %d", n)
	}
}

// By trying every number.
func TestRanks(t *testing.T) {
	rng := random(23)
	for range 300 {
		n, limit, a := rng.Int64N(1500), []float64{0.01, 0.001, 0.3}[rng.IntN(3)], []float64{0.05, 0.001}[rng.IntN(2)]
		least, most := int64(0), n
		for least <= n && !above(least, n, limit, a) {
			least++
		}
		for most >= 0 && !below(most, n, limit, a) {
			most--
		}
		if got := leastAbove(n, limit, a); got != least {
			t.Fatalf("of %d at %v: %d show more than %v, want %d", n, a, got, limit, least)
		}
		if got := mostBelow(n, limit, a); got != most {
			t.Fatalf("of %d at %v: %d show less than %v, want %d", n, a, got, limit, most)
		}
	}
}

// Over whole paths the bounds leave out the average conditional rate with probability alpha at
// most each, also where the rate changes, and where it depends on what happened.
func TestBoundsCover(t *testing.T) {
	constant := func(p float64) func(n, k int64) float64 { return func(int64, int64) float64 { return p } }
	rates := map[string]func(n, k int64) float64{
		"one in a hundred": constant(0.01),
		"a third":          constant(1.0 / 3),
		"falling":          func(n, _ int64) float64 { return 0.5 / (1 + float64(n)/20) },
		"rising":           func(n, _ int64) float64 { return min(float64(n)/5000, 1) },
		"more after more": func(n, k int64) float64 {
			return 0.02 + 0.5*math.Max(0, float64(k)/float64(n+1)-0.02)
		},
	}
	const a = 0.1
	paths, length := runs(3000, 400), int64(2000)
	for name, rate := range rates {
		t.Run(name, func(t *testing.T) {
			rng := random(24)
			var low, high int
			for range paths {
				var missedLow, missedHigh bool
				var k int64
				var sum float64
				for n := int64(1); n <= length && !(missedLow && missedHigh); n++ {
					p := rate(n-1, k)
					sum += p
					event := rng.Float64() < p
					if event {
						k++
					}
					average := sum / float64(n)
					missedLow = missedLow || event && above(k, n, average, a) // lower is beyond it
					missedHigh = missedHigh || n%7 == 0 && below(k, n, average, a)
				}
				if missedLow {
					low++
				}
				if missedHigh {
					high++
				}
			}
			atMost(t, "lower bounds beyond it", low, paths, a)
			atMost(t, "upper bounds below it", high, paths, a)
		})
	}
}

func TestPairsMonotone(t *testing.T) {
	rng := random(25)
	for range 1000 {
		d := differences{rng.Int64N(30), rng.Int64N(2000), rng.Int64N(30)}
		if d.count() == 0 {
			continue
		}
		a := math.Pow(10, -1-3*rng.Float64())
		low, high := d.lower(a), d.upper(a)
		if low > d.mean() || high < d.mean() {
			t.Fatalf("%v at %v: %v is not between %v and %v", d, a, d.mean(), low, high)
		}
		for _, m := range []float64{-0.5, -0.01, 0, 0.005, 0.02, 0.5} {
			if math.Abs(m-low) > 1e-6 && d.above(m, a) != (low > m) {
				t.Fatalf("%v at %v: above %v is %v, but its bound is %v", d, a, m, d.above(m, a), low)
			}
			if math.Abs(m-high) > 1e-6 && d.below(m, a) != (high < m) {
				t.Fatalf("%v at %v: below %v is %v, but its bound is %v", d, a, m, d.below(m, a), high)
			}
		}
	}
	nothing := differences{}
	if nothing.above(0, 0.05) || nothing.below(0.5, 0.05) || nothing.lower(0.05) != -1 || nothing.upper(0.05) != 1 {
		t.Error("nothing shows something")
	}
}

func TestTailBoundsCover(t *testing.T) {
	const a = 0.1
	paths := runs(1000, 150)
	rng := random(26)
	truth := 40e6 * math.Exp(0.5*2.3263478740408408)
	var low, high int
	for range paths {
		var h Histogram
		var missedLow, missedHigh bool
		for n := 1; n <= 4000; n++ {
			h.Add(time.Duration(40e6 * math.Exp(0.5*rng.NormFloat64())))
			if n%50 == 0 {
				missedLow = missedLow || float64(tailLower(h, a)) > truth
				missedHigh = missedHigh || float64(tailUpper(h, a)) < truth
			}
		}
		if missedLow {
			low++
		}
		if missedHigh {
			high++
		}
	}
	atMost(t, "lower bounds beyond it", low, paths, a)
	atMost(t, "upper bounds below it", high, paths, a)
}
