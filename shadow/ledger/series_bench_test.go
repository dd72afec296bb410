package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// busyCell is a step of a route that is shadowed in canary, whose latencies are as those of real services.
// One of ten had failures.
func busyCell(requests int) *Cell {
	c := &Cell{Verdicts: [6]int64{100, 5, 1, 3, 1, 10}}
	for _, side := range []*CellSide{&c.Legacy, &c.Service} {
		side.Requests = int64(requests)
		if rand.IntN(10) == 0 {
			side.Fail("status", 1)
			side.Fail("timeout", 1)
		}
		for range requests {
			side.Latency.Add(time.Duration(20e6*(0.3+rand.ExpFloat64())), 1)
		}
	}
	return c
}

// BenchmarkSeries reads what pages show of 500 busy routes: two days of minutes, and what small lines of
// each route are made of.
func BenchmarkSeries(b *testing.B) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	l, err := Open(context.Background(), filepath.Join(b.TempDir(), "ledger.db"), Config{Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close(context.Background())
	tx, err := l.db.Writer().Begin()
	if err != nil {
		b.Fatal(err)
	}
	insert, err := tx.Prepare(`INSERT INTO series (step, route, at, cell) VALUES (?, ?, ?, ?)`)
	if err != nil {
		b.Fatal(err)
	}
	all, some := names("orders-service-route", 500), names("invoices-service-route", 25)
	fill(b, insert, now, time.Minute, 60, all, 120)
	fill(b, insert, now, time.Hour, 24, all, 7200)
	fill(b, insert, now, time.Minute, 48*60, some, 120)
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	const hour = time.Hour
	for _, one := range []struct {
		name string
		q    SeriesQuery
	}{
		{"sum of 25 routes over 48 h at 5 m", SeriesQuery{Routes: some, From: now.Add(-48 * hour), Step: 5 * time.Minute}},
		{"the same without latencies", SeriesQuery{Routes: some, From: now.Add(-48 * hour), Step: 5 * time.Minute, NoLatency: true}},
		{"each of 525 routes over 1 h at 1 m", SeriesQuery{From: now.Add(-hour), Step: time.Minute, ByRoute: true}},
		{"each of 500 routes over 24 h at 1 h", SeriesQuery{From: now.Add(-24 * hour), Step: hour, ByRoute: true}},
		{"one route over 48 h at 5 m", SeriesQuery{Routes: some[:1], From: now.Add(-48 * hour), Step: 5 * time.Minute}}, // as all together are
	} {
		one.q.To = now
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			points := 0
			before := cpu(b)
			for b.Loop() {
				found, err := l.Series(b.Context(), one.q)
				if err != nil {
					b.Fatal(err)
				}
				points = len(found)
			}
			b.ReportMetric(float64(points), "points")
			b.ReportMetric((cpu(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op") // says more where others work, too
		})
	}
}

// cpu returns how long this process has worked.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func names(prefix string, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("%s-%d", prefix, i))
	}
	return all
}

func fill(b *testing.B, insert *sql.Stmt, now time.Time, step time.Duration, n int, routes []string, requests int) {
	b.Helper()
	blobs := make([][]byte, 64)
	for i := range blobs {
		blobs[i] = busyCell(requests).encode()
	}
	for r, route := range routes {
		for i := range n {
			at := now.Add(-time.Duration(i+1) * step)
			if _, err := insert.Exec(int64(step/time.Second), route, at.Unix(), blobs[(i*7+r)%len(blobs)]); err != nil {
				b.Fatal(err)
			}
		}
	}
}
