package rollout

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// One batch adds its own size at most, on average, whatever came before: what M gains beyond the
// number of observations is a fair game. This is all that its average run length wants.
func TestDetectorIsFair(t *testing.T) {
	const n, limit = 10, 0.05
	var before Detector
	before.Observe(30, 3, limit)
	for _, times := range []float64{0, 0.5, 1} {
		var after float64
		for k := range int64(n + 1) {
			d := before
			d.Observe(n, k, limit)
			after += binomial(k, n, times*limit) * math.Exp(d.log())
		}
		if gain := after - math.Exp(before.log()); gain > n+1e-6 || times == 1 && math.Abs(gain-n) > 1e-6 {
			t.Errorf("at %v of the limit M gains %v in %d, on average", times, gain, n)
		}
	}
}

func TestDetector(t *testing.T) {
	clean := func(d *Detector, batches int) {
		for range batches {
			d.Observe(20, 0, 0.001)
		}
	}
	bad := func(d *Detector, limit float64) (batches int) { // 5 % in batches of 20
		for !d.Alarm(DefaultRunLength) {
			d.Observe(20, 1, limit)
			if batches++; batches > 10_000 {
				t.Fatal("it never rings")
			}
		}
		return batches
	}
	var fresh, late, silent, other, certain Detector
	if fresh.Alarm(1) || fresh.Alarm(0) {
		t.Error("it rings with nothing seen")
	}
	fast := bad(&fresh, 0.001)
	clean(&late, 5000)
	if slow := bad(&late, 0.001); slow > fast+1 {
		t.Errorf("after 100,000 clean ones it needs %d batches, from a standstill %d", slow, fast)
	}
	if late.Alarm(0) {
		t.Error("it rings where it is off")
	}
	clean(&late, 2000)
	if late.Alarm(DefaultRunLength) {
		t.Error("it still rings after 40,000 clean ones")
	}
	for range 100 {
		silent.Observe(1_000_000, 0, 1e-7)
	}
	if silent.Alarm(DefaultRunLength) {
		t.Error("it rings although nothing ever happened")
	}
	other = fresh
	other.Observe(1, 0, 0.002)
	if other.Alarm(DefaultRunLength) {
		t.Error("with another limit it goes on")
	}
	other.Observe(0, 0, 0.5)
	if other.limit != 0.002 {
		t.Error("nothing made it begin anew")
	}
	certain.Observe(1000, 0, 0)
	if certain.Alarm(DefaultRunLength) {
		t.Error("it rings at limit 0 although nothing happened")
	}
	certain.Observe(1000, 1, 0)
	if !certain.Alarm(DefaultRunLength) {
		t.Error("one at limit 0, and it is silent")
	}
}

func TestDetectorJSON(t *testing.T) {
	var often, impossible, none Detector
	for range 100 {
		often.Observe(1000, 900, 0.001)
	}
	impossible.Observe(3, 1, 0)
	none.Observe(3, 0, 0.001)
	for _, d := range []Detector{{}, none, often, impossible} {
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var again Detector
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Errorf("%s (-before +after):\n%s", text, diff)
		}
		d.Observe(20, 1, 0.001)
		again.Observe(20, 1, 0.001)
		if !d.Equal(again) {
			t.Errorf("%s goes on otherwise", text)
		}
	}
	read := often
	if err := json.Unmarshal([]byte(`{"limit":0.001,"bets":[1,2],"last":3}`), &read); err != nil || !read.Equal(Detector{}) {
		t.Errorf("what other bets made is gone on from: %v", err)
	}
}
