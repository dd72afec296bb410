package rollout

import (
	"encoding/json"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every edge and what lies beside it, by a search through the edges themselves.
func TestBucketEdges(t *testing.T) {
	slow := func(d time.Duration) int {
		i := 0
		for i < len(edges) && d >= edges[i] {
			i++
		}
		return i
	}
	check := func(d time.Duration) {
		if got, want := bucket(d), slow(d); got != want {
			t.Errorf("%d ns is in bucket %d, want %d", d, got, want)
		}
	}
	for _, e := range edges {
		check(e - 1)
		check(e)
		check(e + 1)
	}
	for _, d := range []time.Duration{-1, 0, 1, 5 * time.Hour, longest} {
		check(d)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		check(time.Duration(1) << rng.IntN(62) * time.Duration(1+rng.Float64()))
		check(time.Duration(rng.Int64N(int64(4 * time.Hour))))
	}
}

func TestBucketWidth(t *testing.T) {
	for i := 1; i < len(edges); i++ {
		if ratio := float64(edges[i]) / float64(edges[i-1]); ratio > 1.02 || ratio <= 1 {
			t.Fatalf("bucket %d is from %s to %s", i, edges[i-1], edges[i])
		}
	}
	if edges[0] > 10*time.Microsecond || edges[len(edges)-1] < time.Hour {
		t.Errorf("from %s to %s, want 10 µs to 1 h", edges[0], edges[len(edges)-1])
	}
}

func TestHistogramDifference(t *testing.T) {
	var live AtomicHistogram
	var sum Histogram
	before := live.Snapshot()
	for i := range 5 {
		for j := range 100 {
			live.Add(time.Duration(i*j) * time.Millisecond)
		}
		now := live.Snapshot()
		if got := now.Sub(before).Count(); got != 100 {
			t.Errorf("%d since the last look, want 100", got)
		}
		sum.Merge(now.Sub(before))
		before = now
	}
	if diff := cmp.Diff(live.Snapshot(), sum); diff != "" {
		t.Errorf("all, and the sum of what was new each time (-want +got):\n%s", diff)
	}
	clone := sum.Clone()
	clone.Add(time.Second)
	if sum.Count() != 500 || sum.Equal(clone) {
		t.Error("a clone shares its counts")
	}
}

func TestHistogramRanks(t *testing.T) {
	var h Histogram
	if q := h.Quantile(0.99); q != 0 {
		t.Errorf("the quantile of nothing is %s", q)
	}
	for i := 1; i <= 1000; i++ {
		h.Add(time.Duration(i) * time.Millisecond)
	}
	for _, k := range []int64{1, 2, 10, 500, 999, 1000} {
		value := time.Duration(1001-k) * time.Millisecond
		low, high := h.largest(k)
		if value < low || value >= high {
			t.Errorf("number %d from the top is %s, not in %s to %s", k, value, low, high)
		}
		if n := h.exceeding(value); n < k || float64(n) > float64(k)+0.02*1000+1 {
			t.Errorf("%d may be %s or longer, want %d and the rest of its bucket", n, value, k)
		}
	}
	if q := h.Quantile(0.99); q < 980*time.Millisecond || q > 1000*time.Millisecond {
		t.Errorf("p99 is %s, want about 990ms", q)
	}
	h.Add(2 * time.Hour)
	if _, high := h.largest(1); high != longest {
		t.Errorf("what is beyond the last edge is below %s", high)
	}
}

// Under the race detector this also shows that Add may be called at once with all else.
func TestAtomicHistogramConcurrent(t *testing.T) {
	var h AtomicHistogram
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 2000 {
				h.Add(time.Duration(i) * time.Microsecond)
				if i%500 == 0 {
					h.Snapshot()
				}
			}
		})
	}
	wg.Wait()
	if n := h.Snapshot().Count(); n != 16_000 {
		t.Errorf("%d, want 16000: additions were lost", n)
	}
}

func TestHistogramJSON(t *testing.T) {
	var h Histogram
	text, err := json.Marshal(h)
	if err != nil || string(text) != "{}" {
		t.Errorf("nothing is %s, %v", text, err)
	}
	for _, d := range []time.Duration{0, time.Millisecond, time.Millisecond, 3 * time.Hour} {
		h.Add(d)
	}
	text, err = json.Marshal(h)
	if want := `{"format":1,"counts":[0,1,240,2,1025,1]}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
	for _, bad := range []string{`[]`, `{"counts":[1,1]}`, `{"format":2,"counts":[1,1]}`, `{"format":1,"counts":[1]}`,
		`{"format":1,"counts":[1,0]}`, `{"format":1,"counts":[2,1,1,1]}`, `{"format":1,"counts":[1026,1]}`,
		`{"format":1,"counts":[-1,1]}`, `{"format":1,"counts":[0,4503599627370496,1,1]}`} {
		got := h.Clone()
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func FuzzHistogramJSON(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"format":1,"counts":[0,1,240,2,1025,1]}`))
	f.Add([]byte(`{"format":1,"counts":[3,9007199254740993]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var h Histogram
		if json.Unmarshal(text, &h) != nil {
			return
		}
		written, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		var again Histogram
		if err := json.Unmarshal(written, &again); err != nil {
			t.Fatalf("%s can't be read: %v", written, err)
		}
		if diff := cmp.Diff(h, again); diff != "" {
			t.Errorf("%s (-before +after):\n%s", written, diff)
		}
		if n := h.Count(); n > 0 {
			h.largest(1)
			h.largest(n)
			if h.exceeding(0) != n {
				t.Errorf("%d of %d are 0 or longer", h.exceeding(0), n)
			}
		}
	})
}

func BenchmarkAtomicHistogram(b *testing.B) {
	var h AtomicHistogram
	h.Add(0)
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		d := 37 * time.Microsecond
		for b.Loop() {
			h.Add(d)
			d += 997 * time.Nanosecond
		}
	})
	b.Run("all cores", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			d := 37 * time.Microsecond
			for pb.Next() {
				h.Add(d)
				d += 997 * time.Nanosecond
			}
		})
	})
}
