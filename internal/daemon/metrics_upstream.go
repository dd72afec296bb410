package daemon

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/strangler-fig/toolkit/web"
)

// collectUpstream tells how one side's upstream does.
func collectUpstream(s *web.Service, counter func(*prometheus.Desc, int64, ...string), gauge func(*prometheus.Desc, float64, ...string)) {
	for _, e := range s.Endpoints {
		gauge(descEndpointUp, oneIf(e.Healthy), s.Name, e.Addr)
		counter(descEndpointRequests, e.Requests, s.Name, e.Addr)
		counter(descEndpointFailures, e.Failures, s.Name, e.Addr)
		counter(descEndpointFull, e.Full, s.Name, e.Addr)
		counter(descEndpointEjected, e.Ejections, s.Name, e.Addr)
		gauge(descEndpointInFlight, float64(e.InFlight), s.Name, e.Addr)
		gauge(descEndpointIdle, float64(e.Idle), s.Name, e.Addr)
	}
	guards := append([]web.RouteGuard{{Guard: s.Guard}}, s.RouteGuards...)
	for _, g := range guards {
		if b := g.Guard.Bulkhead; b != nil {
			gauge(descInFlight, float64(b.InFlight), s.Name, g.Route)
			gauge(descWaiting, float64(b.Waiting), s.Name, g.Route)
			gauge(descLimit, float64(b.Limit), s.Name, g.Route)
			counter(descFull, b.Full, s.Name, g.Route)
		}
		if b := g.Guard.Breaker; b != nil {
			for _, state := range web.BreakerStates() {
				gauge(descBreaker, oneIf(b.State == state), s.Name, g.Route, state)
			}
			counter(descBreakerOpened, b.Opened, s.Name, g.Route)
		}
		if t := g.Guard.Timeouts; t != nil {
			for kind, n := range map[string]int64{"dial": t.Dial, "first_byte": t.FirstByte, "request": t.Request, "idle": t.Idle} {
				counter(descTimeouts, n, s.Name, g.Route, kind)
			}
		}
		if r := g.Guard.Retry; r != nil {
			counter(descRetries, r.Retries, s.Name, g.Route)
			counter(descRetriesDenied, r.Denied, s.Name, g.Route)
		}
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
