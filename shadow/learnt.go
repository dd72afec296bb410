package shadow

import (
	"maps"
	"slices"
)

// Learnt is what was learnt of a route's noise, to be kept while the process doesn't run.
type Learnt struct {
	Controls float64       `json:"controls"`
	Places   []LearntPlace `json:"places"`
}

// LearntPlace counts the exchanges for which legacy was asked twice by what differed at a place:
// legacy from itself and the service from legacy, or only one of them.
type LearntPlace struct {
	Pattern string  `json:"pattern"`
	Kind    Kind    `json:"kind"`
	Both    float64 `json:"both,omitempty"`
	Legacy  float64 `json:"legacy,omitempty"`
	Service float64 `json:"service,omitempty"`
}

// Learnt returns what was learnt of each route's noise, by name, for Config.Learnt of a later Shadow.
func (s *Shadow) Learnt() map[string]Learnt {
	s.mu.Lock()
	routes := slices.Collect(maps.Values(s.routes))
	s.mu.Unlock()
	all := make(map[string]Learnt, len(routes))
	for _, r := range routes {
		if l := r.noises.learnt(); l.Controls > 0 {
			all[r.name] = l
		}
	}
	return all
}

// learnt returns what is to be kept.
func (n *noises) learnt() Learnt {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := Learnt{Controls: n.controls}
	for at, p := range n.pairs {
		l.Places = append(l.Places, LearntPlace{at.pattern, at.kind, p.both, p.legacy, p.service})
	}
	return l
}

// recall begins with what was kept.
func (n *noises) recall(l Learnt) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.controls, n.pairs = l.Controls, nil
	for _, at := range l.Places {
		if p := n.at(place{at.Pattern, at.Kind}); p != nil {
			*p = pair{at.Both, at.Legacy, at.Service}
		}
	}
}
