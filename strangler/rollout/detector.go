package rollout

import (
	"encoding/json"
	"math"
)

// Detector sees when a rate begins to be above a limit, however long it was below it before: an
// e-detector of the Shiryaev–Roberts kind (Shin, Ramdas and Rinaldo 2023). Where a cumulative test
// has to outweigh all that was well before, this one bets anew at every observation, as if the rate
// had begun to be too high just there, and adds up what all these bets have made:
//
//	M ← (M + n)·r^k/(1+(r−1)θ)^n     for n observations, k of them events
//
// mixed over the odds ratios r. While no conditional rate exceeds the limit θ, M less the number of
// observations is a supermartingale, so that there are RunLength observations at least, on average,
// until M reaches RunLength. Batches may have any size that doesn't depend on their own outcomes,
// such as what came in a second.
//
// The zero value has seen nothing. A Detector is a value: a copy goes on by itself.
type Detector struct {
	limit float64               // that it is about; another one begins anew
	logs  [detectorBets]float64 // ln M of each bet, while seen
	last  float64               // value just after the last batch with an event; ln
	seen  bool
}

const detectorBets = 10

// betsDetector, {odds ratio, weight}: there are no ratios near 1, as what has become a little worse
// is no emergency and the cumulative test sees it too.
var betsDetector = newOdds([][2]float64{
	{1.5, 0.5}, {2, 1}, {2.8, 1}, {4, 1}, {6, 1}, {10, 1}, {18, 1}, {40, 1}, {100, 0.5}, {1000, 0.25},
})

// Observe takes n more observations, k of them events. With another limit than before it begins anew.
func (d *Detector) Observe(n, k int64, limit float64) {
	if n <= 0 {
		return
	}
	if !d.seen || d.limit != limit {
		*d = Detector{limit: limit, last: nothing, seen: true}
		for i := range d.logs {
			d.logs[i] = nothing
		}
	}
	switch {
	case limit >= 1: // nothing is above it
		return
	case limit <= 0: // what can't happen did: certain, and for good
		if k > 0 {
			d.last = math.MaxFloat64
			for i := range d.logs {
				d.logs[i] = math.MaxFloat64
			}
		}
		return
	}
	test, added := betsDetector.at(limit), math.Log(float64(n))
	for i, log := range d.logs {
		d.logs[i] = logSum2(log, added) + test.log(i, k, n)
	}
	if k > 0 {
		d.last = d.log()
	}
}

// nothing stands for ln 0, which JSON doesn't know.
const nothing = -math.MaxFloat64

// Alarm tells whether the rate is above the limit of late, where false alarms are to be runLength
// observations apart at least, on average. Where the rate is below the limit again it ends by and by.
func (d Detector) Alarm(runLength float64) bool {
	return d.seen && runLength > 0 && d.value() >= math.Log(runLength)
}

// value is ln M, or that just after the last event where it is smaller: with a very small limit M
// grows while nothing happens, and nothing is no reason for an alarm.
func (d Detector) value() float64 { return min(d.log(), d.last) }

func (d Detector) log() float64 {
	var terms [detectorBets]float64
	for i := range terms {
		terms[i] = betsDetector.logWeight[i] + d.logs[i]
	}
	return logSum(terms[:])
}

// logSum2 returns ln(e^a+e^b).
func logSum2(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// Equal tells whether both have seen the same.
func (d Detector) Equal(other Detector) bool { return d == other }

type detectorJSON struct {
	Limit float64   `json:"limit"`
	Bets  []float64 `json:"bets"` // ln M of each
	Last  float64   `json:"last"`
}

// MarshalJSON writes what Observe goes on from.
func (d Detector) MarshalJSON() ([]byte, error) {
	if !d.seen {
		return []byte("{}"), nil
	}
	return json.Marshal(detectorJSON{Limit: d.limit, Bets: d.logs[:], Last: d.last})
}

// UnmarshalJSON reads it. What was written with other bets than today's begins anew.
func (d *Detector) UnmarshalJSON(text []byte) error {
	var in detectorJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	*d = Detector{}
	if len(in.Bets) == detectorBets {
		d.limit, d.last, d.seen = in.Limit, in.Last, true
		copy(d.logs[:], in.Bets)
	}
	return nil
}
