package shadow

import (
	"maps"
	"sync"
)

// Counts account for one route's sampled exchanges since the process started. At every moment
// Sampled = Match + Noise + Lag + Diverged + Failed + Skipped + Pending, exactly.
type Counts struct {
	Sampled  int64            `json:"sampled"`
	Match    int64            `json:"match"`
	Noise    int64            `json:"noise"`
	Lag      int64            `json:"lag"`
	Diverged int64            `json:"diverged"`
	Failed   int64            `json:"failed"`
	Skipped  int64            `json:"skipped"`
	Pending  int64            `json:"pending"`
	Reasons  map[string]int64 `json:"reasons,omitempty"` // of Skipped and Failed, by reason
}

// tally is Counts being counted. One lock rather than atomics: a reader must never see an
// exchange twice or not at all.
type tally struct {
	mu     sync.Mutex
	counts Counts
}

// sample counts an exchange in; it is pending until settle is called for it, once.
func (t *tally) sample() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Sampled++
	t.counts.Pending++
}

func (t *tally) settle(v Verdict, reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.counts
	c.Pending--
	switch v {
	case Match:
		c.Match++
	case Noise:
		c.Noise++
	case Lag:
		c.Lag++
	case Diverged:
		c.Diverged++
	case Failed:
		c.Failed++
	case Skipped:
		c.Skipped++
	}
	if reason != "" {
		if c.Reasons == nil {
			c.Reasons = make(map[string]int64)
		}
		c.Reasons[reason]++
	}
}

func (t *tally) read() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := t.counts
	counts.Reasons = maps.Clone(counts.Reasons)
	return counts
}
