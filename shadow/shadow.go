package shadow

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Shadow copies exchanges to the other side and compares the answers. It is safe for
// concurrent use. Close it after the servers whose handlers it stands around.
type Shadow struct {
	config  Config // with defaults
	redact  redactor
	counter Counter // the Recorder, if it is one; else nil
	keeper  Keeper  // likewise
	purse   purse
	spare   sync.Pool // of *exchange: see reuse.go

	draining chan struct{}   // closed when Close is called
	life     context.Context // ends when what is still queued is given up
	abort    context.CancelFunc
	group    sync.WaitGroup
	ended    chan struct{} // closed when all of group have ended after Close

	mu      sync.Mutex
	closed  bool
	jobs    jobs
	workers []*worker // all; never changes
	routes  map[string]*route
}

// route is what outlives a route's Points.
type route struct {
	name   string
	tally  tally
	budget budget
	purse  allowance
	noises noises

	repeats repeats

	statuses  statuses
	latencies latencies
	lane      lane // guarded by Shadow.mu

	toService, toSandbox, toLegacy breaker
	panics, errors, rests, returns occasion // of log lines
}

// New starts a Shadow's workers. Its errors are mistakes in the Config.
func New(c Config) (*Shadow, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("configure shadow: %w", err)
	}
	redact, err := parseRedact(c.Redact, c.Scrub)
	if err != nil {
		return nil, fmt.Errorf("configure shadow: %w", err)
	}
	life, abort := context.WithCancel(context.Background())
	s := &Shadow{
		config:   c,
		redact:   redact,
		purse:    purse{limit: c.MaxMemory},
		draining: make(chan struct{}),
		ended:    make(chan struct{}),
		life:     life,
		abort:    abort,
		jobs:     jobs{parked: make(map[*exchange]time.Time)},
		routes:   make(map[string]*route),
	}
	s.counter, _ = c.Recorder.(Counter)
	s.keeper, _ = c.Recorder.(Keeper)
	for range c.Workers {
		w := &worker{s: s, wake: make(chan struct{}, 1)}
		s.workers = append(s.workers, w)
		s.group.Go(w.work)
	}
	s.group.Go(s.sweep)
	return s, nil
}

// Counts returns the account of each route that ever had a Point, by name.
func (s *Shadow) Counts() map[string]Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]Counts, len(s.routes))
	for name, r := range s.routes {
		all[name] = r.tally.read()
	}
	return all
}

// Load returns how many exchanges wait for a worker, how many may, how many workers there are,
// and how many bytes of captured bodies are held.
func (s *Shadow) Load() (queue, capacity, workers int, memory int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.jobs.waiting + len(s.jobs.ready), s.config.Queue, s.config.Workers, s.purse.used.Load()
}

// abandonAfter is how long Close waits, once it has given up, for copies to notice that.
const abandonAfter = time.Second

// Close takes no more exchanges ("shutting down"), sends and compares what is queued until ctx
// ends, and gives up the rest. The error says that something was given up. Clients' answers
// still under way are not waited for.
//
// All goroutines have ended when Close returns, unless a transport ignores that its request's
// context ended: a second after ctx it is abandoned, logged and named in the error. Its
// exchange is accounted for already.
func (s *Shadow) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.draining)
		go func() {
			s.group.Wait()
			close(s.ended)
		}()
		s.dismiss()
	}
	var waiting []*exchange
	for x := range s.jobs.parked {
		delete(s.jobs.parked, x)
		x.p.lane.parked--
		waiting = append(waiting, x)
	}
	s.mu.Unlock()
	for _, x := range waiting {
		if x.waits() {
			x.conclude()
			continue
		}
		x.skip(SkipShuttingDown, "the client's answer was still under way")
	}

	select {
	case <-s.ended:
		s.abort()
		return nil
	case <-ctx.Done():
	}
	s.abort()
	left := s.giveUp()
	for _, x := range left {
		if x.waits() {
			x.conclude()
			continue
		}
		x.skip(SkipShuttingDown, "given up")
	}
	late := time.NewTimer(abandonAfter)
	defer late.Stop()
	select {
	case <-s.ended:
		return fmt.Errorf("close shadow: %d copies that were queued or under way are given up: %w", len(left), ctx.Err())
	case <-late.C:
	}
	s.mu.Lock()
	stuck := s.underWay()
	s.mu.Unlock()
	for _, x := range stuck {
		s.config.Logger.Error("abandon a copy whose transport ignores its context", "route", x.p.name, "method", x.copy.Method)
	}
	return fmt.Errorf("close shadow: %d copies are given up and %d of them abandoned, since their transport ignores its context: %w",
		len(left), len(stuck), ctx.Err())
}

// route returns what is kept for that name, for ever.
func (s *Shadow) route(name string) *route {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.routes[name]
	if r == nil {
		r = &route{name: name, purse: allowance{of: &s.purse}}
		r.noises.recall(s.config.Learnt[name])
		s.routes[name] = r
	}
	return r
}
