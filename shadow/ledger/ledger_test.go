package ledger_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"go.uber.org/goleak"
)

var soak = flag.Bool("soak", false, "run the long tests")

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, path string, c ledger.Config) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), path, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(context.Background()) })
	return l
}

func flush(t testing.TB, l *ledger.Ledger) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	s := l.Stats()
	if s.Recorded != s.Written+s.Pending+s.Dropped {
		t.Errorf("recorded %d ≠ written %d + pending %d + dropped %d", s.Recorded, s.Written, s.Pending, s.Dropped)
	}
}

var epoch = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// clock stands still a minute after everything that the tests record.
func clock() time.Time { return epoch.Add(time.Minute) }

// diverged returns the n-th divergence of a route, at the given pattern.
func diverged(route, pattern string, n int, body string) shadow.Comparison {
	answer := func(side string) *shadow.Answer {
		return &shadow.Answer{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body + side),
			Size: int64(len(body) + 1), Hash: 1, Latency: 3 * time.Millisecond}
	}
	return shadow.Comparison{
		ID: fmt.Sprintf("%012d", n), Route: route, At: epoch.Add(time.Duration(n) * time.Millisecond), Served: shadow.Legacy, Verdict: shadow.Diverged,
		Request: shadow.Request{Method: "GET", Path: fmt.Sprintf("/x/%d?q=1", n), Host: "shop", Header: http.Header{"Accept": {"*/*"}}},
		Legacy:  answer("l"), Service: answer("s"),
		Differences: []shadow.Difference{{Pointer: strings.Replace(pattern, "*", fmt.Sprint(n), 1), Pattern: pattern, Kind: shadow.KindValue,
			Legacy: []byte(`1`), Service: []byte(`"two"`)}},
	}
}

// slowly has each divergence come five minutes after the one before, so that it becomes an example.
func slowly(c shadow.Comparison) shadow.Comparison {
	c.At = epoch.Add(c.At.Sub(epoch) * 5 * 60 * 1000)
	return c
}

func TestRecordAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{Examples: 4, Now: clock})
	for n := range 30 {
		l.Record(slowly(diverged("orders", "/items/*/id", n, "{}")))
		flush(t, l)
	}
	l.Record(slowly(diverged("orders", "/total", 100, "{}")))
	l.Record(slowly(diverged("books", "/total", 101, "{}")))
	for _, c := range []shadow.Comparison{{Verdict: shadow.Match}, {Verdict: shadow.Match}, {Verdict: shadow.Skipped, Reason: shadow.SkipQueueFull}} {
		c.Route = "orders"
		l.Record(c)
	}
	flush(t, l)
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, ledger.Config{Examples: 4, Now: clock}) // everything is on the disk

	ctx := context.Background()
	groups, err := l.Groups(ctx, "orders", "open") // the one seen last comes first
	if err != nil || len(groups) != 2 {
		t.Fatalf("groups %+v, %v", groups, err)
	}
	first, err := l.Group(ctx, groups[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	// One of four examples shows how it began, the others how it is now.
	want := ledger.Group{ID: first.ID, Route: "orders", Triage: ledger.Triage{State: "open"}, LegacyStatus: 200, ServiceStatus: 200,
		Causes: []ledger.Cause{{Pointer: "/items/*/id", Kind: shadow.KindValue}}, Count: 30, Share: 30. / 33, First: epoch, Last: epoch.Add(29 * 5 * time.Minute),
		Days:     []ledger.Day{{Day: epoch.Truncate(24 * time.Hour), Count: 30}},
		Recent:   first.Recent,
		Examples: []string{"000000000029", "000000000028", "000000000027", "000000000000"}, Pinned: []string{}}
	if diff := gocmp.Diff(want, first); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
	if title := first.Title(); title != "/items/*/id differs in 91 % of answers" {
		t.Errorf("title %q", title)
	}

	whole, err := l.Divergence(ctx, "000000000029")
	if err != nil {
		t.Fatal(err)
	}
	c := slowly(diverged("orders", "/items/*/id", 29, "{}"))
	wantWhole := ledger.Divergence{ID: c.ID, Group: first.ID, Route: c.Route, At: c.At, Request: c.Request, Served: shadow.Legacy,
		Differences: c.Differences, Legacy: c.Legacy, Service: c.Service}
	if diff := gocmp.Diff(wantWhole, whole); diff != "" {
		t.Errorf("divergence (-want +got):\n%s", diff)
	}
	if bare, err := l.Divergence(ctx, "000000000005"); err != nil || bare.Legacy != nil || len(bare.Differences) != 1 {
		t.Errorf("a divergence that is no example: %+v, %v", bare, err)
	}
	if _, err := l.Divergence(ctx, "none"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("no divergence: %v", err)
	}
	if _, err := l.Group(ctx, "none"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("no group: %v", err)
	}

	page, err := l.Divergences(ctx, ledger.Query{Route: "orders", Group: first.ID, After: "000000000020", Limit: 3})
	if err != nil || len(page) != 3 || page[0].ID != "000000000019" || page[0].Legacy != nil {
		t.Errorf("page %+v, %v", page, err)
	}
	totals, err := l.Totals(ctx)
	if diff := gocmp.Diff([]ledger.Total{{"books", shadow.Diverged, "", 1}, {"orders", shadow.Diverged, "", 31}, {"orders", shadow.Match, "", 2},
		{"orders", shadow.Skipped, "queue full", 1}}, totals); diff != "" || err != nil {
		t.Errorf("totals (-want +got):\n%s%v", diff, err)
	}
}

func TestGroups(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock})
	other := func(pattern string, kind shadow.Kind) shadow.Difference {
		return shadow.Difference{Pointer: pattern, Pattern: pattern, Kind: kind}
	}
	tests := []struct {
		name        string
		differences []shadow.Difference
		service     int
		want        string
	}{
		{"one place", []shadow.Difference{other("/a", shadow.KindMissing)}, 200, "/a is missing"},
		{"the same place twice", []shadow.Difference{other("/b/*", shadow.KindOrder), other("/b/*", shadow.KindOrder)}, 200, "/b/* is in another order"},
		{"order does not matter", []shadow.Difference{other("/d", shadow.KindExtra), other("/c", shadow.KindType)}, 200, "/c has another type, and /d is extra"},
		{"three", []shadow.Difference{other("/e", shadow.KindValue), other("/f", shadow.KindValue), other("/g", shadow.KindValue)}, 200, "/e differs, and 2 more places"},
		{"status", []shadow.Difference{other("status", shadow.KindStatus)}, 404, "legacy answers 200 OK, the service 404 Not Found"},
		{"body", []shadow.Difference{other("", shadow.KindBody)}, 200, "the body differs"},
	}
	for i, test := range tests {
		c := diverged("r", "", i, "{}")
		c.Differences, c.Service.Status = test.differences, test.service
		l.Record(c)
	}
	flush(t, l)
	groups, err := l.Groups(context.Background(), "", "")
	if err != nil || len(groups) != len(tests) {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	titles := map[string]bool{}
	for _, g := range groups {
		titles[strings.TrimSuffix(g.Title(), " in 17 % of answers")] = true
	}
	for _, test := range tests {
		if !titles[test.want] {
			t.Errorf("%s: no group %q in %v", test.name, test.want, titles)
		}
	}
}

