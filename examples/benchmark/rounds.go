package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Each round is cut into turns, which the contestants take one after another: what disturbs the
// machine for a second then disturbs all of them, and a ratio within a round holds.
const turnsPerRound = 5

// warmupPerConnection is how many requests each connection sends before a turn: both ends may
// have closed connections meanwhile, and caches are cold.
const warmupPerConnection = 2

// entrant is a contestant while it does a work: its proxy, and those who send to it.
type entrant struct {
	contestant
	server *server
	load   *partner
}

// do has the contestants do a work, round after round.
func (b *bench) do(ctx context.Context, w work, contestants []contestant) (*workResult, error) {
	done := &workResult{Name: w.name, Title: w.title, Baseline: w.baseline, Requests: w.requests, Connections: w.load.Connections,
		Kind: w.kind, Second: w.second, target: w.target}
	dir := filepath.Join(b.dir, w.name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	w.upstream.Answer = w.load.Answer
	var addrs upstreamReady
	upstream, err := startPartner(ctx, dir, "upstream", w.upstream, &addrs)
	if err != nil {
		return nil, err
	}
	defer upstream.stop()
	for i := range contestants {
		s := &contestants[i].scenario
		s.Legacy, s.Service, s.Connections = addrs.Legacy, addrs.Service, w.load.Connections
		done.Contestants = append(done.Contestants, &contestantResult{Label: contestants[i].label})
	}
	if w.kind == kindMemory {
		return done, b.crowds(ctx, w, dir, contestants, done)
	}
	for start := range w.starts {
		if err := b.turns(ctx, w, start, dir, contestants, upstream, done); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// turns has all contestants stand ready, and take turns: in the rounds that one start of theirs has.
func (b *bench) turns(ctx context.Context, w work, start int, dir string, contestants []contestant, upstream *partner, done *workResult) error {
	var entrants []*entrant
	defer func() {
		var all sync.WaitGroup
		for _, e := range entrants {
			all.Go(e.stop)
		}
		all.Wait()
	}()
	for i, c := range contestants {
		e, err := b.enter(ctx, w, filepath.Join(dir, fmt.Sprint(start, "-", i)), c)
		if err != nil {
			return err
		}
		entrants = append(entrants, e)
		idle, err := measure(e.server.pid())
		if err != nil {
			return err
		}
		done.Contestants[i].IdleRSS = idle.RSS
	}
	turns := turnsPerRound
	if w.rate > 0 {
		turns = 1 // its figures are quantiles, which want many requests
	}
	for range share(w.rounds, w.starts, start) {
		samples := make([]sample, len(entrants))
		for turn := range turns {
			for i, e := range entrants {
				if err := ctx.Err(); err != nil {
					return err
				}
				order := loadOrder{Requests: share(w.requests, turns, turn), Rate: w.rate}
				if err := b.turn(ctx, e, order, upstream, &samples[i]); err != nil {
					return fmt.Errorf("round %d of %s: %w", len(done.Contestants[i].Rounds)+1, e.label, err)
				}
			}
		}
		for i := range samples {
			samples[i].finish()
			done.Contestants[i].Rounds = append(done.Contestants[i].Rounds, samples[i])
		}
	}
	return nil
}

// share cuts n into parts that sum up to it.
func share(n, parts, part int) int { return n*(part+1)/parts - n*part/parts }

// turn has one contestant take a turn, and adds what it costs to its sample.
func (b *bench) turn(ctx context.Context, e *entrant, order loadOrder, upstream *partner, s *sample) error {
	warmup := loadOrder{Requests: min(warmupPerConnection*e.scenario.Connections, order.Requests), Rate: order.Rate, Warmup: true}
	var counts upstreamCounts
	if err := upstream.ask(struct{}{}, &counts); err != nil {
		return err
	}
	if err := e.load.ask(warmup, &loadResult{}); err != nil {
		return e.server.failure(err)
	}
	copies := counts.Service + int64(warmup.Requests)
	before, err := e.settle(ctx, upstream, copies)
	if err != nil {
		return err
	}
	var result loadResult
	if err := e.load.ask(order, &result); err != nil {
		return e.server.failure(err)
	}
	after, err := e.settle(ctx, upstream, copies+int64(order.Requests))
	if err != nil {
		return err
	}
	s.add(order.Requests, result, before, after)
	return nil
}

// standing is how far an entrant has come.
type standing struct {
	usage
	service int64       // requests that the service's side has got so far, from all entrants
	shadow  shadowStats // strangler's only
}

const (
	settlePoll    = 20 * time.Millisecond
	settleSilence = time.Second // after it no more copies come
	settleTimeout = 20 * time.Second
)

// settle waits until what a mirror still has to do is done, so that it counts for who caused
// it, and returns what the proxy has used until then. Strangler says itself when it is done; the
// others are once the service's side has got so many copies, or gets no more.
func (e *entrant) settle(ctx context.Context, upstream *partner, copies int64) (now standing, err error) {
	began := time.Now()
	for last, since := int64(-1), began; e.second() != secondNothing; time.Sleep(settlePoll) {
		var counts upstreamCounts
		if err := upstream.ask(struct{}{}, &counts); err != nil {
			return now, err
		}
		if now.service = counts.Service; now.service != last {
			last, since = now.service, time.Now()
		}
		done := e.second() == secondHalf || now.service >= copies || time.Since(since) > settleSilence
		if e.second() == secondAll && e.server.admin != "" {
			if now.shadow, err = readShadow(ctx, e.server.admin); err != nil {
				return now, e.server.failure(err)
			}
			done = now.shadow.Pending == 0 && now.shadow.Waiting == 0
		}
		if done {
			break
		}
		if time.Since(began) > settleTimeout {
			return now, fmt.Errorf("its mirror isn't done %v after the last request", settleTimeout)
		}
	}
	now.usage, err = measure(e.server.pid())
	return now, err
}

// crowds measures what idle connections take. A process that has had a crowd doesn't give its
// memory back soon, so that each round has new processes.
func (b *bench) crowds(ctx context.Context, w work, dir string, contestants []contestant, done *workResult) error {
	for round := range w.rounds {
		for i, c := range contestants {
			if err := ctx.Err(); err != nil {
				return err
			}
			s, idle, err := b.crowd(ctx, w, filepath.Join(dir, fmt.Sprintf("%d-%d", round, i)), c)
			if err != nil {
				return fmt.Errorf("round %d of %s: %w", round+1, c.label, err)
			}
			done.Contestants[i].IdleRSS = idle
			done.Contestants[i].Rounds = append(done.Contestants[i].Rounds, s)
		}
	}
	return nil
}

func (b *bench) crowd(ctx context.Context, w work, dir string, c contestant) (s sample, idle int64, err error) {
	e, err := b.enter(ctx, w, dir, c)
	if err != nil {
		return s, 0, err
	}
	defer e.stop()
	started, err := measure(e.server.pid())
	if err != nil {
		return s, 0, err
	}
	// What a proxy takes once it has worked at all isn't the crowd's.
	if err := e.load.ask(loadOrder{Requests: w.requests, Warmup: true}, &loadResult{}); err != nil {
		return s, 0, err
	}
	before, err := measure(e.server.pid())
	if err != nil {
		return s, 0, err
	}
	if err := e.load.ask(loadOrder{Crowd: w.crowd}, &loadResult{}); err != nil {
		return s, 0, err
	}
	after, err := measure(e.server.pid())
	if err != nil {
		return s, 0, err
	}
	s.RSS = after.RSS
	s.PerConnection = float64(after.RSS-before.RSS) / float64(w.crowd)
	return s, started.RSS, nil
}

// enter starts a contestant's proxy, and the process that sends to it.
func (b *bench) enter(ctx context.Context, w work, dir string, c contestant) (*entrant, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	server, err := c.adapter.start(ctx, b, dir, c.scenario)
	if err != nil {
		return nil, err
	}
	spec := w.load
	spec.Addr = server.addr
	var connected struct{}
	load, err := startPartner(ctx, dir, "load", spec, &connected)
	if err != nil {
		server.stop()
		return nil, err
	}
	return &entrant{c, server, load}, nil
}

func (e *entrant) stop() {
	e.load.stop()
	e.server.stop()
}

// sample is what one round of one contestant has cost.
type sample struct {
	Requests      int     `json:"requests,omitempty"`
	CPUMicros     float64 `json:"cpu_us,omitempty"` // of the proxy, for each request
	PerSecond     float64 `json:"per_second,omitempty"`
	P50MS         float64 `json:"p50_ms,omitempty"`
	P99MS         float64 `json:"p99_ms,omitempty"`
	RSS           int64   `json:"rss"`                      // bytes, at the end
	PerConnection float64 `json:"per_connection,omitempty"` // bytes, for each idle one
	Service       int64   `json:"service,omitempty"`        // requests, or copies, that the second upstream got
	Match         int64   `json:"match,omitempty"`          // strangler's verdicts
	Skipped       int64   `json:"skipped,omitempty"`
	OtherVerdicts int64   `json:"other_verdicts,omitempty"`
	Recorded      int64   `json:"recorded,omitempty"` // verdicts that are in the ledger

	Reasons map[string]int64 `json:"reasons,omitempty"` // why some were skipped or failed

	cpu     time.Duration
	seconds float64
	took    []time.Duration
}

// add adds a turn.
func (s *sample) add(requests int, result loadResult, before, after standing) {
	s.Requests += requests
	s.cpu += after.CPU - before.CPU
	s.seconds += result.Seconds
	s.took = append(s.took, result.Took...)
	s.RSS = after.RSS
	s.Service += after.service - before.service
	was, is := before.shadow, after.shadow
	s.Match += is.Match - was.Match
	s.Skipped += is.Skipped - was.Skipped
	s.OtherVerdicts += is.Noise + is.Lag + is.Diverged + is.Failed - was.Noise - was.Lag - was.Diverged - was.Failed
	s.Recorded += is.Written - was.Written
	for reason, n := range is.Reasons {
		if n -= was.Reasons[reason]; n > 0 {
			if s.Reasons == nil {
				s.Reasons = map[string]int64{}
			}
			s.Reasons[reason] += n
		}
	}
}

// finish makes figures of the sums.
func (s *sample) finish() {
	n := float64(s.Requests)
	s.CPUMicros = s.cpu.Seconds() * 1e6 / n
	s.PerSecond = n / s.seconds
	slices.Sort(s.took)
	s.P50MS = percentile(s.took, 0.50)
	s.P99MS = percentile(s.took, 0.99)
	s.took = nil
}

// percentile returns a quantile of what is sorted, in milliseconds; 0 of nothing.
func percentile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)].Seconds() * 1e3
}
