package rollout

import (
	"testing"
	"time"
)

// The bounds are the closest that the counts allow, to one bucket: with the next one they would no
// longer be shown.
func TestTailBoundsAreTight(t *testing.T) {
	rng := random(41)
	for range 200 {
		var h Histogram
		values := make([]time.Duration, 300+rng.IntN(5000))
		for i := range values {
			values[i] = time.Duration(rng.ExpFloat64() * float64(50*time.Millisecond))
			h.Add(values[i])
		}
		n := int64(len(values))
		atLeast := func(x time.Duration) (k int64) {
			for _, v := range values {
				if v >= x {
					k++
				}
			}
			return k
		}
		low, high := tailLower(h, 0.05), tailUpper(h, 0.05)
		if low > 0 {
			_, next := span(bucket(low))
			if !above(atLeast(low), n, tail, 0.05) || above(atLeast(next), n, tail, 0.05) {
				t.Fatalf("of %d the 99th percentile is shown to be %s at least, not %s", n, low, next)
			}
		}
		if high < longest {
			before, _ := span(bucket(high - 1))
			if !below(atLeast(high), n, tail, 0.05) || below(atLeast(before), n, tail, 0.05) {
				t.Fatalf("of %d the 99th percentile is shown to be %s at most, not %s", n, high, before)
			}
		}
	}
	var few Histogram
	few.Add(time.Second)
	if low, high := tailLower(few, 0.05), tailUpper(few, 0.05); low != 0 || high != longest {
		t.Errorf("one duration shows that the 99th percentile is %s to %s", low, high)
	}
}

// Two bounds make one comparison, so each has half of its level; likewise for errors.
func TestTwoBoundsShareALevel(t *testing.T) {
	service, legacy := constant(4000, 30*time.Millisecond), constant(5000, 20*time.Millisecond)
	test := tailTest{limit: 1.3, rollback: 0.01, promotion: 0.05}
	f := test.compare(service, legacy)
	if want := float64(tailLower(service, 0.005)) / float64(tailUpper(legacy, 0.005)); f.lower != want {
		t.Errorf("latency's lower bound is %v, want %v", f.lower, want)
	}
	if want := float64(tailUpper(service, 0.025)) / float64(tailLower(legacy, 0.025)); f.upper != want {
		t.Errorf("latency's upper bound is %v, want %v", f.upper, want)
	}
	s := Subject{Gates: DefaultGates(), Evidence: Evidence{Clients: Sides{Legacy: Tally{Requests: 5000, Failures: 100}, Service: Tally{Requests: 4000, Failures: 120}}}}
	f = s.clientErrors(0.01, 0.05)
	if want := lower(120, 4000, 0.005) - upper(100, 5000, 0.005); f.lower != want {
		t.Errorf("errors' lower bound is %v, want %v", f.lower, want)
	}
	if want := upper(120, 4000, 0.025) - lower(100, 5000, 0.025); f.upper != want {
		t.Errorf("errors' upper bound is %v, want %v", f.upper, want)
	}
}

// What latency needs is a forecast, to a quarter: with a quarter more of the same it holds.
func TestLatencyNeed(t *testing.T) {
	rng := random(42)
	draw := func(n int, median float64) (h Histogram) {
		for range n {
			h.Add(time.Duration(median * (0.8 + 0.4*rng.Float64())))
		}
		return h
	}
	test := tailTest{limit: 1.3, rollback: 0.01, promotion: 0.05}
	for _, n := range []int{1, 100, 300, 380} {
		service, legacy := draw(n, 20e6), draw(n, 20e6)
		f := test.finding(service, legacy)
		if f.holds || f.need <= 0 || f.need == never {
			t.Fatalf("of %d: %+v", n, f)
		}
		more := int(float64(f.need)*1.3) + 60 // and what chance may cost
		service.Merge(draw(more, 20e6))
		legacy.Merge(draw(more, 20e6))
		if !test.compare(service, legacy).holds {
			t.Errorf("of %d at least %d are missing, but %d more don't do", n, f.need, more)
		}
	}
	if f := test.finding(draw(3000, 60e6), draw(3000, 20e6)); f.holds || !f.broken {
		t.Errorf("three times as slow: %+v", f)
	}
}
