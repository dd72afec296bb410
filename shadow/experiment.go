package shadow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ExperimentConfig says how an Experiment works. The zero value is useful: every call is tried, the
// values are compared with go-cmp, unexported fields included, and the verdicts are counted.
//
// None of its functions touches the caller: a panic of theirs is caught, logged and counted. Those
// that say nothing else are called on a goroutine of the experiment's, after the caller has gone on.
type ExperimentConfig[T any] struct {
	Recorder Recorder // nil: nothing is remembered, only counted

	// RunIf says whether a call is tried at all, and Percent how many of those are, 0 to 100; it is
	// asked anew with each call, so that the share can change while the program runs. Both are
	// called on the caller's goroutine. Nil: every call is.
	RunIf   func(context.Context) bool
	Percent func() float64

	// Copy returns what the comparison sees of the legacy value. It is called on the caller's
	// goroutine, before the caller has the value, and is needed where anybody writes to what the
	// value refers to afterwards: Go ends a program that reads a map while it is written to.
	// Nil: the value itself.
	Copy func(T) T

	Compare       func(legacy, service T) bool     // whether two values are the same; nil: go-cmp says so
	Options       cmp.Options                      // of go-cmp's, to compare and to tell where values differ
	CompareErrors func(legacy, service error) bool // whether two errors are the same; nil: if their messages are
	// Ignore says that two outcomes which differ are as they should be: it is a match. Nil: none is.
	Ignore func(legacy, service Outcome[T]) bool
	// Clean returns what may be kept of a value; what is recorded, differences included, is made of
	// that alone. Nil: the value.
	Clean func(T) any

	Redact []string // as in Config; pointers lead into the JSON of what Clean returns
	Scrub  []string // as in Config

	Timeout     time.Duration // of the service's code, and then of legacy's to end; 0: 30 s
	Concurrency int           // calls under way in the service's code, or waiting to be compared; 0: 16. What is beyond is skipped, "queue full"
	Sequential  bool          // the service's code begins when legacy's has ended, instead of with it

	OnResult   func(Result[T]) // each call whose service's code was begun; nil: nobody wants to know
	OnMismatch func(Result[T]) // those that diverged, before OnResult

	Logger *slog.Logger     // nil: slog.Default()
	Now    func() time.Time // nil: time.Now
}

// Experiment runs a service's code beside legacy's, inside one program, and compares what the two
// return. The caller gets what legacy's code does, and gets it no later for the other's sake. It is
// safe for concurrent use. Close it when nobody calls Run any more.
type Experiment[T any] struct {
	name   string
	config ExperimentConfig[T] // with defaults
	scribe scribe
	tally  tally
	slots  chan struct{}
	panics occasion // of log lines

	life  context.Context // ends when what is under way is given up
	abort context.CancelFunc
	group sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

// NewExperiment returns an experiment of that name, which stands for the route in what is recorded:
// letters, digits, '.', '_' and '-'. It starts no goroutine. Its errors are mistakes in the config.
func NewExperiment[T any](name string, c ExperimentConfig[T]) (*Experiment[T], error) {
	var errs []error
	if err := CheckName(name); err != nil {
		errs = append(errs, err)
	}
	if c.Timeout < 0 {
		errs = append(errs, fmt.Errorf("time-out is %s: use a positive duration, or 0 for 30 s", c.Timeout))
	}
	if c.Concurrency < 0 {
		errs = append(errs, fmt.Errorf("concurrency is %d: use a positive number, or 0 for 16", c.Concurrency))
	}
	redact, err := parseRedact(c.Redact, c.Scrub)
	if err = errors.Join(append(errs, err)...); err != nil {
		return nil, fmt.Errorf("configure experiment: %w", err)
	}
	orDefault(&c.Timeout, 30*time.Second)
	orDefault(&c.Concurrency, 16)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	e := &Experiment[T]{name: name, config: c, slots: make(chan struct{}, c.Concurrency)}
	e.scribe = scribe{name: name, recorder: c.Recorder, redact: redact}
	e.scribe.counter, _ = c.Recorder.(Counter)
	e.life, e.abort = context.WithCancel(context.Background())
	return e, nil
}

const maxName = 100

// CheckName reports a name that no route can have, and so no experiment either.
func CheckName(name string) error {
	good := name != "" && len(name) <= maxName
	for i := 0; good && i < len(name); i++ {
		good = alnum(name[i]) || i > 0 && (name[i] == '.' || name[i] == '_' || name[i] == '-')
	}
	if !good {
		return fmt.Errorf("name %.200q: it is up to %d letters, digits, '.', '_' and '-', and begins with a letter or a digit", name, maxName)
	}
	return nil
}

// Counts returns the experiment's account.
func (e *Experiment[T]) Counts() Counts { return e.tally.read() }

// Close tries no more calls, which get legacy's outcome as before ("shutting down"), and waits for
// those under way until ctx ends; the rest is given up. The error says that something was.
//
// All goroutines have ended when Close returns, unless the service's code ignores that its context
// ended: a second after ctx it is left to itself, and named in the error. Its call is accounted for.
func (e *Experiment[T]) Close(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		e.group.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		e.abort()
		return nil
	case <-ctx.Done():
	}
	left := e.Counts().Pending
	e.abort()
	late := time.NewTimer(abandonAfter)
	defer late.Stop()
	select {
	case <-ended:
		return fmt.Errorf("close experiment %s: %d calls that were under way are given up: %w", e.name, left, ctx.Err())
	case <-late.C:
		return fmt.Errorf("close experiment %s: %d calls are given up, and code of %d ignores that its context ended: %w",
			e.name, left, len(e.slots), ctx.Err())
	}
}

// begin takes a place for a call, or says why there is none.
func (e *Experiment[T]) begin(run func()) (reason string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return SkipShuttingDown
	}
	select {
	case e.slots <- struct{}{}:
		e.group.Go(run)
		return ""
	default:
		return SkipQueueFull
	}
}
