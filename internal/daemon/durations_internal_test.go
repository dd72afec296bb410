package daemon

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// TestDurations compares what is told of durations with what Prometheus' own histogram tells of the same.
func TestDurations(t *testing.T) {
	bounds := []float64{.0005, .001, .002, .003, .005, .0075, .01, .015, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	want := prometheus.NewHistogram(prometheus.HistogramOpts{Buckets: bounds})
	var got durations
	observe := func(d time.Duration) {
		want.Observe(d.Seconds())
		got.add(d)
	}
	compare := func() {
		t.Helper()
		var w, g dto.Metric
		if err := want.Write(&w); err != nil {
			t.Fatal(err)
		}
		if err := got.metric(prometheus.NewDesc("of", "durations", nil, nil)).Write(&g); err != nil {
			t.Fatal(err)
		}
		type histogram struct {
			Bounds []float64
			Counts []uint64
			Count  uint64
			Sum    float64
		}
		of := func(m *dto.Metric) (h histogram) {
			for _, b := range m.GetHistogram().GetBucket() {
				h.Bounds, h.Counts = append(h.Bounds, b.GetUpperBound()), append(h.Counts, b.GetCumulativeCount())
			}
			h.Count, h.Sum = m.GetHistogram().GetSampleCount(), m.GetHistogram().GetSampleSum()
			return h
		}
		// Of each duration up to half a microsecond is rounded.
		within := cmpopts.EquateApprox(0, float64(w.GetHistogram().GetSampleCount())*.6e-6)
		if diff := cmp.Diff(of(&w), of(&g), within); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	compare() // of none
	for _, bound := range durationBounds {
		for _, d := range []time.Duration{bound - 1, bound, bound + 1} {
			observe(d)
		}
	}
	observe(0)
	observe(2 * time.Hour)
	compare()
	for range 1000 {
		observe(100 * 24 * time.Hour) // as connections that stay open; in nanoseconds the sum of a few of them is none
	}
	for range 10_000 {
		observe(time.Duration(rand.ExpFloat64() * float64(20*time.Millisecond)))
	}
	compare()
}

func TestDurationsQuantiles(t *testing.T) {
	for _, tt := range []struct {
		name     string
		took     []time.Duration
		p50, p99 float64 // milliseconds
	}{
		{name: "none"},
		{name: "in the middle of their bucket", took: []time.Duration{1200 * time.Microsecond, 1800 * time.Microsecond}, p50: 1.5, p99: 1.99},
		{name: "in two", took: []time.Duration{time.Millisecond, 80 * time.Millisecond}, p50: 1, p99: 99},
		{name: "beyond the last bound", took: []time.Duration{time.Hour}, p50: 60_000, p99: 60_000},
	} {
		var h durations
		for _, d := range tt.took {
			h.add(d)
		}
		if p50, p99 := h.quantiles(); p50 != tt.p50 || p99 != tt.p99 {
			t.Errorf("%s: %g and %g, want %g and %g", tt.name, p50, p99, tt.p50, tt.p99)
		}
	}
}
