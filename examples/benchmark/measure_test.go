package main

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// TestProcessTime holds the clock against what the kernel tells a process of itself.
func TestProcessTime(t *testing.T) {
	linux(t)
	own := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	before := own()
	got, err := processTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	// The two are told from one account; only when they are rounded differs.
	const rounding = 10 * time.Millisecond
	if after := own(); got < before-rounding || got > after+rounding {
		t.Errorf("the clock says %v, getrusage %v to %v", got, before, after)
	}
}

// TestMeasureCountsWorkers finds a process that another one has started.
func TestMeasureCountsWorkers(t *testing.T) {
	linux(t)
	alone(t)
	var addrs upstreamReady
	p, err := startPartner(t.Context(), t.TempDir(), "upstream", upstreamSpec{Answer: 100}, &addrs)
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	both, err := measure(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	worker, err := measure(p.pid())
	if err != nil {
		t.Fatal(err)
	}
	own, err := residentSize(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if both.RSS < worker.RSS+own/2 {
		t.Errorf("both have %d bytes, the worker %d and this process %d", both.RSS, worker.RSS, own)
	}
}
