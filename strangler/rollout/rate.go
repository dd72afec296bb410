package rollout

import (
	"math"
	"slices"
)

// odds is a mixture of tests of one rate: odds ratios and the weights of their bets, which sum to
// one. Package doc has the derivation.
type odds struct {
	less      []float64 // r−1 of each odds ratio r
	logRatio  []float64 // ln r
	logWeight []float64
}

func newOdds(weights [][2]float64) *odds {
	var sum float64
	for _, w := range weights {
		sum += w[1]
	}
	g := &odds{}
	for _, w := range weights {
		g.less = append(g.less, w[0]-1)
		g.logRatio = append(g.logRatio, math.Log(w[0]))
		g.logWeight = append(g.logWeight, math.Log(w[1]/sum))
	}
	return g
}

// The bets, {odds ratio, weight}. Against "at most" they spread evenly over what is worth finding
// soon, twice the limit to a hundred times, and thinly beyond. Against "at least" half of the money
// is on a service that never errs, so that such a one needs no more than a quarter over the minimum.
var (
	betsAbove = newOdds([][2]float64{
		{1.2, 0.3}, {1.5, 0.7}, {2, 1}, {2.8, 1}, {4, 1}, {6, 1}, {9, 1}, {15, 1}, {30, 1}, {60, 1}, {150, 0.5}, {1000, 0.3},
	})
	betsBelow = newOdds([][2]float64{
		{0, 6}, {0.06, 1}, {0.15, 1}, {0.3, 1}, {0.45, 1}, {0.6, 1}, {0.75, 0.7}, {0.88, 0.3},
	})
)

// test is a mixture at one limit θ: it takes logarithms of what doesn't change from look to look once.
type test struct {
	*odds
	limit float64
	each  [mostBets]float64 // ln(1+(r−1)θ)
}

const mostBets = 16

func (g *odds) at(theta float64) test {
	t := test{odds: g, limit: theta}
	for i, less := range g.less {
		t.each[i] = math.Log1p(less * theta)
	}
	return t
}

// log returns the logarithm of one bet's r^k/(1+(r−1)θ)^n.
func (t *test) log(i int, k, n int64) float64 {
	var log float64
	if n > 0 { // 0·∞ is 0 here: where r is 0 and θ is 1
		log = -float64(n) * t.each[i]
	}
	if k > 0 {
		log += float64(k) * t.logRatio[i]
	}
	return log
}

// reaches tells whether Σ w·r^k/(1+(r−1)θ)^n, what was made of a stake of one, is 1/alpha at least.
func (t *test) reaches(k, n int64, alpha float64) bool {
	var terms [mostBets]float64
	for i := range t.less {
		terms[i] = t.logWeight[i] + t.log(i, k, n)
	}
	return sumReaches(terms[:len(t.less)], -math.Log(alpha))
}

// sumReaches tells whether the sum of what the terms are the logarithms of reaches e^level. Most
// often the largest of them tells.
func sumReaches(terms []float64, level float64) bool {
	most := slices.Max(terms)
	if most >= level {
		return true
	}
	return most+math.Log(float64(len(terms))) >= level && logSum(terms) >= level
}

// logSum returns the logarithm of the sum of what the terms are the logarithms of.
func logSum(terms []float64) float64 {
	most := slices.Max(terms)
	if math.IsInf(most, 0) {
		return most
	}
	var sum float64
	for _, t := range terms {
		sum += math.Exp(t - most)
	}
	return most + math.Log(sum)
}

// above tells whether k events in n show that the rate is above limit. Over all n that are ever
// looked at, it does so with probability alpha at most where the average rate so far is not.
func above(k, n int64, limit, alpha float64) bool {
	t := betsAbove.at(limit)
	return t.above(k, n, alpha)
}

// below tells whether k events in n show that the rate is below limit. Over all n that are ever
// looked at, it does so with probability alpha at most where the average rate so far is not.
func below(k, n int64, limit, alpha float64) bool {
	t := betsBelow.at(limit)
	return t.below(k, n, alpha)
}

func (t *test) above(k, n int64, alpha float64) bool {
	switch {
	case k <= 0 || t.limit >= 1 || alpha <= 0:
		return false
	case t.limit <= 0:
		return true // what can't happen did
	}
	return t.reaches(k, n, alpha)
}

func (t *test) below(k, n int64, alpha float64) bool {
	switch {
	case k >= n || t.limit <= 0 || alpha <= 0:
		return false
	case t.limit >= 1:
		return true // what has to happen always didn't
	}
	return t.reaches(k, n, alpha)
}

// lower returns the largest limit that above shows to be exceeded; 0 where there is none.
func lower(k, n int64, alpha float64) float64 {
	exceeded, _ := bisect(0, 1, func(theta float64) bool { return !above(k, n, theta, alpha) })
	return exceeded
}

// upper returns the smallest limit that below shows to be kept; 1 where there is none.
func upper(k, n int64, alpha float64) float64 {
	_, kept := bisect(0, 1, func(theta float64) bool { return below(k, n, theta, alpha) })
	return kept
}

// bisect narrows [no, yes] down to where is turns from false to true: it returns the largest
// number for which it was seen to be false and the smallest for which it was true, or the ends
// themselves.
func bisect(no, yes float64, is func(float64) bool) (float64, float64) {
	for range 200 {
		mid := no + (yes-no)/2
		switch { // small rates want relative exactness
		case no > 0 && yes > 4*no:
			mid = math.Sqrt(no * yes)
		case no == 0 && yes <= 1e-3 && yes > 1e-15:
			mid = yes * yes
		}
		if mid <= no || mid >= yes || yes-no <= 1e-8*max(yes, -no) {
			break
		}
		if is(mid) {
			yes = mid
		} else {
			no = mid
		}
	}
	return no, yes
}

// never is more observations than anybody will see.
const never = int64(1) << 52

// cleanNeeded returns how many observations without an event are missing until below, exactly;
// 0: none are, never: no number is enough.
func cleanNeeded(k, n int64, limit, alpha float64) int64 {
	if limit <= 0 || alpha <= 0 {
		return never
	}
	t := betsBelow.at(limit)
	return firstInt(never, func(more int64) bool { return t.below(k, n+more, alpha) })
}

// firstInt returns the smallest number from 0 to most for which is holds, where it holds for all
// larger ones; never where there is none.
func firstInt(most int64, is func(int64) bool) int64 {
	if is(0) {
		return 0
	}
	no, yes := int64(0), min(1, most)
	for !is(yes) {
		if yes >= most {
			return never
		}
		no, yes = yes, min(2*yes, most)
	}
	for no+1 < yes {
		if mid := no + (yes-no)/2; is(mid) {
			yes = mid
		} else {
			no = mid
		}
	}
	return yes
}

// leastAbove returns the smallest k for which above holds, n+1 where none does. A share of limit or
// less never shows more than limit, so that it is looked for upwards from there.
func leastAbove(n int64, limit, alpha float64) int64 {
	t, from := betsAbove.at(limit), min(int64(float64(n)*limit), n+1)
	return min(from+firstInt(n+1-from, func(more int64) bool { return t.above(from+more, n, alpha) }), n+1)
}

// mostBelow returns the largest k for which below holds, −1 where none does.
func mostBelow(n int64, limit, alpha float64) int64 {
	t, from := betsBelow.at(limit), min(int64(math.Ceil(float64(n)*limit)), n)
	return max(from-firstInt(from, func(less int64) bool { return t.below(from-less, n, alpha) }), -1)
}
