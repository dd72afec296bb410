package web

import (
	"fmt"
	"time"
)

// Service is one upstream: a service, or the legacy application, whose name is legacy.
type Service struct {
	Name        string       `json:"name"`
	Absent      bool         `json:"absent,omitempty"` // of legacy only: there is none any more
	URLs        []string     `json:"urls"`
	Routes      []string     `json:"routes"`    // that name it; of legacy none are listed
	Transport   string       `json:"transport"` // that carries its requests: own, for HTTP/1.1 without TLS, or standard, net/http's
	Balance     string       `json:"balance"`   // round_robin, least_requests or hash
	Connections Connections  `json:"connections"`
	SlowStart   string       `json:"slow_start,omitempty"`   // as a file has it; empty: none
	HealthCheck *HealthCheck `json:"health_check,omitempty"` // nil: endpoints are not asked how they are
	LookupError string       `json:"lookup_error,omitempty"` // why its names could not be looked up the last time
	Endpoints   []Endpoint   `json:"endpoints"`
	Guard       Guard        `json:"guard"`
	// RouteGuards are those of routes with a policy of their own: the parts that are not shared
	// with the service's.
	RouteGuards []RouteGuard `json:"route_guards"`
}

// Connections are the bounds of those to one endpoint.
type Connections struct {
	Max         int    `json:"max"`          // in all; 0: no limit
	Idle        int    `json:"idle"`         // kept for later
	IdleTimeout string `json:"idle_timeout"` // and for how long, as a file has it
}

// HealthCheck is what endpoints are asked, and what follows. Durations are as a file has them.
type HealthCheck struct {
	Path     string `json:"path"`
	Host     string `json:"host,omitempty"` // empty: the endpoint's
	Status   string `json:"status"`         // the good answers: 200, 2xx, 200-399
	Interval string `json:"interval"`
	Timeout  string `json:"timeout"`
	Rise     int    `json:"rise"` // good answers that bring an endpoint back
	Fall     int    `json:"fall"` // bad ones that put it out of the turn
}

// Endpoint is how one endpoint of an upstream does. The counts began when it was found.
type Endpoint struct {
	Addr      string    `json:"addr"`
	Healthy   bool      `json:"healthy"`       // whether it is in the turn
	Why       string    `json:"why,omitempty"` // why not
	Since     time.Time `json:"since"`
	InFlight  int64     `json:"in_flight"`
	Requests  int64     `json:"requests"`
	Failures  int64     `json:"failures"`  // no connection, broken, time-outs, and status 502 to 504
	Full      int64     `json:"full"`      // requests that got none of its connections, as many as there may be
	Ejections int64     `json:"ejections"` // how often it was put out of the turn
	Idle      int       `json:"idle"`      // connections that are kept and not in use
}

// Guard is what stands before the endpoints, from outside in. What is absent isn't there.
type Guard struct {
	Bulkhead *Bulkhead `json:"bulkhead,omitempty"`
	Breaker  *Breaker  `json:"breaker,omitempty"`
	Timeouts *Timeouts `json:"timeouts,omitempty"`
	Retry    *Retry    `json:"retry,omitempty"`
}

// RouteGuard is what stands before the endpoints for one route's requests alone.
type RouteGuard struct {
	Route string `json:"route"`
	Guard Guard  `json:"guard"`
}

// Bulkhead is how one does.
type Bulkhead struct {
	InFlight int64 `json:"in_flight"`
	Waiting  int64 `json:"waiting"`
	Limit    int64 `json:"limit"` // at present, where it follows latency
	Full     int64 `json:"full"`  // requests that it turned away
}

// Breaker is how one does.
type Breaker struct {
	State  string    `json:"state"`          // closed, open or half-open
	Until  time.Time `json:"until,omitzero"` // when an open one lets some requests through
	Opened int64     `json:"opened"`         // how often
}

// Timeouts are how many requests ran out of which time.
type Timeouts struct {
	Dial      int64 `json:"dial"`
	FirstByte int64 `json:"first_byte"`
	Request   int64 `json:"request"`
	Idle      int64 `json:"idle"`
}

// Any reports whether any did.
func (t *Timeouts) Any() bool { return t != nil && *t != Timeouts{} }

// Retry is how many requests were sent again.
type Retry struct {
	Retries int64 `json:"retries"`
	Denied  int64 `json:"denied"` // those that the budget didn't allow
}

// BreakerStates are the values of Breaker.State.
func BreakerStates() []string { return []string{"closed", "half-open", "open"} }

// IsFull reports whether a bulkhead has no room.
func (b *Bulkhead) IsFull() bool { return b != nil && b.Limit > 0 && b.InFlight >= b.Limit }

// Troubles says what is wrong with a service at present, each in one sentence.
func (s *Service) Troubles() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if s.LookupError != "" {
		add("its name can't be looked up: %s", s.LookupError)
	}
	out := 0
	for _, e := range s.Endpoints {
		if !e.Healthy {
			out++
		}
	}
	for _, e := range s.Endpoints {
		if e.Healthy {
			continue
		}
		used := ""
		if out == len(s.Endpoints) {
			used = ", but used, since no other is better"
		}
		add("endpoint %s is out since %s: %s%s", e.Addr, clock(e.Since), e.Why, used)
	}
	guards := append([]RouteGuard{{Guard: s.Guard}}, s.RouteGuards...)
	for _, g := range guards {
		of := ""
		if g.Route != "" {
			of = " of route " + g.Route
		}
		switch b := g.Guard.Breaker; {
		case b == nil || b.State == "closed":
		case b.Until.IsZero():
			add("the circuit breaker%s is %s", of, b.State)
		default:
			add("the circuit breaker%s is %s until %s", of, b.State, clock(b.Until))
		}
		if b := g.Guard.Bulkhead; b.IsFull() {
			add("the bulkhead%s is full: %d of %d in flight, %d waiting, %d turned away so far", of, b.InFlight, b.Limit, b.Waiting, b.Full)
		}
	}
	return all
}

func clock(t time.Time) string { return t.Local().Format(time.TimeOnly) }
