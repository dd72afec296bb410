package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// do has the contestants do a work in turn, round after round, so that what disturbs the
// machine disturbs all of them.
func (b *bench) do(ctx context.Context, w work, contestants []contestant) (done workResult, err error) {
	done = workResult{Name: w.name, Title: w.title, Baseline: w.baseline, Requests: w.load.Requests, kind: w.kind, targets: w.targets}
	dir := filepath.Join(b.dir, w.name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return done, err
	}
	w.upstream.Answer = w.load.Answer
	var addrs upstreamReady
	upstream, err := startPartner(dir, "upstream", w.upstream, &addrs)
	if err != nil {
		return done, err
	}
	defer upstream.stop()
	servers := make([]*server, len(contestants))
	for i, c := range contestants {
		own := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(own, 0o700); err != nil {
			return done, err
		}
		c.scenario.Legacy, c.scenario.Service, c.scenario.Connections = addrs.Legacy, addrs.Service, w.load.Connections
		if servers[i], err = c.adapter.start(ctx, b, own, c.scenario); err != nil {
			return done, err
		}
		defer servers[i].stop()
		idle, err := measure(servers[i].cmd.Process.Pid)
		if err != nil {
			return done, err
		}
		done.Contestants = append(done.Contestants, contestantResult{Label: c.label, IdleRSS: idle.RSS})
	}
	for round := range b.rounds {
		for i := range contestants {
			if err := ctx.Err(); err != nil {
				return done, err
			}
			s, err := b.round(ctx, w, servers[i], upstream)
			if err != nil {
				return done, fmt.Errorf("round %d of %s: %w", round+1, contestants[i].label, err)
			}
			done.Contestants[i].Rounds = append(done.Contestants[i].Rounds, s)
		}
	}
	return done, nil
}

// round has one contestant do a work once.
func (b *bench) round(ctx context.Context, w work, s *server, upstream *partner) (sample, error) {
	spec := w.load
	spec.Addr = s.addr
	var ready struct{}
	load, err := startPartner(b.dir, "load", spec, &ready)
	if err != nil {
		return sample{}, err
	}
	defer load.stop()
	before, err := measure(s.cmd.Process.Pid)
	if err != nil {
		return sample{}, err
	}
	var result loadResult
	if err := load.ask(struct{}{}, &result); err != nil {
		return sample{}, err
	}
	after, err := measure(s.cmd.Process.Pid)
	if err != nil {
		return sample{}, err
	}
	n := float64(spec.Requests)
	return sample{
		CPUMicros: (after.CPU - before.CPU).Seconds() * 1e6 / n,
		PerSecond: n / result.Seconds,
		P50MS:     float64(result.P50) / float64(time.Millisecond),
		P99MS:     float64(result.P99) / float64(time.Millisecond),
		RSS:       after.RSS,
	}, nil
}
