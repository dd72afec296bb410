package ledger_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

func sample(route string, at time.Duration, requests int64) ledger.Sample {
	s := ledger.Sample{Route: route, At: epoch.Add(at)}
	s.Cell.Legacy.Requests = requests
	s.Cell.Legacy.Latency.Add(10*time.Millisecond, requests)
	s.Cell.Verdicts[shadow.Diverged] = 1
	return s
}

// point is what cmp shows of a ledger.Point.
func point(p ledger.Point) string {
	return fmt.Sprintf("%s +%s legacy %d (%d timed, p50 %s) diverged %d", p.Route, p.At.Sub(epoch), p.Legacy.Requests,
		p.Legacy.Latency.Count(), p.Legacy.Latency.Quantile(.5).Round(5*time.Millisecond), p.Verdicts[shadow.Diverged])
}

func series(t *testing.T, l *ledger.Ledger, q ledger.SeriesQuery) []string {
	t.Helper()
	points, err := l.Series(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range points {
		got = append(got, point(p))
	}
	return got
}

func TestSeries(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, file, ledger.Config{Now: clock})
	l.Sample([]ledger.Sample{sample("a", 0, 5), sample("a", 30*time.Second, 5), sample("b", time.Second, 1)})
	flush(t, l)
	l.Sample([]ledger.Sample{sample("a", 59*time.Second, 1), sample("a", time.Minute, 2), sample("", 2*time.Hour, 7)})
	if err := l.Close(t.Context()); err != nil { // which writes what waits
		t.Fatal(err)
	}
	l = open(t, file, ledger.Config{Now: clock})

	day := ledger.SeriesQuery{From: epoch.Add(-12 * time.Hour), To: epoch.Add(12 * time.Hour), Step: time.Minute, ByRoute: true}
	for _, test := range []struct {
		name string
		q    func(q *ledger.SeriesQuery)
		want []string
	}{
		{"minutes", func(q *ledger.SeriesQuery) {}, []string{
			" +2h0m0s legacy 7 (7 timed, p50 10ms) diverged 1",
			"a +0s legacy 11 (11 timed, p50 10ms) diverged 3",
			"a +1m0s legacy 2 (2 timed, p50 10ms) diverged 1",
			"b +0s legacy 1 (1 timed, p50 10ms) diverged 1"}},
		{"without latencies", func(q *ledger.SeriesQuery) { q.NoLatency, q.Step, q.ByRoute = true, time.Hour, false }, []string{
			" +0s legacy 14 (0 timed, p50 0s) diverged 5", " +2h0m0s legacy 7 (0 timed, p50 0s) diverged 1"}},
		{"of one route", func(q *ledger.SeriesQuery) { q.Routes = []string{"b"} }, []string{"b +0s legacy 1 (1 timed, p50 10ms) diverged 1"}},
		{"of what no route takes", func(q *ledger.SeriesQuery) { q.Routes = []string{""} }, []string{" +2h0m0s legacy 7 (7 timed, p50 10ms) diverged 1"}},
		{"five minutes", func(q *ledger.SeriesQuery) { q.Step, q.Routes = 5*time.Minute, []string{"a"} }, []string{"a +0s legacy 13 (13 timed, p50 10ms) diverged 4"}},
		{"hours, summed up", func(q *ledger.SeriesQuery) { q.Step, q.ByRoute = time.Hour, false }, []string{
			" +0s legacy 14 (14 timed, p50 10ms) diverged 5", " +2h0m0s legacy 7 (7 timed, p50 10ms) diverged 1"}},
		{"days", func(q *ledger.SeriesQuery) { q.Step, q.ByRoute = 24*time.Hour, false }, []string{" +-12h0m0s legacy 21 (21 timed, p50 10ms) diverged 6"}},
		{"to the end of a minute", func(q *ledger.SeriesQuery) {
			q.From, q.To, q.Routes = epoch.Add(30*time.Second), epoch.Add(time.Minute), []string{"a"}
		},
			[]string{"a +0s legacy 11 (11 timed, p50 10ms) diverged 3"}},
		{"into the first second of a minute", func(q *ledger.SeriesQuery) {
			q.From, q.To, q.Routes = epoch.Add(time.Minute), epoch.Add(time.Minute+time.Millisecond), []string{"a"}
		},
			[]string{"a +1m0s legacy 2 (2 timed, p50 10ms) diverged 1"}},
	} {
		q := day
		test.q(&q)
		if diff := cmp.Diff(test.want, series(t, l, q)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	for _, step := range []time.Duration{0, time.Second, 90 * time.Second} {
		if _, err := l.Series(t.Context(), ledger.SeriesQuery{To: epoch, Step: step}); err == nil {
			t.Errorf("a step of %s is no error", step)
		}
	}
}

func TestSeriesAreKept(t *testing.T) {
	var now atomic.Int64
	now.Store(epoch.UnixNano())
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: func() time.Time { return time.Unix(0, now.Load()) }})
	l.Sample([]ledger.Sample{sample("a", -46*time.Hour, 1), sample("a", -49*time.Hour, 2), sample("b", -31*24*time.Hour, 4), sample("b", -400*24*time.Hour, 8)})
	flush(t, l)
	now.Add(int64(time.Hour)) // so that it looks again
	l.Count("a", shadow.Match, "", false)
	flush(t, l)
	for step, want := range map[time.Duration]int64{time.Minute: 1, time.Hour: 3, 24 * time.Hour: 15} {
		var sum int64
		points, err := l.Series(t.Context(), ledger.SeriesQuery{From: epoch.AddDate(-2, 0, 0), To: epoch.AddDate(0, 0, 1), Step: step})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			sum += p.Legacy.Requests
		}
		if sum != want {
			t.Errorf("cells of %s hold %d requests, want %d", step, sum, want)
		}
	}
}

