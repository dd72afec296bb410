package shadow

import "time"

// Evidence is what was seen of a route beside verdicts, since the process started.
type Evidence struct {
	// Statuses are of exchanges whose two answers were compared: those of unequal statuses first,
	// then the most frequent. A pair of zeros stands for those beyond 64.
	Statuses []StatusPair `json:"statuses"`
	Latency  *Latencies   `json:"latency,omitempty"` // nil: no two answers were compared yet
	Controls int64        `json:"controls"`          // exchanges for which legacy was asked twice, as far as they still count
	Noise    []Place      `json:"noise"`             // where answers differed in those, by pattern and kind
}

// Evidence returns what was seen of each route, by name.
func (s *Shadow) Evidence() map[string]Evidence {
	s.mu.Lock()
	routes := make([]*route, 0, len(s.routes))
	for _, r := range s.routes {
		routes = append(routes, r)
	}
	s.mu.Unlock()
	all := make(map[string]Evidence, len(routes))
	for _, r := range routes {
		e := Evidence{Statuses: r.statuses.read(), Latency: r.latencies.read()}
		e.Noise, e.Controls = r.noises.read()
		all[r.name] = e
	}
	return all
}

// observe takes two answers that are compared.
func (r *route) observe(legacy, service *Answer) {
	r.statuses.add(legacy.Status, service.Status)
	r.latencies.add(legacy.Latency, service.Latency)
}

// Known says what is known of a place on a route, by a difference's pattern and kind.
func (s *Shadow) Known(route, pattern string, kind Kind) Known {
	s.mu.Lock()
	r := s.routes[route]
	s.mu.Unlock()
	if r == nil {
		return KnownUnknown
	}
	return r.noises.known(place{pattern, kind})
}

// Weigh says of differences that were found by other means than a copy which count and which are
// noise, by what is known of the route and by what the values look like; at is when was asked.
func (s *Shadow) Weigh(route string, differences []Difference, at time.Time) (count, noise []Difference) {
	s.mu.Lock()
	r := s.routes[route]
	s.mu.Unlock()
	return splitNoise(r, differences, at, nil, false)
}