// TestGroupsAreBounded records more causes than are kept apart.
func TestGroupsAreBounded(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock})
	for n := range 600 {
		l.Record(diverged("r", fmt.Sprintf("/key%d", n), n, "{}"))
	}
	flush(t, l)
	groups, err := l.Groups(context.Background(), "r", "")
	if err != nil || len(groups) != 501 {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	largest := slices.MaxFunc(groups, func(a, b ledger.Group) int { return cmp.Compare(a.Count, b.Count) })
	if largest.Count != 100 || largest.Title() != "more than 500 other causes" {
		t.Errorf("the largest is %+v", largest)
	}
}

func TestQueueIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{Queue: 1 << 20, QueueBytes: 1 << 20, Now: clock})
	unlock := hold(t, path)
	began := time.Now()
	for n := range 500 {
		l.Record(diverged("r", "/a", n, strings.Repeat("x", 10_000)))
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("recording 500 comparisons while the database is locked took %s", took)
	}
	s := l.Stats()
	if s.Dropped < 300 || s.Dropped+s.Pending != 500 {
		t.Errorf("%+v of 500 that hold 5 MB, against a bound of 1 MiB", s)
	}
	unlock()
	flush(t, l)
	if s := l.Stats(); s.Pending != 0 || s.Err != nil || s.Written != 500-s.Dropped {
		t.Errorf("after the lock: %+v", s)
	}
}

// hold takes the write lock of a database until unlock.
func hold(t *testing.T, path string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return func() { tx.Rollback(); db.Close() }
}

// TestCloseWhileLocked gives up in time, and counts what it could not write.
func TestCloseWhileLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, ledger.Config{Now: clock})
	unlock := hold(t, path)
	defer unlock()
	l.Record(diverged("r", "/a", 1, "{}"))
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := l.Close(ctx); err == nil {
		t.Error("closed without an error although the database is locked")
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %s to give up after 200 ms", took)
	}
	if s := l.Stats(); s.Dropped != 1 || s.Pending != 0 {
		t.Errorf("%+v", s)
	}
	l.Record(diverged("r", "/a", 2, "{}"))
	if s := l.Stats(); s.Dropped != 2 {
		t.Errorf("after the end: %+v", s)
	}
}