// TestSeriesWaitForTheFile holds that nothing is lost while another process has the file.
func TestSeriesWaitForTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, file, ledger.Config{Now: clock})
	other, err := sql.Open("sqlite3", file+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Sample([]ledger.Sample{sample("a", 0, 5)})
	flush(t, l) // tries, in vain
	if l.Stats().Err == nil {
		t.Error("nobody is told that it could not be written")
	}
	l.Sample([]ledger.Sample{sample("a", 0, 6)})
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	flush(t, l)
	want := []string{"a +0s legacy 11 (11 timed, p50 10ms) diverged 2"}
	if diff := cmp.Diff(want, series(t, l, ledger.SeriesQuery{From: epoch, To: epoch.Add(time.Hour), Step: time.Minute, ByRoute: true})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s := l.Stats(); s.SamplesDropped != 0 || s.Err != nil {
		t.Errorf("dropped %d, error %v", s.SamplesDropped, s.Err)
	}
}

// busySample is a minute of a route that is shadowed, with 240 requests whose latencies are as those of
// real services are: log-normal.
func busySample(route string, at time.Time) ledger.Sample {
	s := ledger.Sample{Route: route, At: at}
	for _, side := range []*ledger.CellSide{&s.Cell.Legacy, &s.Cell.Service} {
		side.Requests = 120
		side.Fail("status", 1)
		side.Fail("timeout", 1)
		for range 120 {
			side.Latency.Add(time.Duration(20e6*(0.3+rand.ExpFloat64())), 1)
		}
	}
	s.Cell.Verdicts = [6]int64{100, 5, 1, 3, 1, 10}
	return s
}

// TestSeriesSize holds what the documentation says: 500 busy routes take less than 1 GiB in three years.
func TestSeriesSize(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, file, ledger.Config{})
	const routes, minutes = 50, 120
	begin := time.Now().Add(-3 * time.Hour).Truncate(time.Hour)
	const before = 200 << 10 // of an empty ledger
	for minute := range minutes {
		var samples []ledger.Sample
		for route := range routes {
			samples = append(samples, busySample(fmt.Sprintf("orders-service-route-%d", route), begin.Add(time.Duration(minute)*time.Minute)))
		}
		l.Sample(samples)
	}
	flush(t, l)
	if err := l.Close(t.Context()); err != nil { // the log goes
		t.Fatal(err)
	}
	cells := int64(routes * (minutes + 3)) // and two or three hours, one or two days
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	each := (info.Size() - before) / cells
	all := each * 500 * (48*60 + 30*24 + 3*365)
	t.Logf("%d bytes a cell, %d MiB in all", each, all>>20)
	if all > 1<<30 {
		t.Errorf("500 routes take %d MiB in three years", all>>20)
	}
	if each < 50 {
		t.Errorf("a cell takes %d bytes: it can't hold much", each)
	}
}

// TestSeriesMakeRoom holds that series take no room from divergences beyond their part.
func TestSeriesMakeRoom(t *testing.T) {
	const size = 4 << 20
	now := time.Now()
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{MaxSize: size})
	for minute := range 600 {
		var samples []ledger.Sample
		for route := range 40 {
			samples = append(samples, busySample(fmt.Sprintf("route-%d", route), now.Add(time.Duration(minute-600)*time.Minute)))
		}
		l.Sample(samples)
		if minute%20 == 0 {
			flush(t, l)
		}
	}
	flush(t, l)
	if s := l.Stats(); s.Bytes > size {
		t.Errorf("the ledger has %d bytes, allowed are %d", s.Bytes, size)
	}
	recent, err := l.Series(t.Context(), ledger.SeriesQuery{From: now.Add(-20 * time.Minute), To: now, Step: time.Minute, Routes: []string{"route-0"}})
	if err != nil || len(recent) == 0 {
		t.Errorf("of the last minutes there is nothing: %v", err)
	}
	days, err := l.Series(t.Context(), ledger.SeriesQuery{From: now.AddDate(0, 0, -2), To: now, Step: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, p := range days {
		sum += p.Legacy.Requests
	}
	if dropped := l.Stats().SamplesDropped; sum+120*dropped != 600*40*120 {
		t.Errorf("days hold %d requests, %d samples were dropped; want %d in all", sum, dropped, 600*40*120)
	}
}
