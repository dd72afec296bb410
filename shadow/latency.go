package shadow

import (
	"sync"
	"time"

	"github.com/DataDog/sketches-go/ddsketch"
)

// Latencies are both sides' latencies until the answer's head, on the same requests: those of
// which both answers were compared, since the process started.
type Latencies struct {
	Count   int64     `json:"count"`
	Legacy  Quantiles `json:"legacy"`
	Service Quantiles `json:"service"`
	// Difference is of the service's less legacy's on each request; above 0 the service is slower.
	Difference Quantiles `json:"difference"`
}

// Quantiles are in milliseconds, and right to within 1 %.
type Quantiles struct {
	P50 float64 `json:"p50_ms"`
	P90 float64 `json:"p90_ms"`
	P99 float64 `json:"p99_ms"`
}

// latencies counts a route's latencies in sketches, each of which takes some KB whatever there is
// (DDSketch: Masson, Rim and Lee, VLDB 2019). It is safe for concurrent use.
type latencies struct {
	mu                          sync.Mutex
	legacy, service, difference *ddsketch.DDSketch  // nil: nothing was counted yet
	waiting                     [32]pairOfLatencies // to be counted together, since the sketches are large and rarely at hand
	waits                       int                 // how many do
}

type pairOfLatencies struct{ legacy, service time.Duration }

const (
	accuracy = 0.01 // relative
	maxBins  = 1024 // of one sign: from the largest value on eight decades down
	leastMS  = 1e-3 // what is nearer to 0 is 0: the clocks tell no more
)

// add counts one request.
func (l *latencies) add(legacy, service time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting[l.waits] = pairOfLatencies{legacy, service}
	if l.waits++; l.waits == len(l.waiting) {
		l.count()
	}
}

// count counts those that wait. l.mu is held.
func (l *latencies) count() {
	if l.waits > 0 && l.legacy == nil {
		l.legacy, l.service, l.difference = newSketch(), newSketch(), newSketch()
	}
	for _, p := range l.waiting[:l.waits] {
		addTo(l.legacy, p.legacy)
		addTo(l.service, p.service)
		addTo(l.difference, p.service-p.legacy)
	}
	l.waits = 0
}

func newSketch() *ddsketch.DDSketch {
	s, err := ddsketch.LogCollapsingLowestDenseDDSketch(accuracy, maxBins)
	if err != nil {
		panic(err) // of an accuracy that is none
	}
	return s
}

func addTo(s *ddsketch.DDSketch, d time.Duration) {
	ms := d.Seconds() * 1000
	if ms < leastMS && ms > -leastMS {
		ms = 0
	}
	_ = s.Add(ms) // it takes every number below 1e308
}

// read returns what was counted; nil: nothing.
func (l *latencies) read() *Latencies {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count(); l.legacy == nil {
		return nil
	}
	return &Latencies{
		Count:  int64(l.legacy.GetCount()),
		Legacy: quantiles(l.legacy), Service: quantiles(l.service), Difference: quantiles(l.difference),
	}
}

func quantiles(s *ddsketch.DDSketch) (q Quantiles) {
	for share, to := range map[float64]*float64{0.5: &q.P50, 0.9: &q.P90, 0.99: &q.P99} {
		*to, _ = s.GetValueAtQuantile(share) // it isn't empty
	}
	return q
}
