package web

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTroubles(t *testing.T) {
	at := time.Date(2026, 5, 4, 9, 12, 40, 0, time.Local)
	up := Endpoint{Addr: "10.0.0.1:80", Healthy: true}
	out := Endpoint{Addr: "10.0.0.2:80", Why: "5 failures in a row", Since: at}
	for _, tt := range []struct {
		name string
		of   Service
		want []string
	}{
		{"none where nothing is guarded", Service{Endpoints: []Endpoint{up}}, nil},
		{"none where all is well", Service{Endpoints: []Endpoint{up}, Guard: Guard{
			Breaker: &Breaker{State: "closed", Opened: 7}, Bulkhead: &Bulkhead{InFlight: 9, Limit: 10, Full: 3}, Timeouts: &Timeouts{Idle: 4}, Retry: &Retry{Denied: 2}}}, nil},
		{"an endpoint out", Service{Endpoints: []Endpoint{up, out}}, []string{"endpoint 10.0.0.2:80 is out since 09:12:40: 5 failures in a row"}},
		{"all endpoints out", Service{Endpoints: []Endpoint{out}},
			[]string{"endpoint 10.0.0.2:80 is out since 09:12:40: 5 failures in a row, but used, since no other is better"}},
		{"a name that isn't known", Service{LookupError: "no such host"}, []string{"its name can't be looked up: no such host"}},
		{"open and full", Service{Guard: Guard{Breaker: &Breaker{State: "open", Until: at}, Bulkhead: &Bulkhead{InFlight: 10, Limit: 10, Waiting: 2, Full: 3}}},
			[]string{"the circuit breaker is open until 09:12:40", "the bulkhead is full: 10 of 10 in flight, 2 waiting, 3 turned away so far"}},
		{"a route's", Service{RouteGuards: []RouteGuard{{"slow", Guard{Breaker: &Breaker{State: "half-open"}, Bulkhead: &Bulkhead{InFlight: 1, Limit: 1}}}}},
			[]string{"the circuit breaker of route slow is half-open", "the bulkhead of route slow is full: 1 of 1 in flight, 0 waiting, 0 turned away so far"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.of.Troubles()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