func TestSizeIsBounded(t *testing.T) {
	const bound = 4 << 20
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{MaxSize: bound, Examples: 1000, Now: clock})
	random := rand.New(rand.NewPCG(1, 1))
	const n = 4000
	for i := range n {
		body := make([]byte, 3000)
		for j := range body {
			body[j] = byte(random.IntN(256)) // doesn't compress
		}
		l.Record(diverged("r", fmt.Sprintf("/a%d", i%10), i, string(body)))
		if i%100 == 99 {
			flush(t, l)
			if s := l.Stats(); s.Bytes > bound {
				t.Fatalf("after %d: %d bytes against a bound of %d", i+1, s.Bytes, bound)
			}
		}
	}
	flush(t, l)
	l.Record(shadow.Comparison{Route: "r", Verdict: shadow.Match})
	flush(t, l)
	s := l.Stats()
	if s.Bytes > bound {
		t.Errorf("%d bytes against a bound of %d", s.Bytes, bound)
	}
	groups, err := l.Groups(context.Background(), "r", "")
	if err != nil {
		t.Fatal(err)
	}
	var count int64
	for _, g := range groups {
		count += g.Count
	}
	if count != n || s.Dropped != 0 {
		t.Errorf("groups count %d of %d, %d dropped", count, n, s.Dropped)
	}
	if newest, err := l.Divergences(context.Background(), ledger.Query{Limit: 1}); err != nil || len(newest) != 1 || newest[0].ID != fmt.Sprintf("%012d", n-1) {
		t.Errorf("the newest left is %v, %v", newest, err)
	}
}

func TestAgeIsBounded(t *testing.T) {
	var minutes atomic.Int64
	now := func() time.Time {
		return epoch.Add(time.Hour - 2*time.Minute + time.Duration(minutes.Load())*time.Minute)
	}
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{MaxAge: time.Hour, Now: now})
	l.Record(diverged("r", "/a", 1, "{}"))
	old := diverged("r", "/a", 0, "{}")
	old.At = epoch.Add(-time.Minute)
	l.Record(old)
	flush(t, l)
	minutes.Store(2) // it is looked for once a minute
	flush(t, l)
	found, err := l.Divergences(context.Background(), ledger.Query{})
	if err != nil || len(found) != 1 || found[0].ID != "000000000001" {
		t.Errorf("%v, %v", found, err)
	}
	if groups, _ := l.Groups(context.Background(), "", ""); groups[0].Count != 2 {
		t.Errorf("the group counts %d", groups[0].Count)
	}
}

// TestSoakThroughput records 2,000 divergences a second.
func TestSoakThroughput(t *testing.T) {
	seconds := 2
	if *soak {
		seconds = 30
	}
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock})
	body := strings.Repeat(`{"id":1,"name":"a book"},`, 400)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	began, n := time.Now(), 0
	for time.Since(began) < time.Duration(seconds)*time.Second {
		<-tick.C
		for due := int(time.Since(began).Seconds() * 2000); n < due; n++ {
			l.Record(diverged("r", fmt.Sprintf("/a%d", n%20), n, body))
		}
	}
	flush(t, l)
	s := l.Stats()
	t.Logf("%d in %s: %d written, %d dropped, %d bytes", n, time.Since(began), s.Written, s.Dropped, s.Bytes)
	if s.Recorded != int64(n) || s.Pending != 0 || s.Written+s.Dropped != int64(n) {
		t.Errorf("%d recorded: %+v", n, s)
	}
	if *soak && s.Dropped > int64(n)/10 {
		t.Errorf("%d of %d were dropped", s.Dropped, n)
	}
}

// TestQueriesAreFast asks what the dashboard asks, of many divergences.
func TestQueriesAreFast(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a large ledger; left out of -short")
	}
	rows := 20_000
	if *soak {
		rows = 100_000
	}
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Queue: 200_000, QueueBytes: 1 << 30, Now: clock})
	for n := range rows {
		l.Record(diverged(fmt.Sprintf("route-%d", n%50), fmt.Sprintf("/a%d", n%7), n, "{}"))
		if n%10_000 == 9_999 {
			flush(t, l)
		}
	}
	l.Record(diverged("route-3", "/rare", rows, "{}"))
	flush(t, l)
	groups, _ := l.Groups(context.Background(), "route-3", "")
	rare, err := l.Divergences(context.Background(), ledger.Query{Route: "route-3", Limit: 1})
	if err != nil || len(rare) != 1 {
		t.Fatal(rare, err)
	}
	for name, query := range map[string]func() error{
		"newest": func() error { _, err := l.Divergences(context.Background(), ledger.Query{}); return err },
		"of route": func() error {
			_, err := l.Divergences(context.Background(), ledger.Query{Route: "route-3"})
			return err
		},
		"of group": func() error {
			_, err := l.Divergences(context.Background(), ledger.Query{Group: groups[0].ID})
			return err
		},
		"of a group that has few": func() error {
			_, err := l.Divergences(context.Background(), ledger.Query{Route: "route-3", Group: rare[0].Group})
			return err
		},
		"one":    func() error { _, err := l.Divergence(context.Background(), fmt.Sprintf("%012d", rows/2)); return err },
		"groups": func() error { _, err := l.Groups(context.Background(), "", ""); return err },
		"totals": func() error { _, err := l.Totals(context.Background()); return err },
	} {
		fastest := time.Hour
		for range 5 {
			began := time.Now()
			if err := query(); err != nil {
				t.Fatal(err)
			}
			fastest = min(fastest, time.Since(began))
		}
		t.Logf("%s: %s", name, fastest)
		if fastest > 50*time.Millisecond {
			t.Errorf("%s took %s", name, fastest)
		}
	}
}
