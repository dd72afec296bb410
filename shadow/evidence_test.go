package shadow_test

import (
	"math"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestEvidence serves from a side that takes 10 ms, or the other, and looks at what is said of
// both.
func TestEvidence(t *testing.T) {
	for _, serves := range []shadow.Side{shadow.Legacy, shadow.Service} {
		t.Run("served by "+string(serves), func(t *testing.T) {
			slow, quick := later(10*time.Millisecond, status(200)), status(404)
			p := point(direct(quick))
			p.LegacyExtra = shadow.Extra{Share: 1, PerSecond: 1e6}
			served, legacy, service := slow, 200, 404
			if p.Serves = serves; serves == shadow.Service {
				p.Other, served = direct(slow), quick
			}
			s := start(t, shadow.Config{})
			h := s.Around(p)(served)
			for range 20 {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			}
			stop(t, s)
			e := s.Evidence()["orders"]
			if d := cmp.Diff([]shadow.StatusPair{{Legacy: legacy, Service: service, Count: 20}}, e.Statuses); d != "" {
				t.Errorf("status pairs (-want +got):\n%s", d)
			}
			if e.Latency == nil || e.Latency.Count != 20 {
				t.Fatalf("latencies are %+v, want those of 20 requests", e.Latency)
			}
			if l := e.Latency.Legacy; l.P50 < 9.8 || l.P99 < l.P50 {
				t.Errorf("legacy's latencies are %+v, want 10 ms and more", l)
			}
			if got, want := e.Latency.Difference.P50, e.Latency.Service.P50-e.Latency.Legacy.P50; got > -5 || math.Abs(got-want) > 5 {
				t.Errorf("the service is slower by %v ms in the middle, want about %v", got, want)
			}
		})
	}
}
