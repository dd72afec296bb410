package rollout

import "math"

// bets is a mixture of bets on the mean of differences that are −1, 0 or 1 (Waudby-Smith and Ramdas
// 2024): how much of what there is is staked each time, and the weights of the bets, which sum to one.
type bets struct {
	stake     []float64 // above 0, 1 at most
	logWeight []float64
}

func newBets(weights [][2]float64) *bets {
	var sum float64
	for _, w := range weights {
		sum += w[1]
	}
	b := &bets{}
	for _, w := range weights {
		b.stake = append(b.stake, w[0])
		b.logWeight = append(b.logWeight, math.Log(w[1]/sum))
	}
	return b
}

// The bets, {stake, weight}. Where differences to both sides are common small stakes win, where there
// are none to the other side large ones do. As with betsBelow, half of the money against "at least" is
// on a service that never does worse.
var (
	pairsAbove = newBets([][2]float64{
		{1, 2}, {0.95, 1}, {0.8, 1}, {0.6, 1}, {0.4, 1}, {0.25, 1}, {0.15, 1}, {0.08, 1}, {0.04, 1}, {0.02, 0.5},
	})
	pairsBelow = newBets([][2]float64{
		{1, 6}, {0.95, 1}, {0.8, 1}, {0.6, 1}, {0.4, 0.7}, {0.25, 0.7}, {0.15, 0.5}, {0.08, 0.5}, {0.04, 0.3}, {0.02, 0.3},
	})
)

// reaches tells whether bets that the mean is above m made 1/alpha at least of a stake of one:
// Σ w·Π(1+λ(D−m)) with λ = stake/(1+m), the most that D = −1 can't drive below zero.
func (b *bets) reaches(plus, zero, minus int64, m, alpha float64) bool {
	var terms [mostBets]float64
	for i, stake := range b.stake {
		lambda := stake / (1 + m)
		log := b.logWeight[i] + float64(zero)*math.Log1p(-lambda*m)
		if plus > 0 {
			log += float64(plus) * math.Log1p(lambda*(1-m))
		}
		if minus > 0 { // not where there are none: 0·ln 0
			log += float64(minus) * math.Log1p(-stake)
		}
		terms[i] = log
	}
	return sumReaches(terms[:len(b.stake)], -math.Log(alpha))
}

// differences are how often each happened, D being the service's failures less legacy's.
type differences struct{ plus, zero, minus int64 }

func (d differences) count() int64 { return d.plus + d.zero + d.minus }

func (d differences) mean() float64 {
	if d.count() == 0 {
		return 0
	}
	return float64(d.plus-d.minus) / float64(d.count())
}

// above tells whether the mean is shown to be above m, as above does of a rate.
func (d differences) above(m, alpha float64) bool {
	switch {
	case d.count() <= 0 || m >= 1 || alpha <= 0:
		return false
	case m <= -1:
		return d.minus < d.count()
	}
	return pairsAbove.reaches(d.plus, d.zero, d.minus, m, alpha)
}

// below tells whether the mean is shown to be below m.
func (d differences) below(m, alpha float64) bool {
	switch {
	case d.count() <= 0 || m <= -1 || alpha <= 0:
		return false
	case m >= 1:
		return d.plus < d.count()
	}
	return pairsBelow.reaches(d.minus, d.zero, d.plus, -m, alpha)
}

// lower returns the largest mean that is shown to be exceeded, −1 where there is none; upper the
// smallest that is shown not to be reached, 1 where there is none.
func (d differences) lower(alpha float64) float64 {
	exceeded, _ := bisect(-1, 1, func(m float64) bool { return !d.above(m, alpha) })
	return exceeded
}

func (d differences) upper(alpha float64) float64 {
	_, kept := bisect(-1, 1, func(m float64) bool { return d.below(m, alpha) })
	return kept
}

// cleanNeeded returns how many pairs that don't differ are missing until below; never: no number
// is enough, as where m isn't above 0.
func (d differences) cleanNeeded(m, alpha float64) int64 {
	if m <= 0 || alpha <= 0 {
		return never
	}
	return firstInt(never, func(more int64) bool {
		return differences{d.plus, d.zero + more, d.minus}.below(m, alpha)
	})
}
