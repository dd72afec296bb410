package shadow_test

import (
	"context"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// BenchmarkExperiment is what an experiment costs its caller, beside legacy's code that does nothing,
// and, as they share the machine here, what the comparison costs.
func BenchmarkExperiment(b *testing.B) {
	o := order{7, []item{{"fig", 2, 1}, {"bark", 3, 2}}}
	hang := func(ctx context.Context) (order, error) { <-ctx.Done(); return order{}, ctx.Err() }
	for _, bench := range []struct {
		name   string
		config shadow.ExperimentConfig[order]
		try    orderFunc
	}{
		{"bare", shadow.ExperimentConfig[order]{}, nil},
		{"not tried", shadow.ExperimentConfig[order]{Percent: func() float64 { return 0 }}, gives(o)},
		{"no room", shadow.ExperimentConfig[order]{Concurrency: 1, Timeout: time.Hour}, hang},
		{"tried", shadow.ExperimentConfig[order]{Concurrency: 1 << 10}, gives(o)},
		{"tried, own comparison", shadow.ExperimentConfig[order]{Concurrency: 1 << 10, Compare: func(l, s order) bool { return l.ID == s.ID }}, gives(o)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			bench.config.Logger = quiet
			e, err := shadow.NewExperiment("order-total", bench.config)
			if err != nil {
				b.Fatal(err)
			}
			ctx, use := b.Context(), gives(o)
			b.ReportAllocs()
			for b.Loop() {
				e.Run(ctx, use, bench.try)
			}
			c := e.Counts()
			b.ReportMetric(float64(c.Match)/float64(max(1, c.Sampled)), "compared/op")
			end, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			_ = e.Close(end) // the code that hangs is given up
		})
	}
}
