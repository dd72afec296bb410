package shadow

import (
	"cmp"
	"slices"
	"sync"
)

// StatusPair is how often legacy answered with one status and the service with another, on the
// same requests.
type StatusPair struct {
	Legacy  int   `json:"legacy"`
	Service int   `json:"service"`
	Count   int64 `json:"count"`
}

// statuses counts a route's pairs, a small matrix. It is safe for concurrent use.
type statuses struct {
	mu    sync.Mutex
	pairs []StatusPair // few, so that to look through them is the quickest
	rest  int64        // of pairs beyond maxPairs
}

// maxPairs bounds the matrix: who answers with more statuses than anybody knows gains nothing.
const maxPairs = 64

func (s *statuses) add(legacy, service int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.pairs {
		if p := &s.pairs[i]; p.Legacy == legacy && p.Service == service {
			p.Count++
			return
		}
	}
	if len(s.pairs) == maxPairs {
		s.rest++
		return
	}
	s.pairs = append(s.pairs, StatusPair{legacy, service, 1})
}

// read returns the pairs, those of unequal statuses first, then the most frequent. What found no
// room is a pair of zeros.
func (s *statuses) read() []StatusPair {
	s.mu.Lock()
	defer s.mu.Unlock()
	pairs := slices.Clone(s.pairs)
	slices.SortFunc(pairs, func(a, b StatusPair) int {
		if same := a.Legacy == a.Service; same != (b.Legacy == b.Service) {
			if same {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Legacy, b.Legacy), cmp.Compare(a.Service, b.Service))
	})
	if s.rest > 0 {
		pairs = append(pairs, StatusPair{Count: s.rest})
	}
	return pairs
}
