package rollout

import (
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// BenchmarkDecide is the most that one route costs a look: in canary, with every gate open.
func BenchmarkDecide(b *testing.B) {
	now := time.Now()
	var legacy, service Histogram
	for i := range 3000 {
		legacy.Add(time.Duration(i+1000) * 100 * time.Microsecond)
		service.Add(time.Duration(i+1000) * 129 * time.Microsecond)
	}
	s := Situation{
		Plan:     Plan{Steps: DefaultSteps(), Hold: DefaultHold, MaxHold: DefaultMaxHold},
		Position: strangler.Canary(5_00), Since: now.Add(-time.Hour), Now: now,
		Routes: []Subject{{
			Route: strangler.Route{Name: "r", Service: "s"}, Gates: DefaultGates(),
			Evidence: Evidence{
				Compared: 3012, Diverged: 1, Sampled: 3412,
				Pairs:   Pairs{Neither: 312, LegacyLatency: legacy, ServiceLatency: service},
				Clients: Sides{Legacy: Tally{9000, 4, legacy}, Service: Tally{1000, 10, service}},
			},
			Budget: Budget{0.05, 0.05, DefaultRunLength}, Compared: 1, Served: 2,
		}},
	}
	for b.Loop() {
		Decide(s)
	}
}

func BenchmarkDetector(b *testing.B) {
	var d Detector
	for b.Loop() {
		d.Observe(20, 0, 0.001)
	}
}
