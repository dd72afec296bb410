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
	config Config // with defaults
	redact redactor
	purse  purse

	queue chan *exchange // to be sent
	ready chan *exchange // to be compared: the client's answer ended after the copy's

	draining chan struct{}   // closed when Close is called
	life     context.Context // ends when what is still queued is given up
	abort    context.CancelFunc
	group    sync.WaitGroup
	buffers  sync.Pool // of *[]byte, for copying from a reader

	mu     sync.Mutex
	closed bool
	parked map[*exchange]time.Time // copies done, whose client's answer isn't, and until when they wait
	routes map[string]*route
}

// route is what outlives a route's Points.
type route struct {
	tally  tally
	budget budget
}

// New starts a Shadow's workers. Its errors are mistakes in the Config.
func New(c Config) (*Shadow, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("configure shadow: %w", err)
	}
	redact, err := parseRedact(c.Redact)
	if err != nil {
		return nil, fmt.Errorf("configure shadow: %w", err)
	}
	life, abort := context.WithCancel(context.Background())
	s := &Shadow{
		config:   c,
		redact:   redact,
		purse:    purse{limit: c.MaxMemory},
		queue:    make(chan *exchange, c.Queue),
		ready:    make(chan *exchange, c.Queue),
		draining: make(chan struct{}),
		life:     life,
		abort:    abort,
		buffers:  sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }},
		parked:   make(map[*exchange]time.Time),
		routes:   make(map[string]*route),
	}
	for range c.Workers {
		s.group.Go(s.work)
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
	return len(s.queue) + len(s.ready), cap(s.queue), s.config.Workers, s.purse.used.Load()
}

// Close takes no more exchanges ("shutting down"), sends and compares what is queued until ctx
// ends, gives up the rest, and returns when all goroutines have ended. The error says that
// something was given up. Clients' answers still under way are not waited for.
func (s *Shadow) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.draining)
	}
	waiting := s.parked
	s.parked = make(map[*exchange]time.Time)
	s.mu.Unlock()
	for x := range waiting {
		x.skip(SkipShuttingDown, "the client's answer was still under way")
	}

	done := make(chan struct{})
	go func() {
		s.group.Wait()
		close(done)
	}()
	select {
	case <-done:
		s.abort()
		return nil
	case <-ctx.Done():
		s.abort()
		<-done
		return fmt.Errorf("close shadow: copies that were queued or under way are given up: %w", ctx.Err())
	}
}

// route returns what is kept for that name, for ever.
func (s *Shadow) route(name string) *route {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.routes[name]
	if r == nil {
		r = new(route)
		s.routes[name] = r
	}
	return r
}
