package suggest

import (
	"fmt"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/acl/lens"
)

// clocks offers times: the same moment in two layouts, by the clocks of zones.
func (r *rows) clocks(s *solver, offer offer) {
	for _, there := range r.legacy.times {
		for _, here := range r.service.times {
			if there.layout == here.layout && (there.layout.offset || there.layout.clock == day) {
				continue // the same text
			}
			r.clock(s, there, here, offer)
		}
	}
}

func (r *rows) clock(s *solver, there, here times, offer offer) {
	exact := max(there.layout.clock, here.layout.clock)
	f := lens.Field{Time: &lens.Time{Layout: lens.Sides[string]{Legacy: there.layout.text, Service: here.layout.text}}}
	if t, _ := kindOf(r.legacy, r.both); there.layout.number && t == lens.TypeText {
		f.Time.Type.Legacy = lens.TypeText
	}
	if t, _ := kindOf(r.service, r.both); here.layout.number && t == lens.TypeText {
		f.Time.Type.Service = lens.TypeText
	}
	cost := 1.0
	if there.layout.clock != here.layout.clock {
		cost += 1 // something is lost
	}
	test := func(legacy, service *time.Location) judge {
		return func(i int) bool {
			a, b := there.values[i], here.values[i]
			if a.IsZero() || b.IsZero() {
				return false
			}
			if exact == day { // the same day on both calendars
				return a.Year() == b.Year() && a.YearDay() == b.YearDay()
			}
			if !there.layout.offset {
				a = in(a, legacy)
			}
			if !here.layout.offset {
				b = in(b, service)
			}
			return a.Truncate(exact).Equal(b.Truncate(exact))
		}
	}
	said := fmt.Sprintf("the same time, there as %s and here as %s", there.layout.text, here.layout.text)
	plain := test(time.UTC, time.UTC)
	if exact == day || r.share(plain) > 0.5 || there.layout.offset && here.layout.offset {
		offer(cost, said, f, plain)
		return
	}
	// Clocks that differ: whose zone makes the same moments of them?
	var fits []string
	var holds judge
	for _, name := range zones[1:] {
		zone := s.zone(name)
		if zone == nil {
			continue
		}
		legacy, service, option := zone, time.UTC, lens.Sides[string]{Legacy: name}
		if there.layout.offset { // so that it is the service's clock
			legacy, service, option = time.UTC, zone, lens.Sides[string]{Service: name}
		}
		fit := test(legacy, service)
		if r.share(fit) < 0.9 {
			continue
		}
		if fits = append(fits, name); len(fits) == 1 {
			f.Time.Zone, holds = option, fit
		}
	}
	if len(fits) == 0 {
		return
	}
	said += " by the clock of " + fits[0]
	if len(fits) > 1 {
		said += fmt.Sprintf("; the examples don't tell it from %s", strings.Join(fits[1:min(len(fits), 4)], ", "))
	}
	offer(cost+1, said, f, holds)
}

// share is the part of the compared rows in which something holds.
func (r *rows) share(holds judge) float64 {
	n := 0
	for _, i := range r.both {
		if holds(i) {
			n++
		}
	}
	return float64(n) / float64(len(r.both))
}

// zone returns a zone, nil where this machine doesn't know it.
func (s *solver) zone(name string) *time.Location {
	if z, ok := s.zones[name]; ok {
		return z
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		z = nil
	}
	s.zones[name] = z
	return z
}
