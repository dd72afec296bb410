package ledger

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/internal/sqlitedb"
	"github.com/strangler-fig/toolkit/shadow"
)

// applicationID marks the file as a ledger of ours ("SFlg").
const applicationID = 0x53466c67

//go:embed migrations/*.sql
var migrations embed.FS

// busyTimeout is how long one try waits for the lock of another process, which Close can't cut short.
const busyTimeout = time.Second

// Config says how much is kept. The zero value is useful.
type Config struct {
	MaxSize    int64         // bytes of database, log and shared memory; 0: 2 GiB
	MaxAge     time.Duration // of a divergence; 0: 30 days
	Examples   int           // divergences of a group that keep both answers; 0: 20
	Queue      int           // divergences that wait to be written; 0: 8192
	QueueBytes int64         // and how much they may hold; 0: 64 MiB
	// Guess says in a few words what may be the reason of a difference, or nothing. It must be pure.
	// Nil: nothing is guessed.
	Guess  func(shadow.Difference) string
	Logger *slog.Logger     // nil: slog.Default()
	Now    func() time.Time // nil: time.Now
}

func (c Config) withDefaults() Config {
	c.MaxSize = cmp.Or(c.MaxSize, 2<<30)
	c.MaxAge = cmp.Or(c.MaxAge, 30*24*time.Hour)
	c.Examples = cmp.Or(c.Examples, 20)
	c.Queue = cmp.Or(c.Queue, 8192)
	c.QueueBytes = cmp.Or(c.QueueBytes, 64<<20)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Ledger is the store of comparisons in one file. It implements shadow.Recorder,
// shadow.Counter and shadow.Keeper; its methods are safe for concurrent use.
type Ledger struct {
	cfg   Config
	db    *sqlitedb.DB
	codec codec

	mu      sync.Mutex // guards what follows, never held while anything waits
	stats   Stats
	bytes   int64           // that the queue holds
	counts  map[total]int64 // of what is only counted, since the last batch
	kept    map[string]keeps
	samples map[cellKey]*Cell // since the last batch
	hushed  map[string]bool   // routes of which no values may be kept any more
	failing [2]error          // of the last batch of comparisons, and of samples
	gone    []Group           // merged into others since the last batch
	closed  bool

	queue   chan *item    // of pointers: it is mostly empty, and the garbage collector looks at all of it
	counted chan struct{} // has something when counts has, unless the writer knows
	flushes chan chan struct{}
	done    chan struct{}      // closed when the writer has ended
	giveUp  context.CancelFunc // ends the writer without another try
	shut    chan struct{}      // closed when the file is, too
}

// Stats say how the ledger keeps up. Recorded = Written + Pending + Dropped, at every moment.
type Stats struct {
	Recorded int64
	Written  int64
	Pending  int64
	Dropped  int64 // for want of room in the queue, or after the disk refused a few times
	Bytes    int64 // of database, log and shared memory, as of the last batch
	Err      error // of the last batch, of comparisons or else of samples, if it could not be written
	// SeriesWrites grows whenever what Series may find changed.
	SeriesWrites int64
	// SamplesDropped is how many samples found no room, while the file could not be written for long.
	SamplesDropped int64
}

// item is a comparison in the queue, and what it weighs.
type item struct {
	comparison shadow.Comparison
	bytes      int64
	keep       int // not a divergence but an exchange to be kept, of at most so many; 0: it is one
}

// Open opens the ledger in the file at path, and makes the file if there is none.
func Open(ctx context.Context, path string, c Config) (*Ledger, error) {
	l := &Ledger{
		cfg: c.withDefaults(), counts: make(map[total]int64), kept: make(map[string]keeps), samples: make(map[cellKey]*Cell), hushed: make(map[string]bool), counted: make(chan struct{}, 1),
		flushes: make(chan chan struct{}), done: make(chan struct{}), shut: make(chan struct{}),
	}
	l.queue = make(chan *item, l.cfg.Queue)
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	if l.codec, err = newCodec(); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l.db, err = sqlitedb.Open(ctx, path, sqlitedb.Options{ApplicationID: applicationID, Migrations: scripts,
		IncrementalVacuum: true, BusyTimeout: busyTimeout})
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	w, err := newWriter(ctx, l)
	if err == nil {
		err = l.countKept(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger %s: %w", path, err), l.db.Close())
	}
	l.measure()
	writing, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	l.giveUp = giveUp
	go w.run(writing)
	return l, nil
}

// Record implements shadow.Recorder. It never waits.
func (l *Ledger) Record(c shadow.Comparison) {
	if l.Count(c.Route, c.Verdict, c.Reason, c.Repeat) {
		return
	}
	it := &item{comparison: c, bytes: 256 + weight(c)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Recorded++
	if l.closed || l.bytes+it.bytes > l.cfg.QueueBytes {
		l.stats.Dropped++
		return
	}
	select {
	case l.queue <- it:
		l.stats.Pending++
		l.bytes += it.bytes
	default:
		l.stats.Dropped++
	}
}

// Count implements shadow.Counter: of all but divergences only the number is kept. It never
// waits, and takes no memory but for the first of a route, verdict, reason and repeat in each batch.
func (l *Ledger) Count(route string, v shadow.Verdict, reason string, repeat bool) bool {
	if v == shadow.Diverged {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Recorded++
	if l.closed {
		l.stats.Dropped++
		return true
	}
	l.stats.Pending++
	if len(l.counts) == 0 {
		select {
		case l.counted <- struct{}{}:
		default:
		}
	}
	l.counts[total{route, v, reason, repeat}]++
	return true
}

// takeCounts returns what was counted since it was called last, and how many that were.
func (l *Ledger) takeCounts() (counts map[total]int64, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.counts) == 0 {
		return nil, 0
	}
	counts, l.counts = l.counts, make(map[total]int64, len(l.counts))
	for _, some := range counts {
		n += some
	}
	return counts, n
}

// weight is about what a comparison holds in memory, in bytes.
func weight(c shadow.Comparison) int64 {
	n := int64(len(c.Request.Path)+len(c.Request.Body)) + headerWeight(c.Request.Header)
	for _, a := range []*shadow.Answer{c.Legacy, c.Service} {
		if a != nil {
			n += int64(len(a.Body)) + headerWeight(a.Header) + headerWeight(a.Trailer)
			if raw := a.Untranslated; raw != nil {
				n += int64(len(raw.Body)) + headerWeight(raw.Header)
			}
		}
	}
	for _, d := range c.Differences {
		n += int64(len(d.Pointer)+len(d.Pattern)+len(d.Legacy)+len(d.Service)) + 64
	}
	return n
}

func headerWeight(h http.Header) int64 {
	n := int64(64)
	for name, values := range h {
		n += int64(len(name)) + 64
		for _, value := range values {
			n += int64(len(value)) + 16
		}
	}
	return n
}

// settle accounts for what left the queue and the counts: written, or dropped because of err.
func (l *Ledger) settle(batch []*item, counted int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := lost(batch) + counted
	l.stats.Pending -= n
	if err == nil {
		l.stats.Written += n
	} else {
		l.stats.Dropped += n
	}
	l.failing[0] = err
	for _, it := range batch {
		l.bytes -= it.bytes
	}
}

// measure notes what the file takes.
func (l *Ledger) measure() {
	size, err := l.db.Size()
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Bytes = size
}

// Stats returns how the ledger keeps up.
func (l *Ledger) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	stats := l.stats
	stats.Err = cmp.Or(l.failing[0], l.failing[1])
	return stats
}

// Flush waits until everything that was recorded before is written, or dropped.
func (l *Ledger) Flush(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case l.flushes <- done:
	case <-l.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-l.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close writes what is pending and closes the file. When ctx ends first, what is still pending
// is dropped, and counted so. Whoever calls it again waits until the file is closed.
func (l *Ledger) Close(ctx context.Context) error {
	l.mu.Lock()
	first := !l.closed
	l.closed = true
	l.mu.Unlock()
	if !first {
		<-l.shut
		return nil
	}
	defer close(l.shut)
	close(l.queue) // Record and Count look at closed under the same lock that they add under
	var err error
	select {
	case <-l.done:
	case <-ctx.Done():
		err = fmt.Errorf("close the ledger: what was pending is dropped: %w", ctx.Err())
		l.giveUp()
		<-l.done
	}
	l.giveUp()
	return errors.Join(err, l.db.Close())
}
